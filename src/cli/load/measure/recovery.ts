import { formatDuration } from '../../kernel/duration.js';
import type { Objective } from '../plan/faults.js';
import { judgeThresholds, parseThreshold, type ThresholdOutcome } from '../plan/thresholds.js';
import type { SecondRow } from './metrics.js';

/** A fault as it was carried out, on the axis of the charts. */
export interface FaultDone {
  /** In words, without its moment: `kill orders`. */
  text: string;
  workload: string;
  wantedMs: number;
  /** When the deed was begun; undefined where it was not, as the load ended before. */
  beganMs?: number;
  /** When it was done; undefined where it failed, or is not yet. */
  doneMs?: number;
  /** Why it failed, in words. */
  failure?: string;
  /** Why what it did could not be undone. */
  notUndone?: string;
  undoneMs?: number;
}

/** A fault, and what came of it. */
export interface FaultOutcome extends FaultDone {
  /** From its begin to the first second from which every threshold held, for the rest or until the next fault. */
  recoveryMs?: number;
  /** Why there is no recovery to tell. */
  unrecovered?:
    | 'the load ended before'
    | 'the next fault came before'
    | 'it failed'
    | 'it was not reached'
    | 'no second tells';
  /** Milliseconds in which a recovery was looked for. */
  watchedMs: number;
  /** Failed and timed out from the second of the fault until the recovery; `late`: slower than the tightest latency threshold. */
  failed: number;
  late?: number;
}

export interface ObjectiveOutcome {
  text: string;
  /** Unknown where the load, or the time to the next fault, was too short to tell. */
  state: 'held' | 'failed' | 'unknown';
  message: string;
}

const secondMs = 1000;

/**
 * What came of each fault, in the order of their begin, by the seconds of the run; `endMs` is the end of the arrivals. A
 * second belongs to every fault that it overlaps. Only differences of times are used: a later start shifts nothing.
 */
export function recoveriesOf(
  seconds: readonly SecondRow[],
  faults: readonly FaultDone[],
  endMs: number,
): FaultOutcome[] {
  const order = faults.toSorted((a, b) => (a.beganMs ?? a.wantedMs) - (b.beganMs ?? b.wantedMs));
  return order.map((fault, i): FaultOutcome => {
    const { beganMs, failure } = fault;
    if (beganMs === undefined) return { ...fault, unrecovered: 'it was not reached', watchedMs: 0, failed: 0 };
    const next = order.slice(i + 1).find((other) => other.beganMs !== undefined)?.beganMs;
    const untilMs = Math.min(endMs, next ?? endMs);
    // The second in which the next fault begins is the next fault's.
    const mine = seconds.filter(
      ({ atMs }) => atMs + secondMs > beganMs && (next === undefined ? atMs < endMs : atMs + secondMs <= next),
    );
    const watchedMs = Math.max(0, untilMs - beganMs);
    if (failure !== undefined) return { ...fault, unrecovered: 'it failed', watchedMs, ...badIn(mine) };
    const broken = mine.findLastIndex(({ held }) => held === false);
    const again = mine.slice(broken + 1).find(({ held }) => held === true);
    if (again === undefined) {
      const none = mine.every(({ held }) => held === undefined);
      const why = none
        ? 'no second tells'
        : next === undefined
          ? 'the load ended before'
          : 'the next fault came before';
      return { ...fault, unrecovered: why, watchedMs, ...badIn(mine) };
    }
    const recoveryMs = broken < 0 ? 0 : Math.max(0, again.atMs - beganMs);
    const window = broken < 0 ? mine.slice(0, 1) : mine.filter(({ atMs }) => atMs < again.atMs);
    return { ...fault, recoveryMs, watchedMs, ...badIn(window) };
  });
}

function badIn(rows: readonly SecondRow[]): Pick<FaultOutcome, 'failed' | 'late'> {
  const failed = rows.reduce((sum, row) => sum + row.failed, 0);
  const knowsLate = rows.some(({ late }) => late !== undefined);
  return knowsLate ? { failed, late: rows.reduce((sum, { late = 0 }) => sum + late, 0) } : { failed };
}

/** Judges each objective by every fault: one that did not hold fails it, else one that cannot be told leaves it unknown. */
export function judgeObjectives(objectives: readonly Objective[], faults: readonly FaultOutcome[]): ObjectiveOutcome[] {
  return objectives.map((objective): ObjectiveOutcome => {
    const judged = faults.map((fault) => ({ fault, state: stateOf(objective, fault) }));
    const worst = (['failed', 'unknown'] as const).flatMap((state) => judged.filter((one) => one.state === state));
    const { text } = objective;
    const [first] = worst;
    if (first !== undefined) return { text, state: first.state, message: toldOf(first.fault) };
    const slowest = faults.reduce((most, { recoveryMs = 0 }) => Math.max(most, recoveryMs), 0);
    const which = faults.length === 1 ? '' : ' at the latest';
    const message =
      slowest === 0 ? 'the thresholds held throughout' : `recovered after ${formatDuration(slowest)}${which}`;
    return {
      text,
      state: faults.length === 0 ? 'unknown' : 'held',
      message,
    };
  });
}

function stateOf({ operator, boundMs }: Objective, fault: FaultOutcome): ObjectiveOutcome['state'] {
  const { recoveryMs, unrecovered, watchedMs } = fault;
  const within = (ms: number) => (operator === '<' ? ms < boundMs : ms <= boundMs);
  if (recoveryMs !== undefined) return within(recoveryMs) ? 'held' : 'failed';
  const wasWatched = unrecovered === 'the load ended before' || unrecovered === 'the next fault came before';
  return wasWatched && !within(watchedMs) ? 'failed' : 'unknown';
}

function toldOf({ text, recoveryMs, unrecovered, watchedMs, failure }: FaultOutcome): string {
  if (recoveryMs !== undefined) return `${text}: recovered after ${formatDuration(recoveryMs)}`;
  if (failure !== undefined) return `${text}: it failed (${failure})`;
  if (unrecovered === 'it was not reached') return `${text}: the load ended before it was due`;
  if (unrecovered === 'no second tells') return `${text}: nothing was asked of the service afterwards`;
  return `${text}: not recovered in ${formatDuration(watchedMs)}, when ${unrecovered === 'the load ended before' ? 'the load ended' : 'the next fault came'}`;
}

/**
 * The usual threshold on errors where objectives are given in its place: of the seconds that no fault's recovery covers, so
 * that errors which no fault explains still fail the run.
 */
export function errorsOutside(
  seconds: readonly SecondRow[],
  faults: readonly FaultOutcome[],
  text: string,
): ThresholdOutcome {
  const covered = ({ atMs }: SecondRow) =>
    faults.some(({ beganMs, recoveryMs, watchedMs }) => {
      if (beganMs === undefined) return false;
      // The fault's own second is always its own.
      return atMs + secondMs > beganMs && atMs < beganMs + Math.max(recoveryMs ?? watchedMs, 1);
    });
  const rest = seconds.filter((row) => !covered(row));
  const sent = rest.reduce((sum, { done }) => sum + done, 0);
  const failures = rest.reduce((sum, { failed }) => sum + failed, 0);
  const [outcome] = judgeThresholds([parseThreshold(text)], {
    latencyMs: () => undefined,
    sent,
    failures,
    iterations: 0,
    dropped: 0,
    checks: { passed: 0, failed: 0 },
    seconds: rest.length,
  });
  // All of the run within the faults' windows: their objectives alone judge it.
  if (sent === 0)
    return { ...outcome!, text: `${text} outside of the faults`, passed: true, message: 'nothing is outside' };
  return { ...outcome!, text: `${text} outside of the faults` };
}
