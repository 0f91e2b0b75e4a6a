import type { Clock } from '../../kernel/clock.js';
import {
  createHttpClient,
  type HttpClient,
  type HttpClientOptions,
  type HttpOutcome,
  type HttpRequest,
} from '../../kernel/http/http.js';
import { parseJson } from '../../kernel/json.js';
import type { Exchange } from '../check/exchange.js';
import type { Auth, RequestTemplate, Scenario } from '../scenario.js';
import { Unresolved, type Variables } from '../variables/template.js';
import { CookieJars } from './cookies.js';
import { Hops } from './hops.js';
import { type BuiltRequest, buildRequest, type ScenarioEndpoint } from './request.js';

/** A token to fetch before a request can be built. */
export type OAuth2 = Extract<Auth, { kind: 'oauth2' }>;

/** Codes of a server whose certificate is of nobody that is trusted here: the user can say whom to trust. */
const trustTroubles = new Set([
  'DEPTH_ZERO_SELF_SIGNED_CERT',
  'SELF_SIGNED_CERT_IN_CHAIN',
  'UNABLE_TO_VERIFY_LEAF_SIGNATURE',
]);

/** Sends the requests of one iteration: keeps connections, cookies by user, and tokens. */
export class Courier {
  /** Of the iteration under way. */
  readonly jars: CookieJars;
  readonly #client: HttpClient;
  readonly #tokens = new Map<string, Promise<string>>();

  constructor(
    readonly scenario: Scenario,
    readonly endpoint: ScenarioEndpoint | undefined,
    private readonly clock: Clock,
    private readonly http: HttpClientOptions,
  ) {
    this.jars = new CookieJars(() => clock.now());
    this.#client = createHttpClient(http);
  }

  close(): Promise<void> {
    return this.#client.close();
  }

  /** Expands the request. Throws Unresolved for a variable without a value. */
  async build(template: RequestTemplate, variables: Variables, signal: AbortSignal): Promise<BuiltRequest> {
    const auth = template.auth ?? this.scenario.auth;
    const bearer = auth?.kind === 'oauth2' ? await this.token(auth, variables, signal) : undefined;
    return buildRequest(template, this.scenario, this.endpoint, variables, bearer);
  }

  /** Sends a built request and follows its redirects. Throws only the signal's reason. */
  async send(
    built: BuiltRequest,
    template: RequestTemplate,
    signal: AbortSignal,
    hold?: () => Promise<void>,
  ): Promise<Exchange> {
    const hops = new Hops(built, template, this);
    let held = hold;
    for (;;) {
      const startedAt = this.clock.now();
      const exchange = hops.take(await this.transmit(hops.request, template, signal, held), startedAt);
      if (exchange !== undefined) return exchange;
      held = undefined;
    }
  }

  async #send(request: HttpRequest): Promise<HttpOutcome> {
    const outcome = await this.#client.send(request);
    if (!('error' in outcome) || !trustTroubles.has(outcome.error.code)) return outcome;
    return { error: { ...outcome.error, message: `${outcome.error.message}: pass --cacert FILE, or --insecure` } };
  }

  /** Sends one request as it is; what goes wrong on the way is the outcome's `error`. Throws only the signal's reason. */
  async transmit(
    built: BuiltRequest,
    template: RequestTemplate,
    signal: AbortSignal,
    hold?: () => Promise<void>,
  ): Promise<HttpOutcome> {
    const { method, url, headers, body } = built;
    const timeoutMs = template.timeoutMs ?? this.scenario.timeoutMs;
    const request = { method, url, headers, body, timeoutMs, signal, hold };
    if (template.lose === undefined) return this.#send(request);
    if (template.lose === 'response') {
      const outcome = await this.#send(request);
      if ('error' in outcome) return outcome;
      const { totalMs } = outcome.response;
      return { error: { code: 'lost-response', message: 'the response was dropped on purpose', totalMs } };
    }
    const { sendLossy } = await import('../../kernel/http/http-loss.js');
    const started = this.clock.monotonic();
    try {
      const message = await sendLossy(request, template.lose, this.http);
      return { error: { code: `lost-${template.lose}`, message, totalMs: this.clock.monotonic() - started } };
    } catch (error) {
      if (signal.aborted) throw signal.reason;
      const { code = 'failed', message } = error as Error & { code?: string };
      return { error: { code, message, totalMs: this.clock.monotonic() - started } };
    }
  }

  /** OAuth 2 client credentials (RFC 6749 section 4.4); one token a client and scope for the whole run. Throws Unresolved where there is none. */
  token(auth: OAuth2, variables: Variables, signal: AbortSignal): Promise<string> {
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
    const outcome = await this.#send({
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
