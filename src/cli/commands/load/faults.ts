import { formatDuration } from '../../kernel/duration.js';
import { Failure } from '../../kernel/failure.js';
import { didYouMean } from '../../kernel/nearest.js';
import type { Arrivals } from '../../load/arrivals/models.js';
import { lastingMs } from '../../load/arrivals/schedule.js';
import type { LoadResult } from '../../load/measure/metrics.js';
import { errorsOutside, type FaultDone, judgeObjectives, recoveriesOf } from '../../load/measure/recovery.js';
import { thresholdsOfSeconds } from '../../load/measure/seconds.js';
import { faultProblems, faultWords, type LoadFault, type Objective } from '../../load/plan/faults.js';
import type { LoadPlan } from '../../load/plan/plan.js';
import type { Profile } from '../../load/plan/profile.js';
import { judgesErrors, type Threshold, usualErrors, withErrorThreshold } from '../../load/plan/thresholds.js';
import type { LoadReport } from '../../report/load/timeline.js';
import { faultRefusal } from '../../target/fault-kinds.js';
import { needs } from './arrivals.js';
import type { LoadTarget } from './endpoint.js';
import type { FaultOptions } from './flags.js';

/** What a plan holds of faults; nothing where there are none. */
export interface PlannedFaults {
  faults?: LoadFault[];
  objectives?: Objective[];
}

interface FaultSurroundings {
  profile?: Profile | undefined;
  arrivals: Arrivals;
  /** The load is a search for the highest rate. */
  search: boolean;
}

/**
 * The faults and objectives of the flags, else of the profile, whose moments are stretched with its time. Throws Failure for
 * all that is wrong with them by themselves, before anything is reached.
 */
export function readFaults(
  { fault, objective }: FaultOptions,
  { profile, arrivals, search }: FaultSurroundings,
): PlannedFaults {
  const durationMs = lastingMs(arrivals.stages);
  const faults = fault.length > 0 ? fault : stretched(profile, durationMs);
  const objectives = objective.length > 0 ? objective : (profile?.objectives ?? []);
  if (faults.length === 0) {
    if (objectives.length > 0) throw needs('--objective', '--fault');
    return {};
  }
  if (search) {
    throw new Failure({
      code: 'conflict',
      message: 'a search for the highest rate asks what holds, and a fault breaks it on purpose',
      hint: 'Leave --find-max or --fault out',
    });
  }
  const problems = faultProblems(faults, durationMs);
  if (problems.length > 0) {
    throw new Failure({
      code: 'bad-fault',
      message: problems.length === 1 ? problems[0]! : 'the faults cannot be carried out as asked',
      details: problems.length === 1 ? [] : problems,
      hint: 'Give each a moment of its own before the end of the load, for example --duration 1m --fault "kill orders at 30s"',
    });
  }
  return objectives.length > 0 ? { faults, objectives } : { faults };
}

/** A profile's faults at their moments in the time that its load has now. */
function stretched(profile: Profile | undefined, durationMs: number): LoadFault[] {
  if (profile === undefined) return [];
  const ownMs = lastingMs(profile.arrivals.stages);
  const factor = Number.isFinite(ownMs) && Number.isFinite(durationMs) ? durationMs / ownMs : 1;
  return profile.faults.map((fault) => ({ ...fault, atMs: fault.atMs * factor }));
}

/**
 * The thresholds of a load's whole time. Where objectives say what must come of the faults, the usual one on errors is not
 * among them: it judges the seconds. Throws Failure where no second could be judged.
 */
export function thresholdsBeside({ faults, objectives }: PlannedFaults, given: Threshold[]): Threshold[] {
  const all = withErrorThreshold(given);
  if (faults !== undefined && thresholdsOfSeconds(all).judged.length === 0) {
    throw new Failure({
      code: 'no-second-threshold',
      message: `no second can be judged by ${all.map(({ text }) => text).join(', ')}, so no recovery could be told`,
      hint: 'Add a threshold on response latency or errors, for example --threshold error_rate<1%',
    });
  }
  return objectives === undefined ? all : given;
}

/** Throws Failure for what the target cannot do, and for workloads that it has not. Nothing was sent yet. */
export function refuseFaults({ faults = [] }: PlannedFaults, { endpoint, target, workloads = [] }: LoadTarget): void {
  if (faults.length === 0) return;
  if (target === undefined) {
    throw new Failure({
      code: 'fault-without-target',
      message: `a fault harms a workload of what hwctl brought up, and ${new URL(endpoint.url).host} is only a URL`,
      hint: 'Leave the URL out, or say whose workloads are meant: --target local, minikube, kind or kube',
    });
  }
  const unknown = [...new Set(faults.map(({ workload }) => workload))].filter((name) => !workloads.includes(name));
  if (unknown.length > 0) {
    const [first] = unknown;
    throw new Failure({
      code: 'no-such-service',
      message: `nothing that is up is called ${unknown.map((name) => JSON.stringify(name)).join(', ')}${didYouMean(first!, workloads)}`,
      hint: workloads.length === 0 ? 'Nothing is up: hwctl up' : `There is: ${workloads.join(', ')}`,
    });
  }
  for (const fault of faults) {
    const refusal = faultRefusal(target.name, fault.kind);
    if (refusal === undefined) continue;
    const { code, message, hint } = refusal;
    throw new Failure({ code, message: `${faultWords(fault)} at ${formatDuration(fault.atMs)}: ${message}`, hint });
  }
}

/** What came of the faults of a run, judged by its seconds; with objectives, errors outside of the faults are judged too. */
export function judgeFaults(
  { faults = [], objectives = [], thresholds }: Pick<LoadPlan, 'faults' | 'objectives' | 'thresholds'>,
  result: LoadResult,
  done: readonly FaultDone[],
): Pick<LoadReport, 'faults' | 'thresholds'> {
  const rows = result.seconds?.rows ?? [];
  const outcomes = recoveriesOf(rows, done, result.durationMs);
  const outside =
    faults.length > 0 && objectives.length > 0 && !judgesErrors(thresholds)
      ? [errorsOutside(rows, outcomes, usualErrors)]
      : [];
  return {
    thresholds: [...result.thresholds, ...outside],
    faults: { outcomes, objectives: judgeObjectives(objectives, outcomes) },
  };
}
