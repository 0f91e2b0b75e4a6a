import type { Clock } from '../../kernel/clock.js';
import type { Output } from './output.js';

/** What a command gets from main.ts: the process, seen through values, so that commands are testable and never touch globals. */
export interface Context extends Output {
  /** The words after the program's name, as they were given. */
  readonly argv: readonly string[];
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly cwd: string;
  readonly clock: Clock;
  /** Aborts on the first Ctrl-C or SIGTERM; a second Ctrl-C ends the process at once with 130. */
  readonly signal: AbortSignal;
  /** Package root: where manifests/, scenarios/ and dist/ are. */
  readonly root: string;
  readonly version: string;
  /** Raw streams, for ink, key input and sessions in a pod; texts go through `Output`. */
  readonly stdin: NodeJS.ReadStream;
  readonly stdout: NodeJS.WriteStream;
  readonly stderr: NodeJS.WriteStream;
  /** stdout is a terminal a live view may draw on: a TTY, not CI, not dumb, no HWCTL_PLAIN. Else the same is said in lines. */
  readonly interactive: boolean;
  /** ANSI colours are welcome on stdout (TTY or FORCE_COLOR, without NO_COLOR and HWCTL_PLAIN). */
  readonly color: boolean;
  /** Columns of the terminal, 80 where there is none. */
  readonly columns: number;
}
