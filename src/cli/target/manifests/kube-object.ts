/** A Kubernetes object as its YAML says it, before any of its fields is trusted. */
export interface KubeObject {
  apiVersion: string;
  kind: string;
  metadata: ObjectMeta;
  [field: string]: unknown;
}

interface ObjectMeta {
  name: string;
  namespace?: string;
  labels?: Record<string, string>;
  annotations?: Record<string, string>;
  [field: string]: unknown;
}

/** The parts of these kinds that hwctl reads or edits; `manifests.ts` has checked that they are so. */
export interface Workload extends KubeObject {
  kind: 'Deployment' | 'StatefulSet' | 'Job';
  spec: { replicas?: number; template: PodTemplate; [field: string]: unknown };
}

export interface PodTemplate {
  metadata?: { labels?: Record<string, string>; annotations?: Record<string, string>; [field: string]: unknown };
  spec: PodSpec;
}

export interface PodSpec {
  containers: Container[];
  initContainers?: Container[];
  volumes?: Volume[];
  terminationGracePeriodSeconds?: number;
  [field: string]: unknown;
}

export interface Container {
  name: string;
  image: string;
  command?: string[];
  args?: string[];
  env?: EnvEntry[];
  envFrom?: EnvFrom[];
  ports?: { name?: string; containerPort: number }[];
  volumeMounts?: { name: string; mountPath: string; subPath?: string; readOnly?: boolean }[];
  startupProbe?: Probe;
  readinessProbe?: Probe;
  livenessProbe?: Probe;
  resources?: Resources;
  [field: string]: unknown;
}

interface Resources {
  requests?: Record<string, string>;
  limits?: Record<string, string>;
}

interface EnvEntry {
  name: string;
  value?: string;
  valueFrom?: { configMapKeyRef?: KeyRef; secretKeyRef?: KeyRef; [source: string]: unknown };
}

interface KeyRef {
  name: string;
  key: string;
  optional?: boolean;
}

interface EnvFrom {
  prefix?: string;
  configMapRef?: { name: string; optional?: boolean };
  secretRef?: { name: string; optional?: boolean };
}

export interface Volume {
  name: string;
  emptyDir?: unknown;
  configMap?: { name: string; items?: { key: string; path: string }[]; optional?: boolean };
  secret?: { secretName: string; items?: { key: string; path: string }[]; optional?: boolean };
  persistentVolumeClaim?: { claimName: string };
  [kind: string]: unknown;
}

export interface Probe {
  httpGet?: { path?: string; port: number | string; [field: string]: unknown };
  periodSeconds?: number;
  timeoutSeconds?: number;
  failureThreshold?: number;
  successThreshold?: number;
  initialDelaySeconds?: number;
  [field: string]: unknown;
}

export interface Service extends KubeObject {
  kind: 'Service';
  spec: {
    selector?: Record<string, string>;
    ports?: { name?: string; port: number; targetPort?: number | string; nodePort?: number }[];
    type?: string;
    [field: string]: unknown;
  };
}

export interface Ingress extends KubeObject {
  kind: 'Ingress';
  spec: { ingressClassName?: string; rules?: IngressRule[]; [field: string]: unknown };
}

interface IngressRule {
  host?: string;
  http?: {
    paths: {
      path?: string;
      pathType: string;
      backend: { service: { name: string; port: { name?: string; number?: number } } };
    }[];
  };
}

export interface ConfigMap extends KubeObject {
  kind: 'ConfigMap';
  data?: Record<string, string>;
}

export interface Secret extends KubeObject {
  kind: 'Secret';
  data?: Record<string, string>;
  stringData?: Record<string, string>;
}

/** Names of the keys for which hwctl makes a value: comma-separated, on a Secret. */
export const generateAnnotation = 'hwctl.dev/generate';
/** What `hwctl load` hits where nothing else is asked for; on an Ingress. */
export const loadPathAnnotation = 'hwctl.dev/load-path';
/** On objects that are there only with a certain store: `postgres`. */
export const storeLabel = 'hwctl.dev/store';
/** On objects of a part that can be left out by itself: `grafana`. */
export const partLabel = 'hwctl.dev/part';
/** The image of the bundled server, whatever its tag. */
export const serverImageName = 'hwctl-server';

/** `apps` of `apps/v1`; empty for the core group. */
export function groupOf(apiVersion: string): string {
  return apiVersion.includes('/') ? (apiVersion.split('/')[0] as string) : '';
}

/** `Deployment/auth`: how an object is named in plans and reports. */
export function refOf(object: KubeObject): string {
  return `${object.kind}/${object.metadata.name}`;
}

/** A Deployment, StatefulSet or Job: what has a pod template. */
export function isWorkload(object: KubeObject): object is Workload {
  return object.kind === 'Deployment' || object.kind === 'StatefulSet' || object.kind === 'Job';
}

/** True for objects of that kind, and tells the compiler. */
export function isKind<K extends 'Service' | 'Ingress' | 'ConfigMap' | 'Secret'>(
  object: KubeObject,
  kind: K,
): object is { Service: Service; Ingress: Ingress; ConfigMap: ConfigMap; Secret: Secret }[K] {
  return object.kind === kind;
}

/** The image's name without registry, tag and digest: `localhost:5000/hwctl-server:dev` is `hwctl-server`. */
export function imageBaseName(image: string): string {
  return (image.split('/').at(-1) ?? image).replace(/@.*$/, '').replace(/:.*$/, '');
}

/** Keys of a Secret for which hwctl makes a value. */
export function generatedKeys(object: KubeObject): string[] {
  if (object.kind !== 'Secret') return [];
  return (object.metadata.annotations?.[generateAnnotation] ?? '')
    .split(',')
    .map((key) => key.trim())
    .filter((key) => key !== '');
}
