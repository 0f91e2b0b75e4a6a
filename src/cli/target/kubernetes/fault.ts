import type { Clock } from '../../kernel/clock.js';
import { Failure } from '../../kernel/failure.js';
import { faultRefusal } from '../fault-kinds.js';
import type { Fault } from '../target.js';
import type { KubeClient } from './api/client.js';
import { type LiveObject, liveRef } from './api/live-object.js';
import { podsOf } from './health/pods.js';
import { readinessOf } from './health/readiness.js';

const restartTimeoutMs = 120_000;
const lookEveryMs = 300;

/**
 * Harms the pods of a service, of whatever kind its workloads are: `kill` ends each without a grace period, `delete-pod` one
 * of them with its own, `restart` replaces them one after another by the rules of their workload, waited for; `scale` sets the
 * number of replicas. Throws Failure: `not-running` where there is no pod to end, `fault-not-possible` for what its kind
 * cannot; `stop` and `continue` always, as PID 1 of a container ignores a SIGSTOP that is sent from inside.
 */
export async function injectFault(
  client: KubeClient,
  workloads: readonly LiveObject[],
  fault: Fault,
  clock: Clock,
): Promise<void> {
  if (workloads.length === 0) throw new Error('no workload to harm');
  const refusal = faultRefusal('kube', fault.kind);
  if (refusal !== undefined) throw refusal;
  switch (fault.kind) {
    case 'kill':
      // No grace: the kubelet sends SIGKILL to the container at once, and the controller makes a new pod.
      for (const pod of await podsToEnd(client, workloads, fault.service)) await deletePod(client, pod, 0);
      return;
    case 'delete-pod': {
      const [pod] = await podsToEnd(client, workloads, fault.service);
      await deletePod(client, pod);
      return;
    }
    case 'scale':
      for (const workload of workloads) await scale(client, workload, fault.replicas ?? 0);
      return;
    case 'restart':
      for (const workload of workloads) await restart(client, workload, clock);
      return;
    case 'stop':
    case 'continue':
      // Refused above.
      return;
  }
}

function notPossible(message: string, hint: string): Failure {
  return new Failure({ code: 'fault-not-possible', message, hint });
}

async function podsToEnd(
  client: KubeClient,
  workloads: readonly LiveObject[],
  service: string,
): Promise<[LiveObject, ...LiveObject[]]> {
  const pods = (await Promise.all(workloads.map((workload) => podsOf(client, workload)))).flat();
  const [first, ...others] = pods;
  if (first === undefined) {
    throw new Failure({
      code: 'not-running',
      message: `${service} has no pod just now`,
      hint: 'hwctl status tells its state',
    });
  }
  return [first, ...others];
}

async function scale(client: KubeClient, workload: LiveObject, replicas: number): Promise<void> {
  if (workload.kind !== 'Deployment' && workload.kind !== 'StatefulSet')
    throw notPossible(`${liveRef(workload)} has no number of replicas to set`, 'Kill or restart it');
  await client.call('PATCH', await client.pathOf(workload), {
    query: { fieldManager: 'hwctl-fault' },
    contentType: 'application/merge-patch+json',
    body: { spec: { replicas } },
  });
}

async function deletePod(client: KubeClient, pod: LiveObject, gracePeriodSeconds?: number): Promise<void> {
  await client.call('DELETE', await client.pathOf(pod), {
    body: { apiVersion: 'v1', kind: 'DeleteOptions', gracePeriodSeconds, preconditions: { uid: pod.metadata.uid } },
  });
}

async function restart(client: KubeClient, workload: LiveObject, clock: Clock): Promise<void> {
  const ref = liveRef(workload);
  if (workload.kind === 'Job')
    throw notPossible(`${ref} runs once to its end, so it cannot be restarted`, 'Kill it: the Job begins a new pod');
  if (workload.spec?.paused === true)
    throw notPossible(`${ref} is paused, so it replaces no pods`, `kubectl rollout resume ${ref.toLowerCase()}`);
  const untilMs = clock.monotonic() + restartTimeoutMs;
  const before = await podsOf(client, workload);
  await client.call('PATCH', await client.pathOf(workload), {
    query: { fieldManager: 'hwctl-fault' },
    contentType: 'application/merge-patch+json',
    body: {
      spec: {
        template: { metadata: { annotations: { 'hwctl.dev/restarted-at': new Date(clock.now()).toISOString() } } },
      },
    },
  });
  if (!replacesItsPods(workload)) {
    for (const pod of before) {
      await deletePod(client, pod);
      await waitFor(client, workload, [pod], untilMs, clock);
    }
  }
  await waitFor(client, workload, before, untilMs, clock);
}

/** With OnDelete a new template changes nothing until somebody deletes the pods. */
function replacesItsPods({ spec }: LiveObject): boolean {
  return (spec?.updateStrategy as { type?: string } | undefined)?.type !== 'OnDelete';
}

/** As if all pods were of the newest template: while they are replaced one by one by hand, the others are not. */
function ofAnyVersion(live: LiveObject): LiveObject {
  return { ...live, status: { ...live.status, updatedNumberScheduled: live.status?.desiredNumberScheduled } };
}

/** Waits until the workload is ready without these pods. Throws Failure `not-ready` (exit 1) with the reason. */
async function waitFor(
  client: KubeClient,
  workload: LiveObject,
  without: readonly LiveObject[],
  untilMs: number,
  clock: Clock,
): Promise<void> {
  const old = new Set(without.map(({ metadata }) => metadata.uid));
  for (;;) {
    const live = await client.get(workload);
    const readiness =
      live === undefined
        ? ({ state: 'failed', reason: 'it is gone' } as const)
        : readinessOf(replacesItsPods(live) ? live : ofAnyVersion(live), { loadBalancers: false });
    const left = live === undefined ? [] : (await podsOf(client, live)).filter(({ metadata }) => old.has(metadata.uid));
    if (readiness.state === 'ready' && left.length === 0) return;
    if (readiness.state === 'failed' || clock.monotonic() > untilMs) {
      const reason = readiness.state === 'ready' ? `${left.length} of its old pods remain` : readiness.reason;
      throw new Failure({
        code: 'not-ready',
        message: `${workload.metadata.name} did not come back within ${restartTimeoutMs / 1000} s of its restart: ${reason}`,
        hint: 'hwctl status tells why',
        exitCode: 1,
      });
    }
    await clock.sleep(lookEveryMs);
  }
}
