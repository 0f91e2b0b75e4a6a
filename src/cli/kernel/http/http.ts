import { isUtf8 } from 'node:buffer';
import { type ClientRequest, request as httpRequest, type IncomingMessage } from 'node:http';
import { request as httpsRequest } from 'node:https';
import { isIP } from 'node:net';
import { contentCodings, withoutCodings } from './content-coding.js';
import type { Proxies } from './http-proxy.js';
import { type ConnectTo, type HttpRoute, keepAliveHints, Routes } from './http-routes.js';
import { type TlsOptions, tlsOptions } from './tls.js';

/** How connections are made: certificates, proxies. Everything is optional; nothing is read from the environment. */
export interface HttpClientOptions extends Proxies, TlsOptions {
  /** Where a URL is connected to instead of its own host and port; without a proxy then. The request says what its URL says. */
  connectTo?: ConnectTo;
}

export interface HttpRequest {
  method: string;
  url: string;
  /** Sent in this order, repeated names included. */
  headers: readonly (readonly [string, string])[];
  body?: Buffer | string;
  /** Milliseconds for the whole exchange, body included. */
  timeoutMs: number;
  signal?: AbortSignal;
  /**
   * Called once all but the last byte of the body is on its way, or, without a body, once there is a connection; the rest
   * follows when it resolves, and time counts from there. Requests held like this reach a server together, whatever their
   * connections took.
   */
  hold?: () => Promise<void>;
}

export interface HttpResponse {
  status: number;
  reason: string;
  /** In the order received, repeated names included. */
  headers: [string, string][];
  /** Decoded by Content-Encoding; a coding that is not known leaves it as it came. */
  body: Buffer;
  /** Bytes of the body on the wire, without chunk framing. */
  bodyBytes: number;
  /** Bytes of status line and header lines on the wire. */
  headerBytes: number;
  /** Milliseconds from the call to the first header byte, and to the last body byte. */
  firstByteMs: number;
  totalMs: number;
}

/** What came of a request: a response, or why there is none. */
export type HttpOutcome = { response: HttpResponse } | { error: HttpError };

export interface HttpError {
  /** `ECONNREFUSED`, `timeout`, `ENOTFOUND`, `not-http`, ... */
  code: string;
  message: string;
  totalMs: number;
}

export interface HttpClient {
  /** Sends one request and reads the whole response; never follows redirects; throws only the signal's reason. */
  send(request: HttpRequest): Promise<HttpOutcome>;
  /** Ends all connections at once. */
  close(): Promise<void>;
}

/** A response body larger than this is refused: 64 MiB. */
export const maxBodyBytes = 64 * 1024 * 1024;

/** An HTTP/1.1 client with keep-alive and exact sizes. */
export function createHttpClient(options: HttpClientOptions = {}): HttpClient {
  const routes = new Routes(options, tlsOptions(options), options.connectTo);
  return {
    send: (request) => send(routes, request),
    close: () => routes.close(),
  };
}

/** The head of a response may weigh this much: 64 KiB. */
const maxHeadBytes = 65_536;
/** Milliseconds that a body waits for 100 Continue where the request expects it (RFC 9110 section 10.1.1), as in curl. */
const continueMs = 1_000;

async function send(routes: Routes, request: HttpRequest): Promise<HttpOutcome> {
  let started = performance.now();
  const released = () => {
    started = performance.now();
  };
  const deadline = AbortSignal.timeout(request.timeoutMs);
  const signal = request.signal ? AbortSignal.any([deadline, request.signal]) : deadline;
  let route: HttpRoute | undefined;
  try {
    route = routes.to(request);
    const answer = await answered(route, request, signal, released);
    const { sent, response } = answer;
    const firstByteMs = performance.now() - started;
    const raw = await readBody(answer);
    // The server answered before it had the whole request: the rest of it must not stand before the next one.
    if (!sent.writableFinished) sent.destroy();
    const headers = pairs(response.rawHeaders);
    const { statusCode: status = 0, statusMessage: reason = '' } = response;
    return {
      response: {
        status,
        reason,
        headers,
        // A part of coded content cannot be decoded (RFC 9110 section 14.2).
        body: status === 206 ? raw : withoutCodings(raw, contentCodings(headers), maxBodyBytes),
        bodyBytes: raw.length,
        headerBytes: headerBytes(status, reason, headers),
        firstByteMs,
        totalMs: performance.now() - started,
      },
    };
  } catch (error) {
    if (request.signal?.aborted) throw request.signal.reason;
    const told = describe(error, deadline.aborted, request.timeoutMs, performance.now() - started);
    const way = route?.proxy === undefined ? '' : ` (by the proxy ${route.proxy.origin})`;
    return { error: { ...told, message: told.message + way } };
  }
}

/** The head of a final response, and what was said of the connection since. */
interface Answer {
  sent: ClientRequest;
  response: IncomingMessage;
  problem(): (Error & { code?: string }) | undefined;
}

/** Sends and waits for the head of the final response: interim ones (1xx) are passed over, asked for or not. */
function answered(
  { agent, secure, host, port, path, headers: added }: HttpRoute,
  request: HttpRequest,
  signal: AbortSignal,
  released: () => void,
): Promise<Answer> {
  const headers = [...added, ...framed(request)];
  return new Promise((resolve, reject) => {
    // An array of lines: sent in this order, repeated names included, and nothing but Connection is added.
    const options = { agent, host, port, path, signal, method: request.method, maxHeaderSize: maxHeadBytes };
    // In absolute form the connection is the proxy's.
    const name = serverName(path.startsWith('/') ? headers : [], host);
    const sent = secure
      ? httpsRequest({ ...options, servername: name, headers: headers.flat() })
      : httpRequest({ ...options, headers: headers.flat() });
    let problem: Error | undefined;
    sent.on('error', (error) => {
      problem = error;
      reject(error);
    });
    sent.once('response', (response) => {
      keepAliveHints.set(response.socket, String(response.headers['keep-alive'] ?? ''));
      const coding = String(response.headers['transfer-encoding'] ?? '');
      if (isMisread(coding)) {
        response.destroy();
        return reject(coded('not-http', `Node.js cannot read the answer's framing (Transfer-Encoding: ${coding})`));
      }
      resolve({ sent, response, problem: () => problem });
    });
    sent.once('upgrade', (_response, socket) => {
      socket.destroy();
      reject(coded('upgraded', 'the server went over to another protocol (101), which scenarios do not speak'));
    });
    writeBody(sent, request, headers, released).catch(reject);
  });
}

/** The name asked for (SNI) is that of the Host header; none for an address (RFC 6066 section 3). */
function serverName(headers: readonly (readonly [string, string])[], host: string): string {
  const logical = headers.find(([name]) => name.toLowerCase() === 'host')?.[1].replace(/:\d+$/, '') ?? host;
  return isIP(logical.replace(/^\[|\]$/g, '')) ? '' : logical;
}

/** The header lines with what frames the body. Throws where Content-Length is given and says something else. */
function framed({ method, url, headers, body }: HttpRequest): [string, string][] {
  const lines = headers.map(([name, value]): [string, string] => [name, value]);
  const is = (name: string) => (line: readonly [string, string]) => line[0].toLowerCase() === name;
  if (!lines.some(is('host'))) lines.unshift(['Host', new URL(url).host]);
  const bytes = Buffer.byteLength(body ?? '');
  // RFC 9112 section 6.2: never both.
  if (lines.some(is('transfer-encoding'))) return lines.filter((line) => !is('content-length')(line));
  const given = lines.filter(is('content-length'));
  if (given.length > 1 || given.some(([, value]) => value.trim() !== String(bytes)))
    throw coded(
      'bad-length',
      `the header Content-Length is ${given.map(([, value]) => value).join(', ')}, the body has ${bytes} bytes`,
    );
  const expected = bytes > 0 || ['POST', 'PUT', 'PATCH'].includes(method);
  if (given.length === 0 && expected) lines.push(['Content-Length', String(bytes)]);
  return lines;
}

async function writeBody(
  sent: ClientRequest,
  { body, hold }: HttpRequest,
  headers: readonly [string, string][],
  released: () => void,
): Promise<void> {
  if (body === undefined || body.length === 0) {
    if (hold !== undefined) {
      await connected(sent);
      await hold();
      released();
    }
    sent.end();
    return;
  }
  const waits = headers.some(
    ([name, value]) => name.toLowerCase() === 'expect' && /^100-continue$/i.test(value.trim()),
  );
  if (waits && !(await permission(sent))) return;
  if (hold === undefined) {
    sent.end(body);
    return;
  }
  const bytes = Buffer.from(body as Buffer);
  await connected(sent);
  if (bytes.length > 1) await new Promise<void>((done) => void sent.write(bytes.subarray(0, -1), () => done()));
  await hold();
  released();
  sent.end(bytes.subarray(-1));
}

/** Whether the body may follow: on 100 Continue, or when none came in time; not after a final response. */
function permission(sent: ClientRequest): Promise<boolean> {
  return new Promise((resolve) => {
    const timer = setTimeout(() => resolve(true), continueMs);
    const settle = (may: boolean) => () => {
      clearTimeout(timer);
      resolve(may);
    };
    sent.once('continue', settle(true));
    sent.once('response', settle(false));
    sent.once('close', settle(false));
  });
}

/** Resolves once bytes go out at once; also where the request is over before that. */
function connected(sent: ClientRequest): Promise<void> {
  return new Promise((resolve) => {
    sent.once('close', resolve);
    sent.once('socket', (socket) => {
      if (socket.connecting) socket.once('encrypted' in socket ? 'secureConnect' : 'connect', () => resolve());
      else resolve();
    });
  });
}

async function readBody({ response, problem }: Answer): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  try {
    for await (const chunk of response as AsyncIterable<Buffer>) {
      bytes += chunk.length;
      if (bytes > maxBodyBytes) throw coded('too-large', 'the body is larger than 64 MiB');
      chunks.push(chunk);
    }
  } catch (error) {
    // What the parser says of the bytes stands at the request; the response is only "aborted".
    throw problem()?.code?.startsWith('HPE_') ? problem() : error;
  }
  // A body that lasts until the close is whole where the connection was closed in order (RFC 9112 section 8).
  const { 'content-length': length, 'transfer-encoding': coding } = response.headers;
  if (length === undefined && coding === undefined && problem()?.code === 'ECONNRESET') throw problem();
  return chunks.length === 1 ? chunks[0]! : Buffer.concat(chunks);
}

/** Whether the message is chunked (RFC 9110 5.6.1: empty elements of a list do not count) and Node's parser takes it for unframed. */
function isMisread(coding: string): boolean {
  const last = coding
    .split(',')
    .map((token) => token.trim().toLowerCase())
    .filter((token) => token !== '')
    .at(-1);
  return last === 'chunked' && !/(^|,)[ \t]*chunked[ \t]*$/i.test(coding);
}

/** Node.js reads header bytes as ISO 8859-1; what is UTF-8 is read as that. */
function pairs(flat: readonly string[]): [string, string][] {
  const text = (latin: string) => {
    if (/^[\x00-\x7f]*$/.test(latin)) return latin;
    const bytes = Buffer.from(latin, 'latin1');
    return isUtf8(bytes) ? bytes.toString() : latin;
  };
  const result: [string, string][] = [];
  for (let i = 0; i + 1 < flat.length; i += 2) result.push([text(flat[i]!), text(flat[i + 1]!)]);
  return result;
}

/** `HTTP/1.1 200 OK`, each `Name: value` and the blank line, with CRLF: what the head of the response weighs on the wire. */
function headerBytes(status: number, reason: string, headers: [string, string][]): number {
  let bytes = `HTTP/1.1 ${status} ${reason}\r\n\r\n`.length;
  for (const [name, value] of headers) bytes += Buffer.byteLength(name) + Buffer.byteLength(value) + 4;
  return bytes;
}

function coded(code: string, message: string): Error {
  return Object.assign(new Error(message), { code });
}

const words: Record<string, string> = {
  ECONNREFUSED: 'connection refused: nothing listens there',
  ECONNRESET: 'the server closed the connection before the response was complete',
  ENOTFOUND: 'the host name does not resolve',
  EAI_AGAIN: 'the host name does not resolve (the name server did not answer)',
  EHOSTUNREACH: 'the host cannot be reached',
  ENETUNREACH: 'the network cannot be reached',
  EPIPE: 'the server closed the connection before it had the whole request',
  HPE_HEADER_OVERFLOW: 'the head of the response is larger than 64 KiB',
  DEPTH_ZERO_SELF_SIGNED_CERT: 'the certificate is self-signed',
  SELF_SIGNED_CERT_IN_CHAIN: 'the certificate chain is self-signed',
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: 'the certificate cannot be verified',
  CERT_HAS_EXPIRED: 'the certificate has expired',
  ERR_TLS_CERT_ALTNAME_INVALID: 'the certificate is for another host name',
};

function describe(error: unknown, timedOut: boolean, timeoutMs: number, totalMs: number): HttpError {
  if (timedOut) return { code: 'timeout', message: `no complete response within ${timeoutMs} ms`, totalMs };
  const chain: { code?: string; message: string }[] = [];
  for (let at: unknown = error; at instanceof Error; at = at.cause) {
    chain.push(at as Error & { code?: string });
    if (at instanceof AggregateError) chain.push(...(at.errors as Error[]));
  }
  const coded = chain.find((link) => link.code !== undefined && words[link.code] !== undefined);
  if (coded?.code !== undefined) return { code: coded.code, message: words[coded.code] as string, totalMs };
  const code = chain.find((link) => link.code !== undefined)?.code ?? 'failed';
  if (code === 'HPE_INVALID_EOF_STATE') return { code: 'ECONNRESET', message: words.ECONNRESET as string, totalMs };
  if (code.startsWith('HPE_')) return { code: 'not-http', message: `the answer is not HTTP/1.1 (${code})`, totalMs };
  return { code, message: chain[0]?.message ?? String(error), totalMs };
}
