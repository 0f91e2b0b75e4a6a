import type { Clock } from '../../kernel/clock.js';
import type { FaultDone } from '../../load/measure/recovery.js';
import { faultWords, type LoadFault } from '../../load/plan/faults.js';
import type { RunLook } from '../../load/search/find-max.js';
import type { Fault, Target } from '../../target/target.js';

/** How often a load that has not begun is looked at. */
const startLookMs = 20;
/** A pause of the load's end is noticed after so long at most. */
const longestSleepMs = 250;

/** What of a target carries faults out. */
export type Harmable = Pick<Target, 'fault' | 'openSampler'>;

/** A load's own clock, and where it stands. */
export interface LoadClock {
  look(): Pick<RunLook, 'elapsedMs' | 'phase'>;
}

/**
 * Carries faults out beside a load, each at its moment of the load's own clock, whatever the others do; and undoes what was
 * stopped or scaled, at the latest when the load is over. Nothing here is awaited by the load, and nothing throws into it.
 */
export class FaultCourse {
  /** As they stand, in the order of their moments; the same array every time. */
  readonly done: FaultDone[];
  private readonly faults: LoadFault[];
  /** Replicas as they were before, by workload. */
  private readonly replicas = new Map<string, number>();

  /** `onChange`: called with a fault that was begun, done or undone, or has failed. */
  constructor(
    faults: readonly LoadFault[],
    private readonly target: Harmable,
    private readonly clock: Clock,
    private readonly onChange: (fault: FaultDone) => void = () => undefined,
  ) {
    this.faults = faults.toSorted((a, b) => a.atMs - b.atMs);
    this.done = this.faults.map((fault) => ({
      text: faultWords(fault),
      workload: fault.workload,
      wantedMs: fault.atMs,
    }));
  }

  /** Before the load: looks how many replicas there are of what is to be scaled. */
  async prepare(): Promise<void> {
    const scaled = this.faults.filter(({ kind }) => kind === 'scale').map(({ workload }) => workload);
    if (scaled.length === 0) return;
    const sampler = await this.target.openSampler?.();
    try {
      const workloads = (await sampler?.sample())?.workloads ?? [];
      for (const { name, replicasWanted } of workloads)
        if (scaled.includes(name)) this.replicas.set(name, replicasWanted);
    } finally {
      sampler?.close();
    }
  }

  /** Resolves when every fault was carried out and undone, or the load was over before; never rejects. */
  async accompany(load: LoadClock, over: AbortSignal): Promise<void> {
    await Promise.all(this.faults.map((fault, i) => this.one(fault, this.done[i]!, load, over)));
  }

  private async one(fault: LoadFault, told: FaultDone, load: LoadClock, over: AbortSignal): Promise<void> {
    if (!(await this.until(fault.atMs, load, over))) return;
    told.beganMs = round(load.look().elapsedMs);
    this.onChange(told);
    try {
      await this.target.fault({ service: fault.workload, kind: fault.kind, replicas: fault.replicas });
      told.doneMs = round(load.look().elapsedMs);
    } catch (error) {
      told.failure = messageOf(error);
    }
    this.onChange(told);
    const undo = this.undoOf(fault);
    if (undo === undefined || told.failure !== undefined) return;
    // When the load is over, at the latest.
    await this.until(fault.atMs + (fault.forMs ?? Number.POSITIVE_INFINITY), load, over);
    try {
      await this.target.fault(undo);
      told.undoneMs = round(load.look().elapsedMs);
    } catch (error) {
      told.notUndone = messageOf(error);
    }
    this.onChange(told);
  }

  private undoOf({ kind, workload }: LoadFault): Fault | undefined {
    if (kind === 'stop') return { service: workload, kind: 'continue' };
    const replicas = this.replicas.get(workload);
    return kind === 'scale' && replicas !== undefined ? { service: workload, kind: 'scale', replicas } : undefined;
  }

  /** Sleeps until that moment of the load's clock; false where the load is over before. */
  private async until(atMs: number, load: LoadClock, over: AbortSignal): Promise<boolean> {
    for (;;) {
      const { elapsedMs, phase } = load.look();
      if (over.aborted || phase === 'over') return false;
      const leftMs = phase === 'before' ? startLookMs : atMs - elapsedMs;
      if (leftMs <= 0) return true;
      try {
        await this.clock.sleep(Math.min(leftMs, longestSleepMs), over);
      } catch {
        return false;
      }
    }
  }
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

function round(ms: number): number {
  return Math.round(ms);
}
