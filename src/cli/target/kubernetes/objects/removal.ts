import { Failure } from '../../../kernel/failure.js';
import type { Execution } from '../../execute.js';
import { waveOf } from '../../manifests/apply-order.js';
import type { KubeObject } from '../../manifests/kube-object.js';
import { type PlannedStep, planned, type StepContext } from '../../plan.js';
import { isKept } from '../../rendering/rendered-object.js';
import type { DownReport, Step } from '../../target.js';
import { ApiError } from '../api/api-error.js';
import type { KubeClient } from '../api/client.js';
import type { ApiResource } from '../api/discovery.js';
import { listOrFail, podResource } from '../api/list.js';
import { type LiveObject, liveRef } from '../api/live-object.js';
import type { ApplySet } from './apply-set.js';
import { claimLabel, claimTemplatesOf, partOfLabel } from './desired.js';
import { getNamespace, isOurs, waitNamespaceGone } from './namespaces.js';

const pollMs = 300;
/** How long controllers may take for what their objects stood for: 30 s. */
const controllerMs = 30_000;

/** Why `down` deletes what it deletes. */
export const madeByUs = 'hwctl made it';

/** An empty report to add to. */
export function emptyReport(): DownReport {
  return { deleted: [], kept: [], remaining: [] };
}

/** What is to be deleted, and why. */
export interface Removal {
  members: readonly LiveObject[];
  /** The volumes that StatefulSets among them made. */
  claims: readonly LiveObject[];
  /** Members that stay. */
  kept: DownReport['kept'];
  why: string;
}

/** Finds what goes with these members, and which of them stay. */
export async function removalOf(client: KubeClient, members: readonly LiveObject[], why: string): Promise<Removal> {
  const kept: DownReport['kept'] = [];
  const doomed: LiveObject[] = [];
  for (const member of members) {
    const reason = isKept(member) ? 'its chart says helm.sh/resource-policy: keep' : await usedByOthers(client, member);
    if (reason === undefined) doomed.push(member);
    else kept.push({ ref: liveRef(member), reason });
  }
  return { members: doomed, claims: await claimsOf(client, doomed), kept, why };
}

/** Why the definition of a kind stays: others have objects of it, which would go with it. */
async function usedByOthers(client: KubeClient, member: LiveObject): Promise<string | undefined> {
  if (member.kind !== 'CustomResourceDefinition') return undefined;
  const { group, names } = member.spec as { group?: string; names?: { kind?: string } };
  const resource = (await client.resources()).find(
    ({ apiVersion, kind }) => kind === names?.kind && apiVersion.startsWith(`${group}/`),
  );
  if (resource === undefined || !resource.verbs.includes('list')) return undefined;
  const label = member.metadata.labels?.[partOfLabel];
  const others = (await client.list(resource)).filter(({ metadata }) => metadata.labels?.[partOfLabel] !== label);
  const what = others.length === 1 ? 'an object' : `${others.length} objects`;
  return others.length === 0 ? undefined : `others have ${what} of its kind`;
}

/** What is still there when the time is over, and why. */
export type Stays = readonly { ref: string; reason: string }[];

/**
 * The steps that delete members, last applied first, wait until each is gone, and delete their volumes. `onStays` is told of
 * what is still there at the deadline; a caller that looks again by itself needs none.
 */
export function removalSteps(
  client: KubeClient,
  { members, claims, kept, why }: Removal,
  report: DownReport,
  onStays: (stays: Stays) => void = () => undefined,
): PlannedStep[] {
  for (const one of kept) if (!report.kept.some(({ ref }) => ref === one.ref)) report.kept.push(one);
  const last = [...members].sort((a, b) => waveOf(b) - waveOf(a));
  const custom = last.filter(isCustom);
  const doomed = last.filter((member) => !isCustom(member));
  // Their controllers finish what they do for them, and these are among the rest.
  const steps = [
    ...custom.map((member) => deleteStep(client, member, why, report)),
    ...(custom.length === 0 || doomed.length === 0 ? [] : [waitCustomStep(client, custom)]),
    ...doomed.map((member) => deleteStep(client, member, why, report)),
  ];
  if (last.length > 0) {
    const step: Step = {
      verb: 'wait',
      ref: kindsIn(last),
      why: 'until nothing is left of it, no pod that drains either',
    };
    const wait = async (work: StepContext) => {
      const stays = [...(await waitGone(client, last, work)), ...(await waitPodsGone(client, last, work))];
      if (stays.length > 0) onStays(stays);
    };
    steps.push(planned(step, wait));
  }
  return [...steps, ...claimSteps(client, claims, report, onStays)];
}

function waitCustomStep(client: KubeClient, custom: readonly LiveObject[]): PlannedStep {
  const step: Step = {
    verb: 'wait',
    ref: kindsIn(custom),
    why: 'until the controllers of these kinds are done with them',
  };
  return planned(step, async (work) => {
    const deadlineAt = Math.min(work.deadlineAt, work.clock.monotonic() + controllerMs);
    await waitGone(client, custom, { ...work, deadlineAt });
  });
}

/** Whether its kind was brought by a CustomResourceDefinition or an API server of others. */
function isCustom({ apiVersion }: KubeObject): boolean {
  const [group = '', version] = apiVersion.split('/');
  return version !== undefined && group.includes('.') && !group.endsWith('.k8s.io');
}

/** The steps that delete claims and wait until they are gone. */
export function claimSteps(
  client: KubeClient,
  claims: readonly LiveObject[],
  report: DownReport,
  onStays: (stays: Stays) => void = () => undefined,
): PlannedStep[] {
  if (claims.length === 0) return [];
  const step: Step = { verb: 'wait', ref: kindsIn(claims), why: 'until nothing is left of it' };
  return [
    ...claims.map((claim) => deleteStep(client, claim, 'a StatefulSet of hwctl made it', report)),
    planned(step, async (work) => {
      const stays = await waitGone(client, claims, work);
      if (stays.length > 0) onStays(stays);
    }),
  ];
}

/** The step that deletes one object. */
export function deleteStep(client: KubeClient, object: LiveObject, why: string, report: DownReport): PlannedStep {
  const step = { verb: 'delete' as const, ref: liveRef(object), why };
  return planned(step, async () => {
    await client.delete(object);
    report.deleted.push(step.ref);
  });
}

/** `Deployment, Service`: how steps name several objects. */
export function kindsIn(objects: readonly KubeObject[]): string {
  return [...new Set(objects.map(({ kind }) => kind))].sort().join(', ');
}

/** Reports claims as kept, each once. */
export function keepClaims(claims: readonly LiveObject[], report: DownReport): void {
  const known = report.kept.map(({ ref }) => ref);
  for (const ref of claims.map(liveRef)) {
    if (!known.includes(ref)) report.kept.push({ ref, reason: 'data is kept, as asked for' });
  }
}

/** Claims of our StatefulSets, also of those that are gone: data that was kept, or left by a killed run. */
export function claimsOfSet(client: KubeClient, set: Pick<ApplySet, 'id'>): Promise<LiveObject[]> {
  return listOrFail(client, claimResource, { labelSelector: `${claimLabel}=${set.id}` });
}

const claimResource: ApiResource = {
  apiVersion: 'v1',
  kind: 'PersistentVolumeClaim',
  plural: 'persistentvolumeclaims',
  namespaced: true,
  verbs: ['list'],
};

/** The claims that StatefulSets made from their templates; Kubernetes leaves them where the StatefulSet goes. */
async function claimsOf(client: KubeClient, members: readonly LiveObject[]): Promise<LiveObject[]> {
  const found: LiveObject[] = [];
  for (const member of members) {
    const templates = claimTemplatesOf(member);
    if (templates.length === 0) continue;
    const { namespace, name } = member.metadata;
    const pattern = new RegExp(`^(?:${templates.map((template) => template.metadata.name).join('|')})-${name}-\\d+$`);
    const claims = await listOrFail(client, claimResource, { namespace });
    found.push(...claims.filter((claim) => pattern.test(claim.metadata.name)));
  }
  return found;
}

/** Gives what is still there at the deadline. */
async function waitGone(client: KubeClient, objects: readonly LiveObject[], work: StepContext): Promise<Stays> {
  let left = [...objects];
  for (;;) {
    const present: LiveObject[] = [];
    for (const object of left) {
      const now = await client.get(object);
      if (now !== undefined && now.metadata.uid === object.metadata.uid) present.push(now);
    }
    left = present;
    const stays = left.map((object) => ({ ref: liveRef(object), reason: whyStays(object) }));
    if (left.length === 0 || work.clock.monotonic() > work.deadlineAt) return stays;
    work.onWaiting(stays);
    await work.clock.sleep(pollMs, work.signal);
  }
}

function whyStays(object: LiveObject): string {
  const finalizers = object.metadata.finalizers ?? [];
  if (finalizers.length > 0) return `it waits for ${finalizers.join(', ')}`;
  return 'it is being deleted';
}

/** Pods outlive their Deployment for as long as they drain. */
async function waitPodsGone(client: KubeClient, members: readonly LiveObject[], work: StepContext): Promise<Stays> {
  const workloads = members.filter((member) => ['Deployment', 'StatefulSet', 'DaemonSet', 'Job'].includes(member.kind));
  for (;;) {
    const left: LiveObject[] = [];
    for (const workload of workloads) {
      const { namespace } = workload.metadata;
      const labels =
        (workload.spec?.selector as { matchLabels?: Record<string, string> } | undefined)?.matchLabels ?? {};
      const labelSelector = Object.entries(labels)
        .map(([name, value]) => `${name}=${value}`)
        .join(',');
      if (labelSelector === '') continue;
      const pods = await listOrFail(client, podResource, { namespace, labelSelector });
      left.push(...pods.filter((pod) => pod.metadata.deletionTimestamp !== undefined));
    }
    const stays = left.map((pod) => ({ ref: liveRef(pod), reason: 'it is draining' }));
    if (left.length === 0 || work.clock.monotonic() > work.deadlineAt) return stays;
    work.onWaiting(stays);
    await work.clock.sleep(pollMs, work.signal);
  }
}

/** Kinds that the cluster itself puts into namespaces, or that are only views of others. */
const systemKinds = new Set([
  'Event',
  'PodMetrics',
  'NodeMetrics',
  'Endpoints',
  'EndpointSlice',
  'ControllerRevision',
  'Lease',
]);

/** What is in a namespace and was not made by hwctl, nor by the cluster on its behalf. */
async function foreignObjects(client: KubeClient, namespace: string, set: ApplySet): Promise<LiveObject[]> {
  const resources = (await client.resources()).filter(
    (resource) => resource.namespaced && resource.verbs.includes('list') && !systemKinds.has(resource.kind),
  );
  const found: LiveObject[] = [];
  for (const resource of resources) {
    try {
      found.push(...(await client.list(resource, { namespace })));
    } catch (error) {
      // A kind whose server went away holds nothing that could be listed; any other error must not pass for "nothing there".
      if (!(error instanceof ApiError) || ![404, 405, 503].includes(error.status)) throw error;
    }
  }
  return found.filter((object) => isForeign(object, set));
}

/** Whether an object in one of our namespaces is somebody else's. Pure. */
export function isForeign(object: LiveObject, set: Pick<ApplySet, 'id'>): boolean {
  const { name, labels = {}, ownerReferences = [], uid } = object.metadata;
  if (systemKinds.has(object.kind) || object.metadata.deletionTimestamp !== undefined) return false;
  if (isKept(object)) return true;
  if (object.kind === 'ConfigMap' && name === 'kube-root-ca.crt') return false;
  if (object.kind === 'ServiceAccount' && name === 'default') return false;
  if (object.kind === 'Secret' && object.type === 'kubernetes.io/service-account-token') return false;
  if (labels[partOfLabel] === set.id || labels[claimLabel] === set.id) return false;
  if (labels['applyset.kubernetes.io/id'] === set.id) return false;
  // What has an owner goes when the owner goes; the owner itself is judged.
  return !ownerReferences.some((owner) => owner.uid !== uid);
}

/**
 * Removes the namespaces that hwctl made and that hold nothing foreign. Others lose only what hwctl set on them.
 * A namespace that stays in Terminating is reported as remaining, with the reason.
 */
export async function removeNamespaces(
  client: KubeClient,
  names: readonly string[],
  set: ApplySet,
  report: DownReport,
  execution: Execution,
): Promise<void> {
  for (const name of names) {
    const live = await getNamespace(client, name);
    if (live === undefined) continue;
    const ref = `Namespace/${name}`;
    if (!isOurs(live)) {
      // Nobody thinks that this one goes.
      if (name !== 'default') report.kept.push({ ref, reason: 'it was there before hwctl' });
      continue;
    }
    const foreign = await foreignObjects(client, name, set);
    if (foreign.length > 0) {
      for (const object of foreign) report.kept.push({ ref: liveRef(object), reason: 'hwctl did not make it' });
      report.kept.push({
        ref,
        reason: `it holds ${foreign.length} ${foreign.length === 1 ? 'object' : 'objects'} of others`,
      });
      continue;
    }
    const remove = async (work: StepContext) => {
      await client.delete(live);
      try {
        await waitNamespaceGone(client, name, {
          ...work,
          onWaiting: (reason) => work.onWaiting([{ ref, reason }]),
        });
        report.deleted.push(ref);
      } catch (error) {
        if (!(error instanceof Failure) || error.code !== 'namespace-terminating') throw error;
        report.remaining.push({ ref, reason: `${error.message}. ${error.hint}` });
      }
    };
    await execution.run([planned({ verb: 'delete', ref, why: madeByUs }, remove)]);
  }
}

/** Looks at every listable kind in all namespaces for what still carries our label. */
export async function sweep(client: KubeClient, set: ApplySet, kept: readonly string[]): Promise<LiveObject[]> {
  client.forgetResources();
  const resources = (await client.resources()).filter((resource) => resource.verbs.includes('list'));
  const found: LiveObject[] = [];
  for (const resource of resources) {
    try {
      found.push(...(await client.list(resource, { labelSelector: `${partOfLabel}=${set.id}` })));
    } catch (error) {
      if (!(error instanceof ApiError) || ![403, 404, 405, 503].includes(error.status)) throw error;
    }
  }
  return found.filter((object) => !systemKinds.has(object.kind) && !kept.includes(liveRef(object)));
}
