import { plainCures } from '../api/cluster-cures.js';
import { type ClusterProvider, never, noAddons } from './provider.js';

/** Any context of the kubeconfig: somebody else made the cluster, it is there, and its nodes get images from registries. */
export function openContext(context: string): ClusterProvider {
  return {
    profile: context,
    noun: 'context',
    ref: `context/${context}`,
    cures: plainCures(context),
    state: async () => ({ kind: 'running' }),
    start: async () => never('start a cluster'),
    delete: async () => never('delete a cluster'),
    ...noAddons,
    loadsImages: false,
    buildsImages: false,
    images: async () => [],
    loadArchive: async () => never('load an image'),
    buildImage: async () => never('build an image'),
    removeImage: async () => never('remove an image'),
  };
}
