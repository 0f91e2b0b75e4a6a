import { parseDurationMs } from '../../kernel/duration.js';
import { CookieJar } from '../../scenario/send/cookies.js';
import { errorValue, isPlain, textOf } from '../language/coerce.js';
import {
  Callable,
  Constructible,
  Fault,
  HostObject,
  known,
  type Sends,
  type Steps,
  Thrown,
  type WireOutcome,
  type WireRequest,
} from '../language/machine.js';
import { Bytes, encodedBody } from './body.js';
import { Jar } from './jar.js';
import { Response } from './response.js';
import type { Vu } from './vu.js';

/** Milliseconds that k6 gives a request. */
const usualTimeoutMs = 60_000;

/** Which statuses a script takes for good: numbers and ranges. */
class Expected extends HostObject {
  constructor(readonly of: readonly unknown[]) {
    super();
  }

  get(): unknown {
    return undefined;
  }

  readonly holds = (status: number): boolean =>
    this.of.some((each) =>
      isPlain(each) ? status >= Number(each.min) && status <= Number(each.max) : status === Number(each),
    );
}

/** What the last argument of a request says. */
interface Params {
  headers: [string, string][];
  name: string | undefined;
  timeoutMs: number;
  redirects: number;
  keeps: 'text' | 'binary' | 'none';
  cookies: [string, string][];
  jar: CookieJar;
  expected: ((status: number) => boolean) | undefined;
}

/** Fields of a request's parameters that are read; `compression`, and other kinds of `auth` than `basic`, are not. */
export const paramNames: ReadonlySet<string> = new Set([
  ...['headers', 'tags', 'timeout', 'redirects', 'responseType', 'cookies', 'responseCallback', 'auth', 'jar'],
]);

function readParams(given: unknown, vu: Vu): Params {
  const params = isPlain(given) ? given : {};
  const { options } = vu.around;
  const pairs = (value: unknown): [string, string][] =>
    isPlain(value)
      ? Object.entries(value).flatMap(([name, each]) =>
          each === undefined || each === null ? [] : [[name, cookieText(each)] as [string, string]],
        )
      : [];
  const { responseType, responseCallback, timeout, tags } = params;
  const discards = options.discardResponseBodies && responseType === undefined;
  return {
    headers: pairs(params.headers),
    cookies: pairs(params.cookies),
    jar: params.jar instanceof Jar ? params.jar.jar : vu.jar,
    name: isPlain(tags) && tags.name !== undefined ? textOf(tags.name) : undefined,
    timeoutMs: readTimeout(timeout),
    redirects: params.redirects === undefined ? options.maxRedirects : Number(params.redirects),
    keeps: discards || responseType === 'none' ? 'none' : responseType === 'binary' ? 'binary' : 'text',
    expected:
      responseCallback instanceof Expected
        ? responseCallback.holds
        : responseCallback === null
          ? () => true
          : vu.expected,
  };
}

/** A cookie may be given with how it takes the place of another. */
function cookieText(value: unknown): string {
  return isPlain(value) && 'value' in value ? textOf(value.value) : textOf(value);
}

function readTimeout(timeout: unknown): number {
  if (timeout === undefined || timeout === null) return usualTimeoutMs;
  if (typeof timeout === 'number' || /^\d+$/.test(textOf(timeout))) return Math.max(1, Number(timeout));
  return Math.max(1, parseDurationMs(textOf(timeout), 'timeout'));
}

/** Sends a request, and those that its redirects ask for. */
function* send(method: string, url: unknown, given: unknown, params: unknown, vu: Vu): Steps {
  const { site } = vu;
  const read = readParams(params, vu);
  const { body, type } = encodedBody(given);
  const headers = [...read.headers];
  const has = (name: string) => headers.some(([each]) => each.toLowerCase() === name);
  if (type !== undefined && !has('content-type')) headers.push(['Content-Type', type]);
  if (!has('user-agent')) headers.push(['User-Agent', vu.around.options.userAgent]);
  const address = addressOf(url);
  if (address.username !== '' && !has('authorization')) {
    const user = `${decodeURIComponent(address.username)}:${decodeURIComponent(address.password)}`;
    headers.push(['Authorization', `Basic ${Buffer.from(user).toString('base64')}`]);
  }
  address.username = '';
  address.password = '';
  let asked: Asked = { method: method.toUpperCase(), url: address, headers, body };
  for (let followed = 0; ; followed++) {
    const request: WireRequest = {
      ...asked,
      headers: withCookies(asked, read),
      step: stepOf(asked, read, site, vu),
      timeoutMs: read.timeoutMs,
    };
    const outcome = (yield { ask: 'request', request }) as WireOutcome;
    if (!('error' in outcome)) read.jar.keep(asked.url, outcome.headers.get('set-cookie') ?? []);
    const next = 'error' in outcome || followed >= read.redirects ? undefined : redirected(asked, outcome);
    const response = new Response(request, outcome, read.keeps);
    judge(response, next !== undefined, read, vu);
    if (next === undefined) return response;
    asked = next;
  }
}

function judge(response: Response, goesOn: boolean, { expected }: Params, vu: Vu): void {
  const { status, outcome } = response;
  if ('error' in outcome) {
    if (vu.around.options.throws) throw new Thrown(errorValue('Error', outcome.error));
    return;
  }
  const good = goesOn || (expected ?? usuallyExpected)(status);
  if (!good) vu.failure = 'unexpected status';
}

function usuallyExpected(status: number): boolean {
  return status >= 200 && status < 400;
}

type Asked = Pick<WireRequest, 'method' | 'url' | 'headers' | 'body'>;

function addressOf(url: unknown): URL {
  const text = textOf(url);
  if (/^https?:\/\//i.test(text) && URL.canParse(text)) return new URL(text);
  throw new Fault(`${JSON.stringify(text.slice(0, 200))} is not the URL of a request`);
}

function withCookies({ url, headers }: Asked, { cookies, jar }: Params): WireRequest['headers'] {
  const kept = jar.header(url);
  const own = cookies.map(([name, value]) => `${name}=${value}`);
  if (kept === undefined && own.length === 0) return headers;
  const replaced = new Set(cookies.map(([name]) => name));
  const before = (kept?.split('; ') ?? []).filter((pair) => !replaced.has(pair.slice(0, pair.indexOf('='))));
  return [...headers.filter(([name]) => name.toLowerCase() !== 'cookie'), ['Cookie', [...before, ...own].join('; ')]];
}

const patterns = new Map<string, RegExp>();

/** Whose figures a request counts in: by its `name` tag, else by where it is sent and what it asks for. */
function stepOf({ method, url }: Asked, { name }: Params, site: number, { around }: Vu): number {
  const named = name === undefined ? undefined : around.namedSteps.get(name);
  if (named !== undefined) return named;
  const steps = around.sites[site]?.steps ?? [];
  if (steps.length < 2) return steps[0]?.step ?? 0;
  const line = `${method} ${url.pathname}${url.search}`;
  const found = steps.find(({ pattern }) => {
    if (pattern === undefined) return true;
    const known = patterns.get(pattern) ?? new RegExp(pattern, 'u');
    patterns.set(pattern, known);
    return known.test(line);
  });
  return (found ?? steps.at(-1)!).step;
}

/** The request that a redirect asks for, as Go's client makes it (RFC 9110 section 15.4). */
function redirected(asked: Asked, { status, headers }: Extract<WireOutcome, { status: number }>): Asked | undefined {
  if (![301, 302, 303, 307, 308].includes(status)) return undefined;
  const location = headers.get('location')?.[0];
  if (location === undefined || !URL.canParse(location, asked.url.href)) return undefined;
  const url = new URL(location, asked.url);
  const keeps = status >= 307 || asked.method === 'GET' || asked.method === 'HEAD';
  const hidden = url.host === asked.url.host ? [] : ['authorization', 'cookie'];
  const kept = asked.headers.filter(
    ([name]) => !hidden.includes(name.toLowerCase()) && (keeps || !name.toLowerCase().startsWith('content-')),
  );
  return { method: keeps ? asked.method : 'GET', url, headers: kept, body: keeps ? asked.body : undefined };
}

type Call = (args: readonly unknown[], vu: Vu) => Steps;

/** A function of `k6/http` that sends. */
function sending(name: string, method: string | undefined, shape: Sends['shape'], call: Call): Callable {
  const made = new Callable(name, true, (args, machine) => call(args, machine as Vu));
  made.sends = { method, shape };
  return made;
}

const withBody =
  (method: string): Call =>
  ([url, body, params], vu) =>
    send(method, url, body, params, vu);
const withoutBody =
  (method: string): Call =>
  ([url, params], vu) =>
    send(method, url, undefined, params, vu);
const byMethod: Call = ([method, url, body, params], vu) => send(textOf(method), url, body, params, vu);

/** One request of a batch: a URL, a list, or an object. */
function entryOf(entry: unknown): [string, unknown, unknown, unknown] {
  if (Array.isArray(entry)) return [textOf(entry[0]), entry[1], entry[2], entry[3]];
  if (isPlain(entry)) return [textOf(entry.method ?? 'GET'), entry.url, entry.body, entry.params];
  return ['GET', entry, undefined, undefined];
}

/** The requests of a batch, one after another: a journey is one user. */
const batch: Call = function* ([requests], vu) {
  const { site } = vu;
  const one = function* (entry: unknown) {
    vu.site = site;
    return yield* send(...entryOf(entry), vu);
  };
  if (Array.isArray(requests)) {
    const responses: unknown[] = [];
    for (const entry of requests) responses.push(yield* one(entry));
    return responses;
  }
  if (!isPlain(requests)) throw new Fault('http.batch takes a list or an object');
  const responses: Record<string, unknown> = {};
  for (const [name, entry] of Object.entries(requests)) responses[name] = yield* one(entry);
  return responses;
};

const expectedStatuses = known('expectedStatuses', (args) => new Expected(args));

/** `k6/http`. */
export const httpMembers: Record<string, unknown> = {
  get: sending('http.get', 'GET', 'url', withoutBody('GET')),
  head: sending('http.head', 'HEAD', 'url', withoutBody('HEAD')),
  post: sending('http.post', 'POST', 'url and body', withBody('POST')),
  put: sending('http.put', 'PUT', 'url and body', withBody('PUT')),
  patch: sending('http.patch', 'PATCH', 'url and body', withBody('PATCH')),
  del: sending('http.del', 'DELETE', 'url and body', withBody('DELETE')),
  options: sending('http.options', 'OPTIONS', 'url and body', withBody('OPTIONS')),
  request: sending('http.request', undefined, 'method', byMethod),
  asyncRequest: sending('http.asyncRequest', undefined, 'method', byMethod),
  batch: sending('http.batch', undefined, 'batch', batch),
  url: known('url', ([text]) => textOf(text)),
  file: known('file', ([data, name, type]) => {
    const bytes = data instanceof Bytes ? data.bytes : Buffer.from(textOf(data));
    return new Bytes(bytes, {
      name: name === undefined ? String(Date.now()) : textOf(name),
      type: type === undefined ? 'application/octet-stream' : textOf(type),
    });
  }),
  expectedStatuses,
  setResponseCallback: known('setResponseCallback', ([callback], machine) => {
    (machine as Vu).expected = callback instanceof Expected ? callback.holds : () => true;
  }),
  CookieJar: new Constructible('CookieJar', () => new Jar(new CookieJar(Date.now))),
  cookieJar: known('cookieJar', (_, machine) => new Jar((machine as Vu).jar)),
};

/** `new Httpx({ baseURL, headers })` of k6's jslib: a session whose requests share a base and headers. */
export const httpx = new Constructible('Httpx', ([options]) => new Session(isPlain(options) ? options : {}));

/** Methods of a session that send, by the method of their request. */
export const sessionVerbs: ReadonlyMap<string, string> = new Map([
  ...Object.entries({
    get: 'GET',
    post: 'POST',
    put: 'PUT',
    patch: 'PATCH',
    delete: 'DELETE',
    options: 'OPTIONS',
    head: 'HEAD',
  }),
]);

class Session extends HostObject {
  private base: string;
  private readonly headers: Record<string, unknown>;

  constructor(options: Record<string, unknown>) {
    super();
    this.base = options.baseURL === undefined ? '' : textOf(options.baseURL);
    this.headers = isPlain(options.headers) ? { ...options.headers } : {};
  }

  get(name: string): unknown {
    const method = sessionVerbs.get(name);
    if (method !== undefined) {
      return sending(`session.${name}`, method, 'path', ([path, body, params], vu) => {
        const own = isPlain(params) ? params : {};
        const headers = { ...this.headers, ...(isPlain(own.headers) ? own.headers : {}) };
        const url = /^https?:/i.test(textOf(path)) ? path : this.base + textOf(path);
        return send(method, url, body, { ...own, headers }, vu);
      });
    }
    switch (name) {
      case 'setBaseUrl':
        return known(name, ([url]) => {
          this.base = textOf(url);
        });
      case 'addHeader':
        return known(name, ([header, value]) => {
          if (header !== '__proto__') this.headers[textOf(header)] = value;
        });
      case 'addHeaders':
        return known(name, ([headers]) => {
          if (isPlain(headers)) Object.assign(this.headers, headers);
        });
      default:
        return undefined;
    }
  }
}
