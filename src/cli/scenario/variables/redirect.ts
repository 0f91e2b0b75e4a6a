import { type Authority, type Destination, destinationOf, type Redirection, redirection } from './base-urls.js';

type LookUp = (name: string) => string | undefined;
type HostDestination = Extract<Destination, { kind: 'host' }>;

/** Where the requests of a file go that have to go elsewhere. */
export interface Redirections {
  /** New values of variables. */
  variables: Map<string, string>;
  /** New parts of URLs, by the URLs as they are written. */
  urls: Map<string, NonNullable<Redirection['url']>>;
  /** The same by what they are made for, for people. */
  changes: (Redirection & { destination: Known; to: Authority })[];
}

type Known = Exclude<Destination, { kind: 'unknown' }>;

/** What is to become of a destination: another one in its place, or undefined to leave it. */
export type Decide = (destination: Known) => Authority | undefined;

/** The destinations of URLs that are not given from outside (`fixed`: variables of the command line), each once. Pure. */
export function destinationsOf(urls: readonly string[], lookUp: LookUp, fixed: ReadonlySet<string>): Destination[] {
  return [...new Set(urls)].map((url) => destinationOf(url, lookUp)).filter((one) => !isFixed(one, fixed));
}

/** What to change so that every URL goes where `decide` says. Variables that two URLs share are changed once. Pure. */
export function redirectAll(
  urls: readonly string[],
  lookUp: LookUp,
  fixed: ReadonlySet<string>,
  decide: Decide,
): Redirections {
  const found: Redirections = { variables: new Map(), urls: new Map(), changes: [] };
  for (const url of new Set(urls)) {
    const destination = destinationOf(url, lookUp);
    if (destination.kind === 'unknown' || isFixed(destination, fixed)) continue;
    const to = decide(destination);
    if (to === undefined) continue;
    const change = redirection(destination, to, lookUp);
    const variables = new Map([...change.variables].filter(([name]) => !found.variables.has(name)));
    for (const [name, value] of variables) found.variables.set(name, value);
    if (change.url !== undefined) found.urls.set(url, change.url);
    if (variables.size > 0 || change.url !== undefined) found.changes.push({ ...change, variables, destination, to });
  }
  return found;
}

function isFixed(destination: Destination, fixed: ReadonlySet<string>): boolean {
  if (destination.kind === 'unknown') return false;
  const names = destination.holders.flatMap(({ variable }) => variable ?? []);
  return [...names, ...(destination.kind === 'unset' ? [destination.variable] : [])].some((name) => fixed.has(name));
}

/** `example.domain`, `server:8008`: a host with the port that is written. */
export function authorityOf({ host, port }: Pick<HostDestination, 'host' | 'port'>): string {
  return port === undefined ? host : `${host}:${port}`;
}

/** Whether the host of a destination stands in a variable. */
export function isInVariable({ holders }: Known): boolean {
  return holders.length > 1;
}
