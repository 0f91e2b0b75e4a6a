import { withoutUserInfo } from '../secrets.js';

/** Proxies by the scheme of the URL that is asked for. Everything is optional; nothing is read from the environment. */
export interface Proxies {
  httpProxy?: string;
  httpsProxy?: string;
  /** Hosts that are reached without one, as in NO_PROXY: names, their subdomains, `host:port`, or `*`; by commas or spaces. */
  noProxy?: string;
}

const loopback = /^(localhost|127(\.\d+){3}|\[::1\])$/;

/** The proxy that a request for `url` goes through; undefined where it goes straight, as it always does to loopback. */
export function proxyFor(url: URL, { httpProxy, httpsProxy, noProxy = '' }: Proxies): URL | undefined {
  const proxy = url.protocol === 'https:' ? (httpsProxy ?? httpProxy) : httpProxy;
  if (proxy === undefined || loopback.test(url.hostname)) return undefined;
  const port = url.port || (url.protocol === 'https:' ? '443' : '80');
  const exempt = noProxy
    .split(/[\s,]+/)
    .some((entry) => entry !== '' && matches(entry.toLowerCase(), url.hostname, port));
  return exempt ? undefined : proxyUrl(proxy);
}

function matches(entry: string, host: string, port: string): boolean {
  if (entry === '*') return true;
  const [, name = entry, only] = /^(.*?):(\d+)$/.exec(entry) ?? [];
  if (only !== undefined && only !== port) return false;
  const bare = name.replace(/^\*?\./, '');
  return host === bare || host.endsWith(`.${bare}`);
}

/** A proxy as it stands in HTTP_PROXY: a URL, or `host:port`. Throws where it is neither. */
export function proxyUrl(text: string): URL {
  const whole = /^[a-z][a-z\d+.-]*:\/\//i.test(text) ? text : `http://${text}`;
  const url = URL.canParse(whole) ? new URL(whole) : undefined;
  if (url === undefined || !/^https?:$/.test(url.protocol) || url.hostname === '')
    throw new Error(`${JSON.stringify(withoutUserInfo(text))} is not the URL of an HTTP proxy`);
  return url;
}

/** The value of Proxy-Authorization for a proxy whose URL names a user (RFC 7617). */
export function proxyAuthorization({ username, password }: URL): string | undefined {
  if (username === '') return undefined;
  const pair = `${decodeURIComponent(username)}:${decodeURIComponent(password)}`;
  return `Basic ${Buffer.from(pair).toString('base64')}`;
}
