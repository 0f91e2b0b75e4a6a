import { connect as connectTcp, isIP, type Socket } from 'node:net';
import { connect as connectTls } from 'node:tls';
import type { HttpClientOptions, HttpRequest } from './http.js';
import { tlsOptions } from './tls.js';

/**
 * Sends a request and closes the connection on purpose: `request` cuts it in the middle of its body (of its head, where it
 * has none); `connection` closes once all of it is written, before any answer. Resolves with the words for the report.
 */
export async function sendLossy(
  request: HttpRequest,
  cut: 'request' | 'connection',
  options: HttpClientOptions,
): Promise<string> {
  const url = new URL(request.url);
  const socket = await connected(url, request.timeoutMs, options, request.signal);
  const bytes = wireBytes(request, url);
  const part = cut === 'connection' ? bytes.all : bytes.all.subarray(0, bytes.cutAt);
  await new Promise<void>((resolve, reject) => {
    socket.once('error', reject);
    socket.write(part, () => resolve());
  }).finally(() => socket.destroy());
  const of = `${part.length} of ${bytes.all.length} bytes`;
  return cut === 'connection'
    ? 'the connection was closed on purpose once the request was sent'
    : `the request was cut on purpose after ${of}`;
}

function wireBytes(request: HttpRequest, url: URL): { all: Buffer; cutAt: number } {
  const body = Buffer.from(request.body ?? '');
  const names = new Set(request.headers.map(([name]) => name.toLowerCase()));
  const lines = [`${request.method} ${url.pathname}${url.search} HTTP/1.1`];
  if (!names.has('host')) lines.push(`Host: ${url.host}`);
  for (const [name, value] of request.headers) lines.push(`${name}: ${value}`);
  if (body.length > 0 && !names.has('content-length')) lines.push(`Content-Length: ${body.length}`);
  const head = Buffer.from(`${lines.join('\r\n')}\r\n\r\n`);
  const cutAt = body.length > 1 ? head.length + Math.floor(body.length / 2) : head.length - 3;
  return { all: Buffer.concat([head, body]), cutAt };
}

function connected(url: URL, timeoutMs: number, options: HttpClientOptions, signal?: AbortSignal): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const secure = url.protocol === 'https:';
    const name = url.hostname.replace(/^\[|\]$/g, '');
    const own = { host: name, port: Number(url.port) || (secure ? 443 : 80) };
    const { host, port } = options.connectTo?.(url) ?? own;
    const socket = secure
      ? connectTls({ host, port, ...(isIP(name) ? {} : { servername: name }), ...tlsOptions(options) })
      : connectTcp({ host, port });
    const stop = () => socket.destroy(signal?.reason instanceof Error ? signal.reason : new Error('aborted'));
    signal?.addEventListener('abort', stop, { once: true });
    socket.setTimeout(timeoutMs, () => socket.destroy(new Error(`no connection within ${timeoutMs} ms`)));
    socket.once('error', reject);
    socket.once(secure ? 'secureConnect' : 'connect', () => {
      socket.off('error', reject);
      signal?.removeEventListener('abort', stop);
      resolve(socket);
    });
  });
}
