/** A host by which requests name something that runs, and where that is reached from this machine. */
export interface HostRoute {
  /** In lower case, without a dot at its end. */
  host: string;
  /** The port at which it is meant; any where absent, as for a host of an Ingress. */
  port?: number;
  /** Where to connect: `http://127.0.0.1:41231`. */
  url: string;
}

/** Where a connection is opened. */
export interface Address {
  host: string;
  port: number;
}

/**
 * Where a request for `url` connects by the routes; undefined where no route has its host, and it goes where its name leads.
 * The request itself stays as it is: its Host header is that of its own URL. Pure.
 */
export function addressOf(url: URL, routes: readonly HostRoute[]): Address | undefined {
  const host = plainHost(url.hostname);
  const port = portOf(url);
  const named = routes.filter((route) => route.host === host);
  const route = named.find((one) => one.port === port) ?? named.find((one) => one.port === undefined);
  if (route === undefined) return undefined;
  const way = new URL(route.url);
  const address = { host: way.hostname.replace(/^\[|\]$/g, ''), port: portOf(way) };
  // What is behind a port of a Service speaks whatever the request does.
  if (route.port !== undefined || way.protocol === url.protocol) return address;
  // A controller that is reached at its own port 80 has 443 beside it.
  return url.protocol === 'https:' && way.port === '' ? { ...address, port: 443 } : undefined;
}

/** A host as routes name it. */
function plainHost(hostname: string): string {
  return hostname.toLowerCase().replace(/\.$/, '');
}

/** The port that a URL means. */
export function portOf({ port, protocol }: URL): number {
  return Number(port) || (protocol === 'https:' ? 443 : 80);
}
