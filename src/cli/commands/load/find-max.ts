import { exitCodes, Failure } from '../../kernel/failure.js';
import { type Arrivals, modelOf } from '../../load/arrivals/models.js';
import { highestOf, lastingMs } from '../../load/arrivals/schedule.js';
import type { SearchBounds } from '../../load/plan/plan.js';
import { definePlan, type PlanRequest } from '../../load/plan/plan-define.js';
import type { MaxFound } from '../../load/search/max-found.js';
import { type ArrivalOptions, flagsWithoutRate } from './arrivals.js';
import { parseLength, parseRate } from './flags.js';

const defaultTopPerSecond = 5000;
const defaultBudgetMs = 120_000;
const quickBudgetMs = 20_000;
/** Where a search begins: low enough for a slow service, and a few doublings below a fast one. */
const usualStartPerSecond = 50;
const usualLowestPerSecond = 0.5;
/** The plan lasts longer than the search may: its last wait must not be cut off. */
const planBeyondBudget = 1.25;

/**
 * What `--find-max` may try: from a profile's first rate to its highest, within its stages' time, else up to `--rps` (5,000)
 * within `--duration` (2 min). Throws Failure `conflict` where arrivals are not at a rate.
 */
export function searchBounds(options: ArrivalOptions, profile: Arrivals | undefined, arrivals: Arrivals): SearchBounds {
  if (modelOf(arrivals.model).atRate === undefined) throw noRate();
  const levels = arrivals.stages.flatMap(({ from, to }) => [from, to]);
  // A constant load names no range.
  const isRamp = profile !== undefined && options.rps === undefined && Math.min(...levels) < Math.max(...levels);
  const ramp = isRamp ? arrivals.stages : [];
  const rampTop = highestOf(ramp);
  const topPerSecond = options.rps !== undefined ? parseRate(options.rps) : rampTop > 0 ? rampTop : defaultTopPerSecond;
  const rampMs = lastingMs(ramp);
  const ownMs = options.duration === undefined ? undefined : parseLength(options.duration, '--duration');
  const budgetMs = ownMs ?? (options.quick ? quickBudgetMs : rampMs > 0 ? rampMs : defaultBudgetMs);
  const usual = Math.min(usualStartPerSecond, Math.max(1, topPerSecond / 20));
  const first = ramp[0]?.from ?? 0;
  const startPerSecond = Math.min(topPerSecond, first > 0 ? first : usual);
  return {
    startPerSecond,
    topPerSecond,
    lowestPerSecond: Math.min(usualLowestPerSecond, startPerSecond / 10),
    budgetMs,
  };
}

function noRate(): Failure {
  return new Failure({
    code: 'conflict',
    message: '--find-max looks for a rate, so it needs arrivals at a rate',
    hint: `Leave ${flagsWithoutRate.slice(0, -1).join(', ')} and ${flagsWithoutRate.at(-1)} out`,
  });
}

/** A plan whose rates a search sets: as much room as the highest of them needs. */
export function searchPlan(request: PlanRequest, search: SearchBounds): ReturnType<typeof definePlan> {
  const { arrivals } = request;
  const { atRate } = modelOf(arrivals.model);
  if (atRate === undefined) throw noRate();
  const constant = (rate: number) => atRate(arrivals, rate, search.budgetMs * planBeyondBudget);
  const { maxInFlight, connections } = definePlan({ ...request, arrivals: constant(search.topPerSecond) });
  return definePlan({ ...request, maxInFlight, connections, search, arrivals: constant(search.startPerSecond) });
}

/** 0 where a rate was shown to hold, 1 where none did, 3 where nothing was shown. */
export function maxExitCode(found: Pick<MaxFound, 'state'>): number {
  if (found.state === 'not shown') return exitCodes.void;
  return found.state === 'none' ? exitCodes.failed : exitCodes.pass;
}
