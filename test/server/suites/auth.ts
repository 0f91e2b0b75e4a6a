import { once } from 'node:events';
import { request as httpRequest } from 'node:http';
import type { Test } from 'tap';
import { internalToken, type Platform, startPlatform } from '../platform.js';

/** auth's contract. */
export async function authSuite(t: Test, platform: Platform): Promise<void> {
  const { send, user } = platform;

  await t.test('registers once, under both names of the route', async (t) => {
    const body = { login: `once-${Date.now()}`, password: 'p' };
    const first = await send('POST', '/register', { body });
    t.match(first, { status: 200, json: { login: body.login } });
    t.equal((await send('POST', '/registration', { body })).status, 409);
  });

  await t.test('refuses a wrong password and an unknown login with the same answer', async (t) => {
    const { login } = await user();
    const wrong = await send('POST', '/login', { body: { login, password: 'wrong' } });
    const unknown = await send('POST', '/login', { body: { login: `${login}-unknown`, password: 'wrong' } });
    t.equal(wrong.status, 401);
    t.equal(wrong.text, unknown.text);
  });

  await t.test('opens a session as bearer token and as cookie; logout ends both at once', async (t) => {
    const { login, password, id } = await user();
    const opened = await send('POST', '/login', { body: { login, password } });
    const cookie = String(opened.headers['set-cookie']);
    t.match(cookie, /^session=[\w-]{43}; Max-Age=\d+; Path=\/; HttpOnly; SameSite=Strict$/);
    const session = cookie.split(';')[0]!;
    t.same((await send('GET', '/me', { headers: { cookie: `a=b; ${session}; c=d` } })).json, { id, login });
    t.same((await send('GET', '/me', { token: opened.json.token })).json, { id, login });
    t.equal((await send('GET', '/logout', { headers: { cookie: session } })).status, 200);
    t.equal((await send('GET', '/me', { token: opened.json.token })).status, 401);
    t.equal((await send('GET', '/me', { headers: { cookie: session } })).status, 401);
    t.equal((await send('GET', '/logout', { token: opened.json.token })).status, 200, 'again');
  });

  await t.test('deletes the account with all of its sessions; logout is 200 after it', async (t) => {
    const { login, password, token } = await user();
    const other = await send('POST', '/login', { body: { login, password } });
    const deleted = await send('DELETE', '/user/delete', { token });
    t.equal(deleted.status, 204);
    t.equal(deleted.text, '');
    t.equal((await send('GET', '/me', { token: other.json.token })).status, 401);
    t.equal((await send('DELETE', '/user/delete', { token })).status, 401);
    t.equal((await send('GET', '/logout', { token })).status, 200);
    t.equal((await send('POST', '/login', { body: { login, password } })).status, 401);
  });

  await t.test(
    'an account that is deleted while somebody logs in: a session or a refusal, never an error',
    async (t) => {
      for (let round = 0; round < 5; round++) {
        const { login, password, token } = await user();
        const logins = Array.from({ length: 6 }, () => send('POST', '/login', { body: { login, password } }));
        const deleted = logins[0]!.then(() => send('DELETE', '/user/delete', { token }));
        for (const { status } of await Promise.all(logins)) t.ok(status === 200 || status === 401, String(status));
        t.equal((await deleted).status, 204);
      }
    },
  );

  await t.test('throttles guessing one account, also in parallel, and tells after how long to come back', async (t) => {
    const { login, password } = await user();
    const guesses = Array.from({ length: 14 }, () => send('POST', '/login', { body: { login, password: 'guess' } }));
    const statuses = (await Promise.all(guesses)).map(({ status }) => status);
    t.equal(statuses.filter((status) => status === 401).length, 10);
    t.equal(statuses.filter((status) => status === 429).length, 4);
    const right = await send('POST', '/login', { body: { login, password } });
    t.equal(right.status, 429, 'the right password must wait too');
    t.ok(Number(right.headers['retry-after']) > 0);
  });

  await t.test('answers introspection to the services alone', async (t) => {
    const { token, id, login } = await user();
    const ask = (credential: string) =>
      send('POST', '/internal/introspect', { token: credential, body: { tokens: [token, 'nonsense'] } });
    t.same((await ask(internalToken)).json, { users: [{ id, login }, null] });
    for (const credential of [token, 'wrong', `${internalToken}x`]) t.equal((await ask(credential)).status, 401);
  });

  await t.test('reads bodies strictly: size, type, syntax, schema', async (t) => {
    const post = (raw: string | Buffer, headers = {}) => send('POST', '/login', { raw, headers });
    t.equal((await post('x'.repeat(20_000))).status, 413);
    t.equal((await post('{}', { 'content-type': 'text/plain' })).status, 415);
    t.equal((await post('{}', { 'content-type': 'application/json; charset=utf-7' })).status, 415);
    t.equal((await post('{}', { 'content-encoding': 'zstd' })).status, 415);
    for (const raw of [
      '{',
      '',
      'null',
      '[]',
      '7',
      '{"login":1,"password":2}',
      '{"login":"","password":""}',
      Buffer.from([0xff]),
    ])
      t.match(await post(raw), { status: 400, headers: { 'content-type': 'application/problem+json' } }, String(raw));
  });

  await t.test('closes on a client that never ends its request', { timeout: 60_000 }, async (t) => {
    const impatient = await startPlatform({ REQUEST_TIMEOUT_MS: '2000' }, ['auth']);
    t.teardown(() => impatient.stop());
    const slow = httpRequest(`${impatient.url}/login`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', 'content-length': 100 },
    });
    slow.on('error', () => {});
    slow.write('{');
    await Promise.race([once(slow, 'close'), once(slow, 'response')]);
    t.pass('ended by the server');
    slow.destroy();
  });
}
