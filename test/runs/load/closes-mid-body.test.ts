import { once } from 'node:events';
import net, { type AddressInfo, type Socket } from 'node:net';
import t, { type Test } from 'tap';
import { golden } from '../../golden.js';

/** A TCP server on a free port that treats each connection as `serve` says. */
async function tcpServer(t: Test, serve: (socket: Socket) => void): Promise<string> {
  const sockets = new Set<Socket>();
  const server = net.createServer((socket) => {
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket));
    socket.on('error', () => undefined);
    serve(socket);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.teardown(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

const few = ['--requests', '5', '--concurrency', '1', '--quiet'];

t.test('a server that closes mid-body is a result: exit 1', async (t) => {
  const url = await tcpServer(t, (socket) =>
    socket.once('data', () => socket.end('HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf of it')),
  );
  const run = await golden(t, 'load/url-closes-mid-body', ['load', '--url', url, ...few], { values: { url } });
  t.equal(run.exitCode, 1);
});
