/** A gateway in this process, a service behind it that keeps what it received, and raw connections to the gateway. */
import { once } from 'node:events';
import { createServer, type IncomingMessage, type RequestListener, type Server } from 'node:http';
import { type AddressInfo, connect } from 'node:net';
import type { Test } from 'tap';
import {
  createGateway,
  type GatewayLimits,
  type GatewayRoutes,
  gatewayLimits,
} from '../../../src/cli/target/local/gateway/gateway-server.js';

export const token = 'only-the-gateway-knows-this';

/** A gateway with one route, `/svc` on host `h`, to a service on `port`. */
export async function startGateway(t: Test, port: number, limits: Partial<GatewayLimits> = {}) {
  const { server, update } = createGateway({ ...gatewayLimits(), ...limits });
  const routes: GatewayRoutes['routes'] = [{ host: 'h', path: '/svc', type: 'Prefix', service: 'svc' }];
  update({ type: 'routes', routes, upstreams: { svc: { port, ready: true } }, token });
  return { server, port: await listen(t, server) };
}

async function listen(t: Test, server: Server): Promise<number> {
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.teardown(() => {
    server.closeAllConnections();
    server.close();
  });
  return (server.address() as AddressInfo).port;
}

export interface Received {
  method: string;
  url: string;
  headers: IncomingMessage['headers'];
  rawHeaders: string[];
  body: string;
}

/** A service that keeps each request, and answers with its target. */
export async function startService(t: Test, listener?: RequestListener) {
  const received: Received[] = [];
  const server = createServer((incoming, response) => {
    let body = '';
    incoming.setEncoding('latin1');
    incoming.on('data', (chunk) => {
      body += chunk;
    });
    incoming.on('end', () => {
      const { method = '', url = '', headers, rawHeaders } = incoming;
      received.push({ method, url, headers, rawHeaders, body });
      if (listener !== undefined) listener(incoming, response);
      else response.end(`answer to ${url}`);
    });
  });
  return { received, port: await listen(t, server) };
}

/** Sends bytes and gives what came back: once `until` matches it, the peer closes, or the time is up. */
export function exchange(
  port: number,
  bytes: string | Buffer,
  { until, timeoutMs = 5000 }: { until?: RegExp; timeoutMs?: number } = {},
): Promise<{ text: string; closed: boolean; tookMs: number }> {
  return new Promise((resolve) => {
    const beganMs = performance.now();
    const socket = connect({ port, host: '127.0.0.1', allowHalfOpen: true });
    let text = '';
    const done = (closed: boolean) => {
      clearTimeout(timer);
      socket.destroy();
      resolve({ text, closed, tookMs: performance.now() - beganMs });
    };
    const timer = setTimeout(() => done(false), timeoutMs);
    socket.on('data', (chunk) => {
      text += chunk.toString('latin1');
      if (until?.test(text)) done(false);
    });
    socket.on('end', () => done(true));
    socket.on('close', () => done(true));
    socket.on('error', () => done(true));
    socket.write(typeof bytes === 'string' ? Buffer.from(bytes, 'latin1') : bytes);
  });
}

/** Matches once one whole response with a Content-Length is there. */
export const oneResponse = {
  test(text: string): boolean {
    const end = text.indexOf('\r\n\r\n');
    if (end < 0) return false;
    const length = /\r\ncontent-length: (\d+)/i.exec(text.slice(0, end));
    return text.length >= end + 4 + Number(length?.[1] ?? 0);
  },
} as RegExp;

/** The status of a raw response; 0 where there is none. */
export function statusOf(text: string): number {
  return Number(/^HTTP\/1\.1 (\d{3}) /.exec(text)?.[1] ?? 0);
}
