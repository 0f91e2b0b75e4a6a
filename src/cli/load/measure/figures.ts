import { Histogram } from '../memory/histogram.js';
import { measured, type WorkerMemory } from '../memory/memory.js';
import { type LoadPlan, planSteps } from '../plan/plan.js';
import { judgeThresholds, type Threshold, type ThresholdFigures, type ThresholdOutcome } from '../plan/thresholds.js';
import type { LoadResult, StepFigures } from './metrics.js';
import type { Totals } from './totals.js';

/** What each I/O thread hands in at its end. */
export interface WorkerEnd {
  checks: Record<string, { passed: number; failed: number }>;
  server: string | undefined;
  busy: number;
}

/** Figures by step; a single step's are the whole run's, which the threads then do not keep twice. */
export function stepFigures(
  steps: readonly string[],
  totals: Totals,
  response: Histogram,
  service: Histogram,
  counts: { ok: number; failed: number; timedOut: number },
): StepFigures[] {
  if (steps.length === 1) {
    const failed = counts.failed + counts.timedOut;
    const one = { step: steps[0]!, count: counts.ok + failed, ok: counts.ok, failed };
    return [{ ...one, response: response.summary(), service: service.summary() }];
  }
  return steps.map((step, i): StepFigures => {
    const outcome = (which: number) =>
      totals.memories.reduce((sum, memory) => sum + memory.steps[i]!.outcomes[which]!, 0);
    const [ok, failed] = [outcome(0), outcome(1)];
    return {
      step,
      count: ok + failed,
      ok,
      failed,
      response: totals.histogram((memory) => memory.steps[i]!.response).summary(),
      service: totals.histogram((memory) => memory.steps[i]!.service).summary(),
    };
  });
}

/** Response latency by status code, ascending. */
export function statusFigures(memories: readonly WorkerMemory[]): LoadResult['statuses'] {
  const byStatus = new Map<number, Histogram>();
  for (const { byStatus: slots } of memories) {
    slots.histograms.forEach((histogram, i) => {
      if (histogram.count === 0) return;
      const merged = byStatus.get(slots.status[i]!) ?? new Histogram();
      merged.add(histogram);
      byStatus.set(slots.status[i]!, merged);
    });
  }
  return [...byStatus]
    .sort(([a], [b]) => a - b)
    .map(([status, histogram]) => ({ status, response: histogram.summary() }));
}

/** The value of a threshold's aggregation in milliseconds; undefined where there were no samples. */
export function latencyOf(histogram: Histogram, aggregation: string): number | undefined {
  if (histogram.count === 0) return undefined;
  const summary = histogram.summary();
  const percentile = /^p\((.*)\)$/.exec(aggregation);
  if (percentile !== null) return histogram.percentileUs(Number(percentile[1])) / 1000;
  switch (aggregation) {
    case 'min':
      return summary.min;
    case 'max':
      return summary.max;
    case 'med':
      return summary.p50;
    default:
      return summary.mean;
  }
}

/** Whether a run passed: every threshold held, its numbers can be trusted, and nobody broke it off. */
export function runPassed({
  verdict,
  thresholds,
  ended,
}: Pick<LoadResult, 'verdict' | 'thresholds' | 'ended'>): boolean {
  if (verdict.state === 'VOID' || ended === 'interrupted' || ended === 'aborted') return false;
  return thresholds.every((outcome) => outcome.passed);
}

/** Throws where the accounting identity does not hold or disagrees with the connections themselves: a bug in the engine. */
export function assertAccounts(
  counts: Pick<LoadResult, 'scheduled' | 'sent' | 'dropped' | 'ok' | 'failed' | 'timedOut' | 'inFlight'>,
  busy: number,
  errors: Record<string, number>,
): void {
  const { scheduled, sent, dropped, ok, failed, timedOut, inFlight } = counts;
  const named = Object.values(errors).reduce((sum, count) => sum + count, 0);
  const adds = scheduled === sent + dropped && sent === ok + failed + timedOut + inFlight;
  if (adds && inFlight === busy && named === failed + timedOut) return;
  throw new Error(`the load's accounts do not add up: ${JSON.stringify({ ...counts, busy, errors })}`);
}

/** Named assertions of all threads added up. */
export function mergeChecks(ends: WorkerEnd[]): LoadResult['checks'] {
  const merged: LoadResult['checks'] = {};
  for (const { checks } of ends) {
    for (const [name, { passed, failed }] of Object.entries(checks)) {
      const sum = merged[name] ?? { passed: 0, failed: 0 };
      merged[name] = { passed: sum.passed + passed, failed: sum.failed + failed };
    }
  }
  return merged;
}

/** The thresholds as they stand after `windowMs`. */
export function thresholdOutcomes(plan: LoadPlan, totals: Totals, windowMs: number): ThresholdOutcome[] {
  if (plan.thresholds.length === 0) return [];
  const histogramOf = { response: 'response', service: 'service', start_lag: 'startLag' } as const;
  const counts = totals.counts();
  const { ok, failed } = totals.iterations();
  const figures: ThresholdFigures = {
    latencyMs: (metric, aggregation) =>
      latencyOf(
        totals.histogram((memory) => memory[histogramOf[metric]]),
        aggregation,
      ),
    sent: counts.sent,
    failures: counts.failed + counts.timedOut,
    iterations: ok + failed,
    dropped: counts.dropped,
    checks: totals.checks(),
    seconds: windowMs / 1000,
    iterationMs: (aggregation) =>
      latencyOf(
        totals.histogram((memory) => (plan.unit === 'requests' ? memory.response : memory.iteration)),
        aggregation,
      ),
    own: (name, aggregation) => measureOf(plan, totals, name, aggregation, windowMs / 1000),
    part: (only) => partOf(plan, totals, only, counts),
  };
  return judgeThresholds(plan.thresholds, figures);
}

/** The value of a flow's own metric; undefined where nothing was added to it. */
function measureOf(
  { measures = [] }: LoadPlan,
  totals: Totals,
  name: string,
  aggregation: string,
  seconds: number,
): number | undefined {
  const index = measures.findIndex((each) => each.name === name);
  const kind = measures[index]?.kind;
  if (kind === undefined) return undefined;
  const sum = (which: number) => totals.memories.reduce((all, memory) => all + memory.measures[index]!.sums[which]!, 0);
  const count = sum(measured.count);
  if (count === 0) return kind === 'counter' ? 0 : undefined;
  if (kind === 'rate') return sum(measured.nonZero) / count;
  if (kind === 'counter')
    return aggregation === 'rate' ? sum(measured.sum) / Math.max(seconds, 1e-9) : sum(measured.sum);
  if (kind === 'gauge')
    return totals.memories.find((memory) => memory.measures[index]!.sums[measured.count]! > 0)!.measures[index]!.sums[
      measured.last
    ];
  return latencyOf(
    totals.histogram((memory) => memory.measures[index]!.values),
    aggregation,
  );
}

/** Figures of a part of the requests. */
function partOf(
  plan: LoadPlan,
  totals: Totals,
  only: NonNullable<Threshold['only']>,
  counts: { sent: number; failed: number; timedOut: number },
): Pick<ThresholdFigures, 'latencyMs' | 'sent' | 'failures'> {
  if (only.steps === undefined) {
    const good = new Histogram();
    for (const { byStatus } of totals.memories)
      for (const [i, histogram] of byStatus.histograms.entries())
        if (byStatus.status[i]! >= 200 && byStatus.status[i]! < 400) good.add(histogram);
    const codes = Object.entries(totals.statusCodes()).filter(([code]) => Number(code) >= 200 && Number(code) < 400);
    const sent = codes.reduce((sum, [, count]) => sum + count, 0);
    return { latencyMs: (_, aggregation) => latencyOf(good, aggregation), sent, failures: 0 };
  }
  const names = planSteps(plan);
  // A single step's figures are the whole run's.
  const places = names.length === 1 ? [] : only.steps.map((step) => names.indexOf(step)).filter((place) => place >= 0);
  const sum = (which: number) =>
    places.reduce(
      (all, place) => all + totals.memories.reduce((of, memory) => of + memory.steps[place]!.outcomes[which]!, 0),
      0,
    );
  const merged = (which: 'response' | 'service') => {
    const whole = new Histogram();
    for (const memory of totals.memories) {
      if (names.length === 1) whole.add(memory[which]);
      for (const place of places) whole.add(memory.steps[place]![which]);
    }
    return whole;
  };
  const failures = names.length === 1 ? counts.failed + counts.timedOut : sum(1);
  return {
    latencyMs: (metric, aggregation) => latencyOf(merged(metric === 'service' ? 'service' : 'response'), aggregation),
    sent: names.length === 1 ? counts.sent : sum(0) + failures,
    failures,
  };
}

/** To a thousandth. */
export function round(value: number): number {
  return Math.round(value * 1000) / 1000;
}
