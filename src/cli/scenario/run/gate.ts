import type { Clock } from '../../kernel/clock.js';

const patienceMs = 1_000;

/**
 * Releases requests together: each goes out up to the last byte of its body, and that byte when all of them are there.
 * So neither the time to connect nor the order of sending spreads a race, as it would where each is sent whole.
 */
export class Gate {
  /** Resolves when the requests are released: all are there, one is refused early, or a second has passed. */
  readonly opened: Promise<void>;
  #open!: () => void;
  #missing = 0;

  constructor(private readonly clock: Pick<Clock, 'sleep'>) {
    this.opened = new Promise((resolve) => {
      this.#open = resolve;
    });
  }

  /** Adds a request that is held back until all are there. */
  member<T>(send: (hold: () => Promise<void>) => Promise<T>): () => Promise<T> {
    this.#missing++;
    let here = false;
    const arrive = () => {
      if (here) return;
      here = true;
      if (--this.#missing === 0) this.#open();
    };
    const hold = () => {
      arrive();
      return this.opened;
    };
    // A server may answer before it has the whole body: nothing waits for such a request.
    return () => send(hold).finally(arrive);
  }

  /** Called when all members are added, before they are sent. */
  ready(): void {
    if (this.#missing === 0) this.#open();
    const enough = new AbortController();
    this.clock.sleep(patienceMs, enough.signal).then(this.#open, () => undefined);
    void this.opened.then(() => enough.abort(new Error('opened')));
  }
}
