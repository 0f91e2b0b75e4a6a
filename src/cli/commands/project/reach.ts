import { addressOf, type HostRoute, portOf } from '../../scenario/send/host-routes.js';
import type { Authority, Destination } from '../../scenario/variables/base-urls.js';
import { authorityOf, isInVariable } from '../../scenario/variables/redirect.js';
import type { Endpoint } from '../../target/target.js';
import { type HostPlace, isThisMachine } from './host-places.js';
import { routesOf } from './host-routes.js';

type Known = Exclude<Destination, { kind: 'unknown' }>;
type HostDestination = Extract<Destination, { kind: 'host' }>;

/** What of a project can be reached, and by which names. */
export interface Reach {
  routes: HostRoute[];
  /** Where requests go that name no part of it; undefined where it has no one way in. */
  app: Authority | undefined;
  /** Hosts of its own addresses, those of this machine with their ports. */
  addresses: ReadonlySet<string>;
}

/** What of a project can be reached by its endpoints. Pure. */
export function reachOf(endpoints: readonly Endpoint[]): Reach {
  const urls = endpoints.map(({ url }) => new URL(url));
  const app = endpoints.find(({ name }) => name === 'app');
  return {
    routes: routesOf(endpoints),
    app: app === undefined ? undefined : authorityIn(app),
    addresses: new Set(
      urls.map((url) => (isThisMachine(url.hostname) ? `${thisMachine}:${portOf(url)}` : url.hostname.toLowerCase())),
    ),
  };
}

function authorityIn({ url, host }: Endpoint): Authority {
  const way = new URL(url);
  const scheme = way.protocol === 'https:' ? 'https' : 'http';
  if (host !== undefined && host !== '') return { scheme, host };
  return { scheme, host: way.hostname, ...(way.port === '' ? {} : { port: Number(way.port) }) };
}

const thisMachine = '127.0.0.1';

/** Whether a destination is the project's own as it is. Pure. */
export function isOwn(destination: HostDestination, { routes, addresses }: Reach): boolean {
  const { host, secure } = destination;
  const url = urlOf(destination);
  if (addressOf(url, routes) !== undefined) return true;
  if (!isThisMachine(host)) return addresses.has(host);
  return addresses.has(`${thisMachine}:${portOf(url)}`) && !secure;
}

function urlOf({ host, port, secure }: HostDestination): URL {
  return new URL(`http${secure ? 's' : ''}://${host}${port === undefined ? '' : `:${port}`}`);
}

/** What is made of the destinations of one file. */
export interface Verdicts {
  /** Where a destination goes instead; absent for those that are left as they are. */
  moved: Map<string, { to: Authority; why: string }>;
  /** Public servers that are none of the project. */
  outside: string[];
  /** Those of which nothing is known, left as they are. */
  lost: string[];
}

/** The key of a destination among the verdicts. */
export function keyOf(destination: Known): string {
  return destination.kind === 'unset' ? `{{${destination.variable}}}` : authorityOf(destination);
}

/**
 * What becomes of destinations that a file names, given where its hosts are. A host that is no part of the project, and is no
 * public server either, was somebody's own machine: its requests go to the project. Which part of it, where several such hosts
 * are named, tells the port of a Service; else a variable's go to the way in, and those of a URL that is written out are left. Pure.
 */
export function judge(
  destinations: readonly Destination[],
  reach: Reach,
  places: ReadonlyMap<string, HostPlace>,
): Verdicts {
  const verdicts: Verdicts = { moved: new Map(), outside: [], lost: [] };
  const strangers = new Map<string, { destination: Known; why: string }>();
  for (const destination of destinations) {
    if (destination.kind === 'unknown') continue;
    if (destination.kind === 'unset') {
      strangers.set(keyOf(destination), { destination, why: `{{${destination.variable}}} has no value` });
      continue;
    }
    if (isOwn(destination, reach)) continue;
    const { host } = destination;
    const place = places.get(host);
    if (place === 'public') verdicts.outside.push(authorityOf(destination));
    else if (!isInVariableAlready(strangers, destination))
      strangers.set(keyOf(destination), { destination, why: whyOf(host, place) });
  }
  const written = [...strangers.values()].filter(({ destination }) => destination.kind === 'host');
  for (const [key, { destination, why }] of strangers) {
    const to =
      destination.kind === 'unset'
        ? reach.app
        : (byName(destination, reach) ??
          (written.length > 1 ? byPort(destination, reach) : undefined) ??
          (isInVariable(destination) || written.length === 1 ? (reach.app ?? byPort(destination, reach)) : undefined));
    if (to === undefined) verdicts.lost.push(key);
    else verdicts.moved.set(key, { to, why });
  }
  verdicts.outside = [...new Set(verdicts.outside)];
  return verdicts;
}

/** Of two destinations of one address, that in a variable says more. */
function isInVariableAlready(strangers: ReadonlyMap<string, { destination: Known }>, destination: Known): boolean {
  const known = strangers.get(keyOf(destination));
  return known !== undefined && isInVariable(known.destination);
}

function whyOf(host: string, place: HostPlace | undefined): string {
  const words: Record<Exclude<HostPlace, 'public'>, string> = {
    here: 'is this machine itself',
    private: 'is an address of some other network',
    nowhere: 'does not resolve',
  };
  return `${host} ${words[place === undefined || place === 'public' ? 'nowhere' : place]}`;
}

/** A Service by its name, whatever the port: composed containers are asked at their own ports. */
function byName({ host }: HostDestination, { routes }: Reach): Authority | undefined {
  const named = routes.filter((route) => route.host === host && route.port !== undefined);
  return named.length === 1 ? { scheme: 'http', host, port: named[0]!.port as number } : undefined;
}

/** The only Service that has this port. */
function byPort({ port }: HostDestination, { routes }: Reach): Authority | undefined {
  const having = routes.filter((route) => route.port === port && port !== undefined);
  const ways = new Set(having.map(({ url }) => url));
  const [first] = having;
  return first === undefined || ways.size > 1 ? undefined : { scheme: 'http', host: first.host, port: port as number };
}
