import { randomUUID } from 'node:crypto';
import { Agent, createServer, type IncomingMessage, type Server, type ServerResponse, STATUS_CODES } from 'node:http';
import { Agent as TlsAgent } from 'node:https';
import type { AddressInfo, Socket } from 'node:net';
import type { ApiRoute } from '../routes/api-route.js';
import type { Decision } from '../routes/decision.js';
import type { GatewayRoute, ServiceAddress } from '../routes/gateway-route.js';
import { gatewayHealthPath, makeRouteTable } from '../routes/route-table.js';
import { serviceResolver } from '../routes/service-host.js';
import { authorize } from './authorize.js';
import { connectionBounds, limitConnections } from './connection-limit.js';
import { cookiesFor, drain, forward, type ProxiedRequest } from './forward.js';
import { type RequestHead, readRequestHead, withHeaders } from './message-head.js';

/** What the supervisor tells the gateway, at its start and at every change. */
export interface GatewayRoutes {
  type: 'routes';
  routes: GatewayRoute[];
  /** Those of the Gateway API. */
  apiRoutes?: ApiRoute[];
  /** Who answers, by the key that routes and services name. */
  upstreams: Record<string, { port: number; ready: boolean }>;
  /** Where `auth-url` finds the Services. */
  services?: ServiceAddress[];
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

/** Times that a request may come back here: `auth-url` of a host may lead to that host. */
const mostHops = 8;
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
  const idle = { keepAlive: true, maxFreeSockets: limits.connections.idlePerUpstream, scheduling: 'lifo' } as const;
  const agent = new Agent(idle);
  // ingress-nginx checks no certificate either, and these are of this machine.
  const tlsAgent = new TlsAgent({ ...idle, rejectUnauthorized: false });
  let table = makeRouteTable([]);
  let upstreams: GatewayRoutes['upstreams'] = {};
  let token = '';
  /** The newest request of each connection. */
  const newest = new WeakMap<Socket, ProxiedRequest>();

  function handle(incoming: IncomingMessage, response: ServerResponse): void {
    const requestId = requestIdOf(incoming.headers['x-request-id']);
    const peer = incoming.socket.remoteAddress ?? 'unknown';
    const refuse = (status: number, detail: string, headers: Record<string, string> = {}) =>
      sendProblem(exchange, { status, detail, headers: Object.entries(headers) });
    const wanted = { headers: [], added: [], cookies: [], alwaysSetsCookie: false };
    const exchange: ProxiedRequest = { incoming, response, requestId, wanted, refuse };
    newest.set(incoming.socket, exchange);
    const head = readRequestHead(incoming, { peer, port: incoming.socket.localPort ?? 80, requestId, token });
    if ('status' in head) {
      refuse(head.status, head.detail, { connection: 'close' });
      return;
    }
    if (head.target.replace(/\?.*$/s, '') === gatewayHealthPath) {
      respond(incoming, response, {
        status: 200,
        headers: ['content-type', 'application/json'],
        body: '{"status":"OK"}',
      });
      return;
    }
    // It would show the client what was added on the way; ingress-nginx refuses it, too.
    if (incoming.method === 'TRACE') {
      refuse(405, 'TRACE is not forwarded', { allow: 'GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS' });
      return;
    }
    if (head.hops > mostHops) {
      refuse(508, 'the request comes back here again and again');
      return;
    }
    const decision = table.decide({
      ...head,
      method: incoming.method ?? 'GET',
      header: (name) => headerOf(incoming, name),
      remoteAddress: peer,
      requestId,
    });
    follow(exchange, head, decision);
  }

  function follow(exchange: ProxiedRequest, head: RequestHead, decision: Decision): void {
    const { incoming, refuse } = exchange;
    if (decision.type === 'answer') {
      sendProblem(exchange, decision);
      return;
    }
    exchange.wanted.headers = decision.responseHeaders;
    exchange.wanted.added = decision.responseAdded;
    if (inFlight.of(incoming.socket) >= mostPipelined || inFlight.all() >= limits.connections.clients) {
      refuse(503, 'too many requests are in flight', { 'retry-after': '1', connection: 'close' });
      return;
    }
    const { service, otherwise, auth, maxBodyBytes, isHttps } = decision;
    const timeoutMs = decision.timeoutMs ?? limits.upstreamTimeoutMs;
    const send = (taken: [string, string][] = []) => {
      if (service === undefined) {
        refuse(otherwise.status, otherwise.detail);
      } else if (upstreams[service]?.ready !== true) {
        refuse(503, `${service} is not ready`, { 'retry-after': '1' });
      } else {
        const headers = withHeaders(head.headers, [...decision.requestHeaders, ...taken]);
        // The port is looked up anew for each attempt: a restarted service may have another one.
        const port = () => upstreams[service]?.port;
        const to = { service, port, agent: isHttps ? tlsAgent : agent, timeoutMs, maxBodyBytes, isHttps };
        forward(exchange, { ...head, target: decision.target, headers }, to);
      }
    };
    if (auth === undefined) send();
    else authorize(exchange, head, auth, { agent: auth.to?.isHttps === true ? tlsAgent : agent, timeoutMs, send });
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
      ({ upstreams, token } = message);
      const resolve = serviceResolver(message.services ?? [], (key) => upstreams[key]?.port);
      table = makeRouteTable(message.routes, message.apiRoutes ?? [], (host, port, near) => {
        const own = server.address() as AddressInfo | null;
        return resolve(host, port, near) ?? (table.knows(host) && own ? { port: own.port, isPlain: true } : undefined);
      });
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

function headerOf({ headers }: IncomingMessage, name: string): string | undefined {
  const value = headers[name];
  return Array.isArray(value) ? value.join(', ') : value;
}

/** A problem by RFC 9457, or what has no body: a redirect, 204. The headers that the route wants go with it. */
function sendProblem(
  exchange: ProxiedRequest,
  { status, detail, headers }: { status: number; detail: string; headers: [string, string][] },
): void {
  const { incoming, response, requestId, wanted } = exchange;
  const isProblem = status >= 400;
  const body = isProblem ? JSON.stringify({ type: 'about:blank', title: STATUS_CODES[status], status, detail }) : '';
  const all = withHeaders(
    ['X-Request-Id', requestId, ...(isProblem ? ['Content-Type', 'application/problem+json'] : [])],
    [
      ...wanted.headers.filter(([name]) => !headers.some(([own]) => own.toLowerCase() === name.toLowerCase())),
      ...headers,
    ],
  );
  for (const cookie of cookiesFor(status, exchange)) all.push('Set-Cookie', cookie);
  respond(incoming, response, { status, headers: all, body });
}

function respond(
  incoming: IncomingMessage,
  response: ServerResponse,
  { status, headers, body }: { status: number; headers: string[]; body: string },
): void {
  const length = status === 204 ? [] : ['Content-Length', String(Buffer.byteLength(body))];
  response.writeHead(status, [...headers, ...length]);
  drain(incoming, response);
  response.end(body);
}
