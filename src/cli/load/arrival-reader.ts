import { type ArrivalRing, ringLength } from './memory.js';

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

/** The I/O thread's end of the ring through which the pacer releases arrivals. */
export class ArrivalReader {
  private stopped = false;

  constructor(
    private readonly ring: ArrivalRing,
    private readonly arrive: (index: number, dueUs: number, user: number) => void,
  ) {}

  /** Sleeps until arrivals are released, for as long as there will be any; then calls `onEnd`. */
  async readAll(onEnd: () => void): Promise<void> {
    const { words } = this.ring;
    while (!this.stopped) {
      this.takeReleased();
      const head = Atomics.load(words, 0);
      if (head !== Atomics.load(words, 1)) continue;
      if (Atomics.load(words, 2) === 1) break;
      const wait = Atomics.waitAsync(words, 0, head);
      if (wait.async) await wait.value;
    }
    onEnd();
  }

  /** Takes what is there. */
  takeReleased(): void {
    const { words, index, dueUs, user } = this.ring;
    let taken = Atomics.load(words, 1);
    while (taken !== Atomics.load(words, 0)) {
      const at = taken & (ringLength - 1);
      this.arrive(index[at]!, dueUs[at]!, user[at]!);
      taken = (taken + 1) | 0;
      Atomics.store(words, 1, taken);
    }
  }

  stop(): void {
    this.stopped = true;
  }
}
