// Every flag and every argument of every command, as commander knows them: each has a kind of value, and what is none of
// its kind is refused in one phrasing. Nothing here is a list of flags: a new one is in the tests once it is declared.
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Argument, Command, type Option } from 'commander';
import fc from 'fast-check';
import t from 'tap';
import type { Context } from '../../../src/cli/commands/context/context.js';
import * as loadValues from '../../../src/cli/commands/load/values.js';
import { DeclaredArgument, noEnds } from '../../../src/cli/commands/options/define-command.js';
import { DeclaredOption } from '../../../src/cli/commands/options/option.js';
import { readValue, type ValueKind } from '../../../src/cli/commands/options/value-kind.js';
import * as values from '../../../src/cli/commands/options/values.js';
import { commandEntries } from '../../../src/cli/commands/registry.js';
import { systemClock } from '../../../src/cli/kernel/clock.js';
import { Failure } from '../../../src/cli/kernel/failure.js';

const cwd = mkdtempSync(join(tmpdir(), 'hwctl-flags-'));
t.teardown(() => rmSync(cwd, { recursive: true, force: true }));
mkdirSync(join(cwd, 'folder'));
writeFileSync(join(cwd, 'file.json'), '{}');
const context = { cwd, root: process.cwd(), env: {}, clock: systemClock, columns: 80 } as unknown as Context;

interface Place {
  /** `hwctl load --rps`. */
  name: string;
  flag: string;
  place: Option | Argument;
}

/** Every flag with a value and every argument, of commands and of those below them. */
async function everyPlace(): Promise<Place[]> {
  const walk = (command: Command, path: string): Place[] => [
    ...command.options
      .filter((option) => option.required || option.optional)
      .map((place) => {
        const flag = /--[\w-]+/.exec(place.flags)![0];
        return { name: `${path} ${flag}`, flag, place };
      }),
    ...command.registeredArguments.map((place) => ({
      name: `${path} <${place.name()}>`,
      flag: place.name(),
      place,
    })),
    ...command.commands.flatMap((child) => walk(child, `${path} ${child.name()}`)),
  ];
  const program = new Command('hwctl');
  const found: Place[] = [];
  for (const { name, load } of commandEntries) {
    const command = program.command(name);
    (await load()).define(command, context, noEnds);
    found.push(...walk(command, `hwctl ${name}`));
  }
  return found;
}

const places = await everyPlace();

const huge = '9'.repeat(400);
const numbers = [
  '',
  ' ',
  '-1',
  '-0.5',
  'NaN',
  'Infinity',
  '-Infinity',
  'abc',
  '0x10',
  '1,5',
  huge,
  '1e400',
  '½',
  '5s',
  '4g',
  '10%',
  '1 2',
];
const durations = ['', ' ', '-1s', 'NaN', 'abc', 's', '1 2s', '5x', '4g', '10%', `${huge}s`, '8d', '1h-1m', '1:30'];
const paths = [''];
const urls = [
  '',
  ' ',
  'abc',
  '-1',
  '5s',
  'h.test:80',
  'ftp://h.test',
  'http://',
  'http://u:p@h.test',
  'http://u@h.test',
  'file:///etc/passwd',
];
const words = ['', ' ', '-1', 'NaN', 'nosuch', huge];

/** What is no value of a kind, by the kind's code: a kind without a row fails the test. */
const wrong: Record<string, readonly string[]> = {
  'bad-number': numbers,
  'bad-duration': durations,
  'bad-share': ['', ' ', '-1', '-1%', 'NaN', 'abc', '5s', '4g', '11', '1001%', `${huge}%`, '%', '1%%'],
  'bad-size': ['', ' ', '-1', '-1g', 'NaN', 'abc', '5s', '10%', '0', '0g', `${huge}g`, '16385g', '4 gigabytes'],
  'bad-choice': words,
  'bad-fault': [
    '',
    ' ',
    'kill',
    'kill orders',
    'kill orders at',
    'kill orders at 5',
    'destroy orders at 5s',
    'at 5s',
    '5s',
  ],
  'bad-objective': ['', ' ', 'recovers', 'recovers<', 'recovers<10', 'recovers>10s', '10s', 'heals<10s'],
  'bad-url': urls,
  'bad-host': ['', ' ', 'a b', 'http://h.test', 'h.test/path', 'h:port', 'u:p@h', `${huge}${huge}`],
  'bad-address': ['', ' ', 'a b', '-1', '1.2.3', '1.2.3.4.5', 'http://h', '127.0.0.1:80', `${huge}${huge}`],
  'bad-name': ['', ' ', '\t'],
  'bad-assignment': ['', ' ', '-1', 'abc', '=', '=value'],
  'no-such-file': [...paths, 'nosuch.json', 'folder', 'file.json/x', huge],
  'bad-path': paths,
  'bad-time': ['', ' ', '-1', 'NaN', 'abc', 'tomorrow', '1', '5s', '2030-01-31', huge],
  'bad-method': ['', ' ', 'GET /', 'connect', 'a'.repeat(65), 'G\u0000'],
  'bad-header': ['', ' ', 'nonsense', ': value', 'a b: c', 'a: b\r\nc: d'],
  'bad-body': ['@', '@nosuch.json', '@folder'],
  'bad-request': [
    '',
    ' ',
    'abc',
    '/order',
    'POST',
    'FETCH /order',
    'POST order',
    'POST ftp://h/',
    'POST /{{$nosuch}}',
    'POST /{{',
  ],
  'bad-header-name': ['', ' ', 'a b', 'X-Key: secret', 'naïve'],
  'bad-field': ['', ' ', 'a b', 'a..b', '$.id', 'a[0]', '/', '/a//b'],
  'bad-jsonpath': ['', ' ', 'total', '$.', '$[', '$[?'],
  'bad-key': ['', ' ', 'abc', '{{$nosuch}}', '{{', '{{name}}'],
  'bad-resolve': ['', ' ', 'abc', 'h:80', 'h:80:', ':80:1.2.3.4', 'h:port:1.2.3.4', 'h:99999:1.2.3.4'],
  'bad-stage': ['10', '30s', ':10', '30s:', '30s:-1', '30:10', 'fast:10'],
  'bad-threshold': ['', ' ', 'abc', '5', 'p(95)', 'p(200)<1', 'eror_rate<1%', 'p(95)<10%'],
  'bad-out': ['', ' ', 'run', 'run.txt', 'run.jsn', '.json/x'],
  'unknown-reporter': ['', ',', 'junti', 'cli,junti', 'junit=', '=file'],
  'bad-version': ['', ' ', '-1', 'abc', 'v1', '5s', huge],
  'bad-registry': ['', ' ', '-1', 'http://h', 'h:port', 'a b', '/'],
  'bad-image': ['', ' ', '-1', 'a b', ':tag'],
};
/** Folders share the code of files, paths of URLs that of paths. */
const wrongFolders = ['', 'nosuch', 'file.json', 'file.json/x', huge];
const wrongUrlPaths = ['', ' ', 'abc', 'a/b', '/a b', '/a#b', 'http://h/'];

const kindOf = (place: Option | Argument): ValueKind<unknown> | undefined =>
  place instanceof DeclaredOption || place instanceof DeclaredArgument ? place.declaration.kind : undefined;

function refusalOf(place: Option | Argument, text: string): Failure | undefined {
  try {
    place.parseArg!(text, undefined as never);
    return undefined;
  } catch (error) {
    if (error instanceof Failure) return error;
    throw error;
  }
}

/** Their own reason ends with a near word: a metric, a file beside. */
const ownWords = ['bad-threshold', 'no-such-file'];

const anyText = (kind: ValueKind<unknown>) => kind === values.text || kind.code === 'bad-text';

t.test('each flag with a value and each argument has a kind', (t) => {
  t.ok(places.length > 120, `${places.length} places`);
  for (const { name, place } of places) {
    const kind = kindOf(place);
    t.ok(kind !== undefined && place.parseArg !== undefined, `${name} has a kind`);
    if (kind === undefined || anyText(kind)) continue;
    t.ok(wrong[kind.code] !== undefined, `${name}: ${kind.code} has wrong texts in this test`);
  }
  const used = new Set(places.map(({ place }) => kindOf(place)?.code));
  t.same(
    Object.keys(wrong).filter((code) => !used.has(code)),
    [],
    'no row stands for nothing',
  );
  t.end();
});

t.test('a wrong value names the flag, the value, what is wanted and how it is written', (t) => {
  for (const { name, flag, place } of places) {
    const kind = kindOf(place)!;
    if (anyText(kind)) continue;
    const texts = flag === '--path' ? wrongUrlPaths : kind === values.folder ? wrongFolders : wrong[kind.code]!;
    for (const text of texts) {
      const told = `${name} ${JSON.stringify(text.slice(0, 20))}`;
      const failure = refusalOf(place, text);
      if (failure === undefined) {
        t.fail(`${told} is taken`);
        continue;
      }
      const { message, hint = '', exitCode } = failure;
      const isFile = / cannot be read: /.test(message);
      const shown = kind.shown === undefined ? text : kind.shown(text);
      const value =
        shown === undefined ? 'what was given' : JSON.stringify(shown.length > 200 ? `${shown.slice(0, 200)}…` : shown);
      const ok =
        (message.startsWith(`${flag}: `) || (isFile && !('flags' in place))) &&
        (isFile || message.startsWith(`${flag}: ${value} is not ${kind.wanted}`)) &&
        exitCode === 2 &&
        hint !== '' &&
        message.length < 700;
      if (!ok) t.fail(told, { message, hint, exitCode });
    }
    t.pass(name);
  }
  t.end();
});

t.test(
  'the example of each kind and each default is taken, and so is what is offered instead of a wrong value',
  (t) => {
    for (const { name, place } of places) {
      const kind = kindOf(place)!;
      const isThere = !['no-such-file', 'bad-body', 'bad-time'].includes(kind.code);
      if (isThere) t.equal(refusalOf(place, kind.example)?.message, undefined, `${name} ${kind.example}`);
      if (anyText(kind)) continue;
      for (const text of [
        ...(wrong[kind.code] ?? []),
        '10',
        '10 sec',
        '1,000',
        '100/s',
        '4gb',
        'h.test/x',
        'name: value',
      ]) {
        const near = /Did you mean "(.*)"\?$/.exec(refusalOf(place, text)?.message ?? '')?.[1];
        if (near !== undefined && !near.includes('•') && !ownWords.includes(kind.code))
          t.equal(refusalOf(place, JSON.parse(`"${near}"`))?.message, undefined, `${name}: ${near} for ${text}`);
      }
    }
    t.end();
  },
);

/** Flags that stand for another thing in another command: each is a word of curl or newman, or as old as the command. */
const otherThings = {
  '--data': 'the body of load, the folder of serve',
  '--header': 'a whole header of load, the name of the key’s of probe',
  '--host': 'the Host header, and where serve listens',
  '--out': 'the file of load and verify, the folder of render',
  '--target': 'render asks clusters alone',
  '--timeout': 'newman’s bare milliseconds are taken by test',
};

t.test('flags of one name and kind are read alike in every command', (t) => {
  const texts = ['', '-1', 'abc', '0', '5s', '10', huge, 'http://u:p@h'];
  const said = new Map<string, string>();
  const differ = new Set<string>();
  for (const { flag, place } of places.filter(({ place }) => 'flags' in place)) {
    const told = JSON.stringify(texts.map((text) => refusalOf(place, text)?.message));
    if ((said.get(flag) ?? told) !== told) differ.add(flag);
    said.set(flag, told);
  }
  t.same([...differ].sort(), Object.keys(otherThings).sort());
  t.end();
});

t.test('any text is taken or refused with a Failure, and what is secret as a whole is not repeated', (t) => {
  const kinds = [...Object.values(values), ...Object.values(loadValues)].flatMap((value: unknown) =>
    typeof value === 'object' && value !== null && 'wanted' in value ? [value as ValueKind<unknown>] : [],
  );
  t.ok(kinds.length > 15, `${kinds.length} kinds`);
  const text = fc.oneof(fc.string({ unit: 'binary', maxLength: 30 }), fc.constantFrom(...Object.values(wrong).flat()));
  fc.assert(
    fc.property(fc.constantFrom(...kinds), text, (kind, text) => {
      try {
        readValue(kind, '--flag', text, context);
      } catch (error) {
        if (!(error instanceof Failure)) throw error;
        if (kind.shown !== undefined && kind.shown(text) === undefined && text.length > 8)
          return !error.message.includes(text) || / cannot be read: /.test(error.message);
      }
      return true;
    }),
    { seed: 9, numRuns: 2000 },
  );
  t.end();
});
