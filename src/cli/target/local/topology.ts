import { join } from 'node:path';
import {
  type ConfigMap,
  type Container,
  imageBaseName,
  isKind,
  isWorkload,
  type KubeObject,
  loadPathAnnotation,
  type Probe,
  refOf,
  type Secret,
  type Service,
  serverImageName,
  type Volume,
  type Workload,
} from '../kube-object.js';
import { type StackObject, selects, servicePort } from '../manifests.js';

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

export interface HttpProbe {
  path: string;
  periodMs: number;
  timeoutMs: number;
  failureThreshold: number;
}

/** A route of the gateway, as an Ingress path says it. */
export interface Route {
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
  routes: Route[];
  host: string | undefined;
  loadPaths: Record<string, string>;
  /** Objects that have no meaning here, and why. */
  leftOut: { ref: string; reason: string }[];
}

export interface TopologyOptions {
  /** Folder behind the volume mounts. */
  volumes: string;
  /** A generated secret, by `NAME/KEY`. */
  secret(id: string): string;
}

/**
 * Reads the objects of some stacks as processes and routes: each Deployment of the bundled server's image is one process,
 * whatever its `replicas`; names of Services in env become loopback ports; mounts become folders; the store is SQLite.
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
  const processes = local.map(({ object, stacks }) =>
    readProcess(object as Workload, stacks, { objects, targets, options }),
  );
  const { routes, host, loadPaths } = readIngresses(objects, targets, leftOut);
  for (const { object } of objects) {
    const reason = whyLeftOut(object, local, targets);
    if (reason !== undefined) leftOut.push({ ref: refOf(object), reason });
  }
  return { processes, routes, host, loadPaths, leftOut };
}

/** A Service that is answered by a process here. */
interface ServiceTarget {
  service: Service;
  process: string;
}

interface Surroundings {
  objects: readonly StackObject[];
  targets: readonly ServiceTarget[];
  options: TopologyOptions;
}

function serverContainer(object: KubeObject): Container | undefined {
  if (object.kind !== 'Deployment' && object.kind !== 'Job') return undefined;
  return (object as Workload).spec.template.spec.containers.find(
    (container) => imageBaseName(container.image) === serverImageName,
  );
}

function readProcess(object: Workload, stacks: string[], around: Surroundings): Omit<ProcessSpec, 'digest'> {
  const { name } = object.metadata;
  const { spec } = object.spec.template;
  const container = serverContainer(object) as Container;
  const mounts = readMounts(object, container, around);
  const env = readEnv(object, container, around);
  for (const [key, value] of Object.entries(env)) {
    env[key] = mapMounts(mapServices(value, object, around.targets), mounts);
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
    graceMs: (spec.terminationGracePeriodSeconds ?? 30) * 1000,
    folders: [temporary, ...mounts.map((mount) => mount.folder)],
    files: mounts.flatMap((mount) => mount.files),
  };
}

/** Kubernetes' own defaults stand where a probe says nothing (https://kubernetes.io/docs/reference/kubernetes-api/). */
function readProbe(probe: Probe | undefined): HttpProbe | undefined {
  if (probe?.httpGet === undefined) return undefined;
  return {
    path: probe.httpGet.path ?? '/',
    periodMs: (probe.periodSeconds ?? 10) * 1000,
    timeoutMs: (probe.timeoutSeconds ?? 1) * 1000,
    failureThreshold: probe.failureThreshold ?? 3,
  };
}

function startTimeoutMs(probe: Probe | undefined): number {
  if (probe === undefined) return 60_000;
  return ((probe.initialDelaySeconds ?? 0) + (probe.periodSeconds ?? 10) * (probe.failureThreshold ?? 3)) * 1000;
}

function readEnv(object: Workload, container: Container, { objects, options }: Surroundings): Record<string, string> {
  const env: Record<string, string> = {};
  const data = (kind: 'ConfigMap' | 'Secret', name: string) => readData(kind, name, object, objects, options);
  for (const source of container.envFrom ?? []) {
    const entries = source.configMapRef
      ? data('ConfigMap', source.configMapRef.name)
      : source.secretRef
        ? data('Secret', source.secretRef.name)
        : {};
    for (const [key, value] of Object.entries(entries)) env[`${source.prefix ?? ''}${key}`] = value;
  }
  for (const { name, value, valueFrom } of container.env ?? []) {
    const config = valueFrom?.configMapKeyRef;
    const secret = valueFrom?.secretKeyRef;
    const found = config
      ? data('ConfigMap', config.name)[config.key]
      : secret
        ? data('Secret', secret.name)[secret.key]
        : value;
    if (found !== undefined) env[name] = expand(found, env);
  }
  return env;
}

/** `$(NAME)` of an earlier variable; `$$(NAME)` stays as `$(NAME)`, an unknown name as it is written. */
function expand(value: string, env: Record<string, string>): string {
  return value.replace(/\$(\$?)\(([\w.-]+)\)/g, (whole, escaped: string, name: string) =>
    escaped === '$' ? whole.slice(1) : (env[name] ?? whole),
  );
}

function readData(
  kind: 'ConfigMap' | 'Secret',
  name: string,
  near: KubeObject,
  objects: readonly StackObject[],
  options: TopologyOptions,
): Record<string, string> {
  const object = objects.find(
    (entry) =>
      entry.object.kind === kind &&
      entry.object.metadata.name === name &&
      entry.object.metadata.namespace === near.metadata.namespace,
  )?.object;
  if (object === undefined) return {};
  if (kind === 'ConfigMap') return (object as ConfigMap).data ?? {};
  const secret = object as Secret;
  const values: Record<string, string> = { ...secret.stringData };
  for (const [key, encoded] of Object.entries(secret.data ?? {})) {
    values[key] = Buffer.from(encoded, 'base64').toString();
  }
  for (const key of generatedKeys(secret)) values[key] ??= options.secret(`${name}/${key}`);
  return values;
}

function generatedKeys(secret: Secret): string[] {
  const names = secret.metadata.annotations?.['hwctl.dev/generate'] ?? '';
  return names
    .split(',')
    .map((key) => key.trim())
    .filter((key) => key !== '');
}

/** `NAME`, `NAME.NAMESPACE`, `NAME.NAMESPACE.svc...` with a Service's port become the loopback port of its process. */
function mapServices(value: string, near: KubeObject, targets: readonly ServiceTarget[]): string {
  let mapped = value;
  for (const { service, process } of targets) {
    const { name, namespace = 'default' } = service.metadata;
    const qualified = `\\.${namespace}(?:\\.svc(?:\\.cluster\\.local)?)?`;
    const sameNamespace = namespace === (near.metadata.namespace ?? 'default') ? '?' : '';
    for (const { port } of service.spec.ports ?? []) {
      const pattern = new RegExp(`(?<![\\w.-])${name}(?:${qualified})${sameNamespace}:${port}(?!\\d)`, 'g');
      mapped = mapped.replace(pattern, `127.0.0.1:{{port:${process}}}`);
    }
  }
  return mapped;
}

interface Mount {
  mountPath: string;
  folder: string;
  files: ProcessSpec['files'];
}

function readMounts(object: Workload, container: Container, around: Surroundings): Mount[] {
  return (container.volumeMounts ?? []).flatMap(({ name, mountPath, subPath }) => {
    const volume = object.spec.template.spec.volumes?.find((candidate) => candidate.name === name);
    if (volume === undefined) return [];
    const folder = volumeFolder(object, volume, around.options.volumes);
    return [
      {
        mountPath: mountPath.replace(/\/+$/, ''),
        folder: subPath === undefined ? folder : join(folder, subPath),
        files: volumeFiles(object, volume, folder, around),
      },
    ];
  });
}

/** A claim is one folder for all who mount it; every other volume belongs to its own process. */
function volumeFolder(object: Workload, volume: Volume, volumes: string): string {
  const claim = volume.persistentVolumeClaim?.claimName;
  return claim === undefined ? join(volumes, object.metadata.name, volume.name) : join(volumes, 'claims', claim);
}

function volumeFiles(object: Workload, volume: Volume, folder: string, around: Surroundings): ProcessSpec['files'] {
  const source = volume.configMap ?? volume.secret;
  if (source === undefined) return [];
  const secret = volume.secret !== undefined;
  const name = volume.configMap?.name ?? volume.secret?.secretName ?? '';
  const data = readData(secret ? 'Secret' : 'ConfigMap', name, object, around.objects, around.options);
  const items = source.items ?? Object.keys(data).map((key) => ({ key, path: key }));
  return items.flatMap(({ key, path }) => {
    const text = data[key];
    return text === undefined ? [] : [{ path: join(folder, path), text, secret }];
  });
}

function mapMounts(value: string, mounts: readonly Mount[]): string {
  const mount = mounts.find(({ mountPath }) => value === mountPath || value.startsWith(`${mountPath}/`));
  return mount === undefined ? value : join(mount.folder, value.slice(mount.mountPath.length));
}

function readIngresses(
  objects: readonly StackObject[],
  targets: readonly ServiceTarget[],
  leftOut: Topology['leftOut'],
): Pick<Topology, 'routes' | 'host' | 'loadPaths'> {
  const routes: Route[] = [];
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
    return `it runs ${images}, which needs a container; the store here is SQLite`;
  }
  return `${object.kind} has no meaning for processes on one machine`;
}
