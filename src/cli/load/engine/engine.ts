import { unreachable } from '../../kernel/failure.js';
import { traitsOf } from '../arrivals/models.js';
import { shareOf } from '../arrivals/schedule.js';
import { anyStatusOk, type CompiledRequest } from '../http/request.js';
import type { Connection, ConnectionOwner, Dial, WireContext } from '../http/wire.js';
import { HeadMemory } from '../memory/head-memory.js';
import { type ArrivalRing, type ControlMemory, control, counter, type ErrorCause } from '../memory/memory.js';
import type { LoadPlan } from '../plan/plan.js';
import { ArrivalReader } from './arrival-reader.js';
import { ClosedSlots } from './closed-slots.js';
import { ConnectionPool } from './connections.js';
import type { Flow, FlowAction } from './flow.js';
import { type CompiledWork, flowResponse, Iteration, pickWork } from './iteration.js';
import { PacedTurns } from './paced-turns.js';
import type { Recorder } from './recorder.js';

export interface EngineParts {
  plan: LoadPlan;
  dial: Dial;
  works: CompiledWork[];
  recorder: Recorder;
  ring: ArrivalRing;
  control: ControlMemory;
  /** Microseconds since the first arrival was due. */
  nowUs(): number;
  /** Of all threads of all pods: which one this is, and how many there are. */
  place: { index: number; count: number };
  onDone(): void;
}

/**
 * Time a closed slot or a journey waits after a connection could not be made, or a request, so that a dead server is not
 * asked in a spin.
 */
const refusedPauseMs = 10;

/**
 * For how long a connection is used again that its server closes after so many seconds of rest. A request must not meet that
 * close on its way: a second before it nothing is begun (as undici does), or half the time where that is all there is. What
 * does meet it counts as broken and is not sent again: a load counts what it sent, and only the server knows whether it acted.
 */
export function usableSeconds(seconds: number): number {
  return Math.max(seconds - 1, seconds / 2);
}

/** One thread's share of a run: takes arrivals, sends their requests, judges and records what comes back. */
export class Engine implements ConnectionOwner {
  readonly connections: ConnectionPool;
  private readonly free: Iteration[] = [];
  private readonly maxIterations: number;
  private readonly timeoutUs: number;
  private iterations = 0;
  private arrivalsOver = false;
  private drainUntilUs = Number.POSITIVE_INFINITY;
  private done = false;
  private ticker: NodeJS.Timeout | undefined;
  private readonly arrivals: ArrivalReader;
  private readonly paced: PacedTurns | undefined;
  private readonly closed: ClosedSlots | undefined;
  /** Header block of the first response. */
  firstHead: Uint8Array | undefined;

  constructor(private readonly parts: EngineParts) {
    const { plan, place } = parts;
    this.maxIterations = Math.max(1, shareOf(plan.maxInFlight, place.index, place.count));
    this.timeoutUs = plan.timeoutMs * 1000;
    const { rate, limit, userEverySeconds } = traitsOf(plan.arrivals);
    if (rate === undefined) {
      const { stages } = plan.arrivals;
      this.closed = new ClosedSlots({ stages, limit, place, steering: parts.control, most: this.maxIterations });
    }
    if (userEverySeconds !== undefined) this.paced = new PacedTurns();
    this.arrivals = new ArrivalReader(parts.ring, (index, dueUs, user) => this.arrive(index, dueUs, user));
    const readBuffer = Buffer.allocUnsafeSlow(64 * 1024);
    const wire: WireContext = {
      owner: this,
      nowUs: parts.nowUs,
      readBuffer,
      heads: new HeadMemory(readBuffer),
      seenHead: false,
      firstHead: (head) => {
        wire.seenHead = true;
        this.firstHead = head;
      },
    };
    const pool = {
      onFree: (connection: Connection, iteration: Iteration) => this.send(connection, iteration),
      onUnreachable: (iteration: Iteration, cause: ErrorCause) => this.unreachable(iteration, cause),
    };
    this.connections = new ConnectionPool(parts.dial, wire, pool, this.paced !== undefined);
  }

  /** Opens connections before the first arrival; resolves when all are up, have failed, or at the deadline. */
  async open(count: number, timeoutMs: number): Promise<void> {
    await this.connections.open(count, timeoutMs);
    this.parts.recorder.memory.counters[counter.preopened] = this.connections.idleCount;
  }

  /** Begins taking arrivals. */
  start(): void {
    // The clock's origin has just been set: what is still in the making was begun by another time.
    this.connections.giveUpConnecting(Number.POSITIVE_INFINITY);
    const tickMs = Math.min(50, Math.max(5, this.parts.plan.timeoutMs / 20));
    this.ticker = setInterval(() => this.tick(), tickMs);
    if (this.closed === undefined) void this.arrivals.readAll(() => this.endArrivals());
    else setTimeout(() => this.fillSlots(this.parts.nowUs(), true), Math.max(0, -this.parts.nowUs() / 1000));
  }

  private endArrivals(): void {
    if (this.arrivalsOver) return;
    this.arrivalsOver = true;
    const nowUs = this.parts.nowUs();
    for (let left = this.paced?.giveUp() ?? 0; left > 0; left--) this.parts.recorder.dropped('droppedUserBusy', nowUs);
    this.drainUntilUs = nowUs + this.parts.plan.drainMs * 1000;
    this.endIfDone(nowUs);
  }

  private arrive(index: number, dueUs: number, user: number): void {
    const nowUs = this.parts.nowUs();
    const { paced } = this;
    if (paced?.isBusy(user) === true) {
      if (paced.wait(user, { index, dueUs })) this.parts.recorder.dropped('droppedUserBusy', nowUs);
      return;
    }
    if (this.iterations >= this.maxIterations) {
      this.parts.recorder.dropped('droppedMaxInFlight', nowUs);
      return;
    }
    paced?.begin(user);
    this.begin(index, paced === undefined ? index : user, dueUs, nowUs, true);
  }

  private begin(index: number, user: number, dueUs: number, nowUs: number, timed: boolean): void {
    const work = pickWork(this.parts.works, this.parts.plan.seed, index);
    const iteration = this.free.pop() ?? new Iteration();
    iteration.begin(work, index, user, nowUs);
    this.iterations++;
    this.parts.recorder.memory.counters[counter.iterationsStarted]!++;
    if (work.requests !== undefined) this.dispatch(iteration, work.requests[0]!, dueUs, nowUs, timed);
    else {
      iteration.journey = (work.flow as Flow).begin(index, user);
      this.follow(iteration, iteration.journey.next(undefined), dueUs, nowUs, timed);
    }
  }

  private dispatch(iteration: Iteration, request: CompiledRequest, dueUs: number, nowUs: number, timed: boolean): void {
    this.parts.recorder.sent(dueUs, nowUs, request.bytes.length, timed);
    iteration.request = request;
    iteration.dueUs = dueUs;
    iteration.begunUs = nowUs;
    const connection = this.connections.take(nowUs);
    if (connection === undefined) this.connections.wait(iteration);
    else this.sendAt(connection, iteration, nowUs);
  }

  private send(connection: Connection, iteration: Iteration): void {
    this.sendAt(connection, iteration, this.parts.nowUs());
  }

  private sendAt(connection: Connection, iteration: Iteration, nowUs: number): void {
    connection.iteration = iteration;
    connection.wantsBody = iteration.journey !== undefined;
    connection.send(iteration.request!, iteration.dueUs, iteration.begunUs, nowUs);
  }

  onOpen(connection: Connection, connectUs: number, tlsUs: number): void {
    const { memory } = this.parts.recorder;
    memory.connect.record(connectUs);
    if (tlsUs >= 0) memory.tls.record(tlsUs);
    memory.counters[counter.connectionsOpen]!++;
    memory.counters[counter.connectionsOpened]!++;
    this.connections.opened(connection);
  }

  onClose(connection: Connection): void {
    if (connection.wasOpen) this.parts.recorder.memory.counters[counter.connectionsOpen]!--;
    this.connections.closed(connection);
  }

  onResponse(connection: Connection, nowUs: number): void {
    const iteration = connection.iteration as Iteration;
    const request = connection.request!;
    const { status } = connection.parser;
    let cause: ErrorCause | undefined = request.okByStatus[status] === 1 ? undefined : 'unexpected status';
    let action: FlowAction | undefined;
    if (iteration.journey !== undefined) {
      action = iteration.journey.next(flowResponse(connection, (nowUs - connection.writtenUs) / 1000));
      if (action.failure !== undefined) cause = 'assertion failed';
    }
    if (cause !== undefined) iteration.failed = true;
    const { recorder } = this.parts;
    const received = connection.bytesReceived;
    connection.bytesReceived = 0;
    if (recorder.memory.counters[counter.firstBodyBytes] === 0) {
      recorder.memory.counters[counter.firstBodyBytes] = connection.parser.bodyBytes;
    }
    recorder.answered(
      request.step,
      status,
      connection.dueUs,
      connection.writtenUs,
      connection.firstByteUs,
      nowUs,
      received,
      cause,
    );
    this.release(connection, nowUs);
    if (action !== undefined) this.follow(iteration, action, nowUs, nowUs, false);
    else {
      const next = iteration.work.requests![++iteration.position];
      if (next === undefined) this.finish(iteration, nowUs);
      else this.dispatch(iteration, next, nowUs, nowUs, false);
    }
  }

  private release(connection: Connection, nowUs: number): void {
    connection.request = undefined;
    connection.iteration = undefined;
    if (!connection.parser.keepAlive || !connection.open) {
      connection.destroy();
      return;
    }
    const seconds = connection.parser.keepAliveSeconds;
    if (seconds >= 0) connection.staleAtUs = nowUs + usableSeconds(seconds) * 1e6;
    this.connections.giveBack(connection);
  }

  onError(connection: Connection, cause: ErrorCause): void {
    const nowUs = this.parts.nowUs();
    const { request, iteration, dueUs, writtenUs, bytesReceived } = connection;
    connection.request = undefined;
    connection.bytesReceived = 0;
    this.parts.recorder.broken(request!.step, cause, dueUs, writtenUs, nowUs, bytesReceived);
    this.fail(iteration as Iteration, cause, nowUs, false);
  }

  private unreachable(iteration: Iteration, cause: ErrorCause): void {
    const nowUs = this.parts.nowUs();
    this.parts.recorder.broken(iteration.request!.step, cause, iteration.dueUs, 0, nowUs, 0);
    this.fail(iteration, cause, nowUs, true);
  }

  private fail(iteration: Iteration, cause: ErrorCause, nowUs: number, noConnection: boolean): void {
    const { journey } = iteration;
    if (journey?.broken !== undefined) {
      const waitedMs = (nowUs - iteration.begunUs) / 1000;
      // Not at once: whoever found the connection broken has not tidied up behind it yet.
      this.later(iteration, noConnection ? refusedPauseMs : 0, nowUs, () => journey.broken!(cause, waitedMs));
      return;
    }
    iteration.failed = true;
    if (this.closed !== undefined && noConnection) {
      setTimeout(() => this.finish(iteration, this.parts.nowUs()), refusedPauseMs);
    } else this.finish(iteration, nowUs);
  }

  /** Does what a journey said. */
  private follow(iteration: Iteration, action: FlowAction, dueUs: number, nowUs: number, timed: boolean): void {
    if (action.failure !== undefined || action.spoilt) iteration.failed = true;
    switch (action.do) {
      case 'end':
        this.finish(iteration, nowUs);
        return;
      case 'wait':
        this.later(iteration, action.ms, nowUs, () => iteration.journey!.next(undefined));
        return;
      case 'unsent': {
        const { recorder } = this.parts;
        recorder.sent(dueUs, nowUs, 0, timed);
        recorder.broken(iteration.work.firstStep + action.step, 'request not made', dueUs, 0, nowUs, 0);
        this.later(iteration, refusedPauseMs, nowUs, () => iteration.journey!.next(undefined));
        return;
      }
      case 'send': {
        const request: CompiledRequest = {
          step: iteration.work.firstStep + action.step,
          bytes: action.bytes as Buffer,
          head: action.head === true,
          okByStatus: anyStatusOk,
          timeoutUs: action.timeoutMs === undefined ? undefined : action.timeoutMs * 1000,
        };
        this.dispatch(iteration, request, dueUs, nowUs, timed);
        return;
      }
      default:
        unreachable(action);
    }
  }

  /** Asks a journey on after so many milliseconds; what it then does was due at their end. */
  private later(iteration: Iteration, ms: number, nowUs: number, ask: () => FlowAction): void {
    setTimeout(() => {
      if (!this.done) this.follow(iteration, ask(), nowUs + ms * 1000, this.parts.nowUs(), false);
    }, ms);
  }

  private finish(iteration: Iteration, nowUs: number): void {
    const c = this.parts.recorder.memory.counters;
    c[iteration.failed ? counter.iterationsFailed : counter.iterationsOk]!++;
    this.iterations--;
    const { user } = iteration;
    if (iteration.work.requests?.length !== 1) this.parts.recorder.memory.iteration.record(nowUs - iteration.startedUs);
    iteration.end();
    this.free.push(iteration);
    if (this.closed !== undefined) {
      this.closed.release(user);
      this.fillSlots(nowUs, false);
    } else {
      const turn = this.paced?.end(user);
      if (turn !== undefined) this.arrive(turn.index, turn.dueUs, user);
    }
    if (this.arrivalsOver && this.iterations === 0) this.endIfDone(nowUs);
  }

  /** Closed model: begins iterations until as many run as there are slots; with `resize` (every tick) asks the stage how many. */
  private fillSlots(nowUs: number, resize: boolean): void {
    const closed = this.closed!;
    if (resize) closed.resize(nowUs / 1000, this.arrivalsOver);
    while (closed.wants(this.iterations)) {
      const index = closed.nextIndex();
      this.begin(index, closed.takeUser(this.iterations), nowUs, nowUs, false);
    }
    if (closed.over) this.endArrivals();
  }

  private tick(): void {
    const nowUs = this.parts.nowUs();
    this.parts.recorder.roll(nowUs);
    this.timeOutOverdue(nowUs);
    if (this.closed !== undefined) this.fillSlots(nowUs, true);
    // Looked at again whatever wakes the reader or not: a sleep in the ring is never the only thing that a run's end hangs on.
    else if (this.arrivals.takeReleased()) this.endArrivals();
    this.endIfDone(nowUs);
  }

  private timeOutOverdue(nowUs: number): void {
    const { timeoutUs } = this;
    const { all } = this.connections;
    for (let i = all.length - 1; i >= 0; i--) {
      const connection = all[i];
      if (connection?.request === undefined) continue;
      if (connection.begunUs >= nowUs - (connection.request.timeoutUs ?? timeoutUs)) continue;
      const { request, iteration, dueUs, writtenUs } = connection;
      connection.destroy();
      this.parts.recorder.timedOut(request.step, dueUs, writtenUs, nowUs);
      this.fail(iteration as Iteration, 'timed out', nowUs, false);
    }
    for (;;) {
      const iteration = this.connections.shiftOverdue(nowUs, timeoutUs);
      if (iteration === undefined) break;
      this.parts.recorder.timedOut(iteration.request!.step, iteration.dueUs, iteration.begunUs, nowUs);
      this.fail(iteration, 'timed out', nowUs, true);
    }
    this.connections.giveUpConnecting(nowUs - timeoutUs);
  }

  private endIfDone(nowUs: number): void {
    if (this.done) return;
    const aborted = Atomics.load(this.parts.control.words, control.words.abort) !== 0;
    if (!aborted && !(this.arrivalsOver && (this.iterations === 0 || nowUs >= this.drainUntilUs))) return;
    this.done = true;
    this.arrivals.stop();
    clearInterval(this.ticker);
    this.parts.recorder.roll(nowUs);
    this.parts.recorder.close();
    this.parts.onDone();
  }
}
