import { execa } from 'execa';

export interface RunOptions {
  /** Milliseconds until the child is ended; every run has a deadline. */
  timeoutMs: number;
  cwd?: string;
  env?: Record<string, string | undefined>;
  input?: string;
  signal?: AbortSignal;
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
export type Run = (argv: readonly [string, ...string[]], options: RunOptions) => Promise<RunOutcome>;

/** Runs `argv` without a shell. */
export const run: Run = async (argv, options) => {
  const [file, ...args] = argv;
  const result = await execa(file, args, {
    reject: false,
    timeout: options.timeoutMs,
    cwd: options.cwd,
    env: options.env,
    input: options.input ?? '',
    cancelSignal: options.signal,
    stripFinalNewline: false,
  });
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
