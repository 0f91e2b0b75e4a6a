import type { Container, Probe } from '../../manifests/kube-object.js';
import type { LocalEntry } from '../project.js';
import type { ProcessPort } from './process-spec.js';
import type { ServiceTarget } from './services.js';

/** A port of a container, and how its process comes to listen on another one. */
export interface PortPlan extends ProcessPort {
  /** In the container; undefined where the manifests name none and the entry asks for one. */
  container: number | undefined;
  name?: string;
  /** Somebody asks for it: where it is not, nobody minds which one it is. */
  isReached: boolean;
  /** Variables that hold it, each with the text around it. */
  variables: { name: string; value: string }[];
}

const placeholder = /(?<!\{)\{port(?::([\w-]+))?\}(?!\})/g;

/**
 * The ports of a process: the one that Services, an Ingress or probes reach first. One that a variable of the manifests holds, or
 * that the entry asks for with `{port}`, is free: any port will do. Another is fixed: the program has it in its text.
 */
export function planPorts(
  name: string,
  container: Container,
  { entry, env, services }: { entry: LocalEntry; env: Record<string, string>; services: readonly ServiceTarget[] },
): PortPlan[] {
  const reached = services.filter(({ process }) => process === name).flatMap(({ ports }) => ports);
  const declared = (container.ports ?? []).flatMap(({ containerPort, name: portName }) =>
    containerPort === undefined ? [] : [{ number: containerPort, name: portName }],
  );
  const probed = [container.readinessProbe, container.livenessProbe, container.startupProbe].flatMap((probe) => {
    const port = probe?.httpGet?.port ?? socketOf(probe)?.port;
    return typeof port === 'number' ? [port] : [];
  });
  const needed = new Set([...reached.flatMap(({ container: port }) => port ?? []), ...probed]);
  // Declared and reached first, then what a Service reaches all the same; what nobody reaches is nobody's.
  const numbers = new Set([
    ...declared.map(({ number }) => number).filter((number) => needed.has(number)),
    ...needed,
    ...declared.map(({ number }) => number),
  ]);
  const asked = askedIn(entry);
  if (numbers.size === 0 && asked.size === 0) return [];
  const all: (number | undefined)[] = numbers.size === 0 ? [undefined] : [...numbers];
  return all.map((number, at): PortPlan => {
    const key = at === 0 ? name : `${name}#${number}`;
    const portName = declared.find((one) => one.number === number)?.name;
    const words = [...(at === 0 ? [''] : []), String(number), ...(portName === undefined ? [] : [portName])];
    const variables = number === undefined ? [] : variablesOf(number, env, services, name);
    const isFree = words.some((word) => asked.has(word)) || variables.length > 0 || number === undefined;
    return {
      key,
      container: number,
      isReached: at === 0 || (number !== undefined && needed.has(number)),
      ...(portName === undefined ? {} : { name: portName }),
      variables,
      ...(isFree ? {} : { fixed: number, why: `listens on ${number}, which no variable of its manifests holds` }),
    };
  });
}

function askedIn({ command, environment = {} }: LocalEntry): Set<string> {
  const texts = [...command, ...Object.values(environment)];
  return new Set(texts.flatMap((text) => [...text.matchAll(placeholder)].map(([, word = '']) => word)));
}

/** The words of `{port:WORD}` that name no port. */
export function unknownPorts(entry: LocalEntry, plans: readonly PortPlan[]): string[] {
  return [...askedIn(entry)].filter((word) => word !== '' && planOf(word, plans) === undefined);
}

/** `{port}` and `{port:WORD}` as the supervisor fills them in. */
export function fillPlaceholders(text: string, plans: readonly PortPlan[]): string {
  return text.replace(placeholder, (whole, word: string | undefined) => {
    const plan = word === undefined ? plans[0] : planOf(word, plans);
    return plan === undefined ? whole : `{{port:${plan.key}}}`;
  });
}

function planOf(word: string, plans: readonly PortPlan[]): PortPlan | undefined {
  return plans.find(({ container, name }) => String(container) === word || name === word);
}

/** The key of a port that a probe names by number or name. */
export function keyOfProbe(port: number | string | undefined, plans: readonly PortPlan[]): string | undefined {
  return port === undefined ? undefined : (planOf(String(port), plans)?.key ?? plans[0]?.key);
}

/** A socket probe's; gRPC's is one for us. */
export function socketOf(probe: Probe | undefined): { port?: number | string } | undefined {
  return (probe?.tcpSocket ?? probe?.grpc) as { port?: number | string } | undefined;
}

/**
 * Variables that tell a program where to listen: `PORT=8080`, `HTTP_ADDR=:8080`, `ASPNETCORE_URLS=http://+:8080`; not the port of
 * another Service (`ORDERS_PORT`, or what stands beside `ORDERS_HOST`).
 */
function variablesOf(
  port: number,
  env: Record<string, string>,
  services: readonly ServiceTarget[],
  own: string,
): PortPlan['variables'] {
  const others = services.filter(({ process }) => process !== own).map(({ name }) => plain(name));
  const hosts = Object.entries(env)
    .filter(([, value]) => services.some(({ name, process }) => process !== own && isHostOf(name, value)))
    .map(([name]) => plain(name.replace(/_?(?:HOST(?:NAME)?|SERVER|ADDR(?:ESS)?|ENDPOINT|SVC)$/i, '')));
  return Object.entries(env).flatMap(([name, value]) => {
    const text = value.trim();
    if (/PORTS?$/i.test(name) && text === String(port)) {
      const stem = plain(name.replace(/_?(?:SERVICE_?)?PORTS?$/i, ''));
      return stem !== '' && (others.includes(stem) || hosts.includes(stem)) ? [] : [{ name, value: '' }];
    }
    const listens = /^((?:https?:\/\/)?)(?:0\.0\.0\.0|\*|\+|\[::\]|localhost|127\.0\.0\.1)?:(\d+)\/?$/.exec(text);
    return listens !== null && Number(listens[2]) === port ? [{ name, value: `${listens[1]}127.0.0.1:` }] : [];
  });
}

function isHostOf(service: string, value: string): boolean {
  const text = value.trim();
  return text === service || text.startsWith(`${service}.`);
}

function plain(text: string): string {
  return text.replaceAll(/[^a-z0-9]/gi, '').toLowerCase();
}
