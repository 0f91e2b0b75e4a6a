// Whoever sends a request gets the answer to it, and nobody else's: whatever the request says of where it ends.
import fc from 'fast-check';
import t, { type Test } from 'tap';
import { exchange, oneResponse, type Received, startGateway, startService, statusOf, token } from './gateway-raw.js';

t.setTimeout(60_000);
const smuggled = 'PUT /svc/smuggled HTTP/1.1\r\nHost: h\r\nContent-Length: 0\r\n\r\n';
const length = smuggled.length;
const chunked = `${length.toString(16)}\r\n${smuggled}\r\n0\r\n\r\n`;

const methods = ['GET', 'DELETE', 'POST'];
/** What says where the body ends, the body, and what is to become of it (undefined: a refusal). */
const framings: [lines: string[], body: string, arrives: string | undefined][] = [
  [[], '', ''],
  [['Content-Length: 0'], '', ''],
  [[`Content-Length: ${length}`], smuggled, smuggled],
  [[`content-length:${length} `], smuggled, smuggled],
  [['Transfer-Encoding: chunked'], chunked, smuggled],
  [[`Content-Length: ${length}`, `Content-Length: ${length}`], smuggled, undefined],
  [[`Content-Length: ${length}, ${length}`], smuggled, undefined],
  [[`Content-Length: +${length}`], smuggled, undefined],
  [[`Content-Length: 0x${length.toString(16)}`], smuggled, undefined],
  [[`Content-Length : ${length}`], smuggled, undefined],
  [[`Content-Length: ${length}`, 'Transfer-Encoding: chunked'], chunked, undefined],
  [['Transfer-Encoding: chunked', 'Content-Length: 0'], chunked, undefined],
  [['Transfer-Encoding: identity'], smuggled, undefined],
  [['Transfer-Encoding: chunked, identity'], chunked, undefined],
  [['Transfer-Encoding: gzip, chunked'], chunked, undefined],
  [['Transfer-Encoding: chunked', 'Transfer-Encoding: chunked'], chunked, undefined],
  [['Transfer-Encoding: xchunked'], chunked, undefined],
  [['Transfer-Encoding : chunked'], chunked, undefined],
  [['Transfer-Encoding: chunked;x=1'], chunked, undefined],
];
const connections: [lines: string[], refused: boolean][] = [
  [[], false],
  [['Connection: keep-alive'], false],
  [['Connection: keep-alive, X-Hop, ,'], false],
  [['Connection: TE, Upgrade, HTTP2-Settings', 'Upgrade: h2c', 'TE: trailers', 'HTTP2-Settings: x'], false],
  [['Connection: content-length'], true],
  [['Connection: keep-alive, Content-Length'], true],
  [['Connection: keep-alive', 'Connection: transfer-encoding'], true],
  [['Connection: Host'], true],
  [['Connection: x-forwarded-for'], true],
];

async function start(t: Test) {
  const service = await startService(t);
  const gateway = await startGateway(t, service.port);
  let counted = 0;
  gateway.server.on('request', () => counted++);
  gateway.server.on('checkContinue', () => counted++);
  gateway.server.on('checkExpectation', () => counted++);
  let forwarded = 0;
  let victims = 0;
  /** What arrived since the last call; fails where anything did that the gateway does not know of. */
  const arrived = (): Received[] => {
    const all = service.received.splice(0);
    forwarded += all.length;
    const ids = new Set(all.map(({ headers }) => headers['x-request-id']));
    const strangers = all.filter(({ headers }) => headers['x-proxy-token'] !== token);
    if (strangers.length > 0 || ids.size < all.length || forwarded > counted) {
      throw new Error(`${forwarded} arrived of ${counted}: ${JSON.stringify(all)}`);
    }
    return all;
  };
  return {
    port: gateway.port,
    arrived,
    /** Another client, whose connection to the service may be the attacker's last one. */
    async victim(): Promise<string> {
      const target = `/svc/victim-${victims++}`;
      const { text } = await exchange(gateway.port, `GET ${target} HTTP/1.1\r\nHost: h\r\n\r\n`, {
        until: oneResponse,
      });
      const last = arrived().at(-1);
      if (!text.endsWith(`answer to ${target}`) || last?.url !== target) {
        throw new Error(`the victim of ${target} got ${JSON.stringify(text)}`);
      }
      return target;
    },
  };
}

t.test(
  'method x framing x Connection: one request in, at most one out, and the next client has its own answer',
  async (t) => {
    const { port, arrived, victim } = await start(t);
    let sent = 0;
    const wrong: string[] = [];
    for (const method of methods) {
      for (const [framing, body, arrives] of framings) {
        for (const [connection, refused] of connections) {
          const head = [`${method} /svc/attack HTTP/1.1`, 'Host: h', ...framing, ...connection, 'X-Hop: 1'];
          const { text } = await exchange(port, `${head.join('\r\n')}\r\n\r\n${body}`, { until: oneResponse });
          sent++;
          const requests = arrived();
          const status = statusOf(text);
          const passes = arrives !== undefined && !refused;
          const right = passes
            ? status === 200 &&
              requests.length === 1 &&
              requests[0]?.body === arrives &&
              requests[0].url === '/svc/attack'
            : (status === 400 || status === 501) && requests.length === 0;
          if (!right) wrong.push(`${head.join(' | ')}: ${status}, ${JSON.stringify(requests.map(({ body }) => body))}`);
          // One in seven, so that each row and each column has its victims and the suite stays quick.
          if (sent % 7 === 0) await victim();
        }
      }
    }
    t.strictSame(wrong, []);
    t.equal(sent, methods.length * framings.length * connections.length);
  },
);

t.test('any bytes in any place of a request', async (t) => {
  const { port, arrived, victim } = await start(t);
  const odd = fc.constantFrom('', ' ', '\t', '\r', '\n', '\r\n ', '\0', '\x0b', '\x0c', ',', ';', ':', 'ÿ', '"', '\\');
  const name = fc.constantFrom(
    'Content-Length',
    'Transfer-Encoding',
    'Connection',
    'Host',
    'Expect',
    'Trailer',
    'TE',
    'Upgrade',
    'Keep-Alive',
    'Proxy-Connection',
    'X-Forwarded-For',
    'X-Request-Id',
    'X-Proxy-Token',
  );
  const value = fc.oneof(
    name.map((one) => one.toLowerCase()),
    fc.constantFrom(String(length), '0', '5', '-1', '00', '1e1', '9'.repeat(25)),
    fc.constantFrom('chunked', 'identity', 'gzip', 'close', 'keep-alive', 'h', 'h:80', 'other', '100-continue', 'x'),
  );
  const line = fc
    .tuple(name, odd, odd, fc.array(value, { minLength: 1, maxLength: 2 }), odd)
    .map(([key, a, b, values, c]) => `${key}${a}:${b}${values.join(', ')}${c}`);
  // What an attacker writes, more often than what nobody reads.
  const apt = fc.constantFrom(
    `Content-Length: ${length}`,
    'Transfer-Encoding: chunked',
    'Connection: content-length',
    'Connection: keep-alive, transfer-encoding',
    'Connection: close, TE',
    'Expect: 100-continue',
  );
  const end = fc.oneof({ weight: 12, arbitrary: fc.constant('\r\n') }, fc.constantFrom('\n', '\r'));
  const attack = fc.record({
    method: fc.oneof(
      { weight: 6, arbitrary: fc.constantFrom(...methods) },
      fc.constantFrom('CONNECT', 'get', 'G T', ''),
    ),
    target: fc.oneof(
      { weight: 6, arbitrary: fc.constant('/svc/a') },
      fc.constantFrom('/svc/a?b=/svc', 'http://h/svc/a', 'http://u@h/svc', '*', 'svc', '/svc/a b'),
    ),
    version: fc.oneof(
      { weight: 8, arbitrary: fc.constant('HTTP/1.1') },
      fc.constantFrom('HTTP/1.0', 'HTTP/1.2', 'HTTP/2.0', 'http/1.1', ''),
    ),
    lines: fc.array(fc.oneof({ weight: 4, arbitrary: apt }, line), { minLength: 1, maxLength: 5 }),
    end,
    body: fc.constantFrom('', smuggled, chunked, `0\r\n\r\n${smuggled}`, `5\r\nhello\r\n0\r\nHost: x\r\n\r\n`, '\r\n'),
  });
  await fc.assert(
    fc.asyncProperty(attack, async ({ method, target, version, lines, end, body }) => {
      const bytes = `${[`${method} ${target} ${version}`, 'Host: h', ...lines].join(end)}${end}${end}${body}`;
      await exchange(port, bytes, { until: oneResponse, timeoutMs: 20 });
      arrived();
      await victim();
    }),
    { numRuns: 120, seed: 20261127 },
  );
});
