import { Histogram, histogramBytes } from './histogram.js';

/**
 * What an I/O thread measures lies in shared memory with one writer, so that reading it costs the engine nothing. The
 * final figures are read after the thread has said that it is done, which makes them exact.
 */
export interface WorkerMemory {
  buffer: SharedArrayBuffer;
  counters: Float64Array;
  /** Responses by status code. */
  statuses: Float64Array;
  /** Failures by index into `errorCauses`. */
  errors: Float64Array;
  response: Histogram;
  service: Histogram;
  startLag: Histogram;
  connect: Histogram;
  tls: Histogram;
  firstByte: Histogram;
  /** By step: two histograms and their counts of ok and failed. */
  steps: { response: Histogram; service: Histogram; outcomes: Float64Array }[];
  /** Response latency by status code; the first `statusSlots` codes seen get one each. */
  byStatus: { status: Float64Array; histograms: Histogram[] };
  /** Of iterations of a flow, from the first step's begin to the last one's end. */
  iteration: Histogram;
  /** By metric of a flow's own (`LoadPlan.measures`): values in thousandths, and what `measured` names. */
  measures: { values: Histogram; sums: Float64Array }[];
  timeline: Timeline;
}

/** Indices into the sums of a measure: how often, their sum, how many were not 0, the last one. */
export const measured = { count: 0, sum: 1, nonZero: 2, last: 3 } as const;

/** Indices into `counters`. */
export const counter = {
  scheduled: 0,
  sent: 1,
  droppedMaxInFlight: 2,
  droppedUserBusy: 3,
  ok: 4,
  failed: 5,
  timedOut: 6,
  inFlight: 7,
  iterationsStarted: 8,
  iterationsOk: 9,
  iterationsFailed: 10,
  checksPassed: 11,
  checksFailed: 12,
  bytesSent: 13,
  bytesReceived: 14,
  connectionsOpen: 15,
  connectionsOpened: 16,
  peakInFlight: 17,
  /** Share 0 .. 1 of the recent time that the event loop was busy. */
  eventLoopUtilization: 18,
  gcLongestUs: 19,
  gcTotalUs: 20,
  firstBodyBytes: 21,
  preopened: 22,
  /** The highest of its samples (each over 200 ms). */
  eventLoopPeak: 23,
} as const;

/** What can go wrong with a request, in the words of the report. */
export const errorCauses = [
  'unexpected status',
  'assertion failed',
  'request not made',
  'timed out',
  'connection refused',
  'connection reset',
  'closed before the response',
  'closed mid-body',
  'not HTTP',
  'bytes after the response',
  'response head too large',
  'tls',
  'host unreachable',
  'too many open files',
  'no free local ports',
  'connect timed out',
  'other socket error',
] as const;
export type ErrorCause = (typeof errorCauses)[number];

const counterCount = 32;
const statusCount = 1000;
/** Response latency is kept apart for so many different status codes. */
export const statusSlots = 8;

/** Slots of 100 ms: the newest `slotCount` of them, each with counters as they stood at its end and a coarse histogram. */
interface Timeline {
  /** Slot n is at n modulo slotCount. Row: number of the slot + 1 (0: empty), then the counters of `slotCounters`. */
  rows: Float64Array;
  /** Coarse counts of response latency of each slot. */
  coarse: Uint32Array;
}
export const slotMs = 100;
export const slotCount = 128;
export const slotRowLength = 16;
/** Counters that a slot's row holds, from index 1 on, cumulated over the run. */
export const slotCounters = [
  counter.scheduled,
  counter.sent,
  counter.droppedMaxInFlight,
  counter.droppedUserBusy,
  counter.ok,
  counter.failed,
  counter.timedOut,
  counter.inFlight,
] as const;
/** Index in a slot's row of the longest response of the slot, in microseconds. */
export const slotMaxIndex = 15;

const coarsePerOctave = 16;
/** Buckets of a slot's histogram: 16 an octave, so within 6.25 % of the value, middle within 3 %. */
export const coarseCount = coarseIndex(3_600_000_000) + 1;

/** Bucket of a slot's histogram for a value in whole microseconds. */
export function coarseIndex(us: number): number {
  if (us < 2 * coarsePerOctave) return us;
  const octave = 27 - Math.clz32(us);
  return (octave << 4) + (us >>> octave);
}

/** The middle of a bucket of a slot's histogram, in microseconds. */
export function coarseMiddleUs(index: number): number {
  if (index < 2 * coarsePerOctave) return index;
  const octave = (index >> 4) - 1;
  return (coarsePerOctave + (index & (coarsePerOctave - 1)) + 0.5) * 2 ** octave;
}

/** Memory for one I/O thread of a plan with so many steps and measures; or, in the thread, views of the buffer it was given. */
export function workerMemory(stepCount: number, given?: SharedArrayBuffer, measureCount = 0): WorkerMemory {
  const histogramTotal = 7 + 2 * stepCount + statusSlots + measureCount;
  const floats = counterCount + statusCount + errorCauses.length + 2 * stepCount + statusSlots + 4 * measureCount;
  const rows = slotCount * slotRowLength;
  const coarseBytes = Math.ceil((slotCount * coarseCount * 4) / 8) * 8;
  const buffer = given ?? new SharedArrayBuffer((floats + rows) * 8 + histogramTotal * histogramBytes + coarseBytes);
  let offset = 0;
  const take = (length: number) => {
    const view = new Float64Array(buffer, offset, length);
    offset += length * 8;
    return view;
  };
  const histogram = () => {
    const made = new Histogram(buffer, offset);
    offset += histogramBytes;
    return made;
  };
  return {
    buffer,
    counters: take(counterCount),
    statuses: take(statusCount),
    errors: take(errorCauses.length),
    response: histogram(),
    service: histogram(),
    startLag: histogram(),
    connect: histogram(),
    tls: histogram(),
    firstByte: histogram(),
    steps: Array.from({ length: stepCount }, () => ({
      response: histogram(),
      service: histogram(),
      outcomes: take(2),
    })),
    byStatus: { status: take(statusSlots), histograms: Array.from({ length: statusSlots }, histogram) },
    iteration: histogram(),
    measures: Array.from({ length: measureCount }, () => ({ values: histogram(), sums: take(4) })),
    timeline: { rows: take(rows), coarse: new Uint32Array(buffer, offset, slotCount * coarseCount) },
  };
}

/**
 * Through which the main thread steers pacer and I/O threads. `words`: see `control`; the pacer sleeps on `words[wake]`.
 * `numbers[originUs]`: when the first arrival is due, on the process's clock (clock-us.ts).
 */
export interface ControlMemory {
  buffer: SharedArrayBuffer;
  words: Int32Array;
  numbers: Float64Array;
}

/** Indices into the control memory. */
export const control = {
  words: { wake: 0, paused: 1, finish: 2, abort: 3, pacerDone: 4 },
  numbers: { originUs: 0, factor: 1 },
} as const;

/** Memory for the control words; or views of the buffer given. */
export function controlMemory(given?: SharedArrayBuffer): ControlMemory {
  const buffer = given ?? new SharedArrayBuffer(128);
  return { buffer, words: new Int32Array(buffer, 0, 16), numbers: new Float64Array(buffer, 64, 8) };
}

/**
 * Arrivals that the pacer has released to one I/O thread: a ring with one writer and one reader. How neither misses the
 * other: the writer changes `released` or `over` first, then `wake`, then notifies; the reader reads `wake` first, then
 * `over`, then `released`, and sleeps only while `wake` is what it read. So whatever it has not seen has changed the word
 * that it sleeps on, and whoever reads `over` as 1 sees all that was released. No other word may be slept on.
 */
export interface ArrivalRing {
  buffer: SharedArrayBuffer;
  /** See `ringWord`. */
  words: Int32Array;
  /** When each is due, in microseconds since the first arrival of the run. */
  dueUs: Float64Array;
  /** Global index of each. */
  index: Float64Array;
  /** Which user it is (paced model). */
  user: Int32Array;
}
/** Indices into the words of a ring: arrivals released and taken, modulo 2^32; 1 when no more will come; changes so far. */
export const ringWord = { released: 0, taken: 1, over: 2, wake: 3 } as const;
/** A power of two: more than a second of arrivals at any rate one thread can serve. */
export const ringLength = 1 << 16;

/** Memory for a ring; or views of the buffer given. */
export function arrivalRing(given?: SharedArrayBuffer): ArrivalRing {
  const buffer = given ?? new SharedArrayBuffer(64 + ringLength * 20);
  return {
    buffer,
    words: new Int32Array(buffer, 0, 16),
    dueUs: new Float64Array(buffer, 64, ringLength),
    index: new Float64Array(buffer, 64 + ringLength * 8, ringLength),
    user: new Int32Array(buffer, 64 + ringLength * 16, ringLength),
  };
}
