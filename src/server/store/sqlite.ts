import { chmodSync, closeSync, mkdirSync, openSync } from 'node:fs';
import { dirname } from 'node:path';
import Database from 'better-sqlite3';
import type { StoreMetrics } from '../metrics.js';
import type { MigrationSql } from './migrate.js';
import type { Statement } from './statement.js';
import type { Store, Unit } from './store.js';

/** Units of one commit. Bounds the time that a flush keeps the event loop, and so the latency of everything else. */
const maxBatch = 256;

export interface SqliteOptions {
  /** Path of the database file; its folder is made. */
  file: string;
  /**
   * WAL at NORMAL survives a kill -9 at any moment: committed pages are in the kernel's cache, which outlives the process.
   * It may lose the last commits when the machine itself loses power, because the WAL is not synced at each commit. FULL
   * syncs it, and an acknowledged order survives that too. The default is FULL: a group commit shares one sync between
   * all requests that wait, so durability costs a fraction of a millisecond a batch rather than an order.
   * https://www.sqlite.org/pragma.html#pragma_synchronous
   */
  synchronous: 'NORMAL' | 'FULL';
  metrics?: StoreMetrics;
}

interface Pending {
  unit: () => Unit<unknown>;
  resolve(value: unknown): void;
  reject(error: unknown): void;
}

/** The embedded store: one file, one writer, group commit. Queries run on the calling thread and never wait for a lock of ours. */
export class SqliteStore implements Store {
  readonly dialect = 'sqlite';
  readonly database: Database.Database;
  private readonly prepared = new Map<Statement<never, unknown>, (values: Record<string, unknown>) => unknown[]>();
  private readonly begin: Database.Statement;
  private readonly commit: Database.Statement;
  private readonly rollback: Database.Statement;
  private pending: Pending[] = [];
  private scheduled = false;
  private readonly metrics: StoreMetrics | undefined;

  constructor({ file, synchronous, metrics }: SqliteOptions) {
    mkdirSync(dirname(file), { recursive: true, mode: 0o700 });
    this.database = openPrivately(file);
    this.database.pragma(`synchronous = ${synchronous}`);
    this.database.pragma('foreign_keys = ON');
    this.begin = this.database.prepare('BEGIN IMMEDIATE');
    this.commit = this.database.prepare('COMMIT');
    this.rollback = this.database.prepare('ROLLBACK');
    this.metrics = metrics;
  }

  async read<T>(unit: () => Unit<T>): Promise<T> {
    // The flush is synchronous, so no transaction is ever open here: a read sees what was committed, all of it.
    return this.drive(unit);
  }

  write<T>(unit: () => Unit<T>): Promise<T> {
    return new Promise<T>((resolve, reject) => {
      this.pending.push({ unit, resolve: resolve as Pending['resolve'], reject });
      if (this.scheduled) return;
      this.scheduled = true;
      // After the poll phase: every request that arrived in this turn of the loop joins the same commit.
      setImmediate(() => this.flush());
    });
  }

  /** Applies what is missing, all of it or nothing; the write lock keeps a second process out meanwhile. */
  migrate(migrations: readonly MigrationSql[]): void {
    this.transaction(() => {
      this.database.exec(
        'CREATE TABLE IF NOT EXISTS schema_migrations (name text PRIMARY KEY, applied_at bigint NOT NULL)',
      );
      const applied = new Set(this.database.prepare('SELECT name FROM schema_migrations').pluck().all());
      for (const { name, statements } of migrations.filter((one) => !applied.has(one.name))) {
        for (const sql of statements) this.database.exec(sql);
        this.database.prepare('INSERT INTO schema_migrations VALUES (?, ?)').run(name, Date.now());
      }
    });
  }

  async check(): Promise<void> {
    this.database.prepare('SELECT 1').get();
  }

  async close(): Promise<void> {
    while (this.pending.length > 0) this.flush();
    this.database.close();
  }

  private flush(): void {
    const batch = this.pending.splice(0, maxBatch);
    this.scheduled = this.pending.length > 0;
    if (this.scheduled) setImmediate(() => this.flush());
    if (batch.length === 0) return;
    const startedAt = performance.now();
    const results = new Array<unknown>(batch.length);
    try {
      this.transaction(() => {
        for (let i = 0; i < batch.length; i++) results[i] = this.drive(batch[i]!.unit);
      });
    } catch (error) {
      // One unit failed and took the others' work with it: each runs again in a transaction of its own.
      if (batch.length === 1) batch[0]!.reject(error);
      else for (const one of batch) this.runAlone(one);
      return;
    } finally {
      this.metrics?.committed(batch.length, performance.now() - startedAt);
    }
    for (let i = 0; i < batch.length; i++) batch[i]!.resolve(results[i]);
  }

  private runAlone({ unit, resolve, reject }: Pending): void {
    try {
      resolve(this.transaction(() => this.drive(unit)));
    } catch (error) {
      reject(error);
    }
  }

  private transaction<T>(work: () => T): T {
    this.begin.run();
    try {
      const result = work();
      this.commit.run();
      return result;
    } catch (error) {
      // A full disk or a corrupt page has SQLite roll back by itself.
      if (this.database.inTransaction) this.rollback.run();
      throw error;
    }
  }

  private drive<T>(start: () => Unit<T>): T {
    const unit = start();
    let next = unit.next();
    while (!next.done) next = unit.next(this.run(next.value.statement, next.value.values));
    return next.value;
  }

  private run(statement: Statement<never, unknown>, values: Record<string, unknown>): unknown[] {
    let execute = this.prepared.get(statement);
    if (execute === undefined) {
      const { sql, args } = statement.compiled('sqlite');
      const prepared = this.database.prepare(sql);
      const { reader } = prepared;
      execute = (given) => {
        if (reader) return prepared.all(args(given));
        prepared.run(args(given));
        return [];
      };
      this.prepared.set(statement, execute);
    }
    return execute(values);
  }
}

/** For the owner alone: SQLite gives its -wal and -shm files the mode of the database. Throws with the file's name. */
function openPrivately(file: string): Database.Database {
  try {
    closeSync(openSync(file, 'a', 0o600));
    makePrivate(file);
    const database = new Database(file, { timeout: 5_000 });
    database.pragma('journal_mode = WAL');
    return database;
  } catch (error) {
    throw new Error(`${file}: ${error instanceof Error ? error.message : error}`, { cause: error });
  }
}

/** Those of an older release are readable for others. */
function makePrivate(file: string): void {
  for (const path of [file, `${file}-wal`, `${file}-shm`])
    try {
      chmodSync(path, 0o600);
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException;
      // Not there, or another user's, who lets this one write: then its mode is theirs to decide.
      if (code !== 'ENOENT' && code !== 'EPERM') throw error;
    }
}
