import { ApiError } from '../api/api-error.js';
import type { KubeClient } from '../api/client.js';
import type { ClusterCures } from '../api/cluster-cures.js';
import type { ApiResource } from '../api/discovery.js';
import { conditionOf, type LiveObject } from '../api/live-object.js';
import type { PodTrouble } from './pod-trouble.js';
import { eventsOf } from './pods.js';

const nodes: ApiResource = { apiVersion: 'v1', kind: 'Node', plural: 'nodes', namespaced: false, verbs: ['list'] };

/** What the scheduler only hints at (Kubernetes 1.34 no longer names taints): the nodes' taints, the claim that has no volume. */
export async function explainUnschedulable(
  client: KubeClient,
  pod: LiveObject,
  trouble: PodTrouble,
): Promise<PodTrouble> {
  try {
    if (/untolerated taint/.test(trouble.message)) {
      return taintTrouble(pod.metadata.name, await client.list(nodes), client.cures) ?? trouble;
    }
    if (/unbound immediate PersistentVolumeClaims/.test(trouble.message)) {
      return (await claimTrouble(client, pod)) ?? trouble;
    }
  } catch (error) {
    // Who may not look at nodes or claims is told what the scheduler says.
    if (!(error instanceof ApiError)) throw error;
  }
  return trouble;
}

interface Taint {
  key: string;
  value?: string;
  effect: string;
}

/** Which taints keep pods off the nodes, and why they are there. Pure. */
export function taintTrouble(
  pod: string,
  all: readonly LiveObject[],
  cures: Pick<ClusterCures, 'status'>,
): PodTrouble | undefined {
  const said = all.flatMap((node) => {
    const taints = ((node.spec?.taints as Taint[] | undefined) ?? []).filter(
      ({ effect }) => effect === 'NoSchedule' || effect === 'NoExecute',
    );
    const words = taints.map(({ key, value }) => {
      const condition = conditionOf(node, conditionOfTaint[key] ?? '');
      const why = condition?.message === undefined ? '' : ` (${condition.message})`;
      return `${key}${value ? `=${value}` : ''}${why}`;
    });
    return words.length === 0 ? [] : [{ taints, text: `node ${node.metadata.name} has the taint ${words.join(', ')}` }];
  });
  if (said.length === 0) return undefined;
  const keys = said.flatMap(({ taints }) => taints.map(({ key }) => key));
  const pressure = keys.flatMap((key) => /^node\.kubernetes\.io\/(memory|disk|pid)-pressure$/.exec(key)?.[1] ?? []);
  return {
    kind: 'unschedulable',
    message: `no node takes pod ${pod}: ${said.map(({ text }) => text).join('; ')}`,
    hint:
      pressure[0] !== undefined
        ? `The node is short of ${pressure[0]}: free some on it, the pressure goes by itself some minutes later`
        : keys.includes('node.kubernetes.io/unschedulable')
          ? 'The node is cordoned: kubectl uncordon NODE'
          : keys.includes('node.kubernetes.io/not-ready') || keys.includes('node.kubernetes.io/unreachable')
            ? `The node is not ready: ${cures.status}, and kubectl describe node tell why`
            : 'Remove the taint (kubectl taint node NODE KEY-), or add a node without it',
    hopelessAfterMs: 15_000,
  };
}

const conditionOfTaint: Record<string, string> = {
  'node.kubernetes.io/memory-pressure': 'MemoryPressure',
  'node.kubernetes.io/disk-pressure': 'DiskPressure',
  'node.kubernetes.io/pid-pressure': 'PIDPressure',
  'node.kubernetes.io/not-ready': 'Ready',
};

/** Why a claim of the pod has no volume. */
async function claimTrouble(client: KubeClient, pod: LiveObject): Promise<PodTrouble | undefined> {
  const { namespace = '', name } = pod.metadata;
  const volumes = (pod.spec?.volumes ?? []) as { persistentVolumeClaim?: { claimName: string } }[];
  for (const volume of volumes) {
    const claimName = volume.persistentVolumeClaim?.claimName;
    if (claimName === undefined) continue;
    const claim = await client.get({
      apiVersion: 'v1',
      kind: 'PersistentVolumeClaim',
      metadata: { name: claimName, namespace },
    });
    if (claim === undefined || claim.status?.phase === 'Bound') continue;
    const [warning] = (await eventsOf(client, namespace)).get(claim.metadata.uid) ?? [];
    const provisioner = claim.metadata.annotations?.['volume.kubernetes.io/storage-provisioner'];
    const className = claim.spec?.storageClassName as string | undefined;
    const why =
      warning?.message ??
      (className === undefined
        ? 'it names no StorageClass, and the cluster has no default one'
        : provisioner === undefined
          ? `nothing provisions volumes of StorageClass ${className}`
          : `the provisioner ${provisioner} has not made one`);
    const cure = provisioner === undefined ? undefined : client.cures.volumes(provisioner);
    return {
      kind: 'volume',
      message: `pod ${name} waits for a volume for its claim ${claimName}: ${why}`,
      hint:
        cure === undefined
          ? 'kubectl get storageclass, and the log of the provisioner tell more'
          : `Does it run? ${cure}`,
      hopelessAfterMs: 45_000,
    };
  }
  return undefined;
}
