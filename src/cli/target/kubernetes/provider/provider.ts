import type { Clock } from '../../../kernel/clock.js';
import type { RunProgram } from '../../../kernel/process.js';
import type { Finding } from '../../prerequisite.js';
import type { ClusterCures } from '../api/cluster-cures.js';

/** The environment of the process. */
export type Env = Readonly<Record<string, string | undefined>>;

/** Flags that mean something only to who makes or deletes the cluster, as they are named in parsed options. */
export type ClusterFlag = 'profile' | 'cpus' | 'memory' | 'kubernetesVersion' | 'deleteCluster';

/** What a provider is before a cluster of it is opened: an entry of providers.ts. It must be quick to load. */
export interface ProviderKind {
  /** What one of its clusters is called: `minikube profile`. */
  noun: string;
  /** Which of these flags mean something on its clusters. */
  flags: Readonly<Record<ClusterFlag, boolean>>;
  /** The context that the choice of the user means. Throws Failure where the choice says too little. */
  contextOf(choice: { context?: string; profile?: string }, deps: { run: RunProgram; env: Env }): Promise<string>;
  /** True where a context that was named alone (`--target kube`) is one of its clusters, and is treated as such. */
  owns(context: string, run: RunProgram): Promise<boolean>;
  /** Names of its clusters that are known without asking a program; for completion. */
  profiles(env: Env): Promise<string[]>;
  /** What this machine needs for it beyond a container engine; empty where nothing is made here. */
  prerequisites(run: RunProgram): Promise<Finding[]>;
  open(context: string, deps: { run: RunProgram; clock: Clock; env: Env }): ClusterProvider;
}

/** How long a call of the provider's program may take, and what ends it before. */
export interface Deadline {
  timeoutMs: number;
  signal?: AbortSignal;
}

/** What a cluster is made with; each part has the provider's own default. */
export interface StartFlags {
  cpus?: string;
  memory?: string;
  kubernetesVersion?: string;
  /** Leave kubectl at the context it is at. */
  keepContext?: boolean;
}

export type ProviderState =
  | { kind: 'running' }
  | { kind: 'missing' }
  | { kind: 'stopped'; why: string }
  | { kind: 'broken'; why: string };

/** What a provider installs on demand, and the Deployment that tells its health. */
export interface Addon {
  name: string;
  /** What the platform uses it for. */
  brings: 'ingress' | 'metrics';
  health: { apiVersion: string; kind: string; metadata: { name: string; namespace: string } };
}

/** What an image is built of. */
export interface ImageBuild {
  /** Folder; absolute. */
  context: string;
  /** Absolute. */
  dockerfile: string;
  target?: string;
  platform?: string;
  arguments: Readonly<Record<string, string>>;
}

/** Who makes a cluster and what surrounds its API server: one open cluster of it. A plain context is one, too: see none.ts. */
export interface ClusterProvider {
  /** Its name among the provider's clusters; hwctl remembers under it that it made the cluster. */
  readonly profile: string;
  /** What the name is a name of: `minikube profile`. */
  readonly noun: string;
  /** How steps and reports name the cluster: `profile/NAME`. */
  readonly ref: string;
  readonly cures: ClusterCures;
  /** Throws Failure where the provider's program is not installed, and the signal's reason. */
  state(options?: Pick<Deadline, 'signal'>): Promise<ProviderState>;
  /** Makes or starts the cluster, and ends when it runs. Throws Failure with the provider's trouble and its cure. */
  start(flags: StartFlags, onProgress: (message: string) => void, options: Deadline): Promise<void>;
  delete(options: Deadline): Promise<void>;

  /** What hwctl wants and the provider can install; empty where it brings no addons. */
  readonly addons: readonly Addon[];
  /** Names of the addons that are configured as enabled; says nothing of their health. */
  enabledAddons(): Promise<string[]>;
  setAddon(name: string, enabled: boolean, options: Deadline): Promise<void>;

  /** Images of this machine can be loaded into the nodes; where not, a registry must have them. */
  readonly loadsImages: boolean;
  /** The nodes can build an image where this machine has no engine. */
  readonly buildsImages: boolean;
  /** Every tag of every image on the nodes, in full (`docker.io/library/name:tag`). */
  images(): Promise<string[]>;
  /** Loads an image archive into all nodes and verifies that `image` is there. Throws Failure `image-not-loaded`. */
  loadArchive(file: string, image: string, options: Deadline): Promise<void>;
  /** Builds an image on the nodes and verifies that it is there. Throws Failure `image-build`. */
  buildImage(build: ImageBuild, image: string, options: Deadline): Promise<void>;
  /** Removes an image from all nodes. */
  removeImage(image: string): Promise<void>;
}

/** For providers that bring no addons. */
export const noAddons: Pick<ClusterProvider, 'addons' | 'enabledAddons' | 'setAddon'> = {
  addons: [],
  enabledAddons: async () => [],
  setAddon: async (name) => never(`set the addon ${name}`),
};

/** What is not among a provider's facts (`addons`, `loadsImages`, `buildsImages`) is never asked of it. */
export function never(deed: string): never {
  throw new Error(`this provider cannot ${deed}: its facts say so`);
}
