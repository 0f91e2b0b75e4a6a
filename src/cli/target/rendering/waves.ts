import type { Hook, RenderedObject } from './rendered-object.js';

/** Objects that are applied together, in order. The next wave begins when this one has what `wait` says. */
export interface Wave {
  objects: RenderedObject[];
  /** `complete`: its Jobs and Pods have run to their ends, its CRDs are established. */
  wait: 'none' | 'complete';
  /** The workloads of earlier releases are given time to become ready first, as a person would have waited. */
  settleBefore: boolean;
  /** Hooks that are deleted once this wave is complete: all of their event have succeeded (`hook-succeeded`). */
  deleteAfter: RenderedObject[];
}

/** Helm's order of installation (pkg/release/v1/util/kind_sorter.go); what it does not name comes after, by kind. */
const installOrder =
  'PriorityClass Namespace NetworkPolicy ResourceQuota LimitRange PodSecurityPolicy PodDisruptionBudget ServiceAccount Secret SecretList ConfigMap StorageClass PersistentVolume PersistentVolumeClaim CustomResourceDefinition ClusterRole ClusterRoleList ClusterRoleBinding ClusterRoleBindingList Role RoleList RoleBinding RoleBindingList Service DaemonSet Pod ReplicationController ReplicaSet Deployment HorizontalPodAutoscaler StatefulSet Job CronJob IngressClass Ingress APIService MutatingWebhookConfiguration ValidatingWebhookConfiguration'.split(
    ' ',
  );
const rank = new Map(installOrder.map((kind, index) => [kind, index]));

/**
 * The order of a project: Namespaces and CRDs of all releases; then each release in turn, its hooks before, its objects, its hooks
 * after. `isInstalled` tells which releases are there already: their hooks are those of an upgrade.
 */
export function wavesOf(
  objects: readonly RenderedObject[],
  isInstalled: (release: number) => boolean = () => false,
): Wave[] {
  const parts = objects.filter(({ hook }) => hook === undefined);
  const first = parts.filter(isFirst).sort((a, b) => byKind(a, b) || a.release - b.release);
  const waves = first.length > 0 ? [wave(first)] : [];
  const releases = [...new Set(objects.map(({ release }) => release))].sort((a, b) => a - b);
  let hasWorkloads = false;
  for (const release of releases) {
    const own = objects.filter((object) => object.release === release);
    const deed = isInstalled(release) ? 'upgrade' : 'install';
    const before = hookWaves(own, `pre-${deed}`);
    const main = own.filter((object) => object.hook === undefined && !isFirst(object)).sort(byKind);
    const after = hookWaves(own, `post-${deed}`);
    const runs = [...before, ...after].find(({ wait }) => wait === 'complete');
    if (runs !== undefined) runs.settleBefore = hasWorkloads;
    waves.push(...before, ...(main.length > 0 ? [wave(main)] : []), ...after);
    hasWorkloads ||= main.some(({ object }) => workloads.has(object.kind));
  }
  return waves;
}

const workloads = new Set([
  'Deployment',
  'StatefulSet',
  'DaemonSet',
  'ReplicaSet',
  'ReplicationController',
  'Pod',
  'Job',
]);
/** Hooks of these kinds are waited for: helm goes on at once after all others. */
const completing = new Set(['Job', 'Pod', 'CustomResourceDefinition']);

function isFirst({ object }: RenderedObject): boolean {
  return object.kind === 'Namespace' || object.kind === 'CustomResourceDefinition';
}

function wave(objects: RenderedObject[]): Wave {
  const wait = objects.some(({ object, hook }) =>
    hook === undefined ? object.kind === 'CustomResourceDefinition' : completing.has(object.kind),
  );
  return { objects, wait: wait ? 'complete' : 'none', settleBefore: false, deleteAfter: [] };
}

/** Helm runs hooks one after the other: a wave ends with each that is waited for, and with each weight. */
function hookWaves(own: readonly RenderedObject[], event: string): Wave[] {
  const hooks = hooksFor(own, event);
  const groups: RenderedObject[][] = [];
  for (const [index, hook] of hooks.entries()) {
    const before = hooks[index - 1];
    const joins = before !== undefined && weightOf(before) === weightOf(hook) && !completing.has(before.object.kind);
    if (joins) groups.at(-1)?.push(hook);
    else groups.push([hook]);
  }
  const waves = groups.map(wave);
  const last = waves.at(-1);
  // In the opposite order: what a Job needed goes after it.
  if (last !== undefined)
    last.deleteAfter = hooks.filter(({ hook }) => hook?.deletePolicies.includes('hook-succeeded')).reverse();
  return waves;
}

function hooksFor(objects: readonly RenderedObject[], event: Hook['events'][number]): RenderedObject[] {
  return objects
    .filter(({ hook }) => hook?.events.includes(event))
    .sort((a, b) => a.release - b.release || weightOf(a) - weightOf(b) || byKind(a, b) || byName(a, b));
}

function weightOf({ hook }: RenderedObject): number {
  return hook?.weight ?? 0;
}

function byKind({ object: a }: RenderedObject, { object: b }: RenderedObject): number {
  const known = (rank.get(a.kind) ?? rank.size) - (rank.get(b.kind) ?? rank.size);
  return known || (rank.has(a.kind) ? 0 : compare(a.kind, b.kind));
}

function byName({ object: a }: RenderedObject, { object: b }: RenderedObject): number {
  return compare(a.metadata.name, b.metadata.name);
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
