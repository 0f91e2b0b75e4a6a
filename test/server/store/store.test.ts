// Both stores keep the same promises: one suite, run on SQLite files and on a real Postgres.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import t, { type Test } from 'tap';
import { readConfig } from '../../../src/server/config.js';
import type { Config, ServiceContext } from '../../../src/server/context.js';
import { json, type Reply } from '../../../src/server/http/problem.js';
import type { Call } from '../../../src/server/http/route.js';
import { createIdempotency, keyStatements, sweepKeys } from '../../../src/server/idempotency.js';
import { createLog } from '../../../src/server/log.js';
import { createMetrics } from '../../../src/server/metrics.js';
import { createOutbox, enqueue, settle } from '../../../src/server/outbox.js';
import { platform } from '../../../src/server/platform.js';
import { migrateStores, openStores } from '../../../src/server/store/open.js';
import { type Statement, statement } from '../../../src/server/store/statement.js';
import { first, rows, type Store, type Unit } from '../../../src/server/store/store.js';
import { startPostgres } from '../postgres-cluster.js';

const log = createLog('silent', []);
const insert = statement<{ userId: number }>()((db, value) =>
  db
    .insertInto('orders')
    .values({ user_id: value('userId'), status: 'created', created_at: 0 })
    .returning('id'),
);
const count = statement<{ userId: number }>()((db, value) =>
  db
    .selectFrom('orders')
    .select((column) => column.fn.countAll<number>().as('n'))
    .where('user_id', '=', value('userId')),
);

const countKeys = statement()((db) =>
  db
    .selectFrom('idempotency_keys')
    .select((column) => column.fn.countAll<number>().as('n'))
    .where('scope', 'like', 'scope %'),
);
/** 100,000 keys, one of which expires each millisecond from `expiresAt` on. */
const fillKeys: Statement<{ expiresAt: number }, unknown> = {
  compiled(dialect) {
    const numbers =
      dialect === 'sqlite'
        ? 'WITH RECURSIVE series(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM series WHERE n < 100000)'
        : 'WITH series(n) AS (SELECT generate_series(1, 100000))';
    const sql = `${numbers} INSERT INTO idempotency_keys SELECT 'scope ' || n, 'fingerprint', '{}', ${dialect === 'sqlite' ? '?' : '$1::bigint'} + n FROM series`;
    return { sql, args: ({ expiresAt }) => [expiresAt] };
  },
};

/** The plan of a statement, which does not run. */
function explained<V extends object>(one: Statement<V, unknown>): Statement<V, unknown> {
  return {
    compiled(dialect) {
      const { sql, args } = one.compiled(dialect);
      return { sql: `${dialect === 'sqlite' ? 'EXPLAIN QUERY PLAN' : 'EXPLAIN'} ${sql}`, args };
    },
  };
}

t.setTimeout(300_000);
const orders = { service: 'orders' as const, migrations: platform.orders.migrations };
const folder = mkdtempSync(join(tmpdir(), 'hwctl-store-'));
t.teardown(() => rmSync(folder, { recursive: true, force: true }));
const cluster = await startPostgres();
if (typeof cluster !== 'string') t.teardown(() => cluster.stop());
await t.test('SQLite', { timeout: 140_000 }, (t) => storeSuite(t, { SQLITE_DIR: folder }));

const skip = typeof cluster === 'string' ? cluster : false;
await t.test('Postgres', { timeout: 140_000, skip }, async (t) => {
  if (typeof cluster === 'string') return;
  const url = await cluster.createDatabase();
  await storeSuite(t, { STORE: 'postgres', POSTGRES_URL: url });
});

async function open(config: Config): Promise<{ store: Store; close(): Promise<void> }> {
  const stores = await openStores(config, [orders], createMetrics(), log);
  const store = stores.of('orders');
  for (const endsAt = Date.now() + 30_000; ; await new Promise((resolve) => setTimeout(resolve, 20))) {
    const missing = await store.check().then(() => undefined, String);
    if (missing === undefined) return { store, close: () => stores.close() };
    if (Date.now() > endsAt) throw new Error(missing);
  }
}

async function storeSuite(t: Test, env: Record<string, string>): Promise<void> {
  const config = readConfig(['orders'], { ...env, AUTH_URL: 'http://127.0.0.1:1', INTERNAL_TOKEN: 'x'.repeat(16) });

  await t.test('migrates once, however many start at once', async (t) => {
    const all = await Promise.all(Array.from({ length: 5 }, () => migrateStores(config, [orders], log, 30_000)));
    t.equal(new Set(all.map(String)).size, 1);
  });

  const { store, close } = await open(config);
  t.teardown(close);
  const total = async (userId: number) => Number((await store.read(() => first(count, { userId })))!.n);

  await t.test('reads what it wrote, also after it was opened again', async (t) => {
    await store.write(() => rows(insert, { userId: 1 }));
    t.equal(await total(1), 1);
    const again = await open(config);
    t.equal(Number((await again.store.read(() => first(count, { userId: 1 })))!.n), 1);
    await again.close();
  });

  await t.test('a unit that throws leaves nothing, and harms none of those beside it', async (t) => {
    const units = Array.from({ length: 20 }, (_, i) =>
      store.write(function* (): Unit<number> {
        const order = yield* first(insert, { userId: 2 });
        if (i % 4 === 3) throw new Error(`unit ${i}`);
        return order!.id;
      }),
    );
    const settled = await Promise.allSettled(units);
    t.equal(settled.filter(({ status }) => status === 'rejected').length, 5);
    const ids = settled.flatMap((one) => (one.status === 'fulfilled' ? [one.value] : []));
    t.equal(new Set(ids).size, 15);
    t.equal(await total(2), 15);
  });

  await t.test('a broken statement is an error of its own unit', async (t) => {
    const none = statement()((db) =>
      db.insertInto('orders').values({ user_id: null as never, status: '', created_at: 0 }),
    );
    const [bad, good] = await Promise.allSettled([
      store.write(() => rows(none, {})),
      store.write(() => rows(insert, { userId: 3 })),
    ]);
    t.equal(bad.status, 'rejected');
    t.equal(good.status, 'fulfilled');
    t.equal(await total(3), 1);
  });

  await t.test('a key lives until it expires, is claimed anew after, and a sweep takes only the expired', async (t) => {
    const context: ServiceContext = { store, config, metrics: createMetrics(), log, callService: async () => null };
    const { execute } = createIdempotency(context);
    const ttl = config.idempotencyTtlMs;
    const send = async (key: string, now: number): Promise<Reply> =>
      execute({ user: { id: 4 }, method: 'POST', path: '/x', search: '', body: {}, idempotencyKey: key } as Call, now, {
        *work() {
          return json(200, { id: (yield* first(insert, { userId: 4 }))!.id });
        },
      });
    const original = await send('k', 1_000);
    t.equal((await send('k', 1_000 + ttl - 1)).body, original.body);
    t.equal(await sweepKeys(store, 1_000 + ttl - 1), 0);
    const anew = await send('k', 1_000 + ttl);
    t.not(anew.body, original.body);
    t.equal((await send('k', 1_000 + ttl + 1)).body, anew.body);
    t.equal(await total(4), 2);

    const later = 10 * ttl;
    await Promise.all(Array.from({ length: 50 }, (_, i) => send(`old-${i}`, 2_000)));
    const [swept, ...retried] = await Promise.all([
      sweepKeys(store, later),
      ...Array.from({ length: 50 }, (_, i) => send(`old-${i}`, later)),
    ]);
    t.ok((swept as number) <= 51);
    t.equal(await total(4), 102, 'each retry after expiry ran once, sweep or no sweep');
    for (const [i, reply] of (retried as Reply[]).entries())
      t.equal((await send(`old-${i}`, later + 1)).body, reply.body);
  });

  await t.test(
    '100,000 keys: every statement finds its rows by an index, and a sweep takes the expired alone',
    async (t) => {
      const soon = 1_000_000;
      await store.write(() => rows(fillKeys, { expiresAt: soon }));
      const values = {
        scope: 'scope 77777',
        fingerprint: '',
        response: '',
        now: soon + 25_000,
        expiresAt: 0,
        limit: 1_000,
      };
      for (const [name, one] of Object.entries(keyStatements)) {
        const plan = (await store.read(() => rows(explained(one as Statement<object, unknown>), values)))
          .map((row) => JSON.stringify(row))
          .join('\n');
        // SQLite plans nothing for an insert: its conflict is found in the primary key's index.
        if (name !== 'claim' || store.dialect === 'postgres') t.match(plan, /idempotency_keys/, name);
        t.notMatch(plan, /SCAN idempotency_keys|Seq Scan/, `${name}: ${plan}`);
      }
      t.equal(await sweepKeys(store, soon + 25_000), 25_000);
      t.equal(Number((await store.read(() => first(countKeys, {})))!.n), 75_000);
      t.equal(await sweepKeys(store, soon + 100_000), 75_000);
    },
  );

  await t.test('work that fails frees its key', async (t) => {
    const { execute } = createIdempotency({ store, config, metrics: createMetrics(), log } as ServiceContext);
    const call = { user: { id: 5 }, method: 'POST', path: '/x', search: '', body: {}, idempotencyKey: 'k' } as Call;
    let fails = true;
    const work = {
      *work(): Unit<Reply> {
        yield* rows(insert, { userId: 5 });
        if (fails) throw new Error('before the effect is committed');
        return json(200, {});
      },
    };
    await t.rejects(execute(call, 1_000, work));
    fails = false;
    t.equal((await execute(call, 1_000, work)).status, 200);
    t.equal(await total(5), 1);
  });

  await t.test('the outbox delivers again and again until it is settled, and shows what waits', async (t) => {
    const metrics = createMetrics();
    let attempts = 0;
    const outbox = createOutbox({
      store,
      metrics,
      log,
      async deliver({ kind, orderId }) {
        attempts++;
        if (attempts < 3) throw new Error('not yet');
        await store.write(() => settle(kind, orderId));
      },
    });
    await store.write(() => enqueue('charge', 1, { some: 'thing' }, Date.now() - 60_000));
    await store.write(() => enqueue('charge', 1, { some: 'thing' }, Date.now() - 60_000));
    const shown = await metrics.registry.metrics();
    t.match(shown, /outbox_pending_steps\{kind="charge"\} 1\n/);
    t.match(shown, /outbox_oldest_step_age_seconds\{kind="charge"\} 6\d/);
    outbox.start();
    for (const endsAt = Date.now() + 30_000; attempts < 3 && Date.now() < endsAt; )
      await new Promise((resolve) => setTimeout(resolve, 20));
    await outbox.stop();
    t.equal(attempts, 3);
    t.notMatch(await metrics.registry.metrics(), /outbox_pending_steps\{/);
  });
}
