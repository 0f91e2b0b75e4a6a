// Random bodies, headers and raw bytes against every route: never a 5xx but the users contract's, never a crash.
// FUZZ=N for another number of requests than 5,000, SEED=N to repeat, STORE=postgres for Postgres.
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { connect } from 'node:net';
import t from 'tap';
import { request } from 'undici';
import { startPlatform } from '../../server/platform.js';
import { startPostgres } from '../../server/postgres-cluster.js';
import { randomFrom } from './fleet.js';

const requests = Number(process.env.FUZZ ?? 5_000);
const seed = Number(process.env.SEED ?? Date.now());
const random = randomFrom(seed);
const pick = <T>(list: readonly T[]): T => list[Math.floor(random() * list.length)]!;

t.setTimeout(600_000);
const cluster = process.env.STORE === 'postgres' ? await startPostgres() : undefined;
if (typeof cluster === 'string') throw new Error(cluster);
if (cluster !== undefined) t.teardown(() => cluster.stop());
const url = await cluster?.createDatabase();
const platform = await startPlatform(url === undefined ? {} : { STORE: 'postgres', POSTGRES_URL: url });
t.teardown(() => platform.stop());

await t.test(`${requests} requests, seed ${seed}`, { timeout: 500_000 }, async (t) => {
  const { token } = await platform.user();
  const { json } = await platform.send('GET', '/openapi.json');
  const routes = Object.entries(json.paths as Record<string, object>).flatMap(([path, methods]) =>
    Object.keys(methods).map((method) => ({ path, method: method.toUpperCase() })),
  );
  const bad: string[] = [];
  for (let i = 0; i < requests; i += 20)
    await Promise.all(
      Array.from({ length: 20 }, async () => {
        const { path, method } = pick(routes);
        const target = path.replace(/\{\w+\}/g, () => encodeURIComponent(pick(scalars())));
        const body =
          method === 'GET' ? undefined : pick([() => JSON.stringify(value(0)), () => randomBytes(40), () => ''])();
        const { statusCode, body: answer } = await request(
          `${platform.url}${target}${pick(['', '?limit=x', '?a&b=%00'])}`,
          {
            method: pick([method, method, method, 'PATCH', 'OPTIONS']) as 'GET',
            headers: {
              authorization: pick([`Bearer ${token}`, 'Bearer', 'Basic x', `Bearer ${'x'.repeat(600)}`]),
              'content-type': pick(['application/json', 'application/json; charset=utf-16', 'text/plain', 'x']),
              'idempotency-key': pick(['k', '"k"', '"', 'x'.repeat(300), 'caf\u00e9', `k-${random()}`]),
              cookie: pick(['', 'session=', `session=${token}`, ';;;=;']),
              traceparent: pick(['00', `00-${'f'.repeat(32)}-${'0'.repeat(16)}-00`, 'x'.repeat(100)]),
              'x-forwarded-for': pick(['', ',,,', '1.2.3.4']),
            },
            body,
          },
        );
        const text = await answer.text();
        // Not by mistake: the session ends when the dice say DELETE /user/delete.
        if (statusCode >= 500 && !(path.startsWith('/user') && text === 'internal server error'))
          bad.push(`${method} ${target} ${statusCode} ${text}`);
      }),
    );
  t.same(bad, []);
});

await t.test('raw bytes and cut requests', { timeout: 100_000 }, async (t) => {
  const lines = [
    'GET / HTTP/1.1\r\nHost: a\r\n\r\n',
    'POST /login HTTP/1.1\r\nHost: a\r\nContent-Length: 99\r\n\r\n{',
    'GET',
  ];
  for (let i = 0; i < 200; i++) {
    const socket = connect(Number(new URL(platform.url).port), '127.0.0.1');
    socket.on('error', () => {});
    const closed = once(socket, 'close');
    const line = Buffer.from(pick(lines));
    socket.write(pick([line, randomBytes(200), Buffer.concat([line, randomBytes(50)])]));
    setTimeout(() => socket.destroy(), random() * 30);
    await closed;
  }
  t.match(await platform.send('GET', '/health'), { status: 200 });
});

function scalars(): string[] {
  return ['1', '0', '-1', 'x', '\u0000', "' OR 1=1 --", '9'.repeat(30), '../..', 'delete', '%'];
}

function value(depth: number): unknown {
  const kind = Math.floor(random() * (depth > 3 ? 6 : 8));
  if (kind < 6)
    return pick([null, true, random() * 1e9, -1, '', 'x'.repeat(Math.floor(random() * 300)), '\u0000\ud800', 1e308]);
  if (kind === 6) return Array.from({ length: Math.floor(random() * 4) }, () => value(depth + 1));
  const names = [
    'login',
    'password',
    'amount',
    'address',
    'count',
    'username',
    'tokens',
    'user_id',
    '__proto__',
    'message',
  ];
  return Object.fromEntries(Array.from({ length: 3 }, () => [pick(names), value(depth + 1)]));
}
