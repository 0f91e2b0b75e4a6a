import type { Clock } from '../../../kernel/clock.js';
import { Failure } from '../../../kernel/failure.js';
import type { KubeObject } from '../../manifests/kube-object.js';
import { type PlannedStep, planned } from '../../plan.js';
import type { Step } from '../../target.js';
import { ApiError } from '../api/api-error.js';
import type { KubeClient } from '../api/client.js';
import { conditionOf, type LiveObject, liveRef } from '../api/live-object.js';

/** On namespaces that hwctl made, and only then may delete. */
export const madeAnnotation = 'hwctl.dev/made';

const pollMs = 500;

/** Whether hwctl made this namespace. */
export function isOurs(namespace: LiveObject): boolean {
  return namespace.metadata.annotations?.[madeAnnotation] !== undefined;
}

/** A namespace as it is live. */
export function getNamespace(client: KubeClient, name: string): Promise<LiveObject | undefined> {
  return client.get({ apiVersion: 'v1', kind: 'Namespace', metadata: { name } });
}

export interface NamespaceWait {
  clock: Clock;
  deadlineAt: number;
  signal: AbortSignal;
  onWaiting(reason: string): void;
}

/**
 * Makes a namespace that is not there, marked as ours in the same request so that a kill cannot part the two. One that
 * was there is used as it is. One that is being deleted is waited for. Returns whether it was made now.
 */
async function ensureNamespace(client: KubeClient, wanted: KubeObject, wait: NamespaceWait): Promise<boolean> {
  const name = wanted.metadata.name;
  const live = await getNamespace(client, name);
  if (live !== undefined && live.metadata.deletionTimestamp === undefined) {
    // Ours alone: the request that made it owns the same fields under another operation.
    if (isOurs(live)) await client.apply(withMark(wanted, live), { force: true });
    return false;
  }
  if (live !== undefined) await waitNamespaceGone(client, name, wait);
  try {
    await client.call('POST', '/api/v1/namespaces', {
      body: withMark(wanted, undefined),
      query: { fieldManager: 'hwctl', fieldValidation: 'Strict' },
    });
  } catch (error) {
    if (!(error instanceof ApiError)) throw error;
    if (error.status === 409) return false;
    throw new Failure({
      code: error.status === 403 ? 'forbidden' : 'refused',
      message: `the namespace ${name} cannot be made: ${error.message}`,
      hint: 'Use a context whose user may, or have an administrator make it',
      cause: error,
    });
  }
  // From here on server-side apply owns the fields, so that a later apply can take them away.
  await client.apply(withMark(wanted, undefined), { force: true });
  return true;
}

function withMark(wanted: KubeObject, live: LiveObject | undefined): KubeObject {
  const mark = live?.metadata.annotations?.[madeAnnotation] ?? 'true';
  return {
    ...wanted,
    metadata: { ...wanted.metadata, annotations: { ...wanted.metadata.annotations, [madeAnnotation]: mark } },
  };
}

/** Waits until a namespace is gone. Throws Failure `namespace-terminating` that says what holds it. */
export async function waitNamespaceGone(client: KubeClient, name: string, wait: NamespaceWait): Promise<void> {
  for (;;) {
    const live = await getNamespace(client, name);
    if (live === undefined) return;
    const why = whyTerminating(live);
    if (wait.clock.monotonic() >= wait.deadlineAt) {
      throw new Failure({
        code: 'namespace-terminating',
        message: `the namespace ${name} does not go away: ${why.reason}`,
        hint: why.hint,
        exitCode: 1,
      });
    }
    wait.onWaiting(why.reason);
    await wait.clock.sleep(pollMs, wait.signal);
  }
}

/** What keeps a namespace in Terminating, from its conditions, and the cure. */
export function whyTerminating(namespace: LiveObject): { reason: string; hint: string } {
  const said = (type: string) => {
    const condition = conditionOf(namespace, type);
    return condition?.status === 'True' ? (condition.message ?? condition.reason ?? type) : undefined;
  };
  const discovery = said('NamespaceDeletionDiscoveryFailure');
  if (discovery !== undefined) {
    return {
      reason: `an aggregated API does not answer, so the cluster cannot tell what is in it: ${discovery}`,
      hint: 'It goes on when that API answers again: kubectl get apiservices shows which is unavailable (often metrics-server, for up to a minute after its start)',
    };
  }
  const finalizers = said('NamespaceFinalizersRemaining');
  if (finalizers !== undefined) {
    return {
      reason: `objects in it wait for their finalizers: ${finalizers}`,
      hint: 'The controller that owns the finalizer must run, or the finalizer must be removed by hand',
    };
  }
  const content = said('NamespaceContentRemaining') ?? said('NamespaceDeletionContentFailure');
  if (content !== undefined) {
    return { reason: `it still holds objects: ${content}`, hint: 'kubectl get events -A tells what keeps them' };
  }
  if ((namespace.metadata.deletionTimestamp ?? undefined) === undefined) {
    return { reason: 'it is not being deleted', hint: 'kubectl delete namespace deletes it' };
  }
  return { reason: 'its content is being deleted', hint: 'kubectl describe namespace tells more' };
}

/** The step that brings a wanted namespace there; none where it is as wanted. */
export function namespaceStep(
  client: () => KubeClient,
  namespace: KubeObject,
  live: LiveObject | undefined,
): PlannedStep | undefined {
  const ref = liveRef(namespace);
  const isGoing = live?.metadata.deletionTimestamp !== undefined;
  if (live !== undefined && !isGoing && namespaceIsAsWanted(namespace, live)) return undefined;
  const step: Step =
    live === undefined || isGoing
      ? { verb: 'create', ref, why: isGoing ? 'it is being deleted' : 'it is not there' }
      : { verb: 'update', ref, why: 'its labels differ' };
  return planned(step, (work) =>
    ensureNamespace(client(), namespace, {
      ...work,
      onWaiting: (reason) => work.onWaiting([{ ref, reason: `the old one must go first: ${reason}` }]),
    }),
  );
}

/** A namespace that hwctl did not make is left as it is. */
function namespaceIsAsWanted(wanted: KubeObject, live: LiveObject): boolean {
  if (!isOurs(live)) return true;
  const has = (map: Record<string, string> | undefined, more: Record<string, string> | undefined) =>
    Object.entries(more ?? {}).every(([name, value]) => map?.[name] === value);
  return (
    has(live.metadata.labels, wanted.metadata.labels) && has(live.metadata.annotations, wanted.metadata.annotations)
  );
}
