import { type ClusterView, clusterViewOf } from '../../preflight/cluster-view.js';
import type { ClusterFacts } from '../../source.js';
import { ApiError } from './api-error.js';
import type { KubeClient } from './client.js';
import { discoveryAccept } from './discovery.js';
import { groupKindOf } from './live-object.js';

/** What a cluster that runs says of itself, for whoever renders objects for it. `provider` made it, where that is known. */
export async function clusterFacts(client: KubeClient, provider?: ClusterView['provider']): Promise<ClusterFacts> {
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
    view: async () => ({ ...(await viewOf(client, version)), ...(provider !== undefined && { provider }) }),
    find: (objects) =>
      Promise.all(
        objects.map(({ apiVersion, kind, namespace, name }) =>
          orUndefined(
            client.get({ apiVersion, kind, metadata: { name, ...(namespace !== undefined && { namespace }) } }),
          ),
        ),
      ),
  };
}

async function viewOf(client: KubeClient, version: unknown): Promise<ClusterView> {
  const get = (path: string) => orUndefined(client.call('GET', path));
  const discover = (path: string) => client.call('GET', path, { accept: discoveryAccept });
  const [core, groups, ingressClasses, nodes, storageClasses, namespaces, services] = await Promise.all([
    discover('/api'),
    discover('/apis'),
    get('/apis/networking.k8s.io/v1/ingressclasses'),
    get('/api/v1/nodes'),
    get('/apis/storage.k8s.io/v1/storageclasses'),
    get('/api/v1/namespaces'),
    get('/api/v1/services'),
  ]);
  return clusterViewOf({
    version,
    discovery: [core, groups],
    ingressClasses,
    nodes,
    storageClasses,
    namespaces,
    services,
  });
}

/** What may not be read, or is not there, is not known. */
async function orUndefined<T>(answer: Promise<T>): Promise<T | undefined> {
  try {
    return await answer;
  } catch (error) {
    if (error instanceof ApiError && [401, 403, 404].includes(error.status)) return undefined;
    throw error;
  }
}
