import type { LoadDeps, LoadRun } from '../load-run.js';
import type { WorkerEnd } from '../measure/figures.js';
import type { MachineFigures } from '../measure/machine.js';
import type { LoadResult } from '../measure/metrics.js';
import { Histogram, histogramBytes } from '../memory/histogram.js';
import { control, workerMemory } from '../memory/memory.js';
import { type LoadPlan, planSteps } from '../plan/plan.js';
import { SteeredRun, sampleMs } from '../steered-run.js';
import { ShardLink, type ShardPeer } from './shard-link.js';

/** From everybody being ready to the first arrival. */
const leadMs = 300;
/** How old a shard's figures may be when they are looked at. */
const behindMs = 1000;
/** A shard that is not heard of for so long is lost: its line is called again meanwhile. */
const lostAfterMs = 8000;
const readyTimeoutMs = 60_000;
/** How long past the deadlines of the plan the shards may take. */
const graceMs = 10_000;

/**
 * Begins a run whose arrivals are dealt to `peers` in turn: all begin at one moment, and what they measure is merged
 * exactly, while it happens, so that thresholds and verdict are of the whole. A shard that is lost makes the run VOID.
 */
export function startShardedLoad(plan: LoadPlan, peers: readonly ShardPeer[], deps: ShardedDeps = {}): LoadRun {
  return new ShardedRun(plan, peers, deps);
}

export interface ShardedDeps extends Pick<LoadDeps, 'onRecords'> {
  /** Milliseconds without a word after which a shard counts as lost (default 8 s). */
  lostAfterMs?: number;
  /** Milliseconds until every shard must be ready, but for its connections (default 60 s). */
  readyTimeoutMs?: number;
}

class ShardedRun extends SteeredRun {
  readonly result: Promise<LoadResult>;
  private readonly links: ShardLink[];
  private giveUp: (() => void) | undefined;

  constructor(plan: LoadPlan, peers: readonly ShardPeer[], deps: ShardedDeps) {
    const steps = planSteps(plan).length;
    const shards = peers.map((peer, index) => {
      // Thresholds are of the whole: no shard ends its share by itself.
      const share = { ...plan, thresholds: [], startAtUnixMs: undefined, shard: { index, count: peers.length } };
      const memories = Array.from({ length: plan.workers }, () =>
        workerMemory(steps, undefined, plan.measures?.length),
      );
      const wakeUp = new Histogram(new SharedArrayBuffer(histogramBytes));
      const link = new ShardLink(peer, {
        plan: share,
        buffers: [...memories.map(({ buffer }) => buffer), wakeUp.buffer],
        onRecords: deps.onRecords,
        lostAfterMs: deps.lostAfterMs ?? lostAfterMs,
        readyTimeoutMs: deps.readyTimeoutMs ?? readyTimeoutMs,
      });
      return { memories, wakeUp, link };
    });
    const links = shards.map(({ link }) => link);
    super(plan, {
      memories: shards.flatMap(({ memories }) => memories),
      wakeUps: shards.map(({ wakeUp }) => wakeUp),
      machine: () => ({ sample: () => worstOf(links.map(({ machine }) => machine)) }),
      shards: { count: peers.length, lost: () => links.flatMap(({ lost }) => lost ?? []), behindMs },
    });
    this.links = links;
    this.result = this.run();
  }

  override abort(): void {
    super.abort();
    setTimeout(() => this.giveUp?.(), graceMs).unref();
  }

  protected changed(): void {
    const { words } = this.steering;
    const is = (name: keyof typeof control.words) => Atomics.load(words, control.words[name]) !== 0;
    const wanted = { factor: this.rateFactor, paused: is('paused'), finish: is('finish'), abort: is('abort') };
    for (const link of this.links) link.order({ type: 'steer', ...wanted });
  }

  private async run(): Promise<LoadResult> {
    try {
      await Promise.all(this.links.map((link) => link.prepare()));
      this.start();
      return this.observer.finalResult(await this.untilDone(), this.ended);
    } finally {
      for (const link of this.links) link.close();
    }
  }

  private start(): void {
    const nowMs = Date.now();
    const inMs = Math.max(leadMs, (this.plan.startAtUnixMs ?? 0) - nowMs);
    this.startIn(inMs);
    for (const link of this.links) link.start(nowMs + inMs);
  }

  private async untilDone(): Promise<WorkerEnd[]> {
    const sampler = setInterval(() => this.sample(), sampleMs);
    const late = new Promise<void>((resolve) => {
      this.giveUp = resolve;
    });
    try {
      await Promise.race([Promise.all(this.links.map(({ done }) => done)), late]);
    } finally {
      clearInterval(sampler);
    }
    for (const link of this.links) link.giveUp();
    return this.links.flatMap(({ ends }) => ends);
  }

  protected override sample(): void {
    super.sample();
    for (const link of this.links) link.check();
    if (this.observer.finishedForMs() > this.plan.drainMs + graceMs) this.giveUp?.();
  }
}

/** The figures of the machine that is worst off: one that is short of CPU mars its share. */
function worstOf(all: (MachineFigures | undefined)[]): MachineFigures {
  const known = all.filter((figures) => figures !== undefined);
  const most = (pick: (figures: MachineFigures) => number) => Math.max(0, ...known.map(pick));
  const share = ({ cpuCores, cpuAvailable }: MachineFigures) => cpuCores / cpuAvailable;
  const busiest = known.reduce<MachineFigures | undefined>(
    (worst, one) => (worst === undefined || share(one) > share(worst) ? one : worst),
    undefined,
  );
  return {
    cpuCores: busiest?.cpuCores ?? 0,
    cpuAvailable: busiest?.cpuAvailable ?? 1,
    throttledMs: most(({ throttledMs }) => throttledMs),
    clockStepMs: most(({ clockStepMs }) => clockStepMs),
    waitingShare: most(({ waitingShare }) => waitingShare),
    portsHeld: most(({ portsHeld }) => portsHeld),
  };
}
