/**
 * Runs the built program as a user would and compares stdout, stderr and the exit code with a golden file.
 * A golden file is the whole transcript of one run; volatile parts are wildcards:
 *   {{ms}} a duration, {{n}} a number, {{port}}, {{hex}}, {{any}} the rest of a line or a part of it, {{lines}} any lines.
 * `UPDATE_GOLDEN=1` rewrites the files; lines whose wildcards still match stay as they are.
 */
import { spawn } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { Readable, Writable } from 'node:stream';
import { fileURLToPath } from 'node:url';
import type { Test } from 'tap';

/** The package's root folder, with a final slash. */
export const root = fileURLToPath(new URL('..', import.meta.url));

export interface CliOptions {
  /** Added to a clean environment (PATH, HOME, a private XDG_STATE_HOME); undefined removes a variable. */
  env?: Record<string, string | undefined>;
  cwd?: string;
  /** Written to stdin, which is then closed. */
  input?: string;
  /** Another copy of the program than this package's own. */
  program?: string;
  /** Milliseconds until the program is killed and the run counts as hung; 60 s unless told otherwise. */
  timeoutMs?: number;
  /** Called with the process id once it runs: to send it a signal, for example. */
  onSpawn?: (pid: number) => void;
  /** Called with each piece of stdout and the process id: to act once the program is under way. */
  onStdout?: (text: string, pid: number) => void;
  /** As onStdout, for stderr. */
  onStderr?: (text: string, pid: number) => void;
}

export interface CliRun {
  /** null where it was ended by a signal (also at the deadline). */
  exitCode: number | null;
  signal: NodeJS.Signals | null;
  stdout: string;
  stderr: string;
}

/** Runs `bin/hwctl.js` with `args` to its end. The state folder is a fresh one unless env names XDG_STATE_HOME. */
export async function hwctl(args: string[], options: CliOptions = {}): Promise<CliRun> {
  const home = mkdtempSync(join(tmpdir(), 'hwctl-test-'));
  try {
    const env = { PATH: process.env.PATH, HOME: home, XDG_STATE_HOME: home, TERM: 'dumb', ...options.env };
    const child = spawn(process.execPath, [options.program ?? join(root, 'bin/hwctl.js'), ...args], {
      cwd: options.cwd ?? home,
      env,
      stdio: ['pipe', 'pipe', 'pipe'],
      timeout: options.timeoutMs ?? 60_000,
      killSignal: 'SIGKILL',
    });
    const stdout: Buffer[] = [];
    const stderr: Buffer[] = [];
    child.stdout.on('data', (chunk: Buffer) => {
      stdout.push(chunk);
      options.onStdout?.(chunk.toString('utf8'), child.pid!);
    });
    child.stderr.on('data', (chunk: Buffer) => {
      stderr.push(chunk);
      options.onStderr?.(chunk.toString('utf8'), child.pid!);
    });
    child.stdin.on('error', () => undefined);
    child.stdin.end(options.input ?? '');
    if (child.pid !== undefined) options.onSpawn?.(child.pid);
    const [exitCode, signal] = await new Promise<[number | null, NodeJS.Signals | null]>((resolve, reject) => {
      child.on('error', reject);
      child.on('close', (code, name) => resolve([code, name]));
    });
    return {
      exitCode,
      signal,
      stdout: Buffer.concat(stdout).toString('utf8'),
      stderr: Buffer.concat(stderr).toString('utf8'),
    };
  } finally {
    rmSync(home, { recursive: true, force: true });
  }
}

/**
 * Runs a command in this process, from the sources: for calls whose words matter and not the process, some ten times as
 * quick. What the launcher, signals, streams and exit codes of a process do is seen by `hwctl` alone.
 */
export async function hwctlInside(args: string[], { env, cwd }: CliOptions = {}): Promise<CliRun> {
  const [{ runCommand }, { makeContext }] = await Promise.all([
    import('../src/cli/commands/program.js'),
    import('../src/cli/commands/context/make-context.js'),
  ]);
  const home = mkdtempSync(join(tmpdir(), 'hwctl-test-'));
  const said = { stdout: '', stderr: '' };
  const stream = (name: keyof typeof said) =>
    new Writable({
      decodeStrings: false,
      write: (text: string, _, done) => {
        said[name] += text;
        done();
      },
    }) as unknown as NodeJS.WriteStream;
  try {
    const context = makeContext({
      argv: args,
      env: { PATH: process.env.PATH, HOME: home, XDG_STATE_HOME: home, TERM: 'dumb', ...env },
      cwd: cwd ?? home,
      signal: new AbortController().signal,
      root: root.replace(/\/$/, ''),
      version: (JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as { version: string }).version,
      stdin: Readable.from([]) as unknown as NodeJS.ReadStream,
      stdout: stream('stdout'),
      stderr: stream('stderr'),
    });
    const exitCode = await runCommand(args, context);
    context.endReport();
    return { exitCode, signal: null, ...said };
  } finally {
    rmSync(home, { recursive: true, force: true });
  }
}

export interface GoldenOptions extends CliOptions {
  /** In this process, as `hwctlInside`. */
  inside?: boolean;
  /** Texts known to differ from run to run, by the name that stands for them: `{ url: 'http://127.0.0.1:4711' }` -> `{{url}}`. */
  values?: Record<string, string>;
}

/** Runs hwctl and compares the transcript with `test/golden/NAME.txt`. Gives the run, for further questions. */
export async function golden(t: Test, name: string, args: string[], options: GoldenOptions = {}): Promise<CliRun> {
  const run = await (options.inside === true ? hwctlInside : hwctl)(args, options);
  matchGolden(t, name, transcript(args, run), options.values);
  return run;
}

function transcript(args: string[], run: CliRun): string {
  const words = args.map((word) => (/^[\w./:=@%,+-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`));
  const end = run.signal === null ? `exit ${run.exitCode}` : `killed by ${run.signal}`;
  const section = (title: string, text: string) =>
    `--- ${title}\n${text}${text === '' || text.endsWith('\n') ? '' : '\n'}`;
  return `$ ${['hwctl', ...words].join(' ')}\n${end}\n${section('stdout', run.stdout)}${section('stderr', run.stderr)}`;
}

/** Compares any text with `test/golden/NAME` (`.txt` is added where the name has no extension), wildcards allowed. */
export function matchGolden(t: Test, name: string, text: string, values: Record<string, string> = {}): void {
  const path = join(root, 'test/golden', /\.[a-z]+$/.test(name) ? name : `${name}.txt`);
  const actual = withNames(text, values);
  const expected = existsSync(path) ? readFileSync(path, 'utf8') : undefined;
  if (expected !== undefined && pattern(expected).test(actual)) {
    t.pass(`${name} is as the golden file says`);
    return;
  }
  const merged = keepMatchingLines(actual, expected ?? '');
  if (process.env.UPDATE_GOLDEN && !/^exit 70$/m.test(merged)) {
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, merged);
    t.pass(`${name} rewritten`);
    return;
  }
  if (expected === undefined) t.fail(`no golden file ${name}: run with UPDATE_GOLDEN=1`, { actual });
  else t.equal(merged, expected, `${name} is as the golden file says`);
}

function withNames(text: string, values: Record<string, string>): string {
  // The package's own folder never belongs into a golden file.
  const all = { ...values, root: root.replace(/\/$/, '') };
  const longestFirst = Object.entries(all).sort((a, b) => b[1].length - a[1].length);
  return longestFirst.reduce((named, [key, value]) => named.replaceAll(value, `{{${key}}}`), text);
}

const wildcards: Record<string, string> = {
  ms: '\\d[\\d.]*(?:us|µs|ms|s|m\\d\\ds|h\\d\\dm)?',
  n: '-?\\d[\\d.,]*',
  port: '\\d+',
  hex: '[0-9a-f-]+',
  any: '[^\\n]*?',
  lines: '[\\s\\S]*?',
};

function pattern(expected: string): RegExp {
  const escaped = expected.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
  const source = escaped
    .replace(/\\{\\{lines\\}\\}\n/g, '(?:[^\\n]*\\n)*?')
    .replace(/\\{\\{(\w+)\\}\\}/g, (found, key: string) => wildcards[key] ?? found);
  return new RegExp(`^${source}$`, 'u');
}

/** The actual text, but with the golden file's line wherever one with wildcards still describes it. */
function keepMatchingLines(actual: string, expected: string): string {
  const known = expected.split('\n').filter((line) => /\{\{\w+\}\}/.test(line) && !/^\{\{(any|lines)\}\}$/.test(line));
  const patterns = known.map((line) => ({ line, pattern: pattern(line) }));
  return actual
    .split('\n')
    .map((line) => patterns.find((candidate) => candidate.pattern.test(line))?.line ?? line)
    .join('\n');
}
