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
  const [{ createLocalTarget }, { bundledLocal }] = await Promise.all([
    import('./local/target.js'),
    import('./bundled-local.js'),
  ]);
  const project = environment.local ?? bundledLocal(environment);
  switch (choice.target) {
    case 'local':
      return { target: createLocalTarget(environment, project), reason: 'asked for with --target local' };
    case 'auto': {
      const local = createLocalTarget(environment, project);
      const isUp = local.isUp();
      if (isUp && purpose === 'deploy') return { target: local, reason: 'it is up here' };
      const clusters = await loadClusters();
      const isRecorded = clusters.isRecorded(environment);
      // Asking a cluster takes a second or more: not where all is known to be here.
      if (isUp && !isRecorded) return { target: local, reason: 'it is up here' };
      const whyNot = await clusters.whyNotMinikube(environment, choice);
      const minikube = whyNot === undefined ? [await clusters.create('minikube', environment, choice)] : [];
      if (purpose === 'deploy' && minikube[0] !== undefined)
        return { target: minikube[0], reason: 'minikube is installed and usable' };
      const others = purpose === 'find' && isRecorded ? await clusters.recorded(environment) : [];
      const found = await whereItIsUp(local, isUp, [...minikube, ...others], isRecorded);
      return found ?? { target: local, reason: whyNot ?? 'nothing is up, here or on minikube' };
    }
    default: {
      const target = await (await loadClusters()).create(choice.target, environment, choice);
      const found = target.name === choice.target ? '' : `, and the context is one of ${target.name}'s`;
      return { target, reason: `asked for with --target ${choice.target}${found}` };
    }
  }
}

/** Undefined where nothing is up and nothing recorded. */
async function whereItIsUp(
  local: Target,
  isUp: boolean,
  clusters: readonly Target[],
  isRecorded: boolean,
): Promise<ResolvedTarget | undefined> {
  const seen = await Promise.all(clusters.map(async (target) => ({ target, stacks: (await target.status()).stacks })));
  const there = seen.filter(({ stacks }) => stacks.length > 0);
  if (there.length + Number(isUp) > 1) {
    const names = there.map(({ target, stacks }) => `${target.name} (${stacks.join(', ')})`);
    const choices = [...(isUp ? ['local'] : []), ...there.map(({ target }) => target.name)];
    throw new Failure({
      code: 'two-targets',
      message: `something is up on ${[...(isUp ? ['the local target'] : []), ...names].join(' and on ')}`,
      hint: `Say which is meant: ${choices.map((name) => `--target ${name}`).join(' or ')}`,
    });
  }
  if (isUp) return { target: local, reason: 'it is up here' };
  if (there[0] !== undefined) return { target: there[0].target, reason: 'it is up there' };
  // One that is known by its record alone before one that any machine may have.
  const last = clusters.at(-1);
  if (!isRecorded || last === undefined) return undefined;
  return { target: last, reason: 'what an earlier up left there is recorded here' };
}
