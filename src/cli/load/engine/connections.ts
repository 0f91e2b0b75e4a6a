import { Connection, type Dial, type WireContext } from '../http/wire.js';
import type { ErrorCause } from '../memory/memory.js';
import type { Iteration } from './iteration.js';

/** Connections begun in one turn of the event loop at most: opening one costs as much as ten requests, a TLS one as a hundred. */
const dialsPerTurn = { plain: 16, tls: 2 };

/** What the pool asks of its engine. */
export interface PoolOwner {
  /** A connection is free for a request that waited for one. */
  onFree(connection: Connection, iteration: Iteration): void;
  /** No connection could be made for a request that waited for one. */
  onUnreachable(iteration: Iteration, cause: ErrorCause): void;
}

/**
 * The connections of one thread. A request without a free one waits for whichever comes first: a connection opened for it,
 * or one that another request gives back. So a stall of some milliseconds does not end in a thousand connections opened at
 * once, which is a longer stall. Invariant: as many connections are being opened, or about to be, as requests wait.
 */
export class ConnectionPool {
  readonly all: Connection[] = [];
  private turn = 0;
  private connecting = 0;
  private readonly budget: number;
  private dialsLeft: number;
  private refill: NodeJS.Immediate | undefined;
  private over = false;
  /** Free connections, a list linked through themselves; the newest is the tail. */
  private idleHead: Connection | undefined;
  private idleTail: Connection | undefined;
  idleCount = 0;
  /** Requests without a connection, oldest first, linked through their iterations. */
  private waitHead: Iteration | undefined;
  private waitTail: Iteration | undefined;
  waitingCount = 0;

  /** `rotate`: use the connection that was free the longest, so that each of many users keeps its own busy; else the warmest. */
  constructor(
    private readonly dial: Dial,
    private readonly wire: WireContext,
    private readonly owner: PoolOwner,
    private readonly rotate: boolean,
  ) {
    this.budget = dial.tls === undefined ? dialsPerTurn.plain : dialsPerTurn.tls;
    this.dialsLeft = this.budget;
  }

  /** Opens connections before the first request; resolves when all are up or have failed, or at the deadline. */
  async open(count: number, timeoutMs: number): Promise<void> {
    const untilUs = this.wire.nowUs() + timeoutMs * 1000;
    let begun = 0;
    while (begun < count || this.connecting > 0) {
      if (this.wire.nowUs() >= untilUs) return;
      for (let i = 0; i < 4 * this.budget && begun < count; i++, begun++) this.connect();
      await new Promise((resolve) => setTimeout(resolve, 1));
    }
  }

  /** A free connection; undefined where there is none, and then the request is to `wait`. */
  take(nowUs: number): Connection | undefined {
    for (;;) {
      const connection = this.rotate ? this.idleHead : this.idleTail;
      if (connection === undefined) return undefined;
      this.unlink(connection);
      if (connection.open && nowUs < connection.staleAtUs) return connection;
      connection.destroy();
    }
  }

  /** Takes up a request that has no connection; `owner.onFree` or `owner.onUnreachable` follows unless it is given up. */
  wait(iteration: Iteration): void {
    iteration.next = undefined;
    if (this.waitTail === undefined) this.waitHead = iteration;
    else this.waitTail.next = iteration;
    this.waitTail = iteration;
    this.waitingCount++;
    this.dialForWaiting();
  }

  /** A connection's request is done and it may carry another. */
  giveBack(connection: Connection): void {
    const first = this.shiftWaiting();
    if (first !== undefined) this.owner.onFree(connection, first);
    else this.pushIdle(connection);
  }

  /** Of the wire: a connection is up. */
  opened(connection: Connection): void {
    this.connecting--;
    this.giveBack(connection);
  }

  /** Of the wire: a connection is closed, or was never made. */
  closed(connection: Connection): void {
    const last = this.all.pop()!;
    if (last !== connection) {
      this.all[connection.place] = last;
      last.place = connection.place;
    }
    if (connection.idle) this.unlink(connection);
    if (connection.wasOpen || this.over) return;
    this.connecting--;
    if (this.waitingCount <= this.connecting) return;
    if (connection.failedWith === undefined) this.dialForWaiting();
    else this.owner.onUnreachable(this.shiftWaiting()!, connection.failedWith);
  }

  /** Takes the oldest waiting request, where its own time, or `timeoutUs`, has passed since it was taken up. */
  shiftOverdue(nowUs: number, timeoutUs: number): Iteration | undefined {
    const head = this.waitHead;
    if (head === undefined || head.begunUs >= nowUs - (head.request?.timeoutUs ?? timeoutUs)) return undefined;
    return this.shiftWaiting();
  }

  /** Gives up connections that have been in the making since before `beforeUs`. */
  giveUpConnecting(beforeUs: number): void {
    for (let i = this.all.length - 1; i >= 0 && this.connecting > 0; i--) {
      const connection = this.all[i];
      if (connection !== undefined && !connection.wasOpen && connection.beganUs < beforeUs) connection.destroy();
    }
  }

  /** Requests on connections or waiting for one: what the accounting calls in flight. */
  countBusy(): number {
    return this.waitingCount + this.all.filter((connection) => connection.request !== undefined).length;
  }

  /** Closes every connection. */
  close(): void {
    this.over = true;
    clearImmediate(this.refill);
    for (const connection of [...this.all]) connection.destroy();
  }

  private connect(): void {
    this.connecting++;
    const connection = new Connection(this.dial, this.turn++, this.wire);
    connection.place = this.all.push(connection) - 1;
  }

  private dialForWaiting(): void {
    while (this.connecting < this.waitingCount && this.dialsLeft > 0) {
      this.dialsLeft--;
      this.connect();
    }
    if (this.dialsLeft < this.budget && this.refill === undefined) {
      this.refill = setImmediate(() => {
        this.refill = undefined;
        this.dialsLeft = this.budget;
        this.dialForWaiting();
      });
    }
  }

  private shiftWaiting(): Iteration | undefined {
    const first = this.waitHead;
    if (first === undefined) return undefined;
    this.waitHead = first.next;
    if (this.waitHead === undefined) this.waitTail = undefined;
    first.next = undefined;
    this.waitingCount--;
    return first;
  }

  private pushIdle(connection: Connection): void {
    connection.idle = true;
    connection.before = this.idleTail;
    connection.after = undefined;
    if (this.idleTail === undefined) this.idleHead = connection;
    else this.idleTail.after = connection;
    this.idleTail = connection;
    this.idleCount++;
  }

  private unlink(connection: Connection): void {
    const { before, after } = connection;
    if (before === undefined) this.idleHead = after;
    else before.after = after;
    if (after === undefined) this.idleTail = before;
    else after.before = before;
    connection.before = undefined;
    connection.after = undefined;
    connection.idle = false;
    this.idleCount--;
  }
}
