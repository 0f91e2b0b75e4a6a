import { isKind, type Service } from '../../manifests/kube-object.js';
import type { StackObject } from '../../manifests/stack-object.js';
import { defaultNamespace, type LocalWorkload, namespaceOf } from './workload.js';

/** A Service, and what of it is answered here. */
export interface ServiceTarget {
  service: Service;
  name: string;
  namespace: string;
  /** The process that answers; undefined where nothing here does. */
  process: string | undefined;
  /** Its names lead to the pods themselves (`clusterIP: None`), whose own ports count. */
  isHeadless: boolean;
  ports: ServicePort[];
}

interface ServicePort {
  name?: string;
  port: number;
  /** Of the container; undefined where the Service names one that no container has. */
  container: number | undefined;
  /** Key of the process's port; undefined where nothing here answers. */
  key: string | undefined;
}

/** The Services of the objects, with the workload that each leads to where that runs here. */
export function readServices(objects: readonly StackObject[], local: readonly LocalWorkload[]): ServiceTarget[] {
  return objects.flatMap(({ object }) => {
    if (!isKind(object, 'Service')) return [];
    const workload = local.find((one) => !one.isJob && selects(object, one));
    const ports = (object.spec?.ports ?? []).filter(({ port }) => port !== undefined);
    return [
      {
        service: object,
        name: object.metadata.name,
        namespace: namespaceOf(object),
        process: workload?.name,
        isHeadless: object.spec?.clusterIP === 'None',
        ports: ports.map(({ name, port, targetPort = port }) => ({
          name,
          port,
          container: workload === undefined ? undefined : containerPort(targetPort, workload),
          key: undefined,
        })),
      },
    ];
  });
}

function selects(service: Service, { namespace, labels }: LocalWorkload): boolean {
  const wanted = Object.entries(service.spec?.selector ?? {});
  return (
    namespace === namespaceOf(service) && wanted.length > 0 && wanted.every(([label, value]) => labels[label] === value)
  );
}

function containerPort(targetPort: number | string, { containers }: LocalWorkload): number | undefined {
  if (typeof targetPort === 'number') return targetPort;
  const all = containers.flatMap(({ ports = [] }) => ports);
  return all.find(({ name }) => name === targetPort)?.containerPort ?? (Number(targetPort) || undefined);
}

/** Key of the port that answers at `host:port` as pods of `namespace` would ask for it; undefined where nothing here does. */
export function keyAt(
  services: readonly ServiceTarget[],
  host: string,
  port: number,
  namespace = defaultNamespace,
): string | undefined {
  return services
    .filter((service) => new RegExp(`^${hostPattern(service, namespace)}$`, 'i').test(host))
    .map((service) => keyOf(service, port))
    .find((key) => key !== undefined);
}

/** Key of the port of an Ingress's backend: by its name or its number. */
export function backendKey(
  services: readonly ServiceTarget[],
  namespace: string,
  backend: { name?: string; port?: { name?: string; number?: number } } | undefined,
): string | undefined {
  const service = services.find((one) => one.name === backend?.name && one.namespace === namespace);
  return service?.ports.find(({ name, port }) =>
    backend?.port?.name === undefined ? port === backend?.port?.number : name === backend.port.name,
  )?.key;
}

/** The ports of a Service as its callers name them. */
function keyOf({ ports, isHeadless }: ServiceTarget, wanted: number): string | undefined {
  const found = ports.find(({ port }) => port === wanted);
  if (found !== undefined && !(isHeadless && found.container !== wanted)) return found.key;
  return isHeadless ? ports.find(({ container }) => container === wanted)?.key : undefined;
}

/** `NAME`, `NAME.NAMESPACE`, `NAME.NAMESPACE.svc...`, and of a pod behind a headless one `POD-0.NAME...`. */
function hostPattern({ name, namespace, isHeadless }: ServiceTarget, near: string): string {
  const qualified = `\\.${escaped(namespace)}(?:\\.svc(?:\\.cluster\\.local\\.?)?)?`;
  return `${isHeadless ? '(?:[a-z0-9-]+-\\d+\\.)?' : ''}${escaped(name)}(?:${qualified})${namespace === near ? '?' : ''}`;
}

function escaped(text: string): string {
  return text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
}

/** Ports of schemes, for addresses that name none. */
const schemePorts: Readonly<Record<string, number>> = {
  http: 80,
  https: 443,
  ws: 80,
  wss: 443,
  postgres: 5432,
  postgresql: 5432,
  mysql: 3306,
  mariadb: 3306,
  redis: 6379,
  amqp: 5672,
  amqps: 5671,
  mongodb: 27_017,
  nats: 4222,
};

/** What the texts of one workload name of Services. */
export interface Mentions {
  /** Processes that it names: it may want them to be there before it. */
  processes: Set<string>;
  /** Services that nothing here answers for, as they were written. */
  missing: Set<string>;
  /** Ports that are known by the Service's number alone: a host was named, and no variable holds its port. */
  pinned: { key: string; port: number; by: string }[];
}

export function noMentions(): Mentions {
  return { processes: new Set(), missing: new Set(), pinned: [] };
}

/** The texts of a workload, read for the Services that they name. */
export class ServiceTexts {
  readonly #patterns: { service: ServiceTarget; host: string }[];

  constructor(
    services: readonly ServiceTarget[],
    near: string,
    readonly mentions: Mentions,
  ) {
    // The longer name first: `orders-db` is not `orders`.
    const longest = [...services].sort((a, b) => b.name.length - a.name.length);
    this.#patterns = longest.map((service) => ({ service, host: hostPattern(service, near) }));
  }

  /** Addresses in a text, `NAME:PORT` and `scheme://NAME`, as those of this machine. */
  inText(text: string): string {
    let mapped = text;
    for (const { service, host } of this.#patterns) {
      if (!mapped.includes(service.name)) continue;
      mapped = mapped.replace(
        new RegExp(`(?<![\\w.#{-])(${host}):(\\d{1,5})(?!\\d)`, 'gi'),
        (whole, _name, port: string) => this.#address(service, Number(port), whole),
      );
      mapped = mapped.replace(
        new RegExp(
          `\\b([a-z][a-z0-9]*)((?:\\+[a-z0-9]+)?://(?:[^\\s/?#@"']*@)?)(${host})(?=[/?#\\s"',;)\\]}<]|$)`,
          'gi',
        ),
        (whole, scheme: string, middle: string, name: string) => {
          const port = schemePorts[scheme.toLowerCase()];
          const address = port === undefined ? undefined : this.#address(service, port, name);
          return address === undefined || address === name ? whole : `${scheme}${middle}${address}`;
        },
      );
      mapped = this.#inKeywords(mapped, service, host);
    }
    return mapped;
  }

  /** `host=NAME port=5432` (libpq), `Host=NAME;Port=5432` (.NET). */
  #inKeywords(text: string, service: ServiceTarget, host: string): string {
    const named = new RegExp(`\\b((?:host|server|data source)\\s*=\\s*)(${host})(?=[\\s;,"']|$)`, 'i');
    if (!named.test(text)) return text;
    const given = /\bport\s*=\s*(\d+)/i.exec(text)?.[1];
    const key = this.#key(service, Number(given ?? 0));
    if (given !== undefined && key !== undefined)
      return text.replace(named, '$1127.0.0.1').replace(/(\bport\s*=\s*)\d+/i, `$1{{port:${key}}}`);
    if (given !== undefined || service.process === undefined) {
      this.mentions.missing.add(service.name);
      return text;
    }
    return this.#pin(service, 'a connection string') ? text.replace(named, '$1127.0.0.1') : text;
  }

  /** Variables by name: addresses, and a host and its port in two of them. `own`: variables that hold a port of the workload's own. */
  inVariables(variables: Record<string, string>, own: (name: string) => boolean = () => false): Record<string, string> {
    const mapped = Object.assign(Object.create(null) as Record<string, string>, variables);
    const done = new Set<string>();
    for (const [name, value] of Object.entries(variables)) {
      const service = this.#named(name, value);
      if (service === undefined) continue;
      done.add(name);
      const partner = partnerOf(name, service, variables, own);
      const key = partner === undefined ? undefined : this.#key(service, Number(variables[partner]?.trim()));
      if (partner !== undefined && key !== undefined) {
        done.add(partner);
        mapped[name] = '127.0.0.1';
        mapped[partner] = `{{port:${key}}}`;
      } else if (service.process === undefined || partner !== undefined) this.mentions.missing.add(service.name);
      else if (this.#pin(service, name)) mapped[name] = '127.0.0.1';
    }
    for (const [name, value] of Object.entries(variables)) if (!done.has(name)) mapped[name] = this.inText(value);
    return mapped;
  }

  /** Lines of a file: `host: NAME` and, next to it, `port: 5432`; then addresses anywhere. */
  inFile(text: string): string {
    if (!this.#patterns.some(({ service }) => text.includes(service.name))) return text;
    const lines = text.split('\n');
    const settings = lines.map((line) =>
      /^(\s*(?:-\s+)?["']?)([\w.-]+)(["']?\s*[:=]\s*["']?)([^\s"',#]+)(["']?,?\s*(?:#.*)?)$/.exec(line),
    );
    for (const [at, setting] of settings.entries()) {
      const service = setting === null ? undefined : this.#named(setting?.[2] ?? '', setting?.[4] ?? '');
      if (setting === null || service === undefined) continue;
      const near = settings.flatMap((other, index) =>
        other !== null &&
        index !== at &&
        stemOf(other[2] ?? '', isPort) === stemOf(setting[2] ?? '', isHost) &&
        isPort.test(other[2] ?? '')
          ? [{ index, other, far: Math.abs(index - at) }]
          : [],
      );
      const partner = near
        .sort((a, b) => a.far - b.far)
        .find(({ other }) => this.#key(service, Number(other[4])) !== undefined);
      if (partner !== undefined) {
        const [, before, name, middle, port, after] = partner.other;
        lines[partner.index] = `${before}${name}${middle}{{port:${this.#key(service, Number(port))}}}${after}`;
      } else if (service.process === undefined) {
        this.mentions.missing.add(service.name);
        continue;
      } else if (!this.#pin(service, setting[2] ?? '')) continue;
      lines[at] = `${setting[1]}${setting[2]}${setting[3]}127.0.0.1${setting[5]}`;
    }
    return this.inText(lines.join('\n'));
  }

  /** The Service that a value as a whole names, where its name may be a host's. */
  #named(variable: string, value: string): ServiceTarget | undefined {
    const text = value.trim();
    return this.#patterns.find(
      ({ host, service }) =>
        new RegExp(`^${host}$`, 'i').test(text) && (isHost.test(variable) || text.length > service.name.length),
    )?.service;
  }

  #address(service: ServiceTarget, port: number, written: string): string {
    const key = this.#key(service, port);
    if (key !== undefined) return `127.0.0.1:{{port:${key}}}`;
    if (service.process === undefined && service.ports.some((one) => one.port === port))
      this.mentions.missing.add(service.name);
    return written;
  }

  #key(service: ServiceTarget, port: number): string | undefined {
    const key = keyOf(service, port);
    if (key !== undefined && service.process !== undefined) this.mentions.processes.add(service.process);
    return key;
  }

  /** The first port of a Service is listened on as it is. */
  #pin(service: ServiceTarget, by: string): boolean {
    const [first] = service.ports;
    const port = service.isHeadless ? first?.container : first?.port;
    if (first === undefined || port === undefined || this.#key(service, port) === undefined) return false;
    this.mentions.pinned.push({ key: first.key ?? '', port, by });
    return true;
  }
}

/** Names of variables that hold a host. */
const isHost = /(?:HOST(?:S|NAME)?|SERVERS?|ADDR(?:ESS)?|ENDPOINT|DNS|SVC|BROKERS?|UR[LI])$/i;
/** Names of variables that hold a port. */
const isPort = /PORTS?$/i;

/** What a name is about: `DB_HOST` and `DB_PORT` are of one thing. */
function stemOf(name: string, ending: RegExp): string {
  return name
    .replace(ending, '')
    .replaceAll(/[^a-z0-9]/gi, '')
    .toLowerCase();
}

/** The variable that holds the port of the Service that another one names: by its name, else the one that holds such a port. */
function partnerOf(
  name: string,
  service: ServiceTarget,
  variables: Record<string, string>,
  own: (name: string) => boolean,
): string | undefined {
  const numbers = new Set(
    service.ports.flatMap(({ port, container }) =>
      service.isHeadless && container !== undefined ? [port, container] : [port],
    ),
  );
  const ports = Object.keys(variables).filter((other) => isPort.test(other) && !own(other));
  const named = ports.filter((other) => stemOf(other, isPort) === stemOf(name, isHost));
  const holds = (other: string) => numbers.has(Number(variables[other]?.trim()));
  if (named.length > 0) return named.find(holds);
  const held = ports.filter(holds);
  return held.length === 1 && stemOf(held[0] ?? '', isPort) !== '' ? held[0] : undefined;
}
