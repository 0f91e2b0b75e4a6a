// Each option of newman is known to hwctl test, or answered with what to use instead.
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import t from 'tap';
import type { Context } from '../../../src/cli/commands/context/context.js';
import { runCommand } from '../../../src/cli/commands/program.js';
import { systemClock } from '../../../src/cli/kernel/clock.js';

/** What a call says on stderr; no file of its words is there, so that it ends before anything is sent. */
async function told(...argv: string[]): Promise<string> {
  const notes: string[] = [];
  const context = {
    argv,
    env: {},
    cwd: join(tmpdir(), 'hwctl-no-such-folder'),
    root: process.cwd(),
    version: '0',
    clock: systemClock,
    signal: new AbortController().signal,
    color: false,
    columns: 80,
    interactive: false,
    note: (lines: string | string[]) => notes.push(...[lines].flat()),
    document: () => undefined,
    write: () => undefined,
    beginReport: () => undefined,
    print: () => undefined,
  };
  const code = await runCommand(argv, context as unknown as Context);
  return `${code} ${notes.join('\n')}`;
}

const newman = readFileSync(createRequire(import.meta.url).resolve('newman/bin/newman.js'), 'utf8');
const options = [...newman.matchAll(/\.option\('([^']+)'/g)].map((match) => {
  const [, short, long, value] = /^(?:(-\w) ?, )?(--[\w-]+)(?: [<[](\w+))?/.exec(match[1]!)!;
  return {
    names: [long!, ...(short === undefined ? [] : [short])],
    value: value === undefined ? [] : [value === 'value' ? 'n=1' : '1'],
  };
});

t.test('each option of newman is taken, or told what to use instead', async (t) => {
  t.ok(options.length > 30, `${options.length} options`);
  const refused: string[] = [];
  for (const { names, value } of options) {
    for (const name of names) {
      const text = await told('test', 'c.json', name, ...value);
      t.match(text, /^2 error: /, name);
      t.notMatch(text, /shows the usage/, name);
      if (text.includes('unknown option')) refused.push(name);
    }
  }
  t.same(
    refused.sort(),
    '--color --cookie-jar --disable-unicode --export-collection --export-cookie-jar --export-environment --export-globals --postman-api-key --silent --ssl-client-cert-list --verbose'.split(
      ' ',
    ),
  );
});

t.test('with a value after =, and those of reporters', async (t) => {
  const rows: [option: string, cure: RegExp][] = [
    ['--bail=folder', /Use --bail alone/],
    ['--export-globals=f', /console\.log/],
    ['--reporter-json-export', /Use -r json=FILE/],
    ['--reporter-junit-export=f', /Use -r junit=FILE/],
    ['--reporter-cli-no-summary', /reporters take no options/],
    ['--reporter-htmlextra-title', /reporters take no options/],
  ];
  for (const [option, cure] of rows) t.match(await told('test', 'c.json', option), cure, option);
  t.match(await told('test', 'c.json', '--frob'), /hwctl test --help/);
  t.match(await told('load', '--verbose'), /hwctl load --help/, 'the other commands are not newman');
});
