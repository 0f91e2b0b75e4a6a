import { type ArrivalRing, ringLength, ringWord } from '../memory/memory.js';

declare global {
  interface Atomics {
    /** ES2024, in Node since 16; TypeScript's ES2023 library does not know it. */
    waitAsync(
      words: Int32Array,
      index: number,
      value: number,
    ): { async: false } | { async: true; value: Promise<string> };
  }
}

/** The I/O thread's end of the ring through which the pacer releases arrivals; see `ArrivalRing` for the order of each step. */
export class ArrivalReader {
  private stopped = false;

  constructor(
    private readonly ring: ArrivalRing,
    private readonly arrive: (index: number, dueUs: number, user: number) => void,
  ) {}

  /** Sleeps until arrivals are released, for as long as there will be any; then calls `onEnd`, unless it was stopped. */
  async readAll(onEnd: () => void): Promise<void> {
    const { words } = this.ring;
    while (!this.stopped) {
      const seen = Atomics.load(words, ringWord.wake);
      if (this.takeReleased()) break;
      const wait = Atomics.waitAsync(words, ringWord.wake, seen);
      if (wait.async) await wait.value;
    }
    if (!this.stopped) onEnd();
  }

  /** Takes what is there; true where no more will come. */
  takeReleased(): boolean {
    const { words, index, dueUs, user } = this.ring;
    const over = Atomics.load(words, ringWord.over) === 1;
    let taken = Atomics.load(words, ringWord.taken);
    while (taken !== Atomics.load(words, ringWord.released)) {
      const at = taken & (ringLength - 1);
      this.arrive(index[at]!, dueUs[at]!, user[at]!);
      taken = (taken + 1) | 0;
      Atomics.store(words, ringWord.taken, taken);
    }
    return over;
  }

  stop(): void {
    this.stopped = true;
  }
}
