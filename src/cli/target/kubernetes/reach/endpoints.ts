import { connect } from 'node:net';
import type { Ingress } from '../../manifests/kube-object.js';
import { loadPathAnnotation } from '../../manifests/kube-object.js';
import { plainPath } from '../../manifests/plain-path.js';
import type { Endpoint } from '../../target.js';
import type { LiveObject } from '../api/live-object.js';
import { stacksAnnotation } from '../objects/desired.js';

const probeMs = 1_000;

/** An address that a controller published on an Ingress. */
export function ingressAddress(ingress: LiveObject): string | undefined {
  const published = ingress.status?.loadBalancer as { ingress?: { ip?: string; hostname?: string }[] } | undefined;
  const first = published?.ingress?.[0];
  return first?.ip ?? first?.hostname;
}

/**
 * The way in: one endpoint for each host that the Ingress and HTTPRoute objects among `members` route, over the addresses that
 * they publish (an HTTPRoute's are its Gateway's), or over `way` in their place. Pure.
 */
export function appEndpoints(members: readonly LiveObject[], way?: string): Endpoint[] {
  const byHost = new Map<string, LiveObject[]>();
  for (const route of members.filter(isRoute))
    for (const host of hostsOf(route)) byHost.set(host, [...(byHost.get(host) ?? []), route]);
  const endpoints: Endpoint[] = [];
  for (const [host, group] of byHost) {
    const address = group.map((route) => addressOf(route, members)).find((one) => one !== undefined);
    const published = address && `http://${address.includes(':') ? `[${address}]` : address}`;
    const url = way ?? published;
    if (url === undefined) continue;
    endpoints.push({
      name: endpoints.length === 0 ? 'app' : host,
      stacks: stacksOf(group),
      url,
      host: host === '' ? undefined : host,
      ...loadPathsOf(group),
    });
  }
  return endpoints;
}

/** Whether an object says which hosts lead where. */
export function isRoute({ kind }: LiveObject): boolean {
  return kind === 'Ingress' || kind === 'HTTPRoute';
}

/** The hosts of a route, '' for any; a pattern is no host that can be asked for. */
function hostsOf(route: LiveObject): string[] {
  const named =
    route.kind === 'Ingress'
      ? ((route as unknown as Ingress).spec?.rules ?? []).map(({ host = '' }) => host)
      : ((route.spec?.hostnames as string[] | undefined) ?? ['']);
  const hosts = [...new Set(named)].filter((host) => !host.includes('*'));
  return hosts.length === 0 && named.length === 0 ? [''] : hosts;
}

function addressOf(route: LiveObject, members: readonly LiveObject[]): string | undefined {
  if (route.kind === 'Ingress') return ingressAddress(route);
  const parents = (route.spec?.parentRefs as { name: string; namespace?: string }[] | undefined) ?? [];
  const gateways = members.filter(
    ({ kind, metadata }) =>
      kind === 'Gateway' &&
      parents.some(
        ({ name, namespace = route.metadata.namespace }) => name === metadata.name && namespace === metadata.namespace,
      ),
  );
  const addresses = gateways.flatMap(({ status }) => (status?.addresses as { value?: string }[] | undefined) ?? []);
  return addresses[0]?.value;
}

/** Stacks that objects belong to, by their annotation. */
export function stacksOf(objects: readonly LiveObject[]): string[] {
  const names = objects.flatMap((object) => (object.metadata.annotations?.[stacksAnnotation] ?? '').split(','));
  return [...new Set(names.filter((name) => name !== ''))].sort();
}

/** The paths of Ingress objects as they can be asked for, the shortest first. */
function pathsOf(routes: readonly LiveObject[]): string[] {
  const rules = routes.flatMap((route) =>
    route.kind === 'Ingress' ? ((route as unknown as Ingress).spec?.rules ?? []) : [],
  );
  const paths = rules.flatMap(({ http }) => (http?.paths ?? []).map(({ path }) => plainPath(path)));
  return [...new Set(paths)].sort((a, b) => a.length - b.length || (a < b ? -1 : 1));
}

/** What a load asks for there: the path that is said, else what can be tried. */
function loadPathsOf(routes: readonly LiveObject[]): Pick<Endpoint, 'loadPath' | 'paths'> {
  const loadPath = loadPathOf(routes);
  return loadPath === undefined ? { paths: pathsOf(routes) } : { loadPath };
}

/** The load path of the Ingress whose path is the simplest: `/` before `/orders/health`. */
function loadPathOf(ingresses: readonly LiveObject[]): string | undefined {
  const paths = ingresses.flatMap((ingress) => ingress.metadata.annotations?.[loadPathAnnotation] ?? []);
  return paths.sort((a, b) => a.length - b.length || (a < b ? -1 : 1))[0];
}

/** Whether something accepts connections there. */
export function accepts(url: string): Promise<boolean> {
  const { hostname, port } = new URL(url);
  return new Promise((resolve) => {
    const socket = connect({ host: hostname.replace(/^\[|\]$/g, ''), port: Number(port || 80), timeout: probeMs });
    const end = (answer: boolean) => {
      socket.destroy();
      resolve(answer);
    };
    socket.once('connect', () => end(true));
    socket.once('timeout', () => end(false));
    socket.once('error', () => end(false));
  });
}
