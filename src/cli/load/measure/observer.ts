import { shownUrl } from '../../kernel/secrets.js';
import type { ArrivalTraits } from '../arrivals/model.js';
import { traitsOf } from '../arrivals/models.js';
import { LiveSchedule, Schedule } from '../arrivals/schedule.js';
import { Histogram } from '../memory/histogram.js';
import { type ControlMemory, control, counter, slotMs, type WorkerMemory } from '../memory/memory.js';
import { type LoadPlan, planSteps } from '../plan/plan.js';
import { withErrorThreshold } from '../plan/thresholds.js';
import type { RunLook } from '../search/find-max.js';
import {
  assertAccounts,
  mergeChecks,
  round,
  runPassed,
  statusFigures,
  stepFigures,
  thresholdOutcomes,
  type WorkerEnd,
} from './figures.js';
import type { MachineFigures } from './machine.js';
import type { LoadResult, LoadSnapshot, Progress } from './metrics.js';
import { progressOf, runArrivals } from './progress.js';
import { Seconds } from './seconds.js';
import { SeriesReader } from './series.js';
import { RecentWindow, Totals } from './totals.js';
import { judge, type Verdict } from './verdict.js';

/** Neither verdict nor thresholds are told of less data than this. */
const judgedAfterMs = 1000;

/** What an observer looks at. */
export interface ObservedRun {
  /** Of all I/O threads. */
  memories: WorkerMemory[];
  steering: ControlMemory;
  nowUs: () => number;
  /** How late the machine woke each pacer. */
  wakeUps: Histogram[];
  /** Watches what the machine does to the generator, from the moment it is asked on. */
  machine: () => { sample(): MachineFigures };
  /** Of a distributed run. */
  shards?: {
    count: number;
    /** Those that are lost, in words. */
    lost(): string[];
    /** Milliseconds that figures may be old when they get here. */
    behindMs: number;
  };
}

/** Looks at a run from outside: snapshots while it goes on, the result when it is over. Changes nothing. */
export class Observer {
  private readonly totals: Totals;
  private readonly recent: RecentWindow;
  private readonly series: SeriesReader;
  /** Of a plan with faults. */
  private readonly seconds: Seconds | undefined;
  private machine: { sample(): MachineFigures };
  /** Follows the pacer's own, for the target rate, the stage and the arrivals due. */
  private readonly live: LiveSchedule;
  private readonly steps: string[];
  private readonly traits: ArrivalTraits;
  private startedAtUnixMs = 0;
  private started = false;
  private finishedAtMs: number | undefined;
  private result: LoadResult | undefined;
  private dueBefore = 0;
  private dueSinceMs = 0;
  private factor = 1;
  private busyLoopSum = 0;
  private busyLoopSamples = 0;
  private peakConnections = 0;
  private lostThreads = 0;

  constructor(
    private readonly plan: LoadPlan,
    private readonly observed: ObservedRun,
  ) {
    this.machine = observed.machine();
    this.totals = new Totals(observed.memories);
    this.recent = new RecentWindow(this.totals);
    this.seconds = plan.faults === undefined ? undefined : new Seconds(withErrorThreshold(plan.thresholds), slotMs);
    this.series = new SeriesReader(observed.memories, this.seconds);
    this.steps = planSteps(plan);
    this.traits = traitsOf(plan.arrivals);
    // Without a rate only the time of the stages matters, not their integral.
    this.live = new LiveSchedule(new Schedule(this.traits.rate ?? plan.arrivals.stages));
  }

  /** The arrivals are over: by the plan or because they were ended. */
  get over(): boolean {
    return this.finishedAtMs !== undefined;
  }

  start(startedAtUnixMs: number): void {
    this.startedAtUnixMs = startedAtUnixMs;
    this.machine = this.observed.machine();
    this.started = true;
  }

  /** Milliseconds since the first arrival was due; negative before. */
  private elapsedMs(): number {
    if (!this.started) return 0;
    const { nowUs, steering } = this.observed;
    return (nowUs() - steering.numbers[control.numbers.originUs]!) / 1000;
  }

  beforeChange(): void {
    const atMs = this.elapsedMs();
    this.dueBefore = this.due(atMs);
    this.dueSinceMs = this.live.planMs(atMs);
  }

  afterFactor(factor: number): void {
    this.factor = factor;
    this.live.setFactor(factor, this.elapsedMs());
  }

  setPaused(paused: boolean): void {
    this.live.setPaused(paused, this.elapsedMs());
  }

  markFinish(): void {
    this.finishedAtMs ??= Math.max(0, Math.min(this.elapsedMs(), this.live.endMs()));
  }

  /** Milliseconds since the arrivals were over; negative while they are not. */
  finishedForMs(): number {
    return this.over ? this.elapsedMs() - this.finishedAtMs! : -1;
  }

  /** Arrivals of this process that were due until `atMs`. */
  private due(atMs: number): number {
    const planned = this.live.plan.countAt(Math.min(this.live.planMs(atMs), this.live.plan.durationMs));
    const before = this.live.plan.countAt(this.dueSinceMs);
    return this.dueBefore + ((planned - before) * this.factor) / this.plan.shard.count;
  }

  /** Moves the recent window and the series on; called four times a second. */
  sample(): void {
    if (!this.started || this.result !== undefined) return;
    const elapsedMs = this.elapsedMs();
    if (elapsedMs < 0) return;
    const { limit } = this.traits;
    const allBegun = limit !== undefined && this.totals.sum(counter.iterationsStarted) * this.plan.shard.count >= limit;
    if (elapsedMs >= this.live.endMs() || allBegun) this.markFinish();
    this.recent.sample(elapsedMs);
    this.series.read();
    this.busyLoopSum += this.totals.highest(counter.eventLoopUtilization);
    this.busyLoopSamples++;
    this.peakConnections = Math.max(this.peakConnections, this.totals.sum(counter.connectionsOpen));
  }

  snapshot(): LoadSnapshot {
    const { totals, plan } = this;
    const elapsedMs = Math.max(0, this.result?.totalMs ?? this.elapsedMs());
    // Before the counts: what is answered meanwhile must not outnumber what was sent.
    const [statusCodes, errors] = [totals.statusCodes(), totals.errors()];
    const counts = totals.counts();
    const iterations = totals.iterations();
    const latencyMs = totals.latencies();
    const windowMs = this.windowMs();
    const perSecond = (count: number) => (windowMs > 0 ? (count * 1000) / windowMs : 0);
    // Less than a second of data decides nothing, and what is recent is all of it.
    const early = elapsedMs < judgedAfterMs;
    const { recent } = this;
    return {
      ...counts,
      elapsedMs,
      unit: plan.unit,
      targetIterationsPerSecond: this.traits.rate === undefined ? undefined : this.targetNow(elapsedMs),
      recentRequestsPerSecond: early ? perSecond(counts.sent) : recent.requestsPerSecond,
      recentIterationsPerSecond: early ? perSecond(iterations.started) : recent.iterationsPerSecond,
      achievedRequestsPerSecond: perSecond(counts.sent),
      achievedIterationsPerSecond: perSecond(iterations.started),
      droppedBy: totals.droppedBy(),
      iterations,
      checks: totals.checks(),
      latencyMs,
      recentLatencyMs: early ? latencyMs : recent.latencies,
      statusCodes,
      errors,
      bytes: totals.bytes(),
      connections: { open: totals.sum(counter.connectionsOpen), opened: totals.sum(counter.connectionsOpened) },
      series: this.series.rows,
      verdict: this.result?.verdict ?? (early ? undefined : this.verdict(elapsedMs)),
      thresholds: this.result?.thresholds ?? (early ? [] : thresholdOutcomes(plan, totals, windowMs)),
      progress: this.progress(elapsedMs),
    };
  }

  /** What a search needs of it, many times a second: cheaper than a snapshot. */
  look(): RunLook {
    const { totals } = this;
    const { started, ok: whole, failed: broken } = totals.iterations();
    const { dropped, sent, ok, failed, timedOut } = totals.counts();
    const elapsedMs = this.elapsedMs();
    const phase =
      this.over || this.result !== undefined ? 'over' : this.started && elapsedMs >= 0 ? 'running' : 'before';
    return {
      elapsedMs: Math.max(0, elapsedMs),
      phase: phase === 'running' && elapsedMs >= this.live.endMs() ? 'over' : phase,
      behindMs: this.observed.shards?.behindMs ?? 0,
      iterationsStarted: started,
      iterationsEnded: whole + broken,
      dropped,
      sent,
      ok,
      failed,
      timedOut,
      checks: totals.checks(),
    };
  }

  /** Copies of what was recorded so far. */
  histograms(): Record<'response' | 'service' | 'startLag', Histogram> {
    const copy = (pick: (memory: WorkerMemory) => Histogram) => this.totals.histogram(pick);
    return {
      response: copy((memory) => memory.response),
      service: copy((memory) => memory.service),
      startLag: copy((memory) => memory.startLag),
    };
  }

  /** Whether a threshold that is to end the run has failed, `afterMs` into it at the earliest. */
  abortWanted(afterMs: number): boolean {
    const elapsedMs = this.elapsedMs();
    if (elapsedMs < afterMs || !this.plan.thresholds.some(({ abortOnFail }) => abortOnFail)) return false;
    const outcomes = thresholdOutcomes(this.plan, this.totals, this.windowMs());
    return outcomes.some(({ passed }, i) => {
      const { abortOnFail, delayMs = 0 } = this.plan.thresholds[i]!;
      return !passed && abortOnFail && elapsedMs >= delayMs;
    });
  }

  /** The result, made once when the threads are done. Throws where the accounting does not add up: a bug in the engine. */
  finalResult(ends: WorkerEnd[], ended: LoadResult['ended']): LoadResult {
    this.markFinish();
    const { shards, memories } = this.observed;
    this.lostThreads = memories.length - ends.length;
    this.recent.sample(this.elapsedMs());
    this.series.read(true);
    const totalMs = Math.max(0, this.elapsedMs());
    const { totals, plan } = this;
    const counts = totals.counts();
    const busy = ends.reduce((sum, end) => sum + end.busy, 0);
    if (this.lostThreads === 0) assertAccounts(counts, busy, totals.errors());
    const histogram = (pick: (memory: WorkerMemory) => Histogram) => totals.histogram(pick);
    const [response, service, startLag] = [
      histogram((memory) => memory.response),
      histogram((memory) => memory.service),
      histogram((memory) => memory.startLag),
    ];
    const durationMs = this.windowMs();
    const closed = this.traits.rate === undefined;
    const iterations = totals.iterations();
    const arrived = closed ? counts.ok + counts.failed + counts.timedOut : counts.sent;
    const begun = closed ? iterations.ok + iterations.failed : iterations.started;
    // A closed run ends with its last response, so its rate is over the whole time.
    const spanMs = closed ? totalMs : durationMs;
    const perSecond = (count: number) => (spanMs > 0 ? round((count * 1000) / spanMs) : 0);
    const thresholds = thresholdOutcomes(plan, totals, spanMs);
    const verdict = this.verdict(durationMs);
    this.result = {
      schema: 'hwctl.dev/load-result/v2',
      name: plan.name,
      url: shownUrl(plan.endpoint.url),
      startedAtUnixMs: Math.round(this.startedAtUnixMs),
      durationMs: round(durationMs),
      totalMs: round(totalMs),
      ...counts,
      arrivals: runArrivals(plan),
      achievedRequestsPerSecond: perSecond(arrived),
      achievedIterationsPerSecond: perSecond(begun),
      targetIterationsPerSecond:
        closed || durationMs <= 0 ? undefined : round((this.due(durationMs) * 1000) / durationMs),
      ended,
      passed: runPassed({ verdict, thresholds, ended }),
      latencyMs: { response: response.summary(), service: service.summary(), startLag: startLag.summary() },
      statusCodes: totals.statusCodes(),
      errors: totals.errors(),
      thresholds,
      verdict,
      droppedBy: totals.droppedBy(),
      iterations,
      checks: mergeChecks(ends),
      bytes: totals.bytes(),
      connections: {
        opened: totals.sum(counter.connectionsOpened),
        preopened: totals.sum(counter.preopened),
        peak: Math.max(this.peakConnections, totals.sum(counter.preopened)),
      },
      timingsMs: {
        connect: histogram((memory) => memory.connect).summary(),
        tls: histogram((memory) => memory.tls).summary(),
        firstByte: histogram((memory) => memory.firstByte).summary(),
      },
      steps: stepFigures(this.steps, totals, response, service, counts),
      statuses: statusFigures(memories),
      server: {
        software: ends.find((end) => end.server !== undefined)?.server,
        bodyBytes: totals.highest(counter.firstBodyBytes),
      },
      machine: { wakeUpMs: this.wakeUp().summary() },
      workers: plan.workers,
      pods: shards?.count,
      maxInFlight: plan.maxInFlight,
      peakInFlight: totals.sum(counter.peakInFlight),
      series: { intervalMs: this.series.intervalMs, rows: this.series.rows },
      latencySeries: this.series.latency.series(),
      heat: this.series.heat,
      seconds: this.seconds?.read(),
      histograms: { response: response.encode(), service: service.encode(), startLag: startLag.encode() },
    };
    return this.result;
  }

  private windowMs(): number {
    return Math.max(0, this.finishedAtMs ?? Math.min(this.elapsedMs(), this.live.endMs()));
  }

  private targetNow(elapsedMs: number): number {
    if (this.over || this.paused()) return 0;
    return (this.live.plan.rateAt(this.live.planMs(elapsedMs)) * this.factor) / this.plan.shard.count;
  }

  private wakeUp(): Histogram {
    const [first, ...others] = this.observed.wakeUps as [Histogram, ...Histogram[]];
    if (others.length === 0) return first;
    const all = new Histogram();
    for (const one of this.observed.wakeUps) all.add(one);
    return all;
  }

  private paused(): boolean {
    return Atomics.load(this.observed.steering.words, control.words.paused) !== 0;
  }

  private verdict(elapsedMs: number): Verdict {
    const { totals } = this;
    const { shards } = this.observed;
    const wakeUp = this.wakeUp();
    const lag = totals.histogram((memory) => memory.startLag);
    const response = totals.histogram((memory) => memory.response);
    const errors = totals.errors();
    const droppedBy = totals.droppedBy();
    const arrivals = totals.sum(counter.iterationsStarted) + droppedBy.maxInFlight + droppedBy.userBusy;
    return judge({
      startLagCount: lag.count,
      startLagP99Ms: lag.count === 0 ? 0 : lag.percentileUs(99) / 1000,
      wakeUpCount: wakeUp.count,
      wakeUpP99Ms: wakeUp.count === 0 ? 0 : wakeUp.percentileUs(99) / 1000,
      responseP99Ms: response.count === 0 ? 0 : response.percentileUs(99) / 1000,
      scheduled: arrivals,
      // A rate that is dropped from did not hold: the search's answer says so, and the others are as good as ever.
      droppedMaxInFlight: this.plan.search === undefined ? droppedBy.maxInFlight : 0,
      droppedUserBusy: droppedBy.userBusy,
      // What became due within the last moments of a live run may rightly be on its way.
      due:
        this.traits.rate === undefined
          ? undefined
          : this.due(this.over ? this.windowMs() : Math.max(0, elapsedMs - (shards?.behindMs ?? 100))),
      eventLoopUtilization: this.busyLoopSamples === 0 ? 0 : this.busyLoopSum / this.busyLoopSamples,
      ...this.machine.sample(),
      elapsedMs,
      sent: totals.sum(counter.sent),
      over: this.over,
      filesExhausted: errors['too many open files'] ?? 0,
      portsExhausted: errors['no free local ports'] ?? 0,
      gcLongestMs: totals.highest(counter.gcLongestUs) / 1000,
      lostThreads: shards === undefined ? this.lostThreads : 0,
      lostPods: shards?.lost() ?? [],
    });
  }

  private progress(elapsedMs: number): Progress {
    const ms = Math.max(0, this.live.planMs(elapsedMs));
    const { totals, factor } = this;
    const at = { planMs: ms, over: this.over, factor, started: totals.sum(counter.iterationsStarted) };
    return { phase: this.phase(), ...progressOf(this.plan, at) };
  }

  private phase(): Progress['phase'] {
    if (this.result !== undefined) return 'done';
    if (!this.started) return 'preparing';
    if (this.elapsedMs() < 0) return 'waiting';
    if (this.over || this.elapsedMs() >= this.live.endMs()) return 'draining';
    // A search waits between its rates.
    return this.paused() ? (this.plan.search === undefined ? 'paused' : 'draining') : 'running';
  }
}
