import { plainPath } from '../manifests/plain-path.js';
import type { Endpoint } from '../target.js';
import { loopback } from './state/ports.js';
import type { LocalState } from './state/state-folder.js';
import type { ProcessReport } from './supervisor/control.js';

/**
 * Where the platform and each of its services can be reached: the gateway by each host that it routes, then every process, and
 * every further port or name that a Service has for one. `ports`: of this machine, by their keys. Pure.
 */
export function localEndpoints(
  state: LocalState,
  processes: readonly ProcessReport[],
  ports: Readonly<Record<string, number>>,
): Endpoint[] {
  const services = serviceEndpoints(state, processes, ports);
  const gateway = processes.find(({ kind }) => kind === 'gateway');
  if (gateway !== undefined) return [...gatewayEndpoints(state, addressAt(gateway.port)), ...services];
  const front = frontOf(state, services);
  return front === undefined ? services : [{ ...front, name: 'app' }, ...services];
}

function addressAt(port: number): string {
  return `http://${loopback}:${port}`;
}

function gatewayEndpoints(state: LocalState, url: string): Endpoint[] {
  const { stacks, host, routes, apiRoutes = [] } = state;
  const loadPaths = Object.values(state.loadPaths);
  const loadPath = loadPaths.find((path) => path === '/') ?? loadPaths[0];
  const named = [...routes.map((route) => route.host ?? ''), ...apiRoutes.flatMap(({ hosts }) => hosts)];
  const more = new Set(named.filter((name) => name !== '' && name !== host && !name.includes('*')));
  return [
    { name: 'app', stacks, url, host, loadPath, ...pathsOf(state, host, loadPath) },
    ...[...more].map((name) => ({ name, stacks, url, host: name, ...pathsOf(state, name, undefined) })),
  ];
}

/** What can be asked for by a host, where nothing says what a load shall ask for. */
function pathsOf({ routes }: LocalState, host: string | undefined, loadPath: string | undefined): { paths?: string[] } {
  if (loadPath !== undefined) return {};
  const own = routes.filter((route) => route.host === undefined || route.host === host);
  const paths = new Set(own.map(({ path }) => plainPath(path)));
  return { paths: [...paths].sort((a, b) => a.length - b.length || (a < b ? -1 : 1)) };
}

function serviceEndpoints(
  { processes: specs, services }: LocalState,
  processes: readonly ProcessReport[],
  ports: Readonly<Record<string, number>>,
): Endpoint[] {
  const endpoints: Endpoint[] = [];
  const databases = new Set(specs.flatMap(({ name, postgres }) => (postgres === undefined ? [] : [name])));
  for (const { name, kind, port, stacks } of processes) {
    if (kind !== 'service' || port === 0 || databases.has(name)) continue;
    const keys = new Set(specs.find((spec) => spec.name === name)?.ports.map(({ key }) => key));
    const [own, ...others] = services.filter(({ key }) => keys.has(key) && ports[key] !== undefined);
    const first = own === undefined || ports[own.key] !== port ? undefined : own;
    endpoints.push({
      name,
      stacks,
      url: addressAt(port),
      ...(first === undefined ? {} : { service: serviceOf(first) }),
    });
    for (const other of own !== undefined && first === undefined ? [own, ...others] : others)
      endpoints.push({
        name: `${other.name}:${other.port}`,
        stacks,
        url: addressAt(ports[other.key]!),
        service: serviceOf(other),
      });
  }
  return endpoints;
}

function serviceOf({ name, namespace, port }: LocalState['services'][number]): NonNullable<Endpoint['service']> {
  return { name, namespace, port };
}

/** Where no route leads in, the Service that is meant to be reached from outside: a LoadBalancer before a NodePort before the only one. */
function frontOf({ services, processes }: LocalState, endpoints: readonly Endpoint[]): Endpoint | undefined {
  const of = (type: string) => services.find((one) => one.type === type);
  const names = new Set(services.map(({ name, namespace }) => `${namespace}/${name}`));
  const front = of('LoadBalancer') ?? of('NodePort') ?? (names.size === 1 ? services[0] : undefined);
  const found =
    front === undefined && endpoints.length === 1
      ? endpoints[0]
      : endpoints.find(
          ({ service }) =>
            service?.name === front?.name && service?.namespace === front?.namespace && service?.port === front?.port,
        );
  if (found === undefined) return undefined;
  const probe = processes.find(({ name }) => name === found.name)?.readiness;
  return { ...found, paths: probe?.kind === 'http' ? [probe.path] : [] };
}
