import { Failure } from '../../kernel/failure.js';
import { waveOf } from '../manifests/apply-order.js';
import type { KubeObject } from '../manifests/kube-object.js';
import { mergeValues } from '../manifests/merge-values.js';
import type { StackObject } from '../manifests/stack-object.js';
import type { Values } from '../manifests/values-shape.js';
import type { ClusterFacts, ObjectSource } from '../source.js';
import type { UpRequest } from '../target.js';
import type { KubeClient } from './api/client.js';
import { groupKindOf, keyOf, type LiveObject } from './api/live-object.js';
import { planObjects } from './objects/apply.js';
import { type ApplySet, emptyApplySet, findApplySets } from './objects/apply-set.js';
import { desiredObjects, ingressClassOf } from './objects/desired.js';
import { findForeign } from './objects/foreign.js';
import { chooseIngressClass, listIngressClasses } from './provider/provision.js';

/** Everything that is wanted in the cluster, and the record it belongs to. */
export interface DesiredInCluster {
  set: ApplySet;
  namespaces: KubeObject[];
  objects: KubeObject[];
  /** The objects in the order in which they are applied. */
  waves: Wave[];
}

/** Objects that are applied together. */
interface Wave {
  objects: KubeObject[];
  isAwaited: boolean;
  settlesBefore: boolean;
}

/** The objects that are asked for: what `up`, its dry run and `diff` begin with. Throws Failure for what cannot be had on a cluster. */
export function readRequest(request: UpRequest, cluster: ClusterFacts | undefined): Promise<StackObject[]> {
  checkValues(request.values);
  return request.source.objects(request, cluster);
}

function checkValues(values: Values): void {
  if (values.store !== 'sqlite' || values.image !== undefined) return;
  throw new Failure({
    code: 'bad-values',
    message: 'store: the image of the server holds no SQLite, so a cluster cannot use it',
    hint: 'Leave store=sqlite out, use --target local, or name an image of your own with --set image=NAME',
  });
}

/** The class for Ingresses that name none; undefined where every one names its own. Each that is named must exist. */
export async function ingressClassFor(
  client: KubeClient,
  entries: readonly StackObject[],
): Promise<string | undefined> {
  const named = entries.filter(({ object }) => object.kind === 'Ingress').map(({ object }) => ingressClassOf(object));
  if (named.length === 0) return undefined;
  const brought = entries.filter(({ object }) => object.kind === 'IngressClass').map(({ object }) => object);
  const classes = [...(await listIngressClasses(client)), ...brought];
  const chosen = [...new Set(named)].map((name) => ({ name, choice: chooseIngressClass(classes, name, client.cures) }));
  return chosen.find(({ name }) => name === undefined)?.choice;
}

/** The namespace that the record lives in: the one that the source names, else that of the services. */
export function homeOf(entries: readonly StackObject[], { home }: Pick<ObjectSource, 'home'> = {}): string {
  if (home !== undefined) return home;
  // Monitoring comes with every stack and lives elsewhere: whatever is brought up first, the record is the same one.
  const services = entries.filter(({ object, part }) => part === 'application' && object.kind === 'Deployment');
  return services.find(({ object }) => object.metadata.namespace !== undefined)?.object.metadata.namespace ?? 'hwctl';
}

/** The record of what is up of a project in the home of these objects; an empty one where nothing is. */
export async function findSet(
  client: KubeClient,
  project: string,
  entries: readonly StackObject[],
  source: ObjectSource,
): Promise<ApplySet> {
  const home = homeOf(entries, source);
  const sets = await findApplySets(client, project);
  return sets.find((set) => set.namespace === home) ?? emptyApplySet(home, project);
}

/** What is wanted once the asked stacks, of which `entries` are the objects, join those that are up. */
export async function want(
  request: UpRequest,
  entries: readonly StackObject[],
  { set, image, ingressClass, cluster }: Known,
): Promise<DesiredInCluster> {
  const stacks = [...new Set([...set.stacks, ...request.stacks])].sort();
  const values = mergeValues(set.values, request.values);
  const isAll =
    stacks.every((name) => request.stacks.includes(name)) && JSON.stringify(values) === JSON.stringify(request.values);
  const merged = isAll ? entries : await request.source.objects({ stacks, values }, cluster);
  const all = desiredObjects(merged, { image, ingressClass, applySetId: set.id, project: set.project });
  const namespaces = all.filter(({ kind }) => kind === 'Namespace');
  const objects = all.filter(({ kind }) => kind !== 'Namespace');
  return { set: { ...set, stacks, values }, namespaces, objects, waves: wavesOf(merged, all) };
}

/** The waves of what is applied; `entries` are what it was made of, in the same order. */
function wavesOf(entries: readonly StackObject[], all: readonly KubeObject[]): Wave[] {
  const waves = new Map<number, Wave>();
  for (const [at, object] of all.entries()) {
    if (object.kind === 'Namespace') continue;
    const { index, ...how } = entries[at]?.wave ?? { index: waveOf(object), isAwaited: true, settlesBefore: false };
    const wave = waves.get(index) ?? { objects: [], ...how };
    wave.objects.push(object);
    waves.set(index, wave);
  }
  return [...waves].sort(([a], [b]) => a - b).map(([, wave]) => wave);
}

/** What is known of the cluster when it is said what is wanted in it. */
interface Known {
  set: ApplySet;
  image: string;
  ingressClass: string | undefined;
  cluster: ClusterFacts | undefined;
}

/** What is wanted, without definitions of kinds that somebody else brought. Throws Failure `not-ours` for what else is somebody's. */
export async function withoutForeign(
  client: KubeClient,
  wanted: DesiredInCluster,
  members: readonly LiveObject[],
): Promise<DesiredInCluster> {
  const made = planObjects(wanted.objects, members).changes.filter(({ verb }) => verb === 'create');
  const left = (
    await findForeign(
      client,
      made.map(({ object }) => object),
      wanted.set.id,
    )
  ).map(keyOf);
  if (left.length === 0) return wanted;
  const isOurs = (object: KubeObject) => !left.includes(keyOf(object));
  return {
    ...wanted,
    objects: wanted.objects.filter(isOurs),
    waves: wanted.waves.map((wave) => ({ ...wave, objects: wave.objects.filter(isOurs) })),
  };
}

/** Group-kinds of these objects. */
export function kindsOf(objects: readonly { apiVersion: string; kind: string }[]): string[] {
  return [...new Set(objects.map(groupKindOf))];
}

/** Where members of this set can be: what its record names, and what the wanted objects add. */
export function reachOf({ set, objects }: DesiredInCluster): { groupKinds: string[]; namespaces: string[] } {
  const own = [set.namespace, ...objects.flatMap(({ metadata }) => metadata.namespace ?? [])];
  return {
    groupKinds: [...new Set([...set.groupKinds, ...kindsOf(objects)])],
    namespaces: [...new Set([...set.namespaces, ...own])],
  };
}
