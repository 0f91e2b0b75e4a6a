import { join } from 'node:path';
import { Failure } from '../../../kernel/failure.js';
import {
  type Container,
  imageBaseName,
  isKind,
  isWorkload,
  type KubeObject,
  loadPathAnnotation,
  type Probe,
  refOf,
  type Service,
  serverImageName,
  type Workload,
} from '../../manifests/kube-object.js';
import { selects, servicePort } from '../../manifests/manifests.js';
import type { StackObject } from '../../manifests/stack-object.js';
import {
  isOfTheMachine,
  type LeftOut,
  mapServices,
  readEnv,
  type ServiceTarget,
  type TopologyOptions,
  type WorkloadReading,
} from './container-env.js';
import { isInside, mapMounts, readMounts } from './mounts.js';

/** Where a process is told what the gateway shows the services (and they expect to be shown) in X-Proxy-Token. */
export const proxyTokenVariable = 'TRUSTED_PROXY_TOKEN';
/** That token's id among the generated secrets. */
export const proxyTokenId = `gateway/${proxyTokenVariable}`;

/** One process that the supervisor keeps running. Values may hold `{{port:NAME}}`, which it fills in. */
export interface ProcessSpec {
  /** The Deployment's or Job's name, or `gateway`. */
  name: string;
  /** A `job` runs once to its end; a `service` and the `gateway` run until they are stopped. */
  kind: 'service' | 'job' | 'gateway';
  stacks: string[];
  /** Arguments of the server, or of the gateway. */
  args: string[];
  env: Record<string, string>;
  /** How readiness and life are told; absent: ready as soon as it runs. */
  readiness?: HttpProbe;
  liveness?: HttpProbe;
  /** Milliseconds that a start may take before the process is started anew. */
  startTimeoutMs: number;
  /** Milliseconds between SIGTERM and SIGKILL. */
  graceMs: number;
  /** Folders to make and files to write before the start, by absolute path. */
  folders: string[];
  files: { path: string; text: string; secret: boolean }[];
  /** Changes when anything that needs a restart does. */
  digest: string;
}

interface HttpProbe {
  path: string;
  periodMs: number;
  timeoutMs: number;
  failureThreshold: number;
}

/** A route of the gateway, as an Ingress path says it. */
export interface GatewayRoute {
  /** Undefined: any host. */
  host?: string;
  path: string;
  type: 'Exact' | 'Prefix';
  /** Name of the process that answers. */
  service: string;
}

/** What the manifests mean on this machine. */
export interface Topology {
  processes: Omit<ProcessSpec, 'digest'>[];
  routes: GatewayRoute[];
  host: string | undefined;
  loadPaths: Record<string, string>;
  /** Objects that have no meaning here, and why. */
  leftOut: LeftOut[];
}

/** Names that mean something else in the state folder: the gateway's and the supervisor's log, the folder of the claims. */
const reservedNames = new Set(['gateway', 'supervisor', 'claims']);
/** Longest delay of a timer, in seconds: a longer one would strike at once. */
const mostSeconds = 2_147_483;

/**
 * Reads the objects of some stacks as processes and routes: each Deployment of the bundled server's image is one process,
 * whatever its `replicas`; names of Services in env become loopback ports; mounts become folders; the store is SQLite.
 * Every folder and file is inside `volumes`. Throws Failure `bad-manifests` where the objects cannot be told apart here.
 */
export function readTopology(objects: readonly StackObject[], options: TopologyOptions): Topology {
  const leftOut: Topology['leftOut'] = [];
  const local = objects.filter(({ object }) => isWorkload(object) && serverContainer(object) !== undefined);
  const services = objects.filter((entry): entry is StackObject & { object: Service } =>
    isKind(entry.object, 'Service'),
  );
  const targets = services.flatMap(({ object: service }) => {
    const process = local.find(({ object }) => object.kind === 'Deployment' && selects(service, object));
    return process === undefined ? [] : [{ service, process: process.object.metadata.name }];
  });
  refuseNames(local);
  const processes = local.map(({ object, stacks }) =>
    readProcess(object as Workload, stacks, { objects, targets, options, leftOut }),
  );
  const { routes, host, loadPaths } = readIngresses(objects, targets, leftOut);
  for (const { object } of objects) {
    const reason = whyLeftOut(object, local, targets);
    if (reason === undefined) continue;
    leftOut.push({ ref: refOf(object), reason, ...(isWorkload(object) ? { needsContainer: true } : {}) });
  }
  return { processes, routes, host, loadPaths, leftOut };
}

/** A process is known by its name alone, whatever its kind and namespace. */
function refuseNames(local: readonly StackObject[]): void {
  const refs = new Map<string, string[]>();
  for (const { object } of local) {
    const { name } = object.metadata;
    refs.set(name, [...(refs.get(name) ?? []), refOf(object)]);
  }
  const details = [...refs].flatMap(([name, of]) => [
    ...(reservedNames.has(name) ? [`${of[0]}: the name is taken on the local target`] : []),
    ...(of.length > 1 ? [`${of.join(', ')}: on the local target their processes have one name`] : []),
  ]);
  if (details.length === 0) return;
  throw new Failure({
    code: 'bad-manifests',
    message: 'the manifests cannot run on the local target',
    details,
    hint: 'Rename them, or run them with --target kube',
  });
}

function serverContainer(object: KubeObject): Container | undefined {
  if (object.kind !== 'Deployment' && object.kind !== 'Job') return undefined;
  return (object as Workload).spec.template.spec.containers.find(
    (container) => imageBaseName(container.image) === serverImageName,
  );
}

function readProcess(object: Workload, stacks: string[], around: WorkloadReading): Omit<ProcessSpec, 'digest'> {
  const { name } = object.metadata;
  const { spec } = object.spec.template;
  const container = serverContainer(object) as Container;
  const mounts = readMounts(object, container, around);
  const env = readEnv(object, container, around);
  const withheld = Object.keys(env).filter(isOfTheMachine);
  for (const key of withheld) delete env[key];
  if (withheld.length > 0) {
    const reason = `${withheld.join(', ')}: not passed on, they would act on this machine`;
    around.leftOut.push({ ref: `${refOf(object)} env`, reason, isTold: true });
  }
  for (const [key, value] of Object.entries(env)) {
    env[key] = mapMounts(mapServices(value, object, around.targets), mounts);
  }
  // In a container this is a folder of its own even where nothing is mounted there.
  if (!isInside(around.options.volumes, env.SQLITE_DIR)) env.SQLITE_DIR = join(around.options.volumes, name, 'data');
  if (
    env.PRICES_URL !== undefined &&
    !URL.canParse(env.PRICES_URL) &&
    !isInside(around.options.volumes, env.PRICES_URL)
  ) {
    around.leftOut.push({
      ref: `${refOf(object)} env`,
      reason: 'PRICES_URL: a path at which nothing is mounted',
      isTold: true,
    });
    delete env.PRICES_URL;
  }
  const temporary = join(around.options.volumes, name, 'tmp');
  // Here every process is alone on its store, nobody but this machine may reach it, and the gateway is the one proxy:
  // not known by its address, which is everybody's here, but by what it shows.
  Object.assign(env, {
    HOST: '127.0.0.1',
    PORT: `{{port:${name}}}`,
    STORE: 'sqlite',
    TMPDIR: temporary,
    TRUSTED_PROXIES: '1',
    TRUSTED_PROXY_NETWORKS: '',
    [proxyTokenVariable]: around.options.secret(proxyTokenId),
  });
  return {
    name,
    kind: object.kind === 'Job' ? 'job' : 'service',
    stacks,
    args: [...(container.command ?? []).slice(2), ...(container.args ?? [])],
    env,
    readiness: readProbe(container.readinessProbe),
    liveness: readProbe(container.livenessProbe),
    startTimeoutMs: startTimeoutMs(container.startupProbe),
    graceMs: milliseconds(spec.terminationGracePeriodSeconds ?? 30),
    folders: [temporary, ...mounts.map((mount) => mount.folder)],
    files: mounts.flatMap((mount) => mount.files),
  };
}

/** Kubernetes' own defaults stand where a probe says nothing (https://kubernetes.io/docs/reference/kubernetes-api/). */
function readProbe(probe: Probe | undefined): HttpProbe | undefined {
  if (probe?.httpGet === undefined) return undefined;
  return {
    path: probe.httpGet.path ?? '/',
    // 0 stands for "nothing said", too.
    periodMs: milliseconds(probe.periodSeconds || 10),
    timeoutMs: milliseconds(probe.timeoutSeconds || 1),
    failureThreshold: probe.failureThreshold || 3,
  };
}

function startTimeoutMs(probe: Probe | undefined): number {
  if (probe === undefined) return 60_000;
  return milliseconds((probe.initialDelaySeconds ?? 0) + (probe.periodSeconds || 10) * (probe.failureThreshold || 3));
}

function milliseconds(seconds: number): number {
  return Math.min(seconds, mostSeconds) * 1000;
}

function readIngresses(
  objects: readonly StackObject[],
  targets: readonly ServiceTarget[],
  leftOut: Topology['leftOut'],
): Pick<Topology, 'routes' | 'host' | 'loadPaths'> {
  const routes: GatewayRoute[] = [];
  const loadPaths: Record<string, string> = {};
  let firstHost: string | undefined;
  for (const { object, stacks } of objects) {
    if (!isKind(object, 'Ingress')) continue;
    const loadPath = object.metadata.annotations?.[loadPathAnnotation];
    if (loadPath !== undefined) for (const stack of stacks) loadPaths[stack] ??= loadPath;
    for (const { host, http } of object.spec.rules ?? []) {
      firstHost ??= host;
      for (const { path = '/', pathType, backend } of http?.paths ?? []) {
        const { name, port } = backend.service;
        const target = targets.find(
          ({ service }) => service.metadata.name === name && service.metadata.namespace === object.metadata.namespace,
        );
        if (target === undefined || servicePort(target.service, port) === undefined) {
          leftOut.push({ ref: `${refOf(object)}${path}`, reason: `nothing here answers for Service ${name}` });
          continue;
        }
        routes.push({ host, path, type: pathType === 'Exact' ? 'Exact' : 'Prefix', service: target.process });
      }
    }
  }
  return { routes, host: firstHost, loadPaths };
}

/** Kinds whose meaning here is carried by the processes, the routes and the folders themselves. */
const understood = new Set(['ConfigMap', 'Secret', 'Ingress', 'Namespace']);

function whyLeftOut(
  object: KubeObject,
  local: readonly StackObject[],
  targets: readonly ServiceTarget[],
): string | undefined {
  if (understood.has(object.kind) || local.some((entry) => entry.object === object)) return undefined;
  if (isKind(object, 'Service')) {
    return targets.some((target) => target.service === object) ? undefined : 'its pods do not run here';
  }
  if (isWorkload(object)) {
    const images = object.spec.template.spec.containers.map((container) => container.image).join(', ');
    return `it runs ${images}, which needs a container`;
  }
  return `${object.kind} has no meaning for processes on one machine`;
}
