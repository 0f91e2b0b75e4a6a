import { isKind, type KubeObject, loadPathAnnotation, refOf } from '../../manifests/kube-object.js';
import type { StackObject } from '../../manifests/stack-object.js';
import type { LocalEntry, LocalSource } from '../project.js';
import type { ApiRoute } from '../routes/api-route.js';
import type { GatewayRoute, ServiceAddress } from '../routes/gateway-route.js';
import type { BackendService } from '../routes/object-fields.js';
import { readApiRoutes } from '../routes/read-api-routes.js';
import { readRoutes } from '../routes/read-routes.js';
import { routeProblems } from '../routes/route-problems.js';
import type { WorkloadReading } from './container-env.js';
import { badManifests, draftsOf, readDraft, roleOf, settleKeys, type TopologyOptions } from './draft-process.js';
import { isInside } from './mounts.js';
import { orderProcesses } from './order.js';
import { isPostgres } from './postgres.js';
import type { LeftOut, ProcessSpec } from './process-spec.js';
import type { ProcessDraft, ReadProcess } from './read-process.js';
import { backendKey, readServices, type ServiceTarget } from './services.js';
import { soundObjects } from './sound-objects.js';
import { type LocalWorkload, workloadOf } from './workload.js';

/** What the manifests mean on this machine. */
export interface Topology {
  /** Each after those that it waits for. */
  processes: Omit<ProcessSpec, 'digest'>[];
  /** How each of them is run, where an entry says so. */
  entries: ReadonlyMap<string, LocalEntry>;
  routes: GatewayRoute[];
  /** Those of the Gateway API. */
  apiRoutes: ApiRoute[];
  /** Where the Services are reached. */
  services: ServiceAddress[];
  host: string | undefined;
  loadPaths: Record<string, string>;
  /** Objects that have no meaning here, and why. */
  leftOut: LeftOut[];
  /** What the objects keep secret. */
  secretTexts: Set<string>;
}

/** Names that mean something else in the state folder: the gateway's and the supervisor's log, the folder of the claims. */
const reservedNames = new Set(['gateway', 'supervisor', 'claims']);

/**
 * Reads the objects of some stacks as processes and routes: each workload with an entry is one process, whatever its `replicas`;
 * names of Services become loopback ports, mounts folders. Every folder and file is inside `volumes`. Throws Failure
 * `bad-manifests` where the objects cannot be told apart here, `bad-local-entry` for an entry that names no port of its workload.
 */
export function readTopology(source: LocalSource, options: TopologyOptions): Topology {
  const objects = soundObjects(source.objects);
  const leftOut: LeftOut[] = [];
  const around: WorkloadReading = { ...options, objects, leftOut, secretTexts: new Set() };
  const workloads = objects.flatMap((entry) => workloadOf(entry) ?? []).filter(({ hooks }) => runsWithUp(hooks));
  const local = workloads.filter((workload) => roleOf(workload, source, options) !== undefined);
  refuseNames(local);
  const services = readServices(objects, local);
  const drafts = local.flatMap((workload) => draftsOf(workload, source, { services, around, options }));
  settleKeys(services, drafts);
  const read = drafts.map((draft) => ({ draft, ...readDraft(draft, services, around, options) }));
  pinPorts(read, leftOut);
  for (const { draft, mentions } of read) {
    for (const missing of mentions.missing) {
      const reason = `it names ${missing}, and nothing here answers for that Service`;
      leftOut.push({ ref: `${draft.workload.ref} env`, reason, isTold: true });
    }
  }
  const { routes, apiRoutes, host, loadPaths } = readIngresses(objects, services, leftOut);
  const whyNoPostgres = source.runsPostgres && typeof options.postgres === 'string' ? options.postgres : undefined;
  for (const { object } of objects) {
    const reason = whyLeftOut(object, local, services, whyNoPostgres);
    if (reason === undefined) continue;
    leftOut.push({ ref: refOf(object), reason, ...(workloadKinds.has(object.kind) ? { needsContainer: true } : {}) });
  }
  const processes = orderProcesses(
    read.map(({ spec, mentions, own, draft }) => ({
      spec,
      names: mentions.processes,
      own,
      hooks: draft.workload.hooks,
      weight: draft.workload.hookWeight,
      ...(draft.name === draft.workload.name ? {} : { before: draft.workload.name }),
    })),
  );
  refusePaths(processes, options.volumes);
  return {
    processes,
    entries: new Map(drafts.flatMap(({ name, entry, isDatabase }) => (isDatabase ? [] : [[name, entry] as const]))),
    routes,
    apiRoutes,
    services: addressesOf(services),
    host,
    loadPaths,
    leftOut,
    secretTexts: around.secretTexts,
  };
}

/** Hooks that are part of an installation; the others are run by `test`, or when something is deleted. */
function runsWithUp(hooks: readonly string[]): boolean {
  return hooks.length === 0 || hooks.some((hook) => /^(?:pre|post)-(?:install|upgrade)$/.test(hook));
}

/** A port that somebody knows by its number alone is that number, where the process can listen on any. */
function pinPorts(read: readonly (ReadProcess & { draft: ProcessDraft })[], leftOut: LeftOut[]): void {
  const ports = new Map(read.flatMap(({ spec }) => spec.ports.map((port) => [port.key, port] as const)));
  for (const { draft, mentions } of read) {
    for (const { key, port: number, by } of mentions.pinned) {
      const port = ports.get(key);
      if (port === undefined) continue;
      if (port.fixed === undefined) {
        port.fixed = number;
        port.why = `must be at ${number}: ${by} of ${draft.workload.ref} names it without a port`;
      } else if (port.fixed !== number) {
        const reason = `${by} names it without a port: it is asked at ${number}, and here it listens on ${port.fixed}`;
        leftOut.push({ ref: `${draft.workload.ref} env`, reason, isTold: true });
      }
    }
  }
}

function addressesOf(services: readonly ServiceTarget[]): ServiceAddress[] {
  return services.flatMap(({ service, name, namespace, ports }) => {
    const { type } = service.spec ?? {};
    const outward = type === 'LoadBalancer' || type === 'NodePort' ? { type } : {};
    return ports.flatMap(({ port, key }) => (key === undefined ? [] : [{ name, namespace, port, key, ...outward }]));
  });
}

/** A process is known by its name alone, whatever its kind and namespace. */
function refuseNames(local: readonly LocalWorkload[]): void {
  const refs = new Map<string, string[]>();
  for (const { name, ref } of local) refs.set(name, [...(refs.get(name) ?? []), ref]);
  const details = [...refs].flatMap(([name, of]) => [
    ...(reservedNames.has(name) ? [`${of[0]}: the name is taken on the local target`] : []),
    ...(/^[a-z0-9]([a-z0-9.-]{0,251}[a-z0-9])?$/.test(name) && !name.includes('..') ? [] : [`${of[0]}: it is no name`]),
    ...(of.length > 1 ? [`${of.join(', ')}: on the local target their processes have one name`] : []),
  ]);
  if (details.length > 0) throw badManifests(details);
}

/** Whatever a name of a volume, a key or a path says: nothing is written outside of the state folder. */
function refusePaths(processes: readonly Omit<ProcessSpec, 'digest'>[], volumes: string): void {
  const details = processes.flatMap(({ name, folders, files }) =>
    [...folders, ...files.map(({ path }) => path)]
      .filter((path) => !isInside(volumes, path) || path.includes('\0'))
      .map((path) => `${name}: ${JSON.stringify(path)} leads out of the folder of its volumes`),
  );
  if (details.length > 0) throw badManifests(details);
}

function readIngresses(
  objects: readonly StackObject[],
  services: readonly ServiceTarget[],
  leftOut: LeftOut[],
): Pick<Topology, 'routes' | 'apiRoutes' | 'host' | 'loadPaths'> {
  const loadPaths: Record<string, string> = {};
  for (const { object, stacks } of objects) {
    const loadPath = object.kind === 'Ingress' ? object.metadata.annotations?.[loadPathAnnotation] : undefined;
    if (loadPath !== undefined) for (const stack of stacks) loadPaths[stack] ??= loadPath;
  }
  const all = objects.map(({ object }) => object);
  const keyOf = (namespace: string, service: BackendService) => backendKey(services, namespace, service);
  const { routes, host, unanswered } = readRoutes(all, keyOf);
  const { routes: apiRoutes, unanswered: more } = readApiRoutes(all, keyOf);
  leftOut.push(...unanswered, ...more);
  for (const { ref, annotation, message } of routeProblems(all)) {
    leftOut.push({ ref: `${ref} ${annotation}`, reason: message, isTold: true });
  }
  const named = apiRoutes.flatMap(({ hosts }) => hosts).find((name) => !name.startsWith('*'));
  return { routes, apiRoutes, host: host ?? named, loadPaths };
}

/** Kinds whose meaning here is carried by the processes, the routes and the folders themselves. */
const understood = new Set(['ConfigMap', 'Secret', 'Ingress', 'HTTPRoute', 'Gateway', 'GatewayClass', 'Namespace']);
const workloadKinds = new Set(['Deployment', 'StatefulSet', 'DaemonSet', 'Job', 'CronJob', 'ReplicaSet', 'Pod']);

function whyLeftOut(
  object: KubeObject,
  local: readonly LocalWorkload[],
  services: readonly ServiceTarget[],
  whyNoPostgres: string | undefined,
): string | undefined {
  if (understood.has(object.kind) || local.some((entry) => entry.object === object)) return undefined;
  if (isKind(object, 'Service')) {
    return services.some(({ service, process }) => service === object && process !== undefined)
      ? undefined
      : 'its pods do not run here';
  }
  const workload = workloadOf({ object, stacks: [], part: 'application' });
  if (workload === undefined) return `${object.kind} has no meaning for processes on one machine`;
  if (!runsWithUp(workload.hooks))
    return `it is a hook of helm (${workload.hooks.join(', ')}), and no part of an installation`;
  if (whyNoPostgres !== undefined && workload.containers.some(isPostgres)) return whyNoPostgres;
  return `it runs ${workload.containers.map(({ image }) => image).join(', ')}, which needs a container`;
}
