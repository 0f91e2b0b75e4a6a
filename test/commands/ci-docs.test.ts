import { readFileSync } from 'node:fs';
import { Command } from 'commander';
import t from 'tap';
import { parse } from 'yaml';
import type { Context } from '../../src/cli/commands/context/context.js';
import { noEnds } from '../../src/cli/commands/options/define-command.js';
import { commandEntries } from '../../src/cli/commands/registry.js';
import { root } from '../golden.js';

interface Step {
  run?: string;
}

const read = (name: string) => readFileSync(`${root}docs/${name}`, 'utf8');

/** The lines of a shell in each page, as its runner gets them. */
const shell: Record<string, string[]> = {
  'ci/github.yml': (parse(read('ci/github.yml')) as { jobs: { prove: { steps: Step[] } } }).jobs.prove.steps.flatMap(
    ({ run }) => run ?? [],
  ),
  'ci/gitlab-ci.yml': Object.values(
    (parse(read('ci/gitlab-ci.yml')) as { prove: { script: string[]; after_script: string[] } }).prove,
  ).flatMap((value: unknown) => (Array.isArray(value) ? value.filter((each) => typeof each === 'string') : [])),
  'CI.md': [...read('CI.md').matchAll(/`(hwctl [^`]+)`/g)].map(([, call]) => call!),
};

/** The words of each call of hwctl in a line of a shell. */
function callsIn(line: string): string[][] {
  return [...line.matchAll(/\bhwctl ((?:'[^']*'|[^;|&\n'])+)/g)].map(([, words = '']) =>
    [...words.matchAll(/'([^']*)'|(\S+)/g)].map(([, quoted, bare]) => quoted ?? bare!),
  );
}

/** What the program says of a call: flags that it has not; throws for a value that it does not take. */
async function unknownIn([name = '', ...words]: string[]): Promise<string[]> {
  const entry = commandEntries.find((each) => each.name === name);
  if (entry === undefined) return [name];
  let command = new Command(name);
  const context = { root: root.replace(/\/$/, ''), cwd: root, env: {}, columns: 80 } as unknown as Context;
  (await entry.load()).define(command, context, noEnds);
  const child = command.commands.find((each) => each.name() === words[0]);
  if (child !== undefined) {
    command = child;
    words.shift();
  }
  const { operands, unknown } = command.parseOptions(words);
  const most = command.registeredArguments.some((each) => each.variadic) ? 99 : command.registeredArguments.length;
  return [...unknown, ...operands.slice(most)];
}

for (const [page, lines] of Object.entries(shell)) {
  t.test(`${page}: every call of hwctl is one that the program takes`, async (t) => {
    // The names of result files need not be there.
    const calls = lines.flatMap(callsIn);
    t.ok(calls.length >= 5, `${calls.length} calls`);
    for (const call of calls) t.same(await unknownIn(call), [], `hwctl ${call.join(' ')}`);
    for (const name of ['up', 'test', 'load', 'down'])
      t.ok(
        calls.some(([word]) => word === name),
        name,
      );
  });
}

t.test('a flag that is none would be seen', async (t) => {
  t.same(await unknownIn(['load', 'compare', 'a.json', 'b.json', '--tolerence', '5%']), ['--tolerence', '5%']);
  t.same(await unknownIn(['lod']), ['lod']);
  await t.rejects(unknownIn(['load', 'steady', '--threshold', 'p95<']), { code: 'bad-threshold' });
});

t.test('a file that a job keeps is one that a command of it writes', (t) => {
  const github = (shell['ci/github.yml'] ?? []).join('\n');
  const gitlab = (shell['ci/gitlab-ci.yml'] ?? []).join('\n');
  for (const file of ['report.xml', 'report.html', 'run.json', 'load.html', 'load.md']) {
    t.match(github, file);
    t.match(gitlab, file);
  }
  t.end();
});
