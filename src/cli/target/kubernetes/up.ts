import { sameImage } from '../../kernel/image-name.js';
import type { StackObject } from '../manifests/stack-object.js';
import { type PlannedStep, planned, type StepContext } from '../plan.js';
import type { ClusterFacts } from '../source.js';
import type { Step, UpReport, UpRequest } from '../target.js';
import type { KubeClient } from './api/client.js';
import { clusterFacts } from './api/cluster-facts.js';
import { loadKubeConfig } from './api/kube-context.js';
import type { LiveObject } from './api/live-object.js';
import { idleAutoscalers } from './health/autoscaler.js';
import { type ProjectImages, projectImages } from './images/project-images.js';
import { objectSteps } from './object-steps.js';
import { emptyApplySet, listMembers, projectMembers } from './objects/apply-set.js';
import { getNamespace } from './objects/namespaces.js';
import {
  type ClusterTargetOptions,
  openClient,
  openProvider,
  openSharedState,
  openState,
} from './provider/cluster-access.js';
import type { StateFile } from './provider/cluster-state.js';
import { contextNamespace, setContextNamespace } from './provider/context-namespace.js';
import { isOnNodes, readyNodes } from './provider/nodes.js';
import type { ClusterProvider, ProviderState } from './provider/provider.js';
import { addonSteps, forgetOrphans, laterAddonSteps, orphanSteps, startStep } from './provider/provision.js';
import { type ImageDeps, imageDeps, imageReference, imageSteps, serverImage } from './provider/server-image.js';
import { clusterEndpoints } from './reach/cluster-endpoints.js';
import { ingressAddress } from './reach/endpoints.js';
import { forwardAll } from './reach/forward.js';
import { ingressTrouble, waitIngresses } from './reach/wait-ingress.js';
import {
  type DesiredInCluster,
  findSet,
  homeOf,
  ingressClassFor,
  reachOf,
  readRequest,
  want,
  withoutForeign,
} from './wanted.js';

/** What is in a cluster before `up`. */
interface Seen {
  wanted: DesiredInCluster;
  members: LiveObject[];
  /** As they are live, in the order of the wanted ones. */
  namespaces: (LiveObject | undefined)[];
}

/**
 * One `up`: its plan, and what is to be told when the plan is done. Making the plan looks and changes nothing. What the
 * steps share is looked up when the first of them asks: before, there may be no cluster.
 */
export class ClusterUp {
  readonly state: StateFile;
  private readonly request: UpRequest;
  readonly #shared: StateFile;
  readonly #provider: ClusterProvider;
  readonly #deps: ImageDeps;
  readonly #image: string;
  readonly #images: ProjectImages;
  #client: KubeClient | undefined;
  #read: Promise<StackObject[]> | undefined;
  #rendered: Promise<StackObject[]> | undefined;
  #known: Promise<ClusterFacts> | undefined;
  /** What a plan of nothing to do has seen: the report need not look again. */
  #unchanged: { members: LiveObject[]; endpoints: UpReport['endpoints'] } | undefined;

  /** Throws Failure for a request that no cluster can have. */
  constructor(
    private readonly options: ClusterTargetOptions,
    request: UpRequest,
    purpose: 'look' | 'act',
    private readonly signal?: AbortSignal,
  ) {
    this.state = openState(options);
    this.#shared = openSharedState(options);
    // What it starts is written down while it runs: a killed hwctl leaves it behind. Who only looks writes nothing.
    const run = purpose === 'act' ? this.state.recording(options.run) : options.run;
    this.#provider = openProvider({ ...options, run });
    this.#deps = imageDeps({ ...options, run }, request, this.#provider, this.state);
    this.#images = projectImages({ ...options, run }, request, this.#provider, this.state);
    this.request = { ...request, source: this.#images.named(request.source) };
    this.#image = request.source.asksCluster ? '' : (request.values.image ?? serverImage(this.#deps));
  }

  close(): void {
    this.#client?.close();
  }

  /** Every step, in order. Throws Failure for what can be known before the first one. */
  async plan(): Promise<PlannedStep[]> {
    // What cannot be used is told before anything is asked or made.
    if (!this.request.source.asksCluster) await this.#entries(undefined);
    const orphans = await orphanSteps(this.options.run, this.state);
    if (orphans.length === 0) return this.#planCluster();
    const forget = async () => {
      forgetOrphans(this.state);
      return this.#planCluster();
    };
    return [...orphans, this.#later(this.#provider.ref, 'what it has come to is known once they have ended', forget)];
  }

  /** Where everything is reached, and what is up and does nothing yet. */
  async report(): Promise<Pick<UpReport, 'endpoints' | 'pending'>> {
    const members = this.#unchanged?.members ?? (await this.#members());
    const [endpoints, pending] = await Promise.all([
      this.#unchanged?.endpoints ?? this.#endpoints(members),
      idleAutoscalers(this.#open(), members),
    ]);
    return { endpoints, pending };
  }

  async #planCluster(): Promise<PlannedStep[]> {
    const nodes = await readyNodes(() => this.#open());
    if (nodes !== undefined) return this.#planRunning(nodes);
    const found = await this.#provider.state({ signal: this.signal });
    return found.kind === 'running' ? this.#planRunning([]) : this.#planStopped(found);
  }

  async #planRunning(nodes: readonly LiveObject[]): Promise<PlannedStep[]> {
    this.#images.nodes = nodes;
    const addonsAhead = this.#addonSteps();
    const ingressComes = addonsAhead.then(({ bringIngress }) => bringIngress);
    // Where nothing can be rendered both fail, and nobody comes to wait for this one.
    ingressComes.catch(() => undefined);
    const [addons, seen] = await Promise.all([addonsAhead, this.#look(ingressComes)]);
    const isInCluster = async (name: string) =>
      isOnNodes(name, nodes, seen.members) || (await this.#provider.images()).some((tag) => sameImage(tag, name));
    const images =
      this.#image === ''
        ? await this.#images.steps(isInCluster)
        : await imageSteps(this.#deps, this.#image, () => isInCluster(this.#image), 'image');
    return [...addons.steps, ...images, ...(await this.#planObjects(seen, addons.steps.length > 0, images.length > 0))];
  }

  async #addonSteps() {
    const { source } = this.request;
    const wanted = source.addons?.(await this.#entriesNow());
    return addonSteps(this.#provider, this.#open(), this.#shared, 'addons', wanted);
  }

  async #planStopped(found: Exclude<ProviderState, { kind: 'running' }>): Promise<PlannedStep[]> {
    const { environment, context } = this.options;
    const current = loadKubeConfig(environment.env).getCurrentContext();
    // Somebody's kubectl stays where it is; where it is nowhere yet, the provider sets it.
    const flags = { ...this.request.cluster, keepContext: Boolean(current) && current !== context };
    const start = startStep(this.#provider, found, flags, this.#shared);
    if (found.kind !== 'missing' || this.request.source.asksCluster) {
      const why = 'what is in it is known once it runs: the addons, images and objects that are to change';
      return [start, this.#later(this.#provider.ref, why, async () => this.#planRunning([]))];
    }
    const images = await imageSteps(this.#deps, this.#image, async () => false, 'image');
    const seen = await this.#foresee();
    return [
      start,
      ...laterAddonSteps(this.#provider, () => this.#open(), this.#shared, 'addons'),
      ...images,
      ...(await this.#planObjects(seen, true, images.length > 0)),
    ];
  }

  /** The objects, and the way to them. `isLate`: what they will be in full is known once the steps before are done. */
  async #planObjects(seen: Seen, isLate: boolean, imageComes: boolean): Promise<PlannedStep[]> {
    const { registry } = this.#deps;
    if (imageComes && registry !== undefined) {
      const why = `the objects name the image by its digest, which is known once ${registry} has it`;
      return [this.#later('objects', why, async () => this.#planObjects(await this.#look(), false, false))];
    }
    let settled: Promise<DesiredInCluster> | undefined;
    const settle = () => {
      settled ??= isLate ? this.#settle() : Promise.resolve(seen.wanted);
      return settled;
    };
    const objects = await objectSteps({ ...seen, client: () => this.#open(), settle, isLate }, this.request);
    const steps = [...objects, ...this.#contextSteps(seen.wanted.set.namespace)];
    const isUnchanged = steps.length === 0 && !imageComes && !isLate;
    return [...steps, ...(await this.#wayIn(seen, isUnchanged))];
  }

  /** Everything that is in a cluster that runs, in as few turns as may be. */
  async #look(ingressComes: boolean | Promise<boolean> = false): Promise<Seen> {
    const client = this.#open();
    const { source } = this.request;
    const cluster = source.asksCluster ? await this.#facts() : undefined;
    const entries = await this.#entries(cluster);
    const [set, image, [chosen], comes] = await Promise.all([
      findSet(client, this.#project, entries, source),
      this.#image === '' ? '' : imageReference(this.#deps, this.#image),
      Promise.allSettled([ingressClassFor(client, entries)]),
      ingressComes,
    ]);
    // A class that is not there is told before the image is built; where an addon is to bring it, it may be missing now.
    if (!comes && chosen.status === 'rejected') throw chosen.reason;
    const ingressClass = !comes && chosen.status === 'fulfilled' ? chosen.value : undefined;
    const wanted = await want(this.request, entries, { set, image, ingressClass, cluster });
    const [members, namespaces] = await Promise.all([
      listMembers(client, wanted.set, reachOf(wanted)),
      Promise.all(wanted.namespaces.map(({ metadata }) => getNamespace(client, metadata.name))),
    ]);
    const isForced = this.request.cluster?.forceConflicts === true;
    return { wanted: isForced ? wanted : await withoutForeign(client, wanted, members), members, namespaces };
  }

  /** What will be in a cluster that is yet to be made: nothing. */
  async #foresee(): Promise<Seen> {
    const entries = await this.#entries(undefined);
    const set = emptyApplySet(homeOf(entries, this.request.source), this.#project);
    const image = await imageReference(this.#deps, this.#image);
    const wanted = await want(this.request, entries, { set, image, ingressClass: undefined, cluster: undefined });
    return { wanted, members: [], namespaces: wanted.namespaces.map(() => undefined) };
  }

  /** What is wanted, once addons have brought their kinds and classes. */
  async #settle(): Promise<DesiredInCluster> {
    this.#open().forgetResources();
    this.#known = undefined;
    this.#rendered = undefined;
    return (await this.#look()).wanted;
  }

  #contextSteps(namespace: string): PlannedStep[] {
    const { environment, context } = this.options;
    if (this.request.cluster?.setNamespace !== true || contextNamespace(environment, context) === namespace) return [];
    const step: Step = { verb: 'update', ref: `context/${context}`, why: `${namespace} becomes its default namespace` };
    return [planned(step, async () => setContextNamespace(environment, context, namespace, this.#shared))];
  }

  /** The steps until the Ingress objects lead to their pods; from a machine that cannot reach their address, through a port-forward. */
  async #wayIn({ wanted, members }: Seen, isUnchanged: boolean): Promise<PlannedStep[]> {
    const ingresses = wanted.objects.filter(({ kind }) => kind === 'Ingress');
    const isForwarded = ingresses.length === 0 && this.#leadsInByService(wanted);
    if (isUnchanged) {
      const live = members.filter(({ kind }) => kind === 'Ingress');
      const [troubles, endpoints] = await Promise.all([
        Promise.all(live.map(ingressTrouble)),
        this.#endpoints(members),
      ]);
      const isReached = (ingresses.length === 0 && !isForwarded) || endpoints.some(({ name }) => name === 'app');
      // What others' services answer is their own affair, once they were up.
      const isRouted = (trouble: string | undefined, at: number) =>
        trouble === undefined || (this.request.source.asksCluster && ingressAddress(live[at]!) !== undefined);
      if (isReached && troubles.every(isRouted)) {
        this.#unchanged = { members, endpoints };
        return [];
      }
    }
    if (ingresses.length === 0 && !isForwarded) return [];
    const wait: Step = { verb: 'wait', ref: 'Ingress', why: 'until each has an address and leads to its pods' };
    const forward: Step = {
      verb: 'start',
      ref: 'process/forward',
      why: isForwarded
        ? 'nothing leads in but the Services: each gets a port of this machine'
        : 'for where the address of the Ingress cannot be reached from here',
    };
    const whyDone = async () => {
      const app = (await this.#endpoints(await this.#members())).find(({ name }) => name === 'app');
      return app && `${app.url} answers`;
    };
    return [
      ...(ingresses.length === 0
        ? []
        : [
            planned(wait, (work: StepContext) =>
              waitIngresses(this.#open(), ingresses, work, { isOthers: this.request.source.asksCluster }),
            ),
          ]),
      planned(forward, ({ signal }) => this.#forward(signal), { whyDone }),
    ];
  }

  /** A project without an Ingress is reached through its Services; the bundled platform is asked to be so by a value. */
  #leadsInByService({ objects }: DesiredInCluster): boolean {
    return this.request.source.asksCluster && objects.some(({ kind }) => kind === 'Service');
  }

  async #forward(signal: AbortSignal): Promise<void> {
    await forwardAll(this.options, this.#open(), this.state, await this.#members(), '127.0.0.1', signal);
  }

  #endpoints(members: readonly LiveObject[]): Promise<UpReport['endpoints']> {
    return clusterEndpoints(this.options.run, members, this.state);
  }

  async #members(): Promise<LiveObject[]> {
    return projectMembers(this.#open(), this.#project);
  }

  /** The objects that are asked for, as a cluster that runs lets them be. */
  async #entriesNow(): Promise<StackObject[]> {
    return this.#entries(this.request.source.asksCluster ? await this.#facts() : undefined);
  }

  /** What the cluster says of itself, asked once until addons may have changed it. */
  #facts(): Promise<ClusterFacts> {
    const { name } = this.options;
    this.#known ??= clusterFacts(this.#open(), name === 'kube' ? undefined : name);
    return this.#known;
  }

  /** The objects that are asked for; as long as no cluster tells more, they are read once. */
  #entries(cluster: ClusterFacts | undefined): Promise<StackObject[]> {
    if (cluster !== undefined) {
      this.#rendered ??= readRequest(this.request, cluster);
      return this.#rendered;
    }
    this.#read ??= readRequest(this.request, undefined);
    return this.#read;
  }

  get #project(): string {
    return this.options.environment.project;
  }

  #later(ref: string, why: string, plan: () => Promise<PlannedStep[]>): PlannedStep {
    return { step: { verb: 'plan', ref, why }, act: plan };
  }

  #open(): KubeClient {
    this.#client ??= openClient(this.options);
    return this.#client;
  }
}
