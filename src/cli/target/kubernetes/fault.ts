import type { Clock } from '../../kernel/clock.js';
import { Failure } from '../../kernel/failure.js';
import type { Fault } from '../target.js';
import type { KubeClient } from './api/client.js';
import type { LiveObject } from './api/live-object.js';
import { podsOf } from './health/pods.js';
import { readinessOf } from './health/readiness.js';

const restartTimeoutMs = 120_000;

/**
 * Harms the pods of a service: `kill` ends each without a grace period, `restart` is a rolling restart, waited for. `stop` and
 * `continue` throw Failure `fault-not-possible`: PID 1 of a container ignores a SIGSTOP that is sent from inside.
 */
export async function injectFault(
  client: KubeClient,
  workloads: readonly LiveObject[],
  fault: Fault,
  clock: Clock,
): Promise<void> {
  const workload = workloads[0];
  if (workload === undefined) throw new Error('no workload to harm');
  const pods = await podsOf(client, workload);
  switch (fault.kind) {
    case 'kill':
      // No grace: the kubelet sends SIGKILL to the container at once, and the controller makes a new pod.
      for (const pod of pods) await killPod(client, pod);
      return;
    case 'restart':
      await rollingRestart(client, workload, clock);
      return;
    case 'stop':
    case 'continue':
      throw new Failure({
        code: 'fault-not-possible',
        message: `a container cannot be frozen from inside it, so ${fault.kind} is not possible on a cluster`,
        hint: 'Use kill or restart there, or run this on the local target',
      });
  }
}

async function killPod(client: KubeClient, pod: LiveObject): Promise<void> {
  await client.call('DELETE', await client.pathOf(pod), {
    body: { apiVersion: 'v1', kind: 'DeleteOptions', gracePeriodSeconds: 0, preconditions: { uid: pod.metadata.uid } },
  });
}

async function rollingRestart(client: KubeClient, workload: LiveObject, clock: Clock): Promise<void> {
  const path = await client.pathOf(workload);
  await client.call('PATCH', path, {
    query: { fieldManager: 'hwctl-fault' },
    contentType: 'application/merge-patch+json',
    body: {
      spec: {
        template: { metadata: { annotations: { 'hwctl.dev/restarted-at': new Date(clock.now()).toISOString() } } },
      },
    },
  });
  const until = clock.monotonic() + restartTimeoutMs;
  for (;;) {
    const live = await client.get(workload);
    if (live !== undefined && readinessOf(live, { loadBalancers: false }).state === 'ready') return;
    if (clock.monotonic() > until) {
      throw new Failure({
        code: 'not-ready',
        message: `${workload.metadata.name} did not come back within ${restartTimeoutMs / 1000} s of its restart`,
        hint: 'hwctl status tells why',
        exitCode: 1,
      });
    }
    await clock.sleep(300);
  }
}
