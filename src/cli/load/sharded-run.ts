import type { Attack, AttackDeps } from './attack.js';
import { threadClock } from './clock-us.js';
import type { WorkerEnd } from './figures.js';
import { Histogram, histogramBytes } from './histogram.js';
import type { MachineFigures } from './machine.js';
import { control, controlMemory, workerMemory } from './memory.js';
import type { LoadResult, LoadSnapshot } from './metrics.js';
import { Observer } from './observer.js';
import { type LoadPlan, planSteps } from './plan.js';
import { ShardLink, type ShardPeer } from './shard-link.js';

const sampleMs = 250;
/** From everybody being ready to the first arrival. */
const leadMs = 300;
/** How old a shard's figures may be when they are looked at. */
const behindMs = 1000;
/** A shard that is not heard of for so long is lost: its line is called again meanwhile. */
const lostAfterMs = 8000;
const readyTimeoutMs = 60_000;
const abortJudgedAfterMs = 2000;
/** How long past the deadlines of the plan the shards may take. */
const graceMs = 10_000;

/**
 * Begins a run whose arrivals are dealt to `peers` in turn: all begin at one moment, and what they measure is merged
 * exactly, while it happens, so that thresholds and verdict are of the whole. A shard that is lost makes the run VOID.
 */
export function startShardedAttack(plan: LoadPlan, peers: readonly ShardPeer[], deps: ShardedDeps = {}): Attack {
  return new ShardedRun(plan, peers, deps);
}

export interface ShardedDeps extends Pick<AttackDeps, 'onRecords'> {
  /** Milliseconds without a word after which a shard counts as lost (default 8 s). */
  lostAfterMs?: number;
  /** Milliseconds until every shard must be ready, but for its connections (default 60 s). */
  readyTimeoutMs?: number;
}

class ShardedRun implements Attack {
  readonly result: Promise<LoadResult>;
  private readonly steering = controlMemory();
  private readonly links: ShardLink[];
  private readonly observer: Observer;
  private readonly nowUs = threadClock();
  private ended: LoadResult['ended'] = 'completed';
  private giveUp: (() => void) | undefined;

  constructor(
    private readonly plan: LoadPlan,
    peers: readonly ShardPeer[],
    deps: ShardedDeps,
  ) {
    this.steering.numbers[control.numbers.factor] = 1;
    const steps = planSteps(plan).length;
    const shards = peers.map((peer, index) => ({
      peer,
      // Thresholds are of the whole: no shard ends its share by itself.
      plan: { ...plan, thresholds: [], startAtUnixMs: undefined, shard: { index, count: peers.length } },
      memories: Array.from({ length: plan.workers }, () => workerMemory(steps)),
      wakeUp: new Histogram(new SharedArrayBuffer(histogramBytes)),
    }));
    this.links = shards.map(({ peer, plan, memories, wakeUp }) => {
      const buffers = [...memories.map(({ buffer }) => buffer), wakeUp.buffer];
      return new ShardLink(peer, {
        plan,
        buffers,
        onRecords: deps.onRecords,
        atMs: () => this.elapsedMs(),
        lostAfterMs: deps.lostAfterMs ?? lostAfterMs,
        readyTimeoutMs: deps.readyTimeoutMs ?? readyTimeoutMs,
      });
    });
    this.observer = new Observer(plan, {
      memories: shards.flatMap(({ memories }) => memories),
      steering: this.steering,
      nowUs: this.nowUs,
      wakeUps: shards.map(({ wakeUp }) => wakeUp),
      machine: () => ({ sample: () => worstOf(this.links.map(({ machine }) => machine)) }),
      shards: { count: peers.length, lost: () => this.links.flatMap(({ lost }) => lost ?? []), behindMs },
    });
    this.result = this.run();
  }

  get rateFactor(): number {
    return this.steering.numbers[control.numbers.factor]!;
  }

  snapshot(): LoadSnapshot {
    return this.observer.snapshot();
  }

  adjustRate(factor: number): void {
    if (!(factor > 0)) return;
    this.observer.beforeChange();
    this.steering.numbers[control.numbers.factor] = Math.min(100, Math.max(0.01, factor));
    this.observer.afterFactor(this.rateFactor);
    this.steer();
  }

  pause(): void {
    this.setPaused(true);
  }

  resume(): void {
    this.setPaused(false);
  }

  finish(): void {
    if (this.ended === 'completed' && !this.observer.over) this.ended = 'finished';
    this.observer.markFinish();
    for (const link of this.links) link.say({ type: 'finish' });
  }

  abort(): void {
    if (!this.observer.over) this.ended = 'aborted';
    this.observer.markFinish();
    for (const link of this.links) link.say({ type: 'abort' });
    setTimeout(() => this.giveUp?.(), graceMs).unref();
  }

  private setPaused(paused: boolean): void {
    this.observer.setPaused(paused);
    Atomics.store(this.steering.words, control.words.paused, paused ? 1 : 0);
    this.steer();
  }

  private steer(): void {
    const paused = Atomics.load(this.steering.words, control.words.paused) !== 0;
    for (const link of this.links) link.say({ type: 'steer', factor: this.rateFactor, paused });
  }

  private elapsedMs(): number {
    return (this.nowUs() - this.steering.numbers[control.numbers.originUs]!) / 1000;
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
    const atUnixMs = Math.max(nowMs + leadMs, this.plan.startAtUnixMs ?? 0);
    this.steering.numbers[control.numbers.originUs] = this.nowUs() + (atUnixMs - nowMs) * 1000;
    this.observer.start(atUnixMs);
    for (const link of this.links) link.start(atUnixMs);
    // What was asked for while the shards got ready.
    if (this.ended !== 'completed') for (const link of this.links) link.say({ type: 'finish' });
    else if (this.rateFactor !== 1) this.steer();
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

  private sample(): void {
    this.observer.sample();
    for (const link of this.links) link.check();
    if (this.observer.finishedForMs() > this.plan.drainMs + graceMs) this.giveUp?.();
    if (this.ended !== 'completed' || this.observer.over || !this.observer.abortWanted(abortJudgedAfterMs)) return;
    this.finish();
    this.ended = 'threshold';
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
