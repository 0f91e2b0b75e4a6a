import { type Container, imageBaseName, type KubeObject, type PodSpec, refOf } from '../../manifests/kube-object.js';
import type { StackObject } from '../../manifests/stack-object.js';

/** What runs pods, whichever kind it is of. */
export interface LocalWorkload {
  object: KubeObject;
  stacks: string[];
  /** `Deployment/orders`. */
  ref: string;
  name: string;
  namespace: string;
  /** Of its pods. */
  labels: Record<string, string>;
  annotations: Record<string, string>;
  pod: PodSpec;
  containers: Container[];
  initContainers: Container[];
  /** It runs to its end. */
  isJob: boolean;
  /** When helm runs it, where it is a hook. */
  hooks: string[];
  hookWeight: number;
}

/** The namespace of what names none. */
export const defaultNamespace = 'default';

/** The namespace of an object, the default one where it names none. */
export function namespaceOf({ metadata }: KubeObject): string {
  return metadata.namespace ?? defaultNamespace;
}

interface Template {
  metadata?: { labels?: Record<string, string>; annotations?: Record<string, string> };
  spec?: PodSpec;
}

/** The workload that an object is, undefined where it is none. */
export function workloadOf({ object, stacks }: StackObject): LocalWorkload | undefined {
  const template = templateOf(object);
  if (template?.spec === undefined) return undefined;
  const { metadata } = object;
  const { spec } = template;
  const annotations = metadata.annotations ?? {};
  const isJob = object.kind === 'Job' || (object.kind === 'Pod' && /^(?:Never|OnFailure)$/.test(policyOf(spec)));
  return {
    object,
    stacks,
    ref: refOf(object),
    name: metadata.name,
    namespace: namespaceOf(object),
    labels: template.metadata?.labels ?? {},
    annotations: template.metadata?.annotations ?? {},
    pod: spec,
    containers: wholeOf(spec.containers),
    initContainers: wholeOf(spec.initContainers),
    isJob,
    hooks: (annotations['helm.sh/hook'] ?? '').split(',').flatMap((hook) => hook.trim() || []),
    hookWeight: Number(annotations['helm.sh/hook-weight'] ?? 0) || 0,
  };
}

function templateOf(object: KubeObject): Template | undefined {
  switch (object.kind) {
    case 'Deployment':
    case 'StatefulSet':
    case 'DaemonSet':
    case 'Job':
      return (object.spec as { template?: Template } | undefined)?.template;
    case 'Pod':
      return { metadata: object.metadata, spec: object.spec as PodSpec | undefined };
    default:
      return undefined;
  }
}

function policyOf({ restartPolicy }: PodSpec): string {
  return typeof restartPolicy === 'string' ? restartPolicy : 'Always';
}

function wholeOf(containers: readonly Container[] | undefined): Container[] {
  return (containers ?? []).map((container) => ({
    ...container,
    name: container.name ?? 'container',
    image: container.image ?? 'an image without a name',
  }));
}

/** An init container that only waits for others: here they are started in order. */
export function onlyWaits({ image, command = [], args = [] }: Container): boolean {
  const text = [...command, ...args].join(' ');
  return (
    /\b(?:until|while)\b[\s\S]*\bdo\b|\bnc\b[^|;]* -\w*z|\bpg_isready\b|\bnslookup\b|\bwait-for|\bwait4|\bdockerize\b/.test(
      text,
    ) || /k8s-wait-for|wait-for|dockerize/.test(imageBaseName(image))
  );
}
