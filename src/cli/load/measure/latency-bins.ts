import { coarseCount, coarseMiddleUs } from '../memory/memory.js';
import type { LatencyRow, LatencySeries } from './metrics.js';

/** Neighbours are joined past so many bins, so that a run of any length has bounded memory (3 MB). */
const mostBins = 1800;
/** Samples that a percentile needs: with fewer it is the slowest one by another name. */
const samplesFor = { p50: 1, p95: 20, p99: 100 } as const;
const percents = { p50: 0.5, p95: 0.95, p99: 0.99 } as const;
/** Bins that a chart has at least, where the run is long enough for them. */
const fewestRows = 10;
const steps = [1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 1800];

interface Bin {
  counts: Uint32Array;
  maxUs: number;
}

/**
 * Response latency over time. Percentiles of short stretches cannot be put together to those of a longer one, so the counts
 * are kept, second by second, until it is known how long a stretch must be to hold enough samples.
 */
export class LatencyBins {
  private bins: (Bin | undefined)[] = [];
  private lengthMs = 1000;

  /** Adds the counts of a moment `atMs` into the run, by coarse bucket (memory.ts). */
  add(atMs: number, counts: Uint32Array, maxUs: number): void {
    const bin = this.at(Math.floor(atMs / this.lengthMs));
    for (let i = 0; i < coarseCount; i++) bin.counts[i]! += counts[i]!;
    bin.maxUs = Math.max(bin.maxUs, maxUs);
    if (this.bins.length > mostBins) this.join();
  }

  /** Rows of one length: as short as holds enough samples for a p99 on average, a tenth of the run at most. */
  series(): LatencySeries {
    const total = this.bins.reduce((sum, bin) => sum + (bin === undefined ? 0 : count(bin.counts)), 0);
    const wanted = total === 0 ? 1 : (samplesFor.p99 * this.bins.length) / total;
    const most = Math.max(1, this.bins.length / fewestRows);
    const group = steps.findLast((step) => step <= most && (step === 1 || previous(step) < wanted)) ?? 1;
    const rows: LatencyRow[] = [];
    for (let from = 0; from < this.bins.length; from += group) {
      const row = rowOf(from * this.lengthMs, merged(this.bins.slice(from, from + group)));
      if (row !== undefined) rows.push(row);
    }
    return { intervalMs: group * this.lengthMs, rows };
  }

  private at(index: number): Bin {
    while (this.bins.length <= index) this.bins.push(undefined);
    const bin = this.bins[index] ?? { counts: new Uint32Array(coarseCount), maxUs: 0 };
    this.bins[index] = bin;
    return bin;
  }

  private join(): void {
    this.lengthMs *= 2;
    const half: (Bin | undefined)[] = [];
    for (let i = 0; i < this.bins.length; i += 2) half.push(merged(this.bins.slice(i, i + 2)));
    this.bins = half;
  }
}

function previous(step: number): number {
  return steps[steps.indexOf(step) - 1]!;
}

function count(counts: Uint32Array): number {
  return counts.reduce((sum, value) => sum + value, 0);
}

function merged(bins: readonly (Bin | undefined)[]): Bin | undefined {
  const there = bins.filter((bin) => bin !== undefined);
  if (there.length < 2) return there[0];
  const sum: Bin = { counts: new Uint32Array(coarseCount), maxUs: 0 };
  for (const { counts, maxUs } of there) {
    for (let i = 0; i < coarseCount; i++) sum.counts[i]! += counts[i]!;
    sum.maxUs = Math.max(sum.maxUs, maxUs);
  }
  return sum;
}

function rowOf(atMs: number, bin: Bin | undefined): LatencyRow | undefined {
  const samples = bin === undefined ? 0 : count(bin.counts);
  if (bin === undefined || samples === 0) return undefined;
  const row: LatencyRow = { atMs, count: samples, max: milliseconds(bin.maxUs) };
  for (const key of ['p50', 'p95', 'p99'] as const)
    if (samples >= samplesFor[key]) row[key] = milliseconds(percentileUs(bin, percents[key] * samples));
  return row;
}

function percentileUs({ counts, maxUs }: Bin, wanted: number): number {
  let seen = 0;
  for (let i = 0; i < coarseCount; i++) {
    seen += counts[i]!;
    if (seen >= Math.max(1, wanted)) return Math.min(coarseMiddleUs(i), maxUs);
  }
  return maxUs;
}

function milliseconds(us: number): number {
  return Math.round(us) / 1000;
}
