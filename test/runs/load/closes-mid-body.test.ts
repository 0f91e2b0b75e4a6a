import t from 'tap';
import { golden } from '../../golden.js';
import { tcpServerUrl } from '../../load/servers.js';

const few = ['--requests', '5', '--concurrency', '1', '--quiet'];

t.test('a server that closes mid-body is a result: exit 1', async (t) => {
  const url = await tcpServerUrl(t, (socket) =>
    socket.once('data', () => socket.end('HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf of it')),
  );
  const run = await golden(t, 'load/url-closes-mid-body', ['load', '--url', url, ...few], { values: { url } });
  t.equal(run.exitCode, 1);
});
