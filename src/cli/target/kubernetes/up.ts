import { join } from 'node:path';
import { Failure } from '../../kernel/failure.js';
import type { KubeObject } from '../manifests/kube-object.js';
import { readObjects } from '../manifests/manifests.js';
import { mergeValues } from '../manifests/merge-values.js';
import type { StackObject } from '../manifests/stack-object.js';
import type { Values } from '../manifests/values-schema.js';
import type { Step, UpReport, UpRequest } from '../target.js';
import type { KubeClient } from './api/client.js';
import { loadKubeConfig } from './api/kube-context.js';
import { groupKindOf, liveRef } from './api/live-object.js';
import type { Work } from './api/work.js';
import { idleAutoscalers } from './health/autoscaler.js';
import { waitReady } from './health/wait-ready.js';
import {
  applyChange,
  type Change,
  type DueChange,
  isDue,
  type ObjectPlan,
  planObjects,
  stepOf,
} from './objects/apply.js';
import { type ApplySet, emptyApplySet, findApplySets, listMembers, writeParent } from './objects/apply-set.js';
import { desiredObjects, waveOf } from './objects/desired.js';
import { ensureNamespaces, getNamespace } from './objects/namespaces.js';
import { emptyReport, removeMembers } from './objects/removal.js';
import { type ClusterTargetOptions, openClient, openProvider, openState } from './provider/cluster-access.js';
import type { StateFile } from './provider/cluster-state.js';
import { contextNamespace, setContextNamespace } from './provider/context-namespace.js';
import type { ClusterProvider } from './provider/provider.js';
import {
  addonSteps,
  chooseIngressClass,
  enableAddon,
  endOrphans,
  ingressAddon,
  listIngressClasses,
  machineStep,
  startMachine,
  waitIngressController,
} from './provider/provision.js';
import { executeImageSteps, type ImageDeps, imageReference, imageSteps, serverImage } from './provider/server-image.js';
import { clusterEndpoints } from './reach/cluster-endpoints.js';
import { forwardAll } from './reach/forward.js';
import { waitIngresses } from './reach/wait-ingress.js';

/** How long an admission webhook may stay away: 30 s. */
const webhookMs = 30_000;

/** Everything that is wanted in the cluster, and the record it belongs to. */
export interface Wanted {
  set: ApplySet;
  namespaces: KubeObject[];
  objects: KubeObject[];
}

/** The objects of these stacks, edited by these values. */
export function renderStacks(
  root: string,
  stacks: readonly string[],
  values: Values,
  manifests?: string,
): StackObject[] {
  return readObjects({ manifests: manifests ?? join(root, 'manifests'), stacks, values });
}

/** The steps of `up` as values, found by looking only. */
export async function planUp(options: ClusterTargetOptions, request: UpRequest): Promise<Step[]> {
  const provider = openProvider(options);
  const entries = renderStacks(options.environment.root, request.stacks, request.values, request.manifests);
  const deps = imageDeps(options, request, provider);
  const image = request.values.image ?? serverImage(deps);
  const machine = await machineStep(provider);
  if (machine !== undefined) {
    const objects = desiredObjects(entries, { image, applySetId: '' });
    return [
      machine,
      ...(await imageSteps(deps, image, false)),
      ...objects.map((object): Step => ({ verb: 'create', ref: liveRef(object), why: 'the cluster is not there yet' })),
    ];
  }
  const client = openClient(options);
  try {
    const addons = await addonSteps(provider, client);
    const images = await imageSteps(deps, image, true);
    const set = await findSet(client, entries);
    const classes = addons.length > 0 ? undefined : await ingressClassFor(client, entries);
    const wanted = want(options, set, request, await imageReference(deps, image), classes);
    const plan = await planFor(client, wanted);
    const missing: Step[] = [];
    for (const namespace of wanted.namespaces) {
      if ((await getNamespace(client, namespace.metadata.name)) === undefined) {
        missing.push({ verb: 'create', ref: liveRef(namespace), why: 'it is not there' });
      }
    }
    const prune = plan.prune.map(
      (object): Step => ({ verb: 'delete', ref: liveRef(object), why: 'no stack has it any more' }),
    );
    return [
      ...addons,
      ...images,
      ...missing,
      ...plan.changes.filter(isDue).map(stepOf),
      ...prune,
      ...namespaceSteps(options, request, wanted.set.namespace),
    ];
  } finally {
    client.close();
  }
}

/** What the values may not ask of a cluster. */
export function checkValues(values: Values): void {
  if (values.store !== 'sqlite' || values.image !== undefined) return;
  throw new Failure({
    code: 'bad-values',
    message: 'store: the image of the server holds no SQLite, so a cluster cannot use it',
    hint: 'Leave store=sqlite out, use --target local, or name an image of your own with --set image=NAME',
  });
}

/** Provisions, applies in waves, waits until the services are ready, prunes; returns the endpoints and what does nothing yet. */
export async function bringUp(
  options: ClusterTargetOptions,
  request: UpRequest,
  work: Work,
): Promise<Pick<UpReport, 'endpoints' | 'pending'>> {
  const { environment, run } = options;
  checkValues(request.values);
  const entries = renderStacks(options.environment.root, request.stacks, request.values, request.manifests);
  const state = openState(options);
  await endOrphans(run, state, environment.clock);
  if (state.get().manifests !== request.manifests) {
    state.change((draft) => {
      draft.manifests = request.manifests;
    });
  }
  const recorded = { ...options, run: state.recording(run) };
  const provider = openProvider(recorded);
  const machine = await machineStep(provider);
  if (machine !== undefined) {
    const current = loadKubeConfig(environment.env).getCurrentContext();
    // Somebody's kubectl stays where it is; where it is nowhere yet, the provider sets it.
    const flags = { ...request.cluster, keepContext: Boolean(current) && current !== options.context };
    await startMachine(provider, machine, flags, state, work);
  }
  const client = openClient(options);
  try {
    const deps = imageDeps(options, request, provider);
    const image = request.values.image ?? serverImage(deps);
    const [addons, images] = await Promise.all([addonSteps(provider, client), imageSteps(deps, image, true)]);
    // A class that is not there is told before the image is built; the addon may bring one.
    if (!addons.some(({ ref }) => ref === `addon/${ingressAddon(provider)?.name}`))
      await ingressClassFor(client, entries);
    await provision(client, deps, { image, addons, images }, state, work);
    const classes = await ingressClassFor(client, entries);
    const set = await findSet(client, entries);
    const wanted = want(options, set, request, await imageReference(deps, image), classes);
    await applyWanted(client, wanted, state, request, work);
    const more = { groupKinds: kindsOf(wanted.objects), namespaces: namespacesOf(wanted.objects) };
    const members = await listMembers(client, wanted.set, more);
    await nameNamespace(options, request, wanted.set.namespace, state, work);
    const ingresses = members.filter(({ kind }) => kind === 'Ingress');
    await waitIngresses(client, ingresses, work);
    const pending = await idleAutoscalers(client, members);
    const endpoints = await clusterEndpoints(run, members, state);
    if (ingresses.length === 0 || endpoints.some(({ name }) => name === 'app')) return { endpoints, pending };
    const why = 'the address of the Ingress cannot be reached from here';
    await work.step({ verb: 'start', ref: 'process/forward', why }, () =>
      forwardAll(options, client, state, members, '127.0.0.1'),
    );
    return { endpoints: await clusterEndpoints(run, members, state), pending };
  } finally {
    client.close();
  }
}

/** Makes the namespace the default one of the context, where that is asked for and not so already. */
async function nameNamespace(
  options: ClusterTargetOptions,
  request: UpRequest,
  namespace: string,
  state: StateFile,
  work: Work,
): Promise<void> {
  for (const step of namespaceSteps(options, request, namespace)) {
    await work.step(step, async () => setContextNamespace(options.environment, options.context, namespace, state));
  }
}

function namespaceSteps({ environment, context }: ClusterTargetOptions, request: UpRequest, namespace: string): Step[] {
  if (request.cluster?.setNamespace !== true || contextNamespace(environment, context) === namespace) return [];
  return [{ verb: 'update', ref: `context/${context}`, why: `${namespace} becomes its default namespace` }];
}

/** What the image is found, built and loaded with. */
export function imageDeps(options: ClusterTargetOptions, request: UpRequest, provider: ClusterProvider): ImageDeps {
  const { environment, run } = options;
  const given = request.values.image !== undefined;
  return { environment, run, provider, registry: request.cluster?.registry, state: openState(options), given };
}

/** Addons and image, side by side: the one waits for the cluster, the other for the disk. */
async function provision(
  client: KubeClient,
  deps: ImageDeps,
  { image, addons, images }: { image: string; addons: readonly Step[]; images: readonly Step[] },
  state: StateFile,
  work: Work,
): Promise<void> {
  const { provider } = deps;
  const failed = new AbortController();
  const both: Work = { ...work, signal: AbortSignal.any([work.signal, failed.signal]) };
  const guard = (part: Promise<void>) =>
    part.catch((error) => {
      failed.abort(error);
      throw error;
    });
  const enable = async () => {
    for (const step of addons) await enableAddon(provider, step, state, both);
    await waitIngressController(provider, client, both);
  };
  const bring = executeImageSteps({ ...deps, state }, image, images, both);
  const outcomes = await Promise.allSettled([guard(enable()), guard(bring)]);
  work.signal.throwIfAborted();
  if (failed.signal.aborted) throw failed.signal.reason;
  for (const outcome of outcomes) if (outcome.status === 'rejected') throw outcome.reason;
  client.forgetResources();
}

/** The class for Ingresses that name none; undefined where every one names its own. Each that is named must exist. */
export async function ingressClassFor(
  client: KubeClient,
  entries: readonly StackObject[],
): Promise<string | undefined> {
  const named = entries
    .filter(({ object }) => object.kind === 'Ingress')
    .map(({ object }) => (object.spec as { ingressClassName?: string }).ingressClassName);
  if (named.length === 0) return undefined;
  const classes = await listIngressClasses(client);
  const chosen = [...new Set(named)].map((name) => ({ name, choice: chooseIngressClass(classes, name, client.cures) }));
  return chosen.find(({ name }) => name === undefined)?.choice;
}

/** The namespace that the record lives in: that of the services. */
function homeOf(entries: readonly StackObject[]): string {
  const named = entries.find(({ object }) => object.kind === 'Deployment' && object.metadata.namespace !== undefined);
  return named?.object.metadata.namespace ?? 'hwctl';
}

/** The record of what is up in the home of these objects; an empty one where nothing is. */
export async function findSet(client: KubeClient, entries: readonly StackObject[]): Promise<ApplySet> {
  const home = homeOf(entries);
  return (await findApplySets(client)).find((set) => set.namespace === home) ?? emptyApplySet(home);
}

/** What is wanted once the asked stacks join those that are up. */
export function want(
  options: ClusterTargetOptions,
  set: ApplySet,
  request: UpRequest,
  image: string,
  ingressClass: string | undefined,
): Wanted {
  const stacks = [...new Set([...set.stacks, ...request.stacks])].sort();
  const values = mergeValues(set.values, request.values);
  const entries = renderStacks(options.environment.root, stacks, values, request.manifests);
  const all = desiredObjects(entries, { image, ingressClass, applySetId: set.id });
  const namespaces = all.filter(({ kind }) => kind === 'Namespace');
  const objects = all.filter(({ kind }) => kind !== 'Namespace');
  return { set: { ...set, stacks, values }, namespaces, objects };
}

/** Group-kinds of these objects. */
export function kindsOf(objects: readonly { apiVersion: string; kind: string }[]): string[] {
  return [...new Set(objects.map(groupKindOf))];
}

function namespacesOf(objects: readonly KubeObject[]): string[] {
  return [...new Set(objects.flatMap(({ metadata }) => metadata.namespace ?? []))];
}

/** What of the wanted has to change, and what has to go. */
export async function planFor(client: KubeClient, { set, objects }: Wanted): Promise<ObjectPlan> {
  const more = { groupKinds: kindsOf(objects), namespaces: namespacesOf(objects) };
  return planObjects(objects, await listMembers(client, set, more));
}

async function applyWanted(client: KubeClient, wanted: Wanted, state: StateFile, request: UpRequest, work: Work) {
  await ensureNamespaces(client, wanted.namespaces, state, work);
  const plan = await planFor(client, wanted);
  const changes = plan.changes.filter(isDue);
  const kinds = kindsOf(wanted.objects);
  const namespaces = [...new Set([wanted.set.namespace, ...namespacesOf(wanted.objects)])];
  // KEP 3659: the parent names a superset of what is there before anything is applied, and shrinks after the prune.
  const superset = {
    ...wanted.set,
    groupKinds: [...wanted.set.groupKinds, ...kinds],
    namespaces: [...wanted.set.namespaces, ...namespaces],
  };
  const set = await writeParent(client, superset);
  const last = waveOf({ kind: 'Deployment' });
  for (let wave = 0; wave <= last; wave++) {
    const due = changes.filter(({ object }) => waveOf(object) === wave);
    await applyAll(client, due, request, work);
    const inWave = wanted.objects.filter((object) => waveOf(object) === wave);
    await waitFor(client, wave === last ? wanted.objects : inWave, set.id, work);
  }
  if (plan.prune.length > 0) await removeMembers(client, plan.prune, false, emptyReport(), work);
  await writeParent(client, { ...set, groupKinds: kinds, namespaces });
}

async function applyAll(
  client: KubeClient,
  changes: readonly DueChange[],
  request: UpRequest,
  work: Work,
): Promise<void> {
  for (const change of changes) {
    const force = request.cluster?.forceConflicts === true;
    await work.step(stepOf(change), () => applyPatiently(client, change, force, work));
  }
}

/** A controller's webhook may answer some seconds after the controller is ready: that is waited for. */
async function applyPatiently(client: KubeClient, change: Change, force: boolean, work: Work): Promise<void> {
  const until = Math.min(work.deadlineAt, work.clock.monotonic() + webhookMs);
  for (;;) {
    try {
      await applyChange(client, change, { force });
      return;
    } catch (error) {
      const passing = error instanceof Failure && error.code === 'webhook-unavailable';
      if (!passing || work.clock.monotonic() > until) throw error;
      work.onWaiting([{ ref: liveRef(change.object), reason: 'its admission webhook does not answer yet' }]);
      await work.clock.sleep(500, work.signal);
    }
  }
}

async function waitFor(
  client: KubeClient,
  objects: readonly KubeObject[],
  applySetId: string,
  work: Work,
): Promise<void> {
  const waited = objects.filter(({ kind }) => waitedKinds.has(kind));
  if (waited.length === 0) return;
  await waitReady(client, waited, applySetId, {
    ...work,
    context: { loadBalancers: false, leastReplicas: true },
  });
}

/**
 * Kinds whose readiness is more than being there. Of an autoscaler only its least number of pods is waited for: its first
 * figure takes over a minute after metrics-server has started, and the services answer before.
 */
const waitedKinds = new Set(['Deployment', 'StatefulSet', 'DaemonSet', 'Job', 'Service', 'HorizontalPodAutoscaler']);
