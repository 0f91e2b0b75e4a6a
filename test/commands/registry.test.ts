import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { Command } from 'commander';
import t from 'tap';
import type { Context } from '../../src/cli/commands/context/context.js';
import { noEnds } from '../../src/cli/commands/options/define-command.js';
import { type CommandEntry, commandEntries } from '../../src/cli/commands/registry.js';
import { hwctlInside, root } from '../golden.js';

/** The line of a command in the list of commands: its name and what it takes. */
const lineOf = (command: Command) => new Command().createHelp().subcommandTerm(command);

t.test('the list of commands says of each what its definition says', async (t) => {
  for (const entry of commandEntries) {
    const defined = new Command(entry.name).option('--json');
    (await entry.load()).define(defined, { env: {}, columns: 80, root } as Context, noEnds);
    const listed = new Command(entry.name).option('--json');
    if (entry.operands !== undefined) listed.arguments(entry.operands);
    t.equal(lineOf(listed), lineOf(defined), entry.name);
  }
});

t.test('the list of commands loads none of them, the help of one loads that one', async (t) => {
  const loaded: string[] = [];
  const entries = commandEntries as CommandEntry[];
  const before = entries.map(({ load }) => load);
  for (const entry of entries) {
    const { load, name } = entry;
    entry.load = () => {
      loaded.push(name);
      return load();
    };
  }
  t.teardown(() => {
    for (const [index, load] of before.entries()) entries[index]!.load = load;
  });
  for (const args of [['--help'], ['help'], [], ['--frob']]) {
    const { stdout } = await hwctlInside(args);
    if (args[0] !== '--frob') t.match(stdout, /\n {2}load \[options\] \[what\.\.\.\] /, args.join(' '));
    t.same(loaded, [], args.join(' '));
  }
  await hwctlInside(['help', 'load']);
  t.same(loaded, ['load']);
});

/** What a module loads before it does anything: modules of ours and packages, by the text that runs. */
function loadedBy(module: string, seen = new Set<string>()): Set<string> {
  if (seen.has(module)) return seen;
  seen.add(module);
  if (!module.startsWith('file:')) return seen;
  const text = readFileSync(fileURLToPath(module), 'utf8');
  for (const [, name = ''] of text.matchAll(/^(?:import|export)(?:[^;"]* from)? ?"([^"]+)";$/gm))
    loadedBy(name.startsWith('.') ? new URL(name, module).href : name, seen);
  return seen;
}

t.test('commands that are given no document do not load what reads one', async (t) => {
  for (const name of ['up', 'down', 'status', 'logs', 'open', 'forward', 'debug', 'diff', 'doctor', 'dev', 'serve']) {
    const loaded = loadedBy(import.meta.resolve(`../../src/cli/commands/${name}.js`));
    t.ok(loaded.size > 10, `${name}: its imports are found`);
    t.notOk(loaded.has('yaml'), name);
  }
  t.ok(loadedBy(import.meta.resolve('../../src/cli/commands/render.js')).has('yaml'), 'the one that prints YAML does');
});
