import { Failure } from '../../kernel/failure.js';
import { generatedKeys, type KubeObject } from '../manifests/kube-object.js';
import { diffObjects, maskMaps, type ObjectDiff } from '../manifests/object-diff.js';
import type { UpRequest } from '../target.js';
import type { KubeClient } from './api/client.js';
import { clusterFacts } from './api/cluster-facts.js';
import { type LiveObject, liveRef } from './api/live-object.js';
import { projectImages } from './images/project-images.js';
import { type ObjectPlan, planObjects } from './objects/apply.js';
import { listMembers } from './objects/apply-set.js';
import { appliedAnnotation } from './objects/desired.js';
import { getNamespace, isOurs, madeAnnotation } from './objects/namespaces.js';
import { type ClusterTargetOptions, openCluster, openProvider, openState } from './provider/cluster-access.js';
import { readyNodes } from './provider/nodes.js';
import { ingressAddon } from './provider/provision.js';
import { imageDeps, imageReference, serverImage } from './provider/server-image.js';
import { type DesiredInCluster, findSet, ingressClassFor, reachOf, readRequest, want } from './wanted.js';

/** The very objects that `up` would apply, Namespaces first; generated secrets have no value yet. */
export function objectsAhead(options: ClusterTargetOptions, request: UpRequest): Promise<KubeObject[]> {
  return lookAhead(options, request, async (_, { namespaces, objects }) => [...namespaces, ...objects]);
}

/** What `up` would change, as the API server says it: by a dry run of every apply, beside what is live. */
export function diffAhead(options: ClusterTargetOptions, request: UpRequest): Promise<ObjectDiff[]> {
  return lookAhead(options, request, async (client, wanted, plan) => {
    const differences: (ObjectDiff | undefined)[] = [];
    const missing: string[] = [];
    for (const namespace of wanted.namespaces) {
      const live = await getNamespace(client, namespace.metadata.name);
      if (live === undefined) missing.push(namespace.metadata.name);
      // One that hwctl did not make is left as it is.
      if (live === undefined || isOurs(live)) differences.push(await compare(client, namespace, live, false));
    }
    for (const { object } of plan.changes) {
      const homeless = missing.includes(object.metadata.namespace ?? '');
      const live = homeless ? undefined : await client.get(object);
      differences.push(await compare(client, object, live, homeless));
    }
    for (const live of plan.prune) {
      const [before] = presentable(live, undefined);
      differences.push(diffObjects(liveRef(live), before, undefined));
    }
    return differences.filter((difference) => difference !== undefined);
  });
}

async function lookAhead<T>(
  options: ClusterTargetOptions,
  asked: UpRequest,
  see: (client: KubeClient, wanted: DesiredInCluster, plan: ObjectPlan) => Promise<T>,
): Promise<T> {
  // What cannot be used is told before anything is asked.
  const known = asked.source.asksCluster ? undefined : await readRequest(asked, undefined);
  const provider = openProvider(options);
  const images = projectImages(options, asked, provider, openState(options));
  const request = { ...asked, source: images.named(asked.source) };
  const cluster = await openCluster(options);
  if (cluster === undefined) {
    throw new Failure({
      code: 'cluster-stopped',
      message: `the ${provider.noun} ${provider.profile} does not run, so there is nothing to compare with`,
      hint: 'hwctl up --dry-run tells what up would do, and hwctl render needs no cluster',
    });
  }
  const { client, state } = cluster;
  try {
    const deps = imageDeps(options, request, provider, state);
    const image = request.source.asksCluster
      ? ''
      : await imageReference(deps, request.values.image ?? serverImage(deps));
    images.nodes = (await readyNodes(() => client)) ?? [];
    const facts = request.source.asksCluster
      ? await clusterFacts(client, options.name === 'kube' ? undefined : options.name)
      : undefined;
    const entries = known ?? (await readRequest(request, facts));
    const set = await findSet(client, options.environment.project, entries, request.source);
    const ingressClass = await classFor(client, entries, ingressAddon(provider) !== undefined);
    const wanted = await want(request, entries, { set, image, ingressClass, cluster: facts });
    const members = await listMembers(client, wanted.set, reachOf(wanted));
    return await see(client, wanted, planObjects(wanted.objects, members));
  } finally {
    client.close();
  }
}

/** The class that `up` would take; an addon of the provider may have yet to bring one. */
async function classFor(client: KubeClient, entries: Parameters<typeof ingressClassFor>[1], addon: boolean) {
  try {
    return await ingressClassFor(client, entries);
  } catch (error) {
    if (addon && error instanceof Failure && error.code === 'no-ingress-class') return undefined;
    throw error;
  }
}

async function compare(client: KubeClient, object: KubeObject, live: LiveObject | undefined, homeless: boolean) {
  // A namespace that is not there takes no dry run; what is made is shown as it is written, without defaults.
  const known = withKnownSecrets(object, live);
  const after = live === undefined ? known : await client.apply(known, { dryRun: true, force: true });
  if (live === undefined && !homeless) await client.apply(known, { dryRun: true, force: true });
  const [was, becomes] = presentable(live, after);
  return diffObjects(liveRef(object), was, becomes);
}

/** A generated value stays as it is in the cluster; one that is not there yet is shown as made. */
function withKnownSecrets(object: KubeObject, live: LiveObject | undefined): KubeObject {
  const keys = generatedKeys(object);
  if (keys.length === 0) return object;
  const present = (live?.data ?? {}) as Record<string, string>;
  const made = Object.fromEntries(
    keys.map((key) => [key, present[key] || Buffer.from('generated').toString('base64')]),
  );
  return { ...object, data: { ...(object.data as object | undefined), ...made } };
}

/** Annotations and fields that the cluster writes, and our own bookkeeping: no reader asks for them. */
const quietAnnotations = [appliedAnnotation, madeAnnotation, 'deployment.kubernetes.io/revision'];
const quietFields = ['managedFields', 'uid', 'resourceVersion', 'generation', 'creationTimestamp', 'selfLink'];

/** Two states of an object as they are shown: without what the cluster writes, secrets masked. */
function presentable(before: KubeObject | undefined, after: KubeObject | undefined): unknown[] {
  const [was, becomes] = [before, after].map((object) => {
    if (object === undefined) return undefined;
    const { status: _, ...copy } = structuredClone(object);
    for (const field of quietFields) delete copy.metadata[field];
    for (const name of quietAnnotations) delete copy.metadata.annotations?.[name];
    return copy as KubeObject & { data?: Record<string, string>; stringData?: Record<string, string> };
  });
  if ((was ?? becomes)?.kind === 'Secret') {
    const [dataBefore, dataAfter] = maskMaps(was?.data, becomes?.data);
    if (was?.data) was.data = dataBefore;
    if (becomes?.data) becomes.data = dataAfter;
    if (becomes?.stringData) becomes.stringData = maskMaps(undefined, becomes.stringData)[1];
  }
  return [was, becomes];
}
