import { exitCodes, Failure } from '../../kernel/failure.js';
import type { Arrivals } from '../../load/arrivals/models.js';
import type { SearchBounds } from '../../load/plan/plan.js';
import type { MaxFound } from '../../load/search/max-found.js';
import { searchBounds } from '../../load/search/search-plan.js';
import { flagsWithoutRate } from './arrivals.js';
import type { ArrivalOptions } from './flags.js';

/** What `--find-max` may try: up to `--rps`, for `--duration`. Throws Failure `conflict` where arrivals are not at a rate. */
export function readSearch(
  { rps, duration, quick }: ArrivalOptions,
  profile: Arrivals | undefined,
  arrivals: Arrivals,
): SearchBounds {
  const bounds = searchBounds({ topPerSecond: rps, budgetMs: duration, isQuick: quick }, profile, arrivals);
  if (bounds !== undefined) return bounds;
  throw new Failure({
    code: 'conflict',
    message: '--find-max looks for a rate, so it needs arrivals at a rate',
    hint: `Leave ${flagsWithoutRate.slice(0, -1).join(', ')} and ${flagsWithoutRate.at(-1)} out`,
  });
}

/** 0 where a rate was shown to hold, 1 where none did, 3 where nothing was shown. */
export function maxExitCode(found: Pick<MaxFound, 'state'>): number {
  if (found.state === 'not shown') return exitCodes.void;
  return found.state === 'none' ? exitCodes.failed : exitCodes.pass;
}
