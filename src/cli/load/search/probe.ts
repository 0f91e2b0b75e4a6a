import { latencyOf } from '../measure/figures.js';
import type { Histogram } from '../memory/histogram.js';
import type { ArrivalUnit } from '../plan/plan.js';
import { judgeThresholds, type Threshold } from '../plan/thresholds.js';
import type { RateProbe } from './max-found.js';

/** What a run has counted so far; differences of two are a probe's. Iterations are under way until they ended. */
export interface RunCounts {
  iterationsStarted: number;
  iterationsEnded: number;
  /** Iterations that were due and never begun. */
  dropped: number;
  sent: number;
  ok: number;
  failed: number;
  timedOut: number;
  checks: { passed: number; failed: number };
}

/** How much was under way at a moment of a probe. */
export interface BacklogSample {
  /** Milliseconds since the probe began. */
  atMs: number;
  /** Iterations begun and not ended. */
  underWay: number;
  /** Iterations ended, and requests answered well, since the probe began. */
  ended: number;
  ok: number;
}

/** All that became of the arrivals at one rate: it began with nothing under way, and what it began was awaited. */
export interface ProbeFigures {
  ratePerSecond: number;
  kind: RateProbe['kind'];
  unit: ArrivalUnit;
  atMs: number;
  /** Of the arrivals. */
  durationMs: number;
  /** And until nothing was under way any more. */
  totalMs: number;
  counts: RunCounts;
  /** Requests or iterations still under way when the wait for them ended. */
  left: number;
  /** The probe was ended early, since nothing could save it (see `isHopeless`). */
  hopeless: boolean;
  samples: readonly BacklogSample[];
  latency: Record<'response' | 'service' | 'startLag', Histogram>;
}

/** A judged probe, and what the search makes of it. */
export interface JudgedProbe {
  probe: RateProbe;
  /** Where it broke for want of capacity: what the server got done a second meanwhile, which is about its limit. */
  donePerSecond: number | undefined;
}

/** A generator that takes up less than this share of what was due has not offered the rate. */
const leastOffered = 0.97;
/** A backlog that grows by more than this share of the arrivals grows for want of capacity. */
const mostGrowth = 0.02;
/** Standard deviations that a backlog may grow by chance: an answer is to be on the safe side. */
const chance = { probe: 1.3, confirmation: 0.6 } as const;
const leastStretches = 8;
/** A probe shorter than so many of its own latencies does not show whether its backlog grows. */
export const latenciesToShow = 4;

/**
 * Judges one rate by the requests that were due at it. It held where nothing was dropped, as much was completed as arrived,
 * what was under way did not grow and every threshold held; where the generator fell short, it was not offered.
 */
export function judgeProbe(figures: ProbeFigures, thresholds: readonly Threshold[]): JudgedProbe {
  const { counts, unit, ratePerSecond, durationMs, latency } = figures;
  const due = (ratePerSecond * durationMs) / 1000;
  const begun = counts.iterationsStarted + counts.dropped;
  const why: string[] = [];
  if (counts.dropped > 0) why.push(`${counts.dropped} of ${begun} ${unit} were never sent: too many were under way`);
  if (figures.left > 0) why.push(`${figures.left} of ${begun} ${unit} had no end long after`);
  const underWay = figures.samples.at(-1)?.underWay ?? 0;
  const growth = backlogGrowth(figures.samples, figures);
  if (growth !== undefined) {
    const ended = Math.max(0, ratePerSecond - growth);
    why.push(
      `the backlog grew: ${amount(ratePerSecond)} ${unit} a second were due and ${amount(ended)} came to an end` +
        ` (${underWay} under way at the end)`,
    );
  }
  const outcomes = judgeThresholds(thresholds, thresholdFigures(figures)).filter(({ passed }) => !passed);
  why.push(...outcomes.map(({ text, message }) => `${text}: ${message}`));
  if (figures.hopeless && why.length === 0) why.push(`${underWay} ${unit} were under way at once`);
  const errors = outcomes.some(({ text }) => isAboutErrors(thresholds, text));
  const short = why.length > 0 && (counts.dropped > 0 || growth !== undefined || errors);
  const late = generatorTrouble(figures, begun, due);
  const outcome = late !== undefined ? 'not offered' : why.length > 0 ? 'broke' : 'held';
  return {
    probe: {
      atMs: Math.round(figures.atMs),
      durationMs: Math.round(durationMs),
      ratePerSecond,
      kind: figures.kind,
      outcome,
      why: late === undefined ? why : [late],
      scheduled: begun,
      dropped: counts.dropped,
      ok: counts.ok,
      failed: counts.failed,
      timedOut: counts.timedOut,
      inFlightAtEnd: underWay,
      p50Ms: latencyOf(latency.response, 'p(50)'),
      p95Ms: latencyOf(latency.response, 'p(95)'),
      p99Ms: latencyOf(latency.response, 'p(99)'),
    },
    donePerSecond: short ? doneWhileBusy(figures) : undefined,
  };
}

/**
 * Whether a probe is beyond saving, so that its backlog need not grow further. `limitMs`: the longest latency that any
 * threshold allows; by Little's law no more can be under way at it than arrive meanwhile.
 */
export function isHopeless(
  counts: Pick<RunCounts, 'dropped' | 'iterationsStarted' | 'iterationsEnded' | 'ok' | 'failed' | 'timedOut'>,
  ratePerSecond: number,
  limitMs: number,
): boolean {
  const underWay = counts.iterationsStarted - counts.iterationsEnded;
  const bad = counts.failed + counts.timedOut;
  return counts.dropped > 0 || underWay > 20 + (ratePerSecond * limitMs) / 1000 || (bad >= 20 && bad > counts.ok / 2);
}

/**
 * By how many a second what is under way grew between the second and the last quarter of a probe; undefined where it did
 * not by more than it may by chance, or the probe is too short to tell. The first quarter is left out: it fills what is under way at any steady rate.
 */
export function backlogGrowth(
  samples: readonly BacklogSample[],
  { durationMs, ratePerSecond, kind }: Pick<ProbeFigures, 'durationMs' | 'ratePerSecond' | 'kind'>,
): number | undefined {
  const firstEndMs = samples.find(({ ended }) => ended > 0)?.atMs ?? Number.POSITIVE_INFINITY;
  if (durationMs < latenciesToShow * firstEndMs) return undefined;
  const [before, after] = [quarter(samples, durationMs, 1), quarter(samples, durationMs, 3)];
  const more = after - before;
  const perSecond = more / (durationMs / 2000);
  const ended = samples.at(-1)?.ended ?? 0;
  // Between the middles of two quarters half of the probe lies, and half of what ended.
  const byChance = 1 + chance[kind] * Math.sqrt((dispersion(samples) * ended) / 2);
  return more > byChance && perSecond > mostGrowth * ratePerSecond ? perSecond : undefined;
}

/**
 * Variance over mean of how many iterations ended in stretches of equal length (the index of dispersion): 0 for answers
 * that all take the same time, 1 for those of random length. It says how far a backlog strays by chance.
 */
function dispersion(samples: readonly BacklogSample[]): number {
  const last = samples.at(-1);
  if (last === undefined || last.ended < 4 * leastStretches) return 1;
  const stretches = Math.min(samples.length, Math.floor(last.ended / 8), 40);
  const counts: number[] = [];
  let endedBefore = 0;
  let at = 0;
  for (let i = 1; i <= Math.max(leastStretches, stretches); i++) {
    const untilMs = (last.atMs * i) / Math.max(leastStretches, stretches);
    while (at < samples.length - 1 && samples[at + 1]!.atMs <= untilMs) at++;
    counts.push(samples[at]!.ended - endedBefore);
    endedBefore = samples[at]!.ended;
  }
  // The first ones are fewer by what is under way at any steady rate.
  const steady = counts.slice(Math.ceil(counts.length / 4));
  const mean = steady.reduce((sum, count) => sum + count, 0) / steady.length;
  if (mean <= 0) return 1;
  const variance = steady.reduce((sum, count) => sum + (count - mean) ** 2, 0) / (steady.length - 1);
  return Math.min(2, variance / mean);
}

/** A backlog that grows ever slower is on its way to a steady state, where a longer probe finds it; one that is overrun grows evenly. */
export function growsEverSlower(samples: readonly BacklogSample[], durationMs: number): boolean {
  const [second, third, last] = [1, 2, 3].map((which) => quarter(samples, durationMs, which)) as [
    number,
    number,
    number,
  ];
  return last - third < 0.75 * (third - second);
}

/** Mean of what was under way in a quarter (0 .. 3) of a probe. */
function quarter(samples: readonly BacklogSample[], durationMs: number, which: number): number {
  const [fromMs, toMs] = [(which * durationMs) / 4, ((which + 1) * durationMs) / 4];
  const within = samples.filter(({ atMs }) => atMs >= fromMs && atMs <= toMs);
  return within.reduce((sum, { underWay }) => sum + underWay, 0) / Math.max(1, within.length);
}

function isAboutErrors(thresholds: readonly Threshold[], text: string): boolean {
  return thresholds.some((threshold) => threshold.text === text && threshold.metric === 'error_rate');
}

function generatorTrouble({ latency }: ProbeFigures, begun: number, due: number): string | undefined {
  if (begun < leastOffered * due - 2) {
    return `the generator took up ${begun} of the ${Math.round(due)} that were due`;
  }
  const lag = latencyOf(latency.startLag, 'p(95)') ?? 0;
  const response = latencyOf(latency.response, 'p(95)') ?? 0;
  if (lag > 25 && lag > response / 2)
    return `the generator began its requests late: start lag p(95) was ${lag.toFixed(0)} ms of a response p(95) of ${response.toFixed(0)} ms`;
  return undefined;
}

/** Over the second half of the arrivals; of a short probe over all of its time. */
function doneWhileBusy({ samples, durationMs, totalMs, counts }: ProbeFigures): number {
  const half = samples.find(({ atMs }) => atMs >= durationMs / 2);
  const last = samples.at(-1);
  if (half === undefined || last === undefined || last.atMs - half.atMs < 400)
    return totalMs > 0 ? (counts.ok * 1000) / totalMs : 0;
  // The backlog may hold many steps an iteration: what ends is in step with what is asked only for single requests.
  const perIteration = counts.iterationsStarted > 0 ? Math.max(1, counts.sent / counts.iterationsStarted) : 1;
  return ((last.ok - half.ok) * 1000) / (last.atMs - half.atMs) / perIteration;
}

function thresholdFigures({ counts, durationMs, latency }: ProbeFigures): Parameters<typeof judgeThresholds>[1] {
  return {
    latencyMs: (metric, aggregation) => latencyOf(latency[metric === 'start_lag' ? 'startLag' : metric], aggregation),
    sent: counts.sent,
    failures: counts.failed + counts.timedOut,
    iterations: counts.iterationsEnded,
    dropped: counts.dropped,
    checks: counts.checks,
    seconds: durationMs / 1000,
  };
}

function amount(perSecond: number): string {
  return String(Number(perSecond.toPrecision(3)));
}
