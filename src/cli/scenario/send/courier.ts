import type { Clock } from '../../kernel/clock.js';
import { createHttpClient, type HttpClient, type HttpClientOptions, type HttpRequest } from '../../kernel/http.js';
import { parseJson } from '../../kernel/json.js';
import { type Exchange, headerOf } from '../check/exchange.js';
import type { Auth, RequestTemplate, Scenario } from '../scenario.js';
import { Unresolved, type Variables } from '../variables/template.js';
import { CookieJar } from './cookies.js';
import { type BuiltRequest, buildRequest, type ScenarioEndpoint, withUserInfo } from './request.js';

const maxRedirects = 10;

/** Sends the requests of one iteration: keeps connections, cookies by user, and tokens. */
export class Courier {
  readonly #client: HttpClient;
  readonly #jars = new Map<string, CookieJar>();
  readonly #tokens = new Map<string, Promise<string>>();

  constructor(
    private readonly scenario: Scenario,
    private readonly endpoint: ScenarioEndpoint | undefined,
    private readonly clock: Clock,
    private readonly http: HttpClientOptions,
  ) {
    this.#client = createHttpClient(http);
  }

  close(): Promise<void> {
    return this.#client.close();
  }

  /** Every iteration begins without cookies, as in newman. */
  forgetUsers(): void {
    this.#jars.clear();
  }

  /** Expands the request. Throws Unresolved for a variable without a value. */
  async build(template: RequestTemplate, variables: Variables, signal: AbortSignal): Promise<BuiltRequest> {
    const auth = template.auth ?? this.scenario.auth;
    const bearer = auth?.kind === 'oauth2' ? await this.#token(auth, variables, signal) : undefined;
    return buildRequest(template, this.scenario, this.endpoint, variables, bearer);
  }

  /** Sends a built request; what goes wrong on the way is the exchange's `error`. Throws only the signal's reason. */
  async send(
    built: BuiltRequest,
    template: RequestTemplate,
    signal: AbortSignal,
    hold?: () => Promise<void>,
  ): Promise<Exchange> {
    const timeoutMs = template.timeoutMs ?? this.scenario.timeoutMs;
    const cookies = template.cookies ?? this.scenario.cookies;
    const jar = cookies ? this.#jar(template.as) : undefined;
    const follow = template.redirects ?? this.scenario.redirects;
    let request: HttpRequest = { ...built, timeoutMs, signal, hold };
    let exchange = await this.#exchange(request, built.shownUrl, template, jar);
    for (let hop = 0; follow; hop++) {
      const next = redirected(request, exchange);
      if (next === undefined) break;
      if (hop === maxRedirects) return endlessly(exchange, next.url);
      request = next;
      exchange = await this.#exchange(request, built.shownUrl, template, jar);
    }
    return exchange;
  }

  #jar(user: string): CookieJar {
    let jar = this.#jars.get(user);
    if (jar === undefined) {
      jar = new CookieJar(() => this.clock.now());
      this.#jars.set(user, jar);
    }
    return jar;
  }

  async #exchange(
    request: HttpRequest,
    shownUrl: string,
    template: RequestTemplate,
    jar: CookieJar | undefined,
  ): Promise<Exchange> {
    const headers = this.#withCookies(request, jar);
    const startedAt = this.clock.now();
    const sent = { method: request.method, shownUrl, url: request.url, headers, body: request.body, startedAt };
    const outcome = await this.#send({ ...request, headers }, template);
    if ('error' in outcome)
      return { ...sent, response: undefined, error: outcome.error, timeMs: outcome.error.totalMs };
    const { response } = outcome;
    jar?.keep(this.#cookieUrl(request.url), headerOf(response, 'set-cookie'));
    return { ...sent, response, error: undefined, timeMs: response.totalMs };
  }

  async #send(request: HttpRequest, template: RequestTemplate): ReturnType<HttpClient['send']> {
    if (template.lose === undefined) return this.#client.send(request);
    if (template.lose === 'response') {
      const outcome = await this.#client.send(request);
      if ('error' in outcome) return outcome;
      const { totalMs } = outcome.response;
      return { error: { code: 'lost-response', message: 'the response was dropped on purpose', totalMs } };
    }
    const { sendLossy } = await import('../../kernel/http-loss.js');
    const started = this.clock.monotonic();
    try {
      const message = await sendLossy(request, template.lose, this.http);
      return { error: { code: `lost-${template.lose}`, message, totalMs: this.clock.monotonic() - started } };
    } catch (error) {
      if (request.signal?.aborted) throw request.signal.reason;
      const { code = 'failed', message } = error as Error & { code?: string };
      return { error: { code, message, totalMs: this.clock.monotonic() - started } };
    }
  }

  /** Cookies belong to the logical host, so that they survive a change of address. */
  #cookieUrl(url: string): URL {
    const parsed = new URL(url);
    if (this.endpoint?.host !== undefined && url.startsWith(this.endpoint.url)) parsed.host = this.endpoint.host;
    return parsed;
  }

  #withCookies(request: HttpRequest, jar: CookieJar | undefined): HttpRequest['headers'] {
    const line = jar?.header(this.#cookieUrl(request.url));
    if (line === undefined) return request.headers;
    const given = request.headers.find(([name]) => name.toLowerCase() === 'cookie')?.[1];
    const rest = request.headers.filter(([name]) => name.toLowerCase() !== 'cookie');
    return [...rest, ['Cookie', given === undefined ? line : `${line}; ${given}`]];
  }

  /** OAuth 2 client credentials (RFC 6749 section 4.4); one token a client and scope for the whole run. */
  #token(auth: Extract<Auth, { kind: 'oauth2' }>, variables: Variables, signal: AbortSignal): Promise<string> {
    const tokenUrl = variables.text(auth.tokenUrl);
    const clientId = variables.text(auth.clientId);
    const secret = variables.text(auth.clientSecret);
    const scope = auth.scope === undefined ? undefined : variables.text(auth.scope);
    const key = JSON.stringify([tokenUrl, clientId, secret, scope]);
    let token = this.#tokens.get(key);
    if (token === undefined) {
      token = this.#fetchToken(tokenUrl, clientId, secret, scope, signal);
      this.#tokens.set(key, token);
      // A server that did not answer yet is asked again by the next request.
      token.catch(() => this.#tokens.delete(key));
    }
    return token;
  }

  async #fetchToken(
    url: string,
    id: string,
    secret: string,
    scope: string | undefined,
    signal: AbortSignal,
  ): Promise<string> {
    const absolute = /^https?:/.test(url)
      ? url
      : (this.endpoint?.url ?? this.scenario.url ?? '').replace(/\/$/, '') + url;
    const form = new URLSearchParams({ grant_type: 'client_credentials', ...(scope === undefined ? {} : { scope }) });
    const basic = Buffer.from(`${encodeURIComponent(id)}:${encodeURIComponent(secret)}`).toString('base64');
    const outcome = await this.#client.send({
      method: 'POST',
      url: absolute,
      headers: [
        ['Authorization', `Basic ${basic}`],
        ['Content-Type', 'application/x-www-form-urlencoded'],
        ['Accept', 'application/json'],
      ],
      body: form.toString(),
      timeoutMs: this.scenario.timeoutMs,
      signal,
    });
    if ('error' in outcome) throw new Unresolved(`no OAuth 2 token from ${absolute}: ${outcome.error.message}`);
    try {
      const { access_token: token } = parseJson(outcome.response.body.toString('utf8')) as { access_token?: unknown };
      if (typeof token === 'string') return token;
    } catch {
      // Told below, with the status.
    }
    throw new Unresolved(`no OAuth 2 token from ${absolute}: status ${outcome.response.status} without access_token`);
  }
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

/** The request a redirect asks for (RFC 9110 section 15.4), or undefined where the response is none. */
function redirected(request: HttpRequest, { response }: Exchange): HttpRequest | undefined {
  const location = response && headerOf(response, 'location')[0];
  if (response === undefined || location === undefined || ![301, 302, 303, 307, 308].includes(response.status))
    return undefined;
  if (!URL.canParse(location, request.url)) return undefined;
  const url = new URL(location, request.url);
  const foreign = url.origin !== new URL(request.url).origin;
  const hidden = foreign ? ['authorization', 'cookie', 'host'] : ['cookie'];
  const seeOther = response.status === 303 || (response.status < 303 && request.method === 'POST');
  const method = seeOther && request.method !== 'HEAD' ? 'GET' : request.method;
  const dropBody = method !== request.method;
  const headers = request.headers.filter(
    ([name]) => !hidden.includes(name.toLowerCase()) && !(dropBody && name.toLowerCase().startsWith('content-')),
  );
  return {
    ...request,
    ...withUserInfo(url.href, headers),
    method,
    body: dropBody ? undefined : request.body,
    hold: undefined,
  };
}
