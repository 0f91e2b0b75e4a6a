import type { StackObject } from './manifests/stack-object.js';
import type { Values } from './manifests/values-shape.js';

/** What rendering may ask of a cluster that runs. */
export interface ClusterFacts {
  /** `v1.34.4`. */
  kubernetesVersion: string;
  /** As helm's `--api-versions` takes them: `apps/v1`, `apps/v1/Deployment`. */
  apiVersions: readonly string[];
  /** Whether objects of a kind live in namespaces; undefined for a kind that nobody serves. */
  isNamespaced(object: { apiVersion: string; kind: string }): boolean | undefined;
  /** kubeconfig context, for what a chart looks up. */
  context: string;
}

/** Where the objects of a project come from. One implementation reads the bundled platform, one anybody's repository. */
export interface ObjectSource {
  /** The objects depend on the cluster: what they are in full is known once it runs. */
  readonly asksCluster: boolean;
  /** Namespace of the record of what is up; that of the services where absent. */
  readonly home?: string;
  /** The objects of these stacks, edited as the values say, in the order of application. Throws Failure for what cannot be used. */
  objects(
    request: { stacks: readonly string[]; values: Values },
    cluster: ClusterFacts | undefined,
  ): Promise<StackObject[]>;
}
