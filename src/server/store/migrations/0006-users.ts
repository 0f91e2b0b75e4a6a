import type { Migration } from '../migration.js';

/** The table `user` where it is absent, and its first record, id 1. */
export const migration: Migration = {
  name: '0006-users',
  up: ({ db, schema, identity, sql }) => [
    identity(schema.createTable('user').ifNotExists())
      .addColumn('username', 'text', (column) => column.notNull())
      .addColumn('firstName', 'text')
      .addColumn('lastName', 'text')
      .addColumn('email', 'text')
      .addColumn('phone', 'text'),
    db
      .insertInto('user')
      .columns(['username', 'firstName', 'lastName', 'email', 'phone'])
      .expression(
        db
          .selectNoFrom([
            sql.lit('ada').as('username'),
            sql.lit('Ada').as('firstName'),
            sql.lit('Lovelace').as('lastName'),
            sql.lit('ada@example.org').as('email'),
            sql.lit('+44 20 7946 0000').as('phone'),
          ])
          .where(({ not, exists, selectFrom }) => not(exists(selectFrom('user').select('id')))),
      ),
  ],
};
