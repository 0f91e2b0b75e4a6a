import type { CompiledQuery, CreateTableBuilder, SchemaModule } from 'kysely';
import { migration as auth } from './migrations/0001-auth.js';
import { migration as idempotency } from './migrations/0002-idempotency.js';
import { migration as orders } from './migrations/0003-orders.js';
import { builders, type Dialect } from './statement.js';

/** What a migration builds with: Kysely's schema builder, and the one thing that the dialects spell differently. */
export interface MigrationTools {
  schema: SchemaModule;
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

const migrations: Migration[] = [auth, idempotency, orders];

/** The migrations of these services in the order of their numbers, as SQL. */
export function migrationsOf(services: readonly string[], dialect: Dialect): { name: string; statements: string[] }[] {
  return migrations
    .filter(({ service }) => [service].flat().some((name) => services.includes(name)))
    .map(({ name, up }) => ({
      name,
      statements: up({ schema: builders[dialect].schema, dialect, identity: identityOf(dialect) }).map(inlined),
    }));
}

function inlined(statement: { compile(): CompiledQuery<unknown> }): string {
  const { sql, parameters } = statement.compile();
  if (parameters.length > 0) throw new Error(`a migration must not take parameters: ${sql}`);
  return sql;
}

function identityOf(dialect: Dialect): MigrationTools['identity'] {
  return (table) =>
    dialect === 'sqlite'
      ? table.addColumn('id', 'integer', (column) => column.primaryKey().autoIncrement())
      : table.addColumn('id', 'bigint', (column) => column.generatedByDefaultAsIdentity().primaryKey());
}
