import type { Dialect, Statement } from './statement.js';

/** One query with its values: what a unit of work asks its store to run next. */
interface Query {
  statement: Statement<never, unknown>;
  values: Record<string, unknown>;
}

/**
 * A unit of work: a generator that yields queries and is handed their rows. Written once, it is driven synchronously by
 * SQLite (nothing else can run in the middle of its transaction) and query by query by Postgres. A store may run it again
 * from the start (a batch rolled back, a serialisation failure), so it must touch nothing but the store.
 */
export type Unit<T> = Generator<Query, T, unknown[]>;

/** Runs a statement inside a unit of work and gives its rows. */
export function* rows<V extends object, R>(statement: Statement<V, R>, values: V): Unit<R[]> {
  return (yield { statement: statement as Query['statement'], values: values as Query['values'] }) as R[];
}

/** The first row, or undefined where there is none. */
export function* first<V extends object, R>(statement: Statement<V, R>, values: V): Unit<R | undefined> {
  return (yield* rows(statement, values))[0];
}

/** Where a service keeps its data. Both stores give read-your-writes and durable commits; see sqlite.ts and postgres.ts. */
export interface Store {
  readonly dialect: Dialect;
  /** Runs a unit that only reads, outside any transaction. */
  read<T>(unit: () => Unit<T>): Promise<T>;
  /** Runs a unit in a transaction; resolves after the commit. What the unit throws rolls it back and rejects. */
  write<T>(unit: () => Unit<T>): Promise<T>;
  /** Rejects where the store does not answer or its schema is not there yet. */
  check(): Promise<void>;
  close(): Promise<void>;
}

/** Another transaction holds the row for longer than a request may wait (Postgres `lock_timeout`). */
export class Contended extends Error {}

/** The store cannot serve now: it does not answer, is overloaded, or its schema is not there yet. The client may retry. */
export class StoreUnavailable extends Error {}
