import type { CompiledQuery, CreateTableBuilder, Kysely, SchemaModule, sql } from 'kysely';
import type { Dialect } from './statement.js';
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

/**
 * One numbered change of the schema. Append only: an applied migration is never edited. platform.ts says whose it is: on
 * SQLite each service has a file of its own and gets its own tables alone.
 */
export interface Migration {
  name: string;
  up(tools: MigrationTools): { compile(): CompiledQuery<unknown> }[];
}
