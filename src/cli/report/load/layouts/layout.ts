import { withoutUrlSecrets } from '../../../kernel/secrets.js';
import type { LoadResult } from '../../../load/measure/metrics.js';
import type { LoadPlan } from '../../../load/plan/plan.js';

/** A latency distribution as the peers' layouts question it; made from a result's histogram by whoever can read one. */
export interface Distribution {
  /** Milliseconds at a percentile 0 .. 100. */
  percentileMs(percentile: number): number;
  /** How many samples are at most `ms`. */
  countUpTo(ms: number): number;
}

/**
 * What a layout is made of. In every peer's layout "latency" is our response latency, from the moment a request was due;
 * for the closed model, which is ab's and wrk's, that is what they measure themselves.
 */
export interface LayoutInput {
  result: LoadResult;
  plan: LoadPlan;
  response: Distribution;
  /** As `ArrivalTraits` has it: iterations under way at most, where the model bounds them. */
  atOnce: number | undefined;
}

/** A layout its users know, as text that ends with a newline. */
export type Layout = (input: LayoutInput) => string;

/** Method and path of the plan's first request; `-` and `/` for a journey. */
export function firstRequest(plan: LoadPlan): { method: string; path: string } {
  const [work] = plan.work;
  if (work?.kind !== 'requests') return { method: '', path: '/' };
  const [request] = work.requests;
  const base = new URL(plan.endpoint.url).pathname.replace(/\/$/, '');
  return { method: request?.method ?? '', path: withoutUrlSecrets(base + (request?.path ?? '/')) };
}

/** Requests that got a response or were given up: what the peers call complete. */
export function completed(result: LoadResult): number {
  return result.ok + result.failed + result.timedOut;
}

/** Responses with a status outside 200 .. 399. */
export function badStatuses(result: LoadResult): number {
  return Object.entries(result.statusCodes).reduce(
    (sum, [code, count]) => (Number(code) >= 200 && Number(code) < 400 ? sum : sum + count),
    0,
  );
}

/** Responses of any status. */
export function responses(result: LoadResult): number {
  return Object.values(result.statusCodes).reduce((sum, count) => sum + count, 0);
}

/** Iterations under way at once: what the model bounds them to (concurrency, users), else the peak in flight. */
export function concurrencyOf({ result, atOnce }: Pick<LayoutInput, 'result' | 'atOnce'>): number {
  return Math.max(1, atOnce ?? result.peakInFlight);
}
