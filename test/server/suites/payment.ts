import type { Test } from 'tap';
import { internalToken, type Platform } from '../platform.js';

/** billing, notifications and the saga through orders. */
export async function paymentSuite(t: Test, { send, user }: Platform): Promise<void> {
  const balance = async (token: string) => (await send('GET', '/billing/current', { token })).json.balance as number;
  const topUp = (token: string, amount: unknown, headers = {}) =>
    send('POST', '/billing/change', { token, body: { amount }, headers });
  const messages = async (token: string): Promise<string[]> =>
    (await send('GET', '/notification', { token })).json.notifications.map((one: { message: string }) => one.message);

  await t.test('the whole flow, for every fresh user', async (t) => {
    for (let n = 0; n < 2; n++) {
      const { token, id } = await user();
      t.same((await topUp(token, 5_000)).json, { balance: 5_000 });
      t.same((await send('POST', '/order', { token, body: { amount: 3_000 } })).json, {
        id: 1,
        amount: 3_000,
        status: 'created',
        user_id: id,
      });
      t.match((await send('PUT', '/order/1/pay', { token })).json, {
        id: 1,
        status: 'processing',
        billing: { status: 'OK' },
      });
      t.equal(await balance(token), 2_000);
      t.same(await messages(token), ['order #1 Processing']);
      await send('POST', '/order', { token, body: { amount: 3_000 } });
      const refused = await send('PUT', '/order/2/pay', { token });
      t.match(refused.json, { id: 2, status: 'failed', billing: { status: 'ERROR' } });
      t.equal((await send('PUT', '/order/2/pay', { token })).text, refused.text, 'paying twice answers the same');
      t.equal(await balance(token), 2_000);
      t.same(await messages(token), ['order #2 Failed', 'order #1 Processing']);
      await topUp(token, 5_000);
      t.match(
        (await send('PUT', '/order/2/pay', { token })).json,
        { billing: { status: 'ERROR' } },
        'decided is decided',
      );
      t.equal(await balance(token), 7_000);
      t.equal((await send('GET', '/order/2', { token })).json.status, 'failed');
    }
  });

  await t.test('30 payments of one order at once: one charge, one notification', async (t) => {
    const { token } = await user();
    await topUp(token, 100);
    await send('POST', '/order', { token, body: { amount: 60 } });
    const all = await Promise.all(Array.from({ length: 30 }, () => send('PUT', '/order/1/pay', { token })));
    t.same([...new Set(all.map(({ text }) => text))].length, 1);
    t.equal(await balance(token), 40);
    t.same(await messages(token), ['order #1 Processing']);
  });

  await t.test('100 orders of 10 paid at once from 500: exactly 50 succeed', async (t) => {
    const { token } = await user();
    await topUp(token, 500);
    const created = await Promise.all(
      Array.from({ length: 100 }, () => send('POST', '/order', { token, body: { amount: 10 } })),
    );
    const ids = created.map(({ json }) => json.id as number);
    t.same(
      [...ids].sort((a, b) => a - b),
      Array.from({ length: 100 }, (_, i) => i + 1),
      'numbered without gap or double',
    );
    const paid = await Promise.all(ids.map((id) => send('PUT', `/order/${id}/pay`, { token })));
    t.equal(paid.filter(({ json }) => json.billing.status === 'OK').length, 50);
    t.equal(await balance(token), 0);
    t.equal((await messages(token)).filter((message) => message.endsWith('Processing')).length, 50);
    t.equal((await messages(token)).length, 100);
  });

  await t.test('money has at most two decimals and bounds', async (t) => {
    const { token } = await user();
    for (const amount of [0, -1, 0.001, 10.005, 1e9, '5', null, true, [5], {}])
      t.equal((await topUp(token, amount)).status, 400, JSON.stringify(amount));
    for (const raw of ['{"amount":1e309}', '{"amount":NaN}', '{"amount":9007199254740993}', '{}'])
      t.equal((await send('POST', '/billing/change', { token, raw })).status, 400, raw);
    t.equal(await balance(token), 0);
    for (const amount of [0.01, 0.07, 0.1, 0.2, 1.15, 9_999_999.99]) t.equal((await topUp(token, amount)).status, 200);
    t.equal(await balance(token), 10_000_001.52);
  });

  await t.test('a top-up with a key counts once; the key is its own on each route', async (t) => {
    const { token } = await user();
    const headers = { 'idempotency-key': 'top' };
    const first = await topUp(token, 10, headers);
    t.equal((await topUp(token, 10, headers)).text, first.text);
    t.equal((await topUp(token, 11, headers)).status, 422);
    t.equal((await send('POST', '/order', { token, body: { amount: 10 }, headers })).status, 200);
    t.equal(await balance(token), 10);
  });

  await t.test("another user's order is not there", async (t) => {
    const [a, b] = [await user(), await user()];
    await send('POST', '/order', { token: a.token, body: { amount: 1 } });
    for (const id of ['1', '99', String(Number.MAX_SAFE_INTEGER)]) {
      t.equal((await send('GET', `/order/${id}`, { token: b.token })).status, 404);
      t.equal((await send('PUT', `/order/${id}/pay`, { token: b.token })).status, 404);
    }
    for (const id of ['0', '-1', 'x', '1.5', '99999999999999999999'])
      t.equal((await send('GET', `/order/${id}`, { token: b.token })).status, 400, id);
  });

  await t.test('internal routes need the credential, and answer the same again', async (t) => {
    const { id, token } = await user();
    const charge = (credential: string | undefined, amount = 100) =>
      send('PUT', '/internal/charges/900001', { token: credential, body: { user_id: id, amount } });
    for (const credential of [undefined, token, 'nonsense']) t.equal((await charge(credential)).status, 401);
    t.same((await charge(internalToken)).json, { status: 'ERROR' });
    await topUp(token, 100);
    t.same((await charge(internalToken)).json, { status: 'ERROR' }, 'a charge is decided once');
    t.equal((await charge(internalToken, 101)).status, 409);
    const tell = () =>
      send('PUT', '/internal/notifications/event-1', { token: internalToken, body: { user_id: id, message: 'hi' } });
    t.equal((await tell()).status, 200);
    t.equal((await tell()).status, 200);
    t.same(await messages(token), ['hi']);
  });
}
