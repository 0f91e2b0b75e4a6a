import type { Clock } from '../../../kernel/clock.js';
import { Failure } from '../../../kernel/failure.js';
import type { KubeObject } from '../../manifests/kube-object.js';
import type { KubeClient } from '../api/client.js';
import { listOrFail } from '../api/list.js';
import { conditionOf, groupKindOf, keyOf, type LiveObject, liveRef } from '../api/live-object.js';
import { partOfLabel } from '../objects/desired.js';
import { whyNoMetrics } from './autoscaler.js';
import { type PodTrouble, podTrouble, type WarningEvent, worstTrouble } from './pod-trouble.js';
import { currentReplicaSets, eventsOf, podsOf } from './pods.js';
import { type ReadinessContext, readinessOf } from './readiness.js';
import { explainUnschedulable } from './unschedulable.js';

const pollMs = 400;
/** The API server may restart; after this long without an answer the wait is over: 40 s. */
const unreachableMs = 40_000;
const logLines = 12;
/** Read of a log: enough to find the message above a stack trace. */
const readLines = 60;

export interface ReadyOptions {
  clock: Clock;
  /** On the monotonic clock. */
  deadlineAt: number;
  timeoutMs: number;
  signal: AbortSignal;
  context: ReadinessContext;
  onWaiting(notReady: { ref: string; reason: string }[]): void;
}

/** An object that is not ready, and all that is known of why. */
interface NotReady {
  ref: string;
  reason: string;
  failed: boolean;
  namespace?: string;
  pod?: string;
  trouble?: PodTrouble;
  events: WarningEvent[];
  /** Its log as it was before its pod was deleted. */
  log?: string[];
}

/**
 * Waits until every object is ready. Throws Failure `not-ready` (exit 1) with one cause: at the deadline, or earlier
 * where waiting is pointless. Throws Failure `api-unreachable` (exit 2) where the API server stays away.
 */
export async function waitReady(
  client: KubeClient,
  objects: readonly KubeObject[],
  applySetId: string,
  options: ReadyOptions,
): Promise<void> {
  const since = new Map<string, number>();
  const crashes = new Map<string, NotReady>();
  let answeredAt = options.clock.monotonic();
  for (;;) {
    let notReady: NotReady[];
    try {
      notReady = await look(client, objects, applySetId, options.context);
      for (const item of notReady) await rememberCrash(client, item, crashes);
      answeredAt = options.clock.monotonic();
    } catch (error) {
      options.signal.throwIfAborted();
      if (!(error instanceof Failure) || error.code !== 'api-unreachable') throw error;
      const now = options.clock.monotonic();
      if (now - answeredAt > unreachableMs || now > options.deadlineAt) throw stoppedMidWait(client, error);
      options.onWaiting([{ ref: 'API server', reason: error.message }]);
      await options.clock.sleep(pollMs, options.signal);
      continue;
    }
    if (notReady.length === 0) return;
    const now = options.clock.monotonic();
    const hopeless = notReady.find((item) => isHopeless(item, since, now));
    if (hopeless !== undefined)
      throw await notReadyFailure(client, [hopeless, ...notReady.filter((x) => x !== hopeless)]);
    if (now > options.deadlineAt) throw await notReadyFailure(client, notReady, options.timeoutMs);
    options.onWaiting(notReady.map(({ ref, reason }) => ({ ref, reason })));
    await options.clock.sleep(pollMs, options.signal);
  }
}

/** A Job that fails for good takes its pods and their logs along: what its last pod said is kept while it is there. */
async function rememberCrash(client: KubeClient, item: NotReady, crashes: Map<string, NotReady>): Promise<void> {
  if (!item.ref.startsWith('Job/')) return;
  const before = crashes.get(item.ref);
  if (item.trouble?.kind === 'crash' || item.trouble?.kind === 'oom') {
    if (before?.reason === item.reason) return;
    const log = await lastLog(client, item);
    crashes.set(item.ref, { ...item, log: log.length > 0 ? log : before?.log });
  } else if (item.failed && before !== undefined) {
    Object.assign(item, { reason: `${item.reason}: ${before.reason}`, trouble: before.trouble, log: before.log });
  }
}

/** True where the same trouble has lasted for as long as it may. */
function isHopeless(item: NotReady, since: Map<string, number>, now: number): boolean {
  const afterMs = item.failed ? 3_000 : item.trouble?.hopelessAfterMs;
  const key = `${item.ref} ${item.failed ? 'failed' : item.trouble?.kind}`;
  for (const other of since.keys()) if (other.startsWith(`${item.ref} `) && other !== key) since.delete(other);
  if (afterMs === undefined) {
    since.delete(key);
    return false;
  }
  const first = since.get(key) ?? now;
  since.set(key, first);
  return now - first >= afterMs;
}

async function look(
  client: KubeClient,
  objects: readonly KubeObject[],
  applySetId: string,
  context: ReadinessContext,
): Promise<NotReady[]> {
  const live = await listLive(client, objects, applySetId);
  const found: NotReady[] = [];
  for (const object of objects) {
    const now = live.get(keyOf(object));
    const ref = liveRef(object);
    if (now === undefined) {
      found.push({ ref, reason: 'it is not there', failed: false, events: [] });
      continue;
    }
    const readiness = readinessOf(now, context);
    if (readiness.state === 'ready') continue;
    found.push(await explain(client, now, ref, readiness.reason, readiness.state === 'failed'));
  }
  return found;
}

async function listLive(client: KubeClient, objects: readonly KubeObject[], applySetId: string) {
  const resources = await client.resources();
  const lists = new Map<string, Promise<LiveObject[]>>();
  for (const object of objects) {
    const { namespace } = object.metadata;
    const resource = resources.find((candidate) => groupKindOf(candidate) === groupKindOf(object));
    if (resource === undefined) continue;
    const key = `${groupKindOf(object)}/${namespace ?? ''}`;
    if (!lists.has(key)) {
      lists.set(key, listOrFail(client, resource, { namespace, labelSelector: `${partOfLabel}=${applySetId}` }));
    }
  }
  const live = (await Promise.all(lists.values())).flat();
  return new Map(live.map((object) => [keyOf(object), object]));
}

async function explain(
  client: KubeClient,
  live: LiveObject,
  ref: string,
  reason: string,
  failed: boolean,
): Promise<NotReady> {
  const { namespace } = live.metadata;
  const plain = { ref, reason, failed, namespace, events: [] };
  if (live.kind === 'HorizontalPodAutoscaler') return { ...plain, ...(await whyNoMetrics(client, ref, reason)) };
  if (namespace === undefined || !['Deployment', 'StatefulSet', 'DaemonSet', 'Job', 'Pod'].includes(live.kind))
    return plain;
  const [pods, events] = await Promise.all([podsOf(client, live), eventsOf(client, namespace)]);
  const troubles = pods.flatMap((pod) => {
    const trouble = podTrouble(pod, events.get(pod.metadata.uid) ?? []);
    return trouble === undefined ? [] : [{ pod, trouble }];
  });
  for (const item of troubles) {
    if (item.trouble.kind === 'unschedulable')
      item.trouble = await explainUnschedulable(client, item.pod, item.trouble);
  }
  const worst = worstTrouble(troubles.map(({ trouble }) => trouble));
  const of = troubles.find(({ trouble }) => trouble === worst);
  if (worst === undefined || worst.kind === 'starting' || worst.kind === 'not-ready') {
    const own = events.get(live.metadata.uid) ?? [];
    const refusal = await whyRefused(client, live, pods.length, own);
    if (refusal !== undefined) return { ...plain, ...refusedPods(refusal, ref), events: own };
  }
  if (worst === undefined || of === undefined) return plain;
  return {
    ...plain,
    reason: failed && worst.kind === 'starting' ? reason : worst.message,
    pod: of.pod.metadata.name,
    trouble: worst,
    events: events.get(of.pod.metadata.uid) ?? [],
  };
}

/** What the API server said to the controller that would make pods: a condition that goes with its cause, or an event. */
async function whyRefused(
  client: KubeClient,
  live: LiveObject,
  pods: number,
  events: readonly WarningEvent[],
): Promise<string | undefined> {
  if (live.kind === 'Deployment') {
    for (const set of await currentReplicaSets(client, live)) {
      const failure = conditionOf(set, 'ReplicaFailure');
      if (failure?.status === 'True') return failure.message ?? failure.reason;
    }
    return undefined;
  }
  return pods > 0 ? undefined : events.find((event) => event.reason === 'FailedCreate')?.message;
}

/** Pods that cannot even be made: quotas, Pod Security, admission. */
function refusedPods(said: string, ref: string): { reason: string; trouble: PodTrouble } {
  const quota = /exceeded quota: .*/.exec(said)?.[0];
  const security = /violates PodSecurity.*/.exec(said)?.[0];
  const message = `the pods of ${ref} cannot be made: ${quota ?? security ?? said}`;
  const hint =
    quota !== undefined
      ? 'Raise the ResourceQuota of the namespace, or ask for less'
      : security !== undefined
        ? 'The pod template must meet the Pod Security Standard of the namespace'
        : undefined;
  return { reason: message, trouble: { kind: 'config', message, hint, hopelessAfterMs: 5_000 } };
}

function stoppedMidWait(client: KubeClient, error: Failure): Failure {
  return new Failure({
    code: 'api-unreachable',
    message: `the API server ${client.server} stopped answering while hwctl waited: ${error.message}`,
    hint: `${client.cures.status} tells its state; once it runs again (${client.cures.start}), hwctl up goes on where it was`,
    cause: error,
  });
}

async function notReadyFailure(client: KubeClient, all: NotReady[], timeoutMs?: number): Promise<Failure> {
  const worst = worstTrouble(all.flatMap(({ trouble }) => (trouble === undefined ? [] : [trouble])));
  const cause =
    all[0]?.failed || timeoutMs === undefined ? all[0] : (all.find((item) => item.trouble === worst) ?? all[0]);
  if (cause === undefined) throw new Error('nothing is not ready');
  const details: string[] = [];
  for (const event of cause.events.slice(0, 3)) details.push(`event ${event.reason}: ${event.message}`);
  details.push(...(cause.log ?? (await lastLog(client, cause))));
  for (const other of all) if (other !== cause) details.push(`also not ready: ${other.ref}: ${other.reason}`);
  const late = timeoutMs === undefined ? '' : ` after ${Math.round(timeoutMs / 1000)} s`;
  return new Failure({
    code: 'not-ready',
    message: `${cause.ref} is not ready${late}: ${cause.reason}`,
    details,
    hint: cause.trouble?.hint ?? 'hwctl status and hwctl logs tell more',
    exitCode: 1,
  });
}

async function lastLog(client: KubeClient, { namespace, pod, trouble }: NotReady): Promise<string[]> {
  if (namespace === undefined || pod === undefined || trouble?.container === undefined) return [];
  if (trouble.kind === 'image' || trouble.kind === 'config') return [];
  const { container } = trouble;
  const read = async (previous: boolean) => {
    const text = await client.call<string>('GET', `/api/v1/namespaces/${namespace}/pods/${pod}/log`, {
      query: { container, tailLines: String(readLines), previous: previous ? 'true' : undefined },
      accept: '*/*',
    });
    return String(text)
      .split('\n')
      .filter((line) => line.trim() !== '' && !/^\s+at /.test(line))
      .slice(-logLines);
  };
  try {
    let lines = await read(trouble.previous === true).catch(() => [] as string[]);
    if (lines.length === 0) lines = await read(trouble.previous !== true).catch(() => [] as string[]);
    return lines.map((line) => `log ${container}: ${line.slice(0, 500)}`);
  } catch {
    return [];
  }
}
