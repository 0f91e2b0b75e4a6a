import { traitsOf } from '../arrivals/models.js';
import { LiveSchedule, Schedule } from '../arrivals/schedule.js';
import type { Histogram } from '../memory/histogram.js';
import { type ArrivalRing, type ControlMemory, control, ringLength, ringWord } from '../memory/memory.js';
import type { LoadPlan } from '../plan/plan.js';

const { words: word, numbers: number } = control;
/** Longest sleep: how late an adjustment may be noticed if its wake-up were lost. */
const longestSleepMs = 200;

/** What the pacer needs of its thread; a test gives it another clock. */
export interface PacerThread {
  nowUs(): number;
  /** How late the machine woke it: it does nothing else while it sleeps, so this is the machine's own lateness. */
  wakeUp?: Histogram;
  /** Atomics.wait. */
  wait?(words: Int32Array, index: number, value: number, timeoutMs: number): 'ok' | 'not-equal' | 'timed-out';
}

/**
 * Releases each arrival to its I/O thread at the moment it is due, from the absolute schedule, until the plan ends. Blocks
 * its thread: an own thread that sleeps in Atomics.wait starts requests 0.1 ms late where timers of the event loop are
 * 0.5 to 1 ms late. Being late itself loses nothing: what is due is released, in order, with the time it was due.
 */
export function runPacer(plan: LoadPlan, rings: ArrivalRing[], memory: ControlMemory, thread: PacerThread): void {
  const { wakeUp, wait = Atomics.wait } = thread;
  const nowUs = () => thread.nowUs();
  const { words, numbers } = memory;
  const originUs = numbers[number.originUs]!;
  const arrivals = new ArrivalSource(plan, rings.length);
  let paused = false;
  let factor = 1;
  for (;;) {
    const seen = Atomics.load(words, word.wake);
    if (Atomics.load(words, word.finish) !== 0 || Atomics.load(words, word.abort) !== 0) break;
    let nowMs = (nowUs() - originUs) / 1000;
    const wantPaused = Atomics.load(words, word.paused) !== 0;
    if (wantPaused !== paused) {
      paused = wantPaused;
      arrivals.live.setPaused(paused, nowMs);
    }
    if (numbers[number.factor] !== factor) {
      factor = numbers[number.factor]!;
      arrivals.live.setFactor(factor, nowMs);
    }
    const full = release(arrivals, rings, nowMs);
    nowMs = (nowUs() - originUs) / 1000;
    const nextMs = arrivals.dueMs();
    const endMs = arrivals.live.endMs();
    if (nextMs >= endMs && nowMs >= endMs) break;
    const waitMs = full ? 1 : Math.min(nextMs, endMs) - nowMs;
    if (waitMs <= 0) continue;
    const sleepMs = Math.min(waitMs, longestSleepMs);
    const woken = wait(words, word.wake, seen, sleepMs);
    if (woken === 'timed-out') wakeUp?.record(nowUs() - originUs - (nowMs + sleepMs) * 1000);
  }
  Atomics.store(words, word.pacerDone, 1);
  for (const ring of rings) {
    Atomics.store(ring.words, ringWord.over, 1);
    wakeReader(ring);
  }
}

/** After what the reader is to see has been stored, never before. */
function wakeReader({ words }: ArrivalRing): void {
  Atomics.add(words, ringWord.wake, 1);
  Atomics.notify(words, ringWord.wake);
}

/** Hands over all that is due; true where a ring was full (its thread is stalled; nothing is lost, only late). */
function release(arrivals: ArrivalSource, rings: ArrivalRing[], nowMs: number): boolean {
  let touched = 0;
  let full = false;
  while (arrivals.dueMs() <= nowMs) {
    const ring = rings[arrivals.thread()]!;
    const head = Atomics.load(ring.words, ringWord.released);
    if (((head - Atomics.load(ring.words, ringWord.taken)) | 0) >= ringLength) {
      full = true;
      break;
    }
    const at = head & (ringLength - 1);
    const dueMs = arrivals.dueMs();
    ring.dueUs[at] = dueMs * 1000;
    ring.index[at] = arrivals.globalIndex;
    ring.user[at] = arrivals.userAt(dueMs);
    Atomics.store(ring.words, ringWord.released, (head + 1) | 0);
    touched |= 1 << (arrivals.thread() % 31);
    arrivals.advance();
  }
  for (let i = 0; i < rings.length; i++) if ((touched & (1 << (i % 31))) !== 0) wakeReader(rings[i]!);
  return full;
}

/** The arrivals of this process in order: those whose global index is its shard's, dealt to its threads in turn. */
export class ArrivalSource {
  readonly live: LiveSchedule;
  globalIndex: number;
  private localIndex = 0;
  private readonly userEverySeconds: number;
  private readonly position: ((index: number) => number) | undefined;

  constructor(
    private readonly plan: LoadPlan,
    private readonly threads: number,
  ) {
    const { rate = [], userEverySeconds = 0, positions } = traitsOf(plan.arrivals);
    this.live = new LiveSchedule(new Schedule(rate));
    this.globalIndex = plan.shard.index;
    this.userEverySeconds = userEverySeconds;
    this.position = positions?.(plan.seed);
  }

  dueMs(): number {
    return this.live.dueMs(this.position === undefined ? this.globalIndex : this.position(this.globalIndex));
  }

  thread(): number {
    return this.localIndex % this.threads;
  }

  /** Users take turns, so that each comes once a pace; of a distributed run's users each process has those of its shard. */
  userAt(dueMs: number): number {
    const users = this.live.plan.rateAt(this.live.planMs(dueMs)) * this.userEverySeconds;
    return users <= 1 ? 0 : this.globalIndex % Math.ceil(users - 1e-9);
  }

  advance(): void {
    this.globalIndex += this.plan.shard.count;
    this.localIndex++;
  }
}
