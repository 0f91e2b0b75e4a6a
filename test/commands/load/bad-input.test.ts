import { once } from 'node:events';
import net, { type AddressInfo } from 'node:net';
import t from 'tap';
import { golden } from '../../golden.js';
import { tcpServerUrl } from '../../load/servers.js';

const inside = { inside: true };

// Everything here must fail with exit 2 and name its cure; the golden files hold the words.
const usage: Record<string, string[]> = {
  'unknown-flag': ['load', '--rsp', '100'],
  'rps-zero': ['load', '--rps', '0'],
  'rps-negative': ['load', '--rps=-1'],
  'rps-word': ['load', '--rps', 'abc'],
  'rps-huge': ['load', '--rps', '1e9'],
  'rps-empty': ['load', '--rps', ''],
  'rps-missing': ['load', '--rps'],
  'duration-unit': ['load', '--duration', '5 parsecs'],
  'duration-bare': ['load', '--duration', '10'],
  'duration-zero': ['load', '--duration', '0s'],
  'users-fraction': ['load', '--users', '1.5'],
  'pace-alone': ['load', '--pace', '1s'],
  'start-at-word': ['load', '--start-at', 'tomorrow'],
  'start-at-past': ['load', '--start-at', '2020-01-01T00:00:00Z'],
  'start-at-far': ['load', '--start-at', '99999999999'],
  'models-mixed': ['load', '--rps', '10', '--users', '5'],
  'poisson-closed': ['load', '--concurrency', '5', '--poisson'],
  'path-relative': ['load', '--path', 'price/1'],
  'scenario-and-path': ['load', '--scenario', 'hello', '--path', '/'],
  'method-spaces': ['load', '--method', 'GET /'],
  'header-no-colon': ['load', '--header', 'nonsense'],
  'body-file-missing': ['load', '--body', '@missing.json'],
  'url-no-scheme': ['load', '--url', 'localhost:8080'],
  'url-ftp': ['load', '--url', 'ftp://localhost/'],
  'url-broken': ['load', '--url', 'http://[::1'],
  'url-password': ['load', '--url', 'http://me:secret@localhost/'],
  'host-bad': ['load', '--host', 'a b', '--url', 'http://127.0.0.1:1/'],
  'resolve-mismatch': ['load', '--url', 'http://a.test/', '--resolve', 'b.test:80:127.0.0.1'],
  'insecure-http': ['load', '--url', 'http://a.test/', '--insecure'],
  'cacert-missing': ['load', '--url', 'https://a.test/', '--cacert', 'missing.pem'],
  'threshold-metric': ['load', '--url', 'http://a.test/', '--threshold', 'p(200)<95'],
  'threshold-typo': ['load', '--url', 'http://a.test/', '--threshold', 'eror_rate<1%'],
  'workers-zero': ['load', '--workers', '0', '--url', 'http://a.test/'],
  'timeout-word': ['load', '--timeout', 'soon', '--url', 'http://a.test/'],
  'nothing-up': ['load', '--target', 'local'],
};

for (const [name, args] of Object.entries(usage)) {
  t.test(name, async (t) => {
    const run = await golden(t, `load/${name}`, args, { ...inside, cwd: '/' });
    t.equal(run.exitCode, 2);
    t.equal(run.stdout, '', 'nothing on stdout');
  });
}

t.test('with --json the failure is a document on stdout', async (t) => {
  const run = await golden(t, 'load/rps-zero-json', ['load', '--rps', '0', '--json'], inside);
  t.equal(run.exitCode, 2);
  t.equal(JSON.parse(run.stdout).error.code, 'bad-number');
});

async function closedPort(): Promise<string> {
  const server = net.createServer();
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return `http://127.0.0.1:${port}`;
}

const few = ['--requests', '5', '--concurrency', '1', '--quiet'];

t.test('a URL that refuses', async (t) => {
  const url = await closedPort();
  const run = await golden(t, 'load/url-refuses', ['load', '--url', url, ...few], { ...inside, values: { url } });
  t.equal(run.exitCode, 2);
});

t.test('a URL that resolves to nothing', async (t) => {
  const run = await golden(
    t,
    'load/url-resolves-to-nothing',
    ['load', '--url', 'http://nowhere.invalid/', ...few],
    inside,
  );
  t.equal(run.exitCode, 2);
});

t.test('a URL that never answers', async (t) => {
  const url = await tcpServerUrl(t, () => undefined);
  const args = ['load', '--url', url, '--timeout', '400ms', ...few];
  const run = await golden(t, 'load/url-never-answers', args, { ...inside, values: { url } });
  t.equal(run.exitCode, 2);
});

t.test('a URL that is not HTTP', async (t) => {
  const url = await tcpServerUrl(t, (socket) => socket.end('SSH-2.0-OpenSSH_9.2\r\n'));
  const run = await golden(t, 'load/url-not-http', ['load', '--url', url, ...few], { ...inside, values: { url } });
  t.equal(run.exitCode, 2);
});

t.test('a URL that closes without an answer', async (t) => {
  const url = await tcpServerUrl(t, (socket) => socket.once('data', () => socket.destroy()));
  const run = await golden(t, 'load/url-closes', ['load', '--url', url, ...few], { ...inside, values: { url } });
  t.equal(run.exitCode, 2);
});

t.test('a URL that speaks HTTP where TLS is expected', async (t) => {
  const url = await tcpServerUrl(t, (socket) => socket.end('HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n'));
  const secure = url.replace('http:', 'https:');
  const run = await golden(t, 'load/url-no-tls', ['load', '--url', secure, ...few], {
    ...inside,
    values: { url: secure },
  });
  t.equal(run.exitCode, 2);
});
