import { createHash } from 'node:crypto';
import {
  type Container,
  imageBaseName,
  isWorkload,
  type KubeObject,
  type PodSpec,
  serverImageName,
  type Workload,
} from './kube-object.js';

/** Annotation on the pod template: changes where configuration that is read at start changes, so that pods start anew. */
export const configAnnotation = 'hwctl.dev/config';
/** Characters of the hash in the name of a Job. */
export const jobHashLength = 8;

/**
 * A copy of an object with all that follows from the content of the others: the server's image, the hash of what its
 * environment comes from, and with `namesJobs` the name of a Job. `all` are the objects it is applied with.
 */
export function finishObject(
  object: KubeObject,
  all: readonly KubeObject[],
  image: string,
  { namesJobs }: { namesJobs: boolean },
): KubeObject {
  const copy = structuredClone(object);
  if (!isWorkload(copy) || containersOf(copy).length === 0) return copy;
  const { template } = copy.spec;
  for (const container of containersOf(copy)) {
    if (imageBaseName(container.image) === serverImageName) container.image = image;
  }
  const config = configOf(copy, all);
  if (config.length > 0) {
    template.metadata = {
      ...template.metadata,
      annotations: { ...template.metadata?.annotations, [configAnnotation]: digest(config) },
    };
  }
  // A Job's template cannot be changed: another content is another Job.
  if (copy.kind === 'Job' && namesJobs)
    copy.metadata.name = `${copy.metadata.name}-${digest(copy.spec).slice(0, jobHashLength)}`;
  return copy;
}

/** ConfigMaps and Secrets that the environment of a workload comes from; files are left out, pods see those change. */
export function configOf(workload: Workload, all: readonly KubeObject[]): KubeObject[] {
  const names = new Set<string>();
  for (const { env, envFrom } of containersOf(workload)) {
    for (const { configMapRef, secretRef } of envFrom ?? []) {
      if (configMapRef) names.add(`ConfigMap/${configMapRef.name}`);
      if (secretRef) names.add(`Secret/${secretRef.name}`);
    }
    for (const { valueFrom } of env ?? []) {
      if (valueFrom?.configMapKeyRef) names.add(`ConfigMap/${valueFrom.configMapKeyRef.name}`);
      if (valueFrom?.secretKeyRef) names.add(`Secret/${valueFrom.secretKeyRef.name}`);
    }
  }
  return all.filter(
    ({ kind, metadata }) => names.has(`${kind}/${metadata.name}`) && metadata.namespace === workload.metadata.namespace,
  );
}

/** Its containers and those that run before them; none where nobody has looked whether the object is whole. */
function containersOf({ spec }: Workload): Container[] {
  const pod = (spec as Partial<Workload['spec']> | undefined)?.template?.spec as Partial<PodSpec> | undefined;
  return [...(pod?.containers ?? []), ...(pod?.initContainers ?? [])];
}

/** Hash of a value that does not depend on the order of keys: SHA-256 of its JSON with sorted keys, the first 16 digits. */
export function digest(value: unknown): string {
  return createHash('sha256').update(stable(value)).digest('hex').slice(0, 16);
}

function stable(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(stable).join(',')}]`;
  if (value !== null && typeof value === 'object') {
    const entries = Object.entries(value).filter(([, item]) => item !== undefined);
    entries.sort(([a], [b]) => (a < b ? -1 : 1));
    return `{${entries.map(([key, item]) => `${JSON.stringify(key)}:${stable(item)}`).join(',')}}`;
  }
  return JSON.stringify(value);
}
