import type { ArrivalParameters, ModelName } from '../arrivals/models.js';
import type { EncodedHistogram, LatencySummary } from '../memory/histogram.js';
import type { ArrivalUnit } from '../plan/plan.js';
import type { ThresholdOutcome } from '../plan/thresholds.js';
import type { Verdict } from './verdict.js';

export type { LatencySummary } from '../memory/histogram.js';

/**
 * The three latencies, of requests that got a response or timed out (at the time they were given up: a lower bound).
 * response: from the intended start to the last byte; the headline. service: from the write. startLag: from the intended
 * start to the moment the engine took the request up.
 */
export interface Latencies {
  response: LatencySummary;
  service: LatencySummary;
  startLag: LatencySummary;
}

/** scheduled = sent + dropped, sent = ok + failed + timedOut + inFlight: asserted when a run ends. */
export interface Counts {
  /** Requests that were due. */
  scheduled: number;
  /** Handed to a connection, old or new. */
  sent: number;
  /** Never sent: no free place under --max-in-flight, or its user was still busy. See `droppedBy`. */
  dropped: number;
  ok: number;
  /** An unexpected status, a failed assertion, or an error on the wire (see `errors`). */
  failed: number;
  timedOut: number;
  inFlight: number;
}

export interface Iterations {
  /** Begun, completed with every request ok, completed or broken off with a failure. One request plain: as the requests. */
  started: number;
  ok: number;
  failed: number;
}

/** What went wrong, in words, and how often; the sum is failed + timedOut. */
export type ErrorCounts = Record<string, number>;

/** Where in the plan a run is. */
export interface Progress {
  phase: 'preparing' | 'waiting' | 'running' | 'paused' | 'draining' | 'done';
  /** 0 .. 1 of the planned arrivals' time (closed with a number of requests: of the requests). */
  fraction: number;
  /** Of the stages, from 0, and how many there are. */
  stage: number;
  stages: number;
  /** What the stage does in words: `ramp 10 -> 100 rps`, `hold 100 rps`. */
  stageLabel: string;
  stageRemainingMs: number;
  remainingMs: number;
}

/** How a run stands, sampled from shared memory; cheap enough for 4 Hz. */
export interface LoadSnapshot extends Counts {
  /** Milliseconds since the first arrival was due; 0 before. */
  elapsedMs: number;
  unit: ArrivalUnit;
  /** What the arrivals' model asks for now, live changes included; undefined for the closed model. */
  targetIterationsPerSecond: number | undefined;
  /** Sent, or begun, per second over the recent window, and over the whole run. */
  recentRequestsPerSecond: number;
  recentIterationsPerSecond: number;
  achievedRequestsPerSecond: number;
  achievedIterationsPerSecond: number;
  droppedBy: { maxInFlight: number; userBusy: number };
  iterations: Iterations;
  checks: { passed: number; failed: number };
  latencyMs: Latencies;
  /** Latencies of the last second or so. */
  recentLatencyMs: Latencies;
  statusCodes: Record<string, number>;
  errors: ErrorCounts;
  bytes: { sent: number; received: number };
  connections: { open: number; opened: number };
  /** Rows of the time series completed since the run began, oldest first; the same array every time, only appended to. */
  series: readonly SeriesRow[];
  /** Undefined until there is a second of data: less decides nothing. */
  verdict: Verdict | undefined;
  /** None until there is a second of data. */
  thresholds: ThresholdOutcome[];
  progress: Progress;
}

/** One slot of the time series; outcomes are counted in the slot they came in. Latencies in milliseconds, within 3 %. */
export interface SeriesRow {
  /** Milliseconds since the first arrival was due, of the slot's begin. */
  atMs: number;
  scheduled: number;
  sent: number;
  dropped: number;
  ok: number;
  failed: number;
  timedOut: number;
  /** At the slot's end. */
  inFlight: number;
  /** Of response latency; undefined where no response came in. */
  p50?: number;
  p95?: number;
  p99?: number;
  max?: number;
}

/** Response latency over a stretch of the run, in milliseconds. A percentile is left out where the samples are too few for it. */
export interface LatencyRow {
  /** Milliseconds since the first arrival was due, of the stretch's begin. */
  atMs: number;
  count: number;
  p50?: number;
  /** From 20 samples on. */
  p95?: number;
  /** From 100 samples on. */
  p99?: number;
  max: number;
}

/** Response latency over time, in stretches that hold enough samples; those without a response are left out. */
export interface LatencySeries {
  intervalMs: number;
  rows: LatencyRow[];
}

/** One second of the run, judged by itself. What came in counts in the second in which it came. */
export interface SecondRow {
  /** Milliseconds since the first arrival was due, of its begin. */
  atMs: number;
  /** ok, failed and timed out. */
  done: number;
  /** Failed and timed out. */
  failed: number;
  /** Slower than the tightest threshold on response latency; left out where there is none. */
  late?: number;
  /** Whether every threshold that a second can tell held in it; left out where there was nothing to judge. */
  held?: boolean | undefined;
}

/** A run second by second. */
export interface Seconds {
  /** The thresholds by which a second was judged, and those that a second cannot tell. */
  judgedBy: string[];
  untold: string[];
  lateAfterMs?: number | undefined;
  rows: SecondRow[];
}

/** Counts of response latencies per second of the run, for a heat map. */
export interface Heat {
  intervalMs: number;
  /** Upper bounds of the buckets in milliseconds, ascending. */
  boundsMs: number[];
  /** Counts by bucket, a row for each interval. */
  rows: number[][];
}

export interface StepFigures {
  step: string;
  count: number;
  ok: number;
  failed: number;
  response: LatencySummary;
  service: LatencySummary;
}

/** What a run was asked to do, for reports to draw and to name: the model, its stages and its own parameters. */
export interface RunArrivals extends ArrivalParameters {
  model: ModelName;
  unit: ArrivalUnit;
  /**
   * In the plan's own time. `from`, `to`: arrivals per second (open), users (paced), iterations at a time (closed).
   * `durationMs` is left out where a closed run has no time limit.
   */
  stages: { label: string; durationMs?: number; from: number; to: number }[];
}

/** What a run measured. Its JSON is the document of `load --json`, `--out` and `--baseline`. */
export interface LoadResult extends Counts {
  schema: 'hwctl.dev/load-result/v2';
  name: string;
  url: string;
  /** Unix milliseconds of the first arrival. */
  startedAtUnixMs: number;
  /** Milliseconds of the arrivals: first due until the last was due or the run was finished. */
  durationMs: number;
  /** Milliseconds until the last response was in or given up. */
  totalMs: number;
  arrivals: RunArrivals;
  /** Requests sent (closed: completed) per second of durationMs (closed: totalMs). */
  achievedRequestsPerSecond: number;
  /** Iterations begun per second, of the same time (closed: completed); to be held against `targetIterationsPerSecond`. */
  achievedIterationsPerSecond: number;
  /** What the model asked for on average; undefined for the closed model. */
  targetIterationsPerSecond?: number;
  /** How it ended: by its plan, `q`, Ctrl-C or a signal, broken off, or a threshold with abortOnFail. */
  ended: 'completed' | 'finished' | 'interrupted' | 'aborted' | 'threshold';
  /** Every threshold held, the verdict is not VOID, and nobody broke it off. */
  passed: boolean;
  latencyMs: Latencies;
  statusCodes: Record<string, number>;
  errors: ErrorCounts;
  thresholds: ThresholdOutcome[];
  verdict: Verdict;
  droppedBy: { maxInFlight: number; userBusy: number };
  iterations: Iterations;
  checks: Record<string, { passed: number; failed: number }>;
  bytes: { sent: number; received: number };
  connections: { opened: number; preopened: number; peak: number };
  timingsMs: { connect: LatencySummary; tls: LatencySummary; firstByte: LatencySummary };
  steps: StepFigures[];
  /** Response latency by status code. */
  statuses: { status: number; response: LatencySummary }[];
  /** From the first response: what ab prints as Server Software and Document Length. */
  server: { software?: string; bodyBytes?: number };
  /** How late this machine woke a thread that only slept, during the run (closed: none did): start lag beyond it is the engine's own. */
  machine?: { wakeUpMs: LatencySummary };
  /** I/O threads; of a distributed run, of each pod. */
  workers: number;
  /** Of a distributed run. */
  pods?: number;
  maxInFlight: number;
  /** Highest number of requests under way at once, as sampled. */
  peakInFlight: number;
  series: { intervalMs: number; rows: SeriesRow[] };
  latencySeries: LatencySeries;
  heat: Heat;
  /** Of a run with faults: what their recovery is told by. */
  seconds?: Seconds;
  histograms: { response: EncodedHistogram; service: EncodedHistogram; startLag: EncodedHistogram };
}

/** One request as `--out run.ndjson` writes it. Times in microseconds since the first arrival was due. */
export interface RequestRecord {
  dueUs: number;
  sentUs: number;
  firstByteUs: number;
  doneUs: number;
  step: number;
  /** 0 where there was no response. */
  status: number;
  /** Undefined for ok. */
  error?: string;
  bytes: number;
}
