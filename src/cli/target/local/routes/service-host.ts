import type { ServiceAddress } from './gateway-route.js';

/** A Service as a host of a URL names it. */
export interface NamedService {
  name: string;
  namespace: string;
  /** `NAME.NAMESPACE.svc.cluster.local`, which alone is found without a search list. */
  isWhole: boolean;
}

/** Reads a host as the cluster's DNS would, from a namespace; undefined where it cannot be a Service's name. */
export function readServiceHost(host: string, near: string): NamedService | undefined {
  const label = '[a-z\\d](?:[a-z\\d-]{0,61}[a-z\\d])?';
  const parts = new RegExp(`^(${label})(?:\\.(${label})(?:\\.svc(\\.cluster\\.local\\.?)?)?)?$`, 'i').exec(host);
  if (parts === null) return undefined;
  return {
    name: parts[1]!.toLowerCase(),
    namespace: (parts[2] ?? near).toLowerCase(),
    isWhole: parts[3] !== undefined,
  };
}

/** Finds who answers at a host and a port of a URL, on this machine; `near` is the namespace of who asks. */
export type Resolve = (host: string, port: number, near: string) => LocalOrigin | undefined;

interface LocalOrigin {
  /** On the loopback interface. */
  port: number;
  /** It speaks HTTP whatever the URL says. */
  isPlain?: boolean;
}

/** Finds the processes that answer for Services, by the cluster's names for them; `portOf` knows where each listens now. */
export function serviceResolver(
  services: readonly ServiceAddress[],
  portOf: (key: string) => number | undefined,
): Resolve {
  const keys = new Map(services.map(({ name, namespace, port, key }) => [`${name}.${namespace}:${port}`, key]));
  return (host, port, near) => {
    const service = readServiceHost(host, near);
    const key = service === undefined ? undefined : keys.get(`${service.name}.${service.namespace}:${port}`);
    const at = key === undefined ? undefined : portOf(key);
    return at === undefined ? undefined : { port: at };
  };
}
