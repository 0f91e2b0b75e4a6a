import { coarseCount, coarseMiddleUs } from '../memory/memory.js';
import type { Threshold, ThresholdFigures } from '../plan/thresholds.js';
import { judgeThresholds } from '../plan/thresholds.js';
import type { SecondRow, Seconds as SecondsRead, SeriesRow } from './metrics.js';

const secondMs = 1000;

/** Whether a second's own figures can tell a threshold: those of response latency, errors and rates of the whole load. */
function tellable({ metric, aggregation, only }: Threshold): boolean {
  if (only !== undefined) return false;
  if (metric === 'response' || metric === 'error_rate') return true;
  return aggregation === 'rate' && (metric === 'http_reqs' || metric === 'dropped_iterations');
}

/** Thresholds apart: by which a second is judged, and which it cannot tell. */
export function thresholdsOfSeconds(thresholds: readonly Threshold[]): { judged: Threshold[]; untold: Threshold[] } {
  return { judged: thresholds.filter(tellable), untold: thresholds.filter((one) => !tellable(one)) };
}

interface OpenSecond {
  atMs: number;
  slots: number;
  sum: Pick<SeriesRow, 'scheduled' | 'sent' | 'dropped' | 'ok' | 'failed' | 'timedOut'>;
  inFlight: number;
  counts: Uint32Array;
  maxUs: number;
}

/**
 * Judges a run second by second, from the same slots as its series: whether the thresholds held in that second alone, what
 * failed and what was late. What came in counts in the second in which it came.
 */
export class Seconds {
  private readonly rows: SecondRow[] = [];
  private readonly judged: Threshold[];
  private readonly untold: Threshold[];
  /** The tightest upper bound on response latency: what is slower is late. */
  private readonly lateAfterMs: number | undefined;
  private open: OpenSecond | undefined;

  constructor(
    thresholds: readonly Threshold[],
    private readonly slotMs: number,
  ) {
    const { judged, untold } = thresholdsOfSeconds(thresholds);
    this.judged = judged;
    this.untold = untold;
    const bounds = judged.filter(({ metric, operator }) => metric === 'response' && operator.startsWith('<'));
    if (bounds.length > 0) this.lateAfterMs = Math.min(...bounds.map(({ bound }) => bound));
  }

  /** Takes the next slot; `counts` of its response latencies by coarse bucket (memory.ts). */
  add(row: SeriesRow, counts: Uint32Array, maxUs: number): void {
    const atMs = Math.floor(row.atMs / secondMs) * secondMs;
    if (this.open !== undefined && this.open.atMs !== atMs) this.close();
    this.open ??= {
      atMs,
      slots: 0,
      sum: { scheduled: 0, sent: 0, dropped: 0, ok: 0, failed: 0, timedOut: 0 },
      inFlight: 0,
      counts: new Uint32Array(coarseCount),
      maxUs: 0,
    };
    const { open } = this;
    for (const key of ['scheduled', 'sent', 'dropped', 'ok', 'failed', 'timedOut'] as const) open.sum[key] += row[key];
    for (let i = 0; i < coarseCount; i++) open.counts[i]! += counts[i]!;
    open.maxUs = Math.max(open.maxUs, maxUs);
    open.inFlight = row.inFlight;
    open.slots++;
  }

  /** All of them, at the end of the run. */
  read(): SecondsRead {
    this.close();
    return {
      judgedBy: this.judged.map(({ text }) => text),
      untold: this.untold.map(({ text }) => text),
      lateAfterMs: this.lateAfterMs,
      rows: this.rows,
    };
  }

  private close(): void {
    if (this.open === undefined) return;
    const { atMs, sum, inFlight } = this.open;
    const failed = sum.failed + sum.timedOut;
    const done = sum.ok + failed;
    const row: SecondRow = { atMs, done, failed, held: this.holds(this.open, done, failed) };
    // A second without work says nothing; one in which work waited and nothing came does.
    if (done === 0 && sum.scheduled === 0 && inFlight === 0) row.held = undefined;
    if (this.lateAfterMs !== undefined) row.late = lateIn(this.open, this.lateAfterMs);
    this.rows.push(row);
    this.open = undefined;
  }

  private holds(second: OpenSecond, done: number, failed: number): boolean {
    if (done === 0) return false;
    const { sum, slots } = second;
    const figures: ThresholdFigures = {
      latencyMs: (_, aggregation) => latencyIn(second, aggregation),
      sent: done,
      failures: failed,
      iterations: done,
      dropped: sum.dropped,
      checks: { passed: 0, failed: 0 },
      seconds: (slots * this.slotMs) / 1000,
    };
    return judgeThresholds(this.judged, figures).every(({ passed }) => passed);
  }
}

function lateIn({ counts, maxUs }: OpenSecond, afterMs: number): number {
  let late = 0;
  for (let i = 0; i < coarseCount; i++) if (Math.min(coarseMiddleUs(i), maxUs) / 1000 >= afterMs) late += counts[i]!;
  return late;
}

/** Within 3 %, as the series. */
function latencyIn({ counts, maxUs }: OpenSecond, aggregation: string): number | undefined {
  const total = counts.reduce((sum, count) => sum + count, 0);
  if (total === 0) return undefined;
  if (aggregation === 'max') return maxUs / 1000;
  if (aggregation === 'avg' || aggregation === 'mean')
    return counts.reduce((sum, count, i) => sum + (count * Math.min(coarseMiddleUs(i), maxUs)) / 1000, 0) / total;
  const percent = aggregation === 'min' ? 0 : aggregation === 'med' ? 50 : Number(/[\d.]+/.exec(aggregation)?.[0]);
  const wanted = Math.max(1, Math.ceil((percent / 100) * total));
  let seen = 0;
  for (let i = 0; i < coarseCount; i++) {
    seen += counts[i]!;
    if (seen >= wanted) return Math.min(coarseMiddleUs(i), maxUs) / 1000;
  }
  return maxUs / 1000;
}
