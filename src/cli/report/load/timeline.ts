import type { Comparison } from '../../load/measure/compare.js';
import type { LoadResult } from '../../load/measure/metrics.js';
import type { FaultOutcome, ObjectiveOutcome } from '../../load/measure/recovery.js';
import type { MaxFound } from '../../load/search/max-found.js';
import type { WorkloadUsage } from '../../target/target.js';

/** Status codes that came in during a stretch of a run; an error without a response counts under its own word. */
export interface StatusSlot {
  atMs: number;
  counts: Record<string, number>;
}

/** What the workloads used at one moment of a run. */
export interface WorkloadRow {
  atMs: number;
  workloads: WorkloadUsage[];
}

/** What was sampled beside the engine's own figures, on the same time axis. */
export interface Timeline {
  statuses: { intervalMs: number; rows: StatusSlot[] };
  /** Absent where the server is none that hwctl deployed. */
  workloads?: { rows: WorkloadRow[]; missing: string[] };
}

/**
 * The document of `load --json` and `--out FILE.json`: the engine's result, what was sampled beside it, how it came to be
 * and what it is worth. `passed` is of the whole: of thresholds (find-max: of its answer), verdict and comparison.
 */
export interface LoadReport extends LoadResult {
  hwctl?: { version: string };
  /** The command line, in words, with what is secret masked. */
  command?: string[];
  /** What the process exits with: 0 where `passed`. */
  exitCode?: number;
  /** Of `--find-max`; the thresholds were then judged probe by probe. */
  findMax?: MaxFound;
  /** Of `--baseline`. */
  comparison?: Comparison;
  timeline?: Timeline;
  /** Of `--fault`. */
  faults?: { outcomes: FaultOutcome[]; objectives: ObjectiveOutcome[] };
}

/** One workload over a whole run. */
export interface WorkloadSummary {
  name: string;
  replicas: { least: number; most: number };
  cpuCores?: { mean: number; most: number };
  memoryBytes?: number;
  throttledShare?: number;
}

/** Names of the workloads, the one that used the most CPU over the run first; where it is not known, by memory, then by name. */
export function busiestFirst(rows: readonly WorkloadRow[]): string[] {
  const used = new Map<string, { cpu: number; memory: number }>();
  for (const { name, cpuCores = 0, memoryBytes = 0 } of rows.flatMap(({ workloads }) => workloads)) {
    const { cpu, memory } = used.get(name) ?? { cpu: 0, memory: 0 };
    used.set(name, { cpu: cpu + cpuCores, memory: memory + memoryBytes });
  }
  return [...used]
    .sort(([a, x], [b, y]) => y.cpu - x.cpu || y.memory - x.memory || (a < b ? -1 : 1))
    .map(([name]) => name);
}

/** What each workload used over the run: means and highest values; the busiest first. */
export function summarizeWorkloads(rows: readonly WorkloadRow[]): WorkloadSummary[] {
  return busiestFirst(rows).map((name) => {
    const of = rows.flatMap(({ workloads }) => workloads.find((workload) => workload.name === name) ?? []);
    const known = (pick: (usage: WorkloadUsage) => number | undefined) =>
      of.map(pick).filter((value) => value !== undefined);
    const cpu = known(({ cpuCores }) => cpuCores);
    const replicas = known(({ replicasReady }) => replicasReady);
    return {
      name,
      replicas: { least: Math.min(...replicas), most: Math.max(...replicas) },
      cpuCores:
        cpu.length === 0
          ? undefined
          : { mean: cpu.reduce((sum, value) => sum + value, 0) / cpu.length, most: Math.max(...cpu) },
      memoryBytes: highest(known(({ memoryBytes }) => memoryBytes)),
      throttledShare: highest(known(({ throttledShare }) => throttledShare)),
    };
  });
}

function highest(values: number[]): number | undefined {
  return values.length === 0 ? undefined : Math.max(...values);
}
