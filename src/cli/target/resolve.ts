import { Failure } from '../kernel/failure.js';
import type { TargetEnvironment } from './environment.js';
import type { Target } from './target.js';

/** What `--target` accepts. */
export const targetNames = ['auto', 'local', 'minikube', 'kube'] as const;

/** The choice of the user: `--target`, `--context`, `--allow-context`, `--profile`. */
export interface TargetChoice {
  target: (typeof targetNames)[number];
  /** kubeconfig context, for `kube`. */
  context?: string;
  /** The context the user vouches for although its server is neither loopback, private nor a known local cluster. */
  allowContext?: string;
  /** minikube profile; minikube's own default where absent. */
  profile?: string;
}

/** A target and why it is this one, in words that follow `target NAME: `. */
export interface ResolvedTarget {
  target: Target;
  reason: string;
}

/** What the module in kubernetes/ offers; loaded only when a cluster is asked for or may be there. */
export interface ClusterTargets {
  /** Why minikube cannot be used on this machine, or undefined where it can. Must answer within 2 s. */
  whyNotMinikube(environment: TargetEnvironment, choice: TargetChoice): Promise<string | undefined>;
  /** Throws Failure where the context is missing or must not be touched. */
  create(name: 'minikube' | 'kube', environment: TargetEnvironment, choice: TargetChoice): Promise<Target>;
}

/** Loads kubernetes/, which brings the Kubernetes client along. */
const loadClusterTargets = async (): Promise<ClusterTargets> =>
  (await import('./kubernetes/clusters.js')).clusterTargets;

/**
 * Turns `--target` and its companions into a target. `auto` stays with what is up here, else takes minikube where it is
 * installed and usable, else local. Throws Failure `no-cluster-target`, `context-missing` or `usage`.
 */
export async function resolveTarget(choice: TargetChoice, environment: TargetEnvironment): Promise<ResolvedTarget> {
  checkChoice(choice);
  const { createLocalTarget } = await import('./local/local-target.js');
  switch (choice.target) {
    case 'local':
      return { target: createLocalTarget(environment), reason: 'asked for with --target local' };
    case 'minikube':
    case 'kube': {
      const target = await (await loadClusterTargets()).create(choice.target, environment, choice);
      return { target, reason: `asked for with --target ${choice.target}` };
    }
    case 'auto': {
      const local = createLocalTarget(environment);
      if (local.isUp()) return { target: local, reason: 'it is up here' };
      const clusters = await loadClusterTargets();
      const whyNot = await clusters.whyNotMinikube(environment, choice);
      if (whyNot !== undefined) return { target: local, reason: whyNot };
      return {
        target: await clusters.create('minikube', environment, choice),
        reason: 'minikube is installed and usable',
      };
    }
  }
}

function checkChoice(choice: TargetChoice): void {
  const misplaced =
    choice.target === 'local'
      ? choice.context !== undefined
        ? '--context'
        : choice.profile !== undefined
          ? '--profile'
          : undefined
      : undefined;
  if (misplaced !== undefined) {
    throw new Failure({
      code: 'usage',
      message: `${misplaced} means nothing with --target local`,
      hint: `Leave ${misplaced} out, or choose a cluster with --target kube or --target minikube`,
    });
  }
  if (choice.target === 'kube' && choice.context === undefined) {
    throw new Failure({
      code: 'context-missing',
      message: '--target kube needs --context NAME, so that it never touches a cluster by accident',
      hint: 'kubectl config get-contexts lists the names',
    });
  }
}
