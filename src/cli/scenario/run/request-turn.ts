import type { Clock } from '../../kernel/clock.js';
import type { HttpOutcome } from '../../kernel/http/http.js';
import type { CheckContext } from '../check/condition.js';
import { type Exchange, valueFrom } from '../check/exchange.js';
import { type JudgedCheck, judgeCheck, messagesOf, safeFindings } from '../check/judge.js';
import type { Auth, Condition, RequestStep, RequestTemplate, Scenario } from '../scenario.js';
import { type HopContext, Hops } from '../send/hops.js';
import type { BuiltRequest } from '../send/request.js';
import { Unresolved, type Variables } from '../variables/template.js';

/** What the request steps of one iteration share, whoever sends their requests. */
export interface TurnContext extends HopContext {
  readonly scenario: Pick<Scenario, 'cookies' | 'redirects' | 'auth'>;
  readonly clock: Pick<Clock, 'monotonic'>;
  readonly variables: Variables;
  /** What conditions may look at. */
  readonly around: CheckContext;
  /** The last exchange of each step, by name, for `sameBodyAs`. */
  readonly exchanges: Pick<Map<string, Exchange>, 'set'>;
  /** Expands a request. Throws Unresolved for a variable without a value. */
  build(template: RequestTemplate, bearer: string | undefined): BuiltRequest;
  /** Told what happens as it happens. */
  readonly watch?: TurnWatch;
}

/** Who wants to know more than what a step comes to. */
export interface TurnWatch {
  /** The step begins, or begins again (`retry`). */
  attempt(step: Pick<RequestStep, 'set'>): void;
  /** A variable was set or captured. */
  value(name: string, value: unknown): void;
  /** A request was built; `first`: of the step. */
  request(built: BuiltRequest, first: boolean): void;
  exchange(exchange: Exchange): void;
}

/** What whoever drives the machine does next. */
export type TurnAction =
  /** Send this one request, follow nothing, and `judge` what comes of it. */
  | { do: 'send'; request: BuiltRequest }
  /** Wait so many milliseconds, then `resume`. */
  | { do: 'wait'; ms: number }
  /** Fetch this token, then `resume` with it; or `refuse`. */
  | { do: 'token'; auth: Extract<Auth, { kind: 'oauth2' }> }
  /** The step has come to its end: see the turn's fields. */
  | { do: 'done' };

const done: TurnAction = { do: 'done' };
/** Of steps without checks or captures: nothing is made for them. */
const none: readonly never[] = [];
/** `retry` waits 100 ms, twice as long each further time, at most this. */
const longestRetryMs = 2000;

/**
 * One request step as a machine that neither sends nor waits: `begin`, then what each action asks for, until `done`.
 *
 *     begin --> set --> build --send--> judge --redirect--> send
 *                ^        ^              |
 *                |        +--wait-- until does not hold yet
 *                |                       v
 *                +--wait-- retry <-- capture, check --> done
 *
 * `test` drives it with await (request-step.ts), a load's journeys from the engine's thread (journey/scenario-journey.ts).
 */
export class RequestTurn {
  /** The last one; undefined where the request could not be built: `unbuilt` says why. */
  exchange: Exchange | undefined;
  unbuilt: string | undefined;
  /** Exchanges that `until` needed. */
  tries = 0;
  /** Why the wait of `until` ended without its condition. */
  unmet: string | undefined;
  /** How often it was done again. */
  retried = 0;
  checks: readonly JudgedCheck[] = none;
  captureProblems: readonly { name: string; problem: string }[] = none;
  #captured: readonly (readonly [name: string, value: unknown])[] = none;
  #untilEndMs = 0;
  #hops: Hops | undefined;
  #resume: 'attempt' | 'request' = 'request';

  constructor(
    readonly step: RequestStep,
    private readonly context: TurnContext,
  ) {}

  /** False where it could not be done, or does not show what it should. */
  get good(): boolean {
    if (this.exchange === undefined || this.unbuilt !== undefined || this.unmet !== undefined) return false;
    if (this.unanswered || this.captureProblems.length > 0) return false;
    return this.checks.every(({ findings }) => findings === undefined || findings.length === 0);
  }

  /** No response came, and the step is not about that. */
  get unanswered(): boolean {
    return this.exchange !== undefined && this.exchange.response === undefined && !expectsError(this.step);
  }

  begin(): TurnAction {
    return this.#attempt();
  }

  /** After a `wait`, or with the token asked for. */
  resume(bearer?: string): TurnAction {
    return this.#resume === 'attempt' ? this.#attempt() : this.#request(bearer);
  }

  /** There is no token: the request cannot be built. */
  refuse(why: string): TurnAction {
    this.unbuilt = why;
    return done;
  }

  /** Takes what came of the request that was to be sent; `startedAt`: when, in Unix milliseconds. */
  judge(outcome: HttpOutcome, startedAt: number): TurnAction {
    const hops = this.#hops!;
    const exchange = hops.take(outcome, startedAt);
    if (exchange === undefined) return { do: 'send', request: hops.request };
    this.exchange = exchange;
    // What a context has is taken only where it is needed: a journey makes it then.
    const { context, step } = this;
    context.watch?.exchange(exchange);
    const { until } = step;
    if (until !== undefined) {
      const findings = safeFindings(until.condition, exchange, context.around);
      if (findings.length > 0) {
        if (context.clock.monotonic() + until.everyMs <= this.#untilEndMs) return this.#wait('request', until.everyMs);
        const tries = this.tries === 1 ? '1 try' : `${this.tries} tries`;
        this.unmet = `not so within ${until.withinMs} ms (${tries}): ${messagesOf(findings).join('; ')}`;
      }
    }
    this.#capture(exchange);
    this.checks =
      this.unanswered || step.check.length === 0
        ? none
        : step.check.map((check) => judgeCheck(check, exchange, context.around));
    if (this.retried < step.retry && !this.good)
      return this.#wait('attempt', Math.min(longestRetryMs, 100 * 2 ** this.retried++));
    return this.#end(exchange);
  }

  #attempt(): TurnAction {
    const { step, context } = this;
    this.tries = 0;
    this.unmet = undefined;
    context.watch?.attempt(step);
    try {
      setVariables(step.set, context);
    } catch (error) {
      return this.#unbuilt(error);
    }
    if (step.until !== undefined) this.#untilEndMs = context.clock.monotonic() + step.until.withinMs;
    return this.#request(undefined);
  }

  #request(bearer: string | undefined): TurnAction {
    const { step, context } = this;
    const auth = step.request.auth ?? context.scenario.auth;
    if (auth?.kind === 'oauth2' && bearer === undefined) {
      this.#resume = 'request';
      return { do: 'token', auth };
    }
    try {
      const built = context.build(step.request, bearer);
      context.watch?.request(built, this.retried === 0 && this.tries === 0);
      this.tries++;
      this.#hops = new Hops(built, step.request, context);
    } catch (error) {
      return this.#unbuilt(error);
    }
    return { do: 'send', request: this.#hops.request };
  }

  #unbuilt(error: unknown): TurnAction {
    if (!(error instanceof Unresolved)) throw error;
    return this.refuse(error.message);
  }

  #wait(resume: 'attempt' | 'request', ms: number): TurnAction {
    this.#resume = resume;
    return { do: 'wait', ms };
  }

  #capture(exchange: Exchange): void {
    this.#captured = none;
    this.captureProblems = none;
    if (exchange.response === undefined) return;
    const { capture } = this.step;
    for (const name in capture) {
      const found = valueFrom(exchange, capture[name]!);
      if ('value' in found) this.#captured = [...this.#captured, [name, found.value]];
      else this.captureProblems = [...this.captureProblems, { name, problem: found.problem }];
    }
  }

  /** What was captured counts from here on: checks see the values from before the step. */
  #end(exchange: Exchange): TurnAction {
    const { context } = this;
    context.exchanges.set(this.step.name, exchange);
    for (const [name, value] of this.#captured) {
      context.variables.set(name, value);
      context.watch?.value(name, value);
    }
    return done;
  }
}

/** `set` of a step: newman's prerequest script. Throws Unresolved for a variable without a value. */
export function setVariables(set: Record<string, unknown>, context: Pick<TurnContext, 'variables' | 'watch'>): void {
  for (const name in set) {
    const value = context.variables.expand(set[name]);
    context.variables.set(name, value);
    context.watch?.value(name, value);
  }
}

/** True where some check of the step is about there being no response; then a missing one is no failure by itself. */
function expectsError(step: RequestStep): boolean {
  return step.request.lose !== undefined || step.check.some(({ condition }) => mentionsError(condition));
}

function mentionsError(condition: Condition): boolean {
  if (condition.error !== undefined) return true;
  const inner = [...(condition.any ?? []), ...(condition.all ?? []), ...(condition.not ? [condition.not] : [])];
  return inner.some(mentionsError);
}
