import { readFileSync } from 'node:fs';
import type { Clock } from '../../kernel/clock.js';
import type { ServiceStatus, WorkloadSample, WorkloadSampler, WorkloadUsage } from '../target.js';
import { usageOf } from './supervisor/process-usage.js';

const everyMs = 2000;
/** proc(5): utime and stime count in ticks of 10 ms wherever Linux runs. */
const ticksPerSecond = 100;

/** Looks at the services' processes through /proc; what other systems do not tell is said to be missing. */
export function openProcessSampler(services: () => Promise<ServiceStatus[]>, clock: Clock): WorkloadSampler {
  let before = new Map<string, { atMs: number; seconds: number }>();
  const sample = async (): Promise<WorkloadSample> => {
    const now = new Map<string, { atMs: number; seconds: number }>();
    const workloads = (await services()).map(({ name, state, instances }): WorkloadUsage => {
      const used = instances.map((pid) => {
        const seconds = cpuSecondsOf(Number(pid));
        const earlier = before.get(pid);
        const atMs = clock.monotonic();
        if (seconds !== undefined) now.set(pid, { atMs, seconds });
        const known = seconds !== undefined && earlier !== undefined && atMs > earlier.atMs;
        return {
          cpuCores: known ? ((seconds - earlier.seconds) * 1000) / (atMs - earlier.atMs) : undefined,
          memoryBytes: usageOf(Number(pid)).memoryBytes,
        };
      });
      return {
        name,
        replicasReady: state === 'ready' ? instances.length : 0,
        replicasWanted: Math.max(1, instances.length),
        cpuCores: total(used.map(({ cpuCores }) => cpuCores)),
        memoryBytes: total(used.map(({ memoryBytes }) => memoryBytes)),
      };
    });
    before = now;
    const missing = now.size > 0 || workloads.length === 0 ? [] : ['CPU and memory (this system has no /proc)'];
    return { workloads, missing: ['throttling (processes have no CPU limit)', ...missing] };
  };
  return { everyMs, sample, close: () => undefined };
}

/** CPU time of a process since it began; undefined where /proc does not tell. */
function cpuSecondsOf(pid: number): number | undefined {
  try {
    const fields = readFileSync(`/proc/${pid}/stat`, 'latin1').split(') ')[1]!.split(' ');
    return (Number(fields[11]) + Number(fields[12])) / ticksPerSecond;
  } catch {
    return undefined;
  }
}

function total(values: (number | undefined)[]): number | undefined {
  const known = values.filter((value) => value !== undefined);
  return known.length === 0 ? undefined : known.reduce((sum, value) => sum + value, 0);
}
