import {
  type ConfigMap,
  type Container,
  generatedKeys,
  type KubeObject,
  type Secret,
  type Service,
  type Workload,
} from '../../manifests/kube-object.js';
import type { StackObject } from '../../manifests/stack-object.js';

/** What the manifests are read for. */
export interface TopologyOptions {
  /** Folder behind the volume mounts. */
  volumes: string;
  /** A generated secret, by `NAME/KEY`. */
  secret(id: string): string;
}

/** A Service that is answered by a process here. */
export interface ServiceTarget {
  service: Service;
  process: string;
}

/** Something of the manifests that has no meaning here, and why. */
export interface LeftOut {
  ref: string;
  reason: string;
  /** Whoever wrote it would not expect it: `up` says so, and not the plan alone. */
  isTold?: boolean;
  /** It would run here if this machine ran containers. */
  needsContainer?: true;
}

/** What a workload is read with. */
export interface WorkloadReading {
  objects: readonly StackObject[];
  targets: readonly ServiceTarget[];
  options: TopologyOptions;
  /** What has no meaning here is added to it, with the reason. */
  leftOut: LeftOut[];
}

/** The variables of a container, as Kubernetes would resolve them. */
export function readEnv(
  object: Workload,
  container: Container,
  { objects, options }: WorkloadReading,
): Record<string, string> {
  const env = emptyRecord();
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

/** Without a prototype: `constructor` is a key like any other. */
function emptyRecord(): Record<string, string> {
  return Object.create(null) as Record<string, string>;
}

/** `$(NAME)` of an earlier variable; `$$(NAME)` stays as `$(NAME)`, an unknown name as it is written. */
function expand(value: string, env: Record<string, string>): string {
  return value.replace(/\$(\$?)\(([\w.-]+)\)/g, (whole, escaped: string, name: string) =>
    escaped === '$' ? whole.slice(1) : (env[name] ?? whole),
  );
}

/** Texts of a ConfigMap or a Secret, generated ones among them; empty where there is none. */
export function readData(
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
  const values = emptyRecord();
  if (object === undefined) return values;
  if (kind === 'ConfigMap') return Object.assign(values, (object as ConfigMap).data);
  const secret = object as Secret;
  Object.assign(values, secret.stringData);
  for (const [key, encoded] of Object.entries(secret.data ?? {})) {
    values[key] = Buffer.from(encoded, 'base64').toString();
  }
  for (const key of generatedKeys(secret)) values[key] ??= options.secret(`${name}/${key}`);
  return values;
}

/** `NAME`, `NAME.NAMESPACE`, `NAME.NAMESPACE.svc...` with a Service's port become the loopback port of its process. */
export function mapServices(value: string, near: KubeObject, targets: readonly ServiceTarget[]): string {
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

/**
 * Variables that are settings of a program or its loader rather than of the service: in a container they reach nothing but
 * the container, here they would load code into a process of this machine (NODE_OPTIONS, LD_PRELOAD, OPENSSL_CONF, ...), have it
 * write files (NODE_V8_COVERAGE, SSLKEYLOGFILE) or lead it elsewhere (PATH, HOME, TMPDIR). Compared without case, as
 * Windows does.
 */
const ofTheMachine = new RegExp(
  `^(${[
    '(?!NODE_ENV$)NODE_.*',
    'LD_.*',
    'DYLD_.*',
    '_RLD.*',
    'GLIBC_TUNABLES',
    'GCONV_PATH',
    'LOCPATH',
    'NLSPATH',
    'MALLOC_.*',
    'OPENSSL_.*',
    'SSL_.*',
    'SSLKEYLOGFILE',
    'UV_.*',
    'V8_.*',
    'NAPI_.*',
    'BASH_.*',
    'ENV',
    'IFS',
    'PATH',
    'PATHEXT',
    'COMSPEC',
    'SYSTEMROOT',
    'HOME',
    'USERPROFILE',
    'TMP',
    'TEMP',
    'TMPDIR',
    'SQLITE_TMPDIR',
    'XDG_.*',
    'NPM_.*',
    'PG(?:PASSFILE|SERVICEFILE|SYSCONFDIR|SSL.*)',
    'HWCTL_.*',
  ].join('|')})$`,
  'i',
);

/** Whether a variable of a manifest is kept from the processes of this machine. */
export function isOfTheMachine(name: string): boolean {
  return ofTheMachine.test(name);
}
