import type { KubeObject } from '../../manifests/kube-object.js';
import type { ApiBackend, ApiFieldMatch, ApiFilter, ApiMatch, ApiPathChange, ApiRoute, ApiRule } from './api-route.js';
import { type BackendService, type Fields, fields, list, text } from './object-fields.js';

/** What the HTTPRoute objects say. */
export interface ReadApiRoutes {
  routes: ApiRoute[];
  unanswered: { ref: string; reason: string }[];
}

/** Reads the HTTPRoute objects, the oldest first as they stand; `keyOf` as for Ingress objects. */
export function readApiRoutes(
  objects: readonly KubeObject[],
  keyOf: (namespace: string, service: BackendService) => string | undefined,
): ReadApiRoutes {
  const unanswered: ReadApiRoutes['unanswered'] = [];
  const routes = objects.filter(isHttpRoute).map((object) => {
    const { name, namespace = 'default' } = object.metadata;
    const spec = fields(object.spec);
    const backendOf = (given: Fields): ApiBackend => {
      const service = { name: text(given.name) ?? '', port: { number: number(given.port) } };
      const key = keyOf(text(given.namespace) ?? namespace, service);
      if (key === undefined) {
        unanswered.push({ ref: `HTTPRoute/${name}`, reason: `nothing here answers for Service ${service.name}` });
      }
      return { name: service.name, weight: number(given.weight) ?? 1, ...(key === undefined ? {} : { service: key }) };
    };
    const rules = list(spec.rules).map((rule) => readRule(fields(rule), backendOf));
    return { name, namespace, hosts: hostsOf(spec, namespace, objects), rules };
  });
  return { routes, unanswered };
}

/** Whether an object is an HTTPRoute of the Gateway API. */
export function isHttpRoute({ apiVersion, kind }: KubeObject): boolean {
  return kind === 'HTTPRoute' && apiVersion.startsWith('gateway.networking.k8s.io/');
}

/** Its own, else those of the listeners that it hangs on. */
function hostsOf(spec: Fields, namespace: string, objects: readonly KubeObject[]): string[] {
  const own = list(spec.hostnames).flatMap((host) => text(host)?.toLowerCase() ?? []);
  if (own.length > 0) return own;
  return list(spec.parentRefs).flatMap((given) => {
    const parent = fields(given);
    const gateway = objects.find(
      ({ kind, metadata }) =>
        kind === 'Gateway' &&
        metadata.name === parent.name &&
        (metadata.namespace ?? 'default') === (text(parent.namespace) ?? namespace),
    );
    return list(fields(gateway?.spec).listeners).flatMap((one) => {
      const { name, hostname } = fields(one);
      const isMeant = parent.sectionName === undefined || parent.sectionName === name;
      return isMeant ? (text(hostname)?.toLowerCase() ?? []) : [];
    });
  });
}

function readRule(rule: Fields, backendOf: (given: Fields) => ApiBackend): ApiRule {
  const timeoutMs = durationMs(text(fields(rule.timeouts).request));
  return {
    matches: list(rule.matches).map((match) => readMatch(fields(match))),
    filters: list(rule.filters).flatMap((filter) => readFilter(fields(filter)) ?? []),
    backends: list(rule.backendRefs).map((backend) => backendOf(fields(backend))),
    ...(timeoutMs === undefined ? {} : { timeoutMs }),
  };
}

function readMatch(match: Fields): ApiMatch {
  const path = fields(match.path);
  const method = text(match.method);
  return {
    path: { type: text(path.type) ?? 'PathPrefix', value: text(path.value) ?? '/' },
    ...(method === undefined ? {} : { method }),
    headers: list(match.headers).flatMap(readFieldMatch),
    query: list(match.queryParams).flatMap(readFieldMatch),
  };
}

function readFieldMatch(given: unknown): ApiFieldMatch[] {
  const { name, value, type } = fields(given);
  const named = text(name);
  return named === undefined
    ? []
    : [{ name: named, value: text(value) ?? '', isRegular: type === 'RegularExpression' }];
}

function readFilter(filter: Fields): ApiFilter | undefined {
  switch (filter.type) {
    case 'RequestHeaderModifier':
      return readHeaders('request-headers', fields(filter.requestHeaderModifier));
    case 'ResponseHeaderModifier':
      return readHeaders('response-headers', fields(filter.responseHeaderModifier));
    case 'URLRewrite': {
      const { hostname, path } = fields(filter.urlRewrite);
      return { type: 'rewrite', ...optional('host', text(hostname)), ...optional('path', readPathChange(path)) };
    }
    case 'RequestRedirect': {
      const { scheme, hostname, port, path, statusCode } = fields(filter.requestRedirect);
      return {
        type: 'redirect',
        ...optional('scheme', text(scheme)),
        ...optional('host', text(hostname)),
        ...optional('port', number(port)),
        ...optional('path', readPathChange(path)),
        status: number(statusCode) ?? 302,
      };
    }
    default:
      return undefined;
  }
}

function optional<N extends string, V>(name: N, value: V | undefined): { [key in N]?: V } {
  return (value === undefined ? {} : { [name]: value }) as { [key in N]?: V };
}

function readHeaders(type: 'request-headers' | 'response-headers', given: Fields): ApiFilter {
  const pairs = (of: unknown) =>
    list(of).flatMap((one): [string, string][] => {
      const { name, value } = fields(one);
      return text(name) === undefined ? [] : [[text(name) ?? '', text(value) ?? '']];
    });
  return {
    type,
    set: pairs(given.set),
    add: pairs(given.add),
    remove: list(given.remove).flatMap((name) => text(name) ?? []),
  };
}

function readPathChange(given: unknown): ApiPathChange | undefined {
  const path = fields(given);
  const type = text(path.type);
  if (type !== 'ReplaceFullPath' && type !== 'ReplacePrefixMatch') return undefined;
  const value = type === 'ReplaceFullPath' ? path.replaceFullPath : path.replacePrefixMatch;
  return { type, value: typeof value === 'string' ? value : '/' };
}

function number(given: unknown): number | undefined {
  return typeof given === 'number' && Number.isFinite(given) ? given : undefined;
}

/** GEP-2257: `1h30m`, `500ms`. 0 is no limit. */
function durationMs(given: string | undefined): number | undefined {
  if (given === undefined || !/^(?:\d{1,5}(?:h|ms|m|s)){1,4}$/.test(given)) return undefined;
  const units = { h: 3_600_000, m: 60_000, s: 1000, ms: 1 };
  let sum = 0;
  for (const [, amount, unit] of given.matchAll(/(\d+)(h|ms|m|s)/g)) sum += Number(amount) * units[unit as 'h'];
  return sum === 0 ? undefined : Math.min(sum, 86_400_000);
}
