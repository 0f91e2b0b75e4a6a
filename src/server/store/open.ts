import { join } from 'node:path';
import type { Config } from '../config.js';
import type { StoreMetrics } from '../metrics.js';
import { migrationsOf } from './migrate.js';
import type { Store } from './store.js';

/** Opens and migrates the store of one service: its own SQLite file, or the shared Postgres. */
export async function openStore(config: Config, service: string, metrics?: StoreMetrics): Promise<Store> {
  if (config.store === 'postgres') throw new Error('the Postgres store is not there yet');
  const { SqliteStore } = await import('./sqlite.js');
  const store = new SqliteStore({
    file: join(config.sqliteDir, `${service}.db`),
    synchronous: config.sqliteSynchronous,
    metrics,
  });
  store.migrate(migrationsOf([service], 'sqlite'));
  return store;
}
