import type { KubeObject } from '../../manifests/kube-object.js';
import type { GatewayRoute, IngressSource } from './gateway-route.js';
import { type IngressFields, readIngresses, sourceOf } from './ingress-fields.js';
import type { BackendService } from './object-fields.js';

/** What the Ingress objects say of routes. */
export interface ReadRoutes {
  routes: GatewayRoute[];
  /** The first host that is named. */
  host: string | undefined;
  /** Paths whose Service nothing here answers for: 503, as in a cluster where it has no pods. */
  unanswered: { ref: string; reason: string }[];
}

/** Reads the Ingress objects; `keyOf` finds who answers for a Service and one of its ports, from a namespace. */
export function readRoutes(
  objects: readonly KubeObject[],
  keyOf: (namespace: string, service: BackendService) => string | undefined,
): ReadRoutes {
  const routes: GatewayRoute[] = [];
  const unanswered: ReadRoutes['unanswered'] = [];
  const ingresses = readIngresses(objects);
  for (const ingress of ingresses) {
    const source = sourceOf(ingress, objects);
    const leadsTo = (service: BackendService | undefined, at: string): Pick<GatewayRoute, 'service' | 'ingress'> => {
      const key = service === undefined ? undefined : keyOf(ingress.namespace, service);
      if (key === undefined) {
        const reason = `nothing here answers for ${service === undefined ? 'its backend' : `Service ${service.name}`}`;
        unanswered.push({ ref: `${ingress.ref}${at}`, reason });
      }
      return { ...(key === undefined ? {} : { service: key }), ...ofSource(source, service) };
    };
    routes.push(...defaultRoutes(ingress, leadsTo, source));
    for (const { host, paths } of ingress.rules) {
      for (const { path, pathType, service } of paths) {
        routes.push({ host, path, type: pathType === 'Exact' ? 'Exact' : 'Prefix', ...leadsTo(service, path) });
      }
    }
  }
  const host = ingresses.flatMap(({ rules }) => rules.flatMap((rule) => rule.host ?? []))[0];
  return { routes, host, unanswered };
}

/** An Ingress without rules answers for any host; one with rules for what no path of its hosts does. */
function defaultRoutes(
  { defaultBackend, rules }: IngressFields,
  leadsTo: (service: BackendService | undefined, at: string) => Pick<GatewayRoute, 'service' | 'ingress'>,
  source: IngressSource,
): GatewayRoute[] {
  const route = { path: '/', type: 'Prefix', isDefault: true } as const;
  if (rules.length === 0) return defaultBackend === undefined ? [] : [{ ...route, ...leadsTo(defaultBackend, '') }];
  const hosts = rules.flatMap(({ host, paths }) =>
    host !== undefined && (defaultBackend !== undefined || paths.length === 0) ? [host] : [],
  );
  return [...new Set(hosts)].map((host) => ({
    ...route,
    host,
    ...(defaultBackend === undefined ? ofSource(source, undefined) : leadsTo(defaultBackend, '')),
  }));
}

function ofSource(source: IngressSource, service: BackendService | undefined): Pick<GatewayRoute, 'ingress'> {
  const servicePort = service?.port.number === undefined ? service?.port.name : String(service.port.number);
  const isPlain = Object.keys(source.annotations).length === 0 && source.hasTls !== true;
  if (isPlain && service === undefined) return {};
  return {
    ingress: {
      ...source,
      ...(service === undefined ? {} : { serviceName: service.name }),
      ...(servicePort === undefined ? {} : { servicePort }),
    },
  };
}
