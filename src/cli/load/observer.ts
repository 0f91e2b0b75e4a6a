import {
  assertAccounts,
  latencyOf,
  mergeChecks,
  round,
  stageLabel,
  statusFigures,
  stepFigures,
  type WorkerEnd,
} from './figures.js';
import type { Histogram } from './histogram.js';
import { MachineWatch } from './machine.js';
import { type ControlMemory, control, counter, type WorkerMemory } from './memory.js';
import type { LoadResult, LoadSnapshot, Progress } from './metrics.js';
import { type LoadPlan, planDurationMs, planSteps } from './plan.js';
import { LiveSchedule, rateStages, Schedule } from './schedule.js';
import { SeriesReader } from './series.js';
import { judgeThresholds, type ThresholdFigures, type ThresholdOutcome } from './thresholds.js';
import { RecentWindow, Totals } from './totals.js';
import { judge, type Verdict } from './verdict.js';

/** Looks at a run from outside: snapshots while it goes on, the result when it is over. Changes nothing. */
export class Observer {
  private readonly totals: Totals;
  private readonly recent: RecentWindow;
  private readonly series: SeriesReader;
  private machine = new MachineWatch();
  /** Follows the pacer's own, for the target rate, the stage and the arrivals due. */
  private readonly live: LiveSchedule;
  private readonly steps: string[];
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
    private readonly memories: WorkerMemory[],
    private readonly steering: ControlMemory,
    private readonly nowUs: () => number,
  ) {
    this.totals = new Totals(memories);
    this.recent = new RecentWindow(this.totals);
    this.series = new SeriesReader(memories);
    this.steps = planSteps(plan);
    // For the closed model only the time of the stages matters, not their integral.
    const stages = plan.arrivals.model === 'closed' ? plan.arrivals.stages : rateStages(plan.arrivals);
    this.live = new LiveSchedule(new Schedule(stages));
  }

  /** The arrivals are over: by the plan or because they were ended. */
  get over(): boolean {
    return this.finishedAtMs !== undefined;
  }

  start(startedAtUnixMs: number): void {
    this.startedAtUnixMs = startedAtUnixMs;
    this.machine = new MachineWatch();
    this.started = true;
  }

  /** Milliseconds since the first arrival was due; negative before. */
  private elapsedMs(): number {
    if (!this.started) return 0;
    return (this.nowUs() - this.steering.numbers[control.numbers.originUs]!) / 1000;
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
    const closed = this.plan.arrivals.model === 'closed';
    const { requests } = closed ? (this.plan.arrivals as { requests?: number }) : { requests: undefined };
    const allBegun =
      requests !== undefined && this.totals.sum(counter.iterationsStarted) * this.plan.shard.count >= requests;
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
    const counts = totals.counts();
    const response = totals.histogram((memory) => memory.response);
    const latencyMs = totals.latencies();
    const windowMs = this.windowMs();
    return {
      ...counts,
      elapsedMs,
      targetPerSecond: plan.arrivals.model === 'closed' ? undefined : this.targetNow(elapsedMs),
      recentPerSecond: this.recent.perSecond,
      achievedPerSecond: windowMs > 0 ? (counts.sent * 1000) / windowMs : 0,
      droppedBy: this.droppedBy(),
      iterations: this.iterations(),
      checks: { passed: totals.sum(counter.checksPassed), failed: totals.sum(counter.checksFailed) },
      latencyMs,
      recentLatencyMs: this.recent.latencies,
      statusCodes: totals.statusCodes(),
      errors: totals.errors(),
      bytes: this.bytes(),
      connections: { open: totals.sum(counter.connectionsOpen), opened: totals.sum(counter.connectionsOpened) },
      series: this.series.rows,
      verdict: this.result?.verdict ?? this.verdict(elapsedMs),
      thresholds: this.result?.thresholds ?? this.thresholds(response, windowMs),
      progress: this.progress(elapsedMs),
    };
  }

  /** The result, made once when the threads are done. Throws where the accounting does not add up: a bug in the engine. */
  finalResult(ends: WorkerEnd[], ended: LoadResult['ended']): LoadResult {
    this.markFinish();
    this.lostThreads = this.memories.length - ends.length;
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
    const closed = plan.arrivals.model === 'closed';
    const arrived = closed ? counts.ok + counts.failed + counts.timedOut : counts.sent;
    // A closed run ends with its last response, so its rate is over the whole time.
    const spanMs = closed ? totalMs : durationMs;
    this.result = {
      schema: 'hwctl.dev/load-result/v1',
      name: plan.name,
      url: plan.endpoint.url,
      startedAtUnixMs: Math.round(this.startedAtUnixMs),
      durationMs: round(durationMs),
      totalMs: round(totalMs),
      ...counts,
      achievedPerSecond: spanMs > 0 ? round((arrived * 1000) / spanMs) : 0,
      targetPerSecond: closed || durationMs <= 0 ? undefined : round((this.due(durationMs) * 1000) / durationMs),
      ended,
      latencyMs: { response: response.summary(), service: service.summary(), startLag: startLag.summary() },
      statusCodes: totals.statusCodes(),
      errors: totals.errors(),
      thresholds: this.thresholds(response, spanMs),
      verdict: this.verdict(durationMs),
      droppedBy: this.droppedBy(),
      iterations: this.iterations(),
      checks: mergeChecks(ends),
      bytes: this.bytes(),
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
      statuses: statusFigures(this.memories),
      server: {
        software: ends.find((end) => end.server !== undefined)?.server,
        bodyBytes: totals.highest(counter.firstBodyBytes),
      },
      workers: plan.workers,
      maxInFlight: plan.maxInFlight,
      peakInFlight: totals.sum(counter.peakInFlight),
      series: { intervalMs: this.series.intervalMs, rows: this.series.rows },
      heat: this.series.heat,
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

  private paused(): boolean {
    return Atomics.load(this.steering.words, control.words.paused) !== 0;
  }

  private droppedBy() {
    return {
      maxInFlight: this.totals.sum(counter.droppedMaxInFlight),
      userBusy: this.totals.sum(counter.droppedUserBusy),
    };
  }

  private iterations() {
    return {
      started: this.totals.sum(counter.iterationsStarted),
      ok: this.totals.sum(counter.iterationsOk),
      failed: this.totals.sum(counter.iterationsFailed),
    };
  }

  private bytes() {
    return { sent: this.totals.sum(counter.bytesSent), received: this.totals.sum(counter.bytesReceived) };
  }

  private verdict(elapsedMs: number): Verdict {
    const { totals } = this;
    const lag = totals.histogram((memory) => memory.startLag);
    const response = totals.histogram((memory) => memory.response);
    const errors = totals.errors();
    const { droppedBy } = { droppedBy: this.droppedBy() };
    const arrivals = totals.sum(counter.iterationsStarted) + droppedBy.maxInFlight + droppedBy.userBusy;
    const closed = this.plan.arrivals.model === 'closed';
    return judge({
      startLagCount: lag.count,
      startLagP99Ms: lag.count === 0 ? 0 : lag.percentileUs(99) / 1000,
      responseP99Ms: response.count === 0 ? 0 : response.percentileUs(99) / 1000,
      scheduled: arrivals,
      droppedMaxInFlight: droppedBy.maxInFlight,
      droppedUserBusy: droppedBy.userBusy,
      // What became due within the last moments of a live run may rightly be on its way.
      due: closed ? undefined : this.due(this.over ? this.windowMs() : Math.max(0, elapsedMs - 100)),
      eventLoopUtilization: this.busyLoopSamples === 0 ? 0 : this.busyLoopSum / this.busyLoopSamples,
      ...this.machine.sample(),
      elapsedMs,
      sent: totals.sum(counter.sent),
      filesExhausted: errors['too many open files'] ?? 0,
      portsExhausted: errors['no free local ports'] ?? 0,
      gcLongestMs: totals.highest(counter.gcLongestUs) / 1000,
      lostThreads: this.lostThreads,
    });
  }

  private thresholds(response: Histogram, windowMs: number): ThresholdOutcome[] {
    if (this.plan.thresholds.length === 0) return [];
    const { totals } = this;
    const byMetric = (metric: 'response' | 'service' | 'start_lag') =>
      metric === 'response'
        ? response
        : totals.histogram((memory) => (metric === 'service' ? memory.service : memory.startLag));
    const counts = totals.counts();
    const figures: ThresholdFigures = {
      latencyMs: (metric, aggregation) => latencyOf(byMetric(metric), aggregation),
      sent: counts.sent,
      failures: counts.failed + counts.timedOut,
      iterations: totals.sum(counter.iterationsOk) + totals.sum(counter.iterationsFailed),
      dropped: counts.dropped,
      checks: { passed: totals.sum(counter.checksPassed), failed: totals.sum(counter.checksFailed) },
      seconds: windowMs / 1000,
    };
    return judgeThresholds(this.plan.thresholds, figures);
  }

  private progress(elapsedMs: number): Progress {
    const { arrivals } = this.plan;
    const planMs = Math.max(0, this.live.planMs(elapsedMs));
    const totalMs = planDurationMs(this.plan);
    const stage = Math.min(this.live.plan.stageIndexAt(planMs), arrivals.stages.length - 1);
    const stageEndMs = arrivals.stages.slice(0, stage + 1).reduce((sum, { durationMs }) => sum + durationMs, 0);
    const requests = arrivals.model === 'closed' ? arrivals.requests : undefined;
    const ofRequests = requests === undefined ? 0 : this.totals.sum(counter.iterationsStarted) / requests;
    const fraction = this.over ? 1 : Math.min(1, Math.max(totalMs > 0 ? planMs / totalMs : 0, ofRequests));
    return {
      phase: this.phase(),
      fraction,
      stage,
      stages: arrivals.stages.length,
      stageLabel: stageLabel(arrivals.model, arrivals.stages[stage]!, this.factor),
      stageRemainingMs: this.over ? 0 : Math.max(0, stageEndMs - planMs),
      remainingMs: this.over ? 0 : Math.max(0, totalMs - planMs),
    };
  }

  private phase(): Progress['phase'] {
    if (this.result !== undefined) return 'done';
    if (!this.started) return 'preparing';
    if (this.elapsedMs() < 0) return 'waiting';
    if (this.over || this.elapsedMs() >= this.live.endMs()) return 'draining';
    return this.paused() ? 'paused' : 'running';
  }
}
