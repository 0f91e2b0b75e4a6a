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
