// auth-url where things go wrong, and what a route's options do to bodies, cookies and connections: over real sockets.
import { once } from 'node:events';
import { createServer, type IncomingMessage, type RequestListener, request } from 'node:http';
import { type AddressInfo, createServer as createTcpServer, type Server } from 'node:net';
import t, { type Test } from 'tap';
import {
  createGateway,
  type GatewayLimits,
  gatewayLimits,
} from '../../../../src/cli/target/local/gateway/gateway-server.js';

// They wait more than they work.
t.jobs = 8;

interface Setting {
  annotations: Record<string, string>;
  auth?: RequestListener | Server;
  web?: RequestListener;
  limits?: Partial<GatewayLimits>;
}

async function listen(t: Test, server: Server): Promise<number> {
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.teardown(() => {
    if ('closeAllConnections' in server) (server.closeAllConnections as () => void)();
    server.close();
  });
  return (server.address() as AddressInfo).port;
}

/** A gateway with one route on host `a.test`, to `web`, with annotations that may name the Service `auth`. */
async function start(t: Test, { annotations, auth, web = (_, response) => void response.end('web'), limits }: Setting) {
  const { server, update } = createGateway({ ...gatewayLimits(), ...limits });
  const upstreams: Record<string, { port: number; ready: boolean }> = {
    web: { port: await listen(t, createServer(web)), ready: true },
  };
  if (auth !== undefined) {
    upstreams.auth = { port: await listen(t, typeof auth === 'function' ? createServer(auth) : auth), ready: true };
  }
  const ingress = { name: 'i', namespace: 'default', annotations };
  update({
    type: 'routes',
    routes: [{ host: 'a.test', path: '/', type: 'Prefix', service: 'web', ingress }],
    services: [{ name: 'auth', namespace: 'default', port: 80, key: 'auth' }],
    upstreams,
    token: '',
  });
  return { server, port: await listen(t, server) };
}

interface Answer {
  status: number;
  headers: IncomingMessage['headers'];
  body: string;
}

function ask(
  port: number,
  {
    path = '/',
    method = 'GET',
    headers = {},
    body,
  }: { path?: string; method?: string; headers?: Record<string, string>; body?: Buffer | string } = {},
) {
  return new Promise<Answer>((resolve, reject) => {
    const outgoing = request(
      { host: '127.0.0.1', port, path, method, headers: { host: 'a.test', ...headers }, agent: false },
      (answer) => {
        let text = '';
        answer.on('data', (chunk) => {
          text += chunk;
        });
        answer.on('end', () => resolve({ status: answer.statusCode ?? 0, headers: answer.headers, body: text }));
        answer.on('error', reject);
      },
    );
    outgoing.on('error', reject);
    outgoing.end(body);
  });
}

const byName = { 'auth-url': 'http://auth.default.svc.cluster.local/check' };

t.test('an auth-url that is silent, breaks off or is not there: 500, in time', async (t) => {
  const silent = await start(t, { annotations: byName, auth: () => undefined, limits: { upstreamTimeoutMs: 100 } });
  const began = performance.now();
  t.match(await ask(silent.port), { status: 500, body: /did not answer \(timeout\)/ });
  t.ok(performance.now() - began < 3000);
  const slow = await start(t, { annotations: { ...byName, 'proxy-read-timeout': '1' }, auth: () => undefined });
  t.match(await ask(slow.port), { status: 500, body: /timeout/ }, 'the time that the Ingress says');
  const cut = createTcpServer((socket) => socket.on('data', () => socket.destroy()).on('error', () => undefined));
  t.match(await ask((await start(t, { annotations: byName, auth: cut })).port), { status: 500 });
  t.match(await ask((await start(t, { annotations: byName })).port), {
    status: 500,
    body: /nothing here answers for auth/,
  });
});

t.test('by every name that the cluster has for a Service', async (t) => {
  for (const host of [
    'auth',
    'auth.default',
    'auth.default.svc',
    'auth.default.svc.cluster.local',
    'AUTH.default.svc.cluster.local.',
  ]) {
    const { port } = await start(t, {
      annotations: { 'auth-url': `http://${host}/x` },
      auth: (_, response) => void response.end(),
    });
    t.equal((await ask(port)).status, 200, host);
  }
  for (const url of [
    'http://auth.other.svc.cluster.local/x',
    'http://auth:81/x',
    'https://example.com/x',
    'ftp://auth/x',
  ]) {
    const { port } = await start(t, { annotations: { 'auth-url': url }, auth: (_, response) => void response.end() });
    t.equal((await ask(port)).status, 500, url);
  }
});

t.test('an answer of auth-url whose body has no end is not read to it', async (t) => {
  let wasCut = false;
  const auth: RequestListener = (_, response) => {
    const more = () => {
      while (response.write(Buffer.alloc(16 * 1024)));
    };
    response.on('drain', more);
    response.on('close', () => {
      wasCut = true;
    });
    more();
  };
  const { port } = await start(t, { annotations: byName, auth });
  t.match(await ask(port), { status: 200, body: 'web' });
  for (let i = 0; i < 200 && !wasCut; i++) await new Promise((resolve) => setTimeout(resolve, 10));
  t.ok(wasCut);
});

t.test('a client that leaves while auth-url is asked is noticed there', async (t) => {
  let left = false;
  const asked = new Promise<void>((resolve) => {
    void start(t, {
      annotations: byName,
      auth: (_, response) => {
        response.on('close', () => {
          left = true;
        });
        resolve();
      },
    }).then(({ port }) => {
      const outgoing = request({ host: '127.0.0.1', port, headers: { host: 'a.test' } });
      outgoing.on('error', () => undefined);
      outgoing.end();
      void asked.then(() => outgoing.destroy());
    });
  });
  await asked;
  for (let i = 0; i < 300 && !left; i++) await new Promise((resolve) => setTimeout(resolve, 10));
  t.ok(left);
});

t.test('the body waits for the answer of auth-url, and is not kept: it streams to the service', async (t) => {
  const body = Buffer.alloc(900_000, 'x');
  let received = 0;
  const web: RequestListener = (incoming, response) => {
    incoming.on('data', (chunk) => {
      received += chunk.length;
    });
    incoming.on('end', () => response.end(String(received)));
  };
  let before = -1;
  const auth: RequestListener = (incoming, response) => {
    t.notOk(incoming.headers['content-length'] ?? incoming.headers['transfer-encoding'], 'the question has no body');
    setTimeout(() => {
      before = received;
      response.end();
    }, 50);
  };
  const { port } = await start(t, { annotations: byName, auth, web });
  t.match(await ask(port, { method: 'POST', body }), { status: 200, body: String(body.length) });
  t.equal(before, 0, 'nothing reached the service before');
  received = 0;
  t.match(await ask(port, { method: 'POST', headers: { 'transfer-encoding': 'chunked' }, body: 'abc' }), { body: '3' });
  received = 0;
  const refused = await start(t, {
    annotations: byName,
    auth: (_, response) => void response.writeHead(403).end(),
    web,
  });
  t.match(await ask(refused.port, { method: 'POST', body: 'abc' }), { status: 403 });
  t.equal(received, 0);
});

t.test('cookies of auth-url go to the client with usual answers, or always', async (t) => {
  const auth: RequestListener = (_, response) => void response.writeHead(200, { 'set-cookie': ['a=1', 'b=2'] }).end();
  const web: RequestListener = (incoming, response) => {
    response.writeHead(incoming.url === '/ok' ? 200 : 500, { 'set-cookie': 'own=1' }).end();
  };
  const { port } = await start(t, { annotations: byName, auth, web });
  t.same((await ask(port, { path: '/ok' })).headers['set-cookie'], ['own=1', 'a=1', 'b=2']);
  t.same((await ask(port, { path: '/bad' })).headers['set-cookie'], ['own=1']);
  const always = await start(t, { annotations: { ...byName, 'auth-always-set-cookie': 'true' }, auth, web });
  t.same((await ask(always.port, { path: '/bad' })).headers['set-cookie'], ['own=1', 'a=1', 'b=2']);
});

t.test('auth-url of the host itself comes back here, and not without end', async (t) => {
  const { server: own, port } = await start(t, { annotations: { 'auth-url': 'http://$host/oauth2/auth' } });
  let requests = 0;
  own.on('request', () => requests++);
  t.match(await ask(port), { status: 500 });
  t.ok(requests > 1 && requests < 20, `${requests} requests`);
  const { server, update } = createGateway(gatewayLimits());
  const web = await listen(
    t,
    createServer(
      (incoming, response) => void response.writeHead(incoming.url === '/open/auth' ? 202 : 200).end(incoming.url),
    ),
  );
  const at = await listen(t, server);
  const ingress = { name: 'i', namespace: 'default', annotations: { 'auth-url': 'https://$host/open/auth' } };
  update({
    type: 'routes',
    routes: [
      { host: 'a.test', path: '/closed', type: 'Prefix', service: 'web', ingress },
      { host: 'a.test', path: '/open', type: 'Prefix', service: 'web' },
    ],
    upstreams: { web: { port: web, ready: true } },
    token: '',
  });
  t.match(await ask(at, { path: '/closed/x' }), { status: 200, body: '/closed/x' });
});

t.test('a body without a length is cut off where the route ends it', async (t) => {
  const { port } = await start(t, {
    annotations: { 'proxy-body-size': '1k' },
    web: (incoming, response) => void incoming.resume().on('end', () => response.end('all')),
  });
  const headers = { 'transfer-encoding': 'chunked' };
  t.equal((await ask(port, { method: 'POST', headers, body: 'x'.repeat(1024) })).status, 200);
  t.equal((await ask(port, { method: 'POST', headers, body: 'x'.repeat(1025) })).status, 413);
});

t.test('a path that makes of a header what none may be is refused', async (t) => {
  const annotations = { 'rewrite-target': '/$1', 'x-forwarded-prefix': '/$1', 'use-regex': 'true' };
  const { server, update } = createGateway(gatewayLimits());
  const seen: IncomingMessage['rawHeaders'][] = [];
  const web = await listen(
    t,
    createServer((incoming, response) => {
      seen.push(incoming.rawHeaders);
      response.end();
    }),
  );
  const at = await listen(t, server);
  const ingress = { name: 'i', namespace: 'default', annotations };
  update({
    type: 'routes',
    routes: [{ host: 'a.test', path: '/p/([^/]*)', type: 'Prefix', service: 'web', ingress }],
    upstreams: { web: { port: web, ready: true } },
    token: '',
  });
  t.equal((await ask(at, { path: '/p/a%0d%0aX-Admin:%20yes' })).status, 400);
  t.equal((await ask(at, { path: '/p/ok' })).status, 200);
  t.equal(seen.length, 1);
  t.notOk(seen.flat().includes('X-Admin'));
});
