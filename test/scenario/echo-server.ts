import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { TLSSocket } from 'node:tls';
import { gzipSync } from 'node:zlib';
import type { Test } from 'tap';

/** A small server for the corners of the protocol; closed when the test ends. Gives its base URL. */
export async function echoServer(t: Test): Promise<string> {
  return `http://127.0.0.1:${await listening(t, createServer(echoListener()))}`;
}

/** The port of a server that listens on loopback until the test ends. */
export async function listening(t: Test, server: Server): Promise<number> {
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  t.teardown(() => {
    server.closeAllConnections();
    return new Promise<void>((done) => server.close(() => done()));
  });
  return (server.address() as AddressInfo).port;
}

/** What the echo server answers, for servers of another kind. */
export function echoListener(): (request: IncomingMessage, response: ServerResponse) => void {
  const counts = new Map<string, number>();
  return (request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => answer(request, response, Buffer.concat(chunks).toString('latin1'), counts));
    request.on('error', () => undefined);
  };
}

function answer(
  request: IncomingMessage,
  response: ServerResponse,
  body: string,
  counts: Map<string, number>,
): unknown {
  const url = new URL(request.url ?? '/', 'http://x');
  const json = (value: unknown, status = 200, headers: Record<string, string> = {}) => {
    response.writeHead(status, { 'content-type': 'application/json', ...headers });
    response.end(JSON.stringify(value));
  };
  const count = (counts.get(url.pathname) ?? 0) + 1;
  counts.set(url.pathname, count);
  const [, route, argument] = url.pathname.split('/');
  switch (route) {
    case 'json':
      return json({ id: 7, name: 'Ada', tags: ['x', 'y'], nested: { n: 1.5, ok: true }, none: null }, 200, {
        'x-kind': 'test',
        'set-cookie': 'sid=abc; Path=/; HttpOnly',
      });
    case 'echo':
      return json({
        method: request.method,
        url: request.url,
        headers: request.headersDistinct,
        cookie: request.headers.cookie ?? null,
        body,
      });
    case 'client':
      return json({ client: (request.socket as TLSSocket).getPeerCertificate?.().subject?.CN ?? null });
    case 'name':
      return json({ name: (request.socket as TLSSocket & { servername?: string | false }).servername || null });
    case 'status':
      return json({ status: Number(argument) }, Number(argument));
    case 'count':
      return json({ count });
    case 'after':
      return json({ ready: count >= Number(argument) }, count >= Number(argument) ? 200 : 503);
    case 'meet': {
      // Ready once two different visitors came: only who runs at the same time as another gets through.
      const visitors = counts.set(url.href, 1) && [...counts.keys()].filter((key) => key.startsWith(url.origin));
      return json({ visitors: visitors.length }, visitors.length >= 2 ? 200 : 503);
    }
    case 'first':
      return json({ winner: count === 1 }, count === 1 ? 200 : 409, { 'retry-after': '1' });
    case 'redirect':
      response.writeHead(302, { location: '/echo/there' });
      response.end();
      return;
    case 'gzip':
      response.writeHead(200, { 'content-type': 'application/json', 'content-encoding': 'gzip' });
      response.end(gzipSync('{"packed":true}'));
      return;
    case 'token':
      return json(body.includes('client_credentials') ? { access_token: 'tok-123456' } : {}, 200);
    case 'slow':
      setTimeout(() => json({ slow: true }), Number(argument)).unref();
      return;
    case 'reset':
      request.socket.destroy();
      return;
    case 'bytes':
      response.writeHead(200, { 'content-type': 'application/octet-stream' });
      response.end(Buffer.from(argument ?? '', 'hex'));
      return;
    case 'text':
      response.writeHead(200, { 'content-type': 'text/plain; charset=utf-8' });
      response.end('hello wörld, id=42');
      return;
    default:
      return json({ error: 'not found' }, 404);
  }
}
