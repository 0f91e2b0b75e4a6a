import { randomUUID } from 'node:crypto';
import { Agent, type ClientRequest, createServer, type IncomingMessage, request, type ServerResponse } from 'node:http';
import { loopback } from './ports.js';
import { makeRouteTable } from './route-table.js';
import type { Route } from './topology.js';

/** What the supervisor tells the gateway, at its start and at every change. */
export interface GatewayRoutes {
  type: 'routes';
  routes: Route[];
  upstreams: Record<string, { port: number; ready: boolean }>;
}

/** An upstream that accepts no connection is tried this often: nothing was sent, so nothing can happen twice. */
const connectAttempts = 3;
const connectRetryMs = 25;
const upstreamTimeoutMs = 60_000;
/** RFC 9110, section 7.6.1: these concern one connection, not the message. `transfer-encoding` is seen to apart. */
const hopByHop = new Set(['connection', 'keep-alive', 'proxy-connection', 'te', 'trailer', 'upgrade', 'expect']);
const forwarded = new Set(['x-forwarded-for', 'x-forwarded-host', 'x-forwarded-proto', 'x-request-id']);

const port = Number(process.argv[2]);
// Idle upstream connections are closed ahead of the time that the upstream itself announces (Keep-Alive: timeout=N).
const agent = new Agent({ keepAlive: true, maxFreeSockets: 512, scheduling: 'lifo' });
let table = makeRouteTable([]);
let upstreams: GatewayRoutes['upstreams'] = {};

const server = createServer({ keepAliveTimeout: 75_000, requestTimeout: 0, headersTimeout: 30_000 }, handle);
server.on('clientError', (_error, socket) => {
  if (socket.writable) socket.end('HTTP/1.1 400 Bad Request\r\nconnection: close\r\ncontent-length: 0\r\n\r\n');
});

function handle(incoming: IncomingMessage, response: ServerResponse): void {
  const id = requestId(incoming.headers['x-request-id']);
  const url = incoming.url ?? '/';
  const query = url.indexOf('?');
  const path = query < 0 ? url : url.slice(0, query);
  const service = table.find(hostName(incoming.headers.host), path);
  if (service === undefined) {
    problem(response, id, 404, `no route leads to ${path} on host ${hostName(incoming.headers.host)}`);
    return;
  }
  const upstream = upstreams[service];
  if (upstream === undefined || !upstream.ready) {
    response.setHeader('retry-after', '1');
    problem(response, id, 503, `${service} is not ready`);
    return;
  }
  forward(incoming, response, service, id, 1);
}

function forward(incoming: IncomingMessage, response: ServerResponse, service: string, id: string, attempt: number) {
  // The port is looked up anew for each attempt: a restarted service may have another one.
  const outgoing = request({
    host: loopback,
    port: upstreams[service]?.port,
    method: incoming.method,
    path: incoming.url,
    headers: requestHeaders(incoming, id),
    agent,
    timeout: upstreamTimeoutMs,
  });
  const hasBody =
    incoming.headers['transfer-encoding'] !== undefined || (incoming.headers['content-length'] ?? '0') !== '0';
  let connected = false;
  const sendBody = () => {
    connected = true;
    if (hasBody) incoming.pipe(outgoing);
  };
  if (hasBody) {
    // The body is read only once there is somebody to read it: until then another attempt is possible.
    outgoing.once('socket', (socket) => {
      if (socket.connecting) socket.once('connect', sendBody);
      else sendBody();
    });
  } else {
    outgoing.once('socket', (socket) => {
      if (socket.connecting) socket.once('connect', sendBody);
      else connected = true;
    });
    outgoing.end();
  }
  const abandon = () => {
    if (!response.writableFinished) outgoing.destroy();
  };
  response.once('close', abandon);
  outgoing.once('timeout', () => outgoing.destroy(new Error('timeout')));
  outgoing.once('response', (answer) => relay(answer, response, id));
  outgoing.once('error', (error: NodeJS.ErrnoException) => {
    response.removeListener('close', abandon);
    if (response.destroyed) return;
    if (!connected && attempt < connectAttempts) {
      setTimeout(() => forward(incoming, response, service, id, attempt + 1), connectRetryMs);
      return;
    }
    fail(incoming, response, outgoing, service, id, error);
  });
}

function fail(
  incoming: IncomingMessage,
  response: ServerResponse,
  outgoing: ClientRequest,
  service: string,
  id: string,
  error: NodeJS.ErrnoException,
): void {
  incoming.unpipe(outgoing);
  if (response.headersSent) {
    // Half an answer is out: cutting the connection is the only honest end.
    response.destroy();
    return;
  }
  if (error.message === 'timeout') problem(response, id, 504, `${service} did not answer in time`);
  else problem(response, id, 502, `${service} broke the connection off (${error.code ?? error.message})`);
}

function relay(answer: IncomingMessage, response: ServerResponse, id: string): void {
  const raw = answer.rawHeaders;
  const headers: string[] = [];
  let hasId = false;
  for (let i = 0; i < raw.length; i += 2) {
    const name = raw[i]!.toLowerCase();
    if (hopByHop.has(name)) continue;
    if (name === 'x-request-id') hasId = true;
    headers.push(raw[i]!, raw[i + 1]!);
  }
  if (!hasId) headers.push('x-request-id', id);
  response.writeHead(answer.statusCode ?? 502, answer.statusMessage, headers);
  answer.on('error', () => response.destroy());
  answer.on('aborted', () => response.destroy());
  answer.pipe(response);
}

function requestHeaders(incoming: IncomingMessage, id: string): string[] {
  const raw = incoming.rawHeaders;
  const headers: string[] = [];
  const named = incoming.headers.connection?.toLowerCase() ?? '';
  for (let i = 0; i < raw.length; i += 2) {
    const name = raw[i]!.toLowerCase();
    if (hopByHop.has(name) || forwarded.has(name)) continue;
    if (named !== '' && named !== 'keep-alive' && named.split(/\s*,\s*/).includes(name)) continue;
    headers.push(raw[i]!, raw[i + 1]!);
  }
  headers.push(
    // What the client wrote there is dropped, as ingress-nginx does: nobody here can tell whether it is true.
    'x-forwarded-for',
    incoming.socket.remoteAddress ?? 'unknown',
    'x-forwarded-host',
    incoming.headers.host ?? '',
    'x-forwarded-proto',
    'http',
    'x-request-id',
    id,
  );
  return headers;
}

function requestId(given: string | string[] | undefined): string {
  return typeof given === 'string' && /^[\w.:/+=-]{1,128}$/.test(given) ? given : randomUUID();
}

function hostName(host: string | undefined): string {
  if (host === undefined) return '';
  const colon = host.lastIndexOf(':');
  return (colon > host.lastIndexOf(']') ? host.slice(0, colon) : host).toLowerCase();
}

const titles: Record<number, string> = {
  404: 'Not Found',
  502: 'Bad Gateway',
  503: 'Service Unavailable',
  504: 'Gateway Timeout',
};

/** RFC 9457. */
function problem(response: ServerResponse, id: string, status: number, detail: string): void {
  const body = JSON.stringify({ type: 'about:blank', title: titles[status], status, detail });
  response.writeHead(status, {
    'content-type': 'application/problem+json',
    'content-length': Buffer.byteLength(body),
    'x-request-id': id,
  });
  response.end(body);
}

function end(): void {
  server.close(() => process.exit());
  server.closeIdleConnections();
  // What is still in flight may end; new requests on kept connections may not keep us here.
  setInterval(() => server.closeIdleConnections(), 20).unref();
}

process.on('message', (message: GatewayRoutes) => {
  table = makeRouteTable(message.routes);
  upstreams = message.upstreams;
});
process.on('disconnect', end);
process.on('SIGTERM', end);
process.on('SIGINT', () => undefined);
server.listen({ port, host: loopback }, () => process.send?.({ type: 'listening' }));
