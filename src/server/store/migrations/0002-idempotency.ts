import type { Migration } from '../migration.js';

/** Idempotency keys with the response each gave. On Postgres one table serves every service: the scope holds the path. */
export const migration: Migration = {
  name: '0002-idempotency',
  up: ({ schema }) => [
    schema
      .createTable('idempotency_keys')
      .addColumn('scope', 'text', (column) => column.primaryKey())
      .addColumn('fingerprint', 'text', (column) => column.notNull())
      .addColumn('response', 'text')
      .addColumn('expires_at', 'bigint', (column) => column.notNull()),
    schema.createIndex('idempotency_keys_expiry').on('idempotency_keys').column('expires_at'),
  ],
};
