import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import http from 'node:http';
import net from 'node:net';
import { networkInterfaces, tmpdir } from 'node:os';
import { join } from 'node:path';
import t, { type Test } from 'tap';
import { flowResponse } from '../../../src/cli/load/engine/iteration.js';
import { Connection, type WireContext } from '../../../src/cli/load/http/wire.js';
import type { PreparedRequest } from '../../../src/cli/load/plan/plan.js';
import { startLoad } from '../../../src/cli/load/run.js';
import { adds, closed, planFor } from '../../load/servers.js';

// Servers that others wrote, and addresses of every kind: each response must be taken to its end, byte for byte.
t.setTimeout(120_000);

const request = (step: string, more: Partial<PreparedRequest> = {}): PreparedRequest => ({
  step,
  method: 'GET',
  path: `/${step}`,
  ...more,
});

/** Sends each request in turn, 20 times over 4 connections, and gives what came of it. */
async function loadRun(t: Test, port: number, requests: PreparedRequest[]) {
  const work = [{ kind: 'requests' as const, name: 'all', weight: 1, requests }];
  const result = await startLoad(planFor(port, closed(4, 20), { work, connections: 4 })).result;
  adds(t, result);
  t.same(result.errors, {});
  t.equal(result.ok, 20 * requests.length);
  return result;
}

const withoutNginx = spawnSync('nginx', ['-v']).error === undefined ? false : 'nginx is not installed';

t.test('nginx: lengths, chunks, files, no body, redirects, HEAD, closed', { skip: withoutNginx }, async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'hwctl-nginx-'));
  // Its worker runs as another user.
  chmodSync(folder, 0o755);
  mkdirSync(join(folder, 'files'));
  writeFileSync(join(folder, 'files', 'large'), 'x'.repeat(300_000));
  writeFileSync(join(folder, 'files', 'part.html'), '<!--# echo var="arg_a" default="chunked" -->'.repeat(200));
  const port = await freePort();
  const temp = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map((one) => `${one}_temp_path ${folder}/${one};`);
  writeFileSync(
    join(folder, 'nginx.conf'),
    `daemon off; worker_processes 1; pid ${folder}/pid; error_log ${folder}/error.log; events { }
     http { access_log off; default_type text/html; ${temp.join(' ')} server { listen 127.0.0.1:${port}; root ${folder}/files;
       location = /text { return 200 "hello"; } location = /empty { return 204; } location = /moved { return 301 /text; }
       location = /same { return 304; } location = /close { keepalive_timeout 0; return 200 "bye"; }
       location = /part.html { ssi on; } } }`,
  );
  const nginx = spawn('nginx', ['-c', join(folder, 'nginx.conf'), '-p', folder], { stdio: 'inherit' });
  t.teardown(async () => {
    nginx.kill();
    await once(nginx, 'exit');
    rmSync(folder, { recursive: true, force: true });
  });
  await listening(port, '127.0.0.1');
  const result = await loadRun(t, port, [
    request('text'),
    request('empty'),
    request('moved', { expectStatus: [301] }),
    request('same', { expectStatus: [304] }),
    request('large'),
    request('part.html'),
    request('large', { step: 'head', method: 'HEAD', path: '/large' }),
    request('missing', { expectStatus: [404] }),
  ]);
  t.same(result.statusCodes, { 200: 80, 204: 20, 301: 20, 304: 20, 404: 20 });
  t.match(result.server.software, /^nginx/);
  t.ok(result.bytes.received > 20 * (300_000 + 200 * 'chunked'.length));
  t.equal(result.connections.opened, 4, 'none was given up');
  const closing = await loadRun(t, port, [request('close')]);
  t.ok(closing.connections.opened >= 20, 'a connection each');
});

t.test("Node's own server: chunks in pieces, trailers, informational responses, HTTP/1.0 manners", async (t) => {
  const server = http.createServer((request, response) => {
    if (request.url === '/chunks') {
      response.writeHead(200, { Trailer: 'X-Sum' });
      response.write('a'.repeat(10));
      setImmediate(() => {
        response.write('b'.repeat(70_000));
        response.addTrailers({ 'X-Sum': '1' });
        response.end();
      });
    } else if (request.url === '/hints') {
      response.writeEarlyHints({ link: '</style.css>; rel=preload; as=style' });
      response.end('after a 103');
    } else response.writeHead(200, { Connection: 'close' }).end('last');
  });
  const port = await listen(server, '127.0.0.1');
  t.teardown(() => server.close());
  const result = await loadRun(t, port, [request('chunks'), request('hints')]);
  t.same(result.statusCodes, { 200: 40 });
  t.equal(result.connections.opened, 4);
  t.ok(result.bytes.received > 20 * 70_010);
  await loadRun(t, port, [request('last')]);
});

const local = Object.values(networkInterfaces()).flat();
const withoutIpv6 = local.some((one) => one?.address === '::1') ? false : 'no IPv6 here';

t.test('IPv6', { skip: withoutIpv6 }, async (t) => {
  const server = http.createServer((_, response) => response.end('six'));
  const port = await listen(server, '::1');
  t.teardown(() => server.close());
  const six = { ...planFor(1, closed(2, 10)), endpoint: { url: `http://[::1]:${port}` } };
  const result = await startLoad(six).result;
  adds(t, result);
  t.equal(result.ok, 10);
});

t.test('a name with several addresses: each gets its share of the connections', async (t) => {
  const seen = { '127.0.0.1': 0, '127.0.0.2': 0 };
  const both = http.createServer((_, response) => response.end('x'));
  both.on('connection', (socket: net.Socket) => {
    seen[socket.localAddress as keyof typeof seen]++;
  });
  const shared = await listen(both, '0.0.0.0');
  t.teardown(() => both.close());
  const dial = { addresses: Object.keys(seen).map((host) => ({ host, port: shared })) };
  const wire: WireContext = {
    owner: { onOpen: () => undefined, onResponse: () => undefined, onError: () => undefined, onClose: () => undefined },
    nowUs: () => performance.now() * 1000,
    readBuffer: Buffer.alloc(1024),
    seenHead: false,
    firstHead: () => undefined,
  };
  const connections = Array.from({ length: 6 }, (_, turn) => new Connection(dial, turn, wire));
  await Promise.all(connections.map(({ socket }) => once(socket, 'connect')));
  while (seen['127.0.0.1'] + seen['127.0.0.2'] < 6) await new Promise((resolve) => setTimeout(resolve, 10));
  for (const connection of connections) connection.destroy();
  t.same(seen, { '127.0.0.1': 3, '127.0.0.2': 3 });
});

async function listen(server: http.Server, host: string): Promise<number> {
  server.listen(0, host);
  await once(server, 'listening');
  return (server.address() as net.AddressInfo).port;
}

async function freePort(): Promise<number> {
  const server = http.createServer();
  const port = await listen(server, '127.0.0.1');
  server.close();
  return port;
}

async function listening(port: number, host: string): Promise<void> {
  for (let i = 0; i < 200; i++) {
    const socket = net.connect(port, host);
    const up = await Promise.race([
      once(socket, 'connect').then(() => true),
      once(socket, 'close').then(() => false),
    ]).catch(() => false);
    socket.destroy();
    if (up) return;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  throw new Error(`nothing listens on ${host}:${port}`);
}

t.test('a journey sees head and body whole, however many reads they took', async (t) => {
  const server = net.createServer((socket) => {
    socket.on('error', () => undefined);
    socket.on('data', () => {
      socket.write('HTTP/1.1 200 OK\r\nSet-Cookie: a=1\r\nX-Name: first\r\nContent-Length: 40000\r\n\r\n');
      setTimeout(() => socket.write('a'.repeat(20_000)), 20);
      setTimeout(() => socket.write('b'.repeat(20_000)), 40);
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as net.AddressInfo;
  const connection = await new Promise<Connection>((resolve) => {
    const wire: WireContext = {
      owner: { onOpen: () => undefined, onResponse: resolve, onError: () => undefined, onClose: () => undefined },
      nowUs: () => performance.now() * 1000,
      readBuffer: Buffer.allocUnsafeSlow(64 * 1024),
      seenHead: false,
      firstHead: () => undefined,
    };
    const asking = new Connection({ addresses: [{ host: '127.0.0.1', port }] }, 0, wire);
    asking.wantsBody = true;
    const bytes = Buffer.from('GET / HTTP/1.1\r\nHost: a\r\n\r\n');
    asking.send({ step: 0, bytes, head: false, okByStatus: new Uint8Array(1000) }, 0, 0, 0);
  });
  const response = flowResponse(connection, 1);
  t.equal(response.header('x-name'), 'first');
  t.same(response.headers('set-cookie'), ['a=1']);
  t.equal(Buffer.from(response.body).toString(), 'a'.repeat(20_000) + 'b'.repeat(20_000));
  connection.destroy();
  server.close();
});
