import type { LoadResult, LoadSnapshot, RequestRecord } from './measure/metrics.js';
import type { LoadPlan } from './plan/plan.js';
import type { SearchedRun } from './search/find-max.js';

/** What ends a run before its plan does, but for `abort`; `completed`: a search that has its answer. */
export type EarlyEnd = Exclude<LoadResult['ended'], 'aborted'>;

/** A run under way. */
export interface LoadRun extends SearchedRun {
  /** How it stands now; reads shared memory, costs the engine nothing. Any time, also after the end. */
  snapshot(): LoadSnapshot;
  /** Multiplies the planned rate (users, concurrency) by `factor` from now on; 1 is the plan. Kept within 0.00001 .. 100,000. */
  adjustRate(factor: number): void;
  /** The factor in force. */
  readonly rateFactor: number;
  /** Stops arrivals; the plan's time stands still until `resume`. */
  pause(): void;
  resume(): void;
  /** No more arrivals; outstanding responses are awaited (at most drainMs), then the result is made. `why` (default `finished`) is its `ended`. */
  finish(why?: EarlyEnd): void;
  /** Ends at once: what is open is counted as in flight. The result is still made. */
  abort(): void;
  /** Rejects with a Failure where the endpoint cannot be reached at all (preflight) or the machine cannot hold the plan. */
  readonly result: Promise<LoadResult>;
}

/** When a warm-up ends: after so many milliseconds, or as soon as every thread has had so many responses. */
export interface WarmUpLimits {
  longestMs: number;
  enoughRequests: number;
}

export interface LoadDeps {
  /** Where given, every request's record is handed over in batches (costs CPU; off by default). */
  onRecords?: (records: RequestRecord[]) => void;
  /** Ask the endpoint once before (default true). */
  preflight?: boolean;
  /** Run the engine against a throwaway server of this process first, 0.3 s at most, so that it begins warm (default true; a test makes it shorter). */
  warmUp?: boolean | WarmUpLimits;
  /** Asked once all is ready: Unix milliseconds of the first arrival, in place of the plan's. */
  startAt?: () => Promise<number>;
}

/** Begins a run of a plan; run.ts has it. */
export type StartLoad = (plan: LoadPlan, deps?: LoadDeps) => LoadRun;
