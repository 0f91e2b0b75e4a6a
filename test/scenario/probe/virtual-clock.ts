import { setImmediate as turn } from 'node:timers/promises';
import type { Clock } from '../../../src/cli/kernel/clock.js';

/** Time that passes when everybody waits: an hour in milliseconds, and in an order that the waits alone decide. */
export class VirtualClock implements Clock {
  #nowMs = 0;
  #count = 0;
  readonly #waits: { atMs: number; turn: number; wake(): void }[] = [];

  now(): number {
    return this.#nowMs;
  }

  monotonic(): number {
    return this.#nowMs;
  }

  sleep(ms: number, signal?: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      const stop = () => {
        this.#waits.splice(this.#waits.indexOf(wait), 1);
        reject(signal?.reason);
      };
      const wake = () => {
        signal?.removeEventListener('abort', stop);
        resolve();
      };
      const wait = { atMs: this.#nowMs + Math.max(0, ms), turn: this.#count++, wake };
      this.#waits.push(wait);
      signal?.addEventListener('abort', stop, { once: true });
    });
  }

  /** Lets time pass until the work is done. Throws where nobody waits for anything any more. */
  async until<T>(work: Promise<T>): Promise<T> {
    let isOver = false;
    const over = () => {
      isOver = true;
    };
    work.then(over, over);
    for (;;) {
      await turn();
      if (isOver) return work;
      this.#waits.sort((a, b) => a.atMs - b.atMs || a.turn - b.turn);
      const next = this.#waits.shift();
      if (next === undefined) throw new Error('it waits for something that never comes');
      this.#nowMs = Math.max(this.#nowMs, next.atMs);
      next.wake();
    }
  }
}
