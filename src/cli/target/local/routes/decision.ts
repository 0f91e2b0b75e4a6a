import { corsHeaders } from './cors.js';
import { type AuthOptions, authAddress } from './external-auth.js';
import type { Found } from './find-location.js';
import type { IngressOptions } from './ingress-options.js';
import type { Location, Server } from './locations.js';
import { expandText, type RequestFacts, requestVariables, type Variables } from './nginx-text.js';
import type { PcreGroups } from './pcre-match.js';
import type { Resolve } from './service-host.js';
import { escapePath, type RequestTarget } from './uri-text.js';

/** A request as far as it is routed by. */
export interface RoutedRequest extends Omit<RequestFacts, 'target'> {
  /** Origin-form: path and query. */
  target: string;
  /** As Content-Length says it; 0 where it does not. */
  bodyBytes: number;
}

/** Names and values. */
export type Headers = [name: string, value: string][];

/** What the gateway says itself. */
export interface Answer {
  type: 'answer';
  status: number;
  detail: string;
  headers: Headers;
}

/** Where a request goes, and what is changed of it and of its answer. */
interface Forwarding {
  type: 'forward';
  /** Undefined: nothing here answers, and `otherwise` is said. */
  service: string | undefined;
  otherwise: { status: number; detail: string };
  /** Mostly origin-form: a rewrite may make anything of it. */
  target: string;
  /** Set in place of what the request has, Host among them; an empty value removes. */
  requestHeaders: Headers;
  /** Set in place of what the answer has, whoever gives it. */
  responseHeaders: Headers;
  /** Beside what the answer has. */
  responseAdded: Headers;
  /** Infinity: any. */
  maxBodyBytes: number;
  /** Milliseconds of silence of the service; undefined: the gateway's own limit. */
  timeoutMs: number | undefined;
  isHttps: boolean;
  auth: AuthQuestion | undefined;
}

/** What is asked before a request goes on. */
export interface AuthQuestion {
  /** As the URL says it; empty where it is none. */
  host: string;
  /** Origin-form. */
  target: string;
  /** Who is asked; undefined: nobody here. */
  to: { port: number; isHttps: boolean } | undefined;
  method: string;
  /** Set in place of what the request has; an empty value removes. */
  headers: Headers;
  /** Names of headers that the request gets from the answer. */
  taken: string[];
  /** Where a client goes that is not known; undefined: 401 is its answer. */
  signIn: string | undefined;
  alwaysSetsCookie: boolean;
}

/** What the gateway does with a request. */
export type Decision = Forwarding | Answer;

type Routed = RequestFacts & { bodyBytes: number };

/** An answer that the gateway gives itself. */
export function refusal(status: number, detail: string, headers: Headers = []): Answer {
  return { type: 'answer', status, detail, headers };
}

/** The answer where no route leads. */
export function unrouted(host: string, { raw }: RequestTarget): Answer {
  return refusal(404, `no route leads to ${raw.replace(/\?.*$/s, '')} on host ${host}`);
}

function redirect(status: number, to: string, headers: Headers = []): Answer {
  return refusal(status, `see ${to}`, [...headers, ['Location', to]]);
}

/** What nginx does in a location, in the order of its phases. */
export function decideIn(found: Found, request: Routed, resolve: Resolve): Decision {
  const { server, location, groups, isSlashMissing } = found;
  const { options } = location;
  const { target, authority } = request;
  if (server.appRoot !== '' && target.path === '/') return redirect(302, `http://${authority}${server.appRoot}`);
  if (request.bodyBytes > options.maxBodyBytes) return tooLarge(options.maxBodyBytes);
  if (isSlashMissing) {
    const place = escapePath(location.path) + (target.query === '' ? '' : `?${target.query}`);
    return redirect(301, options.hasRelativeRedirects ? place : `http://${authority}${place}`);
  }
  if (options.denied !== undefined) return refusal(503, options.denied);
  const cors = options.cors === undefined ? undefined : corsHeaders(options.cors, request.header('origin'));
  const own: Headers = [...(cors ?? []), ...options.responseHeaders];
  if (cors !== undefined && request.method === 'OPTIONS') {
    return refusal(204, '', [...own, ['Content-Type', 'text/plain charset=UTF-8']]);
  }
  if (options.redirect !== undefined) return redirect(options.redirect.status, options.redirect.url, own);
  const rewritten = rewrite(location, request, groups);
  if (rewritten.redirect !== undefined) return redirect(302, rewritten.redirect, own);
  if (rewritten.target === '') return refusal(500, 'the path is rewritten to nothing', own);
  const secure = redirectToTls(server, options, request);
  if (secure !== undefined) return redirect(308, secure, own);
  const forwarding = forwardingOf(location, request, rewritten, own);
  if (forwarding.type === 'answer' || options.auth === undefined) return forwarding;
  return { ...forwarding, auth: questionOf(options.auth, location, request, rewritten.variables, resolve) };
}

/** 413, for a body that is or turns out larger than a route takes. */
export function tooLarge(maxBodyBytes: number): Answer {
  return refusal(413, `the body is larger than ${maxBodyBytes} bytes`, [['connection', 'close']]);
}

interface Rewritten {
  target: string;
  /** Of the newest regular expression, as nginx has it. */
  variables: Variables;
  redirect?: string;
}

function rewrite({ rewrite: rule, pattern, source }: Location, request: Routed, found?: PcreGroups): Rewritten {
  const { path, query, raw } = request.target;
  const groups = rule?.pattern.exec(path);
  const names = groups === undefined ? pattern?.names : rule?.pattern.names;
  const variables = variablesOf(request, source, groups ?? found, names);
  if (rule === undefined || groups === undefined) return { target: raw, variables };
  const whole = escapePath(expandText(rule.target, variables)) + (query === '' ? '' : `?${query}`);
  return { target: whole, variables, ...(rule.isRedirect ? { redirect: whole } : {}) };
}

function variablesOf(
  request: Routed,
  source: Location['source'],
  groups: PcreGroups | undefined,
  names: Map<string, number> | undefined,
): Variables {
  const ofRequest = requestVariables(request);
  return (name) => {
    if (/^[1-9]$/.test(name)) return groups?.[Number(name)];
    const group = names?.get(name);
    if (group !== undefined) return groups?.[group];
    if (name === 'namespace') return source.namespace;
    if (name === 'ingress_name') return source.name;
    if (name === 'service_name') return source.serviceName;
    if (name === 'service_port') return source.servicePort;
    return ofRequest(name);
  };
}

/** ingress-nginx looks for a certificate of the host; the one of an Ingress that names none is its own. */
function redirectToTls({ hasTls }: Server, { ssl }: IngressOptions, { host, target }: Routed): string | undefined {
  if (!ssl.isForced && !(ssl.isRedirected && hasTls)) return undefined;
  return `https://${host}${ssl.keepsSlash ? target.raw : target.raw.replace(/\/$/, '')}`;
}

function forwardingOf(location: Location, request: Routed, { target, variables }: Rewritten, own: Headers): Decision {
  const { options, service, isDefault, source } = location;
  const requestHeaders: Headers = [];
  if (options.upstreamHost !== undefined) requestHeaders.push(['Host', expandText(options.upstreamHost, variables)]);
  if (options.forwardedPrefix !== undefined && location.rewrite !== undefined) {
    requestHeaders.push(['X-Forwarded-Prefix', expandText(options.forwardedPrefix, variables)]);
  }
  if (requestHeaders.some(([, value]) => /[^\t\x20-\x7e\x80-\xff]/.test(value))) {
    return refusal(400, 'a header that is made of the path would hold what no header may', own);
  }
  const otherwise = isDefault
    ? unrouted(request.host, request.target)
    : { status: 503, detail: `nothing here answers for Service ${source.serviceName ?? '(none)'}` };
  return {
    type: 'forward',
    service,
    otherwise,
    target,
    requestHeaders,
    responseHeaders: own,
    responseAdded: [],
    maxBodyBytes: options.maxBodyBytes,
    timeoutMs: options.readTimeoutMs,
    isHttps: options.isHttps,
    auth: undefined,
  };
}

function questionOf(
  auth: AuthOptions,
  { path, isExact, source }: Location,
  { target, authority, method }: Routed,
  variables: Variables,
  resolve: Resolve,
): AuthQuestion {
  // Where the URL has no path, nginx's own name for the question is asked for.
  const unsaid = `/_external-auth-${Buffer.from(path, 'latin1').toString('base64url')}-${isExact ? 'Exact' : 'Prefix'}`;
  const address = authAddress(auth.url, variables, unsaid);
  const origin = address === undefined ? undefined : resolve(address.host, address.port, source.namespace);
  const original: Headers = auth.method === undefined ? [] : [['X-Original-URI', target.raw]];
  return {
    host: address?.host ?? '',
    target: address?.target ?? '/',
    to:
      address === undefined || origin === undefined
        ? undefined
        : { port: origin.port, isHttps: address.isHttps && origin.isPlain !== true },
    method: auth.method ?? 'GET',
    headers: [
      ['Host', address?.host ?? ''],
      ['X-Forwarded-Proto', ''],
      ['X-Forwarded-Host', ''],
      ...original,
      ['X-Original-URL', `http://${authority}${target.raw}`],
      ['X-Original-Method', method],
      ['X-Sent-From', 'nginx-ingress-controller'],
      ['X-Auth-Request-Redirect', auth.requestRedirect ?? target.raw],
      ...auth.headers.map(([name, value]): [string, string] => [name, expandText(value, variables)]),
    ],
    taken: auth.responseHeaders,
    signIn: auth.signIn === undefined ? undefined : expandText(auth.signIn, variables),
    alwaysSetsCookie: auth.alwaysSetsCookie,
  };
}
