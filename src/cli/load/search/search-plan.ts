import { type Arrivals, modelOf } from '../arrivals/models.js';
import { highestOf, lastingMs } from '../arrivals/schedule.js';
import type { SearchBounds } from '../plan/plan.js';
import { definePlan, type PlanRequest } from '../plan/plan-define.js';

const defaultTopPerSecond = 5000;
const defaultBudgetMs = 120_000;
const quickBudgetMs = 20_000;
/** Where a search begins: low enough for a slow service, and a few doublings below a fast one. */
const usualStartPerSecond = 50;
const usualLowestPerSecond = 0.5;
/** The plan lasts longer than the search may: its last wait must not be cut off. */
const planBeyondBudget = 1.25;

/** What was said of a search; the rest is the profile's, or as usual. */
export interface SearchAsked {
  topPerSecond?: number;
  budgetMs?: number;
  isQuick?: boolean;
}

/**
 * What a search for the highest rate may try: from a profile's first rate to its highest, within its stages' time, else up
 * to 5,000 a second within 2 minutes. Undefined where arrivals are not at a rate.
 */
export function searchBounds(
  { topPerSecond: top, budgetMs, isQuick }: SearchAsked,
  profile: Arrivals | undefined,
  arrivals: Arrivals,
): SearchBounds | undefined {
  if (modelOf(arrivals.model).atRate === undefined) return undefined;
  const levels = arrivals.stages.flatMap(({ from, to }) => [from, to]);
  // A constant load names no range.
  const isRamp = profile !== undefined && top === undefined && Math.min(...levels) < Math.max(...levels);
  const ramp = isRamp ? arrivals.stages : [];
  const rampTop = highestOf(ramp);
  const topPerSecond = top ?? (rampTop > 0 ? rampTop : defaultTopPerSecond);
  const rampMs = lastingMs(ramp);
  const usualMs = isQuick ? quickBudgetMs : rampMs > 0 ? rampMs : defaultBudgetMs;
  const usual = Math.min(usualStartPerSecond, Math.max(1, topPerSecond / 20));
  const first = ramp[0]?.from ?? 0;
  const startPerSecond = Math.min(topPerSecond, first > 0 ? first : usual);
  return {
    startPerSecond,
    topPerSecond,
    lowestPerSecond: Math.min(usualLowestPerSecond, startPerSecond / 10),
    budgetMs: budgetMs ?? usualMs,
  };
}

/** A plan whose rates a search sets: as much room as the highest of them needs. */
export function searchPlan(request: PlanRequest, search: SearchBounds): ReturnType<typeof definePlan> {
  const { arrivals } = request;
  const { atRate } = modelOf(arrivals.model);
  if (atRate === undefined) throw new Error(`${arrivals.model} arrivals have no rate to look for`);
  const constant = (rate: number) => atRate(arrivals, rate, search.budgetMs * planBeyondBudget);
  const { maxInFlight, connections } = definePlan({ ...request, arrivals: constant(search.topPerSecond) });
  return definePlan({ ...request, maxInFlight, connections, search, arrivals: constant(search.startPerSecond) });
}
