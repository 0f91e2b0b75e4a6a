import type { EarlyEnd, LoadRun } from './load-run.js';
import type { LoadResult, LoadSnapshot } from './measure/metrics.js';
import { type ObservedRun, Observer } from './measure/observer.js';
import { threadClock } from './memory/clock-us.js';
import { control, controlMemory } from './memory/memory.js';
import type { LoadPlan } from './plan/plan.js';
import type { RunLook } from './search/find-max.js';

/** How often a run under way is looked at. */
export const sampleMs = 250;
/** Thresholds with abortOnFail are not judged before: the first samples of a run decide nothing. */
const abortJudgedAfterMs = 2000;

/**
 * What a run in this process and a distributed one have in common: what is wanted of it stands in the control memory, an
 * observer looks at what comes of it. `changed` carries the former to whoever does the work.
 */
export abstract class SteeredRun implements LoadRun {
  abstract readonly result: Promise<LoadResult>;
  protected readonly steering = controlMemory();
  protected readonly nowUs = threadClock();
  protected readonly observer: Observer;
  protected ended: LoadResult['ended'] = 'completed';

  constructor(
    protected readonly plan: LoadPlan,
    observed: Omit<ObservedRun, 'steering' | 'nowUs'>,
  ) {
    this.steering.numbers[control.numbers.factor] = 1;
    this.observer = new Observer(plan, { ...observed, steering: this.steering, nowUs: this.nowUs });
  }

  /** The control memory says something else than before. */
  protected abstract changed(): void;

  get rateFactor(): number {
    return this.steering.numbers[control.numbers.factor]!;
  }

  snapshot(): LoadSnapshot {
    return this.observer.snapshot();
  }

  look(): RunLook {
    return this.observer.look();
  }

  histograms(): ReturnType<LoadRun['histograms']> {
    return this.observer.histograms();
  }

  adjustRate(factor: number): void {
    if (!(factor > 0)) return;
    this.observer.beforeChange();
    this.steering.numbers[control.numbers.factor] = Math.min(1e5, Math.max(1e-5, factor));
    this.observer.afterFactor(this.rateFactor);
    this.changed();
  }

  pause(): void {
    this.observer.setPaused(true);
    this.steer('paused', 1);
  }

  resume(): void {
    this.observer.setPaused(false);
    this.steer('paused', 0);
  }

  finish(why: EarlyEnd = 'finished'): void {
    if (this.ended === 'completed' && !this.observer.over) this.ended = why;
    this.observer.markFinish();
    this.steer('finish', 1);
  }

  abort(): void {
    if (!this.observer.over) this.ended = 'aborted';
    this.observer.markFinish();
    this.steer('finish', 1);
    this.steer('abort', 1);
  }

  /** The first arrival is due in so many milliseconds. */
  protected startIn(inMs: number): void {
    this.steering.numbers[control.numbers.originUs] = this.nowUs() + inMs * 1000;
    this.observer.start(Date.now() + inMs);
  }

  /** Called every `sampleMs`. */
  protected sample(): void {
    this.observer.sample();
    if (this.ended !== 'completed' || this.observer.over || !this.observer.abortWanted(abortJudgedAfterMs)) return;
    this.finish('threshold');
  }

  private steer(name: keyof typeof control.words, value: number): void {
    Atomics.store(this.steering.words, control.words[name], value);
    this.changed();
  }
}
