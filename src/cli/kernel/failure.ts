/** Exit codes of the process: the whole contract with scripts and CI. */
export const exitCodes = {
  pass: 0,
  /** A check or threshold failed. */
  failed: 1,
  /** hwctl could not run: usage, configuration or environment. */
  cannotRun: 2,
  /** The numbers cannot be trusted: the generator was the bottleneck. */
  void: 3,
  /** A bug in hwctl (sysexits.h EX_SOFTWARE). */
  bug: 70,
  interrupted: 130,
} as const;

export interface FailureOptions {
  /** kebab-case, stable: what scripts match on. */
  code: string;
  /** What happened, and the one likely cause. One sentence, no final full stop. */
  message: string;
  /** The cure: a command or an edit the user can make. */
  hint?: string;
  cause?: unknown;
  /** 2 (could not run) unless told otherwise. */
  exitCode?: number;
  /** Every problem found, for inputs that are checked whole (parsers report all at once). */
  details?: string[];
}

/** An operational failure: something outside hwctl's code went wrong and the user can cure it. Bugs throw plain Error. */
export class Failure extends Error {
  readonly code: string;
  readonly hint: string | undefined;
  readonly exitCode: number;
  readonly details: string[];

  constructor(options: FailureOptions) {
    super(options.message, { cause: options.cause });
    this.name = 'Failure';
    this.code = options.code;
    this.hint = options.hint;
    this.exitCode = options.exitCode ?? exitCodes.cannotRun;
    this.details = options.details ?? [];
  }
}

/** Marks the end of an exhaustive switch: compiles only when every case is handled. */
export function unreachable(value: never): never {
  throw new Error(`unreachable: ${JSON.stringify(value)}`);
}
