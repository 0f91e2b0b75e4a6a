import type { KubeObject } from './manifests/kube-object.js';
import type { StackObject } from './manifests/stack-object.js';
import type { Values } from './manifests/values-shape.js';
import type { ClusterView } from './preflight/cluster-view.js';

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
  /** What it has, as far as it decides whether objects will work; looked up when it is asked for. */
  view(): Promise<ClusterView>;
  /** Objects as they are live; undefined for one that is not there. */
  find(
    objects: readonly { apiVersion: string; kind: string; namespace: string | undefined; name: string }[],
  ): Promise<(KubeObject | undefined)[]>;
}

/** An image that is built here: what objects call it, and what it is made of. */
export interface BuiltImage {
  /** Its name in the objects, with or without a tag. */
  image: string;
  /** Folder that is sent to the engine; absolute. */
  context: string;
  /** Absolute; where absent, the context's `Dockerfile`, `dockerfile` or `Containerfile`. */
  dockerfile?: string;
  /** Stage of the Dockerfile; the last one where absent. */
  target?: string;
  /** `linux/amd64`; the engine's own where absent. */
  platform?: string;
  /** Values of ARG instructions. */
  arguments: Readonly<Record<string, string>>;
  /** What says that it is built, for messages: `hwctl.yaml:12`. */
  where?: string;
}

/** Where the objects of a project come from. One implementation reads the bundled platform, one anybody's repository. */
export interface ObjectSource {
  /** The objects depend on the cluster: what they are in full is known once it runs. */
  readonly asksCluster: boolean;
  /** Names of the provider's addons that these objects need; all that the provider knows where absent. */
  addons?(entries: readonly StackObject[]): string[];
  /** Images that are built here, by the names that the objects give them. */
  readonly images: readonly BuiltImage[];
  /** Namespace of the record of what is up; that of the services where absent. */
  readonly home?: string;
  /** The objects of these stacks, edited as the values say, in the order of application. Throws Failure for what cannot be used. */
  objects(
    request: { stacks: readonly string[]; values: Values },
    cluster: ClusterFacts | undefined,
  ): Promise<StackObject[]>;
}
