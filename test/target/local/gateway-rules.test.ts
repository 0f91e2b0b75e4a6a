// The gateway by RFC 9110 and 9112, rule by rule: what it takes, what it refuses, what it passes on, and what it bounds.
import { once } from 'node:events';
import { type AddressInfo, connect, createServer as createTcpServer, type Socket } from 'node:net';
import t, { type Test } from 'tap';
import { exchange, oneResponse, startGateway, startService, statusOf } from './gateway-raw.js';

t.setTimeout(60_000);
// They wait more than they work.
t.jobs = 8;
const crlf = (...lines: string[]) => `${lines.join('\r\n')}\r\n\r\n`;

t.test('which host and which path', async (t) => {
  const service = await startService(t);
  const { port } = await startGateway(t, service.port);
  const requests: [name: string, raw: string, status: number, arrives?: { host: string; url: string }][] = [
    ['origin-form', crlf('GET /svc/a?b HTTP/1.1', 'Host: h'), 200, { host: 'h', url: '/svc/a?b' }],
    ['a port, another case', crlf('GET /svc HTTP/1.1', 'Host: H:80'), 200, { host: 'H:80', url: '/svc' }],
    ['absolute-form', crlf('GET http://h:1/svc/a?b HTTP/1.1', 'Host: h:1'), 200, { host: 'h:1', url: '/svc/a?b' }],
    ['absolute-form wins over Host', crlf('GET http://h/svc HTTP/1.1', 'Host: other'), 200, { host: 'h', url: '/svc' }],
    ['absolute-form, another host', crlf('GET http://other/svc HTTP/1.1', 'Host: h'), 404],
    ['absolute-form without a path', crlf('GET HTTP://h?b HTTP/1.1', 'Host: h'), 404],
    ['absolute-form with a user', crlf('GET http://u@h/svc HTTP/1.1', 'Host: h'), 400],
    ['another scheme', crlf('GET ftp://h/svc HTTP/1.1', 'Host: h'), 400],
    ['no Host', crlf('GET /svc HTTP/1.1'), 400],
    ['no Host in HTTP/1.0: any host', crlf('GET /svc HTTP/1.0'), 200, { host: '', url: '/svc' }],
    ['two Hosts', crlf('GET /svc HTTP/1.1', 'Host: h', 'Host: h'), 400],
    ['two Hosts that differ', crlf('GET /svc HTTP/1.1', 'Host: h', 'host: other'), 400],
    ['two Hosts in HTTP/1.0', crlf('GET /svc HTTP/1.0', 'Host: h', 'Host: h'), 400],
    ['a Host that is none', crlf('GET /svc HTTP/1.1', 'Host: h/x'), 400],
    ['a Host with a user', crlf('GET /svc HTTP/1.1', 'Host: u@h'), 400],
    ['two names in one Host', crlf('GET /svc HTTP/1.1', 'Host: h, other'), 400],
    ['TRACE', crlf('TRACE /svc HTTP/1.1', 'Host: h'), 405],
    ['CONNECT', crlf('CONNECT h:80 HTTP/1.1', 'Host: h'), 501],
    ['an expectation', crlf('POST /svc HTTP/1.1', 'Host: h', 'Expect: 200-ok', 'Content-Length: 1'), 417],
    ['chunks in HTTP/1.0', `${crlf('POST /svc HTTP/1.0', 'Host: h', 'Transfer-Encoding: chunked')}0\r\n\r\n`, 400],
    ['a folded line', crlf('GET /svc HTTP/1.1', 'Host: h', 'X: a', ' b'), 400],
    ['too large a head', crlf('GET /svc HTTP/1.1', 'Host: h', `X: ${'x'.repeat(20_000)}`), 431],
    ['too many lines', crlf('GET /svc HTTP/1.1', 'Host: h', ...Array.from({ length: 300 }, () => 'a:')), 431],
    [
      'Host and Content-Length past the lines that Node keeps',
      crlf('GET /svc HTTP/1.1', 'Host: h', ...Array.from({ length: 3000 }, () => 'a:'), 'Content-Length: 5'),
      431,
    ],
    ['too large a body', crlf('POST /svc HTTP/1.1', 'Host: h', `Content-Length: ${2 ** 30}`), 413],
  ];
  for (const [name, raw, status, arrives] of requests) {
    const { text } = await exchange(port, raw, { until: oneResponse });
    t.equal(statusOf(text.replace('HTTP/1.0', 'HTTP/1.1')), status, name);
    const [one, ...more] = service.received.splice(0);
    t.strictSame(one && { host: one.headers.host, url: one.url }, arrives, `${name}: what arrives`);
    t.equal(more.length, 0);
  }
});

t.test('what concerns one connection stays there, everything else passes, and Via is told', async (t) => {
  const service = await startService(t, (_incoming, response) => {
    response.writeHead(200, [
      ['Connection', 'X-Mine, Content-Length'],
      ['X-Mine', '1'],
      ['Keep-Alive', 'timeout=1'],
      ['Upgrade', 'h2c'],
      ['Proxy-Connection', 'close'],
      ['Content-Length', '2'],
      ['Warning', '199 - "kept"'],
      ['Set-Cookie', 'a=1'],
      ['Set-Cookie', 'b=2'],
    ] as never);
    response.end('ok');
  });
  const { port } = await startGateway(t, service.port);
  const { text } = await exchange(
    port,
    crlf(
      'GET /svc HTTP/1.1',
      'Host: h',
      'Connection: x-one, Upgrade',
      'connection: X-TWO',
      'X-One: 1',
      'x-two: 2',
      'X-Three: 3',
      'Upgrade: websocket',
      'TE: trailers',
      'Keep-Alive: timeout=9',
      'Proxy-Connection: close',
      'Trailer: X-T',
      'Via: 1.0 before',
      'X-Forwarded-For: 1.1.1.1',
      'X-Forwarded-Port: 1',
      'Forwarded: for=1.1.1.1',
      'X-Proxy-Token: guess',
      'Authorization: Basic x',
      'Cookie: a=1',
    ),
    { until: oneResponse },
  );
  const { headers } = service.received[0]!;
  const ours = [
    'host',
    'connection',
    'x-forwarded-for',
    'x-forwarded-host',
    'x-forwarded-port',
    'x-forwarded-proto',
    'x-forwarded-scheme',
    'x-proxy-token',
    'x-real-ip',
    'x-request-id',
    'x-scheme',
  ];
  t.strictSame(
    Object.keys(headers)
      .filter((name) => !ours.includes(name))
      .sort(),
    ['authorization', 'cookie', 'via', 'x-three'],
  );
  t.match(headers, { via: '1.0 before, 1.1 hwctl', 'x-forwarded-for': '127.0.0.1', connection: 'keep-alive' });
  t.not(headers['x-proxy-token'], 'guess');
  const lines = text.toLowerCase().split('\r\n');
  for (const name of ['x-mine', 'upgrade', 'proxy-connection']) {
    t.notOk(
      lines.some((line) => line.startsWith(`${name}:`)),
      name,
    );
  }
  for (const line of ['content-length: 2', 'warning: 199 - "kept"', 'set-cookie: a=1', 'set-cookie: b=2', 'ok']) {
    t.ok(lines.includes(line), line);
  }
});

/** A service of raw bytes: for each connection, what it writes after the head of a request has come. */
async function rawService(t: Test, answer: (socket: Socket, request: string) => void): Promise<number> {
  const server = createTcpServer((socket) => {
    socket.on('error', () => undefined);
    t.teardown(() => socket.destroy());
    let text = '';
    socket.on('data', (chunk) => {
      text += chunk.toString('latin1');
      if (!/\r\n\r\n|^hi$/.test(text)) return;
      answer(socket, text);
      text = '';
    });
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.teardown(() => server.close());
  return (server.address() as AddressInfo).port;
}

t.test('answers: which end, which do not, and which are none', async (t) => {
  const answers: [name: string, bytes: string, head: RegExp, body: string | undefined, version?: string][] = [
    [
      '204 has no length',
      'HTTP/1.1 204 No Content\r\nContent-Length: 5\r\n\r\n',
      /^HTTP\/1.1 204 (?!.*content-length)/s,
      '',
    ],
    [
      '304 keeps its length',
      'HTTP/1.1 304 Not Modified\r\nContent-Length: 5\r\n\r\n',
      /^HTTP\/1.1 304 .*Content-Length: 5\r/s,
      '',
    ],
    [
      'chunks',
      'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n',
      /chunked/,
      '2\r\nok\r\n0\r\n\r\n',
    ],
    [
      'chunks for HTTP/1.0',
      'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n',
      /^(?!.*chunked)/s,
      'ok',
      '1.0',
    ],
    ['to the end of the connection', 'HTTP/1.1 200 OK\r\n\r\nok', /chunked/, '2\r\nok\r\n0\r\n\r\n'],
    ['cut off before its length', 'HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nok', /Content-Length: 9/, undefined],
    ['cut off in its chunks', 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n', /chunked/, undefined],
    [
      'cut off in its chunks, HTTP/1.0',
      'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n',
      /^/,
      undefined,
      '1.0',
    ],
    [
      'both framings',
      'HTTP/1.1 200 OK\r\nContent-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n',
      /^HTTP\/1.1 502/,
      '',
    ],
    ['two lengths', 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Length: 3\r\n\r\nok', /^HTTP\/1.1 502/, ''],
    ['an odd reason', 'HTTP/1.1 200 \x1b[31mred\r\nContent-Length: 2\r\n\r\nok', /^HTTP\/1.1 (200 \r|502)/, ''],
    ['an odd status', 'HTTP/1.1 099 What\r\nContent-Length: 2\r\n\r\nok', /^HTTP\/1.1 502/, ''],
    [
      'a switch nobody asked for',
      'HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\nConnection: upgrade\r\n\r\n',
      /^HTTP\/1.1 502/,
      '',
    ],
    ['not HTTP', 'hello\r\n\r\n', /^HTTP\/1.1 502/, ''],
    [
      'interim responses pass',
      'HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok',
      /^HTTP\/1.1 103 \r\nLink: <\/a>\r\n\r\nHTTP\/1.1 200 /,
      'ok',
    ],
    [
      'but not to HTTP/1.0',
      'HTTP/1.1 103 Early Hints\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok',
      /^HTTP\/1.[01] 200 /,
      'ok',
      '1.0',
    ],
  ];
  for (const [name, bytes, head, body, version = '1.1'] of answers) {
    const port = await rawService(t, (socket) => void socket.end(Buffer.from(bytes, 'latin1')));
    const gateway = await startGateway(t, port);
    const { text, closed } = await readOrReset(
      gateway.port,
      crlf(`GET /svc HTTP/${version}`, 'Host: h', 'Connection: close'),
    );
    t.match(text, head, name);
    const after = text.replace(/^HTTP\/1.1 1.*?\r\n\r\n/s, '').replace(/^.*?\r\n\r\n/s, '');
    if (body === undefined)
      t.ok(closed === 'reset' || !/0\r\n\r\n$/.test(text), `${name}: the client sees that it is not whole`);
    else if (body !== '') t.equal(after, body, `${name}: the body`);
    if (version === '1.0' && body === undefined) t.equal(closed, 'reset', `${name}: an ordinary end would look whole`);
  }
});

/** Reads to the end of the connection, and tells an ordinary one from a reset. */
function readOrReset(port: number, bytes: string): Promise<{ text: string; closed: 'end' | 'reset' }> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1', () => socket.write(bytes));
    let text = '';
    socket.on('data', (chunk) => {
      text += chunk.toString('latin1');
    });
    socket.on('end', () => resolve({ text, closed: 'end' }));
    socket.on('error', () => resolve({ text, closed: 'reset' }));
  });
}

t.test("bytes that a service sends too much are nobody else's answer", async (t) => {
  const port = await rawService(t, (socket, request) => {
    const target = /^\w+ (\S+)/.exec(request)?.[1] ?? '';
    const body = `answer to ${target}`;
    const answer = `HTTP/1.1 200 OK\r\nContent-Length: ${body.length}\r\n\r\n${body}`;
    // HEAD with a body, and an answer that nobody asked for.
    socket.write(request.startsWith('HEAD') || target.endsWith('twice') ? answer + answer : answer);
  });
  const gateway = await startGateway(t, port);
  for (const first of ['HEAD /svc/a', 'GET /svc/twice']) {
    for (let i = 0; i < 5; i++) {
      await exchange(gateway.port, crlf(`${first} HTTP/1.1`, 'Host: h'), { until: /\r\n\r\n/ });
      await new Promise((resolve) => setTimeout(resolve, 5));
      const { text } = await exchange(gateway.port, crlf(`GET /svc/v${i} HTTP/1.1`, 'Host: h'), { until: oneResponse });
      t.match(text, `answer to /svc/v${i}`, `after ${first}`);
    }
  }
});

t.test('100 (Continue) comes from the service, and without it the body is asked for after a while', async (t) => {
  const service = await startService(t);
  const gateway = await startGateway(t, service.port);
  const head = crlf('POST /svc HTTP/1.1', 'Host: h', 'Expect: 100-continue', 'Content-Length: 2');
  t.match(await exchange(gateway.port, head, { until: /\r\n\r\n/ }), { text: /^HTTP\/1.1 100 .*\r\n\r\n$/s });
  const refused = await exchange(gateway.port, head.replace('/svc', '/none'), { until: oneResponse });
  t.match(refused.text, /^HTTP\/1.1 404 /, 'a final answer needs no body');
  const silent = await startGateway(
    t,
    await rawService(t, (socket, text) => {
      if (!text.startsWith('POST')) socket.write('HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi');
    }),
  );
  const socket = connect(silent.port, '127.0.0.1', () => socket.write(head));
  const [interim] = (await once(socket, 'data')) as [Buffer];
  t.match(String(interim), /^HTTP\/1.1 100 /);
  socket.write('hi');
  t.match(String((await once(socket, 'data'))[0]), /^HTTP\/1.1 200 .*hi$/s);
  socket.destroy();
});

t.test('silence, slowness and size are bounded', async (t) => {
  const service = await startService(t, (_incoming, response) => response.end('ok'));
  const { port } = await startGateway(t, service.port, {
    headersTimeoutMs: 300,
    requestTimeoutMs: 600,
    checkEveryMs: 50,
  });
  const silent = await exchange(port, 'GET /svc HTTP/1.1\r\n');
  t.match(silent.text, /^HTTP\/1.1 408 /, 'a head that does not end');
  t.ok(silent.closed && silent.tookMs < 3000);
  const slow = await exchange(port, `${crlf('POST /svc HTTP/1.1', 'Host: h', 'Content-Length: 9')}a`);
  t.match(slow.text, /^HTTP\/1.1 408 /, 'a body that does not end');
  t.ok(slow.closed && slow.tookMs < 3000);
  const behind = await exchange(port, `${crlf('GET /svc HTTP/1.1', 'Host: h')}rubbish\r\n\r\n`);
  t.match(behind.text, /^HTTP\/1.1 200 .*ok.*HTTP\/1.1 400 /s, 'the request before the rubbish has its answer');
});

t.test('what is not wanted is not swallowed: neither dripped nor poured', async (t) => {
  const early = await startService(t);
  const { port } = await startGateway(t, early.port);
  for (const [name, head, status] of [
    ['no route, a length', crlf('POST /none HTTP/1.1', 'Host: h', 'Content-Length: 1000000'), 404],
    ['no route, chunks', crlf('POST /none HTTP/1.1', 'Host: h', 'Transfer-Encoding: chunked'), 404],
    ['a length beyond the bound', crlf('POST /svc HTTP/1.1', 'Host: h', `Content-Length: ${2 ** 30}`), 413],
    ['chunks beyond the bound', crlf('POST /svc HTTP/1.1', 'Host: h', 'Transfer-Encoding: chunked'), 413],
  ] as const) {
    const poured = await pour(port, head, 2 ** 30);
    t.match(poured.text, new RegExp(`^HTTP/1.1 ${status} `), name);
    t.ok(poured.bytes < 32 * 2 ** 20, `${name}: ${poured.bytes} bytes went in`);
    if (status === 404) {
      const drip = await exchange(port, head);
      t.equal(statusOf(drip.text), status, name);
      t.ok(drip.closed && drip.tookMs < 4000, `${name}: closed after ${drip.tookMs} ms`);
    }
  }
  t.strictSame(early.received, []);
});

/** Sends a body as fast as it is taken; tells how much of it was, and the answer. */
function pour(port: number, head: string, most: number): Promise<{ text: string; bytes: number }> {
  return new Promise((resolve) => {
    const chunk = Buffer.alloc(64 * 1024, 'x');
    const framed = head.includes('chunked')
      ? Buffer.concat([Buffer.from(`${chunk.length.toString(16)}\r\n`), chunk, Buffer.from('\r\n')])
      : chunk;
    let text = '';
    const socket = connect(port, '127.0.0.1', () => {
      socket.write(head);
      more();
    });
    const more = () => {
      while (socket.bytesWritten < most && !socket.destroyed && socket.write(framed));
    };
    socket.on('drain', more);
    socket.on('data', (data) => {
      text += data;
    });
    socket.on('error', () => undefined);
    socket.on('close', () => resolve({ text, bytes: socket.bytesWritten }));
  });
}

t.test('requests that are sent on without waiting take no more than their share', async (t) => {
  let open = 0;
  let most = 0;
  const service = await startService(t, (_incoming, response) => {
    most = Math.max(most, ++open);
    setTimeout(() => {
      open--;
      response.end('ok');
    }, 100);
  });
  const { port } = await startGateway(t, service.port);
  const { text } = await exchange(port, crlf('GET /svc HTTP/1.1', 'Host: h').repeat(200));
  t.ok(most > 1 && most <= 16, `${most} at once`);
  t.match(text, /^(HTTP\/1.1 200 .*?){16}HTTP\/1.1 503 /s, 'those that were taken have their answers, in order');
});

t.test('silent connections do not keep others out', async (t) => {
  const service = await startService(t);
  const { port } = await startGateway(t, service.port, { connections: { clients: 8, idlePerUpstream: 1 } });
  const silent = Array.from({ length: 40 }, () => connect(port, '127.0.0.1').on('error', () => undefined));
  t.teardown(() => silent.forEach((socket) => void socket.destroy()));
  for (let i = 0; i < 20; i++) {
    const { text } = await exchange(port, crlf(`GET /svc/${i} HTTP/1.1`, 'Host: h'), { until: oneResponse });
    t.equal(statusOf(text), 200);
  }
});
