import type { Clock } from '../kernel/clock.js';
import type { Step } from './target.js';

/** What every act of a plan is given: how long it may take, when to give up, and who listens. */
export interface StepContext {
  clock: Clock;
  /** On the monotonic clock. */
  deadlineAt: number;
  timeoutMs: number;
  signal: AbortSignal;
  onProgress(message: string): void;
  onWaiting(notReady: { ref: string; reason: string }[]): void;
}

/** A step and what does it: `--dry-run` prints the steps of a plan, the executor runs their acts, and there is no third thing. */
export interface PlannedStep {
  step: Step;
  /** Steps one after another that each have a lane run side by side, those of one lane in order. Without one: when all before it are done. */
  lane?: string;
  /** Why there is nothing to do any more, asked when its turn has come; undefined where there is. */
  whyDone?(work: StepContext): Promise<string | undefined>;
  /** Does it. Gives the steps that can be known only now (of a `plan` step): they come next. Absent: it is left out on purpose. */
  act?(work: StepContext): Promise<PlannedStep[] | undefined>;
}

/** A step whose act brings no further ones. */
export function planned(
  step: Step,
  act: (work: StepContext) => Promise<unknown>,
  more: Pick<PlannedStep, 'lane' | 'whyDone'> = {},
): PlannedStep {
  return {
    step,
    ...more,
    act: async (work) => {
      await act(work);
      return undefined;
    },
  };
}

/** The steps alone, as they are printed. */
export function stepsOf(plan: readonly PlannedStep[]): Step[] {
  return plan.map(({ step }) => step);
}

/** Milliseconds that are left, at least one second so that a late step still says what is wrong. */
export function leftMs(work: Pick<StepContext, 'clock' | 'deadlineAt'>): number {
  return Math.max(1_000, work.deadlineAt - work.clock.monotonic());
}
