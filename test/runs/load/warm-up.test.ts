import t from 'tap';
import { startLoad } from '../../../src/cli/load/run.js';
import { adds, closed, planFor, rate, tcpServer } from '../../load/servers.js';

t.setTimeout(120_000);

const reply = 'HTTP/1.1 200 OK\r\nServer: target\r\nContent-Length: 2\r\n\r\nok';

t.test('the target sees nothing of the warm-up, and no figure of it is in the result', async (t) => {
  for (const warmUp of [true, false]) {
    for (const arrivals of [rate(20, 500), closed(2, 10)]) {
      let requests = 0;
      let connections = 0;
      const server = await tcpServer((socket, count) => {
        connections = count;
        socket.on('data', () => {
          requests++;
          socket.write(reply);
        });
      });
      const plan = planFor(server.port, arrivals, { connections: 3, workers: 2 });
      const result = await startLoad(plan, { preflight: false, warmUp }).result;
      server.close();
      adds(t, result);
      t.match(result, { scheduled: 10, ok: 10, server: { software: 'target', bodyBytes: 2 } });
      t.match(result, { statusCodes: { 200: 10 }, errors: {}, iterations: { started: 10, ok: 10 } });
      t.equal(requests, 10);
      t.equal(result.connections.opened, connections);
      t.equal(result.connections.preopened, 3);
      t.equal(result.timingsMs.connect.count, connections);
      t.equal(result.timingsMs.firstByte.count, 10);
      t.equal(result.latencyMs.response.count, 10);
      t.equal(result.bytes.received, 10 * reply.length);
    }
  }
});

t.test('a near start leaves it out, a far one comes after it', async (t) => {
  const server = await tcpServer((socket) =>
    socket.on('data', () => socket.write('HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok')),
  );
  t.teardown(() => server.close());
  for (const inMs of [100, 4000]) {
    const startAtUnixMs = Date.now() + inMs;
    const result = await startLoad({ ...planFor(server.port, rate(20, 200)), startAtUnixMs }).result;
    adds(t, result);
    t.equal(result.ok, 4);
    t.ok(result.startedAtUnixMs >= startAtUnixMs, 'never before its time');
  }
});
