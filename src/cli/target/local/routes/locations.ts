import type { GatewayRoute, IngressSource } from './gateway-route.js';
import { type IngressOptions, readIngressOptions } from './ingress-options.js';
import { type NginxText, readNginxText } from './nginx-text.js';
import { Pcre } from './pcre-match.js';
import { PcreProblem } from './pcre-syntax.js';
import { bytesOf } from './uri-text.js';

/** One `location` of nginx: whose requests it takes, and what becomes of them. */
export interface Location {
  /** One byte a character, as all of nginx. */
  path: string;
  isExact: boolean;
  /** Answers what no path of an Ingress does. */
  isDefault: boolean;
  service: string | undefined;
  source: IngressSource;
  options: IngressOptions;
  /** `~*`; undefined in a server without regular expressions. */
  pattern: Pcre | undefined;
  rewrite: { pattern: Pcre; target: NginxText; isRedirect: boolean } | undefined;
}

/** All locations of one host. */
export interface Server {
  /** Empty: any host that has no server of its own. */
  host: string;
  aliases: string[];
  appRoot: string;
  /** Whether some Ingress of the host has `spec.tls`. */
  hasTls: boolean;
  /** Every path is a regular expression, and the first one that matches wins. */
  isRegular: boolean;
  /** In the order of nginx's configuration: longest path first. */
  locations: Location[];
}

const noSource: IngressSource = { name: '', namespace: 'default', annotations: {} };

/**
 * Makes of routes what ingress-nginx makes of Ingress objects: a server for each host with a location for each path and,
 * for `/`, one that leads to the default backend with the annotations of the host's first Ingress. A Prefix is a location
 * with a slash at its end and an exact one without it, unless it is rewritten or a regular expression; and one path that
 * is makes regular expressions of all of its host (https://kubernetes.github.io/ingress-nginx/user-guide/ingress-path-matching/).
 */
export function makeServers(routes: readonly GatewayRoute[]): Server[] {
  const optionsOf = cachedOptions();
  const taken = routes.filter(({ ingress }) => {
    const { refused, isCanary } = optionsOf(ingress);
    return refused === undefined && !isCanary;
  });
  const byHost = new Map<string, GatewayRoute[]>();
  for (const route of taken) {
    const host = route.host?.toLowerCase() ?? '';
    byHost.set(host, [...(byHost.get(host) ?? []), route]);
  }
  return [...byHost].map(([host, own]) => {
    const locations = withExact(inOrder(locationsOf(host, own, optionsOf)));
    const isRegular = locations.some(isRegularOne);
    return {
      host,
      // Those of the first Ingress that has any.
      aliases: own.map(({ ingress }) => optionsOf(ingress).aliases).find((aliases) => aliases.length > 0) ?? [],
      appRoot: locations.map(({ options }) => options.appRoot).find((path) => path !== '') ?? '',
      hasTls: own.some(({ ingress }) => ingress?.hasTls === true),
      isRegular,
      locations: locations.flatMap((location) => withPatterns(location, isRegular)),
    };
  });
}

function cachedOptions(): (source: IngressSource | undefined) => IngressOptions {
  const known = new Map<IngressSource, IngressOptions>();
  return (source = noSource) => {
    let options = known.get(source);
    if (options === undefined) {
      ({ options } = readIngressOptions(source));
      known.set(source, options);
    }
    return options;
  };
}

type OptionsOf = (source?: IngressSource) => IngressOptions;

function locationsOf(host: string, own: GatewayRoute[], optionsOf: OptionsOf): Location[] {
  const locations = [host === '' ? rootOfAnyHost(own, optionsOf) : rootOf(own[0]!, optionsOf)];
  for (const route of own) {
    if (route.isDefault === true) continue;
    const location = makeLocation(route, optionsOf);
    const there = locations.findIndex(({ path, isExact }) => path === location.path && isExact === location.isExact);
    if (there < 0) locations.push(location);
    else if (locations[there]!.isDefault) locations[there] = location;
  }
  return locations;
}

function makeLocation(route: GatewayRoute, optionsOf: OptionsOf): Location {
  return {
    path: bytesOf(route.path === '' ? '/' : route.path),
    isExact: route.type === 'Exact',
    isDefault: false,
    service: route.service,
    source: route.ingress ?? noSource,
    options: optionsOf(route.ingress),
    pattern: undefined,
    rewrite: undefined,
  };
}

/** Of the host's first Ingress: its annotations, and its default backend. */
function rootOf(first: GatewayRoute, optionsOf: OptionsOf): Location {
  const { service, isDefault = false } = first;
  const root = makeLocation(first, optionsOf);
  return { ...root, path: '/', isExact: false, isDefault: true, service: isDefault ? service : undefined };
}

/** Of the first Ingress without rules, where there is one, without its rewrites and redirects. */
function rootOfAnyHost(own: GatewayRoute[], optionsOf: OptionsOf): Location {
  const first = own.find(({ isDefault }) => isDefault === true);
  if (first === undefined) return { ...rootOf({ path: '/', type: 'Prefix' }, optionsOf) };
  const root = makeLocation(first, optionsOf);
  const ssl = { isForced: false, isRedirected: false, keepsSlash: false };
  const none = { rewriteTarget: '', usesRegex: false, appRoot: '', redirect: undefined, ssl };
  return { ...root, options: { ...root.options, ...none } };
}

function inOrder(locations: Location[]): Location[] {
  return locations.sort((a, b) => b.path.length - a.path.length || (a.path < b.path ? 1 : a.path > b.path ? -1 : 0));
}

/** Whether a location itself asks for regular expressions. */
function isRegularOne({ options, path }: Location): boolean {
  return options.usesRegex || needsRewrite(options, path);
}

function needsRewrite({ rewriteTarget }: IngressOptions, path: string): boolean {
  return rewriteTarget !== '' && rewriteTarget !== path;
}

function withExact(locations: Location[]): Location[] {
  const exact = new Set(locations.filter(({ isExact }) => isExact).map(({ path }) => path));
  return locations.flatMap((location) => {
    const { path, isExact } = location;
    if (path === '/' || isExact || isRegularOne(location)) return [location];
    const prefix = { ...location, path: path.endsWith('/') ? path : `${path}/` };
    return exact.has(path) ? [prefix] : [prefix, { ...location, isExact: true }];
  });
}

/** Nothing where the path is no regular expression: nginx would not start with it, and `routeProblems` has told it. */
function withPatterns(location: Location, isRegular: boolean): Location[] {
  const { path, options } = location;
  try {
    const rewrites = options.rewriteTarget !== path && options.rewriteTarget !== '';
    const target = options.rewriteTarget;
    return [
      {
        ...location,
        pattern: isRegular ? new Pcre(`^${path}`) : undefined,
        rewrite: rewrites
          ? {
              pattern: new Pcre(path),
              target: readNginxText(bytesOf(target)),
              isRedirect: /^(?:https?:\/\/|\$scheme)/.test(target),
            }
          : undefined,
      },
    ];
  } catch (error) {
    if (error instanceof PcreProblem) return [];
    throw error;
  }
}
