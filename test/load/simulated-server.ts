import type { Clock } from '../../src/cli/kernel/clock.js';
import { Histogram } from '../../src/cli/load/memory/histogram.js';
import type { RunLook, SearchedRun } from '../../src/cli/load/search/find-max.js';

/** When a request that comes at `nowMs` is answered, and how; `underWay`: requests that the server has by then. */
export type ServerModel = (nowMs: number, underWay: number) => { doneMs: number; ok: boolean };

/** `workers` at a time, the rest waits in line: serves workers / serviceMs * 1000 a second. `serviceMs` is asked for each. */
export function queue(workers: number, serviceMs: () => number, delayMs = 0): ServerModel {
  const freeMs = Array.from({ length: workers }, () => 0);
  return (nowMs) => {
    let first = 0;
    for (let i = 1; i < workers; i++) if (freeMs[i]! < freeMs[first]!) first = i;
    freeMs[first] = Math.max(nowMs, freeMs[first]!) + serviceMs();
    return { doneMs: freeMs[first]! + delayMs, ok: true };
  };
}

/** The same, but more than `room` at once are turned away with an error. */
export function shedding(model: ServerModel, room: number): ServerModel {
  return (nowMs, underWay) => (underWay >= room ? { doneMs: nowMs + 0.5, ok: false } : model(nowMs, underWay));
}

/** Everybody is answered at once, but the slower the more there are. By Little's law its latency at a rate is base / (1 - rate * each). */
export function slowing(baseMs: number, eachMs: number): ServerModel {
  return (nowMs, underWay) => ({ doneMs: nowMs + baseMs + eachMs * underWay, ok: true });
}

/** A run against a modelled server, and the clock that drives it: an hour takes milliseconds. */
export class SimulatedRun implements SearchedRun {
  nowMs = 0;
  private nextMs = 0;
  private ratePerSecond: number;
  private paused = false;
  private readonly pending = new Heap();
  private readonly kept = { response: new Histogram(), service: new Histogram(), startLag: new Histogram() };
  private readonly counts = { started: 0, ended: 0, dropped: 0, ok: 0, failed: 0, timedOut: 0 };
  private readonly timeoutMs = 10_000;

  constructor(
    private readonly model: ServerModel,
    private readonly startPerSecond: number,
    private readonly options: { maxInFlight?: number; endMs?: number } = {},
  ) {
    this.ratePerSecond = startPerSecond;
  }

  readonly clock: Clock = {
    now: () => this.nowMs,
    monotonic: () => this.nowMs,
    sleep: async (ms) => this.advance(this.nowMs + ms),
  };

  look(): RunLook {
    const { started, ended, dropped, ok, failed, timedOut } = this.counts;
    return {
      elapsedMs: this.nowMs,
      phase: this.nowMs >= (this.options.endMs ?? Number.POSITIVE_INFINITY) ? 'over' : 'running',
      behindMs: 0,
      iterationsStarted: started,
      iterationsEnded: ended,
      dropped,
      sent: started,
      ok,
      failed,
      timedOut,
      checks: { passed: 0, failed: 0 },
    };
  }

  histograms() {
    const copy = (from: Histogram) => {
      const made = new Histogram();
      made.copyFrom(from);
      return made;
    };
    const { response, service, startLag } = this.kept;
    return { response: copy(response), service: copy(service), startLag: copy(startLag) };
  }

  adjustRate(factor: number): void {
    this.ratePerSecond = this.startPerSecond * factor;
  }

  pause(): void {
    this.paused = true;
  }

  resume(): void {
    this.paused = false;
    this.nextMs = this.nowMs;
  }

  private advance(toMs: number): void {
    for (;;) {
      const arrivalMs = this.paused ? Number.POSITIVE_INFINITY : this.nextMs;
      const doneMs = this.pending.firstMs;
      const atMs = Math.min(arrivalMs, doneMs);
      if (atMs > toMs) break;
      this.nowMs = atMs;
      if (doneMs <= arrivalMs) this.complete();
      else this.arrive();
    }
    this.nowMs = toMs;
  }

  private arrive(): void {
    this.nextMs += 1000 / this.ratePerSecond;
    const underWay = this.counts.started - this.counts.ended;
    if (underWay >= (this.options.maxInFlight ?? 10_000)) {
      this.counts.dropped++;
      return;
    }
    this.counts.started++;
    this.kept.startLag.record(100);
    const { doneMs, ok } = this.model(this.nowMs, underWay);
    const givenUpMs = this.nowMs + this.timeoutMs;
    this.pending.push({ atMs: Math.min(doneMs, givenUpMs), sinceMs: this.nowMs, ok, late: doneMs > givenUpMs });
  }

  private complete(): void {
    const { sinceMs, ok, late } = this.pending.shift();
    this.counts.ended++;
    this.counts[late ? 'timedOut' : ok ? 'ok' : 'failed']++;
    this.kept.response.record((this.nowMs - sinceMs) * 1000);
    this.kept.service.record((this.nowMs - sinceMs) * 1000);
  }
}

interface Pending {
  atMs: number;
  sinceMs: number;
  ok: boolean;
  late: boolean;
}

/** The one that is done first, first. */
class Heap {
  private readonly items: Pending[] = [];

  get firstMs(): number {
    return this.items[0]?.atMs ?? Number.POSITIVE_INFINITY;
  }

  push(item: Pending): void {
    const { items } = this;
    let at = items.push(item) - 1;
    while (at > 0) {
      const parent = (at - 1) >> 1;
      if (items[parent]!.atMs <= item.atMs) break;
      items[at] = items[parent]!;
      at = parent;
    }
    items[at] = item;
  }

  shift(): Pending {
    const { items } = this;
    const first = items[0]!;
    const last = items.pop()!;
    if (items.length === 0) return first;
    let at = 0;
    for (;;) {
      let child = 2 * at + 1;
      if (child >= items.length) break;
      if (child + 1 < items.length && items[child + 1]!.atMs < items[child]!.atMs) child++;
      if (items[child]!.atMs >= last.atMs) break;
      items[at] = items[child]!;
      at = child;
    }
    items[at] = last;
    return first;
  }
}
