import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
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

/** Pages whose indented and fenced lines are commands for a reader to type. */
const typed = ['../README.md', 'CLUSTER.md', 'PROJECTS.md', 'LOCAL.md', 'PROBE.md'];

t.test('every call of hwctl that a page has its reader type is one that the program takes', async (t) => {
  let calls = 0;
  for (const page of typed) {
    const lines = read(page)
      .replaceAll(/\\\n\s*/g, ' ')
      .split('\n')
      .filter((line) => /^(?: {4}|\$ )(?:npx )?hwctl \w/.test(line) && !line.includes(' · '))
      // A file that a reader has is none that is here.
      .map((line) => line.replaceAll(/@[\w./-]+/g, '{}'));
    for (const call of lines.map((line) => line.replace(/\s{2,}#.*$/, '')).flatMap(callsIn)) {
      calls += 1;
      t.same(await unknownIn(call), [], `${page}: hwctl ${call.join(' ')}`);
    }
  }
  t.ok(calls > 20, `${calls} calls`);
});

t.test('every link of a page leads to a file that is there, and to a heading of it', (t) => {
  const pages = readdirSync(`${root}docs`, { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.md'))
    .map((name) => join('docs', name))
    .concat('README.md', 'CONTRIBUTING.md', 'CHANGELOG.md');
  let links = 0;
  for (const page of pages) {
    const text = readFileSync(join(root, page), 'utf8').replaceAll(/```[\s\S]*?```/g, '');
    for (const [, target = ''] of text.matchAll(/\]\((?!https?:|mailto:)([^)\s]+)\)/g)) {
      links += 1;
      const [file = '', anchor] = target.split('#');
      const path = file === '' ? page : join(dirname(page), file);
      t.ok(existsSync(join(root, path)), `${page}: ${target}`);
      if (anchor === undefined || !path.endsWith('.md')) continue;
      const headings = [...readFileSync(join(root, path), 'utf8').matchAll(/^#+ (.*)$/gm)].map(([, heading = '']) =>
        heading
          .toLowerCase()
          .replaceAll(/[^\p{L}\p{N}\s-]/gu, '')
          .trim()
          .replaceAll(/\s/g, '-'),
      );
      t.ok(headings.includes(anchor), `${page}: ${target}`);
    }
  }
  t.ok(links > 30, `${links} links`);
  t.end();
});
