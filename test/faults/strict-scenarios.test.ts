import { createServer, request as forward, type IncomingHttpHeaders, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import t, { type Test } from 'tap';
import { systemClock } from '../../src/cli/kernel/clock.js';
import { loadScenario } from '../../src/cli/scenario/load.js';
import { runScenario } from '../../src/cli/scenario/run.js';
import { root } from '../golden.js';
import { platform } from '../scenario/platform.js';

t.setTimeout(1_800_000);

interface Seen {
  method: string;
  path: string;
  headers: IncomingHttpHeaders;
  body: string;
}
interface Reply {
  status: number;
  headers: IncomingHttpHeaders;
  body: string;
}

/** A bug planted in front of the real server: it changes the request, the reply, or answers by itself. */
interface Bug {
  scenario: 'idempotency-strict' | 'orders-strict';
  name: string;
  before?(seen: Seen): Seen | Reply;
  after?(reply: Reply, seen: Seen, ask: (seen: Seen) => Promise<Reply>): Reply | Promise<Reply>;
}

let serial = 0;
const replayed = (reply: Reply) => reply.headers['idempotent-replayed'] === 'true';
const withKey = (seen: Seen, key: string): Seen => ({ ...seen, headers: { ...seen.headers, 'idempotency-key': key } });
const creates = ({ path, method }: Seen) => method === 'POST' && path.startsWith('/create_order');
const without = (reply: Reply, name: string): Reply => ({ ...reply, headers: { ...reply.headers, [name]: undefined } });
const edited = (reply: Reply, edit: (json: Record<string, unknown>) => unknown): Reply => {
  try {
    return { ...reply, body: JSON.stringify(edit(JSON.parse(reply.body) as Record<string, unknown>)) };
  } catch {
    return reply;
  }
};
const usable = (seen: Seen) => /^[\w-]{1,255}$/.test(String(seen.headers['idempotency-key'] ?? ''));

const bugs: Bug[] = [
  {
    scenario: 'idempotency-strict',
    name: 'the key is ignored',
    before: (seen) => (creates(seen) && usable(seen) ? withKey(seen, `mutant-${serial++}`) : seen),
  },
  {
    scenario: 'idempotency-strict',
    name: 'a replay is not byte-identical',
    after: (reply) => (replayed(reply) ? { ...reply, body: reply.body.replace('{', '{ ') } : reply),
  },
  {
    scenario: 'idempotency-strict',
    name: 'a replay is not marked',
    after: (reply) => without(reply, 'idempotent-replayed'),
  },
  {
    scenario: 'idempotency-strict',
    name: 'no lock: every fifth duplicate runs on its own',
    before: (seen) => (creates(seen) && usable(seen) && serial++ % 5 === 4 ? withKey(seen, `mutant-${serial}`) : seen),
  },
  {
    scenario: 'idempotency-strict',
    name: 'another payload replays instead of 422',
    after: (reply) => (reply.status === 422 ? { ...reply, status: 200 } : reply),
  },
  {
    scenario: 'idempotency-strict',
    name: '2xx before the commit, which never comes',
    before: (seen) =>
      creates(seen) && seen.headers.cookie !== undefined && usable(seen) && serial++ % 20 === 19
        ? { status: 200, headers: { 'content-type': 'application/json' }, body: '{"id":1}' }
        : seen,
  },
  {
    scenario: 'idempotency-strict',
    name: 'a late 409 after the effect, without Retry-After',
    after: (reply, seen) =>
      creates(seen) && replayed(reply) ? { ...without(reply, 'retry-after'), status: 409 } : reply,
  },
  {
    scenario: 'idempotency-strict',
    name: 'a validation error burns the key',
    after: (reply, seen, ask) =>
      creates(seen) && reply.status === 400 && usable(seen)
        ? ask({ ...seen, body: '{"address":"burnt","count":9}' }).then(() => reply)
        : reply,
  },
  {
    scenario: 'orders-strict',
    name: 'a paid order is charged twice',
    after: (reply, { path }) =>
      path === '/billing/current'
        ? edited(reply, ({ balance }) => ({ balance: Number(balance) === 400 ? 300 : balance }))
        : reply,
  },
  {
    scenario: 'orders-strict',
    name: 'a notification is lost',
    after: (reply, { path }) =>
      path.startsWith('/notification')
        ? edited(reply, (page) => ({ ...page, notifications: (page.notifications as unknown[]).slice(1) }))
        : reply,
  },
  {
    scenario: 'orders-strict',
    name: 'a notification is sent twice',
    after: (reply, { path }) =>
      path.startsWith('/notification')
        ? edited(reply, (page) => ({
            ...page,
            notifications: [...(page.notifications as unknown[]), ...(page.notifications as unknown[]).slice(0, 1)],
          }))
        : reply,
  },
  {
    scenario: 'orders-strict',
    name: 'the balance goes below zero',
    after: (reply, { path }) =>
      path === '/billing/current'
        ? edited(reply, ({ balance }) => ({ balance: Number(balance) === 0 ? -10 : balance }))
        : reply,
  },
  {
    scenario: 'orders-strict',
    name: 'one payment too many is accepted',
    after: (reply, { path }) =>
      path === '/order/62/pay' || path === '/order/61/pay' || path === '/order/60/pay'
        ? edited(reply, (order) => ({ ...order, billing: { status: 'OK' } }))
        : reply,
  },
  {
    scenario: 'orders-strict',
    name: 'amounts are not checked',
    after: (reply, { path }) =>
      path === '/billing/change' && reply.status === 400 ? { ...reply, status: 200 } : reply,
  },
];

async function proxyWith(t: Test, url: string, bug: Partial<Bug>): Promise<string> {
  const ask = (seen: Seen) =>
    new Promise<Reply>((done, fail) => {
      const { 'content-length': _, 'transfer-encoding': __, ...headers } = seen.headers;
      const sent = forward(url + seen.path, { method: seen.method, headers }, (response) => {
        void text(response).then(
          (body) => done({ status: response.statusCode ?? 0, headers: response.headers, body }),
          fail,
        );
      });
      sent.on('error', fail);
      sent.end(seen.body);
    });
  const server = createServer((request, response) => {
    void (async () => {
      const body = await text(request);
      const seen: Seen = { method: request.method ?? 'GET', path: request.url ?? '/', headers: request.headers, body };
      const changed = bug.before?.(seen) ?? seen;
      const first = 'status' in changed ? changed : await ask(changed);
      const reply = (await bug.after?.(first, seen, ask)) ?? first;
      const { 'content-length': _, 'transfer-encoding': __, connection: ___, ...headers } = reply.headers;
      const kept = Object.entries(headers).filter(
        (entry): entry is [string, string | string[]] => entry[1] !== undefined,
      );
      response.writeHead(reply.status, Object.fromEntries(kept));
      response.end(reply.body);
    })().catch(() => response.destroy());
  });
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  t.teardown(() => {
    server.closeAllConnections();
    server.close();
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

async function text(stream: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of stream) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks).toString('utf8');
}

async function run(name: string, url: string) {
  const scenario = await loadScenario(name, { root, cwd: root });
  const signal = new AbortController().signal;
  return runScenario(scenario, { endpoint: { url, host: scenario.host }, clock: systemClock, signal });
}

t.test('each planted bug is caught', async (t) => {
  t.setTimeout(900_000);
  const url = await platform(t);
  for (const bug of bugs) {
    const result = await run(bug.scenario, await proxyWith(t, url, bug));
    t.notOk(result.passed, bug.name);
    t.comment(
      `${bug.name}: ${result.failures
        .map(({ name }) => name)
        .slice(0, 3)
        .join('; ')}`,
    );
  }
});

t.test('the correct server passes, through the same proxy and without', async (t) => {
  t.setTimeout(900_000);
  const url = await platform(t);
  const proxy = await proxyWith(t, url, {});
  const rounds = Number(process.env.STRICT_ROUNDS ?? 5);
  for (let round = 1; round <= rounds; round++) {
    for (const name of ['idempotency-strict', 'orders-strict']) {
      const result = await run(name, round === 1 && name === 'orders-strict' ? proxy : url);
      t.ok(
        result.passed,
        `${name}, round ${round}: ${result.failures.map(({ name, messages }) => `${name}: ${messages.join('; ')}`).join(' | ')}`,
      );
    }
  }
});
