import type { StackObject } from '../../manifests/stack-object.js';

/**
 * What a value is made to be: `text` also of numbers and booleans; a list holds its items' shape, a record `*`, an
 * object its fields: without one that ends in `!` it is none. */
type Wanted = 'text' | 'number' | readonly [Wanted] | { readonly [field: string]: Wanted };

const texts: Wanted = { '*': 'text' };
const keyRef: Wanted = { 'name!': 'text', 'key!': 'text' };
const items: Wanted = [{ 'key!': 'text', 'path!': 'text' }];
const probe: Wanted = {
  httpGet: { path: 'text', scheme: 'text', httpHeaders: [{ 'name!': 'text', value: 'text' }] },
  exec: { command: ['text'] },
  tcpSocket: {},
  grpc: {},
  periodSeconds: 'number',
  timeoutSeconds: 'number',
  failureThreshold: 'number',
  initialDelaySeconds: 'number',
};
const container: Wanted = {
  name: 'text',
  image: 'text',
  command: ['text'],
  args: ['text'],
  env: [
    {
      'name!': 'text',
      value: 'text',
      valueFrom: { configMapKeyRef: keyRef, secretKeyRef: keyRef, fieldRef: { fieldPath: 'text' } },
    },
  ],
  envFrom: [{ prefix: 'text', configMapRef: { 'name!': 'text' }, secretRef: { 'name!': 'text' } }],
  ports: [{ name: 'text', 'containerPort!': 'number' }],
  volumeMounts: [{ 'name!': 'text', 'mountPath!': 'text', subPath: 'text' }],
  startupProbe: probe,
  readinessProbe: probe,
  livenessProbe: probe,
};
const pod: Wanted = {
  containers: [container],
  initContainers: [container],
  volumes: [
    {
      'name!': 'text',
      configMap: { 'name!': 'text', items },
      secret: { 'secretName!': 'text', items },
      persistentVolumeClaim: { 'claimName!': 'text' },
    },
  ],
  terminationGracePeriodSeconds: 'number',
  restartPolicy: 'text',
};
const template: Wanted = { metadata: { labels: texts, annotations: texts }, spec: pod };
const workload: Wanted = { spec: { template, volumeClaimTemplates: [{ metadata: { name: 'text' } }] } };

/** The fields that are read here, of the kinds that are read here. */
const kinds: Readonly<Record<string, Wanted>> = {
  Deployment: workload,
  StatefulSet: workload,
  DaemonSet: workload,
  Job: { spec: { template, backoffLimit: 'number' } },
  Pod: { spec: pod },
  Service: { spec: { selector: texts, clusterIP: 'text', ports: [{ name: 'text', 'port!': 'number' }] } },
  ConfigMap: { data: texts },
  Secret: { data: texts, stringData: texts },
  Ingress: { spec: { rules: [{ host: 'text', http: { paths: [{ path: 'text', pathType: 'text', backend: {} }] } }] } },
};

/**
 * Objects as their types say, whoever wrote them: a field that cannot be what it shall be is not there. An API server
 * refuses such an object and tells why; here nobody asks one, and what is left of it is what it means.
 */
export function soundObjects(objects: readonly StackObject[]): StackObject[] {
  return objects.flatMap((entry) => {
    const { object } = entry;
    if (typeof object?.kind !== 'string' || !isFields(object.metadata)) return [];
    const metadata = made(object.metadata, {
      name: 'text',
      namespace: 'text',
      labels: texts,
      annotations: texts,
    }) as typeof object.metadata;
    if (metadata.name === undefined) return [];
    const wanted = Object.hasOwn(kinds, object.kind) ? kinds[object.kind] : undefined;
    const sound = wanted === undefined ? object : (made(object, wanted) as typeof object);
    return [{ ...entry, object: { ...sound, metadata } }];
  });
}

function made(value: unknown, wanted: Wanted): unknown {
  if (wanted === 'text') {
    if (typeof value === 'string') return value;
    return typeof value === 'number' || typeof value === 'boolean' ? String(value) : undefined;
  }
  if (wanted === 'number') return typeof value === 'number' && Number.isFinite(value) ? value : undefined;
  if (Array.isArray(wanted)) {
    return Array.isArray(value)
      ? value.map((item) => made(item, wanted[0])).filter((item) => item !== undefined)
      : undefined;
  }
  if (!isFields(value)) return undefined;
  const shape = wanted as { readonly [field: string]: Wanted };
  const entries = Object.entries(value).flatMap(([name, child]): [string, unknown][] => {
    const key = ['*', name, `${name}!`].find((one) => Object.hasOwn(shape, one));
    const inner = key === undefined ? undefined : shape[key];
    const sound = inner === undefined ? child : made(child, inner);
    return sound === undefined ? [] : [[name, sound]];
  });
  const fields = Object.fromEntries(entries);
  const isWhole = Object.keys(shape).every((key) => !key.endsWith('!') || Object.hasOwn(fields, key.slice(0, -1)));
  return isWhole ? fields : undefined;
}

function isFields(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
