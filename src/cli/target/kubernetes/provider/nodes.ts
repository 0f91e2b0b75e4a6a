import { sameImage } from '../../../kernel/image-name.js';
import type { KubeClient } from '../api/client.js';
import { conditionOf, type LiveObject } from '../api/live-object.js';

/** An API server on this machine or its network answers in a few milliseconds; one that is gone is not asked for longer: 1.5 s. */
const probeMs = 1_500;

/** The nodes of a cluster that answers and has all of them ready; undefined where that is not certain, so that its provider must be asked. */
export async function readyNodes(client: () => KubeClient): Promise<LiveObject[] | undefined> {
  try {
    const { items = [] } = await client().call<{ items?: LiveObject[] }>('GET', '/api/v1/nodes', {
      timeoutMs: probeMs,
    });
    const isReady = (node: LiveObject) => conditionOf(node, 'Ready')?.status === 'True';
    return items.length > 0 && items.every(isReady) ? items : undefined;
  } catch {
    // No such context yet, nobody there, or no permission: whoever asks next says which.
    return undefined;
  }
}

/**
 * Whether all nodes have the image, for certain: each lists it, and a workload of ours runs it and is ready. The list alone
 * may be some seconds old, and names fifty images at most.
 */
export function isOnNodes(image: string, nodes: readonly LiveObject[], members: readonly LiveObject[]): boolean {
  const lists = nodes.map((node) =>
    ((node.status?.images ?? []) as { names?: string[] }[]).flatMap(({ names = [] }) => names),
  );
  const isListed = lists.length > 0 && lists.every((names) => names.some((name) => sameImage(name, image)));
  return isListed && members.some((member) => member.kind === 'Deployment' && runs(member, image));
}

function runs(deployment: LiveObject, image: string): boolean {
  const spec = deployment.spec as { template?: { spec?: { containers?: { image: string }[] } } } | undefined;
  const { updatedReplicas, readyReplicas } = (deployment.status ?? {}) as {
    updatedReplicas?: number;
    readyReplicas?: number;
  };
  const isNamed = spec?.template?.spec?.containers?.some((container) => sameImage(container.image, image)) === true;
  return isNamed && (updatedReplicas ?? 0) > 0 && (readyReplicas ?? 0) >= (updatedReplicas ?? 0);
}
