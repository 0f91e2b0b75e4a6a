import type { ClusterFacts } from '../../source.js';
import type { KubeClient } from './client.js';
import { groupKindOf } from './live-object.js';

/** What a cluster that runs says of itself, for whoever renders objects for it. */
export async function clusterFacts(client: KubeClient): Promise<ClusterFacts> {
  const [version, resources] = await Promise.all([
    client.call<{ gitVersion?: string }>('GET', '/version'),
    client.resources(),
  ]);
  const kinds = new Map(resources.map((resource) => [groupKindOf(resource), resource.namespaced]));
  return {
    kubernetesVersion: version.gitVersion ?? '',
    apiVersions: [
      ...new Set(resources.flatMap(({ apiVersion, kind }) => [apiVersion, `${apiVersion}/${kind}`])),
    ].sort(),
    isNamespaced: (object) => kinds.get(groupKindOf(object)),
    context: client.context,
  };
}
