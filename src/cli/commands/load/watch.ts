import type { LoadSnapshot } from '../../load/measure/metrics.js';
import type { StatusSlot, Timeline, WorkloadRow } from '../../report/load/timeline.js';
import type { Target, WorkloadSampler } from '../../target/target.js';
import type { Context } from '../context/context.js';

const slotMs = 1000;
/** An hour at one a second; longer runs are kept in longer slots. */
const mostSlots = 3600;

/**
 * Keeps what is seen beside a run, from the same samples as the reports: status codes over time, and, of a platform that
 * hwctl deployed, what its workloads use. Trouble with the latter is told once and ends no run.
 */
export class RunWatch {
  private slots: StatusSlot[] = [];
  private intervalMs = slotMs;
  private seen: Record<string, number> = {};
  private seenAtMs = 0;
  private readonly rows: WorkloadRow[] = [];
  private missing: string[] = [];
  private sampler: Promise<WorkloadSampler | undefined> | undefined;
  private pending: Promise<void> | undefined;
  private nextMs = 0;
  private trouble: string | undefined;

  constructor(
    private readonly target: Target | undefined,
    private readonly context: Pick<Context, 'clock' | 'note'>,
  ) {}

  /** What the workloads used so far; the same array every time. */
  get workloads(): readonly WorkloadRow[] {
    return this.rows;
  }

  /** Opens the sampler and takes its first look, before the run: rates need one. */
  async prepare(): Promise<void> {
    if (this.target?.openSampler === undefined) return;
    this.sampler = this.target.openSampler().catch((error) => this.fail(error));
    await this.look(undefined);
  }

  /** Takes a sample of the run; looks at the workloads where it is time and the last look is through. */
  offer(snapshot: LoadSnapshot): void {
    this.countStatuses(snapshot);
    const nowMs = this.context.clock.monotonic();
    if (this.sampler === undefined || this.pending !== undefined || nowMs < this.nextMs) return;
    if (snapshot.progress.phase === 'preparing' || snapshot.progress.phase === 'waiting') return;
    this.pending = this.look(snapshot.elapsedMs).finally(() => {
      this.pending = undefined;
    });
  }

  /** Everything that was seen. */
  async close(): Promise<Timeline> {
    await this.pending;
    const sampler = await this.sampler;
    sampler?.close();
    const missing = this.trouble === undefined ? this.missing : [...this.missing, this.trouble];
    return {
      statuses: { intervalMs: this.intervalMs, rows: this.slots },
      workloads: this.sampler === undefined ? undefined : { rows: this.rows, missing },
    };
  }

  private async look(atMs: number | undefined): Promise<void> {
    const sampler = await this.sampler;
    if (sampler === undefined) return;
    this.nextMs = this.context.clock.monotonic() + sampler.everyMs;
    try {
      const { workloads, missing } = await sampler.sample();
      this.missing = missing;
      if (atMs !== undefined) this.rows.push({ atMs: Math.round(atMs), workloads });
    } catch (error) {
      this.fail(error);
    }
  }

  private fail(error: unknown): undefined {
    const message = error instanceof Error ? error.message : String(error);
    if (this.trouble === undefined) this.context.note(`no look at the workloads: ${message}`);
    this.trouble = message;
    return undefined;
  }

  private countStatuses(snapshot: LoadSnapshot): void {
    const counts = statusCounts(snapshot);
    // What came in since the sample before belongs to the middle of that time.
    const middleMs = (this.seenAtMs + snapshot.elapsedMs) / 2;
    const atMs = Math.floor(middleMs / this.intervalMs) * this.intervalMs;
    let slot = this.slots.at(-1);
    for (const [code, count] of Object.entries(counts)) {
      const more = count - (this.seen[code] ?? 0);
      if (more <= 0) continue;
      if (slot === undefined || slot.atMs < atMs) {
        slot = { atMs, counts: {} };
        this.slots.push(slot);
      }
      slot.counts[code] = (slot.counts[code] ?? 0) + more;
    }
    this.seen = counts;
    this.seenAtMs = snapshot.elapsedMs;
    if (this.slots.length > mostSlots) this.widen();
  }

  private widen(): void {
    this.intervalMs *= 2;
    const wide = new Map<number, StatusSlot>();
    for (const { atMs, counts } of this.slots) {
      const at = Math.floor(atMs / this.intervalMs) * this.intervalMs;
      const slot = wide.get(at) ?? { atMs: at, counts: {} };
      for (const [code, count] of Object.entries(counts)) slot.counts[code] = (slot.counts[code] ?? 0) + count;
      wide.set(at, slot);
    }
    this.slots = [...wide.values()];
  }
}

/** Status codes, and under `none` what got no response. */
function statusCounts({ statusCodes, ok, failed, timedOut }: LoadSnapshot): Record<string, number> {
  const responses = Object.values(statusCodes).reduce((sum, count) => sum + count, 0);
  return { ...statusCodes, none: Math.max(0, ok + failed + timedOut - responses) };
}
