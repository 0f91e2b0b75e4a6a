import type { Migration } from '../migration.js';

/** Accounts, sessions and the memory of the login throttle. */
export const migration: Migration = {
  name: '0001-auth',
  up: ({ schema, identity }) => [
    identity(schema.createTable('accounts'))
      .addColumn('login', 'text', (column) => column.notNull().unique())
      .addColumn('password_hash', 'text', (column) => column.notNull())
      .addColumn('created_at', 'bigint', (column) => column.notNull()),
    schema
      .createTable('sessions')
      .addColumn('token_digest', 'text', (column) => column.primaryKey())
      .addColumn('account_id', 'bigint', (column) => column.notNull().references('accounts.id').onDelete('cascade'))
      .addColumn('expires_at', 'bigint', (column) => column.notNull()),
    schema.createIndex('sessions_account').on('sessions').column('account_id'),
    schema.createIndex('sessions_expiry').on('sessions').column('expires_at'),
    schema
      .createTable('login_attempts')
      .addColumn('subject', 'text', (column) => column.primaryKey())
      .addColumn('failures', 'bigint', (column) => column.notNull())
      .addColumn('window_ends_at', 'bigint', (column) => column.notNull()),
  ],
};
