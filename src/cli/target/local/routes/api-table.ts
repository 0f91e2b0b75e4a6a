import type { ApiBackend, ApiFieldMatch, ApiFilter, ApiMatch, ApiPathChange, ApiRoute, ApiRule } from './api-route.js';
import { type Decision, type Headers, type RoutedRequest, refusal } from './decision.js';
import { Pcre } from './pcre-match.js';
import { PcreProblem } from './pcre-syntax.js';
import { bytesOf, escapePath, type RequestTarget } from './uri-text.js';

type Routed = Omit<RoutedRequest, 'target'> & { target: RequestTarget };

/** Decides by HTTPRoute objects; undefined where none of them is for the request. */
export type ApiTable = (request: Routed) => Decision | undefined;

/** One match of a rule, ready to be tried. */
interface Candidate {
  rule: ApiRule;
  /** What Gateway API puts first: each part outweighs those after it. */
  rank: number[];
  /** The prefix that matches, or nothing. */
  path(path: string): string | undefined;
  rest(request: Routed): boolean;
  backend(): ApiBackend | undefined;
}

/**
 * The table of https://gateway-api.sigs.k8s.io/reference/spec/#httproutematch: the host that says most, then an exact
 * path, a regular expression, the longest prefix, a method, most headers, most query parameters, and the order as written.
 */
export function makeApiTable(routes: readonly ApiRoute[]): ApiTable {
  const byHost = new Map<string, Candidate[]>();
  for (const route of routes) {
    for (const host of route.hosts.length === 0 ? [''] : route.hosts) {
      const own = byHost.get(host) ?? [];
      for (const rule of route.rules) own.push(...candidatesOf(rule));
      byHost.set(host, own);
    }
  }
  for (const candidates of byHost.values()) candidates.sort((a, b) => byRank(a.rank, b.rank));
  const wild = [...byHost.keys()].filter((host) => host.startsWith('*.')).sort((a, b) => b.length - a.length);
  return (request) => {
    const host = byHost.has(request.host) ? request.host : wild.find((name) => request.host.endsWith(name.slice(1)));
    for (const candidate of byHost.get(host ?? '') ?? []) {
      const prefix = candidate.path(request.target.path);
      if (prefix !== undefined && candidate.rest(request)) return follow(candidate, request, prefix);
    }
    return undefined;
  };
}

function byRank(a: readonly number[], b: readonly number[]): number {
  const first = a.findIndex((value, i) => value !== b[i]);
  return first < 0 ? 0 : b[first]! - a[first]!;
}

function candidatesOf(rule: ApiRule): Candidate[] {
  const all: ApiMatch[] =
    rule.matches.length > 0 ? rule.matches : [{ path: { type: 'PathPrefix', value: '/' }, headers: [], query: [] }];
  const backend = turns(rule.backends);
  return all.flatMap((match) => {
    try {
      const kind = { Exact: 2, RegularExpression: 1 }[match.path.type] ?? 0;
      const rank = [
        kind,
        match.path.value.length,
        match.method === undefined ? 0 : 1,
        match.headers.length,
        match.query.length,
      ];
      return [{ rule, rank, path: pathMatcher(match.path), rest: restMatcher(match), backend }];
    } catch (error) {
      // It has been told by routeProblems, and matches nothing.
      if (error instanceof PcreProblem) return [];
      throw error;
    }
  });
}

function pathMatcher({ type, value }: ApiMatch['path']): Candidate['path'] {
  const wanted = bytesOf(value);
  if (type === 'Exact') return (path) => (path === wanted ? wanted : undefined);
  if (type === 'RegularExpression') {
    const matches = wholeMatcher(value);
    return (path) => (matches(path) ? '' : undefined);
  }
  const prefix = wanted.replace(/\/+$/, '');
  return (path) =>
    path.startsWith(prefix) && (path.length === prefix.length || path[prefix.length] === '/') ? prefix : undefined;
}

/** As the gateways of Envoy have it: the whole text matches, with regard to case. */
function wholeMatcher(source: string): (text: string) => boolean {
  const pattern = new Pcre(`^(?:${bytesOf(source)})$`, { regardsCase: true });
  return (text) => pattern.exec(text, true) !== undefined;
}

function restMatcher({ method, headers, query }: ApiMatch): Candidate['rest'] {
  const fieldsOf = (wanted: ApiFieldMatch[]) =>
    wanted.map(({ name, value, isRegular }) => {
      const matches = isRegular ? wholeMatcher(value) : (text: string) => text === value;
      return { name, matches };
    });
  const wantedHeaders = fieldsOf(headers);
  const wantedQuery = fieldsOf(query);
  const isThere = (matches: (text: string) => boolean, text: string | null | undefined) =>
    text !== undefined && text !== null && matches(text);
  return (request) => {
    if (method !== undefined && request.method !== method) return false;
    if (!wantedHeaders.every(({ name, matches }) => isThere(matches, request.header(name.toLowerCase())))) return false;
    if (wantedQuery.length === 0) return true;
    const given = new URLSearchParams(request.target.query);
    return wantedQuery.every(({ name, matches }) => isThere(matches, given.get(name)));
  };
}

/** Takes turns by weight, evenly spread (smooth weighted round robin); undefined where no backend has any weight. */
function turns(backends: readonly ApiBackend[]): () => ApiBackend | undefined {
  const credits = backends.map(() => 0);
  const total = backends.reduce((sum, { weight }) => sum + Math.max(0, weight), 0);
  return () => {
    if (total === 0) return undefined;
    for (const [i, { weight }] of backends.entries()) credits[i]! += Math.max(0, weight);
    const chosen = credits.indexOf(Math.max(...credits));
    credits[chosen]! -= total;
    return backends[chosen];
  };
}

function follow({ rule, backend }: Candidate, request: Routed, prefix: string): Decision {
  const requestHeaders: Headers = [];
  const responseHeaders: Headers = [];
  const responseAdded: Headers = [];
  let target = request.target.raw;
  for (const filter of rule.filters) {
    if (filter.type === 'redirect') return redirect(filter, request, prefix);
    if (filter.type === 'rewrite') {
      if (filter.path !== undefined) target = changed(filter.path, request.target, prefix);
      if (filter.host !== undefined) requestHeaders.push(['Host', filter.host]);
      continue;
    }
    const { set, add, remove } = filter;
    const isRequest = filter.type === 'request-headers';
    (isRequest ? requestHeaders : responseHeaders).push(...set, ...remove.map((name): [string, string] => [name, '']));
    if (isRequest) requestHeaders.push(...add.map(([name, value]) => joined(name, value, requestHeaders, request)));
    else responseAdded.push(...add);
  }
  const chosen = backend();
  if (chosen === undefined) return refusal(500, 'the rule of the HTTPRoute has no backend');
  return {
    type: 'forward',
    service: chosen.service,
    otherwise: { status: 503, detail: `nothing here answers for Service ${chosen.name}` },
    target,
    requestHeaders,
    responseHeaders,
    responseAdded,
    maxBodyBytes: Number.POSITIVE_INFINITY,
    timeoutMs: rule.timeoutMs,
    isHttps: false,
    auth: undefined,
  };
}

/** A value beside the one that is there. */
function joined(name: string, value: string, set: Headers, { header }: Routed): [string, string] {
  const before = set.findLast(([own]) => own.toLowerCase() === name.toLowerCase())?.[1] ?? header(name.toLowerCase());
  return [name, before === undefined || before === '' ? value : `${before}, ${value}`];
}

function changed({ type, value }: ApiPathChange, { raw, path, query }: RequestTarget, prefix: string): string {
  const asked = query === '' ? '' : `?${query}`;
  if (type === 'ReplaceFullPath') return `${value === '' ? '/' : value}${asked}`;
  // As it came, where that is how the prefix was written.
  const given = raw.replace(/\?.*$/s, '');
  const rest = given.startsWith(prefix) ? given.slice(prefix.length) : escapePath(path.slice(prefix.length));
  return `${`${value.replace(/\/+$/, '')}${rest}` || '/'}${asked}`;
}

function redirect(
  filter: ApiFilter & { type: 'redirect' },
  { host, authority, target }: Routed,
  prefix: string,
): Decision {
  const scheme = filter.scheme ?? 'http';
  const given = filter.scheme === undefined ? (/:\d+$/.exec(authority)?.[0] ?? '') : '';
  const isUsual = filter.port === { http: 80, https: 443 }[scheme];
  const port = filter.port === undefined ? given : isUsual ? '' : `:${filter.port}`;
  const path = filter.path === undefined ? target.raw : changed(filter.path, target, prefix);
  const to = `${scheme}://${filter.host ?? host}${port}${path}`;
  return refusal(filter.status, `see ${to}`, [['Location', to]]);
}
