import type { Callable } from '../../k6/language/machine.js';

/** What a script has begun and does not wait for. */
export type PmTask =
  | { kind: 'timer'; id: number; atMs: number; then: Callable }
  | { kind: 'request'; request: unknown; then: Callable | undefined };

/** Timers and requests of a script, in the order in which they are due: what it sends goes first, one after another. */
export class PmQueue {
  #tasks: PmTask[] = [];
  #ids = 0;

  send(request: unknown, then: Callable | undefined): void {
    this.#tasks.push({ kind: 'request', request, then });
  }

  wait(then: Callable, atMs: number): number {
    const id = ++this.#ids;
    this.#tasks.push({ kind: 'timer', id, atMs, then });
    return id;
  }

  forget(id: unknown): void {
    this.#tasks = this.#tasks.filter((task) => task.kind !== 'timer' || task.id !== id);
  }

  take(): PmTask | undefined {
    const due =
      this.#tasks.find(({ kind }) => kind === 'request') ??
      this.#tasks.reduce<PmTask | undefined>(
        (first, task) => (task.kind === 'timer' && (first?.kind !== 'timer' || task.atMs < first.atMs) ? task : first),
        undefined,
      );
    if (due !== undefined) this.#tasks.splice(this.#tasks.indexOf(due), 1);
    return due;
  }

  clear(): void {
    this.#tasks = [];
  }
}
