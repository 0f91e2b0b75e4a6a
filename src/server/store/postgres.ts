import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';
import type { Log } from '../log.js';
import type { StoreMetrics } from '../metrics.js';
import type { MigrationSql } from './migrate.js';
import type { Statement } from './statement.js';
import { Contended, type Store, StoreUnavailable, type Unit } from './store.js';

export interface PostgresOptions {
  url: string;
  /** Connections of this process. A Postgres has 100 by default: replicas x services x this must stay below. */
  poolSize: number;
  /** What one statement may take. */
  timeoutMs: number;
  log: Log;
}

/** What Postgres' own timeouts have to reach us before ours strike. */
const graceMs = 2_000;
const migrationTimeoutMs = 60_000;
const maxAttempts = 4;
/** Any constant will do that no other program uses in this database. */
const migrationLock = 4_857_194;

const retriable = new Set(['40001', '40P01']);
const lockNotAvailable = '55P03';
const undefinedTable = '42P01';
/**
 * Connection lost or refused (also for its credentials, which are being changed), out of resources, shutting down, cancelled,
 * failing disk; a standby that is not promoted yet; ended while idle in a transaction; no such table yet.
 */
const passing = /^(08|28|3D|53|57|58|25006|25P03|42P01)/;

/** Names what went wrong by what a client should do. What Postgres did not say itself (a timeout, a cut connection) passes. */
function translate(error: unknown): never {
  if (!(error instanceof pg.DatabaseError)) throw new StoreUnavailable(String(error), { cause: error });
  const code = error.code ?? '';
  if (code === lockNotAvailable) throw new Contended(error.message, { cause: error });
  if (passing.test(code)) throw new StoreUnavailable(error.message, { cause: error });
  throw error;
}

/** One pool for all services of the process. */
export class PostgresPool {
  readonly pool: pg.Pool;
  private readonly names = new Map<Statement<never, unknown>, string>();

  constructor({ url, poolSize, timeoutMs, log }: PostgresOptions) {
    const limits = {
      statement_timeout: timeoutMs,
      // How long a transaction waits for a row that another one holds; then the request is 409 (in flight) or 503.
      lock_timeout: Math.ceil(timeoutMs / 5),
      // Ends the transaction of a client that was stopped in the middle of it: its locks do not outlive it for long.
      idle_in_transaction_session_timeout: timeoutMs,
    };
    this.pool = new pg.Pool({
      connectionString: url,
      max: poolSize,
      connectionTimeoutMillis: Math.ceil(timeoutMs / 2),
      idleTimeoutMillis: 30_000,
      // Ours, where Postgres cannot even say that its own have passed: stopped, hung, or behind a network that drops packets.
      query_timeout: timeoutMs + graceMs,
      keepAlive: true,
      options: Object.entries(limits)
        .map(([name, value]) => `-c ${name}=${value}`)
        .join(' '),
      types: { getTypeParser: typeParser },
    });
    // A connection that breaks, in use or idle, is replaced at the next use; without these listeners it would end the
    // process (https://node-postgres.com/apis/client#error). Who uses it is told by the query's own rejection.
    this.pool.on('connect', (client) =>
      client.on('error', (error) => log.warn({ err: error }, 'Postgres connection lost')),
    );
    this.pool.on('error', () => {});
  }

  /** Prepares each statement once a connection, under a name of its own. */
  config(statement: Statement<never, unknown>, values: Record<string, unknown>): pg.QueryConfig {
    let name = this.names.get(statement);
    if (name === undefined) {
      name = `hwctl_${this.names.size}`;
      this.names.set(statement, name);
    }
    const { sql, args } = statement.compiled('postgres');
    return { name, text: sql, values: args(values) };
  }

  /**
   * Applies what is missing in one transaction. Pods that start at once take turns at an advisory lock; where nothing is
   * missing none is taken, so that a start does not wait for whoever holds it.
   */
  async migrate(migrations: readonly MigrationSql[]): Promise<void> {
    if ((await this.missing(migrations)).length === 0) return;
    const client = await this.pool.connect();
    const query = <R extends pg.QueryResultRow>(text: string, values: unknown[] = []) =>
      client.query<R>({ text, values, query_timeout: migrationTimeoutMs + graceMs } as pg.QueryConfig);
    let failed = false;
    try {
      await query('BEGIN');
      await query(`SET LOCAL lock_timeout = ${migrationTimeoutMs}`);
      await query(`SET LOCAL statement_timeout = ${migrationTimeoutMs}`);
      await query('SELECT pg_advisory_xact_lock($1)', [migrationLock]);
      await query('CREATE TABLE IF NOT EXISTS schema_migrations (name text PRIMARY KEY, applied_at bigint NOT NULL)');
      const { rows } = await query<{ name: string }>('SELECT name FROM schema_migrations');
      const applied = new Set(rows.map(({ name }) => name));
      for (const { name, statements } of migrations.filter((one) => !applied.has(one.name))) {
        for (const sql of statements) await query(sql);
        await query('INSERT INTO schema_migrations VALUES ($1, $2)', [name, Date.now()]);
      }
      await query('COMMIT');
    } catch (error) {
      failed = true;
      throw error;
    } finally {
      // Closing the connection rolls back, whatever state it is in.
      client.release(failed);
    }
  }

  private async missing(migrations: readonly MigrationSql[]): Promise<MigrationSql[]> {
    const { rows } = await this.pool
      .query<{ name: string }>('SELECT name FROM schema_migrations')
      .catch((error: { code?: string }) => {
        if (error.code === undefinedTable) return { rows: [] };
        throw error;
      });
    return migrations.filter(({ name }) => rows.every((row) => row.name !== name));
  }
}

/** The cluster's store: several replicas of each service share it, so that every truth is a row and every claim a lock of its. */
export class PostgresStore implements Store {
  readonly dialect = 'postgres';

  constructor(
    private readonly shared: PostgresPool,
    /** Says why the schema is not there yet; undefined where it is. */
    private readonly missing: () => string | undefined,
    private readonly metrics?: StoreMetrics,
  ) {}

  async read<T>(unit: () => Unit<T>): Promise<T> {
    this.ensureReady();
    return this.drive(unit, this.shared.pool);
  }

  async write<T>(unit: () => Unit<T>): Promise<T> {
    this.ensureReady();
    const startedAt = performance.now();
    try {
      for (let attempt = 1; ; attempt++) {
        try {
          return await this.transaction(unit);
        } catch (error) {
          if (!(error instanceof pg.DatabaseError) || !retriable.has(error.code ?? '')) throw error;
          if (attempt === maxAttempts) throw new Contended(error.message, { cause: error });
          await sleep(Math.random() * 10 * 2 ** attempt);
        }
      }
    } finally {
      this.metrics?.committed(1, performance.now() - startedAt);
    }
  }

  async check(): Promise<void> {
    this.ensureReady();
    await this.shared.pool.query('SELECT 1').catch(translate);
  }

  async close(): Promise<void> {
    if (!this.shared.pool.ending) await this.shared.pool.end();
  }

  private ensureReady(): void {
    const missing = this.missing();
    if (missing !== undefined) throw new StoreUnavailable(missing);
  }

  /**
   * Where the connection is lost while it commits, nobody knows whether the commit took place: the caller is told
   * StoreUnavailable and asks again, and its key, or the id that it asks by, finds what was done.
   */
  private async transaction<T>(unit: () => Unit<T>): Promise<T> {
    const client = await this.shared.pool.connect().catch(translate);
    let broken = false;
    try {
      await client.query('BEGIN').catch(translate);
      const result = await this.drive(unit, client);
      await client.query('COMMIT').catch(translate);
      return result;
    } catch (error) {
      // A connection that may be lost is closed, which rolls back too; asking it to would wait for an answer again.
      broken = error instanceof StoreUnavailable;
      if (!broken)
        await client.query('ROLLBACK').catch(() => {
          broken = true;
        });
      throw error;
    } finally {
      client.release(broken);
    }
  }

  private async drive<T>(start: () => Unit<T>, client: pg.Pool | pg.PoolClient): Promise<T> {
    const unit = start();
    let next = unit.next();
    while (!next.done) {
      const { statement, values } = next.value;
      const { rows } = await client.query(this.shared.config(statement, values)).catch(translate);
      next = unit.next(rows);
    }
    return next.value;
  }
}

/** Our bigints are ids, counts, minor units and milliseconds, all inside what a double holds exactly. */
function typeParser(oid: number, format?: 'text' | 'binary'): unknown {
  if (oid === pg.types.builtins.INT8) return Number;
  return pg.types.getTypeParser(oid, format as 'text');
}
