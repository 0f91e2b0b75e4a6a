import type { Migration } from '../migration.js';

/** Balances, the ledger that they sum up, and one charge an order. The check is the last line of defence. */
export const migration: Migration = {
  name: '0004-billing',
  up: ({ schema, identity, sql }) => [
    schema
      .createTable('balances')
      .addColumn('user_id', 'bigint', (column) => column.primaryKey())
      .addColumn('amount', 'bigint', (column) => column.notNull().check(sql`amount >= 0`)),
    identity(schema.createTable('ledger'))
      .addColumn('user_id', 'bigint', (column) => column.notNull())
      .addColumn('amount', 'bigint', (column) => column.notNull())
      .addColumn('order_id', 'bigint', (column) => column.unique())
      .addColumn('created_at', 'bigint', (column) => column.notNull()),
    schema
      .createTable('charges')
      .addColumn('order_id', 'bigint', (column) => column.primaryKey())
      .addColumn('user_id', 'bigint', (column) => column.notNull())
      .addColumn('amount', 'bigint', (column) => column.notNull())
      .addColumn('outcome', 'text', (column) => column.notNull())
      .addColumn('created_at', 'bigint', (column) => column.notNull()),
  ],
};
