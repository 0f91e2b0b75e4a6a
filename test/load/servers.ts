import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import http from 'node:http';
import net from 'node:net';
import type { Test } from 'tap';
import type { Arrivals } from '../../src/cli/load/arrivals/models.js';
import type { LoadResult } from '../../src/cli/load/measure/metrics.js';
import type { LoadPlan, Work } from '../../src/cli/load/plan/plan.js';
import { definePlan } from '../../src/cli/load/plan/plan-define.js';

/** A plan against 127.0.0.1:port; GET / unless told otherwise. */
export function planFor(port: number, arrivals: Arrivals, more: Partial<LoadPlan> = {}): LoadPlan {
  return definePlan({ endpoint: { url: `http://127.0.0.1:${port}` }, work: [get()], arrivals, ...more });
}

/** One GET as a work. */
export function get(path = '/', weight = 1): Work {
  return { kind: 'requests', name: `GET ${path}`, weight, requests: [{ step: `GET ${path}`, method: 'GET', path }] };
}

export function rate(perSecond: number, durationMs: number): Arrivals {
  return { model: 'open', poisson: false, stages: [{ durationMs, from: perSecond, to: perSecond }] };
}

export function closed(concurrency: number, requests: number): Arrivals {
  return {
    model: 'closed',
    requests,
    stages: [{ durationMs: Number.POSITIVE_INFINITY, from: concurrency, to: concurrency }],
  };
}

/** A TCP server on a free port that does what it is told with each connection. */
export async function tcpServer(onSocket: (socket: net.Socket, count: number) => void) {
  const sockets = new Set<net.Socket>();
  let count = 0;
  const server = net.createServer((socket) => {
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket));
    socket.on('error', () => undefined);
    onSocket(socket, ++count);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    port: (server.address() as net.AddressInfo).port,
    close: () => {
      for (const socket of sockets) socket.destroy();
      server.close();
    },
  };
}

/** The address of such a server, which ends with the test. */
export async function tcpServerUrl(t: Test, onSocket: (socket: net.Socket) => void): Promise<string> {
  const { port, close } = await tcpServer(onSocket);
  t.teardown(close);
  return `http://127.0.0.1:${port}`;
}

/** An HTTP server in a process of its own (so that it can be stopped): `body` is that of the request listener. */
export async function httpProcess(body: string): Promise<{ port: number; child: ChildProcess; close: () => void }> {
  const script = `
    const server = require('node:http').createServer((request, response) => { ${body} });
    server.keepAliveTimeout = 60000;
    server.listen(0, '127.0.0.1', () => process.stdout.write(server.address().port + '\\n'));`;
  const child = spawn(process.execPath, ['-e', script], { stdio: ['ignore', 'pipe', 'inherit'] });
  const [chunk] = await once(child.stdout!, 'data');
  return { port: Number(String(chunk)), child, close: () => child.kill('SIGKILL') };
}

export const answer = 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok';

/** The identity that must hold whatever happened. */
export function adds(t: Test, result: LoadResult): void {
  t.equal(result.scheduled, result.sent + result.dropped);
  t.equal(result.sent, result.ok + result.failed + result.timedOut + result.inFlight);
  const named = Object.values(result.errors).reduce((sum, count) => sum + count, 0);
  t.equal(named, result.failed + result.timedOut);
  const rows = result.series.rows;
  for (const key of ['scheduled', 'sent', 'dropped', 'ok', 'failed', 'timedOut'] as const) {
    t.equal(
      rows.reduce((sum, row) => sum + row[key], 0),
      result[key],
      `the series adds up to ${key}`,
    );
  }
}

/** An HTTP server of this process on a free port, closed with the test. */
export async function httpServer(t: Test, listener: http.RequestListener) {
  const server = http.createServer(listener);
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.teardown(() => {
    server.closeAllConnections();
    server.close();
  });
  return (server.address() as net.AddressInfo).port;
}

/**
 * An HTTP server in a process of its own that serves `perSecond`, one after another; with `room`, more than so many at once
 * are turned away with 503; with `slowingMs`, each takes so much longer for every other that is under way instead.
 */
export async function limitedServer(options: {
  perSecond?: number;
  room?: number;
  baseMs?: number;
  slowingMs?: number;
}) {
  const { perSecond = 0, room = 0, baseMs = 0, slowingMs = 0 } = options;
  const { port, close } = await httpProcess(`
    const state = (globalThis.state ??= { next: 0, underWay: 0 });
    if (${room} > 0 && state.underWay >= ${room}) { response.statusCode = 503; response.end('busy'); return; }
    const now = performance.now();
    const doneAt = ${slowingMs} > 0
      ? now + ${baseMs} + ${slowingMs} * state.underWay
      : (state.next = Math.max(state.next, now) + 1000 / ${perSecond});
    state.underWay++;
    const answer = () => { state.underWay--; response.end('ok'); };
    // A timer of less than a millisecond takes one.
    if (doneAt - now < 1) setImmediate(answer); else setTimeout(answer, doneAt - now);
  `);
  return { url: `http://127.0.0.1:${port}`, close };
}
