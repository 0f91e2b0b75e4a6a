import { Failure } from '../kernel/failure.js';
import type { ClusterTargets, TargetChoice } from './choice.js';
import type { TargetEnvironment } from './environment.js';
import type { Target } from './target.js';

/** A target and why it is this one, in words that follow `target NAME: `. */
export interface ResolvedTarget {
  target: Target;
  reason: string;
}

/** Loads kubernetes/, which brings the Kubernetes client along. */
const loadClusterTargets = async (): Promise<ClusterTargets> =>
  (await import('./kubernetes/clusters.js')).clusterTargets;

/**
 * What a command wants a target for: to `deploy` there (auto: what is up here, else minikube where it is usable, else
 * local), or to `find` what is up (auto: where something is; nowhere: the local target, on which nothing is).
 */
export type Purpose = 'deploy' | 'find';

/**
 * Turns `--target` and its companions into a target. Throws Failure `no-cluster-target`, `context-missing` or `usage`, and
 * `two-targets` where `auto` is to find what is up and two targets have something.
 */
export async function resolveTarget(
  choice: TargetChoice,
  environment: TargetEnvironment,
  purpose: Purpose = 'deploy',
  loadClusters: () => Promise<ClusterTargets> = loadClusterTargets,
): Promise<ResolvedTarget> {
  const { createLocalTarget } = await import('./local/target.js');
  switch (choice.target) {
    case 'local':
      return { target: createLocalTarget(environment), reason: 'asked for with --target local' };
    case 'auto': {
      const local = createLocalTarget(environment);
      const isUp = local.isUp();
      if (isUp && purpose === 'deploy') return { target: local, reason: 'it is up here' };
      const clusters = await loadClusters();
      const isRecorded = clusters.isRecorded(environment);
      // Asking a cluster takes a second or more: not where all is known to be here.
      if (isUp && !isRecorded) return { target: local, reason: 'it is up here' };
      const whyNot = await clusters.whyNotMinikube(environment, choice);
      if (whyNot !== undefined) return { target: local, reason: isUp ? 'it is up here' : whyNot };
      const cluster = await clusters.create('minikube', environment, choice);
      if (purpose === 'deploy') return { target: cluster, reason: 'minikube is installed and usable' };
      return whereItIsUp(local, isUp, cluster, isRecorded);
    }
    default: {
      const target = await (await loadClusters()).create(choice.target, environment, choice);
      const found = target.name === choice.target ? '' : `, and the context is one of ${target.name}'s`;
      return { target, reason: `asked for with --target ${choice.target}${found}` };
    }
  }
}

async function whereItIsUp(
  local: Target,
  isUp: boolean,
  cluster: Target,
  isRecorded: boolean,
): Promise<ResolvedTarget> {
  const { stacks } = await cluster.status();
  if (isUp && stacks.length > 0) {
    throw new Failure({
      code: 'two-targets',
      message: `something is up on the local target and on ${cluster.name} (${stacks.join(', ')})`,
      hint: `Say which is meant: --target local or --target ${cluster.name}`,
    });
  }
  if (isUp) return { target: local, reason: 'it is up here' };
  if (stacks.length > 0) return { target: cluster, reason: 'it is up there' };
  if (isRecorded) return { target: cluster, reason: 'what an earlier up left there is recorded here' };
  return { target: local, reason: 'nothing is up, here or on minikube' };
}
