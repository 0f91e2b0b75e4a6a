import {
  coarseCount,
  coarseMiddleUs,
  slotCount,
  slotMaxIndex,
  slotMs,
  slotRowLength,
  type WorkerMemory,
} from '../memory/memory.js';
import { LatencyBins } from './latency-bins.js';
import type { Heat, SeriesRow } from './metrics.js';
import type { Seconds } from './seconds.js';

const heatIntervalMs = 1000;
/** Upper bounds of the heat map's buckets: 1, 1.5, 2, 3, 5, 7 of each decade from 0.1 ms to 70 s. */
const heatBoundsMs = [0.1, 1, 10, 100, 1000, 10_000]
  .flatMap((decade) => [1, 1.5, 2, 3, 5, 7].map((step) => Number((step * decade).toPrecision(3))))
  .concat(Number.MAX_SAFE_INTEGER);
/** Bucket of the heat map by coarse bucket. */
const heatOfCoarse = Uint8Array.from({ length: coarseCount }, (_, i) =>
  heatBoundsMs.findIndex((bound) => coarseMiddleUs(i) / 1000 <= bound),
);
/** After so many rows the series is thinned to half, so that a run of any length has bounded memory. */
const mostRows = 36_000;

/** Collects the threads' time slots into one series, row by row as slots complete. */
export class SeriesReader {
  readonly rows: SeriesRow[] = [];
  readonly heat: Heat = { intervalMs: heatIntervalMs, boundsMs: heatBoundsMs, rows: [] };
  readonly latency = new LatencyBins();
  intervalMs: number = slotMs;
  private next = 0;
  /** Counters at the end of the last row, by thread. */
  private readonly before: Float64Array[];
  private readonly merged = new Uint32Array(coarseCount);

  /** `seconds`: judges each second beside. */
  constructor(
    private readonly memories: readonly WorkerMemory[],
    private readonly seconds?: Seconds,
  ) {
    this.before = memories.map(() => new Float64Array(slotRowLength));
  }

  /** Takes the slots that every thread has left behind (but for one that is far behind: it may be lost); with `all`, up to the last. */
  read(all = false): void {
    const newest = this.memories.map(({ timeline }) => newestSlot(timeline.rows));
    const last = Math.max(...newest);
    const end = all ? last + 1 : Math.max(Math.min(...newest), last - slotCount / 2);
    for (; this.next < end; this.next++) this.row(this.next);
    if (this.rows.length > mostRows) this.thin();
  }

  private row(slot: number): void {
    this.merged.fill(0);
    const sums = new Float64Array(slotRowLength);
    let maxUs = 0;
    this.memories.forEach(({ timeline }, thread) => {
      const base = (slot % slotCount) * slotRowLength;
      // A slot its thread never had: it was stopped, and what it did later is in a later slot.
      const there = timeline.rows[base] === slot + 1;
      const before = this.before[thread]!;
      for (let i = 1; i <= 8; i++) {
        const value = there ? timeline.rows[base + i]! : before[i]!;
        sums[i]! += i === 8 ? value : value - before[i]!;
        before[i] = value;
      }
      if (!there) return;
      maxUs = Math.max(maxUs, timeline.rows[base + slotMaxIndex]!);
      const from = (slot % slotCount) * coarseCount;
      for (let i = 0; i < coarseCount; i++) this.merged[i]! += timeline.coarse[from + i]!;
    });
    const [, scheduled, sent, capped, busy, ok, failed, timedOut, inFlight] = sums as unknown as number[];
    const row: SeriesRow = {
      atMs: slot * slotMs,
      scheduled: scheduled!,
      sent: sent!,
      dropped: capped! + busy!,
      ok: ok!,
      failed: failed!,
      timedOut: timedOut!,
      inFlight: inFlight!,
    };
    this.percentiles(row, maxUs);
    this.addHeat(row.atMs);
    this.latency.add(row.atMs, this.merged, maxUs);
    this.seconds?.add(row, this.merged, maxUs);
    this.append(this.rows, row);
  }

  /** Adds a row, or joins it with the last one where that spans its time: of percentiles the higher stays. */
  private append(rows: SeriesRow[], row: SeriesRow): void {
    const last = rows.at(-1);
    if (last === undefined || row.atMs >= last.atMs + this.intervalMs) {
      rows.push({ ...row, atMs: Math.floor(row.atMs / this.intervalMs) * this.intervalMs });
      return;
    }
    for (const key of ['scheduled', 'sent', 'dropped', 'ok', 'failed', 'timedOut'] as const) last[key] += row[key];
    last.inFlight = row.inFlight;
    for (const key of ['p50', 'p95', 'p99', 'max'] as const) last[key] = higher(last[key], row[key]);
  }

  private percentiles(row: SeriesRow, maxUs: number): void {
    const total = this.merged.reduce((sum, count) => sum + count, 0);
    if (total === 0) return;
    const at = (share: number) => {
      const wanted = Math.max(1, Math.ceil(share * total));
      let seen = 0;
      for (let i = 0; i < coarseCount; i++) {
        seen += this.merged[i]!;
        if (seen >= wanted) return Math.round(Math.min(coarseMiddleUs(i), maxUs)) / 1000;
      }
      return Math.round(maxUs) / 1000;
    };
    Object.assign(row, { p50: at(0.5), p95: at(0.95), p99: at(0.99), max: Math.round(maxUs) / 1000 });
  }

  private addHeat(atMs: number): void {
    const place = Math.floor(atMs / this.heat.intervalMs);
    while (this.heat.rows.length <= place) this.heat.rows.push(new Array(heatBoundsMs.length).fill(0));
    const row = this.heat.rows[place]!;
    for (let i = 0; i < coarseCount; i++) if (this.merged[i] !== 0) row[heatOfCoarse[i]!]! += this.merged[i]!;
  }

  /** Joins rows in pairs. */
  private thin(): void {
    this.intervalMs *= 2;
    const thinned: SeriesRow[] = [];
    for (const row of this.rows) this.append(thinned, row);
    this.rows.length = 0;
    for (const row of thinned) this.rows.push(row);
  }
}

function higher(a: number | undefined, b: number | undefined): number | undefined {
  return a === undefined ? b : Math.max(a, b ?? 0);
}

function newestSlot(rows: Float64Array): number {
  let newest = 0;
  for (let i = 0; i < rows.length; i += slotRowLength) newest = Math.max(newest, rows[i]! - 1);
  return newest;
}
