import { listOrFail } from './apply-set.js';
import type { KubeClient } from './client.js';
import type { ApiResource } from './discovery.js';
import type { LiveObject } from './live-object.js';
import type { WarningEvent } from './pod-trouble.js';

const revisionAnnotation = 'deployment.kubernetes.io/revision';

/** Where pods are listed. */
export const podResource: ApiResource = {
  apiVersion: 'v1',
  kind: 'Pod',
  plural: 'pods',
  namespaced: true,
  verbs: ['list'],
};
const replicaSets: ApiResource = {
  apiVersion: 'apps/v1',
  kind: 'ReplicaSet',
  plural: 'replicasets',
  namespaced: true,
  verbs: ['list'],
};
const eventResource: ApiResource = {
  apiVersion: 'v1',
  kind: 'Event',
  plural: 'events',
  namespaced: true,
  verbs: ['list'],
};

/** The pods of a workload that count: of a Deployment those of its newest revision; none that is being deleted. */
export async function podsOf(client: KubeClient, workload: LiveObject): Promise<LiveObject[]> {
  if (workload.kind === 'Pod') return [workload];
  const { namespace } = workload.metadata;
  const labels = (workload.spec?.selector as { matchLabels?: Record<string, string> } | undefined)?.matchLabels ?? {};
  const labelSelector = Object.entries(labels)
    .map(([name, value]) => `${name}=${value}`)
    .join(',');
  const pods = listOrFail(client, podResource, { namespace, labelSelector });
  const owners = new Set([workload.metadata.uid]);
  if (workload.kind === 'Deployment') {
    const revision = workload.metadata.annotations?.[revisionAnnotation];
    for (const set of await listOrFail(client, replicaSets, { namespace, labelSelector })) {
      const owned = set.metadata.ownerReferences?.some((owner) => owner.uid === workload.metadata.uid);
      if (owned && set.metadata.annotations?.[revisionAnnotation] === revision) owners.add(set.metadata.uid);
    }
  }
  return (await pods).filter(
    (pod) =>
      pod.metadata.deletionTimestamp === undefined &&
      pod.metadata.ownerReferences?.some((owner) => owners.has(owner.uid)),
  );
}

/** Warnings of a namespace by the uid of what they are about, newest first. A ReplicaSet's count for its Deployment too. */
export async function eventsOf(client: KubeClient, namespace: string): Promise<Map<string, WarningEvent[]>> {
  const [events, sets] = await Promise.all([
    listOrFail(client, eventResource, { namespace }),
    listOrFail(client, replicaSets, { namespace }),
  ]);
  const deployments = new Map(
    sets.flatMap((set) => (set.metadata.ownerReferences ?? []).map((owner) => [set.metadata.uid, owner.uid] as const)),
  );
  const found = new Map<string, WarningEvent[]>();
  for (const event of events) {
    if (event.type !== 'Warning') continue;
    const { uid = '' } = (event.involvedObject ?? {}) as { uid?: string };
    const series = event.series as { count?: number; lastObservedTime?: string } | undefined;
    const warning: WarningEvent = {
      reason: String(event.reason ?? ''),
      message: String(event.message ?? '')
        .replace(/\s+/g, ' ')
        .trim(),
      count: series?.count ?? Number(event.count ?? 1),
      lastSeen: String(
        series?.lastObservedTime ?? event.lastTimestamp ?? event.eventTime ?? event.metadata.creationTimestamp ?? '',
      ),
    };
    for (const about of new Set([uid, deployments.get(uid) ?? uid])) {
      found.set(about, [...(found.get(about) ?? []), warning]);
    }
  }
  for (const list of found.values()) list.sort((a, b) => (a.lastSeen < b.lastSeen ? 1 : -1));
  return found;
}
