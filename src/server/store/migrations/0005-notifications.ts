import type { Migration } from '../migration.js';

/** What users were told; the event's id keeps an event from being told twice. */
export const migration: Migration = {
  name: '0005-notifications',
  up: ({ schema, identity }) => [
    identity(schema.createTable('notifications'))
      .addColumn('event_id', 'text', (column) => column.notNull().unique())
      .addColumn('user_id', 'bigint', (column) => column.notNull())
      .addColumn('message', 'text', (column) => column.notNull())
      .addColumn('created_at', 'bigint', (column) => column.notNull()),
    schema.createIndex('notifications_user').on('notifications').columns(['user_id', 'id']),
  ],
};
