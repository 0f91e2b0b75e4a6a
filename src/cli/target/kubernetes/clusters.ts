import { Failure } from '../../kernel/failure.js';
import { type Run, run } from '../../kernel/process.js';
import type { TargetEnvironment } from '../environment.js';
import type { ClusterTargets, TargetChoice } from '../resolve.js';
import { isRecorded, stateFolder } from './provider/cluster-state.js';
import { defaultProfile, profileState } from './provider/minikube.js';

const quickMs = 1_500;

/** The targets of this folder, as `resolve.ts` wants them. */
export const clusterTargets: ClusterTargets = {
  whyNotMinikube: (environment, choice) => whyNotMinikube(run, environment, choice),
  isRecorded: (environment) => isRecorded(stateFolder(environment)),
  create: async (name, environment, choice) => {
    // The Kubernetes client takes most of a second to load: not before a cluster is certain.
    const { createClusterTarget } = await import('./target.js');
    const { loadKubeConfig, pinContext } = await import('./api/kube-context.js');
    if (name === 'kube') {
      const context = choice.context;
      if (context === undefined) throw new Error('resolve.ts has checked that there is a context');
      pinContext(loadKubeConfig(environment.env), context, choice.allowContext);
      return createClusterTarget({ name, environment, run, context, allowContext: choice.allowContext });
    }
    const context = await profileName(run, environment, choice);
    if (choice.context !== undefined && choice.context !== context) {
      throw new Failure({
        code: 'usage',
        message: `--context ${choice.context} is not the minikube profile ${context}`,
        hint: `Use --target kube --context ${choice.context}, or --profile ${choice.context}`,
      });
    }
    return createClusterTarget({ name, environment, run, context, allowContext: choice.allowContext });
  },
};

/** The profile that minikube itself would take: flag, environment, its own configuration, its default. */
async function profileName(execute: Run, { env }: TargetEnvironment, choice: TargetChoice): Promise<string> {
  const named = choice.profile ?? env.MINIKUBE_PROFILE;
  if (named !== undefined && named !== '') return named;
  const outcome = await execute(['minikube', 'config', 'get', 'profile'], { timeoutMs: quickMs });
  const configured = outcome.stdout.trim();
  return outcome.exitCode === 0 && configured !== '' ? configured : defaultProfile;
}

/** Why minikube cannot be used here; undefined where its profile runs, or could be started. Takes 2 s at most. */
export async function whyNotMinikube(
  execute: Run,
  environment: TargetEnvironment,
  choice: TargetChoice,
): Promise<string | undefined> {
  const profile = choice.profile ?? environment.env.MINIKUBE_PROFILE;
  const words = ['minikube', ...(profile ? ['-p', profile] : []), 'status', '-o', 'json'] as [string, ...string[]];
  const engines = (['docker', 'podman'] as const).map((engine) =>
    execute([engine, 'version', '--format', '{{.Server.Version}}'], { timeoutMs: quickMs }),
  );
  const outcome = await execute(words, { timeoutMs: quickMs });
  if (outcome.failure === 'ENOENT') return 'minikube is not installed';
  if (outcome.failure === 'timeout') return 'minikube does not answer';
  const state = profileState(outcome);
  if (state.kind === 'running') return undefined;
  if (state.kind === 'broken') return `minikube is installed, but ${state.why}`;
  const answers = await Promise.all(engines);
  if (answers.some(({ exitCode }) => exitCode === 0)) return undefined;
  return 'minikube is installed, but no container engine answers';
}
