import type { Clock } from '../../kernel/clock.js';
import type { WorkloadSample, WorkloadSampler, WorkloadUsage } from '../target.js';
import { ApiError } from './api/api-error.js';
import type { KubeClient } from './api/client.js';
import type { LiveObject } from './api/live-object.js';
import { projectMembers } from './objects/apply-set.js';
import { podUsage } from './status.js';

/** cAdvisor looks every 10 s or so: more often tells nothing new, and costs the API server. */
const everyMs = 5000;
const callTimeoutMs = 4000;
const kinds = ['Deployment', 'StatefulSet'];

/** Counters of one container as cAdvisor reads them, at its own time. */
interface ContainerCounters {
  atMs: number;
  cpuSeconds: number;
  memoryBytes: number;
  /** Scheduling periods in all, and those in which the CPU limit stopped it; 0 of 0 without a limit. */
  periods: number;
  throttledPeriods: number;
}

/**
 * Looks at the workloads of a project in a cluster: replicas from their status, CPU, memory and throttling from the nodes' cAdvisor
 * through the API server, where that is permitted, else CPU and memory from the metrics API.
 */
export async function openClusterSampler(client: KubeClient, project: string, clock: Clock): Promise<WorkloadSampler> {
  const members = await projectMembers(client, project);
  const workloads = members.filter(({ kind }) => kinds.includes(kind));
  const namespaces = [...new Set(workloads.map(({ metadata }) => metadata.namespace ?? ''))];
  const nodes = await nodeNames(client);
  let before = new Map<string, ContainerCounters>();
  const rates = new Map<string, Rates>();
  let forbidden = typeof nodes === 'string' ? nodes : undefined;

  const counters = async (): Promise<Map<string, ContainerCounters> | undefined> => {
    if (forbidden !== undefined || typeof nodes === 'string') return undefined;
    try {
      const texts = await Promise.all(
        nodes.map((node) =>
          client.call<string>('GET', `/api/v1/nodes/${encodeURIComponent(node)}/proxy/metrics/cadvisor`, {
            accept: 'text/plain',
            timeoutMs: callTimeoutMs,
          }),
        ),
      );
      return parseCadvisor(texts.join('\n'), new Set(namespaces), clock.now());
    } catch (error) {
      if (!(error instanceof ApiError)) throw error;
      forbidden = error.message;
      return undefined;
    }
  };

  const sample = async (): Promise<WorkloadSample> => {
    const [live, now] = await Promise.all([Promise.all(workloads.map((workload) => client.get(workload))), counters()]);
    const states = live.filter((workload) => workload !== undefined);
    if (now !== undefined) {
      for (const [id, counter] of now) {
        const rate = ratesBetween(before.get(id), counter);
        if (rate !== undefined) rates.set(id, rate);
      }
      before = now;
      return { workloads: states.map((workload) => usageOf(workload, now, rates)), missing: [] };
    }
    const usage = await podUsage(client, namespaces);
    const missing = [`throttling (the nodes' cAdvisor: ${forbidden})`];
    if (usage.size === 0) missing.push('CPU and memory (the metrics API has none)');
    return { workloads: states.map((workload) => fromMetricsApi(workload, usage)), missing };
  };
  return { everyMs, sample, close: () => client.close() };
}

async function nodeNames(client: KubeClient): Promise<string[] | string> {
  try {
    const nodes = await client.list({
      apiVersion: 'v1',
      kind: 'Node',
      plural: 'nodes',
      namespaced: false,
      verbs: ['list'],
    });
    return nodes.map(({ metadata }) => metadata.name);
  } catch (error) {
    if (error instanceof ApiError) return error.message;
    throw error;
  }
}

const metrics: Record<string, 'cpuSeconds' | 'memoryBytes' | 'periods' | 'throttledPeriods'> = {
  container_cpu_usage_seconds_total: 'cpuSeconds',
  container_memory_working_set_bytes: 'memoryBytes',
  container_cpu_cfs_periods_total: 'periods',
  container_cpu_cfs_throttled_periods_total: 'throttledPeriods',
};
const line = /^(container_[a-z_]+)\{([^}]*)\} (\S+)(?: (\d+))?$/gm;

/** The containers' counters of some namespaces in cAdvisor's text, by `namespace/pod/container`. */
function parseCadvisor(text: string, namespaces: ReadonlySet<string>, nowMs: number): Map<string, ContainerCounters> {
  const found = new Map<string, ContainerCounters>();
  for (const [, name = '', labels = '', value = '', timestamp] of text.matchAll(line)) {
    const field = metrics[name];
    if (field === undefined) continue;
    const label = (key: string) => new RegExp(`(?:^|,)${key}="([^"]*)"`).exec(labels)?.[1] ?? '';
    const [namespace, pod, container] = [label('namespace'), label('pod'), label('container')];
    // Lines without a container are sums over the pod; POD is the sandbox.
    if (!namespaces.has(namespace) || pod === '' || container === '' || container === 'POD') continue;
    const id = `${namespace}/${pod}/${container}`;
    const counters = found.get(id) ?? { atMs: nowMs, cpuSeconds: 0, memoryBytes: 0, periods: 0, throttledPeriods: 0 };
    counters[field] = Number(value);
    if (field === 'cpuSeconds' && timestamp !== undefined) counters.atMs = Number(timestamp);
    found.set(id, counters);
  }
  return found;
}

interface Rates {
  cpuCores: number;
  /** Undefined where there is no CPU limit, or no period went by. */
  throttledShare: number | undefined;
}

/** What went by between two readings; undefined where the second is no newer or a container began anew. */
function ratesBetween(before: ContainerCounters | undefined, after: ContainerCounters): Rates | undefined {
  if (before === undefined || after.atMs <= before.atMs || after.cpuSeconds < before.cpuSeconds) return undefined;
  const periods = after.periods - before.periods;
  return {
    cpuCores: ((after.cpuSeconds - before.cpuSeconds) * 1000) / (after.atMs - before.atMs),
    throttledShare: periods > 0 ? (after.throttledPeriods - before.throttledPeriods) / periods : undefined,
  };
}

function usageOf(
  workload: LiveObject,
  counters: ReadonlyMap<string, ContainerCounters>,
  rates: ReadonlyMap<string, Rates>,
): WorkloadUsage {
  const mine = [...counters.keys()].filter((id) => isPodOf(workload, id));
  const known = mine.flatMap((id) => rates.get(id) ?? []);
  const throttled = known.flatMap(({ throttledShare }) => throttledShare ?? []);
  return {
    ...replicasOf(workload),
    cpuCores: known.length === 0 ? undefined : sum(known.map(({ cpuCores }) => cpuCores)),
    memoryBytes: mine.length === 0 ? undefined : sum(mine.map((id) => counters.get(id)!.memoryBytes)),
    throttledShare: throttled.length === 0 ? undefined : Math.max(...throttled),
  };
}

function fromMetricsApi(
  workload: LiveObject,
  usage: ReadonlyMap<string, { cpuCores: number; memoryBytes: number }>,
): WorkloadUsage {
  const mine = [...usage].filter(([id]) => isPodOf(workload, `${id}/`)).map(([, used]) => used);
  return {
    ...replicasOf(workload),
    cpuCores: mine.length === 0 ? undefined : sum(mine.map(({ cpuCores }) => cpuCores)),
    memoryBytes: mine.length === 0 ? undefined : sum(mine.map(({ memoryBytes }) => memoryBytes)),
  };
}

/** `orders-7d9f5c6b8-x2x9z` is of the Deployment `orders`, `postgres-0` of the StatefulSet `postgres`. */
function isPodOf({ kind, metadata }: LiveObject, id: string): boolean {
  const [namespace, pod = ''] = id.split('/');
  if (namespace !== metadata.namespace || !pod.startsWith(`${metadata.name}-`)) return false;
  const rest = pod.slice(metadata.name.length + 1);
  return kind === 'StatefulSet' ? /^\d+$/.test(rest) : /^[a-z0-9]+-[a-z0-9]{5}$/.test(rest);
}

function replicasOf({ metadata, spec, status }: LiveObject) {
  return {
    name: metadata.name,
    replicasReady: Number(status?.readyReplicas ?? 0),
    replicasWanted: Number(spec?.replicas ?? 1),
  };
}

function sum(values: number[]): number {
  return values.reduce((total, value) => total + value, 0);
}
