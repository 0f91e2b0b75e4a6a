import type { Clock } from '../../kernel/clock.js';
import type { Verdict } from '../measure/verdict.js';
import { Histogram } from '../memory/histogram.js';
import type { ArrivalUnit, SearchBounds } from '../plan/plan.js';
import { parseThreshold, type Threshold } from '../plan/thresholds.js';
import type { MaxFound, RateProbe } from './max-found.js';
import {
  type BacklogSample,
  backlogGrowth,
  growsEverSlower,
  isHopeless,
  type JudgedProbe,
  judgeProbe,
  latenciesToShow,
  type RunCounts,
} from './probe.js';
import { type ProbeRequest, RateSearch } from './rate-search.js';

/** A run as a search sees and steers it. */
export interface SearchedRun {
  look(): RunLook;
  /** Copies of what was recorded so far. */
  histograms(): Record<'response' | 'service' | 'startLag', Histogram>;
  /** Of the plan's rate, which is the search's first. */
  adjustRate(factor: number): void;
  pause(): void;
  resume(): void;
}

/** A run at a moment. */
export interface RunLook extends RunCounts {
  /** Milliseconds since the first arrival was due. */
  elapsedMs: number;
  phase: 'before' | 'running' | 'over';
  /** Milliseconds that what was counted may be old. */
  behindMs: number;
}

export interface SearchOptions {
  bounds: SearchBounds;
  unit: ArrivalUnit;
  thresholds: readonly Threshold[];
  clock: Clock;
  /** How long a probe's last requests are awaited at most. */
  drainMs: number;
  /** The run is over, whatever its figures say. */
  signal?: AbortSignal;
}

/** What is taken where no threshold is about latency: a server whose answers take longer is not keeping up with its users. */
export const defaultLatencyLimit = 'p(95)<1000';

/** What broke this near to what held bounds it as well as anybody needs. */
const narrow = 1.15;
const pollMs = 25;
/** What was released but not yet counted when arrivals were stopped. */
const settleMs = 100;
const mostExtensionMs = 20_000;
/** A backlog that takes this share of all arrivals is plain so soon. */
const overrunBy = 0.3;
const overrunAfterMs = 500;
/** Fewer gather by chance where answers take unequal times. */
const overrunUnderWay = 40;

/**
 * Looks for the highest rate that a run's service holds. Each rate begins with nothing under way and is followed by a wait
 * until nothing is: so every outcome belongs to the rate at which its request was due, time-outs too. Names a rate only
 * where a longer confirmation at it held.
 */
export async function findMax(run: SearchedRun, options: SearchOptions): Promise<MaxFound> {
  const { thresholds, isDefault } = withLatencyLimit(options.thresholds);
  const search = new RateSearch(options.bounds);
  const prober = new Prober(run, options, thresholds);
  const probes: RateProbe[] = [];
  let cut: string | undefined;
  for (await prober.begun(); ; ) {
    const { elapsedMs } = run.look();
    const request = search.next(elapsedMs);
    if (request === undefined) break;
    const judged = await prober.probe(request);
    if (judged === undefined) {
      cut = 'the run ended before the search did';
      break;
    }
    probes.push(judged.probe);
    search.take(judged, request);
    if (prober.stuck) {
      cut = `${options.unit} took longer to end than a search can wait for`;
      break;
    }
  }
  const limits = thresholds.map(({ text }) => text);
  if (isDefault) limits[0] += ' (taken where no threshold is about latency)';
  return answerOf(search, { unit: options.unit, bounds: options.bounds, probes, limits, cut });
}

function withLatencyLimit(given: readonly Threshold[]): { thresholds: Threshold[]; isDefault: boolean } {
  const hasOwn = given.some(({ metric }) => metric === 'response' || metric === 'service');
  return { thresholds: hasOwn ? [...given] : [parseThreshold(defaultLatencyLimit), ...given], isDefault: !hasOwn };
}

/** Carries probes out. */
class Prober {
  /** Something was still under way after the longest wait: what comes next would be mixed with it. */
  stuck = false;
  private isFirst = true;
  private readonly limitMs: number;

  constructor(
    private readonly run: SearchedRun,
    private readonly options: SearchOptions,
    private readonly thresholds: readonly Threshold[],
  ) {
    const bounds = thresholds
      .filter(({ metric, operator }) => (metric === 'response' || metric === 'service') && operator.startsWith('<'))
      .map(({ bound }) => bound);
    this.limitMs = bounds.length === 0 ? options.drainMs : Math.max(...bounds);
  }

  /** Waits for the run's first arrival. */
  async begun(): Promise<void> {
    while (this.run.look().phase === 'before' && !this.isOver()) await this.sleep(pollMs / 5);
  }

  /** Tries one rate, from nothing under way to nothing under way; undefined where the run ended meanwhile. */
  async probe(request: ProbeRequest): Promise<JudgedProbe | undefined> {
    const { run, options } = this;
    const before = this.isFirst ? nothing() : { counts: run.look(), latency: run.histograms() };
    const atMs = this.isFirst ? 0 : before.counts.elapsedMs;
    if (!this.isFirst) {
      run.adjustRate(request.ratePerSecond / options.bounds.startPerSecond);
      run.resume();
    }
    this.isFirst = false;
    const samples: BacklogSample[] = [];
    const latency = emptyHistograms();
    const end = await this.watchArrivals(request, { atMs, before, samples });
    if (end === undefined) return undefined;
    const { endMs, hopeless } = end;
    run.pause();
    const after = await this.drained(endMs);
    const later = run.histograms();
    for (const key of ['response', 'service', 'startLag'] as const)
      latency[key].becomeDifference(later[key], before.latency[key]);
    const counts = difference(after, before.counts);
    const left = counts.iterationsStarted - counts.iterationsEnded;
    this.stuck = left > 0;
    const judged = judgeProbe(
      {
        ratePerSecond: request.ratePerSecond,
        kind: request.kind,
        unit: options.unit,
        atMs,
        durationMs: endMs - atMs,
        totalMs: after.elapsedMs - atMs,
        counts,
        left,
        hopeless,
        samples,
        latency,
      },
      this.thresholds,
    );
    await this.recovered(judged);
    return judged;
  }

  /** What timed out is not under way any more, but the server may be at it still: it gets the time that it needs for that. */
  private async recovered({ probe, donePerSecond }: JudgedProbe): Promise<void> {
    if (probe.timedOut === 0) return;
    const { drainMs, bounds } = this.options;
    const neededMs = donePerSecond === undefined ? drainMs : (probe.timedOut / Math.max(donePerSecond, 0.1)) * 1000;
    const untilMs = this.run.look().elapsedMs + Math.min(neededMs, 2 * drainMs, bounds.budgetMs / 4);
    while (!this.isOver() && this.run.look().phase === 'running' && this.run.look().elapsedMs < untilMs)
      await this.sleep(10 * pollMs);
  }

  /** Until the probe has lasted long enough or is hopeless; gives the run's time then. */
  private async watchArrivals(
    { ratePerSecond, durationMs, kind }: ProbeRequest,
    at: { atMs: number; before: Before; samples: BacklogSample[] },
  ): Promise<{ endMs: number; hopeless: boolean } | undefined> {
    const { run } = this;
    let neededMs = durationMs;
    for (;;) {
      await this.sleep(pollMs);
      const look = run.look();
      if (look.phase !== 'running' || this.isOver()) return undefined;
      const counts = difference(look, at.before.counts);
      const sinceMs = look.elapsedMs - at.atMs;
      const { iterationsStarted, iterationsEnded: ended, ok } = counts;
      at.samples.push({ atMs: sinceMs, underWay: iterationsStarted - ended, ended, ok });
      const hopeless =
        isHopeless(counts, ratePerSecond, this.limitMs) || this.isOverrun(at.samples, sinceMs, ratePerSecond);
      const longestMs = durationMs + Math.min(mostExtensionMs, 4 * durationMs);
      if (hopeless || sinceMs >= longestMs) return { endMs: look.elapsedMs, hopeless };
      if (sinceMs < neededMs) continue;
      const meanMs = this.meanTimeMs(at.samples, counts, sinceMs);
      const growth = backlogGrowth(at.samples, { durationMs: sinceMs, ratePerSecond, kind });
      const unsettled =
        latenciesToShow * meanMs > sinceMs || (growth !== undefined && growsEverSlower(at.samples, sinceMs));
      if (!unsettled || meanMs > this.limitMs) return { endMs: look.elapsedMs, hopeless };
      neededMs = Math.min(Math.max(latenciesToShow * meanMs, 1.5 * sinceMs), longestMs);
    }
  }

  /** More comes in than ends by so much that waiting on only makes the backlog longer. */
  private isOverrun(samples: readonly BacklogSample[], sinceMs: number, ratePerSecond: number): boolean {
    if (sinceMs < overrunAfterMs || (samples.at(-1)?.underWay ?? 0) < overrunUnderWay) return false;
    const growth = backlogGrowth(samples, { durationMs: sinceMs, ratePerSecond, kind: 'probe' }) ?? 0;
    return growth > overrunBy * ratePerSecond && !growsEverSlower(samples, sinceMs);
  }

  /** How long an iteration takes, by Little's law: what is under way on average over what ends a second. */
  private meanTimeMs(samples: readonly BacklogSample[], counts: RunCounts, sinceMs: number): number {
    if (counts.iterationsEnded === 0) return sinceMs;
    const underWay = samples.reduce((sum, sample) => sum + sample.underWay, 0) / samples.length;
    return (underWay * sinceMs) / counts.iterationsEnded;
  }

  /** Waits until nothing is under way any more, and gives what was counted then. */
  private async drained(pausedMs: number): Promise<RunLook> {
    for (;;) {
      await this.sleep(pollMs);
      const look = this.run.look();
      const waitedMs = look.elapsedMs - pausedMs;
      const settled = waitedMs >= settleMs + 2 * look.behindMs;
      const none = look.iterationsStarted === look.iterationsEnded;
      if (settled && none) return look;
      if (waitedMs > this.options.drainMs + settleMs + 2 * look.behindMs + 1000) return look;
      if (look.phase === 'over' || this.isOver()) return look;
    }
  }

  private isOver(): boolean {
    return this.options.signal?.aborted === true;
  }

  private sleep(ms: number): Promise<void> {
    return this.options.clock.sleep(ms, this.options.signal).catch(() => undefined);
  }
}

interface Before {
  counts: RunCounts & { elapsedMs: number };
  latency: ReturnType<typeof emptyHistograms>;
}

function emptyHistograms(): Record<'response' | 'service' | 'startLag', Histogram> {
  return { response: new Histogram(), service: new Histogram(), startLag: new Histogram() };
}

function nothing(): Before {
  const counts = { iterationsStarted: 0, iterationsEnded: 0, dropped: 0, sent: 0, ok: 0, failed: 0, timedOut: 0 };
  return { counts: { ...counts, checks: { passed: 0, failed: 0 }, elapsedMs: 0 }, latency: emptyHistograms() };
}

function difference(later: RunCounts, earlier: RunCounts): RunCounts {
  return {
    iterationsStarted: later.iterationsStarted - earlier.iterationsStarted,
    iterationsEnded: later.iterationsEnded - earlier.iterationsEnded,
    dropped: later.dropped - earlier.dropped,
    sent: later.sent - earlier.sent,
    ok: later.ok - earlier.ok,
    failed: later.failed - earlier.failed,
    timedOut: later.timedOut - earlier.timedOut,
    checks: {
      passed: later.checks.passed - earlier.checks.passed,
      failed: later.checks.failed - earlier.checks.failed,
    },
  };
}

/** The answer of a run whose numbers cannot be trusted: none. */
export function withVerdict(found: MaxFound, verdict: Verdict): MaxFound {
  if (verdict.state !== 'VOID') return found;
  const reasons = verdict.reasons.filter(({ severity }) => severity === 'VOID').map(({ message }) => message);
  const sentence = `The highest rate was not shown: the run is VOID (${reasons.join('; ')}).`;
  return { ...found, state: 'not shown', heldPerSecond: undefined, sentence };
}

interface Told {
  unit: ArrivalUnit;
  bounds: SearchBounds;
  probes: RateProbe[];
  limits: string[];
  /** Why the search was not brought to its end. */
  cut: string | undefined;
}

function answerOf(search: RateSearch, told: Told): MaxFound {
  const { unit, probes, limits } = told;
  const broken = search.lowestBroken?.probe;
  const held = search.confirmed?.probe;
  const state = stateOf(search, told);
  const answer = {
    state,
    unit,
    heldPerSecond: held?.ratePerSecond,
    brokePerSecond: broken?.ratePerSecond,
    why: broken?.why ?? [],
    limits,
    probes,
  };
  return { ...answer, sentence: inWords(answer, search, told) };
}

function stateOf(search: RateSearch, { bounds, cut }: Told): MaxFound['state'] {
  const broken = search.lowestBroken?.probe;
  if (search.confirmed === undefined) {
    const allBroke =
      broken !== undefined && broken.outcome === 'broke' && broken.ratePerSecond <= bounds.lowestPerSecond;
    return cut === undefined && allBroke ? 'none' : 'not shown';
  }
  const held = search.confirmed.probe.ratePerSecond;
  if (broken === undefined) return held >= bounds.topPerSecond ? 'top' : 'bounded';
  if (broken.outcome === 'not offered') return 'generator';
  return broken.ratePerSecond / held <= narrow ? 'found' : 'bounded';
}

function inWords(answer: Omit<MaxFound, 'sentence'>, search: RateSearch, { bounds, cut, unit }: Told): string {
  const rate = (perSecond: number | undefined) => `${shown(perSecond ?? 0)} ${unit}/s`;
  const { heldPerSecond, brokePerSecond, why } = answer;
  const seconds = ((search.confirmed?.probe.durationMs ?? 0) / 1000).toFixed(1).replace(/\.0$/, '');
  const broke = `At ${rate(brokePerSecond)} it did not: ${why.join('; ')}.`;
  switch (answer.state) {
    case 'found':
      return `Highest rate that held: ${rate(heldPerSecond)} (confirmed over ${seconds} s). ${broke}`;
    case 'bounded':
      if (brokePerSecond === undefined)
        return `The highest rate is ${rate(heldPerSecond)} (confirmed over ${seconds} s) or more: there was no time to look higher. Give it some with --duration.`;
      return `The highest rate lies between ${rate(heldPerSecond)} (held, confirmed over ${seconds} s) and ${rate(brokePerSecond)}, which did not hold: ${why.join('; ')}. More time narrows it: --duration.`;
    case 'top':
      return `Everything held up to ${rate(heldPerSecond)} (confirmed over ${seconds} s), the highest that was to be tried: the limit is above. Look higher with --rps.`;
    case 'generator':
      return `Highest rate shown: ${rate(heldPerSecond)} (confirmed over ${seconds} s). What is above was not shown: at ${rate(brokePerSecond)} ${why.join('; ')}.`;
    case 'none':
      return `No rate held, not even ${rate(bounds.lowestPerSecond)}: ${why.join('; ')}.`;
    case 'not shown': {
      const held = search.heldPerSecond;
      const reason = cut ?? `${shown(bounds.budgetMs / 1000)} s were not enough: give more with --duration`;
      const once = held === undefined ? '' : ` ${rate(held)} held once, but that was not confirmed.`;
      const above = brokePerSecond === undefined ? '' : ` ${rate(brokePerSecond)} did not hold: ${why.join('; ')}.`;
      return `The highest rate was not shown: ${reason}.${once}${above}`;
    }
  }
}

/** Three digits: a rate is known no better. */
function shown(value: number): string {
  if (value >= 1000) return String(Math.round(Number(value.toPrecision(3)))).replace(/\B(?=(\d{3})+$)/g, ',');
  return String(Number(value.toPrecision(3)));
}
