import { type CompiledQuery, type CreateTableBuilder, type Kysely, type SchemaModule, sql } from 'kysely';
import { migration as auth } from './migrations/0001-auth.js';
import { migration as idempotency } from './migrations/0002-idempotency.js';
import { migration as orders } from './migrations/0003-orders.js';
import { migration as billing } from './migrations/0004-billing.js';
import { migration as notifications } from './migrations/0005-notifications.js';
import { migration as users } from './migrations/0006-users.js';
import { builders, type Dialect } from './statement.js';
import type { Tables } from './tables.js';

/** What a migration builds with: Kysely without a connection, and the one thing that the dialects spell differently. */
export interface MigrationTools {
  db: Kysely<Tables>;
  schema: SchemaModule;
  sql: typeof sql;
  dialect: Dialect;
  /** Adds `id`, the primary key that the store counts up by itself. */
  identity<T extends string>(table: CreateTableBuilder<T>): CreateTableBuilder<T, 'id'>;
}

/** One numbered change of the schema. Append only: an applied migration is never edited. */
export interface Migration {
  name: string;
  /** Whose tables these are. On SQLite each service has a file of its own and gets its own tables alone. */
  service: string | string[];
  up(tools: MigrationTools): { compile(): CompiledQuery<unknown> }[];
}

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
