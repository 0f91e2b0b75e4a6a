import { Failure } from '../../kernel/failure.js';
import { isWorkload, type KubeObject } from '../manifests/kube-object.js';
import { type PlannedStep, planned, type StepContext } from '../plan.js';
import type { UpRequest } from '../target.js';
import type { KubeClient } from './api/client.js';
import { keyOf, type LiveObject, liveRef } from './api/live-object.js';
import { readinessOf } from './health/readiness.js';
import { waitReady } from './health/wait-ready.js';
import { applyChange, type DueChange, isDue, planObjects, stepOf } from './objects/apply.js';
import { type ApplySet, isRecorded, parentObject, writeParent } from './objects/apply-set.js';
import { namespaceStep } from './objects/namespaces.js';
import { emptyReport, kindsIn, removalOf, removalSteps, type Stays } from './objects/removal.js';
import { type DesiredInCluster, kindsOf, reachOf } from './wanted.js';

/** How long an admission webhook may stay away: 30 s. */
const webhookMs = 30_000;

/** What was applied before a hook is given as long to become ready before the hook runs: 90 s. */
const settleMs = 90_000;

/** Kinds that are as they shall be when they are there; every other is waited for. */
const atOnceKinds = new Set(
  `Namespace ServiceAccount Role RoleBinding ClusterRole ClusterRoleBinding Secret ConfigMap Service Ingress IngressClass
  NetworkPolicy ResourceQuota LimitRange PriorityClass StorageClass PersistentVolume PersistentVolumeClaim CronJob
  PodDisruptionBudget ValidatingWebhookConfiguration MutatingWebhookConfiguration Endpoints EndpointSlice`.split(/\s+/),
);

/**
 * Of an autoscaler only its least number of pods is waited for: its first figure takes over a minute after metrics-server has
 * started, and the services answer before.
 */
const readiness = { loadBalancers: false, leastReplicas: true };

function isWaited({ kind }: KubeObject): boolean {
  return !atOnceKinds.has(kind);
}

/** What the steps for objects are planned from, and what they find out only as they run. */
export interface ObjectsAhead {
  wanted: DesiredInCluster;
  members: readonly LiveObject[];
  /** As they are live, in the order of the wanted ones. */
  namespaces: readonly (LiveObject | undefined)[];
  client(): KubeClient;
  /** What is wanted in full; asked for by steps only. */
  settle(): Promise<DesiredInCluster>;
  /** What `settle` gives may differ from `wanted` in fields, never in which objects there are. */
  isLate: boolean;
}

/** Namespaces, the record, the objects in waves of which each is ready before the next begins, what nobody wants any more, the record again. */
export async function objectSteps(ahead: ObjectsAhead, request: UpRequest): Promise<PlannedStep[]> {
  const { wanted, members, client, settle } = ahead;
  const plan = planObjects(wanted.objects, members);
  const spaces = wanted.namespaces.flatMap(
    (namespace, index) => namespaceStep(client, namespace, ahead.namespaces[index]) ?? [],
  );
  const [before, after] = recordSteps(ahead);
  const prune =
    plan.prune.length === 0
      ? []
      : removalSteps(
          client(),
          await removalOf(client(), plan.prune, 'no stack has it any more'),
          emptyReport(),
          notGone,
        );
  // The class of an Ingress that is not there is told before anything is made.
  const steps = [...spaces, ...before, ...waveSteps(ahead, plan.changes.filter(isDue), request), ...prune, ...after];
  return steps.map((step) => ({ ...step, act: async (work) => settle().then(() => step.act?.(work)) }));
}

/** The record keeps what is not gone, and `up` has not done what its plan says. */
function notGone(stays: Stays): never {
  throw new Failure({
    code: 'not-gone',
    message: `what no stack has any more is still there: ${stays.map(({ ref }) => ref).join(', ')}`,
    details: stays.map(({ ref, reason }) => `${ref}: ${reason}`),
    hint: 'Let what holds it end (kubectl get -o yaml shows its finalizers), or give it more --timeout, then up again',
  });
}

/** KEP 3659: the parent names a superset of what is there before anything is applied, and shrinks after the prune. */
function recordSteps({ wanted, client, settle }: ObjectsAhead): [PlannedStep[], PlannedStep[]] {
  const { set } = wanted;
  const namespaces = reachOf({ ...wanted, set: { ...set, namespaces: [] } }).namespaces;
  const superset = reachOf(wanted);
  const exact = { groupKinds: kindsOf(wanted.objects), namespaces };
  const ref = liveRef(parentObject(set));
  let live = set.live;
  const write = (reach: Pick<ApplySet, 'groupKinds' | 'namespaces'>) => async () => {
    const settled = (await settle()).set;
    live = (await writeParent(client(), { ...settled, ...reach, live: live ?? settled.live })).live;
  };
  const verb = live === undefined ? 'create' : 'update';
  const before = isRecorded({ ...set, ...superset })
    ? []
    : [planned({ verb, ref, why: 'the record of what is up, written before it is' }, write(superset))];
  const annotations = (reach: typeof exact) => JSON.stringify(parentObject({ ...set, ...reach }).metadata.annotations);
  const after =
    annotations(superset) === annotations(exact)
      ? []
      : [planned({ verb: 'update', ref, why: 'the record, without what is gone' }, write(exact))];
  return [before, after];
}

function waveSteps(ahead: ObjectsAhead, changes: readonly DueChange[], request: UpRequest): PlannedStep[] {
  const { wanted, members } = ahead;
  const { waves } = wanted;
  const live = new Map(members.map((member) => [keyOf(member), member]));
  const isReady = (object: KubeObject) => {
    const now = live.get(keyOf(object));
    return now !== undefined && readinessOf(now, readiness).state === 'ready';
  };
  const steps: PlannedStep[] = [];
  const before: KubeObject[] = [];
  for (const [at, { objects, isAwaited, settlesBefore }] of waves.entries()) {
    const isLast = at === waves.length - 1;
    const due = changes.filter(({ object }) => objects.includes(object));
    const settling = before.filter(isWorkload);
    if (settlesBefore && due.length > 0 && settling.length > 0) steps.push(settleStep(ahead, settling));
    steps.push(...due.map((change) => applyStep(ahead, change, request.cluster?.forceConflicts === true)));
    before.push(...objects.filter(isWaited));
    const waited = isLast ? wanted.objects.filter(isWaited) : isAwaited ? objects.filter(isWaited) : [];
    const isTouched = due.length > 0 || (isLast && changes.length > 0);
    if (waited.length > 0 && (isTouched || !waited.every(isReady))) steps.push(waitStep(ahead, waited, isLast));
  }
  return steps;
}

/** Gives what was applied before some time to become ready. It may need what comes after: then that comes all the same. */
function settleStep({ client, settle }: ObjectsAhead, settling: readonly KubeObject[]): PlannedStep {
  const why = 'for a while, until what was applied before is ready: a hook comes next';
  return planned({ verb: 'wait', ref: kindsIn(settling), why }, async (work) => {
    const { set } = await settle();
    const deadlineAt = Math.min(work.deadlineAt, work.clock.monotonic() + settleMs);
    try {
      await waitReady(client(), settling, set.id, { ...work, deadlineAt, context: readiness });
    } catch (error) {
      if (!(error instanceof Failure) || error.code !== 'not-ready') throw error;
      work.onProgress(`${error.message}; the hook is tried all the same`);
    }
  });
}

function waitStep({ client, settle }: ObjectsAhead, waited: readonly KubeObject[], isLast: boolean): PlannedStep {
  const [all, them] = waited.length === 1 ? ['it is', 'it'] : [`all ${waited.length} are`, 'them'];
  const why = `until ${all} ready${isLast ? '' : `: what comes next needs ${them}`}`;
  return planned({ verb: 'wait', ref: kindsIn(waited), why }, async (work) => {
    const { set } = await settle();
    await waitReady(client(), waited, set.id, { ...work, context: readiness });
  });
}

function applyStep({ client, settle, isLate }: ObjectsAhead, change: DueChange, force: boolean): PlannedStep {
  const settled = async (): Promise<KubeObject> => {
    const found = (await settle()).objects.find((object) => keyOf(object) === keyOf(change.object));
    return found ?? change.object;
  };
  const whyDone = async () => {
    if (!isLate || change.live === undefined) return undefined;
    const [now] = planObjects([await settled()], [change.live]).changes;
    return now?.verb === 'keep' ? now.why : undefined;
  };
  const apply = async (work: StepContext) =>
    applyPatiently(client(), { ...change, object: await settled() }, force, work);
  return planned(stepOf(change), apply, { whyDone });
}

/** A controller's webhook may answer some seconds after the controller is ready: that is waited for. */
async function applyPatiently(client: KubeClient, change: DueChange, force: boolean, work: StepContext): Promise<void> {
  const until = Math.min(work.deadlineAt, work.clock.monotonic() + webhookMs);
  for (;;) {
    try {
      await applyChange(client, change, { force, clock: work.clock, signal: work.signal });
      return;
    } catch (error) {
      const reason = whyNotYet(error);
      if (reason === undefined || work.clock.monotonic() > until) throw error;
      // A definition of its kind may have been applied a moment ago.
      client.forgetResources();
      work.onWaiting([{ ref: liveRef(change.object), reason }]);
      await work.clock.sleep(500, work.signal);
    }
  }
}

function whyNotYet(error: unknown): string | undefined {
  if (!(error instanceof Failure)) return undefined;
  if (error.code === 'webhook-unavailable') return 'its admission webhook does not answer yet';
  return error.code === 'no-such-kind' ? 'the cluster does not serve its kind yet' : undefined;
}
