/** A linear change from `from` to `to` over `durationMs`; a constant where they are equal. Infinity without a time limit. */
export interface Stage {
  durationMs: number;
  from: number;
  to: number;
}

/**
 * When each arrival is due: the closed-form inverse of the rate's integral, so that a pacer never drifts and any thread or
 * pod can compute any arrival by its index. Counts are real numbers, times are milliseconds since the first arrival.
 */
export class Schedule {
  readonly durationMs: number;
  /** Arrivals of the whole plan. */
  readonly total: number;
  /** Cumulated count and time at the begin of each stage. */
  private readonly begins: { atMs: number; count: number; stage: Stage }[] = [];

  /** `from` and `to` of the stages are arrivals per second (>= 0). */
  constructor(readonly stages: readonly Stage[]) {
    let atMs = 0;
    let count = 0;
    for (const stage of stages) {
      this.begins.push({ atMs, count, stage });
      atMs += stage.durationMs;
      count += (((stage.from + stage.to) / 2) * stage.durationMs) / 1000;
    }
    this.durationMs = atMs;
    this.total = count;
  }

  /** Arrivals per second at a time; 0 outside the plan. */
  rateAt(ms: number): number {
    const found = this.stageAt(ms);
    if (found === undefined || ms < 0 || ms >= this.durationMs) return 0;
    return valueAt(found.stage, ms - found.atMs);
  }

  /** How many arrivals are due before `ms`. */
  countAt(ms: number): number {
    if (ms <= 0) return 0;
    const found = this.stageAt(ms);
    if (found === undefined || ms >= this.durationMs) return this.total;
    const intoMs = ms - found.atMs;
    return found.count + (((found.stage.from + valueAt(found.stage, intoMs)) / 2) * intoMs) / 1000;
  }

  /** When the count reaches `count`; Infinity where the plan ends before. */
  timeOf(count: number): number {
    if (count >= this.total) return Number.POSITIVE_INFINITY;
    let low = 0;
    for (let i = 1; i < this.begins.length; i++) if (this.begins[i]!.count <= count) low = i;
    const { atMs, count: countBefore, stage } = this.begins[low]!;
    return atMs + timeInStage(stage, count - countBefore);
  }

  /** Index of the stage that `ms` falls into; the last one's after the end. */
  stageIndexAt(ms: number): number {
    const found = this.stageAt(ms);
    return found === undefined ? 0 : this.begins.indexOf(found);
  }

  private stageAt(ms: number) {
    return this.begins.findLast((begin) => begin.atMs <= Math.max(0, ms));
  }
}

/** A stage's value `intoMs` after its begin. */
function valueAt(stage: Stage, intoMs: number): number {
  if (!(stage.durationMs > 0) || stage.from === stage.to) return stage.to;
  return stage.from + ((stage.to - stage.from) * intoMs) / stage.durationMs;
}

/** Solves from*t + (to-from)*t^2/(2*duration) = count, in the form that is stable for small slopes and for from = 0. */
function timeInStage(stage: Stage, count: number): number {
  if (count <= 0) return 0;
  const fromPerMs = stage.from / 1000;
  const slope = (stage.to - stage.from) / 1000 / stage.durationMs;
  const root = Math.sqrt(Math.max(0, fromPerMs * fromPerMs + 2 * slope * count));
  return (2 * count) / (fromPerMs + root);
}

/**
 * The schedule as a live run follows it: multiplied by a factor and stopped and resumed at will, still in closed form.
 * Times are milliseconds since the first arrival was due.
 */
export class LiveSchedule {
  private pausedForMs = 0;
  private pausedAtMs: number | undefined;
  private factor = 1;
  /** Arrival count and planned count at the last change of the factor. */
  private baseCount = 0;
  private basePlanned = 0;

  constructor(readonly plan: Schedule) {}

  /** When the arrival with this index is due; Infinity while paused or where the plan ends before. */
  dueMs(index: number): number {
    if (this.pausedAtMs !== undefined) return Number.POSITIVE_INFINITY;
    return this.plan.timeOf(this.basePlanned + (index - this.baseCount) / this.factor) + this.pausedForMs;
  }

  /** When the last stage ends; Infinity while paused. */
  endMs(): number {
    return this.pausedAtMs === undefined ? this.plan.durationMs + this.pausedForMs : Number.POSITIVE_INFINITY;
  }

  /** The plan's own time: stands still while paused. */
  planMs(ms: number): number {
    return (this.pausedAtMs ?? ms) - this.pausedForMs;
  }

  /** Multiplies the planned rate from `ms` on. */
  setFactor(factor: number, ms: number): void {
    const planned = this.plan.countAt(this.planMs(ms));
    this.baseCount += (planned - this.basePlanned) * this.factor;
    this.basePlanned = planned;
    this.factor = factor;
  }

  /** Stops or resumes at `ms`. */
  setPaused(paused: boolean, ms: number): void {
    if (paused) this.pausedAtMs ??= ms;
    else if (this.pausedAtMs !== undefined) {
      this.pausedForMs += ms - this.pausedAtMs;
      this.pausedAtMs = undefined;
    }
  }
}

/** The value of stages at a time: users, concurrency or rate; the last stage's `to` from its end on. */
export function stageValueAt(stages: readonly Stage[], ms: number): number {
  let beginMs = 0;
  for (const stage of stages) {
    if (ms < beginMs + stage.durationMs) return valueAt(stage, Math.max(0, ms - beginMs));
    beginMs += stage.durationMs;
  }
  return stages.at(-1)?.to ?? 0;
}

/** What place `index` of `count` gets of `total` units: as even as whole numbers allow, adding up to `total`. */
export function shareOf(total: number, index: number, count: number): number {
  if (total === Number.POSITIVE_INFINITY) return total;
  return Math.floor((total + count - 1 - index) / count);
}

/** Milliseconds of all stages together; Infinity where one has no end. */
export function lastingMs(stages: readonly Stage[]): number {
  return stages.reduce((sum, { durationMs }) => sum + durationMs, 0);
}

/** Stages stretched or shortened in proportion; those without an end get equal parts. */
export function stretchStages(stages: readonly Stage[], totalMs: number): Stage[] {
  const sumMs = lastingMs(stages);
  const lengthOf = ({ durationMs }: Stage) =>
    sumMs === Number.POSITIVE_INFINITY ? totalMs / stages.length : (durationMs * totalMs) / sumMs;
  return stages.map((stage) => ({ ...stage, durationMs: lengthOf(stage) }));
}

/** A quick look at stages: the whole in `totalMs`, where it is longer and has an end. */
export function scaleStages(stages: readonly Stage[], totalMs = 20_000): Stage[] {
  const sumMs = lastingMs(stages);
  return sumMs > totalMs && sumMs !== Number.POSITIVE_INFINITY ? stretchStages(stages, totalMs) : [...stages];
}

/** The highest value of stages; 0 without any. */
export function highestOf(stages: readonly Stage[]): number {
  return Math.max(0, ...stages.map(({ from, to }) => Math.max(from, to)));
}
