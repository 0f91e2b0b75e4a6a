import type { HostRoute } from '../../scenario/send/host-routes.js';
import type { Endpoint } from '../../target/target.js';

/**
 * The names by which requests can reach what is up: hosts of Ingress and HTTPRoute at any port, and Services by every name that
 * they have in a cluster's DNS, each at the Service's port. Where two namespaces have a Service of one name, the short name is
 * that of the first. Pure.
 */
export function routesOf(endpoints: readonly Endpoint[]): HostRoute[] {
  const routes = new Map<string, HostRoute>();
  const add = (route: HostRoute) => {
    const key = `${route.host}:${route.port ?? '*'}`;
    if (!routes.has(key)) routes.set(key, route);
  };
  for (const { host, url } of endpoints)
    if (host !== undefined && host !== '') add({ host: host.replace(/:\d+$/, '').toLowerCase(), url });
  for (const { service, url } of endpoints) {
    if (service === undefined) continue;
    const { name, namespace, port } = service;
    const qualified = `${name}.${namespace}`;
    for (const host of [name, qualified, `${qualified}.svc`, `${qualified}.svc.cluster.local`])
      add({ host: host.toLowerCase(), port, url });
  }
  return [...routes.values()];
}
