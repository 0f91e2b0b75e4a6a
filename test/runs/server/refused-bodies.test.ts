// What a service refuses it does not read to its end: a client can neither pour into it nor hold a connection by dripping.
import { connect } from 'node:net';
import t from 'tap';
import { startPlatform } from '../../server/platform.js';

t.setTimeout(60_000);
const platform = await startPlatform({ REQUEST_TIMEOUT_MS: '2000' });
t.teardown(() => platform.stop());
const { url } = platform;

t.test('what is refused is not read on: neither poured nor dripped', async (t) => {
  const head = (method: string, path: string, framing: string) =>
    `${method} ${path} HTTP/1.1\r\nHost: h\r\nContent-Type: application/json\r\n${framing}\r\n\r\n`;
  const declared = `Content-Length: ${2 ** 30}`;
  const cases: [name: string, head: string, status: number][] = [
    ['404', head('POST', '/nowhere', declared), 404],
    ['405', head('POST', '/price/1', declared), 405],
    ['401', head('POST', '/order', declared), 401],
    ['413, told before', head('POST', '/login', declared), 413],
    ['413, in chunks', head('POST', '/login', 'Transfer-Encoding: chunked'), 413],
    ['a GET that takes none', head('GET', '/', declared), 200],
  ];
  await Promise.all(
    cases.map(async ([name, bytes, status]) => {
      const poured = await send1GB(bytes);
      t.match(poured.text, new RegExp(`^HTTP/1.1 ${status} `), name);
      t.ok(poured.bytes < 64 * 2 ** 20, `${name}: ${poured.bytes} bytes went in`);
      // In chunks nothing is too large yet: that one ends by REQUEST_TIMEOUT_MS.
      const dripped = await send1GB(bytes, 1);
      t.ok(dripped.tookMs < 6_000, `${name}: the connection ended after ${dripped.tookMs} ms`);
    }),
  );
});

/** Sends a head and a body until the connection ends: as fast as it is taken, or a byte each 100 ms. */
function send1GB(head: string, bytesAtOnce = 64 * 1024): Promise<{ text: string; bytes: number; tookMs: number }> {
  return new Promise((resolve) => {
    const beganMs = performance.now();
    const chunk = Buffer.alloc(bytesAtOnce, ' ');
    const framed = head.includes('chunked')
      ? Buffer.concat([Buffer.from(`${bytesAtOnce.toString(16)}\r\n`), chunk, Buffer.from('\r\n')])
      : chunk;
    let text = '';
    const socket = connect(Number(new URL(url).port), '127.0.0.1', () => {
      socket.write(head);
      more();
    });
    const more = () => {
      if (bytesAtOnce > 1) while (socket.bytesWritten < 2 ** 30 && !socket.destroyed && socket.write(framed));
    };
    const drip = setInterval(() => bytesAtOnce === 1 && socket.write(framed), 100);
    socket.on('drain', more);
    socket.on('data', (data) => {
      text += data;
    });
    socket.on('error', () => undefined);
    socket.on('close', () => {
      clearInterval(drip);
      resolve({ text, bytes: socket.bytesWritten, tookMs: performance.now() - beganMs });
    });
  });
}
