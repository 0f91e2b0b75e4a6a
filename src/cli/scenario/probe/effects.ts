import { Failure } from '../../kernel/failure.js';
import { type Exchange, textOf } from '../check/exchange.js';
import { show } from '../check/value-text.js';
import type { Asker } from './asker.js';
import { changeOf, type EffectsView, viewOf } from './effects-view.js';
import type { ProbePlan } from './probe-plan.js';

/** Nothing can be told of the service: its effects change without us, or do not show what a request does. */
export class Unjudgeable extends Error {
  constructor(
    message: string,
    readonly cure: string,
  ) {
    super(message);
  }
}

/** Most milliseconds between two looks. */
const lookEveryMs = 100;
/** Not answered for a while: a service that is starting, or turns us away. */
const passing = new Set([425, 429, 500, 502, 503, 504]);

/** Looks at the effects, and waits until they have come to rest. */
export class Effects {
  #last: EffectsView | undefined;

  constructor(
    private readonly plan: ProbePlan,
    private readonly asker: Asker,
  ) {}

  /** One look; a service that is away is asked again. Throws Failure `effects-unreadable`. */
  async look(withinMs = this.plan.withinMs): Promise<EffectsView> {
    const { clock, signal } = this.asker.means;
    const endMs = clock.monotonic() + withinMs;
    for (;;) {
      const exchange = await this.asker.read(this.plan.effects);
      const { response } = exchange;
      if (response !== undefined && response.status >= 200 && response.status < 300) {
        const view = viewOf(exchange, this.plan.countPath);
        if ('count' in view) return view;
        throw unreadable(exchange, `its effects cannot be counted: ${view.problem}`, view.cure);
      }
      const isPassing = response === undefined || passing.has(response.status);
      if (!isPassing || clock.monotonic() + lookEveryMs > endMs) throw this.#unanswered(exchange);
      await clock.sleep(lookEveryMs, signal);
    }
  }

  /** A look before something is done. Throws Unjudgeable where it is not as it was left. */
  async before(): Promise<EffectsView> {
    const now = await this.look();
    const last = this.#last;
    this.#last = now;
    if (last === undefined || changeOf(last, now).none) return now;
    throw new Unjudgeable(
      `${changeText(last, now)} between two cases, after every request had been answered`,
      this.#patience(),
    );
  }

  /**
   * Waits until nothing has changed for `settleMs`; where something is awaited, at first for a change. Throws Unjudgeable where
   * it does not come to rest.
   */
  async atRest(before: EffectsView, isAwaited: boolean, withinMs = this.plan.withinMs): Promise<EffectsView> {
    const { clock, signal } = this.asker.means;
    const { settleMs } = this.plan;
    const everyMs = Math.min(lookEveryMs, settleMs);
    let view = await this.look(withinMs);
    const awaitedUntilMs = clock.monotonic() + withinMs;
    while (isAwaited && changeOf(before, view).none && clock.monotonic() < awaitedUntilMs) {
      await clock.sleep(everyMs, signal);
      view = await this.look(withinMs);
    }
    const endMs = clock.monotonic() + settleMs + withinMs;
    let changedMs = clock.monotonic();
    while (clock.monotonic() - changedMs < settleMs) {
      await clock.sleep(everyMs, signal);
      const next = await this.look(withinMs);
      if (changeOf(view, next).none) continue;
      view = next;
      changedMs = clock.monotonic();
      if (changedMs > endMs)
        throw new Unjudgeable(
          `the effects go on changing ${Math.round((settleMs + withinMs) / 1000)} s after the last request`,
          this.#patience(),
        );
    }
    this.#last = view;
    return view;
  }

  /** Watches for so long without sending anything. Throws Unjudgeable where something changes. */
  async watch(view: EffectsView, forMs: number): Promise<void> {
    const { clock, signal } = this.asker.means;
    await clock.sleep(forMs, signal);
    const after = await this.look();
    this.#last = after;
    if (changeOf(view, after).none) return;
    throw new Unjudgeable(`${changeText(view, after)} while nothing was sent`, this.#patience());
  }

  #patience(): string {
    return `Somebody else uses the service, or effects come later than --settle says: probe it alone, as a user of its own (--setup), or with a longer --settle`;
  }

  #unanswered({ response, error }: Exchange): Failure {
    const { method, path } = this.plan.effects;
    const status = response?.status;
    const cures: Record<number, string> = {
      401: "Sign in: -H 'Authorization: Bearer ...', or --setup SCENARIO that logs in",
      403: 'Sign in as somebody who may read it: -H, or --setup SCENARIO that logs in',
      404: 'Give the path of a GET that is there',
      405: 'Give the path of a GET that is there',
    };
    const what = response === undefined ? `no answer: ${error?.message}` : `answered with status ${status}`;
    return new Failure({
      code: 'effects-unreadable',
      message: `--effects: ${method} ${path} was ${response === undefined ? 'given ' : ''}${what}`,
      details: response === undefined ? [] : [this.asker.excerpt(textOf(response))].filter((text) => text !== ''),
      hint: cures[status ?? 0] ?? 'Ask it yourself first: what it lists is what the probe judges by',
    });
  }
}

function unreadable({ response }: Exchange, why: string, hint: string): Failure {
  return new Failure({
    code: 'effects-unreadable',
    message: `--effects: ${why}`,
    details: response === undefined ? [] : [`status ${response.status}`],
    hint,
  });
}

function changeText(before: EffectsView, after: EffectsView): string {
  const { change, added } = changeOf(before, after);
  if (change !== 0) return `what is counted went from ${show(before.count)} to ${show(after.count)}`;
  return added.length > 0 ? `other items came (${added.slice(0, 5).join(', ')})` : 'the items changed';
}
