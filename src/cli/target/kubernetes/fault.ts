import { PassThrough } from 'node:stream';
import { Exec } from '@kubernetes/client-node';
import type { Clock } from '../../kernel/clock.js';
import { Failure } from '../../kernel/failure.js';
import type { Fault } from '../target.js';
import type { KubeClient } from './api/client.js';
import type { LiveObject } from './api/live-object.js';
import { podsOf } from './health/pods.js';
import { readinessOf } from './health/readiness.js';

const execTimeoutMs = 15_000;
const restartTimeoutMs = 120_000;

/**
 * Harms the pods of a service: `kill` and `stop` send the signal to every process in the container, as the kernel would
 * (PID 1 ignores what is sent from inside for SIGKILL and SIGSTOP, so `kill` ends the pod without a grace period and
 * `stop` freezes its workers); `restart` is a rolling restart, waited for.
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

/** Runs a command in a pod and returns what it printed. Throws Failure `exec-failed`. */
export async function execInPod(
  client: KubeClient,
  pod: { namespace: string; name: string; container: string },
  command: string[],
): Promise<string> {
  const chunks: Buffer[] = [];
  const output = new PassThrough();
  output.on('data', (chunk: Buffer) => chunks.push(chunk));
  const status = await new Promise<{ status?: string; message?: string }>((resolve, reject) => {
    const timer = setTimeout(() => reject(new Error(`no end within ${execTimeoutMs} ms`)), execTimeoutMs);
    new Exec(client.config)
      .exec(pod.namespace, pod.name, pod.container, command, output, output, null, false, (end) => {
        clearTimeout(timer);
        resolve(end);
      })
      .catch((error) => {
        clearTimeout(timer);
        reject(error);
      });
  }).catch((error: Error) => ({ status: 'Failure', message: error.message }));
  const text = Buffer.concat(chunks).toString('utf8');
  if (status.status === 'Success') return text;
  throw new Failure({
    code: 'exec-failed',
    message: `${command[0]} in pod ${pod.name} failed: ${status.message ?? text.trim()}`,
    hint: 'hwctl status tells whether the pod runs',
  });
}
