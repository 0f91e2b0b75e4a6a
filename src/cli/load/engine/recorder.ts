import type { RequestRecord } from '../measure/metrics.js';
import {
  coarseCount,
  coarseIndex,
  counter,
  type ErrorCause,
  errorCauses,
  slotCount,
  slotCounters,
  slotMaxIndex,
  slotMs,
  slotRowLength,
  statusSlots,
  type WorkerMemory,
} from '../memory/memory.js';

const causeIndex = new Map(errorCauses.map((cause, index) => [cause, index]));

/** Writes what happens to one I/O thread's memory. Times are microseconds since the first arrival was due. */
export class Recorder {
  private slot = 0;
  private slotEndUs = slotMs * 1000;
  private readonly statusPlace = new Int8Array(1000).fill(-1);
  private statusPlaces = 0;
  private records: RequestRecord[] | undefined;

  constructor(
    readonly memory: WorkerMemory,
    private readonly oneStep: boolean,
    keepRecords: boolean,
  ) {
    if (keepRecords) this.records = [];
    this.memory.timeline.rows[0] = 1;
  }

  /** A request was due and is handed to a connection at `nowUs`; `timed` where a schedule and not a response made it due. */
  sent(dueUs: number, nowUs: number, bytes: number, timed: boolean): void {
    const c = this.memory.counters;
    if (nowUs >= this.slotEndUs) this.roll(nowUs);
    c[counter.scheduled]!++;
    c[counter.sent]!++;
    c[counter.bytesSent]! += bytes;
    const inFlight = ++c[counter.inFlight]!;
    if (inFlight > c[counter.peakInFlight]!) c[counter.peakInFlight] = inFlight;
    if (timed) this.memory.startLag.record(nowUs - dueUs);
  }

  dropped(which: 'droppedMaxInFlight' | 'droppedUserBusy', nowUs: number): void {
    if (nowUs >= this.slotEndUs) this.roll(nowUs);
    this.memory.counters[counter.scheduled]!++;
    this.memory.counters[counter[which]]!++;
  }

  /** A response came in whole; `cause` is why it counts as failed. */
  answered(
    step: number,
    status: number,
    dueUs: number,
    writtenUs: number,
    firstByteUs: number,
    doneUs: number,
    bytes: number,
    cause: ErrorCause | undefined,
  ): void {
    if (doneUs >= this.slotEndUs) this.roll(doneUs);
    const memory = this.memory;
    const c = memory.counters;
    c[counter.inFlight]!--;
    c[counter.bytesReceived]! += bytes;
    if (cause === undefined) c[counter.ok]!++;
    else this.failed(cause);
    memory.statuses[status]!++;
    memory.firstByte.record(firstByteUs - writtenUs);
    const place = this.statusPlace[status]!;
    const responseUs = doneUs - dueUs;
    if (place >= 0) memory.byStatus.histograms[place]!.record(responseUs);
    else this.newStatus(status, responseUs);
    this.latencies(step, responseUs, doneUs - writtenUs, cause === undefined);
    if (this.records !== undefined) {
      this.records.push({ dueUs, sentUs: writtenUs, firstByteUs, doneUs, step, status, error: cause, bytes });
    }
  }

  /** No response: an error on the wire. Its time is no latency and is not recorded as one. */
  broken(step: number, cause: ErrorCause, dueUs: number, writtenUs: number, nowUs: number, bytes: number): void {
    if (nowUs >= this.slotEndUs) this.roll(nowUs);
    this.memory.counters[counter.inFlight]!--;
    this.memory.counters[counter.bytesReceived]! += bytes;
    this.failed(cause);
    if (!this.oneStep) this.memory.steps[step]!.outcomes[1]!++;
    this.records?.push({
      dueUs,
      sentUs: writtenUs,
      firstByteUs: 0,
      doneUs: nowUs,
      step,
      status: 0,
      error: cause,
      bytes,
    });
  }

  /** No response within the time allowed: recorded with the time waited, which its latency is at least. */
  timedOut(step: number, dueUs: number, writtenUs: number, nowUs: number): void {
    if (nowUs >= this.slotEndUs) this.roll(nowUs);
    const c = this.memory.counters;
    c[counter.inFlight]!--;
    c[counter.timedOut]!++;
    this.memory.errors[causeIndex.get('timed out')!]!++;
    this.latencies(step, nowUs - dueUs, nowUs - writtenUs, false);
    this.records?.push({
      dueUs,
      sentUs: writtenUs,
      firstByteUs: 0,
      doneUs: nowUs,
      step,
      status: 0,
      error: 'timed out',
      bytes: 0,
    });
  }

  /** Hands over the records kept since the last call. */
  takeRecords(): RequestRecord[] {
    const taken = this.records ?? [];
    if (taken.length > 0) this.records = [];
    return taken;
  }

  /** Closes the slots of the time series that ended before `nowUs`. */
  roll(nowUs: number): void {
    if (nowUs < this.slotEndUs) return;
    this.closeSlot();
    const last = Math.floor(nowUs / (slotMs * 1000));
    // Slots in which nothing happened need no rows when many were missed: the reader fills gaps from the row before.
    this.slot = Math.max(this.slot + 1, last - slotCount + 1);
    for (; ; this.slot++) {
      this.openSlot();
      if (this.slot >= last) break;
      this.closeSlot();
    }
    this.slotEndUs = (this.slot + 1) * slotMs * 1000;
  }

  /** Closes the slot under way too: the run has ended. */
  close(): void {
    this.closeSlot();
  }

  private closeSlot(): void {
    const { rows } = this.memory.timeline;
    const base = (this.slot % slotCount) * slotRowLength;
    for (let i = 0; i < slotCounters.length; i++) rows[base + 1 + i] = this.memory.counters[slotCounters[i]!]!;
  }

  private openSlot(): void {
    const { rows, coarse } = this.memory.timeline;
    const place = this.slot % slotCount;
    coarse.fill(0, place * coarseCount, (place + 1) * coarseCount);
    rows[place * slotRowLength + slotMaxIndex] = 0;
    rows[place * slotRowLength] = this.slot + 1;
  }

  private failed(cause: ErrorCause): void {
    this.memory.counters[counter.failed]!++;
    this.memory.errors[causeIndex.get(cause)!]!++;
  }

  private latencies(step: number, responseUs: number, serviceUs: number, ok: boolean): void {
    const memory = this.memory;
    memory.response.record(responseUs);
    memory.service.record(serviceUs);
    if (!this.oneStep) {
      const figures = memory.steps[step]!;
      figures.response.record(responseUs);
      figures.service.record(serviceUs);
      figures.outcomes[ok ? 0 : 1]!++;
    }
    const place = this.slot % slotCount;
    const whole = responseUs > 0 ? Math.min(responseUs, 3_600_000_000) >>> 0 : 0;
    memory.timeline.coarse[place * coarseCount + coarseIndex(whole)]!++;
    const maxAt = place * slotRowLength + slotMaxIndex;
    if (responseUs > memory.timeline.rows[maxAt]!) memory.timeline.rows[maxAt] = responseUs;
  }

  private newStatus(status: number, responseUs: number): void {
    if (this.statusPlaces >= statusSlots) return;
    const place = this.statusPlaces++;
    this.statusPlace[status] = place;
    this.memory.byStatus.status[place] = status;
    this.memory.byStatus.histograms[place]!.record(responseUs);
  }
}
