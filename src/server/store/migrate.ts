import { type CompiledQuery, sql } from 'kysely';
import type { Migration, MigrationTools } from './migration.js';
import { builders, type Dialect } from './statement.js';

/** A migration as the SQL of one dialect. */
export interface MigrationSql {
  name: string;
  statements: string[];
}

/** Migrations in the order of their numbers, each once, as SQL. */
export function migrationSql(migrations: readonly Migration[], dialect: Dialect): MigrationSql[] {
  return [...new Set(migrations)]
    .sort((a, b) => (a.name < b.name ? -1 : 1))
    .map(({ name, up }) => ({ name, statements: up(toolsOf(dialect)).map(inlined) }));
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
