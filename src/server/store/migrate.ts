import { type CompiledQuery, sql } from 'kysely';
import type { Migration, MigrationTools } from './migration.js';
import { migration as auth } from './migrations/0001-auth.js';
import { migration as idempotency } from './migrations/0002-idempotency.js';
import { migration as orders } from './migrations/0003-orders.js';
import { migration as billing } from './migrations/0004-billing.js';
import { migration as notifications } from './migrations/0005-notifications.js';
import { migration as users } from './migrations/0006-users.js';
import { builders, type Dialect } from './statement.js';

/** A migration as the SQL of one dialect. */
export interface MigrationSql {
  name: string;
  statements: string[];
}

const migrations: Migration[] = [auth, idempotency, orders, billing, notifications, users];

/** The migrations of these services in the order of their numbers, as SQL. */
export function migrationsOf(services: readonly string[], dialect: Dialect): MigrationSql[] {
  return migrations
    .filter(({ service }) => [service].flat().some((name) => services.includes(name)))
    .map(({ name, up }) => ({
      name,
      statements: up(toolsOf(dialect)).map(inlined),
    }));
}

function toolsOf(dialect: Dialect): MigrationTools {
  const db = builders[dialect];
  return { db, schema: db.schema, sql, dialect, identity: identityOf(dialect) };
}

function inlined(statement: { compile(): CompiledQuery<unknown> }): string {
  const compiled = statement.compile();
  if (compiled.parameters.length > 0) throw new Error(`a migration must not take parameters: ${compiled.sql}`);
  return compiled.sql;
}

function identityOf(dialect: Dialect): MigrationTools['identity'] {
  return (table) =>
    dialect === 'sqlite'
      ? table.addColumn('id', 'integer', (column) => column.primaryKey().autoIncrement())
      : table.addColumn('id', 'bigint', (column) => column.generatedByDefaultAsIdentity().primaryKey());
}
