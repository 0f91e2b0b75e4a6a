import type { Arrivals } from '../load/arrivals/models.js';
import { Schedule, type Stage, stageValueAt } from '../load/arrivals/schedule.js';
import type { K6Scenario } from './scenarios.js';

/** When iterations of a script begin, as the load engine has it. */
export interface LoadShape {
  arrivals: Arrivals;
  maxInFlight: number | undefined;
  drainMs: number;
  /** Of several scenarios: what each asks for, in the order of the script, from the begin of the load. */
  shares: Stage[][];
}

/**
 * The scenarios of a script as one load: of the same model their levels are added up, each from its own start on. A text says
 * why they cannot be one.
 */
export function shapeOf(scenarios: readonly K6Scenario[]): LoadShape | string {
  const [first] = scenarios;
  if (first === undefined) return 'the script has no scenario';
  const drainMs = Math.min(3_600_000, Math.max(...scenarios.map(({ gracefulStopMs }) => gracefulStopMs)));
  const shares = scenarios.map(({ startMs, stages }) =>
    startMs > 0 ? [{ durationMs: startMs, from: 0, to: 0 }, ...stages] : [...stages],
  );
  const together = scenarios.length === 1 ? shares[0]! : summed(shares);
  if (scenarios.some(({ model }) => model !== first.model))
    return 'some of its scenarios are VUs in a loop and some arrivals at a rate';
  if (first.model === 'open') {
    const most = scenarios.reduce((sum, { mostVus = 0 }) => sum + mostVus, 0);
    return {
      arrivals: { model: 'open', stages: together, poisson: false },
      maxInFlight: Math.max(1, most),
      drainMs,
      shares,
    };
  }
  if (scenarios.length > 1 && scenarios.some(({ limit }) => limit !== undefined))
    return 'a number of iterations belongs to one of its scenarios, and a load counts those of all';
  return {
    arrivals: { model: 'closed', stages: together, requests: first.limit },
    maxInFlight: undefined,
    drainMs,
    shares,
  };
}

/** The sum of levels that change linearly, as stages. */
function summed(all: readonly Stage[][]): Stage[] {
  const times = new Set<number>([0]);
  for (const stages of all) {
    let atMs = 0;
    for (const { durationMs } of stages) {
      atMs += durationMs;
      times.add(atMs);
    }
  }
  const marks = [...times].sort((a, b) => a - b);
  return marks.slice(1).map((endMs, i) => {
    const beginMs = marks[i]!;
    const level = (side: 'from' | 'to') => all.reduce((sum, stages) => sum + levelIn(stages, beginMs, endMs)[side], 0);
    return { durationMs: endMs - beginMs, from: level('from'), to: level('to') };
  });
}

/** What stages come to at the begin and the end of a time that lies within one of them, or behind them all. */
function levelIn(stages: readonly Stage[], beginMs: number, endMs: number): { from: number; to: number } {
  let atMs = 0;
  for (const { durationMs, from, to } of stages) {
    if (beginMs >= atMs && beginMs < atMs + durationMs) {
      const at = (ms: number) => from + ((to - from) * (ms - atMs)) / durationMs;
      return { from: at(beginMs), to: at(endMs) };
    }
    atMs += durationMs;
  }
  return { from: 0, to: 0 };
}

/** Says of which scenario an iteration is, so that each gets what it asks for. */
export interface Dealer {
  deal(arrival: number, nowMs: number): number;
  ended(scenario: number): void;
}

/**
 * For arrivals at a rate: every thread deals all arrivals in its mind, in their order, to the scenario that is furthest
 * behind what was due of it until then, so that all threads and pods agree.
 */
export function rateDealer(shares: readonly Stage[][]): Dealer {
  const together = new Schedule(summed(shares));
  const each = shares.map((stages) => new Schedule(stages));
  const dealt = shares.map(() => 0);
  let next = 0;
  let last = 0;
  return {
    deal(arrival) {
      for (; next <= arrival; next++) {
        const atMs = together.timeOf(next + 0.5);
        const behind = each.map((schedule, i) => schedule.countAt(atMs) - dealt[i]!);
        last = behind.indexOf(Math.max(...behind));
        dealt[last]!++;
      }
      return last;
    },
    ended: () => undefined,
  };
}

/** For VUs in a loop: the next iteration is of the scenario that has the fewest running of those it asks for now. */
export function loopDealer(shares: readonly Stage[][]): Dealer {
  const running = shares.map(() => 0);
  const lasting = shares.map((stages) => stages.reduce((sum, { durationMs }) => sum + durationMs, 0));
  return {
    deal(_, nowMs) {
      const missing = shares.map((stages, i) => (nowMs < lasting[i]! ? stageValueAt(stages, nowMs) : 0) - running[i]!);
      const chosen = missing.indexOf(Math.max(...missing));
      running[chosen]!++;
      return chosen;
    },
    ended(scenario) {
      running[scenario]!--;
    },
  };
}
