import { basename } from 'node:path';

/** API groups of files that look like objects and are read by another program than the API server. */
const programs: readonly (readonly [RegExp, string])[] = [
  [/^kind\.x-k8s\.io\//, 'kind'],
  [/^k3d\.io\//, 'k3d'],
  [/^(?:kubeadm|kubelet\.config|kubeproxy\.config|kubescheduler\.config)\.k8s\.io\//, 'a node of the cluster'],
  [/^(?:apiserver\.config|apiserver|audit|pod-security\.admission\.config)\.k8s\.io\//, 'the API server itself'],
  [/^client\.authentication\.k8s\.io\//, 'kubectl'],
  [/^kustomize\.config\.k8s\.io\//, 'kustomize'],
  [/^skaffold\//, 'skaffold'],
  [/^ctlptl\.dev\//, 'ctlptl'],
  [/^eksctl\.io\//, 'eksctl'],
  [/^kops\.k8s\.io\//, 'kops'],
];

/** Files that have a name of their own, and not all of them something in them by which they are known. */
const names: readonly (readonly [RegExp, string])[] = [
  [/^(?:docker-)?compose\b.*\.ya?ml$/i, 'compose'],
  [/^skaffold\b.*\.ya?ml$/i, 'skaffold'],
  [/^kustomization\.ya?ml$/i, 'kustomize'],
  [/^(?:chart|requirements|.*values.*)\.ya?ml$/i, 'helm'],
  [/^hwctl\.ya?ml$/i, 'hwctl'],
  [/^package(?:-lock)?\.json$/i, 'npm'],
  [/\.postman_(?:collection|environment|globals)\.json$/i, 'Postman'],
];

type Mapping = Record<string, unknown>;

/** Keys that stand at the top of objects: what has none of them is not meant as one. */
const ofObjects = ['apiVersion', 'kind', 'metadata', 'spec', 'data', 'items'];

/**
 * Whose file a document is that is no object of Kubernetes for certain: the program's name. Undefined for what may be meant as
 * an object, however broken.
 */
export function readerOf(value: unknown, file: string): string | undefined {
  // A list of whatever; of what has kinds, `---` is what is missing.
  if (Array.isArray(value))
    return value.some((each) => isMapping(each) && 'kind' in each) ? undefined : 'another program';
  if (!isMapping(value)) return undefined;
  const apiVersion = typeof value.apiVersion === 'string' ? value.apiVersion : '';
  const program = programs.find(([pattern]) => pattern.test(apiVersion))?.[1];
  if (program !== undefined) return program;
  if (apiVersion === 'v1' && value.kind === 'Config' && 'contexts' in value) return 'kubectl';
  if (typeof value.kind === 'string') return undefined;
  const named = names.find(([pattern]) => pattern.test(basename(file)))?.[1];
  if (named !== undefined) return named;
  return ofObjects.some((key) => Object.hasOwn(value, key)) ? undefined : 'another program';
}

/** Whether a value is a map of a document. */
export function isMapping(value: unknown): value is Mapping {
  return value !== null && typeof value === 'object' && !Array.isArray(value);
}
