import { randomUUID } from 'node:crypto';
import { Agent, createServer, type IncomingMessage, type Server, type ServerResponse, STATUS_CODES } from 'node:http';
import type { Socket } from 'node:net';
import { gatewayHealthPath, makeRouteTable } from '../plan/route-table.js';
import type { GatewayRoute } from '../plan/topology.js';
import { connectionBounds, limitConnections } from './connection-limit.js';
import { drain, forward, type ProxiedRequest } from './forward.js';
import { readRequestHead } from './message-head.js';

/** What the supervisor tells the gateway, at its start and at every change. */
export interface GatewayRoutes {
  type: 'routes';
  routes: GatewayRoute[];
  upstreams: Record<string, { port: number; ready: boolean }>;
  /** Shows the services that X-Forwarded-For was written here. */
  token: string;
}

export interface GatewayLimits {
  /** Milliseconds for the head of a request, and for all of it. */
  headersTimeoutMs: number;
  requestTimeoutMs: number;
  /** Milliseconds between looks at the two. */
  checkEveryMs: number;
  /** Milliseconds that an answer may keep the gateway waiting. */
  upstreamTimeoutMs: number;
  connections: ReturnType<typeof connectionBounds>;
}

/** Requests that one connection may have in flight; each takes a descriptor, and those are shared. */
const mostPipelined = 16;

/** The services themselves give a request 20 s: theirs is the first word. */
export const gatewayLimits = (): GatewayLimits => ({
  headersTimeoutMs: 10_000,
  requestTimeoutMs: 30_000,
  checkEveryMs: 1000,
  upstreamTimeoutMs: 60_000,
  connections: connectionBounds(),
});

/** The gateway, not listening yet: what ingress-nginx is in the cluster. */
export function createGateway(limits: GatewayLimits) {
  // Idle upstream connections are closed ahead of the time that the upstream itself announces (Keep-Alive: timeout=N).
  const agent = new Agent({ keepAlive: true, maxFreeSockets: limits.connections.idlePerUpstream, scheduling: 'lifo' });
  let table = makeRouteTable([]);
  let upstreams: GatewayRoutes['upstreams'] = {};
  let token = '';
  /** The newest request of each connection. */
  const newest = new WeakMap<Socket, ProxiedRequest>();

  function handle(incoming: IncomingMessage, response: ServerResponse): void {
    const requestId = requestIdOf(incoming.headers['x-request-id']);
    const peer = incoming.socket.remoteAddress ?? 'unknown';
    const refuse = (status: number, detail: string, headers: Record<string, string> = {}) =>
      sendProblem(incoming, response, requestId, { status, detail, headers });
    const exchange: ProxiedRequest = { incoming, response, requestId, refuse };
    newest.set(incoming.socket, exchange);
    const head = readRequestHead(incoming, { peer, requestId, token });
    if ('status' in head) {
      refuse(head.status, head.detail, { connection: 'close' });
      return;
    }
    const query = head.target.indexOf('?');
    const path = query < 0 ? head.target : head.target.slice(0, query);
    if (path === gatewayHealthPath) {
      respond(incoming, response, { status: 200, type: 'application/json', body: '{"status":"OK"}' });
      return;
    }
    // It would show the client what was added on the way; ingress-nginx refuses it, too.
    if (incoming.method === 'TRACE') {
      refuse(405, 'TRACE is not forwarded', { allow: 'GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS' });
      return;
    }
    const service = table.find(head.host, path);
    if (service === undefined) {
      refuse(404, `no route leads to ${path} on host ${head.host}`);
      return;
    }
    if (upstreams[service]?.ready !== true) {
      refuse(503, `${service} is not ready`, { 'retry-after': '1' });
      return;
    }
    if (inFlight.of(incoming.socket) >= mostPipelined || inFlight.all() >= limits.connections.clients) {
      refuse(503, 'too many requests are in flight', { 'retry-after': '1', connection: 'close' });
      return;
    }
    // The port is looked up anew for each attempt: a restarted service may have another one.
    forward(exchange, head, {
      service,
      agent,
      timeoutMs: limits.upstreamTimeoutMs,
      port: () => upstreams[service]?.port,
    });
  }

  const server = createServer(
    {
      keepAliveTimeout: 75_000,
      headersTimeout: limits.headersTimeoutMs,
      requestTimeout: limits.requestTimeoutMs,
      connectionsCheckingInterval: limits.checkEveryMs,
    },
    handle,
  );
  // Node leaves lines out past a number of them; here none is left out, and readRequestHead counts.
  server.maxHeadersCount = 0;
  server.on('checkContinue', handle);
  server.on('checkExpectation', handle);
  server.on('connect', (_incoming, socket) => endWith(socket as Socket, 501));
  server.on('clientError', (error: NodeJS.ErrnoException, socket) =>
    refuseUnread(error, socket as Socket, newest.get(socket as Socket)),
  );
  const inFlight = limitConnections(server, limits.connections.clients);

  return {
    server: server as Server,
    update(message: GatewayRoutes): void {
      table = makeRouteTable(message.routes);
      ({ upstreams, token } = message);
    },
  };
}

/** A request that could not be read to its end: too slow, too large, or not HTTP. */
function refuseUnread(error: NodeJS.ErrnoException, socket: Socket, last: ProxiedRequest | undefined): void {
  const status = statusOf(error.code);
  if (last === undefined || last.response.writableFinished) {
    endWith(socket, status);
  } else if (last.incoming.complete) {
    // The fault is in what came after it: the answer to the request before still goes out, and the connection ends.
    last.response.once('close', () => endWith(socket, status));
  } else if (last.response.headersSent) {
    socket.destroy();
  } else {
    endWith(socket, status);
  }
}

function statusOf(code: string | undefined): number {
  if (code === 'HPE_HEADER_OVERFLOW') return 431;
  if (code === 'ERR_HTTP_REQUEST_TIMEOUT') return 408;
  if (code === 'HPE_CHUNK_EXTENSIONS_OVERFLOW') return 413;
  return 400;
}

function endWith(socket: Socket, status: number): void {
  if (socket.writable) {
    socket.write(`HTTP/1.1 ${status} ${STATUS_CODES[status]}\r\nConnection: close\r\nContent-Length: 0\r\n\r\n`);
  }
  socket.destroySoon();
}

function requestIdOf(given: string | string[] | undefined): string {
  return typeof given === 'string' && /^[\w.:/+=-]{1,128}$/.test(given) ? given : randomUUID();
}

interface GatewayProblem {
  status: number;
  detail: string;
  headers: Record<string, string>;
}

/** RFC 9457. */
function sendProblem(incoming: IncomingMessage, response: ServerResponse, id: string, problem: GatewayProblem): void {
  const { status, detail, headers } = problem;
  for (const [name, value] of Object.entries(headers)) response.setHeader(name, value);
  response.setHeader('x-request-id', id);
  const body = JSON.stringify({ type: 'about:blank', title: STATUS_CODES[status], status, detail });
  respond(incoming, response, { status, type: 'application/problem+json', body });
}

function respond(
  incoming: IncomingMessage,
  response: ServerResponse,
  { status, type, body }: { status: number; type: string; body: string },
): void {
  response.writeHead(status, { 'content-type': type, 'content-length': Buffer.byteLength(body) });
  drain(incoming, response);
  response.end(body);
}
