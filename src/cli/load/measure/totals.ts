import { Histogram, type LatencySummary } from '../memory/histogram.js';
import { counter, errorCauses, type WorkerMemory } from '../memory/memory.js';
import type { Counts, ErrorCounts, Iterations, Latencies, LoadResult } from './metrics.js';

/** The threads' figures added up: exact once the threads are done, a moment's view before. */
export class Totals {
  constructor(readonly memories: readonly WorkerMemory[]) {}

  sum(index: number): number {
    return this.memories.reduce((sum, memory) => sum + memory.counters[index]!, 0);
  }

  highest(index: number): number {
    return Math.max(...this.memories.map((memory) => memory.counters[index]!));
  }

  counts(): Counts {
    // In this order: a request answered between two reads must not be seen twice.
    const [ok, failed, timedOut] = [this.sum(counter.ok), this.sum(counter.failed), this.sum(counter.timedOut)];
    const dropped = this.sum(counter.droppedMaxInFlight) + this.sum(counter.droppedUserBusy);
    const sent = this.sum(counter.sent);
    return {
      scheduled: this.sum(counter.scheduled),
      sent,
      dropped,
      ok,
      failed,
      timedOut,
      inFlight: this.sum(counter.inFlight),
    };
  }

  droppedBy(): LoadResult['droppedBy'] {
    return { maxInFlight: this.sum(counter.droppedMaxInFlight), userBusy: this.sum(counter.droppedUserBusy) };
  }

  iterations(): Iterations {
    return {
      started: this.sum(counter.iterationsStarted),
      ok: this.sum(counter.iterationsOk),
      failed: this.sum(counter.iterationsFailed),
    };
  }

  checks(): { passed: number; failed: number } {
    return { passed: this.sum(counter.checksPassed), failed: this.sum(counter.checksFailed) };
  }

  bytes(): { sent: number; received: number } {
    return { sent: this.sum(counter.bytesSent), received: this.sum(counter.bytesReceived) };
  }

  statusCodes(): Record<string, number> {
    const codes: Record<string, number> = {};
    for (let status = 0; status < 1000; status++) {
      const count = this.memories.reduce((sum, memory) => sum + memory.statuses[status]!, 0);
      if (count > 0) codes[status] = count;
    }
    return codes;
  }

  errors(): ErrorCounts {
    const errors: ErrorCounts = {};
    errorCauses.forEach((cause, index) => {
      const count = this.memories.reduce((sum, memory) => sum + memory.errors[index]!, 0);
      if (count > 0) errors[cause] = count;
    });
    return errors;
  }

  /** All threads' values of one histogram; `into` is overwritten where given. */
  histogram(pick: (memory: WorkerMemory) => Histogram, into = new Histogram()): Histogram {
    into.copyFrom(pick(this.memories[0]!));
    for (const memory of this.memories.slice(1)) into.add(pick(memory));
    return into;
  }

  latencies(): Latencies {
    return {
      response: this.histogram((memory) => memory.response).summary(),
      service: this.histogram((memory) => memory.service).summary(),
      startLag: this.histogram((memory) => memory.startLag).summary(),
    };
  }
}

const kinds = ['response', 'service', 'startLag'] as const;
type Kind = (typeof kinds)[number];

/** Latencies of the recent past: differences of what the histograms held a while ago and hold now. */
export class RecentWindow {
  private readonly kept: { atMs: number; sent: number; begun: number; histograms: Record<Kind, Histogram> }[] = [];
  private readonly scratch = new Histogram();
  private known: Latencies | undefined;
  requestsPerSecond = 0;
  iterationsPerSecond = 0;

  constructor(
    private readonly totals: Totals,
    /** Samples that the window spans. */
    private readonly span = 4,
  ) {}

  /** Moves the window on; call at a steady pace. */
  sample(atMs: number): void {
    const sent = this.totals.sum(counter.sent);
    const begun = this.totals.sum(counter.iterationsStarted);
    const oldest = this.kept.length > this.span ? this.kept.shift()! : undefined;
    const histograms = oldest?.histograms ?? {
      response: new Histogram(),
      service: new Histogram(),
      startLag: new Histogram(),
    };
    for (const kind of kinds) this.totals.histogram((memory) => memory[kind], histograms[kind]);
    this.kept.push({ atMs, sent, begun, histograms });
    this.known = undefined;
    const first = this.kept[0]!;
    if (atMs <= first.atMs) return;
    this.requestsPerSecond = ((sent - first.sent) * 1000) / (atMs - first.atMs);
    this.iterationsPerSecond = ((begun - first.begun) * 1000) / (atMs - first.atMs);
  }

  /** Worked out only where somebody looks. */
  get latencies(): Latencies {
    this.known ??= {
      response: this.summaryOf('response'),
      service: this.summaryOf('service'),
      startLag: this.summaryOf('startLag'),
    };
    return this.known;
  }

  private summaryOf(kind: Kind): LatencySummary {
    const [first, last] = [this.kept[0], this.kept.at(-1)];
    if (first === undefined || last === undefined) return new Histogram().summary();
    if (first === last) return last.histograms[kind].summary();
    this.scratch.becomeDifference(last.histograms[kind], first.histograms[kind]);
    return this.scratch.summary();
  }
}
