import type { Duplex } from 'node:stream';
import { Failure, unreachable } from '../../kernel/failure.js';
import type { LoadDeps } from '../load-run.js';
import type { WorkerEnd } from '../measure/figures.js';
import type { MachineFigures } from '../measure/machine.js';
import type { LoadPlan } from '../plan/plan.js';
import { readFrames, writeFrame } from './frames.js';
import { applyChanges } from './mirror.js';
import type { FromShard, ToShard } from './shard.js';

/** Where a shard is, and how it is called; called again where the connection breaks. */
export interface ShardPeer {
  /** The shard as reports name it: `pod hwctl-load-x1-0`. */
  name: string;
  connect(): Promise<Duplex>;
}

export interface ShardTask {
  /** The shard's share. */
  plan: LoadPlan;
  /** Filled with what the shard measures. */
  buffers: ArrayBufferLike[];
  onRecords: LoadDeps['onRecords'];
  /** A shard that is not heard of for so many milliseconds is lost. */
  lostAfterMs: number;
  /** Milliseconds until it must be ready, but for its connections. */
  readyTimeoutMs: number;
}

/** Time to get ready is longer by this for each connection to be opened before the start. */
const readyEachMs = 2;
const pings = 5;
const pingTimeoutMs = 2000;
const againMs = 250;

/** One shard as its conductor sees it: called until it is there, called again where the line breaks, lost in the end. */
export class ShardLink {
  /** Resolved when the shard has handed in its last figures, or is lost. */
  readonly done: Promise<void>;
  /** What its threads said last; none for a shard that is lost. */
  ends: WorkerEnd[] = [];
  machine: MachineFigures | undefined;
  /** Why and since when it is lost, in words. */
  lost: string | undefined;
  private stream: Duplex | undefined;
  private heardAt = performance.now();
  /** When the first arrival is due, once that is said. */
  private startUnixMs: number | undefined;
  /** What the shard must know, the newest of each kind: said again wherever the line was broken. */
  private readonly orders = new Map<ToShard['type'], ToShard>();
  private closed = false;
  /** Whether the shard has handed in all, or is lost. */
  private over = false;
  private settle: () => void = () => {};
  private readyNow: () => void = () => {};
  private fail: (error: Error) => void = () => {};
  private readonly waiting = new Map<number, (unixMs: number) => void>();
  /** Why it could not be called. */
  private trouble: string | undefined;
  /** How much the shard's clock is ahead of ours. */
  private aheadMs = 0;

  constructor(
    private readonly peer: ShardPeer,
    private readonly task: ShardTask,
  ) {
    this.done = new Promise((resolve) => {
      this.settle = resolve;
    });
  }

  /** Calls the shard, hands it its share, waits until it is ready and compares clocks. Throws Failure. */
  async prepare(): Promise<void> {
    const { plan, onRecords } = this.task;
    let timer: NodeJS.Timeout | undefined;
    const timeoutMs = this.task.readyTimeoutMs + readyEachMs * plan.connections;
    const ready = new Promise<void>((resolve, reject) => {
      this.readyNow = resolve;
      this.fail = reject;
      timer = setTimeout(() => reject(this.notReady(timeoutMs)), timeoutMs);
    });
    try {
      this.order({ type: 'plan', plan, records: onRecords !== undefined });
      this.connect();
      await ready;
      await this.compareClocks();
    } finally {
      clearTimeout(timer);
    }
  }

  /** The moment of the first arrival, by this process's clock. */
  start(atUnixMs: number): void {
    this.startUnixMs = atUnixMs;
    this.heardAt = performance.now();
    this.order({ type: 'start', atUnixMs: atUnixMs + this.aheadMs });
  }

  /** Says what holds from now on. */
  order(message: ToShard): void {
    this.orders.set(message.type, message);
    this.say(message);
  }

  private say(message: ToShard): void {
    if (this.stream !== undefined) writeFrame(this.stream, message);
  }

  /** Called now and then: a shard that has not been heard of for long is lost. */
  check(): void {
    if (performance.now() - this.heardAt > this.task.lostAfterMs) this.giveUp();
  }

  /** Waits no longer. */
  giveUp(): void {
    if (this.over) return;
    this.lost = `${this.peer.name} was lost ${this.secondsIn(performance.now() - this.heardAt)} s into the run`;
    this.end();
  }

  close(): void {
    this.closed = true;
    this.fail(new Error('the run is over'));
    this.say({ type: 'bye' });
    this.stream?.end();
    const { stream } = this;
    setTimeout(() => stream?.destroy(), 1000).unref();
  }

  private connect(): void {
    this.peer.connect().then(
      (stream) => {
        if (this.closed) return void stream.destroy();
        this.stream = stream;
        this.trouble = undefined;
        stream.on('error', () => stream.destroy());
        stream.on('close', () => this.again(stream));
        readFrames<FromShard>(stream, (message, bytes) => this.take(message, bytes));
        for (const order of this.orders.values()) this.say(order);
      },
      (error: { message?: string }) => {
        this.trouble = error.message;
        this.again(undefined);
      },
    );
  }

  private again(stream: Duplex | undefined): void {
    if (stream !== undefined && this.stream !== stream) return;
    this.stream = undefined;
    if (this.closed || this.over) return;
    setTimeout(() => {
      if (!this.closed && !this.over) this.connect();
    }, againMs).unref();
  }

  private take(message: FromShard, bytes: Buffer): void {
    this.heardAt = performance.now();
    switch (message.type) {
      case 'pong':
        this.waiting.get(message.id)?.(message.unixMs);
        break;
      case 'ready':
        this.readyNow();
        break;
      case 'figures':
        applyChanges(this.task.buffers, { pages: message.pages, bytes });
        this.machine = message.machine;
        break;
      case 'records':
        this.task.onRecords?.(message.records);
        break;
      case 'failed':
        this.failed(message);
        break;
      case 'done':
        this.ends = message.ends;
        this.end();
        break;
      default:
        unreachable(message);
    }
  }

  private failed({ code, message, hint }: Extract<FromShard, { type: 'failed' }>): void {
    this.fail(new Failure({ code, message: `${this.peer.name}: ${message}`, hint }));
    if (this.startUnixMs === undefined || this.over) return;
    this.lost = `${this.peer.name} broke off ${this.secondsIn(0)} s into the run (${message})`;
    this.end();
  }

  /** How far the run was so many milliseconds ago. */
  private secondsIn(agoMs: number): string {
    return ((Date.now() - agoMs - (this.startUnixMs ?? Date.now())) / 1000).toFixed(1);
  }

  private end(): void {
    this.over = true;
    this.settle();
  }

  /** The answer that took the shortest tells best: it was made in the middle of that time. */
  private async compareClocks(): Promise<void> {
    let tightestMs = Number.POSITIVE_INFINITY;
    for (let id = 0; id < pings; id++) {
      const before = Date.now();
      const sent = performance.now();
      const unixMs = await this.ping(id);
      const tookMs = performance.now() - sent;
      if (unixMs === undefined || tookMs >= tightestMs) continue;
      tightestMs = tookMs;
      this.aheadMs = unixMs - (before + tookMs / 2);
    }
    if (tightestMs === Number.POSITIVE_INFINITY) throw this.notReady(pings * pingTimeoutMs);
  }

  private ping(id: number): Promise<number | undefined> {
    return new Promise((resolve) => {
      const timer = setTimeout(() => resolve(undefined), pingTimeoutMs);
      this.waiting.set(id, (unixMs) => {
        clearTimeout(timer);
        resolve(unixMs);
      });
      this.say({ type: 'ping', id });
    });
  }

  private notReady(timeoutMs: number): Failure {
    return new Failure({
      code: 'shard-not-ready',
      message: `${this.peer.name} was not ready within ${Math.round(timeoutMs / 1000)} s${this.trouble === undefined ? '' : `: ${this.trouble}`}`,
      hint: 'hwctl status and kubectl logs tell of it; fewer --pods or --connections are ready sooner',
    });
  }
}
