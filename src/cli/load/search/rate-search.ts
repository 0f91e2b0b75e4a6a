import type { SearchBounds } from '../plan/plan.js';
import type { JudgedProbe } from './probe.js';

/** A rate to be tried, for `durationMs` at least. */
export interface ProbeRequest {
  ratePerSecond: number;
  kind: 'probe' | 'confirmation';
  durationMs: number;
}

/** Two rates as near to each other as this are near enough; the step is just below it. */
const resolution = 1.06;
const smallStep = 1.055;
/** How often a rate is tried again. What the generator did not offer says nothing of the server: a busy machine may let it later. */
const mostRepeats = { broke: 1, 'not offered': 3 } as const;
/** Between a probe's last arrival and the next one's first. */
const usualDrainMs = 500;

/**
 * Decides which rate to try next: doubles until one breaks, goes to what the server got done when it did, closes in, and
 * confirms the highest rate that held, for longer. What breaks is tried twice, since one hiccup is no limit; a
 * server that got as much done as at another rate has shown its limit. Pure: it knows no clock and no server.
 */
export class RateSearch {
  private held: number[] = [];
  private broke: JudgedProbe | undefined;
  /** Broke, and is to be tried once more where there is time. */
  private again: { judged: JudgedProbe; request: ProbeRequest } | undefined;
  private repeats = 0;
  /** What the server got done at the last rate that broke: about its limit. */
  private hint: number | undefined;
  /** By how much to go on from a rate that a hint had pointed to. */
  private step: number | undefined;
  /** What the server got done a second at each rate that broke. */
  private readonly done: number[] = [];
  private confirmNext: number | undefined;
  private confirmation: JudgedProbe | undefined;

  constructor(private readonly bounds: SearchBounds) {}

  /** The confirmation that held: the answer. */
  get confirmed(): JudgedProbe | undefined {
    return this.confirmation;
  }

  /** The lowest rate that broke. */
  get lowestBroken(): JudgedProbe | undefined {
    return this.broke;
  }

  /** The highest rate that held, below all that broke. */
  get heldPerSecond(): number | undefined {
    const limit = this.broke?.probe.ratePerSecond ?? Number.POSITIVE_INFINITY;
    const below = this.held.filter((rate) => rate < limit);
    return below.length === 0 ? undefined : Math.max(...below);
  }

  /** The next rate; undefined where the search is over, by its answer or for want of time. */
  next(elapsedMs: number): ProbeRequest | undefined {
    if (this.isAnswered()) return undefined;
    const leftMs = this.bounds.budgetMs - elapsedMs;
    const fits = (...requests: ProbeRequest[]) =>
      requests.reduce((sum, { durationMs }) => sum + durationMs + usualDrainMs, 0) <= leftMs;
    const { again } = this;
    this.again = undefined;
    if (again !== undefined) {
      const lower = this.request(again.request.ratePerSecond / smallStep, 'confirmation');
      if (fits(again.request, lower)) return again.request;
      this.breakAt(again.judged, again.request);
    }
    const wanted = this.confirmation === undefined ? this.wanted() : this.higher(this.confirmation);
    if (wanted === undefined) return undefined;
    const held = this.heldPerSecond;
    if (wanted.kind === 'confirmation' || held === undefined) return fits(wanted) ? wanted : undefined;
    const confirmation = this.request(held, 'confirmation');
    if (fits(wanted, confirmation)) return wanted;
    return fits(confirmation) ? confirmation : undefined;
  }

  /** Takes what the probe that `next` asked for showed. */
  take(judged: JudgedProbe, request: ProbeRequest): void {
    if (judged.probe.outcome === 'held') {
      this.repeats = 0;
      this.held.push(judged.probe.ratePerSecond);
      if (request.kind === 'confirmation') this.confirmation = judged;
      if (this.step !== undefined) this.step **= 2;
    } else if (this.repeats < mostRepeats[judged.probe.outcome] && !this.isKnown(judged)) {
      this.repeats++;
      this.again = { judged, request };
    } else this.breakAt(judged, request);
  }

  /** The server got as much done as at another rate that broke: that is its limit, and no hiccup. */
  private isKnown({ donePerSecond, probe }: JudgedProbe): boolean {
    // Nor is it a hiccup that lasts as long as a time-out.
    if (probe.timedOut > 0) return true;
    if (donePerSecond === undefined) return false;
    const known = this.done.some((done) => Math.abs(done / donePerSecond - 1) < 0.03);
    this.done.push(donePerSecond);
    return known;
  }

  private breakAt(judged: JudgedProbe, request: ProbeRequest): void {
    const { ratePerSecond, outcome } = judged.probe;
    this.repeats = 0;
    if (this.broke === undefined || ratePerSecond < this.broke.probe.ratePerSecond) this.broke = judged;
    const done = (judged.donePerSecond ?? 0) * 0.98;
    this.hint = outcome === 'broke' && done > 0 && done < 0.97 * ratePerSecond ? done : undefined;
    this.step = this.hint === undefined ? undefined : Math.sqrt(smallStep);
    if (request.kind !== 'confirmation') return;
    // What held for a short while above that is refuted, too.
    const below = Math.min(this.hint ?? ratePerSecond, ratePerSecond / smallStep);
    this.held = this.held.filter((rate) => rate <= below);
    this.confirmNext = below;
  }

  /** Confirmed, and nothing between it and what broke is worth a look. */
  private isAnswered(): boolean {
    if (this.confirmation === undefined) return false;
    const broke = this.broke?.probe.ratePerSecond;
    return broke === undefined || broke / this.confirmation.probe.ratePerSecond <= resolution + 0.02;
  }

  /** Chance had made a low rate break: what lies above it is worth another confirmation. */
  private higher({ probe }: JudgedProbe): ProbeRequest {
    const { ratePerSecond } = probe;
    return this.request(Math.sqrt(ratePerSecond * this.broke!.probe.ratePerSecond), 'confirmation');
  }

  private wanted(): ProbeRequest | undefined {
    const { startPerSecond, topPerSecond, lowestPerSecond } = this.bounds;
    const held = this.heldPerSecond;
    const broke = this.broke?.probe.ratePerSecond;
    if (broke === undefined) {
      if (held === undefined) return this.request(startPerSecond, 'probe');
      if (held >= topPerSecond) return this.request(held, 'confirmation');
      return this.request(Math.min(topPerSecond, 2 * held), 'probe');
    }
    const { hint, confirmNext } = this;
    this.hint = undefined;
    this.confirmNext = undefined;
    if (confirmNext !== undefined && confirmNext > (held ?? lowestPerSecond))
      return this.request(confirmNext, 'confirmation');
    if (held === undefined) {
      if (broke <= lowestPerSecond) return undefined;
      return this.request(Math.max(lowestPerSecond, hint ?? broke / 2), 'probe');
    }
    if (broke / held <= resolution) return this.request(held, 'confirmation');
    const middle = Math.sqrt(held * broke);
    if (hint !== undefined && hint > 0.9 * held)
      return this.request(Math.max(Math.min(hint, broke / smallStep), Math.min(middle, held * smallStep)), 'probe');
    return this.request(this.step === undefined ? middle : Math.min(middle, held * this.step), 'probe');
  }

  /** Low rates take longer to make out, and who gives the search more time gets more of each probe. */
  private request(ratePerSecond: number, kind: ProbeRequest['kind']): ProbeRequest {
    const { budgetMs, startPerSecond, topPerSecond } = this.bounds;
    const generous = Math.min(4, Math.max(0.5, budgetMs / 60_000));
    const isFirstWay = this.broke === undefined && kind === 'probe';
    const [leastMs, arrivals, mostMs] =
      kind === 'confirmation'
        ? [4000 * generous, 300 * generous, 20_000]
        : isFirstWay
          ? [1000, 20, 5000]
          : [2000 * generous, 100, 10_000];
    const durationMs = Math.max(leastMs, Math.min(mostMs, (arrivals / ratePerSecond) * 1000));
    const isStart = ratePerSecond === startPerSecond || ratePerSecond === topPerSecond;
    const rounded = isStart ? ratePerSecond : Number(ratePerSecond.toPrecision(3));
    const [floorMs, share] = kind === 'confirmation' ? [1000, 0.25] : [0, 0.2];
    return { ratePerSecond: rounded, kind, durationMs: Math.max(floorMs, Math.min(durationMs, budgetMs * share)) };
  }
}
