import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Config } from '../context.js';
import type { Log } from '../log.js';
import type { Metrics } from '../metrics.js';
import type { Migration } from './migration.js';
import type { Store } from './store.js';
import type { ServiceName } from './tables.js';

const retryMs = 500;

/** A service that keeps something, and what makes its tables. */
export interface StoringService {
  service: ServiceName;
  migrations: readonly Migration[];
}

/** The stores of a process. */
export interface Stores {
  of(service: ServiceName): Store;
  close(): Promise<void>;
}

/**
 * Opens the store of each of these services: its own SQLite file, migrated at once, or a view of the shared Postgres,
 * which is migrated as soon as it answers (a pod may well start before its database; until then it is not ready).
 */
export async function openStores(
  config: Config,
  services: readonly StoringService[],
  metrics: Metrics,
  log: Log,
): Promise<Stores> {
  const stores = config.store === 'sqlite' ? openSqlite : openPostgres;
  const opened = services.length === 0 ? new Map<ServiceName, Store>() : await stores(config, services, metrics, log);
  return {
    of(service) {
      const store = opened.get(service);
      if (store === undefined) throw new Error(`no store was opened for ${service}`);
      return store;
    },
    async close() {
      for (const store of opened.values()) await store.close();
    },
  };
}

type Open = (
  config: Config,
  services: readonly StoringService[],
  metrics: Metrics,
  log: Log,
) => Promise<Map<ServiceName, Store>>;

const openSqlite: Open = async ({ sqliteDir, sqliteSynchronous }, services, metrics) => {
  // Loaded here and not above: a process that keeps nothing does without Kysely and the drivers.
  const { SqliteStore } = await import('./sqlite.js');
  const { migrationSql } = await import('./migrate.js');
  return new Map(
    services.map(({ service, migrations }) => {
      const file = join(sqliteDir, `${service}.db`);
      const store = new SqliteStore({ file, synchronous: sqliteSynchronous, metrics: metrics.store(service) });
      store.migrate(migrationSql(migrations, 'sqlite'));
      return [service, store];
    }),
  );
};

const openPostgres: Open = async (config, services, metrics, log) => {
  const { PostgresPool, PostgresStore } = await import('./postgres.js');
  const { migrationSql } = await import('./migrate.js');
  const { postgresUrl: url, postgresPoolSize: poolSize, postgresTimeoutMs: timeoutMs } = config;
  const shared = new PostgresPool({ url: url!, poolSize, timeoutMs, log });
  const all = services.flatMap(({ migrations }) => migrations);
  let missing: string | undefined = 'the schema is being migrated';

  async function migrate(): Promise<void> {
    while (!shared.pool.ending && missing !== undefined)
      try {
        await shared.migrate(migrationSql(all, 'postgres'));
        missing = undefined;
      } catch (error) {
        missing = `Postgres cannot be migrated: ${error instanceof Error ? error.message || error.name : error}`;
        log.warn({ err: error }, 'waiting for Postgres');
        await sleep(retryMs, undefined, { ref: false });
      }
  }
  void migrate();
  return new Map(
    services.map(({ service }) => [service, new PostgresStore(shared, () => missing, metrics.store(service))]),
  );
};

/** Brings the schema of these services up to date; tries for a while where Postgres does not answer yet. */
export async function migrateStores(config: Config, services: readonly StoringService[], log: Log, timeoutMs: number) {
  const { migrationSql } = await import('./migrate.js');
  const all = services.flatMap(({ migrations }) => migrations);
  const names = migrationSql(all, config.store).map(({ name }) => name);
  if (config.store === 'sqlite') {
    const { SqliteStore } = await import('./sqlite.js');
    for (const { service, migrations } of services) {
      const store = new SqliteStore({ file: join(config.sqliteDir, `${service}.db`), synchronous: 'FULL' });
      store.migrate(migrationSql(migrations, 'sqlite'));
      await store.close();
    }
    return names;
  }
  const { PostgresPool } = await import('./postgres.js');
  const shared = new PostgresPool({ url: config.postgresUrl!, poolSize: 1, timeoutMs: config.postgresTimeoutMs, log });
  const endsAt = performance.now() + timeoutMs;
  try {
    for (;;)
      try {
        await shared.migrate(migrationSql(all, 'postgres'));
        return names;
      } catch (error) {
        if (performance.now() > endsAt) throw error;
        log.warn({ err: error }, 'waiting for Postgres');
        await sleep(retryMs);
      }
  } finally {
    await shared.pool.end();
  }
}
