import { join } from 'node:path';
import Database from 'better-sqlite3';
import pg from 'pg';
import type { Test } from 'tap';

/** Reads rows of one service's tables. */
export type Read = (service: string, sql: string) => Promise<Record<string, number | string | null>[]>;

/** Reads the services' SQLite files. */
export function sqliteReader(folder: string): Read {
  return async (service, sql) => {
    const database = new Database(join(folder, `${service}.db`), { readonly: true });
    try {
      return database.prepare(sql).all() as Record<string, number | string | null>[];
    } finally {
      database.close();
    }
  };
}

/** Reads the one database that all services share. */
export function postgresReader(url: string): Read {
  return async (_service, sql) => {
    const client = new pg.Client({ connectionString: url });
    await client.connect();
    try {
      const { rows } = await client.query(sql);
      // Sums and counts come as text, because they may be larger than a number holds exactly; ours are not.
      return rows.map((row: Record<string, string>) =>
        Object.fromEntries(
          Object.entries(row).map(([name, value]) => [name, /^-?\d+$/.test(value) ? Number(value) : value]),
        ),
      );
    } finally {
      await client.end();
    }
  };
}

/** What the clients know to have happened: everything was asked until it was answered. */
export interface History {
  /** Minor units topped up, and top-ups, by user id. */
  topUps: Map<number, { amount: number; count: number }>;
  /** Orders created, by user id. */
  orders: Map<number, number>;
  /** Outcomes as the clients were told them. */
  paid: number;
  refused: number;
}

function by<T>(list: readonly T[], key: (one: T) => unknown): Record<string, T[]> {
  const groups: Record<string, T[]> = {};
  for (const one of list) {
    groups[String(key(one))] ??= [];
    groups[String(key(one))]!.push(one);
  }
  return groups;
}

/** Holds the databases against each other and against the history: effects, not answers. */
export async function checkBooks(t: Test, read: Read, history: History): Promise<void> {
  const [orders, charges, ledger, balances, notifications, outbox] = [
    await read('orders', 'SELECT id, user_id, number, amount, status FROM orders WHERE number IS NOT NULL'),
    await read('billing', 'SELECT order_id, user_id, amount, outcome FROM charges'),
    await read('billing', 'SELECT user_id, amount, order_id FROM ledger'),
    await read('billing', 'SELECT user_id, amount FROM balances'),
    await read('notifications', 'SELECT event_id, user_id, message FROM notifications'),
    await read('orders', 'SELECT kind, order_id FROM outbox'),
  ];
  t.same(outbox, [], 'no step is left');
  t.same(
    orders.filter(({ status }) => status === 'paying'),
    [],
    'no payment is undecided',
  );
  t.ok(
    balances.every(({ amount }) => Number(amount) >= 0),
    'no balance is below zero',
  );

  const chargesOf = by(charges, ({ order_id }) => order_id);
  const wanted: Record<string, string> = { processing: 'OK', failed: 'ERROR' };
  const wrong = orders.filter(({ id, status, amount }) => {
    const [charge, second] = chargesOf[String(id)] ?? [];
    const outcome = wanted[String(status)];
    if (outcome === undefined) return charge !== undefined;
    return second !== undefined || charge?.outcome !== outcome || charge.amount !== amount;
  });
  t.same(wrong, [], 'each decided order has exactly its charge, each undecided one none');
  const ids = new Set(orders.map(({ id }) => id));
  t.same(
    charges.filter(({ order_id }) => !ids.has(order_id!)),
    [],
    'no charge without an order',
  );

  const ledgerOf = by(ledger, ({ user_id }) => user_id);
  for (const { user_id, amount } of balances) {
    const sum = (ledgerOf[String(user_id)] ?? []).reduce((total, one) => total + Number(one.amount), 0);
    if (sum !== amount) t.fail(`user ${user_id}: the ledger says ${sum}, the balance ${amount}`);
  }
  const taken = charges.filter(({ outcome }) => outcome === 'OK').reduce((sum, { amount }) => sum + Number(amount), 0);
  const held = balances.reduce((sum, { amount }) => sum + Number(amount), 0);
  const known = [...history.topUps.values()].reduce((sum, { amount }) => sum + amount, 0);
  t.equal(held + taken, known, 'top-ups = balances + charges');
  for (const [user, { count }] of history.topUps) {
    const booked = (ledgerOf[String(user)] ?? []).filter(({ order_id }) => order_id === null).length;
    if (booked !== count) t.fail(`user ${user}: ${count} top-ups were asked for, ${booked} are booked`);
  }
  const ordersOf = by(orders, ({ user_id }) => user_id);
  for (const [user, count] of history.orders) {
    const numbers = (ordersOf[String(user)] ?? []).map(({ number }) => Number(number)).sort((a, b) => a - b);
    if (numbers.length !== count || numbers.some((number, i) => number !== i + 1))
      t.fail(`user ${user}: ${count} orders were asked for, their numbers are ${numbers}`);
  }

  const messages = new Map(notifications.map((one) => [one.event_id, one.message]));
  t.equal(messages.size, notifications.length, 'no event is notified twice');
  const decided = orders.filter(({ status }) => wanted[String(status)] !== undefined);
  t.equal(notifications.length, decided.length, 'notifications = outcomes');
  const untold = decided.filter(
    ({ id, number, status }) =>
      messages.get(`order-${id}`) !== `order #${number} ${status === 'processing' ? 'Processing' : 'Failed'}`,
  );
  t.same(untold, [], 'each outcome is told as it is');
  t.equal(decided.filter(({ status }) => status === 'processing').length, history.paid, 'paid orders as answered');
  t.equal(decided.filter(({ status }) => status === 'failed').length, history.refused, 'refused orders as answered');
}
