import type { GatewayRoute } from './topology.js';

/** The one path that the gateway answers itself, so that it can be probed like every service. */
export const gatewayHealthPath = '/.hwctl/gateway/health';

/** Finds the process that a request is for, as the Ingress says it. */
export interface RouteTable {
  /** `host` without its port, lower case; `path` without its query. Undefined: no rule matches. */
  find(host: string, path: string): string | undefined;
}

interface HostRoutes {
  exact: Map<string, string>;
  /** Longest first. */
  prefixes: { path: string; service: string }[];
}

/**
 * Makes the table of https://kubernetes.io/docs/concepts/services-networking/ingress/#path-types: Exact beats Prefix, the
 * longest Prefix wins and matches whole path elements; an exact host beats `*.wildcard`, which beats rules for any host.
 * A request that names this machine itself (127.0.0.1, localhost) gets the rules of every host, for people with a browser.
 */
export function makeRouteTable(routes: readonly GatewayRoute[]): RouteTable {
  const byHost = new Map<string, HostRoutes>();
  for (const route of routes) {
    for (const host of [route.host?.toLowerCase() ?? '', '<this machine>']) addRoute(byHost, host, route);
  }
  for (const { prefixes } of byHost.values()) prefixes.sort((a, b) => b.path.length - a.path.length);
  return {
    find(host, path) {
      const name = isThisMachine(host) ? '<this machine>' : host;
      return (
        findIn(byHost.get(name), path) ??
        findIn(byHost.get(`*${name.slice(Math.max(0, name.indexOf('.')))}`), path) ??
        findIn(byHost.get(''), path)
      );
    },
  };
}

function addRoute(byHost: Map<string, HostRoutes>, host: string, route: GatewayRoute): void {
  let entry = byHost.get(host);
  if (entry === undefined) {
    entry = { exact: new Map(), prefixes: [] };
    byHost.set(host, entry);
  }
  if (route.type === 'Exact') {
    if (!entry.exact.has(route.path)) entry.exact.set(route.path, route.service);
  } else {
    entry.prefixes.push({ path: route.path === '/' ? '' : route.path.replace(/\/+$/, ''), service: route.service });
  }
}

function findIn(entry: HostRoutes | undefined, path: string): string | undefined {
  if (entry === undefined) return undefined;
  const exact = entry.exact.get(path);
  if (exact !== undefined) return exact;
  for (const prefix of entry.prefixes) {
    if (path.startsWith(prefix.path) && (path.length === prefix.path.length || path[prefix.path.length] === '/')) {
      return prefix.service;
    }
  }
  return undefined;
}

function isThisMachine(host: string): boolean {
  return host === '127.0.0.1' || host === 'localhost' || host === '[::1]' || host === '';
}
