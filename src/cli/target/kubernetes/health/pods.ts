import type { KubeClient } from '../api/client.js';
import type { ApiResource } from '../api/discovery.js';
import { eventResource, listOrFail, podResource } from '../api/list.js';
import type { LiveObject } from '../api/live-object.js';
import type { WarningEvent } from './pod-trouble.js';

const revisionAnnotation = 'deployment.kubernetes.io/revision';

const replicaSets: ApiResource = {
  apiVersion: 'apps/v1',
  kind: 'ReplicaSet',
  plural: 'replicasets',
  namespaced: true,
  verbs: ['list'],
};
/** The pods of a workload that count: of a Deployment those of its newest revision; none that is being deleted. */
export async function podsOf(client: KubeClient, workload: LiveObject): Promise<LiveObject[]> {
  if (workload.kind === 'Pod') return [workload];
  const { namespace } = workload.metadata;
  const pods = listOrFail(client, podResource, { namespace, labelSelector: selectorOf(workload) });
  const sets = workload.kind === 'Deployment' ? await currentReplicaSets(client, workload) : [];
  const owners = new Set([workload, ...sets].map(({ metadata }) => metadata.uid));
  return (await pods).filter(
    (pod) =>
      pod.metadata.deletionTimestamp === undefined &&
      pod.metadata.ownerReferences?.some((owner) => owners.has(owner.uid)),
  );
}

/** `a=b,c=d`: the pods that a workload selects. */
function selectorOf(workload: LiveObject): string {
  const labels = (workload.spec?.selector as { matchLabels?: Record<string, string> } | undefined)?.matchLabels ?? {};
  return Object.entries(labels)
    .map(([name, value]) => `${name}=${value}`)
    .join(',');
}

/** The ReplicaSet of a Deployment's newest revision; older ones tell of what has been replaced. */
export async function currentReplicaSets(client: KubeClient, deployment: LiveObject): Promise<LiveObject[]> {
  const { namespace, uid, annotations } = deployment.metadata;
  const sets = await listOrFail(client, replicaSets, { namespace, labelSelector: selectorOf(deployment) });
  return sets.filter(
    ({ metadata }) =>
      metadata.ownerReferences?.some((owner) => owner.uid === uid) &&
      metadata.annotations?.[revisionAnnotation] === annotations?.[revisionAnnotation],
  );
}

/** Warnings of a namespace by the uid of what they are about, newest first. */
export async function eventsOf(client: KubeClient, namespace: string): Promise<Map<string, WarningEvent[]>> {
  const events = await listOrFail(client, eventResource, { namespace });
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
    found.set(uid, [...(found.get(uid) ?? []), warning]);
  }
  for (const list of found.values()) list.sort((a, b) => (a.lastSeen < b.lastSeen ? 1 : -1));
  return found;
}
