import type net from 'node:net';
import t from 'tap';
import { startLoad } from '../../src/cli/load/run.js';
import { adds, answer, closed, get, httpServer, planFor, rate, tcpServer } from '../load/servers.js';

// Real servers, real sockets. Nothing here judges how quick things are: the machine may be busy.
t.setTimeout(120_000);

t.test('time-outs: recorded with the time waited, not forgotten', async (t) => {
  let count = 0;
  const port = await httpServer(t, (_, response) => {
    if (++count % 5 !== 0) response.end('x');
  });
  const result = await startLoad(planFor(port, rate(50, 1000), { timeoutMs: 500 })).result;
  adds(t, result);
  t.equal(result.timedOut + result.ok, 50);
  t.ok(result.timedOut >= 8, `${result.timedOut} timed out`);
  t.match(result.errors, { 'timed out': result.timedOut });
  t.ok(result.latencyMs.response.max >= 500);
  t.equal(result.latencyMs.response.count, 50);
});

t.test('what a server can do to a request, in words', async (t) => {
  const table: [string, (socket: net.Socket) => void, string][] = [
    ['resets', (socket) => socket.resetAndDestroy(), 'connection reset'],
    ['closes', (socket) => socket.end(), 'closed before the response'],
    ['closes mid-body', (socket) => socket.end('HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf'), 'closed mid-body'],
    ['speaks something else', (socket) => socket.end('SSH-2.0-x\r\n'), 'not HTTP'],
    ['says too much', (socket) => socket.end(`${answer}${answer}`), 'bytes after the response'],
    ['says 503', (socket) => socket.write('HTTP/1.1 503 No\r\nContent-Length: 0\r\n\r\n'), 'unexpected status'],
  ];
  const bad = table.map(() => 0);
  const server = await tcpServer((socket) =>
    socket.on('data', (data) => {
      const place = Number(/^GET \/bad(\d)/.exec(String(data))?.[1] ?? -1);
      if (place < 0) socket.write(answer);
      else {
        bad[place]!++;
        table[place]![1](socket);
      }
    }),
  );
  t.teardown(() => server.close());
  const work = [...table.map((_, place) => get(`/bad${place}`)), get('/', 6)];
  const result = await startLoad(planFor(server.port, rate(200, 600), { work }), { preflight: false }).result;
  adds(t, result);
  table.forEach(([what, , cause], place) => {
    t.ok(bad[place]! > 0, what);
    t.match(result.errors, { [cause]: bad[place] }, what);
    t.equal(result.steps[place]!.failed, bad[place], what);
  });
  t.equal(result.ok, 120 - bad.reduce((sum, count) => sum + count, 0));
});

t.test('a server that is gone: refused, each of them; the closed model does not spin', async (t) => {
  const server = await tcpServer(() => undefined);
  server.close();
  const open = await startLoad(planFor(server.port, rate(100, 300)), { preflight: false }).result;
  adds(t, open);
  t.match(open, { failed: 30, errors: { 'connection refused': 30 } });
  const loop = { ...closed(2, 40), stages: [{ durationMs: 300, from: 2, to: 2 }] };
  const result = await startLoad(planFor(server.port, loop), { preflight: false }).result;
  adds(t, result);
  t.ok(result.sent <= 80, `${result.sent} tries`);
});

t.test('one byte at a time, and a connection closed after each response', async (t) => {
  const server = await tcpServer((socket) =>
    socket.on('data', () => {
      const text = 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\r\n2\r\nok\r\n0\r\n\r\n';
      let at = 0;
      const timer = setInterval(() => {
        socket.write(text[at++]!);
        if (at < text.length) return;
        clearInterval(timer);
        socket.end();
      }, 1);
      socket.on('close', () => clearInterval(timer));
    }),
  );
  t.teardown(() => server.close());
  const result = await startLoad(planFor(server.port, rate(50, 400))).result;
  adds(t, result);
  t.match(result, { ok: 20, failed: 0 });
  t.ok(result.connections.opened >= 20, 'a connection each');
  t.ok(result.latencyMs.service.p50 > result.timingsMs.firstByte.p50);
});
