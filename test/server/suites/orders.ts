import { setTimeout as sleep } from 'node:timers/promises';
import type { Test } from 'tap';
import type { Platform } from '../platform.js';

const order = { address: 'Main Street 1', count: 2 };

/** orders' idempotency: the oracle is the count of orders, never the response alone. */
export async function ordersSuite(t: Test, { send, user }: Platform): Promise<void> {
  const create = (token: string | undefined, key: string | string[] | undefined, body: unknown = order, query = '') =>
    send('POST', `/create_order${query}`, {
      token,
      body,
      headers: key === undefined ? {} : { 'idempotency-key': key },
    });
  const total = async (token: string) => (await send('GET', '/orders', { token })).json.total as number;

  await t.test('needs a login before it looks at anything else', async (t) => {
    for (const key of [undefined, 'k']) t.equal((await create(undefined, key)).status, 401);
    t.match((await create('x'.repeat(43), 'k')).headers, { 'www-authenticate': 'Bearer' });
  });

  await t.test('creates, and replays byte for byte', async (t) => {
    const { token, id } = await user();
    const first = await create(token, 'key-1');
    t.match(first.json, { ...order, status: 'created', id: Number, user_id: id });
    t.same(Object.keys(first.json), ['address', 'count', 'status', 'id', 'user_id']);
    t.notOk(first.headers['idempotent-replayed']);
    for (const again of ['key-1', '"key-1"', 'key-1', '"key-1"', 'key-1']) {
      const replay = await create(token, again);
      t.equal(replay.status, 200);
      t.equal(replay.text, first.text);
      t.equal(replay.headers['content-type'], first.headers['content-type']);
      t.equal(replay.headers['idempotent-replayed'], 'true');
    }
    t.not((await create(token, 'KEY-1')).json.id, first.json.id, 'the case of a key counts');
    t.not((await create(token, 'key-2')).json.id, first.json.id, 'one body, two keys, two orders');
    t.equal(await total(token), 3);
  });

  await t.test('refuses what is not a key, and leaves nothing behind', async (t) => {
    const { token } = await user();
    const bad = [
      undefined,
      '""',
      'x'.repeat(256),
      `"${'x'.repeat(256)}"`,
      'x'.repeat(8_000),
      '"open',
      'a"\u00e9',
      '"k";a=1',
    ];
    for (const key of bad) t.match(await create(token, key), { status: 400 }, String(key).slice(0, 20));
    t.equal((await create(token, ['a', 'b'])).status, 400, 'two header lines');
    t.equal(await total(token), 0);
    for (const key of ['x', 'x'.repeat(255), `"${'y'.repeat(255)}"`, '"a \\"b\\" c"', '~!@#$%^&*()'])
      t.equal((await create(token, key)).status, 200, key.slice(0, 20));
    t.equal(await total(token), 5);
  });

  await t.test('a key belongs to a route, however its path is spelt', async (t) => {
    const { token } = await user();
    for (const [path, body] of [
      ['/create_order', order],
      ['/order', { amount: 3 }],
    ] as const) {
      const headers = { 'idempotency-key': `spelt${path}` };
      const first = await send('POST', path, { token, body, headers });
      t.equal(first.status, 200);
      for (const spelling of [`${path}/`, `${path}?`, `${path}/?`]) {
        const again = await send('POST', spelling, { token, body, headers });
        t.match(again, { status: 200, text: first.text, headers: { 'idempotent-replayed': 'true' } }, spelling);
      }
    }
    t.equal(await total(token), 2);
  });

  await t.test('refuses another payload under the same key; the original still replays', async (t) => {
    const { token } = await user();
    const first = await create(token, 'k');
    t.equal((await create(token, 'k', { ...order, count: 3 })).status, 422);
    t.equal((await create(token, 'k', order, '?a=1')).status, 422, 'the query is part of the payload');
    t.equal(
      (await create(token, 'k', { count: order.count, address: order.address })).text,
      first.text,
      'order of keys',
    );
    const raw = `{"count": 9, "count": ${order.count},\n "address": "${order.address}"}`;
    const doubled = await send('POST', '/create_order', { token, raw, headers: { 'idempotency-key': 'k' } });
    t.equal(doubled.text, first.text, 'of a key written twice the last one counts');
    t.equal(await total(token), 1);
  });

  await t.test('keeps keys apart by user, and knows a user with a fresh token', async (t) => {
    const [a, b] = [await user(), await user()];
    const [first, second] = [await create(a.token, 'k'), await create(b.token, 'k')];
    t.not(first.json.id, second.json.id);
    const fresh = await send('POST', '/login', { body: { login: a.login, password: a.password } });
    t.equal((await create(fresh.json.token, 'k')).text, first.text);
    await send('GET', '/logout', { token: a.token });
    t.equal((await create(a.token, 'k')).status, 401, 'a replay needs a session too');
  });

  await t.test('burns no key on a request that it refuses', async (t) => {
    const { token } = await user();
    for (const body of [
      {},
      { address: 'a' },
      { address: '', count: 1 },
      { address: 'a', count: 0 },
      { address: 'a', count: 1.5 },
      { address: 'a', count: '1' },
      { address: 7, count: 1 },
    ])
      t.equal((await create(token, 'k', body)).status, 400);
    t.equal((await create(token, 'k')).status, 200);
  });

  await t.test('50 duplicates at once: one order, one response', async (t) => {
    const { token } = await user();
    const all = await Promise.all(Array.from({ length: 50 }, () => create(token, 'same')));
    const done = all.filter(({ status }) => status === 200);
    for (const { headers } of all.filter(({ status }) => status !== 200)) t.equal(headers['retry-after'], '1');
    t.same(
      [...new Set(all.map(({ status }) => status))].filter((status) => status !== 200 && status !== 409),
      [],
    );
    t.equal(new Set(done.map(({ text }) => text)).size, 1);
    t.equal(done.filter(({ headers }) => headers['idempotent-replayed'] === undefined).length, 1);
    t.equal(await total(token), 1);
  });

  await t.test('one key, different bodies at once: one order', async (t) => {
    const { token } = await user();
    const all = await Promise.all(
      Array.from({ length: 20 }, (_, i) => create(token, 'same', { ...order, count: i + 1 })),
    );
    t.equal(all.filter(({ status }) => status === 200).length, 1);
    t.equal(await total(token), 1);
  });

  await t.test('ignores the key on a GET', async (t) => {
    const { token } = await user();
    t.equal((await send('GET', '/orders', { token, headers: { 'idempotency-key': '"' } })).status, 200);
  });

  await t.test('pages through the orders, newest first', async (t) => {
    const { token } = await user();
    for (let i = 0; i < 5; i++) await create(token, `k${i}`, { ...order, count: i + 1 });
    const page = await send('GET', '/orders?limit=2', { token });
    t.same(
      page.json.orders.map((one: { count: number }) => one.count),
      [5, 4],
    );
    const rest = await send('GET', `/orders?limit=10&before=${page.json.next}`, { token });
    t.same(
      rest.json.orders.map((one: { count: number }) => one.count),
      [3, 2, 1],
    );
    t.equal(rest.json.next, null);
    for (const query of ['limit=0', 'limit=101', 'limit=x', 'before=0', 'limit=1&limit=2'])
      t.equal((await send('GET', `/orders?${query}`, { token })).status, 400, query);
    await sleep(0);
  });
}
