import type { KubeObject } from '../manifests/kube-object.js';
import type { FieldPath } from './varying-fields.js';

/** One object as it is to be applied, nothing lost: what the API server ignores is carried, too. */
export interface RenderedObject {
  /** `metadata.namespace` is absent where the source names none. */
  object: KubeObject;
  /** Namespace of what names none: its release's, else the project's. */
  defaultNamespace: string;
  /** `k8s/01-ns.yaml:12`, or `chart/templates/x.yaml`. */
  source: string;
  /** Index of its release in the order of the project. */
  release: number;
  /** Only of charts: kubectl knows no hooks. */
  hook?: Hook;
  /** Fields that its chart makes anew each time it is rendered: what is live is to be kept (`keepLive`). */
  varying?: readonly FieldPath[];
}

/** What `helm.sh/hook` and its kin say (https://helm.sh/docs/topics/charts_hooks/). */
export interface Hook {
  events: readonly string[];
  weight: number;
  deletePolicies: readonly DeletePolicy[];
}

type DeletePolicy = 'before-hook-creation' | 'hook-succeeded' | 'hook-failed';

const deletePolicies: readonly DeletePolicy[] = ['before-hook-creation', 'hook-succeeded', 'hook-failed'];

/** The hook that an object of a chart is; undefined for what is a part of the release. */
export function hookOf({ metadata: { annotations = {} } }: KubeObject): Hook | undefined {
  const events = words(annotations['helm.sh/hook']);
  if (events.length === 0) return undefined;
  // As helm has it: what is no integer counts for nothing.
  const weight = /^\s*[-+]?\d+\s*$/.exec(annotations['helm.sh/hook-weight'] ?? '');
  const given = words(annotations['helm.sh/hook-delete-policy']);
  const policies = deletePolicies.filter((policy) => given.includes(policy));
  return {
    events: events.map((event) => (event === 'test-success' ? 'test' : event)),
    weight: weight === null ? 0 : Number(weight[0]),
    deletePolicies: policies.length > 0 ? policies : ['before-hook-creation'],
  };
}

function words(list: string | undefined): string[] {
  return (list ?? '')
    .split(',')
    .map((word) => word.trim().toLowerCase())
    .filter((word) => word !== '');
}

/** Whether its chart asks that an object stays when the release goes (`helm.sh/resource-policy: keep`). */
export function isKept({ metadata }: KubeObject): boolean {
  return metadata.annotations?.['helm.sh/resource-policy']?.trim().toLowerCase() === 'keep';
}

/** `Deployment api` of `k8s/api.yaml:3`: how messages name an object. */
export function toldOf({ object }: Pick<RenderedObject, 'object'>): string {
  return `${object.kind} ${object.metadata.name}`;
}
