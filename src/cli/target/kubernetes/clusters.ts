import { Failure } from '../../kernel/failure.js';
import { type RunProgram, run } from '../../kernel/process.js';
import type { ClusterTargets } from '../choice.js';
import { recordedContexts, stateFolder } from './provider/cluster-state.js';
import { whyNotMinikube } from './provider/minikube.js';
import { type ClusterName, providers } from './provider/providers.js';

/** The targets of this folder, as `resolve.ts` wants them. */
export const clusterTargets: ClusterTargets = {
  whyNotMinikube: ({ env }, { profile }) => whyNotMinikube(run, env, profile),
  isRecorded: (environment) => recordedContexts(stateFolder(environment), environment.project).length > 0,
  recorded: async (environment) => {
    const targets = recordedContexts(stateFolder(environment), environment.project).map(async (context) => {
      const name = await ownerOf('kube', context, run);
      // A context of nobody is gone to only where it is named.
      if (name === 'kube') return [];
      const { createClusterTarget } = await import('./target.js');
      return [createClusterTarget({ name, environment, run, context })];
    });
    return (await Promise.all(targets)).flat();
  },
  create: async (asked, environment, choice) => {
    const context = await providers[asked].contextOf(choice, { run, env: environment.env });
    if (choice.context !== undefined && choice.context !== context) {
      throw new Failure({
        code: 'usage',
        message: `--context ${choice.context} is not ${context}, the context of the ${providers[asked].noun}`,
        hint: `Use --target kube --context ${choice.context}, or name another with --profile`,
      });
    }
    // The Kubernetes client takes most of a second to load: not before a cluster is certain.
    const { createClusterTarget } = await import('./target.js');
    const { loadKubeConfig, pinContext } = await import('./api/kube-context.js');
    const name = await ownerOf(asked, context, run);
    // A context that nobody here makes must be there; whether it may be touched is told before anything is asked of it.
    if (name === 'kube') pinContext(loadKubeConfig(environment.env), context, choice.allowContext);
    return createClusterTarget({ name, environment, run, context, allowContext: choice.allowContext });
  },
};

/** Who makes the cluster: the one that was asked for, and behind a context that was named alone whoever owns it. */
async function ownerOf(asked: ClusterName, context: string, execute: RunProgram): Promise<ClusterName> {
  if (asked !== 'kube') return asked;
  for (const [name, { owns }] of Object.entries(providers) as [ClusterName, (typeof providers)[ClusterName]][]) {
    if (await owns(context, execute)) return name;
  }
  return asked;
}
