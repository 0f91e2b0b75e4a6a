import { Histogram, type LatencySummary } from '../load/memory/histogram.js';
import { judgeThresholds, type Threshold, type ThresholdOutcome } from '../load/plan/thresholds.js';

/** What the listener says of one name of a locustfile since it spoke last. */
interface StepPart {
  ok: number;
  failed: number;
  /** Counts by microseconds, three digits. */
  us: Record<string, number>;
  status: Record<string, number>;
  errors: Record<string, number>;
  bytes: number;
}

/** A line of the listener (hwctl_listener.py). */
export interface LocustLine {
  users: number;
  state: string;
  steps: Record<string, StepPart>;
  /** In the last one: what locust itself counted. */
  locust?: { requests: number; failures: number; exceptions: number };
}

/** One name's figures. */
export interface LocustStep {
  step: string;
  ok: number;
  failed: number;
  response: LatencySummary;
}

/** One second of a run. */
export interface LocustRow {
  atMs: number;
  users: number;
  ok: number;
  failed: number;
  p50?: number;
  p95?: number;
  max?: number;
}

interface Kept {
  ok: number;
  failed: number;
  histogram: Histogram;
}

/** Adds up what the listener says. */
export class LocustTotals {
  readonly rows: LocustRow[] = [];
  readonly statusCodes: Record<string, number> = {};
  readonly errors: Record<string, number> = {};
  ok = 0;
  failed = 0;
  bytes = 0;
  /** What locust itself counted, once it has ended in order. */
  own: LocustLine['locust'];
  private readonly whole = new Histogram();
  private readonly steps = new Map<string, Kept>();

  /** Takes a line that came `atMs` after the begin. */
  add(line: LocustLine, atMs: number): LocustRow {
    const second = new Histogram();
    const row: LocustRow = { atMs: Math.round(atMs), users: line.users, ok: 0, failed: 0 };
    for (const [name, part] of Object.entries(line.steps)) {
      const step = this.steps.get(name) ?? { ok: 0, failed: 0, histogram: new Histogram() };
      this.steps.set(name, step);
      step.ok += part.ok;
      step.failed += part.failed;
      row.ok += part.ok;
      row.failed += part.failed;
      this.bytes += part.bytes;
      for (const [us, count] of Object.entries(part.us))
        for (let i = 0; i < count; i++) for (const to of [step.histogram, this.whole, second]) to.record(Number(us));
      addAll(this.statusCodes, part.status);
      addAll(this.errors, part.errors);
    }
    this.ok += row.ok;
    this.failed += row.failed;
    if (second.count > 0) {
      const { p50, p95, max } = second.summary();
      Object.assign(row, { p50, p95, max });
    }
    this.own = line.locust ?? this.own;
    this.rows.push(row);
    return row;
  }

  get response(): LatencySummary {
    return this.whole.summary();
  }

  stepFigures(): LocustStep[] {
    return [...this.steps].map(([step, { ok, failed, histogram }]) => ({
      step,
      ok,
      failed,
      response: histogram.summary(),
    }));
  }

  judge(thresholds: readonly Threshold[], seconds: number): ThresholdOutcome[] {
    return judgeThresholds(thresholds, {
      latencyMs: (metric, aggregation) => (metric === 'response' ? this.latencyMs(aggregation) : undefined),
      sent: this.ok + this.failed,
      failures: this.failed,
      iterations: 0,
      dropped: 0,
      checks: { passed: 0, failed: 0 },
      seconds,
    });
  }

  private latencyMs(aggregation: string): number | undefined {
    if (this.whole.count === 0) return undefined;
    const percentile = /^p\((.*)\)$/.exec(aggregation);
    if (percentile !== null) return this.whole.percentileUs(Number(percentile[1])) / 1000;
    const { min, max, p50, mean } = this.whole.summary();
    return { min, max, med: p50 }[aggregation] ?? mean;
  }
}

function addAll(to: Record<string, number>, from: Record<string, number>): void {
  for (const [key, count] of Object.entries(from)) to[key] = (to[key] ?? 0) + count;
}
