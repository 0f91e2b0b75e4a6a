import type { HttpError, HttpOutcome, HttpResponse } from '../../kernel/http/http.js';
import { type Exchange, headerOf } from '../check/exchange.js';
import type { RequestTemplate, Scenario } from '../scenario.js';
import type { CookieJars } from './cookies.js';
import { type BuiltRequest, type ScenarioEndpoint, withUserInfo } from './request.js';

const maxRedirects = 10;
const redirectStatuses = new Set([301, 302, 303, 307, 308]);

/** What all exchanges of one iteration share. */
export interface HopContext {
  readonly scenario: Pick<Scenario, 'cookies' | 'redirects'>;
  readonly endpoint: ScenarioEndpoint | undefined;
  readonly jars: CookieJars;
}

/**
 * One request and what its redirects lead to, cookies included; sends nothing itself. `request` is what goes to the wire;
 * `take` is told what came of it, until it gives the exchange.
 */
export class Hops {
  /** As it goes to the wire. */
  request: BuiltRequest;
  #asked: BuiltRequest;
  #followed = 0;
  readonly #cookies: boolean;
  readonly #follow: boolean;

  constructor(
    built: BuiltRequest,
    private readonly template: Pick<RequestTemplate, 'as' | 'cookies' | 'redirects'>,
    private readonly context: HopContext,
  ) {
    this.#cookies = template.cookies ?? context.scenario.cookies;
    this.#follow = template.redirects ?? context.scenario.redirects;
    this.#asked = built;
    this.request = this.#withCookies(built);
  }

  /** The exchange; or undefined where the response is a redirect to follow: then `request` goes next. `startedAt`: Unix milliseconds. */
  take(outcome: HttpOutcome, startedAt: number): Exchange | undefined {
    if ('error' in outcome) return exchangeOf(this.request, undefined, outcome.error, outcome.error.totalMs, startedAt);
    const { response } = outcome;
    if (this.#cookies && setsCookie(response)) {
      const url = this.#cookieUrl(this.request.url);
      this.context.jars.of(this.template.as).keep(url, headerOf(response, 'set-cookie'));
    }
    const exchange = exchangeOf(this.request, response, undefined, response.totalMs, startedAt);
    if (!this.#follow || !redirectStatuses.has(response.status)) return exchange;
    const next = redirected(this.#asked, exchange);
    if (next === undefined) return exchange;
    if (this.#followed++ === maxRedirects) return endlessly(exchange, next.url);
    this.#asked = next;
    this.request = this.#withCookies(next);
    return undefined;
  }

  #withCookies(request: BuiltRequest): BuiltRequest {
    const { jars } = this.context;
    if (!this.#cookies || jars.isEmpty) return request;
    const line = jars.of(this.template.as).header(this.#cookieUrl(request.url));
    if (line === undefined) return request;
    const given = request.headers.find(([name]) => name.toLowerCase() === 'cookie')?.[1];
    const rest = request.headers.filter(([name]) => name.toLowerCase() !== 'cookie');
    return { ...request, headers: [...rest, ['Cookie', given === undefined ? line : `${line}; ${given}`]] };
  }

  /** Cookies belong to the logical host, so that they survive a change of address. */
  #cookieUrl(url: string): URL {
    const { endpoint } = this.context;
    const parsed = new URL(url);
    if (endpoint?.host !== undefined && url.startsWith(endpoint.url)) parsed.host = endpoint.host;
    return parsed;
  }
}

// Written out, not spread, here and below: a load makes hundreds of thousands a second.
function exchangeOf(
  { method, shownUrl, url, headers, body }: BuiltRequest,
  response: HttpResponse | undefined,
  error: HttpError | undefined,
  timeMs: number,
  startedAt: number,
): Exchange {
  return { method, shownUrl, url, headers, body, response, error, timeMs, startedAt };
}

function setsCookie({ headers }: HttpResponse): boolean {
  for (const [name] of headers)
    if (name.length === 'set-cookie'.length && name.toLowerCase() === 'set-cookie') return true;
  return false;
}

/** An exchange that ends nowhere: the response asked for is not among those that came. */
function endlessly(exchange: Exchange, url: string): Exchange {
  const message = `redirected more than ${maxRedirects} times, at last to ${url}`;
  return {
    ...exchange,
    response: undefined,
    error: { code: 'too-many-redirects', message, totalMs: exchange.timeMs },
  };
}

/** Whether a URL names the host that the request itself went to by its Host header. */
function isLogical({ protocol, host }: URL, { url, headers }: BuiltRequest): boolean {
  const logical = headers.find(([name]) => name.toLowerCase() === 'host')?.[1].toLowerCase();
  return logical === host && protocol === new URL(url).protocol;
}

/** The request a redirect asks for (RFC 9110 section 15.4), or undefined where the response names no place. */
function redirected(request: BuiltRequest, { response }: Exchange): BuiltRequest | undefined {
  const location = response && headerOf(response, 'location')[0];
  if (response === undefined || location === undefined || !URL.canParse(location, request.url)) return undefined;
  const url = new URL(location, request.url);
  const foreign = url.origin !== new URL(request.url).origin && !isLogical(url, request);
  const hidden = foreign ? ['authorization', 'cookie', 'host'] : ['cookie'];
  const seeOther = response.status === 303 || (response.status < 303 && request.method === 'POST');
  const method = seeOther && request.method !== 'HEAD' ? 'GET' : request.method;
  const dropBody = method !== request.method;
  const headers = request.headers.filter(
    ([name]) => !hidden.includes(name.toLowerCase()) && !(dropBody && name.toLowerCase().startsWith('content-')),
  );
  return { ...request, ...withUserInfo(url.href, headers), method, body: dropBody ? undefined : request.body };
}
