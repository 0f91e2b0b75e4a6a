import { Agent as HttpAgent, request as httpRequest } from 'node:http';
import { Agent as HttpsAgent, request as httpsRequest } from 'node:https';
import type { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { type Proxies, proxyAuthorization, proxyFor } from './http-proxy.js';

/** How a request is put on the wire: to whom, and what its request line and its head say because of it. */
export interface HttpRoute {
  agent: HttpAgent;
  secure: boolean;
  host: string;
  port: number;
  path: string;
  headers: [string, string][];
  /** The proxy on the way. */
  proxy?: URL;
}

/** Where a connection for a URL is opened; undefined for the URL's own host and port. */
export type ConnectTo = (url: URL) => { host: string; port: number } | undefined;

/** What the last response on a connection said in Keep-Alive. */
export const keepAliveHints = new WeakMap<Socket, string>();

/** A connection without a request is closed by us after this time, before most servers do. */
const idleMs = 4_000;
const connectMs = 30_000;

/** Milliseconds that a connection may stay open without a request: a second less than its server says. */
function idleOf(socket: Duplex): number {
  const [, seconds] = /\btimeout\s*=\s*(\d+)/i.exec(keepAliveHints.get(socket as Socket) ?? '') ?? [];
  return seconds === undefined ? idleMs : Math.min(idleMs, Number(seconds) * 1000 - 1000);
}

function kept(socket: Duplex): boolean {
  const ms = idleOf(socket);
  if (ms <= 0) return false;
  (socket as Socket).setTimeout(ms);
  return true;
}

class PlainAgent extends HttpAgent {
  override keepSocketAlive(socket: Duplex): boolean {
    return (super.keepSocketAlive(socket) as unknown as boolean) && kept(socket);
  }
}

class SecureAgent extends HttpsAgent {
  override keepSocketAlive(socket: Duplex): boolean {
    return (super.keepSocketAlive(socket) as unknown as boolean) && kept(socket);
  }
}

type Connected = (error: Error | null, stream: Duplex) => void;

/** TLS through a proxy's CONNECT (RFC 9110 section 9.3.6). */
class TunnelAgent extends SecureAgent {
  readonly #over = new AbortController();

  constructor(
    private readonly proxy: URL,
    options: HttpsAgent['options'],
  ) {
    super(options);
  }

  override createConnection(options: { host?: string; port?: number | string }, done?: Connected): undefined {
    const { proxy } = this;
    const fail = (error: Error) => done?.(error, undefined as unknown as Duplex);
    const authority = `${options.host}:${options.port}`;
    const authorization = proxyAuthorization(proxy);
    const open = proxy.protocol === 'https:' ? httpsRequest : httpRequest;
    const asked = open({
      host: bare(proxy.hostname),
      port: portOf(proxy),
      method: 'CONNECT',
      path: authority,
      headers: { Host: authority, ...(authorization === undefined ? {} : { 'Proxy-Authorization': authorization }) },
      agent: false,
      timeout: connectMs,
      signal: this.#over.signal,
    });
    asked.once('timeout', () => asked.destroy(new Error(`the proxy did not connect within ${connectMs} ms`)));
    asked.once('error', fail);
    asked.once('connect', ({ statusCode = 0 }, socket) => {
      if (statusCode >= 200 && statusCode < 300)
        done?.(null, super.createConnection({ ...options, socket } as object) as Duplex);
      else {
        socket.destroy();
        fail(new Error(`the proxy answered CONNECT with status ${statusCode}`));
      }
    });
    asked.end();
    return undefined;
  }

  override destroy(): void {
    this.#over.abort();
    super.destroy();
  }
}

function bare(hostname: string): string {
  return hostname.replace(/^\[|\]$/g, '');
}

function portOf(url: URL): number {
  return Number(url.port) || (url.protocol === 'https:' ? 443 : 80);
}

/** The ways out: straight, and through each proxy. `tls` is what `tls.connect` is told. */
export class Routes {
  readonly #plain = new PlainAgent({ keepAlive: true, timeout: idleMs });
  readonly #secure: SecureAgent;
  readonly #tunnels = new Map<string, TunnelAgent>();

  constructor(
    private readonly proxies: Proxies,
    private readonly tls: object,
    private readonly connectTo: ConnectTo = () => undefined,
  ) {
    this.#secure = new SecureAgent({ ...tls, keepAlive: true, timeout: idleMs });
  }

  to({ url: text }: { url: string }): HttpRoute {
    const url = new URL(text);
    const secure = url.protocol === 'https:';
    const address = this.connectTo(url);
    const proxy = address === undefined ? proxyFor(url, this.proxies) : undefined;
    const { host, port } = address ?? { host: bare(url.hostname), port: portOf(url) };
    const straight = { secure, host, port, path: url.pathname + url.search };
    if (proxy === undefined) return { ...straight, agent: secure ? this.#secure : this.#plain, headers: [] };
    if (secure) return { ...straight, agent: this.#tunnel(proxy), headers: [], proxy };
    // Absolute form (RFC 9112 section 3.2.2), not a tunnel: proxies commonly refuse CONNECT to port 80.
    const authorization = proxyAuthorization(proxy);
    return {
      agent: proxy.protocol === 'https:' ? this.#secure : this.#plain,
      secure: proxy.protocol === 'https:',
      host: bare(proxy.hostname),
      port: portOf(proxy),
      path: url.origin + straight.path,
      headers: authorization === undefined ? [] : [['Proxy-Authorization', authorization]],
      proxy,
    };
  }

  close(): Promise<void> {
    for (const agent of [this.#plain, this.#secure, ...this.#tunnels.values()]) agent.destroy();
    return Promise.resolve();
  }

  #tunnel(proxy: URL): TunnelAgent {
    let agent = this.#tunnels.get(proxy.href);
    if (agent === undefined) {
      agent = new TunnelAgent(proxy, { ...this.tls, keepAlive: true, timeout: idleMs });
      this.#tunnels.set(proxy.href, agent);
    }
    return agent;
  }
}
