import { type EncodedHistogram, Histogram } from '../memory/histogram.js';
import type { LoadResult, SeriesRow } from './metrics.js';

/** How one figure changed from the first run to the second. */
export interface Change {
  /** `p95`, `mean`, `error rate`, `throughput`. */
  figure: string;
  unit: 'ms' | 'share' | 'perSecond';
  before: number;
  after: number;
  /** after / before - 1; for the error rate the difference itself. */
  change: number;
  /** Interval of `change` at `Comparison.confidence`. */
  low: number;
  high: number;
  /** Unclear, and worse than the tolerance by its best estimate. */
  looksWorse?: boolean;
  /** worse, better: the whole interval lies beyond the tolerance. same: it lies within. unclear: neither was shown. */
  verdict: 'worse' | 'better' | 'same' | 'unclear';
}

/** What two runs say about each other. */
export interface Comparison {
  schema: 'hwctl.dev/load-comparison/v1';
  /**
   * REGRESSION: a figure is worse. IMPROVED: one is better, none worse. SAME: all are. UNCLEAR: nothing is worse or better,
   * and not all was shown to be the same. VOID: one of the runs proves nothing, so neither does this.
   */
  state: 'REGRESSION' | 'IMPROVED' | 'SAME' | 'UNCLEAR' | 'VOID';
  /** No regression was shown, nor looks likely: no unclear figure is by its best estimate worse than the tolerance. */
  passed: boolean;
  /** Share by which a figure may be worse. */
  tolerance: number;
  /** 0.99: of every interval. */
  confidence: number;
  changes: Change[];
  /** Probability that a random response of the second run was slower than one of the first (ties count half), and its two-sided p. */
  rankTest: { name: 'Mann-Whitney U'; slowerShare: number; p: number };
  /** What makes the two hard to compare, in words. */
  notes: string[];
}

const confidence = 0.99;
/** Two-sided 99 % of the normal distribution. */
const z = 2.5758;
/** A rise of the error rate below this is no regression however certain: a tenth of a per cent. */
const leastErrorRise = 0.001;
/** Two error rates are the same where they differ by less than a per cent for certain. */
const sameErrorRise = 0.01;

/**
 * Compares the response latencies of two runs from their whole histograms. A percentile's interval is the
 * distribution-free one of order statistics (Conover, Practical Nonparametric Statistics, 3.2); the ratio of two is taken in
 * the logarithm. Latencies of neighbouring requests resemble each other, so each run counts as its effective number of
 * samples (Geyer's initial positive sequence over the medians of its time slots). A figure is worse where its whole interval
 * lies beyond `tolerance`, the same where it lies within (the two one-sided tests of equivalence), else unclear.
 */
export function compareRuns(first: LoadResult, second: LoadResult, tolerance: number): Comparison {
  const a = sampleOf(first);
  const b = sampleOf(second);
  const changes: Change[] = [];
  if (a.histogram.count > 0 && b.histogram.count > 0) {
    for (const percentile of [50, 90, 95, 99]) changes.push(percentileChange(a, b, percentile, tolerance));
    changes.push(meanChange(a, b, tolerance));
  }
  changes.push(errorChange(first, second));
  if (first.targetIterationsPerSecond === undefined && second.targetIterationsPerSecond === undefined) {
    changes.push(throughputChange(first, second, tolerance));
  }
  const hasLatencies = a.histogram.count > 0 && b.histogram.count > 0;
  const isVoid = first.verdict.state === 'VOID' || second.verdict.state === 'VOID';
  const has = (verdict: Change['verdict']) => changes.some((change) => change.verdict === verdict);
  const judged = has('worse') ? 'REGRESSION' : has('better') ? 'IMPROVED' : has('unclear') ? 'UNCLEAR' : 'SAME';
  // Two runs without a response each are not the same: there is nothing to hold against each other.
  const state = isVoid ? 'VOID' : judged === 'REGRESSION' || hasLatencies ? judged : 'UNCLEAR';
  return {
    schema: 'hwctl.dev/load-comparison/v1',
    state,
    passed: state !== 'VOID' && state !== 'REGRESSION' && hasLatencies && !changes.some(({ looksWorse }) => looksWorse),
    tolerance,
    confidence,
    changes,
    rankTest: rankTest(a, b),
    notes: comparability(first, second, a, b),
  };
}

interface Sample {
  histogram: Histogram;
  /** Independent samples that the run is worth. */
  effective: number;
}

function sampleOf(result: LoadResult): Sample {
  const histogram = Histogram.decode(result.histograms.response as EncodedHistogram);
  return { histogram, effective: Math.max(1, histogram.count / correlationTime(slotMedians(result.series.rows))) };
}

function slotMedians(rows: readonly SeriesRow[]): number[] {
  return rows.flatMap((row) => (row.p50 === undefined ? [] : [Math.log(Math.max(row.p50, 0.001))]));
}

/** Integrated autocorrelation time in slots: 1 for independent ones. Sums pairs of lags while they stay positive (Geyer 1992). */
export function correlationTime(values: readonly number[]): number {
  const n = values.length;
  if (n < 8) return 1;
  const mean = values.reduce((sum, value) => sum + value, 0) / n;
  const covariance = (lag: number) => {
    let sum = 0;
    for (let i = 0; i + lag < n; i++) sum += (values[i]! - mean) * (values[i + lag]! - mean);
    return sum / n;
  };
  const variance = covariance(0);
  if (variance <= 1e-12) return 1;
  let time = 1;
  for (let lag = 1; lag + 1 < Math.min(n / 2, 1000); lag += 2) {
    const pair = covariance(lag) + covariance(lag + 1);
    if (pair <= 0) break;
    time += (2 * pair) / variance;
  }
  return Math.min(time, n / 2);
}

function percentileChange(a: Sample, b: Sample, percentile: number, tolerance: number): Change {
  const before = quantileMs(a.histogram, percentile);
  const after = quantileMs(b.histogram, percentile);
  const error = Math.hypot(logError(a, percentile), logError(b, percentile));
  return ratioChange(`p${percentile}`, 'ms', before, after, error, tolerance, 1);
}

/** Standard error of the logarithm of a percentile, from its distribution-free interval; at least the histogram's own error. */
function logError({ histogram, effective }: Sample, percentile: number): number {
  const share = percentile / 100;
  const margin = z * Math.sqrt((share * (1 - share)) / effective);
  const low = quantileMs(histogram, Math.max(0, share - margin) * 100);
  const high = quantileMs(histogram, Math.min(1, share + margin) * 100);
  const ownError = 0.001;
  // Where the interval runs out of samples above, what lies beyond the slowest is unknown: as much again.
  const beyond = share + margin > 1 ? 2 : 1;
  return Math.max(ownError, (beyond * Math.log(high / low)) / (2 * z));
}

function quantileMs(histogram: Histogram, percentile: number): number {
  return Math.max(1, histogram.percentileUs(percentile)) / 1000;
}

function meanChange(a: Sample, b: Sample, tolerance: number): Change {
  const relativeError = ({ histogram, effective }: Sample) =>
    histogram.stdevUs / Math.sqrt(effective) / Math.max(1, histogram.meanUs);
  const error = Math.hypot(relativeError(a), relativeError(b));
  return ratioChange('mean', 'ms', a.histogram.meanUs / 1000, b.histogram.meanUs / 1000, error, tolerance, 1);
}

/** `worseSign` 1 where more is worse, -1 where less is. */
function ratioChange(
  figure: string,
  unit: Change['unit'],
  before: number,
  after: number,
  logError: number,
  tolerance: number,
  worseSign: 1 | -1,
): Change {
  const centre = Math.log(Math.max(after, 1e-9) / Math.max(before, 1e-9));
  const [low, high] = [Math.exp(centre - z * logError) - 1, Math.exp(centre + z * logError) - 1];
  const limit = Math.log(1 + tolerance);
  const sure = worseSign * centre - z * logError > limit;
  const surelyBetter = -worseSign * centre - z * logError > limit;
  const within = Math.abs(centre) + z * logError <= limit;
  const verdict = sure ? 'worse' : surelyBetter ? 'better' : within ? 'same' : 'unclear';
  const looksWorse = verdict === 'unclear' && worseSign * centre > limit ? true : undefined;
  return { figure, unit, before, after, change: Math.exp(centre) - 1, low, high, verdict, looksWorse };
}

/** Two proportions, Agresti and Caffo's interval (one success and one failure added to each, so that 0 errors work). */
function errorChange(first: LoadResult, second: LoadResult): Change {
  const of = ({ ok, failed, timedOut }: LoadResult) => ({ bad: failed + timedOut, all: ok + failed + timedOut });
  const [a, b] = [of(first), of(second)];
  const share = ({ bad, all }: { bad: number; all: number }) => (all === 0 ? 0 : bad / all);
  const [pa, pb] = [(a.bad + 1) / (a.all + 2), (b.bad + 1) / (b.all + 2)];
  const error = Math.sqrt((pa * (1 - pa)) / (a.all + 2) + (pb * (1 - pb)) / (b.all + 2));
  const [low, high] = [pb - pa - z * error, pb - pa + z * error];
  const change = share(b) - share(a);
  const isWorse = low > 0 && change > leastErrorRise;
  const isBetter = high < 0 && change < -leastErrorRise;
  const within = low > -sameErrorRise && high < sameErrorRise;
  const verdict = isWorse ? 'worse' : isBetter ? 'better' : within ? 'same' : 'unclear';
  const looksWorse = verdict === 'unclear' && change > sameErrorRise ? true : undefined;
  return {
    figure: 'error rate',
    unit: 'share',
    before: share(a),
    after: share(b),
    change,
    low,
    high,
    verdict,
    looksWorse,
  };
}

/** Completed per second, from the time slots; closed runs alone, whose rate is the server's. */
function throughputChange(first: LoadResult, second: LoadResult, tolerance: number): Change {
  const of = ({ series, achievedRequestsPerSecond }: LoadResult) => {
    // The last slot is a part of one.
    const slots = series.rows.slice(0, -1).map((row) => row.ok + row.failed + row.timedOut);
    const mean = slots.reduce((sum, count) => sum + count, 0) / Math.max(1, slots.length);
    const variance = slots.reduce((sum, count) => sum + (count - mean) ** 2, 0) / Math.max(1, slots.length - 1);
    const effective = Math.max(1, slots.length / correlationTime(slots));
    return { rate: achievedRequestsPerSecond, error: mean > 0 ? Math.sqrt(variance / effective) / mean : 1 };
  };
  const [a, b] = [of(first), of(second)];
  return ratioChange('throughput', 'perSecond', a.rate, b.rate, Math.hypot(a.error, b.error), tolerance, -1);
}

/** Mann-Whitney's U of the two histograms, with the correction for ties and the runs' effective sizes. */
function rankTest(a: Sample, b: Sample): Comparison['rankTest'] {
  const [na, nb] = [a.histogram.count, b.histogram.count];
  if (na === 0 || nb === 0) return { name: 'Mann-Whitney U', slowerShare: 0.5, p: 1 };
  let below = 0;
  let wins = 0;
  let tieTerm = 0;
  const n = na + nb;
  a.histogram.counts.forEach((inA, bucket) => {
    const inB = b.histogram.counts[bucket]!;
    wins += inB * (below + inA / 2);
    below += inA;
    tieTerm += ((inA + inB) / n) ** 3;
  });
  const slowerShare = wins / (na * nb);
  const variance = ((1 / a.effective + 1 / b.effective) * Math.max(0, 1 - tieTerm)) / 12;
  const score = variance > 0 ? Math.abs(slowerShare - 0.5) / Math.sqrt(variance) : 0;
  return { name: 'Mann-Whitney U', slowerShare, p: Math.min(1, 2 * upperTail(score)) };
}

/** Upper tail of the standard normal distribution (Abramowitz and Stegun 26.2.17, error below 1e-7). */
function upperTail(score: number): number {
  const t = 1 / (1 + 0.2316419 * score);
  const series = t * (0.31938153 + t * (-0.356563782 + t * (1.781477937 + t * (-1.821255978 + t * 1.330274429))));
  return (Math.exp((-score * score) / 2) / Math.sqrt(2 * Math.PI)) * series;
}

function comparability(first: LoadResult, second: LoadResult, a: Sample, b: Sample): string[] {
  const notes: string[] = [];
  const differ = (what: string, before: unknown, after: unknown) => {
    if (before !== after)
      notes.push(`${what} changed: ${String(before ?? 'none')} before, ${String(after ?? 'none')} after`);
  };
  differ('the profile', first.name, second.name);
  differ('the URL', first.url, second.url);
  const rate = (result: LoadResult) =>
    result.targetIterationsPerSecond && Number(result.targetIterationsPerSecond.toPrecision(3));
  differ('the rate asked for, per second', rate(first), rate(second));
  differ(
    'the steps',
    first.steps.map((step) => step.step).join(', '),
    second.steps.map((step) => step.step).join(', '),
  );
  for (const [name, result] of [
    ['first', first],
    ['second', second],
  ] as const) {
    if (result.verdict.state !== 'VALID') notes.push(`the ${name} run is ${result.verdict.state}`);
  }
  for (const [name, sample] of [
    ['first', a],
    ['second', b],
  ] as const) {
    if (sample.histogram.count === 0) notes.push(`the ${name} run has no response, so there is no latency to compare`);
    else if (sample.effective < 100)
      notes.push(
        `the ${name} run is worth ${Math.floor(sample.effective)} independent samples: run it longer for narrower intervals`,
      );
  }
  return notes;
}
