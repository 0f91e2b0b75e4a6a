import net from 'node:net';
import t from 'tap';
import { ConnectionPool } from '../../../src/cli/load/engine/connections.js';
import { usableSeconds } from '../../../src/cli/load/engine/engine.js';
import { Iteration } from '../../../src/cli/load/engine/iteration.js';
import type { Connection, WireContext } from '../../../src/cli/load/http/wire.js';
import { answer, tcpServer } from '../servers.js';

t.setTimeout(60_000);

const until = async (condition: () => boolean) => {
  while (!condition()) await new Promise((resolve) => setTimeout(resolve, 2));
};

/** A pool with an owner that notes what it is told. */
function poolOf(port: number, rotate = false) {
  const events: string[] = [];
  const free: Connection[] = [];
  const readBuffer = Buffer.alloc(4096);
  const wire: WireContext = {
    owner: {
      onOpen: (connection) => pool.opened(connection),
      onClose: (connection) => pool.closed(connection),
      onResponse: () => undefined,
      onError: () => undefined,
    },
    nowUs: () => performance.now() * 1000,
    readBuffer,
    seenHead: true,
    firstHead: () => undefined,
  };
  const owner = {
    onFree: (connection: Connection, iteration: Iteration) => {
      free.push(connection);
      events.push(`${iteration.index} goes`);
    },
    onUnreachable: (iteration: Iteration, cause: string) => events.push(`${iteration.index}: ${cause}`),
  };
  const pool: ConnectionPool = new ConnectionPool({ addresses: [{ host: '127.0.0.1', port }] }, wire, owner, rotate);
  const wait = (index: number) => {
    const iteration = new Iteration();
    iteration.index = index;
    iteration.begunUs = index;
    pool.wait(iteration);
  };
  return { pool, events, free, wait };
}

t.test('requests without a connection are served in order, by new connections or by those given back', async (t) => {
  const server = await tcpServer((socket) => socket.on('data', () => socket.write(answer)));
  const { pool, events, free, wait } = poolOf(server.port);
  t.teardown(() => {
    pool.close();
    server.close();
  });
  for (let i = 0; i < 100; i++) wait(i);
  t.ok(pool.all.length < 100, `${pool.all.length} connections begun at once`);
  await until(() => events.length === 100);
  t.same(
    events,
    Array.from({ length: 100 }, (_, i) => `${i} goes`),
  );
  t.equal(pool.waitingCount, 0);
  // One comes free before its own connection is made.
  wait(100);
  pool.giveBack(free[0]!);
  t.equal(events.at(-1), '100 goes');
  await until(() => pool.idleCount === 1);
  t.equal(pool.all.length, 101, 'the one that was on its way stays for later');
});

t.test('free connections: the newest first, or with many users in turn', async (t) => {
  const server = await tcpServer(() => undefined);
  t.teardown(() => server.close());
  for (const rotate of [false, true]) {
    const { pool } = poolOf(server.port, rotate);
    await pool.open(3, 10_000);
    t.equal(pool.idleCount, 3);
    const first = pool.take(0)!;
    pool.giveBack(first);
    const again = pool.take(0);
    t.equal(again === first, !rotate);
    const gone = pool.take(0)!;
    gone.destroy();
    t.equal(pool.idleCount, 1);
    const stale = pool.take(0)!;
    stale.staleAtUs = 5;
    pool.giveBack(stale);
    t.equal(pool.take(6), undefined, 'what the server is about to close is not used');
    pool.close();
  }
});

t.test('where nobody listens each request fails once; overdue ones can be taken away', async (t) => {
  const dead = await tcpServer(() => undefined);
  dead.close();
  const { pool, events, wait } = poolOf(dead.port);
  for (let i = 0; i < 40; i++) wait(i);
  await until(() => events.length === 40);
  t.ok(events.every((event) => event.endsWith('connection refused')));
  t.equal(pool.waitingCount, 0);
  wait(7);
  wait(9);
  t.equal(pool.countBusy(), 2);
  t.equal(pool.shiftOverdue(18, 10)?.index, 7);
  t.equal(pool.shiftOverdue(18, 10), undefined);
  pool.close();
});

t.test('connections that hang are given up, and others are made for who still waits', async (t) => {
  // A listener that accepts nothing: its backlog is full, so further connections hang.
  const server = net.createServer();
  await new Promise<void>((resolve) => server.listen({ port: 0, host: '127.0.0.1', backlog: 1 }, resolve));
  t.teardown(() => server.close());
  const { pool, events, wait } = poolOf((server.address() as net.AddressInfo).port);
  wait(1);
  const before = [...pool.all];
  pool.giveUpConnecting(Number.POSITIVE_INFINITY);
  await until(() => events.length === 1);
  t.equal(events[0], '1 goes');
  t.notOk(before.includes(pool.all[0]!), 'by another connection');
  pool.close();
});

t.test('a connection is used again until a while before its server closes it', async (t) => {
  // Keep-Alive: timeout=SECONDS, and for how long it is used after a response.
  for (const [seconds, usable] of [
    [0, 0],
    [1, 0.5],
    [2, 1],
    [5, 4],
    [60, 59],
  ] as const)
    t.equal(usableSeconds(seconds), usable, `timeout=${seconds}`);
});
