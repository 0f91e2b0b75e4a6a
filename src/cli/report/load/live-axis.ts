import type { LoadSnapshot } from '../../load/measure/metrics.js';
import { formatMoment } from '../format.js';
import { cellLengthMs } from './series.js';
import type { WorkloadRow } from './timeline.js';

/** Where the sparklines of a live view stand, and what time each of their characters is: one axis for all of them. */
export interface LiveAxis {
  /** Columns before the sparklines. */
  left: number;
  /** Milliseconds of one character. */
  cellMs: number;
  /** Characters so far. */
  cells: number;
  /** Columns behind them for how long a CPU limit held a service back; 0 where none was. */
  tail: number;
}

/** Columns of `  throttled 12%`. */
const throttledColumns = 15;
/** Shorter cells would let a low rate jump: 7 and 8 arrivals in turn are 75 a second. */
const arrivalsEach = 10;
const [shortestMs, longestLeastMs] = [500, 5000];

/** The axis of a frame `width` columns wide, from the first arrival on. */
export function liveAxis(snapshot: LoadSnapshot, workloads: readonly WorkloadRow[], width: number): LiveAxis {
  const throttled = workloads.some((row) => row.workloads.some(({ throttledShare = 0 }) => throttledShare > 0));
  const tail = throttled ? throttledColumns : 0;
  const left = width >= 100 ? 36 : 29;
  const endMs = Math.max(snapshot.elapsedMs, snapshot.series.at(-1)?.atMs ?? 0, 1);
  const rate = snapshot.achievedRequestsPerSecond;
  const leastMs = Math.max(shortestMs, Math.min(longestLeastMs, (arrivalsEach * 1000) / Math.max(rate, 1)));
  const cellMs = cellLengthMs(endMs, Math.max(8, width - left - tail), leastMs);
  return { left, cellMs, cells: Math.ceil(endMs / cellMs), tail };
}

const steps = [1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 1800, 3600].map((seconds) => seconds * 1000);
/** Columns between two labels at least. */
const apart = 10;

/** The axis in words, as long as the sparklines are: `0s        5s        10s`. */
export function axisLabels({ cellMs, cells }: LiveAxis): string {
  const stepMs = steps.find((step) => step / cellMs >= apart) ?? steps.at(-1)!;
  let line = '';
  for (let atMs = 0; atMs / cellMs < Math.max(1, cells); atMs += stepMs)
    line = line.padEnd(Math.round(atMs / cellMs)) + formatMoment(atMs);
  return line;
}
