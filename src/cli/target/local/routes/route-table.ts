import type { ApiRoute } from './api-route.js';
import { makeApiTable } from './api-table.js';
import { type Decision, decideIn, type RoutedRequest, refusal, unrouted } from './decision.js';
import { type Found, makeFinder } from './find-location.js';
import type { GatewayRoute } from './gateway-route.js';
import { makeServers, type Server } from './locations.js';
import { PcreLimit } from './pcre-match.js';
import type { Resolve } from './service-host.js';
import { type RequestTarget, readTarget } from './uri-text.js';

/** The one path that the gateway answers itself, so that it can be probed like every service. */
export const gatewayHealthPath = '/.hwctl/gateway/health';

/** Decides as ingress-nginx would: https://kubernetes.github.io/ingress-nginx/user-guide/nginx-configuration/annotations/ */
export interface RouteTable {
  decide(request: RoutedRequest): Decision;
  /** Whether some rule names this host, so that whoever calls it calls the gateway. */
  knows(host: string): boolean;
}

/** A request that names this machine itself gets the rules of every host, for people with a browser. */
const thisMachine = new Set(['127.0.0.1', 'localhost', '[::1]', '']);

/** Makes the table of some routes, those of HTTPRoute objects first; `resolve` finds who is asked by `auth-url`. */
export function makeRouteTable(
  routes: readonly GatewayRoute[],
  apiRoutes: readonly ApiRoute[] = [],
  resolve: Resolve = () => undefined,
): RouteTable {
  const apiTable = makeApiTable(apiRoutes);
  const servers = makeServers(routes);
  const finders = new Map(servers.map((server) => [server, makeFinder(server)]));
  const serverOf = serverFinder(servers);
  const find = (host: string, { path }: RequestTarget): Found | undefined => {
    const server = serverOf(host) ?? (thisMachine.has(host) ? undefined : serverOf('_'));
    if (server !== undefined) return finders.get(server)!(path);
    return thisMachine.has(host) ? best(servers.map((each) => finders.get(each)!(path))) : undefined;
  };
  return {
    knows: (host) => serverOf(host) !== undefined,
    decide(request) {
      const target = readTarget(request.target);
      if (target === undefined) return refusal(400, 'the path has a broken escape or leads above the root');
      try {
        const decision = apiTable({ ...request, target });
        if (decision !== undefined) return decision;
        const found = find(request.host, target);
        return found === undefined ? unrouted(request.host, target) : decideIn(found, { ...request, target }, resolve);
      } catch (error) {
        if (!(error instanceof PcreLimit)) throw error;
        return refusal(500, 'a regular expression of a route takes too many steps on this path');
      }
    },
  };
}

/** By nginx's order: the name itself, `*.name` of an Ingress (one label), `*.name` of an alias. `_` is the server for any host. */
function serverFinder(servers: readonly Server[]): (host: string) => Server | undefined {
  const byName = new Map<string, Server>();
  const wild: [string, Server][] = [];
  for (const server of servers) {
    for (const alias of server.aliases) {
      if (alias.startsWith('*')) wild.push([alias.slice(1), server]);
      else byName.set(alias, server);
    }
  }
  for (const server of servers) byName.set(server.host === '' ? '_' : server.host, server);
  wild.sort(([a], [b]) => b.length - a.length);
  return (host) => {
    const dot = host.indexOf('.');
    return (
      byName.get(host) ??
      wild.find(([end]) => host.endsWith(end))?.[1] ??
      (dot > 0 ? byName.get(`*${host.slice(dot)}`) : undefined)
    );
  };
}

/** Of every host's location the one that says most. */
function best(found: readonly (Found | undefined)[]): Found | undefined {
  const rank = ({ location, server }: Found) =>
    location.isDefault ? (server.appRoot === '' ? -2 : -1) : location.path.length * 2 + Number(location.isExact);
  return found.reduce((a, b) => (a === undefined || (b !== undefined && rank(b) > rank(a)) ? b : a), undefined);
}
