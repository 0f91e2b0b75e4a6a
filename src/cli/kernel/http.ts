import { Readable } from 'node:stream';
import { createSecureContext, rootCertificates } from 'node:tls';
import { brotliDecompressSync, gunzipSync, inflateSync } from 'node:zlib';
import { Agent, type Dispatcher, ProxyAgent } from 'undici';
import { Failure } from './failure.js';
import { type Proxies, proxyAuthorization, proxyFor } from './http-proxy.js';

/** How connections are made: certificates, proxies. Everything is optional; nothing is read from the environment. */
export interface HttpClientOptions extends Proxies {
  /** Accept any certificate. */
  insecure?: boolean;
  /** PEM text of certificate authorities to trust beside the system's. */
  ca?: string;
  /** PEM text of the client's certificate, its key and the key's passphrase (mutual TLS). */
  cert?: string;
  key?: string;
  passphrase?: string;
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
   * Called once all but the last byte of the body is on its way; the last byte follows when it resolves, and time counts
   * from there. Requests held like this reach a server together, whatever their connections took. Not called without a body.
   */
  hold?: () => Promise<void>;
}

export interface HttpResponse {
  status: number;
  reason: string;
  /** In the order received, repeated names included. */
  headers: [string, string][];
  /** Decoded by Content-Encoding (gzip, deflate, br). */
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
  const routes = new Routes(options);
  return {
    send: (request) => send(routes, request),
    close: () => routes.close(),
  };
}

/**
 * What `tls.connect` is told: one context for all connections, as making one takes milliseconds. The name asked for (SNI) is
 * that of the Host header. Throws Failure for a certificate, key or passphrase that cannot be used.
 */
export function tlsOptions({ insecure, ca, cert, key, passphrase }: HttpClientOptions) {
  const own = ca !== undefined || cert !== undefined || key !== undefined;
  try {
    const authorities = ca === undefined ? undefined : [...rootCertificates, ca];
    const secureContext = own ? createSecureContext({ ca: authorities, cert, key, passphrase }) : undefined;
    return { rejectUnauthorized: insecure !== true, secureContext };
  } catch (error) {
    throw new Failure({
      code: 'bad-certificate',
      message: `the certificates given cannot be used: ${(error as Error).message}`,
      hint: 'Check --cacert, --cert, --key and --passphrase: PEM files, and the passphrase of that key',
      cause: error,
    });
  }
}

/** How a request is put on the wire: to whom, and what its request line and its head say because of it. */
interface Route {
  dispatcher: Dispatcher;
  origin: string;
  path: string;
  headers: (readonly [string, string])[];
  /** The proxy on the way. */
  proxy?: URL;
}

/** The ways out: straight, and through each proxy. */
class Routes {
  readonly #options: HttpClientOptions;
  readonly #shared: Agent.Options;
  readonly #direct: Agent;
  readonly #tunnels = new Map<string, ProxyAgent>();

  constructor(options: HttpClientOptions) {
    this.#options = options;
    const connect = tlsOptions(options);
    this.#shared = { connect, bodyTimeout: 0, headersTimeout: 0, maxHeaderSize: 65_536 };
    this.#direct = new Agent(this.#shared);
  }

  to(request: HttpRequest): Route {
    const url = new URL(request.url);
    const path = url.pathname + url.search;
    const proxy = proxyFor(url, this.#options);
    if (proxy === undefined) return { dispatcher: this.#direct, origin: url.origin, path, headers: [] };
    if (url.protocol === 'https:')
      return { dispatcher: this.#tunnel(proxy), origin: url.origin, path, headers: [], proxy };
    // Absolute form (RFC 9112 section 3.2.2), not a tunnel: proxies commonly refuse CONNECT to port 80.
    const authorization = proxyAuthorization(proxy);
    const headers: Route['headers'] = authorization === undefined ? [] : [['Proxy-Authorization', authorization]];
    if (!request.headers.some(([name]) => name.toLowerCase() === 'host')) headers.push(['Host', url.host]);
    return { dispatcher: this.#direct, origin: proxy.origin, path: url.origin + path, headers, proxy };
  }

  async close(): Promise<void> {
    await Promise.all([this.#direct, ...this.#tunnels.values()].map((agent) => agent.destroy()));
  }

  #tunnel(proxy: URL): ProxyAgent {
    let agent = this.#tunnels.get(proxy.href);
    if (agent === undefined) {
      const token = proxyAuthorization(proxy);
      agent = new ProxyAgent({ ...this.#shared, uri: proxy.origin, token, requestTls: this.#shared.connect as object });
      this.#tunnels.set(proxy.href, agent);
    }
    return agent;
  }
}

async function send(routes: Routes, request: HttpRequest): Promise<HttpOutcome> {
  let started = performance.now();
  const released = () => {
    started = performance.now();
  };
  const deadline = AbortSignal.timeout(request.timeoutMs);
  const signal = request.signal ? AbortSignal.any([deadline, request.signal]) : deadline;
  let proxy: URL | undefined;
  try {
    const { dispatcher, origin, path, headers: added, proxy: way } = routes.to(request);
    proxy = way;
    const response = await dispatcher.request({
      origin,
      path,
      method: request.method as Dispatcher.HttpMethod,
      ...wire({ ...request, headers: [...added, ...request.headers] }, released),
      signal,
      responseHeaders: 'raw',
    });
    const firstByteMs = performance.now() - started;
    const raw = await readBody(response.body);
    const headers = pairs(response.headers as unknown as string[]);
    return {
      response: {
        status: response.statusCode,
        reason: response.statusText,
        headers,
        body: decode(raw, headers),
        bodyBytes: raw.length,
        headerBytes: headerBytes(response.statusCode, response.statusText, headers),
        firstByteMs,
        totalMs: performance.now() - started,
      },
    };
  } catch (error) {
    if (request.signal?.aborted) throw request.signal.reason;
    const told = describe(error, deadline.aborted, request.timeoutMs, performance.now() - started);
    const way = proxy === undefined ? '' : ` (by the proxy ${proxy.origin})`;
    return { error: { ...told, message: told.message + way } };
  }
}

function wire(
  request: HttpRequest,
  released: () => void,
): { headers: string[]; body: Buffer | string | Readable | undefined } {
  const headers = request.headers.flat() as string[];
  const { body, hold } = request;
  if (hold === undefined || body === undefined || body.length === 0) return { headers, body };
  const bytes = Buffer.from(body as Buffer);
  if (!request.headers.some(([name]) => name.toLowerCase() === 'content-length'))
    headers.push('Content-Length', String(bytes.length));
  async function* parts() {
    if (bytes.length > 1) yield bytes.subarray(0, -1);
    await hold!();
    released();
    yield bytes.subarray(-1);
  }
  return { headers, body: Readable.from(parts(), { objectMode: false }) };
}

async function readBody(stream: AsyncIterable<Buffer>): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of stream) {
    bytes += chunk.length;
    if (bytes > maxBodyBytes) throw tooLarge();
    chunks.push(chunk);
  }
  return chunks.length === 1 ? chunks[0]! : Buffer.concat(chunks);
}

function pairs(flat: readonly (string | Buffer)[]): [string, string][] {
  const result: [string, string][] = [];
  for (let i = 0; i + 1 < flat.length; i += 2) result.push([String(flat[i]), String(flat[i + 1])]);
  return result;
}

/** `HTTP/1.1 200 OK`, each `Name: value` and the blank line, with CRLF: what the head of the response weighs on the wire. */
function headerBytes(status: number, reason: string, headers: [string, string][]): number {
  let bytes = `HTTP/1.1 ${status} ${reason}\r\n\r\n`.length;
  for (const [name, value] of headers) bytes += Buffer.byteLength(name) + Buffer.byteLength(value) + 4;
  return bytes;
}

function decode(body: Buffer, headers: [string, string][]): Buffer {
  const encoding = headers.find(([name]) => name.toLowerCase() === 'content-encoding')?.[1].toLowerCase();
  if (encoding === undefined || encoding === 'identity' || body.length === 0) return body;
  const decoder = Object.hasOwn(decoders, encoding) ? decoders[encoding] : undefined;
  if (decoder === undefined) return body;
  try {
    return decoder(body, { maxOutputLength: maxBodyBytes });
  } catch (error) {
    if ((error as { code?: string }).code === 'ERR_BUFFER_TOO_LARGE') throw tooLarge();
    const message = `the body is not the ${encoding} that Content-Encoding says`;
    throw Object.assign(new Error(message, { cause: error }), { code: 'bad-encoding' });
  }
}

const decoders: Record<string, typeof gunzipSync> = {
  gzip: gunzipSync,
  'x-gzip': gunzipSync,
  deflate: inflateSync,
  br: brotliDecompressSync,
};

const tooLarge = () => Object.assign(new Error('the body is larger than 64 MiB'), { code: 'too-large' });

const words: Record<string, string> = {
  ECONNREFUSED: 'connection refused: nothing listens there',
  ECONNRESET: 'the server closed the connection before the response was complete',
  ENOTFOUND: 'the host name does not resolve',
  EAI_AGAIN: 'the host name does not resolve (the name server did not answer)',
  EHOSTUNREACH: 'the host cannot be reached',
  ENETUNREACH: 'the network cannot be reached',
  UND_ERR_SOCKET: 'the server closed the connection before the response was complete',
  UND_ERR_CONNECT_TIMEOUT: 'the connection was not established in time',
  UND_ERR_RES_CONTENT_LENGTH_MISMATCH: 'the body is shorter or longer than Content-Length says',
  DEPTH_ZERO_SELF_SIGNED_CERT: 'the certificate is self-signed: pass --cacert FILE, or --insecure',
  SELF_SIGNED_CERT_IN_CHAIN: 'the certificate chain is self-signed: pass --cacert FILE, or --insecure',
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: 'the certificate cannot be verified: pass --cacert FILE, or --insecure',
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
  if (code.startsWith('HPE_')) return { code: 'not-http', message: `the answer is not HTTP/1.1 (${code})`, totalMs };
  return { code, message: chain[0]?.message ?? String(error), totalMs };
}
