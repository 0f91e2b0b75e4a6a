/**
 * Every flag and every argument that names a file, in every command: what cannot be read or written is told in one form,
 * `FLAG: NAME cannot be read: WHY`, by the name as it was given, with a cure and exit code 2.
 */
import { chmodSync, readdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Command } from 'commander';
import t, { type Test } from 'tap';
import type { Context } from '../../src/cli/commands/context/context.js';
import { noEnds } from '../../src/cli/commands/options/define-command.js';
import { runCommand } from '../../src/cli/commands/program.js';
import { commandEntries } from '../../src/cli/commands/registry.js';
import { systemClock } from '../../src/cli/kernel/clock.js';
import { root } from '../golden.js';
import { resultOf, running } from '../report/fixtures.js';

const folder = t.testdir({
  'file.txt': '',
  'plain.yaml': 'name: plain\nsteps: [{ wait: 1ms }]\n',
  'data.yaml': 'name: data\ndata: rows.csv\nsteps: [{ wait: 1ms }]\n',
  'rows.csv': 'a\n1\n',
  'empty.json': JSON.stringify({ info: { schema: 'v2.1' }, item: [] }),
  'result.json': JSON.stringify(resultOf(running)),
  'one.json': JSON.stringify({ info: { schema: 'v2.1' }, item: [{ name: 'a', request: 'http://a.test/' }] }),
  'certificate.pem': '-----BEGIN CERTIFICATE-----\n',
  'key.pem': '-----BEGIN PRIVATE KEY-----\n',
  folder: {},
  'folder.json': {},
  'folder.yaml': {},
  state: {},
});
// Neither UTF-8 nor marked UTF-16.
for (const name of ['binary', 'binary.yaml', 'binary.json', 'binary.csv'])
  writeFileSync(join(folder, name), Buffer.from([0x7f, 0x45, 0x4c, 0x46, 0x80, 0xff, 0]));

for (const ending of ['', '.yaml', '.json']) {
  symlinkSync(`loop${ending}`, join(folder, `loop${ending}`));
  writeFileSync(join(folder, `secret${ending}`), '');
  chmodSync(join(folder, `secret${ending}`), 0);
}

interface Told {
  exitCode: number;
  stdout: string;
  stderr: string;
}

async function call(argv: string[]): Promise<Told> {
  let [stdout, stderr] = ['', ''];
  const print = (lines: string | readonly string[]) => {
    stdout += `${[lines].flat().join('\n')}\n`;
  };
  const context = {
    argv,
    env: { HOME: folder, XDG_STATE_HOME: join(folder, 'state'), KUBECONFIG: '/none' },
    cwd: folder,
    root,
    version: '0',
    clock: systemClock,
    signal: new AbortController().signal,
    color: false,
    columns: 80,
    interactive: false,
    endsWithReader: false,
    exitCode: 0,
    stdin: {},
    stdout: { write: () => true },
    stderr: { isTTY: false },
    note: (lines: string | string[]) => {
      stderr += `${[lines].flat().join('\n')}\n`;
    },
    print,
    document: print,
    write: (text: string) => {
      stdout += text;
    },
    json: (value: unknown) => print(JSON.stringify(value)),
    annotate: print,
    beginReport: () => undefined,
    endReport: () => undefined,
  };
  const exitCode = await runCommand(argv, context as unknown as Context);
  return { exitCode, stdout, stderr };
}

/** What a file is to be: text in UTF-8, text in any encoding, a folder. */
type Kind = 'text' | 'latin' | 'folder' | 'text or folder';

interface Row {
  /** The command and the flag, or the argument in `<>`. */
  flag: string;
  argv(name: string): string[];
  kind: Kind;
  /** How its name has to end. */
  ending?: string;
  /** What messages begin with; the flag where absent, nothing for an argument. */
  by?: string;
  /** `scenario validate` tells of each file on stdout. */
  listed?: boolean;
  /** The folders that it is in are made. */
  folders?: boolean;
}

const url = ['--url', 'http://127.0.0.1:1'];
const load = ['load', ...url, '--rps', '1', '--duration', '1s'];
const probe = ['probe', 'idempotency', 'POST /a', '--effects', 'GET /b'];
const loadOne = ['load', 'one.json', '--rps', '1', '--duration', '1s'];
const local = ['--target', 'local'];
const values = (command: string, ...rest: string[]): Row[] => [
  { flag: `${command} --values`, argv: (name) => [command, 'hello', ...rest, '--values', name], kind: 'text' },
  { flag: `${command} --manifests`, argv: (name) => [command, 'hello', ...rest, '--manifests', name], kind: 'folder' },
];
const tls = (command: string, call: string[]): Row[] => {
  const given = { '--cert': ['--key', 'key.pem'], '--key': ['--cert', 'certificate.pem'] };
  return (['--cacert', '--cert', '--key'] as const).map((flag) => ({
    flag: `${command} ${flag}`,
    argv: (name) => [...call, flag, name, ...(flag === '--cacert' ? [] : given[flag])],
    kind: 'latin',
  }));
};

const project = (command: string, ...rest: string[]): Row => ({
  flag: `${command === 'probe' ? 'probe idempotency' : command} --file`,
  argv: (name) => [command, ...rest, '--file', name],
  kind: 'text or folder',
});

const read: Row[] = [
  ...['up', 'down', 'status', 'diff', 'logs', 'dev', 'verify', 'forward'].map((name) => project(name, ...local)),
  project('open', 'app', ...local),
  project('test', ...local),
  project('load', '--rps', '1', '--duration', '1s', ...local),
  project('debug'),
  project('probe', 'idempotency', 'POST /a', '--header', 'X-Request-Id', '--effects', 'GET /a', ...local),
  ...values('up', ...local),
  ...values('render'),
  ...values('diff', ...local),
  ...values('dev', ...local),
  ...values('verify', ...local),
  ...tls('load', ['load', 'https://127.0.0.1:1', '--rps', '1', '--duration', '1s']),
  ...tls('test', ['test', 'plain.yaml', ...url]),
  ...tls('probe idempotency', [...probe, ...url]),
  { flag: 'probe idempotency --body', argv: (name) => [...probe, '--body', `@${name}`], kind: 'text' },
  { flag: 'probe idempotency --other-body', argv: (name) => [...probe, '--other-body', `@${name}`], kind: 'text' },
  { flag: 'load --body', argv: (name) => [...load, '--body', `@${name}`], kind: 'text' },
  { flag: 'load --baseline', argv: (name) => [...load, '--baseline', name], kind: 'text' },
  {
    flag: 'load --scenario',
    argv: (name) => [...load, '--scenario', `./${name}`],
    kind: 'text',
    by: '',
    ending: '.yaml',
  },
  { flag: 'load <what>', argv: (name) => ['load', `./${name}`], kind: 'text', ending: '.yaml' },
  { flag: 'load <what>', argv: (name) => ['load', name], kind: 'text', ending: '.json' },
  { flag: 'load compare <before>', argv: (name) => ['load', 'compare', name, 'empty.json'], kind: 'text' },
  { flag: 'load compare <after>', argv: (name) => ['load', 'compare', 'result.json', name], kind: 'text' },
  { flag: 'test <names>', argv: (name) => ['test', `./${name}`, ...url], kind: 'text', ending: '.yaml' },
  { flag: 'test <names>', argv: (name) => ['test', name, ...url], kind: 'latin', ending: '.json' },
  { flag: 'test --env-file', argv: (name) => ['test', 'plain.yaml', ...url, '--env-file', name], kind: 'text' },
  { flag: 'test --iteration-data', argv: (name) => ['test', 'plain.yaml', ...url, '-d', name], kind: 'latin' },
  { flag: 'test --iteration-data', argv: (name) => ['test', 'empty.json', '-d', name], kind: 'latin' },
  { flag: 'load --iteration-data', argv: (name) => [...loadOne, '--iteration-data', name], kind: 'latin' },
  { flag: 'load --globals', argv: (name) => [...loadOne, '--globals', name], kind: 'latin' },
  { flag: 'test --environment', argv: (name) => ['test', 'empty.json', '-e', name], kind: 'latin' },
  { flag: 'test --globals', argv: (name) => ['test', 'empty.json', '-g', name], kind: 'latin' },
  { flag: 'test --working-dir', argv: (name) => ['test', 'empty.json', '--working-dir', name], kind: 'folder' },
  { flag: 'scenario show <name>', argv: (name) => ['scenario', 'show', `./${name}`], kind: 'text', ending: '.yaml' },
  {
    flag: 'scenario validate <files>',
    argv: (name) => ['scenario', 'validate', `./${name}`],
    kind: 'text',
    ending: '.yaml',
    listed: true,
  },
  {
    flag: 'scenario export <name>',
    argv: (name) => ['scenario', 'export', `./${name}`, '--to', 'k6'],
    kind: 'text',
    ending: '.yaml',
  },
  { flag: 'scenario import <file>', argv: (name) => ['scenario', 'import', name], kind: 'latin', ending: '.json' },
];

const written: Row[] = [
  { flag: 'load --out', argv: (name) => [...load, '--out', name], kind: 'text', ending: '.json' },
  { flag: 'verify --out', argv: (name) => ['verify', 'hello', '--target', 'local', '--out', name], kind: 'text' },
  {
    flag: 'load compare --out',
    argv: (name) => ['load', 'compare', 'result.json', 'result.json', '--out', name],
    kind: 'text',
    ending: '.json',
  },
  {
    flag: 'test --reporters',
    argv: (name) => ['test', 'plain.yaml', ...url, '-r', `tap=${name}`],
    kind: 'text',
    by: '--reporters tap: ',
    folders: true,
  },
  { flag: 'test --har', argv: (name) => ['test', 'plain.yaml', ...url, '--har', name], kind: 'text', folders: true },
  {
    flag: 'scenario export --output',
    argv: (name) => ['scenario', 'export', 'hello', '--to', 'k6', '-o', name],
    kind: 'text',
  },
  { flag: 'scenario import --output', argv: (name) => ['scenario', 'import', 'one.json', '-o', name], kind: 'text' },
  { flag: 'render --out', argv: (name) => ['render', 'hello', '--out', name], kind: 'folder' },
];

/** Flags that name a file which hwctl itself neither reads nor writes. */
const others = ['serve --data', 'load --unix-socket', 'load --path'];

/** What the message of a row begins with: its flag, where it has one. */
function begin({ flag, by }: Row): string {
  const word = flag.split(' ').at(-1) as string;
  return by ?? (word.startsWith('--') ? `${word}: ` : '');
}

/** The name as the call gave it. */
function shownIn({ argv }: Row, name: string): string {
  return argv(name).some((word) => word === `./${name}`) ? `./${name}` : name;
}

/** Calls the command with the name and holds what it says against `BEGIN NAME TOLD`. */
async function check(t: Test, row: Row, name: string, told: string): Promise<void> {
  const { exitCode, stdout, stderr } = await call(row.argv(name));
  const message = `${begin(row)}${shownIn(row, name)} ${told}`;
  const title = `hwctl ${row.argv(name).join(' ')}`;
  const lines = row.listed ? [`error: ${stdout.trimEnd()}`, 'cure:  '] : stderr.trimEnd().split('\n');
  t.equal(lines[0]?.replace(/\. Did you mean ".*"\?$/, ''), `error: ${message}`, title);
  t.match(lines[1], /^cure: /, title);
  t.equal(exitCode, 2, title);
}

for (const row of read) {
  t.test(`${row.flag} names what cannot be read`, async (t) => {
    const { ending = '', kind } = row;
    const missing = kind === 'folder' ? 'there is no such folder' : 'there is no such file';
    const cannot = 'cannot be read:';
    await check(t, row, `none${ending}`, `${cannot} ${missing}`);
    await check(t, row, join(folder, `none${ending}`), `${cannot} ${missing}`);
    await check(t, row, `file.txt/below${ending}`, `${cannot} a part of its path is a file, not a folder`);
    await check(t, row, `loop${ending}`, `${cannot} its symbolic links go in a circle`);
    if (kind === 'folder') await check(t, row, 'file.txt', `${cannot} it is a file, not a folder`);
    else if (kind !== 'text or folder') await check(t, row, `folder${ending}`, `${cannot} it is a folder`);
    if (kind.startsWith('text')) await check(t, row, `binary${ending}`, `${cannot} it is not text in UTF-8`);
    if (process.getuid?.() !== 0) await check(t, row, `secret${ending}`, `${cannot} permission denied`);
  });
}

for (const row of written) {
  t.test(`${row.flag} names what cannot be written`, async (t) => {
    const { ending = '', kind, folders = false } = row;
    const cannot = 'cannot be written:';
    // Where the folders are made, that is what fails.
    const below = folders ? 'there is a file where a folder should be' : 'a part of its path is a file, not a folder';
    await check(t, row, `file.txt/below${ending}`, `${cannot} ${below}`);
    await check(t, row, `loop${ending}`, `${cannot} its symbolic links go in a circle`);
    if (kind === 'folder') await check(t, row, 'file.txt', `${cannot} there is a file where a folder should be`);
    else await check(t, row, `folder${ending}`, `${cannot} it is a folder`);
    t.same(
      readdirSync(folder).filter((name) => /\.(part|tmp)$/.test(name)),
      [],
      'nothing is left behind',
    );
  });
}

t.test('a data file that a scenario names is told at its place', async (t) => {
  writeFileSync(join(folder, 'data-none.yaml'), 'name: x\ndata: none.csv\nsteps: [{ wait: 1ms }]\n');
  const { stderr } = await call(['test', 'data-none.yaml', ...url]);
  t.match(stderr, /data-none\.yaml:2:7: data: none\.csv cannot be read: there is no such file/);
});

t.test('the tables hold every flag and argument of any command that names a file', async (t) => {
  const known = new Set([...read, ...written].map(({ flag }) => flag).concat(others));
  const found: string[] = [];
  const visit = (command: Command, path: string) => {
    for (const { flags } of command.options) {
      if (/<(file|folder|path|dir)\b/.test(flags)) found.push(`${path} ${flags}`);
    }
    for (const child of command.commands) visit(child, `${path} ${child.name()}`);
  };
  for (const entry of commandEntries) {
    const command = new Command(entry.name);
    (await entry.load()).define(command, { root, cwd: folder, env: {} } as unknown as Context, noEnds);
    visit(command, entry.name);
  }
  t.ok(found.length > 20, `${found.length} flags`);
  for (const flag of found) {
    const [path = '', ...names] = flag.replace(/ <.*$/, '').split(/,? (?=-)/);
    t.ok(
      names.some((name) => known.has(`${path} ${name}`)),
      flag,
    );
  }
});
