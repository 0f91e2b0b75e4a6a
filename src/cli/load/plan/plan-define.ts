import { Failure } from '../../kernel/failure.js';
import type { ArrivalTraits } from '../arrivals/model.js';
import { traitsOf } from '../arrivals/models.js';
import { highestOf } from '../arrivals/schedule.js';
import type { ArrivalUnit, LoadPlan } from './plan.js';

/** What must be said of a load; the rest has defaults that follow from it. */
export type PlanRequest = Pick<LoadPlan, 'endpoint' | 'work' | 'arrivals'> & Partial<LoadPlan>;

/** Bounds of what a plan may ask for: beyond them it is a slip of the pen. */
const planLimits = {
  durationMs: 7 * 24 * 3_600_000,
  workers: 64,
  timeoutMs: 3_600_000,
} as const;

/**
 * A whole plan from what was asked. In flight at once may be twice what the model itself bounds them to, else what the
 * peak rate makes up in the time-out, 10,000 at most. Throws Failure `bad-plan` with all problems found.
 */
export function definePlan(request: PlanRequest): LoadPlan {
  const timeoutMs = request.timeoutMs ?? 10_000;
  const traits = traitsOf(request.arrivals);
  const { atOnce, rate = [] } = traits;
  // Room above the plan for `+` in a live run.
  const wanted = atOnce === undefined ? Math.ceil((highestOf(rate) * timeoutMs) / 1000) : 2 * atOnce;
  const maxInFlight = request.maxInFlight ?? Math.min(10_000, Math.max(100, wanted));
  const plan: LoadPlan = {
    name: 'load',
    thresholds: [],
    maxInFlight,
    connections: Math.min(maxInFlight, Math.max(1, traits.connections)),
    timeoutMs,
    drainMs: timeoutMs,
    workers: 1,
    seed: 1,
    shard: { index: 0, count: 1 },
    compression: false,
    ...withoutUndefined(request),
    unit: unitOf(request.work),
  };
  const problems = problemsOf(plan, traits);
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

function unitOf(work: LoadPlan['work']): ArrivalUnit {
  const single = work.every((item) => item.kind === 'requests' && item.requests.length === 1);
  return single ? 'requests' : 'iterations';
}

function withoutUndefined<T extends object>(value: T): T {
  return Object.fromEntries(Object.entries(value).filter(([, field]) => field !== undefined)) as T;
}

function problemsOf(plan: LoadPlan, { level, limit, problems: own }: ArrivalTraits): string[] {
  const problems: string[] = [];
  const need = (holds: boolean, message: string) => {
    if (!holds) problems.push(message);
  };
  const { stages } = plan.arrivals;
  need(stages.length > 0, 'the load has no stages');
  for (const { durationMs, from, to } of stages) {
    need(
      [from, to].every((value) => value >= 0 && value <= level.most),
      `${level.name} must be 0 .. ${level.most}`,
    );
    const endless = durationMs === Number.POSITIVE_INFINITY && limit !== undefined;
    need(
      endless || (durationMs > 0 && durationMs <= planLimits.durationMs),
      'a stage must last longer than 0 and at most 7 days',
    );
  }
  need(highestOf(stages) > 0, `${level.name} must be above 0`);
  problems.push(...own);
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
