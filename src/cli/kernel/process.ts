import { execa } from 'execa';

interface RunOptions {
  /** Milliseconds until the child is ended; every run has a deadline. */
  timeoutMs: number;
  cwd?: string;
  env?: Record<string, string | undefined>;
  input?: string;
  signal?: AbortSignal;
  /** Called once with the id of the process, for callers that must find it again should they die first. */
  onStart?(pid: number): void;
  /** Called with each line of stdout as it comes. */
  onLine?(line: string): void;
  /** Called with each line of stderr as it comes. */
  onErrorLine?(line: string): void;
}

export interface RunOutcome {
  /** Exit code; undefined where the program was not found, timed out or died by a signal. */
  exitCode: number | undefined;
  stdout: string;
  stderr: string;
  /** Why there is no exit code: `ENOENT`, `timeout`, or the signal's name. */
  failure: string | undefined;
}

/** Runs a program to its end and gives what came of it as a value; never throws for what the program did. */
export type RunProgram = (argv: readonly [string, ...string[]], options: RunOptions) => Promise<RunOutcome>;

/** Runs `argv` without a shell. */
export const run: RunProgram = async (argv, options) => {
  const [file, ...args] = argv;
  const child = execa(file, args, {
    reject: false,
    timeout: options.timeoutMs,
    cwd: options.cwd,
    env: options.env,
    input: options.input ?? '',
    cancelSignal: options.signal,
    stripFinalNewline: false,
  });
  if (child.pid !== undefined) options.onStart?.(child.pid);
  if (options.onLine !== undefined) forEachLine(child.stdout, options.onLine);
  if (options.onErrorLine !== undefined) forEachLine(child.stderr, options.onErrorLine);
  const result = await child;
  const failure = result.timedOut
    ? 'timeout'
    : (result.signal ?? (result.failed && result.exitCode === undefined ? (result.code ?? 'failed') : undefined));
  return {
    exitCode: result.exitCode,
    stdout: String(result.stdout ?? ''),
    stderr: String(result.stderr ?? ''),
    failure,
  };
};

/** Lines as they come; the last one only where it ends like one. */
function forEachLine(stream: NodeJS.ReadableStream, onLine: (line: string) => void): void {
  let rest = '';
  stream.on('data', (chunk: Buffer | string) => {
    const lines = (rest + String(chunk)).split('\n');
    rest = lines.pop() ?? '';
    for (const line of lines) onLine(line);
  });
}
