import type { Duplex } from 'node:stream';
import type { ClusterName } from './kubernetes/provider/providers.js';
import type { KubeObject } from './manifests/kube-object.js';
import type { ObjectDiff } from './manifests/object-diff.js';
import type { Values } from './manifests/values-shape.js';
import type { ObjectSource } from './source.js';

/** Where the platform runs. One interface for processes on this machine and for clusters; commands know nothing else of them. */
export interface Target {
  readonly name: 'local' | ClusterName;
  /** The steps of `up`, in order, as values: the very list that it executes (see plan.ts). Throws whatever `up` would throw before its first step. */
  plan(request: UpRequest): Promise<Step[]>;
  /** Executes the plan and waits until everything is ready. Throws Failure `not-ready` (exit 1) naming what is not, with its one cause. */
  up(request: UpRequest, options: WaitOptions): Promise<UpReport>;
  /** Removes what `up` made, nothing else, and looks again to prove it. `remaining` must be empty for success. */
  down(request: DownRequest, options: WaitOptions): Promise<DownReport>;
  /** What runs now; empty `services` where nothing is up. */
  status(): Promise<StatusReport>;
  /** Every project that is up there, this one or not. */
  projects(): Promise<ProjectStatus[]>;
  /** Log lines of all services or those named, oldest first; with `follow`, until the signal aborts. */
  logs(query: LogQuery): AsyncIterable<LogLine>;
  /** Harms one service on purpose (for strict scenarios): see Fault. Resolves when the deed is done. */
  fault(fault: Fault): Promise<void>;
  /** What `up` would change: one entry for each object that would be made, changed or removed. Changes nothing. */
  diff(request: UpRequest): Promise<ObjectDiff[]>;
  /** The very objects that `up` would apply here; absent where there is no API server to apply them to. */
  objects?(request: UpRequest): Promise<KubeObject[]>;
  /** Runs a command in a pod of its own beside the services, removed at the end; absent where there are no pods. */
  debug?(request: DebugRequest): Promise<number>;
  /** Runs a program in pods of a Job of its own beside the services; absent where there are no pods. */
  startPods?(request: PodsRequest): Promise<StartedPods>;
  /** Makes every part reachable from this machine through a daemon; absent where everything is reachable already. */
  forward?(request: ForwardRequest): Promise<Endpoint[]>;
  /** Waits until every autoscaler can scale; absent where nothing scales. Throws Failure `not-ready` (exit 1) with the one cause. */
  waitScaling?(options: WaitOptions): Promise<void>;
  /** Opens a look at what the workloads use, to sample beside a load. */
  openSampler?(): Promise<WorkloadSampler>;
}

/** A project that is up. */
export interface ProjectStatus {
  project: string;
  stacks: string[];
}

/** What `debug` is asked: a shell or a command, and the streams it talks to. */
export interface DebugRequest {
  /** Empty: a shell. */
  command: string[];
  image: string;
  stdin: NodeJS.ReadStream;
  stdout: NodeJS.WriteStream;
  stderr: NodeJS.WriteStream;
  /** Both ends are terminals. */
  tty: boolean;
  /** Milliseconds until the pod must run. */
  timeoutMs: number;
  signal: AbortSignal;
  onWaiting(reason: string): void;
}

/** A program of a few files that Node runs in each pod: `node main port`. */
export interface PodsRequest {
  /** 1 .. 100. */
  count: number;
  /** By name; 1 MiB at most together. */
  files: Record<string, string>;
  main: string;
  /** Where the program listens, on the loopback of its pod. */
  port: number;
  /** Milliseconds after which the cluster ends the pods by itself. */
  longestMs: number;
  /** Milliseconds until all of them must run. */
  timeoutMs: number;
  signal: AbortSignal;
  onWaiting(reason: string): void;
}

export interface StartedPods {
  pods: {
    name: string;
    /** A connection to the program's port. */
    connect(): Promise<Duplex>;
  }[];
  /** The way in of the platform as pods see it, by Host header; only those that the cluster publishes. */
  endpoints: Endpoint[];
  /** Removes the pods and everything that was made for them. */
  close(): Promise<void>;
}

/** Samples what the workloads use; slow and cheap enough to run beside a load. */
export interface WorkloadSampler {
  /** Milliseconds between two samples that are worth taking. */
  readonly everyMs: number;
  /** Rates are since the sample before; the first one has none. */
  sample(): Promise<WorkloadSample>;
  close(): void;
}

export interface WorkloadSample {
  workloads: WorkloadUsage[];
  /** What cannot be told here, and why, in words. */
  missing: string[];
}

export interface WorkloadUsage {
  name: string;
  replicasReady: number;
  replicasWanted: number;
  /** Of all instances together. */
  cpuCores?: number;
  memoryBytes?: number;
  /** Share (0 .. 1) of the scheduling periods in which a CPU limit stopped the instance that it stopped most. */
  throttledShare?: number;
}

export interface ForwardRequest {
  /** Address the ports listen on; loopback unless told otherwise. */
  address: string;
  /** Ends the daemon instead. */
  stop: boolean;
  signal: AbortSignal;
}

export interface UpRequest {
  /** Names of folders under manifests/: `idempotency`, `hello`, ... */
  stacks: string[];
  /** Typed structural edits: `--set` and values files, already validated. */
  values: Values;
  /** Folder of the stacks, absolute; the bundled one where absent. */
  manifests?: string;
  /** Where the objects come from. */
  source: ObjectSource;
  /** What only clusters care about. */
  cluster?: ClusterRequest;
}

/** How a cluster is made and used; each part has its default. */
interface ClusterRequest {
  /** Passed through to whoever makes the cluster, where hwctl has it made or started. */
  cpus?: string;
  memory?: string;
  kubernetesVersion?: string;
  /** Push the server's image there (`localhost:5000`) instead of loading it into the nodes. */
  registry?: string;
  /** Take over fields that others own. */
  forceConflicts?: boolean;
  /** Make the namespace of the application the default one of the context; `down` undoes it. */
  setNamespace?: boolean;
}

export interface DownRequest {
  /** Empty: everything. */
  stacks: string[];
  keepData: boolean;
  /** Delete the cluster too; refused where hwctl did not make it. */
  deleteCluster?: boolean;
}

export interface WaitOptions {
  /** Milliseconds for the whole operation. */
  timeoutMs: number;
  signal: AbortSignal;
  /** Called as steps begin and end; must not throw. */
  onEvent(event: TargetEvent): void;
}

/** One step of a plan. `ref` names the object it makes: `process/orders`, `Deployment/app/orders`, `file/...`. */
export interface Step {
  verb:
    | 'create'
    | 'update'
    | 'start'
    | 'restart'
    | 'build'
    | 'load'
    | 'enable'
    | 'wait'
    | 'stop'
    | 'delete'
    /** Looks, once the steps before it are done, and adds the steps that can be known only then. */
    | 'plan'
    /** Left out on purpose: it has no meaning on this target. */
    | 'skip';
  ref: string;
  why: string;
}

/** What comes of a step: `skipped` alone, or `started` and then one of the others. */
export type StepOutcome =
  | { state: 'skipped'; reason: string }
  | { state: 'started' }
  | { state: 'done'; durationMs: number }
  | { state: 'failed'; durationMs: number };

export type TargetEvent =
  /** `plannedBy` is the ref of the `plan` step that added this one. */
  | ({ type: 'step'; step: Step; plannedBy?: string } & StepOutcome)
  | { type: 'progress'; message: string }
  | { type: 'waiting'; notReady: { ref: string; reason: string }[]; elapsedMs: number };

export interface Endpoint {
  /** `app` for the way in of the platform (gateway or Ingress); `grafana`, `prometheus`; or a service's name. */
  name: string;
  /** Stacks that are reached through it. */
  stacks: string[];
  /** Where to connect: `http://127.0.0.1:41231`. */
  url: string;
  /** The Host header that requests must carry, where it differs from the URL's. */
  host?: string;
  /** The port of a Service that is behind it, where it is no more than that. */
  service?: { name: string; namespace: string; port: number };
  /** Paths that lead somewhere there, the shortest first; where they are known. */
  paths?: string[];
  /** What `hwctl load` hits there unless told otherwise: `/`, `/price/1`. */
  loadPath?: string;
}

export interface UpReport {
  target: Target['name'];
  endpoints: Endpoint[];
  /** What was done; empty where everything was already as wanted. */
  actions: Step[];
  /** What is there and is not waited for, with why it does nothing yet: autoscalers without figures. */
  pending?: { ref: string; reason: string; hint?: string }[];
  durationMs: number;
}

export interface DownReport {
  deleted: string[];
  kept: { ref: string; reason: string }[];
  remaining: { ref: string; reason: string }[];
}

export interface ServiceStatus {
  name: string;
  stack: string;
  state: 'ready' | 'starting' | 'restarting' | 'failed' | 'stopped';
  restarts: number;
  /** Milliseconds since it last started; undefined where it is not running. */
  uptimeMs?: number;
  /** Process id (local) or pod names (cluster). */
  instances: string[];
  /** Why it is not ready, in one line. */
  reason?: string;
  cpuCores?: number;
  memoryBytes?: number;
}

export interface StatusReport {
  target: Target['name'];
  stacks: string[];
  services: ServiceStatus[];
  endpoints: Endpoint[];
}

export interface LogQuery {
  services: string[];
  follow: boolean;
  /** At most this many of the newest lines a service before following. */
  tail?: number;
  signal: AbortSignal;
}

export interface LogLine {
  service: string;
  instance: string;
  /** The line as the service wrote it, without its newline. */
  text: string;
}

/**
 * `kill`: SIGKILL, comes back by itself; `stop`/`continue`: SIGSTOP/SIGCONT; `restart`: SIGTERM and a clean start, resolved
 * when ready again; `delete-pod`: one of its pods, with its grace; `scale`: to so many replicas. See faultRefusal for what
 * is not possible where.
 */
export interface Fault {
  service: string;
  kind: 'kill' | 'stop' | 'continue' | 'restart' | 'delete-pod' | 'scale';
  /** Of `scale`, 0 or more. */
  replicas?: number;
}
