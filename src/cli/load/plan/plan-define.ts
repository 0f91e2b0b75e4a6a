import { Failure } from '../../kernel/failure.js';
import type { Arrivals, ArrivalUnit, LoadPlan } from './plan.js';
import { rateStages, stageValueAt } from './schedule.js';

/** What must be said of a load; the rest has defaults that follow from it. */
export type PlanRequest = Pick<LoadPlan, 'endpoint' | 'work' | 'arrivals'> & Partial<LoadPlan>;

/** Bounds of what a plan may ask for: beyond them it is a slip of the pen. */
export const planLimits = {
  ratePerSecond: 1_000_000,
  users: 100_000,
  concurrency: 10_000,
  durationMs: 7 * 24 * 3_600_000,
  workers: 64,
  timeoutMs: 3_600_000,
} as const;

/**
 * A whole plan from what was asked. In flight at once may be what the peak rate makes up in the time-out, 10,000 at most;
 * connections are opened beforehand as `connectionsFor` says. Throws Failure `bad-plan` with all problems found.
 */
export function definePlan(request: PlanRequest): LoadPlan {
  const timeoutMs = request.timeoutMs ?? 10_000;
  const peak = peakOf(request.arrivals);
  const rate = Math.max(0, ...rateStages(request.arrivals).map((stage) => Math.max(stage.from, stage.to)));
  const wanted = request.arrivals.model === 'open' ? Math.ceil((rate * timeoutMs) / 1000) : Math.ceil(peak);
  // Room above the plan for `+` in a live run.
  const maxInFlight =
    request.maxInFlight ?? Math.min(10_000, Math.max(100, wanted * (request.arrivals.model === 'open' ? 1 : 2)));
  const preopened = connectionsFor(request.arrivals, rate);
  const plan: LoadPlan = {
    name: 'load',
    thresholds: [],
    maxInFlight,
    connections: Math.min(maxInFlight, Math.max(1, preopened)),
    timeoutMs,
    drainMs: timeoutMs,
    workers: 1,
    seed: 1,
    shard: { index: 0, count: 1 },
    compression: false,
    ...withoutUndefined(request),
    unit: unitOf(request.work),
  };
  const problems = problemsOf(plan);
  if (problems.length > 0) {
    throw new Failure({
      code: 'bad-plan',
      message: problems.length === 1 ? problems[0]! : 'the load cannot be run as asked',
      details: problems.length === 1 ? [] : problems,
      hint: 'hwctl load --help shows the units and ranges',
    });
  }
  return plan;
}

/**
 * Connections worth opening before the first arrival. open: for a fifth of a second's arrivals, 256 at most, since many
 * servers allow 512. paced: one for every user there will be. closed: as many as begin at once; further ones belong to the
 * stages that ask for them.
 */
function connectionsFor(arrivals: Arrivals, peakPerSecond: number): number {
  if (arrivals.model === 'open') return Math.min(256, Math.ceil(peakPerSecond / 5));
  return Math.ceil(arrivals.model === 'paced' ? peakOf(arrivals) : stageValueAt(arrivals.stages, 0));
}

function unitOf(work: LoadPlan['work']): ArrivalUnit {
  const single = work.every((item) => item.kind === 'requests' && item.requests.length === 1);
  return single ? 'requests' : 'iterations';
}

function withoutUndefined<T extends object>(value: T): T {
  return Object.fromEntries(Object.entries(value).filter(([, field]) => field !== undefined)) as T;
}

function peakOf(arrivals: Arrivals): number {
  return Math.max(0, ...arrivals.stages.map((stage) => Math.max(stage.from, stage.to)));
}

function problemsOf(plan: LoadPlan): string[] {
  const problems: string[] = [];
  const need = (holds: boolean, message: string) => {
    if (!holds) problems.push(message);
  };
  const { arrivals } = plan;
  const what = arrivals.model === 'open' ? 'rate' : arrivals.model === 'paced' ? 'users' : 'concurrency';
  const most = { rate: planLimits.ratePerSecond, users: planLimits.users, concurrency: planLimits.concurrency }[what];
  need(arrivals.stages.length > 0, 'the load has no stages');
  for (const { durationMs, from, to } of arrivals.stages) {
    need(
      [from, to].every((value) => value >= 0 && value <= most),
      `${what} must be 0 .. ${most}`,
    );
    const endless =
      durationMs === Number.POSITIVE_INFINITY && arrivals.model === 'closed' && arrivals.requests !== undefined;
    need(
      endless || (durationMs > 0 && durationMs <= planLimits.durationMs),
      'a stage must last longer than 0 and at most 7 days',
    );
  }
  need(peakOf(arrivals) > 0, `${what} must be above 0`);
  if (arrivals.model === 'paced')
    need(arrivals.paceMs >= 1 && arrivals.paceMs <= 3_600_000, 'pace must be 1 ms .. 1 h');
  if (arrivals.model === 'closed' && arrivals.requests !== undefined) {
    need(Number.isSafeInteger(arrivals.requests) && arrivals.requests > 0, 'requests must be a whole number above 0');
  }
  need(plan.work.length > 0, 'the load has nothing to send');
  for (const work of plan.work) {
    need(work.weight > 0 && Number.isFinite(work.weight), `weight of ${work.name} must be above 0`);
    if (work.kind === 'requests') need(work.requests.length > 0, `${work.name} has no requests`);
  }
  need(within(plan.workers, 1, planLimits.workers), `workers must be 1 .. ${planLimits.workers}`);
  need(within(plan.maxInFlight, 1, 1_000_000), 'max in flight must be 1 .. 1000000');
  need(within(plan.connections, 0, 1_000_000), 'connections must be 0 .. 1000000');
  need(plan.timeoutMs >= 1 && plan.timeoutMs <= planLimits.timeoutMs, 'timeout must be 1 ms .. 1 h');
  need(plan.drainMs >= 0 && plan.drainMs <= planLimits.timeoutMs, 'drain must be 0 .. 1 h');
  return [...new Set(problems)];
}

function within(value: number, from: number, to: number): boolean {
  return Number.isSafeInteger(value) && value >= from && value <= to;
}
