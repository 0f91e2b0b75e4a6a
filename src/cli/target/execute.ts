import type { Clock } from '../kernel/clock.js';
import type { PlannedStep, StepContext } from './plan.js';
import type { Step, StepOutcome, WaitOptions } from './target.js';

/** What is waited for is told when it changes, and again after this time: 5 s. */
const tellAgainMs = 5_000;

/** The one executor of plans. */
export interface Execution {
  readonly work: StepContext;
  /**
   * Runs a plan: each step is skipped, or done, or fails and ends the plan; nobody else tells of steps. Gives what was done,
   * in the order of the plan, without the waiting and the planning. Throws what the first step that failed threw.
   */
  run(plan: readonly PlannedStep[]): Promise<Step[]>;
}

/** Begins an execution: its time runs from now. */
export function beginExecution(clock: Clock, options: WaitOptions): Execution {
  const work = createWork(clock, options);
  return { work, run: (plan) => runAll(plan, { work, onEvent: options.onEvent }) };
}

interface RunningPlan {
  work: StepContext;
  onEvent: WaitOptions['onEvent'];
  /** Ref of the step that these came out of. */
  plannedBy?: string;
}

async function runAll(plan: readonly PlannedStep[], around: RunningPlan): Promise<Step[]> {
  const done: Step[] = [];
  for (let at = 0; at < plan.length; ) {
    const first = plan[at] as PlannedStep;
    const end = first.lane === undefined ? at + 1 : endOfLanes(plan, at);
    const due = plan.slice(at, end);
    done.push(...(first.lane === undefined ? await runOne(first, around) : await runLanes(due, around)));
    at = end;
  }
  return done;
}

function endOfLanes(plan: readonly PlannedStep[], from: number): number {
  const at = plan.findIndex(({ lane }, index) => index > from && lane === undefined);
  return at < 0 ? plan.length : at;
}

/** Lanes side by side. The first that fails ends the others, and is the one that is told of. */
async function runLanes(plan: readonly PlannedStep[], { work, ...around }: RunningPlan): Promise<Step[]> {
  const failed = new AbortController();
  const inside = { ...around, work: { ...work, signal: AbortSignal.any([work.signal, failed.signal]) } };
  const done = new Map<PlannedStep, Step[]>();
  const runLane = async (lane: string | undefined) => {
    try {
      for (const step of plan) if (step.lane === lane) done.set(step, await runOne(step, inside));
    } catch (error) {
      failed.abort(error);
    }
  };
  await Promise.all([...new Set(plan.map(({ lane }) => lane))].map(runLane));
  work.signal.throwIfAborted();
  if (failed.signal.aborted) throw failed.signal.reason;
  return plan.flatMap((step) => done.get(step) ?? []);
}

async function runOne(planned: PlannedStep, around: RunningPlan): Promise<Step[]> {
  const { step, act, whyDone } = planned;
  const { work, onEvent, plannedBy } = around;
  const tell = (outcome: StepOutcome) => onEvent({ type: 'step', step, plannedBy, ...outcome });
  work.signal.throwIfAborted();
  const reason = act === undefined ? step.why : await whyDone?.(work);
  if (act === undefined || reason !== undefined) {
    tell({ state: 'skipped', reason: reason ?? step.why });
    return [];
  }
  tell({ state: 'started' });
  const beganMs = work.clock.monotonic();
  const durationMs = () => work.clock.monotonic() - beganMs;
  let more: PlannedStep[] | undefined;
  try {
    more = await act(work);
  } catch (error) {
    tell({ state: 'failed', durationMs: durationMs() });
    throw error;
  }
  tell({ state: 'done', durationMs: durationMs() });
  const next = more === undefined ? [] : await runAll(more, { ...around, plannedBy: step.ref });
  return step.verb === 'wait' || step.verb === 'plan' ? next : [step, ...next];
}

function createWork(clock: Clock, { timeoutMs, signal, onEvent }: WaitOptions): StepContext {
  const beganMs = clock.monotonic();
  let told = { text: '', atMs: Number.NEGATIVE_INFINITY };
  return {
    clock,
    deadlineAt: beganMs + timeoutMs,
    timeoutMs,
    signal,
    onProgress: (message) => onEvent({ type: 'progress', message }),
    onWaiting: (notReady) => {
      const nowMs = clock.monotonic();
      const text = JSON.stringify(notReady);
      if (text === told.text && nowMs - told.atMs < tellAgainMs) return;
      told = { text, atMs: nowMs };
      onEvent({ type: 'waiting', notReady, elapsedMs: nowMs - beganMs });
    },
  };
}
