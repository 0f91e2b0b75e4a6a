import { LiveSchedule, Schedule, type Stage, shareOf, stageValueAt } from '../arrivals/schedule.js';
import { type ControlMemory, control } from '../memory/memory.js';

export interface ClosedSlotsParts {
  /** `from`, `to`: iterations at a time, of all threads of all shards. */
  stages: readonly Stage[];
  /** Iterations of all threads of all shards after which none begins; undefined: no limit. */
  limit: number | undefined;
  place: { index: number; count: number };
  steering: ControlMemory;
  /** Iterations at a time of this thread at most. */
  most: number;
}

/** One thread's share of arrivals that begin when another is done: how many iterations may run now, which come next and as which user. */
export class ClosedSlots {
  private readonly time: LiveSchedule;
  private readonly place: { index: number; count: number };
  private readonly limit: number;
  private started = 0;
  private slots = 0;
  private readonly freeUsers: number[] = [];
  /** No iteration will begin any more. */
  over = false;

  constructor(private readonly parts: ClosedSlotsParts) {
    const { stages, limit = Number.POSITIVE_INFINITY, place } = parts;
    this.time = new LiveSchedule(new Schedule(stages));
    this.place = place;
    this.limit = shareOf(limit, place.index, place.count);
    this.over = this.limit === 0;
  }

  /** How many at a time the stage asks for now. */
  resize(nowMs: number, ended: boolean): void {
    const { words, numbers } = this.parts.steering;
    const paused = Atomics.load(words, control.words.paused) !== 0;
    this.time.setPaused(paused, nowMs);
    if (nowMs >= this.time.endMs() || Atomics.load(words, control.words.finish) !== 0) this.over = true;
    const factor = numbers[control.numbers.factor]!;
    const wanted = Math.round(stageValueAt(this.parts.stages, this.time.planMs(nowMs)) * factor);
    const share = shareOf(wanted, this.place.index, this.place.count);
    this.slots = paused || nowMs < 0 || this.over || ended ? 0 : Math.min(share, this.parts.most);
  }

  /** Whether another iteration is to begin beside the `running` ones. */
  wants(running: number): boolean {
    return !this.over && running < this.slots;
  }

  /** Global index of the next iteration. */
  nextIndex(): number {
    const index = this.started++ * this.place.count + this.place.index;
    if (this.started >= this.limit) this.over = true;
    return index;
  }

  /** A user that is not at it; call with the number of those that run. */
  takeUser(running: number): number {
    return this.freeUsers.pop() ?? running * this.place.count + this.place.index;
  }

  /** A user's iteration is done. */
  release(user: number): void {
    this.freeUsers.push(user);
  }
}
