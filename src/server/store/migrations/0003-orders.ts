import type { Migration } from '../migration.js';

/** Orders, their numbers per user, and the outbox of the payment saga. */
export const migration: Migration = {
  name: '0003-orders',
  up: ({ schema, identity }) => [
    identity(schema.createTable('orders'))
      .addColumn('user_id', 'bigint', (column) => column.notNull())
      .addColumn('number', 'bigint')
      .addColumn('address', 'text')
      .addColumn('count', 'bigint')
      .addColumn('amount', 'bigint')
      .addColumn('status', 'text', (column) => column.notNull())
      .addColumn('created_at', 'bigint', (column) => column.notNull()),
    schema.createIndex('orders_user').on('orders').columns(['user_id', 'id']),
    schema
      .createIndex('orders_number')
      .unique()
      .on('orders')
      .columns(['user_id', 'number'])
      .where('number', 'is not', null),
    schema
      .createTable('order_counters')
      .addColumn('user_id', 'bigint', (column) => column.primaryKey())
      .addColumn('last_number', 'bigint', (column) => column.notNull()),
    identity(schema.createTable('outbox'))
      .addColumn('kind', 'text', (column) => column.notNull())
      .addColumn('order_id', 'bigint', (column) => column.notNull())
      .addColumn('payload', 'text', (column) => column.notNull())
      .addColumn('attempts', 'bigint', (column) => column.notNull())
      .addColumn('due_at', 'bigint', (column) => column.notNull())
      .addColumn('leased_until', 'bigint', (column) => column.notNull())
      .addColumn('created_at', 'bigint', (column) => column.notNull()),
    schema.createIndex('outbox_step').unique().on('outbox').columns(['kind', 'order_id']),
    schema.createIndex('outbox_due').on('outbox').column('due_at'),
  ],
};
