import { connect } from 'node:net';
import type { Ingress } from '../../manifests/kube-object.js';
import { loadPathAnnotation } from '../../manifests/kube-object.js';
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

/** The way in of the platform: one endpoint for each host, over the addresses that the Ingresses publish, or over `way` in their place. Pure. */
export function appEndpoints(ingresses: readonly LiveObject[], way?: string): Endpoint[] {
  const byHost = new Map<string, LiveObject[]>();
  for (const ingress of ingresses) {
    const host = (ingress as unknown as Ingress).spec.rules?.[0]?.host ?? '';
    byHost.set(host, [...(byHost.get(host) ?? []), ingress]);
  }
  const endpoints: Endpoint[] = [];
  for (const [host, group] of byHost) {
    const address = group.map(ingressAddress).find((one) => one !== undefined);
    const published = address && `http://${address.includes(':') ? `[${address}]` : address}`;
    const url = way ?? published;
    if (url === undefined) continue;
    endpoints.push({
      name: endpoints.length === 0 ? 'app' : host,
      stacks: stacksOf(group),
      url,
      host: host === '' ? undefined : host,
      loadPath: loadPathOf(group),
    });
  }
  return endpoints;
}

/** Stacks that objects belong to, by their annotation. */
export function stacksOf(objects: readonly LiveObject[]): string[] {
  const names = objects.flatMap((object) => (object.metadata.annotations?.[stacksAnnotation] ?? '').split(','));
  return [...new Set(names.filter((name) => name !== ''))].sort();
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
