import { type ConfigMap, type Container, generatedKeys, type Secret } from '../../manifests/kube-object.js';
import type { StackObject } from '../../manifests/stack-object.js';
import type { LeftOut } from './process-spec.js';
import { type LocalWorkload, namespaceOf } from './workload.js';

/** What a workload is read with. */
export interface WorkloadReading {
  objects: readonly StackObject[];
  /** Folder behind the volume mounts. */
  volumes: string;
  /** A generated secret, by `NAME/KEY`. */
  secret(id: string): string;
  /** What the objects keep secret is added to it: it lands in no output. */
  secretTexts: Set<string>;
  /** What has no meaning here is added to it, with the reason. */
  leftOut: LeftOut[];
}

/** The variables of a container, as Kubernetes would resolve them. */
export function readEnv(
  workload: LocalWorkload,
  container: Container,
  around: WorkloadReading,
): Record<string, string> {
  const env = emptyRecord();
  const untold: string[] = [];
  for (const { prefix = '', configMapRef, secretRef } of container.envFrom ?? []) {
    const [kind, ref] = configMapRef ? (['ConfigMap', configMapRef] as const) : (['Secret', secretRef] as const);
    if (ref?.name === undefined) continue;
    const entries = readData(kind, ref.name, workload, around);
    if (entries === undefined && ref.optional !== true) untold.push(`there is no ${kind} ${ref.name}`);
    for (const [key, value] of Object.entries(entries ?? {})) env[`${prefix}${key}`] = value;
  }
  for (const { name, value, valueFrom } of container.env ?? []) {
    if (name === undefined || !/^[^=\0]+$/.test(name)) continue;
    const { configMapKeyRef, secretKeyRef, fieldRef, resourceFieldRef } = valueFrom ?? {};
    const [kind, ref] = configMapKeyRef
      ? (['ConfigMap', configMapKeyRef] as const)
      : (['Secret', secretKeyRef] as const);
    if (ref?.name !== undefined) {
      const found = readData(kind, ref.name, workload, around)?.[ref.key];
      if (found !== undefined) env[name] = expand(found, env);
      else if (ref.optional !== true) untold.push(`${name}: there is no ${kind} ${ref.name} with a key ${ref.key}`);
      continue;
    }
    const field = (fieldRef as { fieldPath?: string } | undefined)?.fieldPath;
    const found = field === undefined ? value : fieldOf(field, workload);
    if (found !== undefined) env[name] = expand(found, env);
    else if (field !== undefined || resourceFieldRef !== undefined)
      untold.push(`${name}: ${field ?? 'a resource'} is told of pods alone`);
  }
  for (const reason of untold) around.leftOut.push({ ref: `${workload.ref} env`, reason, isTold: true });
  return env;
}

/** What the downward API tells of a pod, as far as a process has it. */
function fieldOf(path: string, { name, namespace, labels, annotations, pod }: LocalWorkload): string | undefined {
  switch (path) {
    case 'metadata.name':
      return `${name}-0`;
    case 'metadata.namespace':
      return namespace;
    case 'spec.nodeName':
      return 'localhost';
    case 'spec.serviceAccountName':
      return typeof pod.serviceAccountName === 'string' ? pod.serviceAccountName : 'default';
    case 'status.podIP':
    case 'status.podIPs':
    case 'status.hostIP':
    case 'status.hostIPs':
      return '127.0.0.1';
    default: {
      const [, kind, key = ''] = /^metadata\.(labels|annotations)\['([^']+)'\]$/.exec(path) ?? [];
      if (kind === undefined) return undefined;
      return (kind === 'labels' ? labels : annotations)[key] ?? '';
    }
  }
}

/** Without a prototype: `constructor` is a key like any other. */
function emptyRecord(): Record<string, string> {
  return Object.create(null) as Record<string, string>;
}

/** `$(NAME)` of an earlier variable; `$$(NAME)` stays as `$(NAME)`, an unknown name as it is written. */
export function expand(value: string, env: Record<string, string>): string {
  return value.replace(/\$(\$?)\(([\w.-]+)\)/g, (whole, escaped: string, name: string) =>
    escaped === '$' ? whole.slice(1) : (env[name] ?? whole),
  );
}

/** Texts of a ConfigMap or a Secret, generated ones among them; undefined where there is none. */
export function readData(
  kind: 'ConfigMap' | 'Secret',
  name: string,
  { namespace }: Pick<LocalWorkload, 'namespace'>,
  { objects, secret, secretTexts }: WorkloadReading,
): Record<string, string> | undefined {
  const object = objects.find(
    (entry) =>
      entry.object.kind === kind && entry.object.metadata.name === name && namespaceOf(entry.object) === namespace,
  )?.object;
  if (object === undefined) return undefined;
  const values = emptyRecord();
  if (kind === 'ConfigMap') return Object.assign(values, (object as ConfigMap).data);
  const { data, stringData } = object as Secret;
  for (const [key, encoded] of Object.entries(data ?? {})) values[key] = Buffer.from(encoded, 'base64').toString();
  Object.assign(values, stringData);
  for (const key of generatedKeys(object)) values[key] ??= secret(`${name}/${key}`);
  for (const text of Object.values(values)) secretTexts.add(text);
  return values;
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
