import type { TargetEnvironment } from './environment.js';
import type { Target } from './target.js';
import type { ClusterName, targetNames } from './target-names.js';

/** The choice of the user: `--target`, `--context`, `--allow-context`, `--profile`. */
export interface TargetChoice {
  target: (typeof targetNames)[number];
  /** kubeconfig context, for `kube`. */
  context?: string;
  /** The context the user vouches for although its server is neither loopback, private nor a known local cluster. */
  allowContext?: string;
  /** A cluster by its provider's own name for it (`minikube profile`); the provider's default where absent. */
  profile?: string;
}

/** What the module in kubernetes/ offers; loaded only when a cluster is asked for or may be there. */
export interface ClusterTargets {
  /** Why minikube cannot be used on this machine, or undefined where it can. Must answer within 2 s. */
  whyNotMinikube(environment: TargetEnvironment, choice: TargetChoice): Promise<string | undefined>;
  /** Whether an `up` on a cluster is recorded here that no `down` has undone; quick. */
  isRecorded(environment: TargetEnvironment): boolean;
  /** The clusters of such records whose provider knows them by their context alone. */
  recorded(environment: TargetEnvironment): Promise<Target[]>;
  /** Throws Failure where the context is missing or must not be touched. `kube` may turn out to be of a provider that owns the context. */
  create(name: ClusterName, environment: TargetEnvironment, choice: TargetChoice): Promise<Target>;
}
