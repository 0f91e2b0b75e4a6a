import type { Clock } from '../../../kernel/clock.js';
import type { Step } from '../../target.js';

/** What every long-running part of `up` and `down` is given. */
export interface Work {
  clock: Clock;
  /** On the monotonic clock. */
  deadlineAt: number;
  timeoutMs: number;
  signal: AbortSignal;
  onProgress(message: string): void;
  onWaiting(notReady: { ref: string; reason: string }[]): void;
  /** Runs one step and reports its begin and end. */
  step(step: Step, act: () => Promise<void>): Promise<void>;
}

/** Milliseconds that are left, at least one second so that a late step still says what is wrong. */
export function leftMs(work: Pick<Work, 'clock' | 'deadlineAt'>): number {
  return Math.max(1_000, work.deadlineAt - work.clock.monotonic());
}
