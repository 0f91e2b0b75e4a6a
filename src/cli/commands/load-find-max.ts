import { Failure } from '../kernel/failure.js';
import type { LoadResult, LoadSnapshot } from '../load/metrics.js';
import type { Arrivals } from '../load/plan.js';
import { judgeThresholds, type Threshold } from '../load/thresholds.js';
import { formatRate } from '../report/format.js';
import type { ArrivalOptions } from './load-arrivals.js';
import { parseLength, parseRate } from './load-flags.js';

/** What `--find-max` found. */
export interface MaxFound {
  /** The highest target rate at which every threshold held over a second; undefined where none did. */
  heldPerSecond: number | undefined;
  /** Where they stopped holding; undefined where they held to the end. */
  brokePerSecond: number | undefined;
  /** What broke, in words. */
  broken: string[];
}

/** Windows in a row that must fail: one alone may be a hiccup. */
const windowsToBreak = 3;
const windowMs = 950;
const leastSamples = 10;

/** Watches a ramp second by second and says when the thresholds no longer hold. */
export class MaxFinder {
  private held: number | undefined;
  private brokeAt: number | undefined;
  private broken: string[] = [];
  private failing = 0;
  private failingSince: number | undefined;
  private before: LoadSnapshot | undefined;

  constructor(private readonly thresholds: readonly Threshold[]) {}

  /** Takes a sample; true where the ramp can end. */
  observe(snapshot: LoadSnapshot): boolean {
    const { before } = this;
    if (snapshot.progress.phase !== 'running' || snapshot.targetIterationsPerSecond === undefined) return false;
    if (before === undefined || snapshot.elapsedMs < before.elapsedMs) {
      this.before = snapshot;
      return false;
    }
    if (snapshot.elapsedMs - before.elapsedMs < windowMs) return false;
    this.before = snapshot;
    if (snapshot.sent - before.sent < leastSamples) return false;
    // Over the window the ramp was below its rate now: the lower one is what was proven.
    const proven = before.targetIterationsPerSecond ?? 0;
    const failed = judgeThresholds(this.thresholds, figuresOf(before, snapshot)).filter((outcome) => !outcome.passed);
    if (failed.length === 0) {
      this.held = Math.max(this.held ?? 0, proven);
      this.failing = 0;
      this.failingSince = undefined;
      return false;
    }
    this.failing++;
    this.failingSince ??= proven;
    this.broken = failed.map(({ text, message }) => `${text}: ${message}`);
    if (this.failing < windowsToBreak) return false;
    this.brokeAt = this.failingSince;
    return true;
  }

  /** What was found so far. */
  found(): MaxFound {
    return {
      heldPerSecond: this.held,
      brokePerSecond: this.brokeAt,
      broken: this.brokeAt === undefined ? [] : this.broken,
    };
  }
}

function figuresOf(before: LoadSnapshot, now: LoadSnapshot): Parameters<typeof judgeThresholds>[1] {
  const failures = now.failed + now.timedOut - before.failed - before.timedOut;
  return {
    latencyMs: (metric, aggregation) => {
      const key = metric === 'start_lag' ? 'startLag' : metric;
      return statistic(now.recentLatencyMs[key], aggregation);
    },
    sent: now.sent - before.sent,
    failures,
    iterations: now.iterations.ok + now.iterations.failed - before.iterations.ok - before.iterations.failed,
    dropped: now.dropped - before.dropped,
    checks: { passed: now.checks.passed - before.checks.passed, failed: now.checks.failed - before.checks.failed },
    seconds: (now.elapsedMs - before.elapsedMs) / 1000,
  };
}

/** A percentile between those that a summary has counts as the next one above. */
function statistic(summary: LoadSnapshot['latencyMs']['response'], aggregation: string): number | undefined {
  if (summary.count === 0) return undefined;
  const percentile = /^p\(([\d.]+)\)$/.exec(aggregation);
  if (percentile === null) {
    if (aggregation === 'min') return summary.min;
    if (aggregation === 'max') return summary.max;
    return aggregation === 'med' ? summary.p50 : summary.mean;
  }
  const wanted = Number(percentile[1]);
  const known = [
    [50, summary.p50],
    [75, summary.p75],
    [90, summary.p90],
    [95, summary.p95],
    [99, summary.p99],
    [99.9, summary.p999],
  ] as const;
  return known.find(([at]) => at >= wanted)?.[1] ?? summary.max;
}

const defaultTop = 5000;
const defaultRampMs = 60_000;

/** The ramp of `--find-max`: a profile's own stages where it has them, else up to `--rps` (5,000) over `--duration` (1 min). */
export function rampForMax(options: ArrivalOptions, profile: Arrivals | undefined, arrivals: Arrivals): Arrivals {
  if (arrivals.model !== 'open') {
    throw new Failure({
      code: 'conflict',
      message: '--find-max looks for a rate, so it needs arrivals at a rate',
      hint: 'Leave --users, --concurrency and --requests out',
    });
  }
  if (profile !== undefined && options.rps === undefined) return arrivals;
  const top = options.rps === undefined ? defaultTop : parseRate(options.rps);
  const durationMs = options.duration === undefined ? defaultRampMs : parseLength(options.duration, '--duration');
  return { ...arrivals, stages: [{ durationMs, from: Math.max(1, top / 100), to: top }] };
}

/** The finding in a sentence or two. */
export function maxInWords({ heldPerSecond, brokePerSecond, broken }: MaxFound): string {
  if (heldPerSecond === undefined) return `No rate held${broken.length > 0 ? `: ${broken.join('; ')}` : ''}.`;
  if (brokePerSecond === undefined)
    return `The thresholds held to the end of the ramp: the highest rate proven is ${formatRate(heldPerSecond)}/s. Ramp higher to find the limit.`;
  return `Highest rate that held: ${formatRate(heldPerSecond)}/s. From ${formatRate(brokePerSecond)}/s on it did not: ${broken.join('; ')}.`;
}

/** 0 where a rate held, 1 where none did, 3 where the generator broke before the service. */
export function maxExitCode(found: MaxFound, result: Pick<LoadResult, 'verdict'>): number {
  if (result.verdict.state === 'VOID') return 3;
  return found.heldPerSecond === undefined ? 1 : 0;
}
