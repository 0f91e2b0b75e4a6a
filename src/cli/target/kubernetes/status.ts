import type { ServiceStatus } from '../target.js';
import { ApiError } from './api/api-error.js';
import type { KubeClient } from './api/client.js';
import type { LiveObject } from './api/live-object.js';
import { podTrouble, worstTrouble } from './health/pod-trouble.js';
import { eventsOf, podsOf } from './health/pods.js';
import { readinessOf } from './health/readiness.js';
import { stacksOf } from './reach/endpoints.js';

/** State of each long-running workload, with why it is not ready, and what it uses where metrics-server tells. */
export async function serviceStatuses(
  client: KubeClient,
  members: readonly LiveObject[],
  now: number,
): Promise<ServiceStatus[]> {
  const workloads = members.filter(
    ({ kind }) => kind === 'Deployment' || kind === 'StatefulSet' || kind === 'DaemonSet',
  );
  const usage = await podUsage(client, [...new Set(workloads.map(({ metadata }) => metadata.namespace ?? ''))]);
  return Promise.all(workloads.map((workload) => serviceStatus(client, workload, usage, now)));
}

interface Usage {
  cpuCores: number;
  memoryBytes: number;
}

async function serviceStatus(
  client: KubeClient,
  workload: LiveObject,
  usage: Map<string, Usage>,
  now: number,
): Promise<ServiceStatus> {
  const pods = await podsOf(client, workload);
  const readiness = readinessOf(workload, { loadBalancers: false });
  const containers = pods.flatMap(
    (pod) =>
      (pod.status?.containerStatuses as
        | { restartCount: number; state?: { running?: { startedAt?: string } } }[]
        | undefined) ?? [],
  );
  const restarts = containers.reduce((sum, { restartCount }) => sum + restartCount, 0);
  const starts = containers.flatMap(({ state }) => state?.running?.startedAt ?? []).map((text) => Date.parse(text));
  const used = pods.flatMap((pod) => usage.get(`${pod.metadata.namespace}/${pod.metadata.name}`) ?? []);
  const status: ServiceStatus = {
    name: workload.metadata.name,
    stack: stacksOf([workload]).join(',') || 'platform',
    state: readiness.state === 'ready' ? 'ready' : readiness.state === 'failed' ? 'failed' : 'starting',
    restarts,
    uptimeMs: starts.length === 0 ? undefined : Math.max(0, now - Math.max(...starts)),
    instances: pods.map((pod) => pod.metadata.name),
    cpuCores: used.length === 0 ? undefined : used.reduce((sum, one) => sum + one.cpuCores, 0),
    memoryBytes: used.length === 0 ? undefined : used.reduce((sum, one) => sum + one.memoryBytes, 0),
  };
  if (workload.spec?.replicas === 0) return { ...status, state: 'stopped', reason: 'it is scaled to zero' };
  if (readiness.state === 'ready') return status;
  const events = await eventsOf(client, workload.metadata.namespace ?? '');
  const trouble = worstTrouble(pods.flatMap((pod) => podTrouble(pod, events.get(pod.metadata.uid)) ?? []));
  const crashing = trouble?.kind === 'crash' || trouble?.kind === 'oom';
  return {
    ...status,
    state: status.state === 'failed' ? 'failed' : crashing ? 'restarting' : 'starting',
    reason: trouble?.message ?? readiness.reason,
  };
}

/** What pods use, from the metrics API; empty where there is none. */
export async function podUsage(client: KubeClient, namespaces: readonly string[]): Promise<Map<string, Usage>> {
  const found = new Map<string, Usage>();
  const resource = (await client.resources()).find((candidate) => candidate.kind === 'PodMetrics');
  if (resource === undefined) return found;
  for (const namespace of namespaces) {
    try {
      for (const pod of await client.list(resource, { namespace })) {
        const containers = (pod.containers as { usage: { cpu: string; memory: string } }[] | undefined) ?? [];
        found.set(`${namespace}/${pod.metadata.name}`, {
          cpuCores: containers.reduce((sum, { usage }) => sum + quantity(usage.cpu), 0),
          memoryBytes: containers.reduce((sum, { usage }) => sum + quantity(usage.memory), 0),
        });
      }
    } catch (error) {
      // Metrics are an extra: for the first minute of metrics-server there are none.
      if (!(error instanceof ApiError)) throw error;
    }
  }
  return found;
}

const suffixes: Record<string, number> = {
  n: 1e-9,
  u: 1e-6,
  m: 1e-3,
  '': 1,
  k: 1e3,
  M: 1e6,
  G: 1e9,
  T: 1e12,
  Ki: 2 ** 10,
  Mi: 2 ** 20,
  Gi: 2 ** 30,
  Ti: 2 ** 40,
};

/** A Kubernetes quantity as a number: `250m` is 0.25, `1Ki` is 1024. NaN where it is none. */
export function quantity(text: string): number {
  const match = /^([+-]?[\d.]+(?:[eE][+-]?\d+)?)([a-zA-Z]*)$/.exec(text);
  const factor = suffixes[match?.[2] ?? ''];
  return match === null || factor === undefined ? Number.NaN : Number(match[1]) * factor;
}
