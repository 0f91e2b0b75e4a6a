import { once } from 'node:events';
import { createServer, type IncomingMessage } from 'node:http';
import { type AddressInfo, createServer as createRawServer } from 'node:net';
import { brotliCompressSync, deflateRawSync, deflateSync, gzipSync } from 'node:zlib';
import t, { type Test } from 'tap';
import { createHttpClient, type HttpOutcome, type HttpRequest } from '../../../src/cli/kernel/http/http.js';
import { codingCases, type HttpCase, type HttpVerdict, httpCases, serveHttpCases } from '../../http-cases.js';

t.setTimeout(60_000);

function clientOf(t: Test) {
  const client = createHttpClient();
  t.teardown(() => client.close());
  return (request: Partial<HttpRequest> & { url: string }) =>
    client.send({ method: 'GET', headers: [], timeoutMs: 10_000, ...request });
}

/** Where the parser of Node.js refuses what RFC 9110 and 9112 allow: a failure that is told, never a wrong answer. */
const stricter = [
  'blanks around a value',
  'a trailer is no header',
  'a folded line',
  'a folded line, and a body that looks folded',
];

const incomplete = ['ECONNRESET', 'EPIPE', 'bad-encoding'];

/** What a case was taken for; whether the connection is kept is not seen from outside. */
function verdictOf(outcome: HttpOutcome): string {
  if ('response' in outcome) {
    const { status, body } = outcome.response;
    return JSON.stringify({ status, body: body.toString('latin1') });
  }
  const { code, message } = outcome.error;
  if (incomplete.includes(code)) return 'incomplete';
  return ['not-http', 'upgraded'].includes(code) ? 'invalid' : `${code}: ${message}`;
}

function asSeen(right: HttpVerdict): string {
  return typeof right === 'string' ? right : JSON.stringify({ status: right.status, body: right.body });
}

t.test('each response is taken as RFC 9110 and 9112 say', async (t) => {
  const cases: HttpCase[] = [...httpCases, ...codingCases];
  const server = await serveHttpCases(cases);
  t.teardown(server.close);
  const send = clientOf(t);
  for (const slow of ['', '/slow']) {
    const found = await Promise.all(
      cases.map(({ method = 'GET' }, index) =>
        send({ method, url: `http://127.0.0.1:${server.port}/${index}${slow}` }),
      ),
    );
    cases.forEach(({ rule, name, right }, index) => {
      const verdict = verdictOf(found[index]!);
      const fits = stricter.includes(name) ? verdict === 'invalid' : right.map(asSeen).includes(verdict);
      t.ok(fits, `${rule}: ${name}${slow}`, { found: found[index], right });
    });
  }
});

t.test('codings of the content', async (t) => {
  const text = Buffer.from('hello '.repeat(50));
  const cases: [what: string, lines: string[], body: Buffer, expected: Buffer | RegExp, status?: number][] = [
    ['three codings', ['br, gzip, deflate'], deflateSync(gzipSync(brotliCompressSync(text))), text],
    ['two lines', ['deflate', 'gzip'], gzipSync(deflateRawSync(text)), text],
    ['empty elements and identity', [', identity,, gzip,'], gzipSync(text), text],
    ['an unknown coding', ['x-own'], text, text],
    ['a known coding under an unknown one', ['gzip, x-own'], gzipSync(text), gzipSync(text)],
    ['a known coding over an unknown one', ['x-own, gzip'], gzipSync(text), text],
    ['a coding that is none', ['gzip'], text, /the body is not the gzip that Content-Encoding says/],
    ['gzip that ends early', ['gzip'], gzipSync(text).subarray(0, -8), /ends in the middle of its gzip/],
    ['deflate that ends early', ['deflate'], deflateSync(text).subarray(0, -8), /ends in the middle of its deflate/],
    ['br that ends early', ['br'], brotliCompressSync(text).subarray(0, -3), /ends in the middle of its br/],
    ['a part of coded content', ['gzip'], gzipSync(text).subarray(5, 15), gzipSync(text).subarray(5, 15), 206],
  ];
  const server = createServer((request, response) => {
    const [, lines, body, , status = 200] = cases[Number(request.url!.slice(1))]!;
    response.writeHead(status, [
      ...lines.flatMap((line) => ['Content-Encoding', line]),
      'Content-Length',
      `${body.length}`,
    ]);
    response.end(body);
  });
  t.teardown(() => server.close());
  const send = clientOf(t);
  const port = await listening(server);
  for (const [index, [what, , , expected]] of cases.entries()) {
    const outcome = await send({ url: `http://127.0.0.1:${port}/${index}` });
    if (expected instanceof RegExp) t.match('error' in outcome && outcome.error.message, expected, what);
    else t.same('response' in outcome && outcome.response.body, expected, what);
  }
});

t.test('header fields that belong to the connection are sent, and the body is framed once', async (t) => {
  const got: { request: IncomingMessage; body: string }[] = [];
  const server = createServer(async (request, response) => {
    let body = '';
    for await (const chunk of request) body += chunk;
    got.push({ request, body });
    response.end();
  });
  t.teardown(() => server.close());
  const url = `http://127.0.0.1:${await listening(server)}/a`;
  const send = clientOf(t);
  const cases: [method: string, lines: [string, string][], body: string | undefined, expected: object][] = [
    ['GET', [['Keep-Alive', 'timeout=5']], undefined, { 'keep-alive': 'timeout=5', 'content-length': undefined }],
    ['GET', [['Upgrade', 'h2c']], undefined, { upgrade: 'h2c' }],
    ['GET', [['Connection', 'close']], undefined, { connection: 'close' }],
    ['GET', [['TE', 'trailers']], undefined, { te: 'trailers' }],
    ['POST', [['Transfer-Encoding', 'chunked']], 'x', { 'transfer-encoding': 'chunked', 'content-length': undefined }],
    [
      'POST',
      [
        ['Transfer-Encoding', 'chunked'],
        ['Content-Length', '7'],
      ],
      'x',
      { 'transfer-encoding': 'chunked', 'content-length': undefined },
    ],
    ['GET', [['Transfer-Encoding', 'chunked']], undefined, { 'transfer-encoding': 'chunked' }],
    ['POST', [['Content-Length', '1']], 'x', { 'content-length': '1' }],
    ['POST', [], undefined, { 'content-length': '0' }],
    ['GET', [], 'x', { 'content-length': '1' }],
    ['DELETE', [], 'x', { 'content-length': '1' }],
    ['POST', [['Expect', '100-continue']], 'x', { expect: '100-continue', 'content-length': '1' }],
    ['GET', [['Host', 'shop.test']], undefined, { host: 'shop.test' }],
  ];
  for (const [method, headers, body, expected] of cases) {
    const outcome = await send({ method, url, headers, ...(body === undefined ? {} : { body }) });
    const what = `${method} ${JSON.stringify(headers)} ${body ?? ''}`;
    t.ok('response' in outcome, what, outcome);
    const last = got.at(-1)!;
    for (const [name, value] of Object.entries(expected))
      t.equal(last.request.headers[name], value, `${what}: ${name}`);
    t.equal(last.body, body ?? '', `${what}: its body`);
  }
  const count = got.length;
  const outcome = await send({ method: 'POST', url, headers: [['Content-Length', '5']], body: 'x' });
  t.match(outcome, { error: { code: 'bad-length' } });
  t.equal(got.length, count, 'a length that is not true is not sent');
});

t.test('Expect: 100-continue: the body waits, for a time; a final response before it ends the matter', async (t) => {
  const server = createRawServer((socket) => {
    let text = '';
    socket.on('error', () => undefined);
    socket.on('data', (chunk) => {
      text += chunk;
      if (text.startsWith('POST /never')) socket.write('HTTP/1.1 417 No\r\nContent-Length: 0\r\n\r\n');
      else if (text.endsWith('body')) socket.write(`HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n`);
    });
  });
  t.teardown(() => server.close());
  const url = `http://127.0.0.1:${await listening(server)}`;
  const send = clientOf(t);
  const expecting = { method: 'POST', headers: [['Expect', '100-Continue']] as [string, string][], body: 'body' };
  const [silent, never] = await Promise.all([
    send({ ...expecting, url: `${url}/silent` }),
    send({ ...expecting, url: `${url}/never` }),
  ]);
  t.match(silent, { response: { status: 200 } }, 'sent without 100 Continue after a second');
  t.match(never, { response: { status: 417 } });
});

t.test('a connection is left before its server closes it', async (t) => {
  let connections = 0;
  const server = createRawServer((socket) => {
    connections++;
    socket.on('error', () => undefined);
    socket.on('data', (chunk) => {
      const hint = String(chunk).includes('GET /hint') ? 'Keep-Alive: timeout=1\r\n' : '';
      socket.write(`HTTP/1.1 200 OK\r\n${hint}Content-Length: 0\r\n\r\n`);
    });
  });
  t.teardown(() => server.close());
  const url = `http://127.0.0.1:${await listening(server)}`;
  const send = clientOf(t);
  for (let i = 0; i < 3; i++) await send({ url });
  t.equal(connections, 1, 'it is kept');
  for (let i = 0; i < 3; i++) await send({ url: `${url}/hint` });
  t.equal(connections, 3, 'not where the server keeps it for a second');
});

async function listening(
  server: { listen(port: number, host: string): unknown; address(): unknown } & NodeJS.EventEmitter,
) {
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return (server.address() as AddressInfo).port;
}

t.test('requests that are held wait with their connection open, with a body or without one', async (t) => {
  const seen: string[] = [];
  const server = createServer((request, response) => {
    request.resume().on('end', () => {
      seen.push(request.method ?? '');
      response.end();
    });
  });
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
  t.teardown(() => server.close());
  let open = 0;
  server.on('connection', () => open++);
  const send = clientOf(t);
  let release = () => {};
  const released = new Promise<void>((done) => {
    release = done;
  });
  let held = 0;
  const hold = () => {
    held++;
    return released;
  };
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
  const sends = [
    { method: 'DELETE' },
    { method: 'POST' },
    { method: 'POST', body: 'x' },
    { method: 'POST', body: 'xyz' },
  ].map((request) => send({ ...request, url, hold }));
  while (held < sends.length || open < sends.length) await new Promise((next) => setTimeout(next, 5));
  t.same(seen, [], 'none of them has come');
  release();
  const outcomes = await Promise.all(sends);
  t.ok(outcomes.every((outcome) => 'response' in outcome));
  t.same(seen.sort(), ['DELETE', 'POST', 'POST', 'POST']);
});
