import { Failure } from '../../../kernel/failure.js';
import { plainCures } from '../api/cluster-cures.js';
import { type ClusterProvider, never, noAddons, type ProviderKind } from './provider.js';

/** Any context of the kubeconfig: somebody else made the cluster, it is there, and its nodes get images from registries. */
export const none: ProviderKind = {
  noun: 'context',
  flags: { profile: false, cpus: false, memory: false, kubernetesVersion: false, deleteCluster: false },
  contextOf: async ({ context }) => {
    if (context !== undefined) return context;
    throw new Failure({
      code: 'context-missing',
      message: '--target kube needs --context NAME, so that it never touches a cluster by accident',
      hint: 'kubectl config get-contexts lists the names',
    });
  },
  owns: async () => false,
  profiles: async () => [],
  prerequisites: async () => [],
  open: openContext,
};

function openContext(context: string): ClusterProvider {
  return {
    profile: context,
    noun: none.noun,
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
