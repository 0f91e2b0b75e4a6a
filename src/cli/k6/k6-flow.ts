import { withoutUrlSecrets } from '../kernel/secrets.js';
import type { Stage } from '../load/arrivals/schedule.js';
import type { Flow, FlowAction, FlowContext, FlowResponse, Journey } from '../load/engine/flow.js';
import { encodeRequest } from '../load/http/request.js';
import type { HeaderFields } from '../load/plan/plan.js';
import { CookieJar } from '../scenario/send/cookies.js';
import type { Around, Vu } from './api/vu.js';
import type { LinkedScript } from './language/link.js';
import {
  Callable,
  callSteps,
  type Effect,
  Fault,
  type Steps,
  Thrown,
  usualBudget,
  type WireOutcome,
  type WireRequest,
} from './language/machine.js';
import { type Dealer, loopDealer, rateDealer } from './load-shape.js';
import { aroundOf, linkRead, newVu, type ScriptData, seeded } from './script-run.js';

/** What an I/O thread, here or in a pod, needs to follow a script. */
export interface K6Data extends ScriptData {
  file: string;
  model: 'open' | 'closed';
  shares: Stage[][];
  /** Names of its metrics, by their place in the plan. */
  measures: string[];
  /** Servers that the script names, all of which are the one that is loaded. */
  origins: string[];
  /** What `setup` gave: JSON. */
  setup: string | undefined;
  /** Requests per second of all threads at most. */
  rps: number | undefined;
}

/** Different errors of a script that are counted apart, a thread; the others are counted together. */
const mostErrors = 20;

/** Milliseconds before an iteration ends that neither sent nor slept. */
const idlePauseMs = 10;

/** The seam of the load engine (load/engine/flow.ts): every I/O thread calls this once. */
export function createFlow(data: K6Data, context: FlowContext): Flow {
  return new ScriptFlow(data, context);
}

class ScriptFlow implements Flow {
  readonly script: LinkedScript;
  readonly around: Around;
  private readonly free: Vu[] = [];
  private made = 0;
  private readonly dealer: Dealer | undefined;
  private startedAt: number | undefined;
  private readonly errors = new Set<string>();
  private nextSlotMs = 0;

  constructor(
    readonly data: K6Data,
    readonly context: FlowContext,
  ) {
    this.script = linkRead(data);
    const places = new Map(data.measures.map((name, index) => [name, index]));
    this.around = aroundOf(data, {
      check: (name, passed) => context.check(withoutUrlSecrets(name), passed),
      measure(metric, value) {
        const place = places.get(metric);
        if (place !== undefined && Number.isFinite(value)) context.measure(place, value);
      },
      made: () => undefined,
    });
    if (data.shares.length > 1) this.dealer = data.model === 'open' ? rateDealer(data.shares) : loopDealer(data.shares);
  }

  begin(iteration: number): Journey {
    this.startedAt ??= Date.now();
    const scenario = this.dealer?.deal(iteration, Date.now() - this.startedAt) ?? 0;
    const vu = this.free.pop() ?? this.newVu();
    vu.scenario = this.data.scenarios[scenario]!;
    vu.arrival = iteration;
    vu.budget = usualBudget;
    vu.failure = undefined;
    vu.groups.length = 0;
    if (!this.data.options.noCookiesReset) vu.jar = new CookieJar(Date.now);
    seeded(vu, this.data.seed, iteration);
    return new ScriptJourney(this, vu, () => {
      this.dealer?.ended(scenario);
      vu.iteration++;
      vu.scenarioIteration++;
      this.free.push(vu);
    });
  }

  /** Milliseconds that a request waits so that no more than `rps` are sent a second. */
  waitForSlot(): number {
    const { rps } = this.data;
    if (rps === undefined || rps <= 0) return 0;
    const nowMs = performance.now();
    const gapMs = (1000 * this.context.place.count) / rps;
    const atMs = Math.max(nowMs, this.nextSlotMs);
    this.nextSlotMs = atMs + gapMs;
    return atMs - nowMs;
  }

  /** Counts what a script threw, so that it is seen. */
  threw(error: Error): void {
    const message = withoutUrlSecrets(error.message).slice(0, 120);
    const known = this.errors.has(message);
    if (!known && this.errors.size < mostErrors) this.errors.add(message);
    this.context.check(
      known || this.errors.has(message) ? `the script throws: ${message}` : 'the script throws: other errors',
      false,
    );
  }

  private newVu(): Vu {
    const { place } = this.context;
    const id = this.made++ * place.count + place.index + 1;
    const vu = newVu(id, this.around, this.data.scenarios[0]!, this.data.seed);
    this.script.initialise(vu);
    return vu;
  }
}

/** The bytes of a request, or why it cannot be made. */
function encoded({ method, url, headers: lines, body }: WireRequest, flow: ScriptFlow): Buffer | string {
  const { context, data } = flow;
  const own = new URL(`http${context.secure ? 's' : ''}://${context.hostHeader}`).origin;
  if (url.origin !== own && !data.origins.includes(url.origin))
    return `${url.origin} is another server, and a load goes to one`;
  const headers: HeaderFields = {};
  for (const [name, value] of lines)
    headers[name] = headers[name] === undefined ? value : [headers[name], value].flat();
  try {
    return encodeRequest({
      method,
      target: context.basePath + url.pathname + url.search,
      host: context.hostHeader,
      headers,
      body,
      compression: context.compression,
    });
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    return error.message;
  }
}

/** One iteration of a script, driven by the load engine. */
class ScriptJourney implements Journey {
  private readonly steps: Steps;
  /** Waits for its turn among the requests of a bounded rate. */
  private held: WireRequest | undefined;
  private unsent: string | undefined;
  private hasAsked = false;
  private isOver = false;

  constructor(
    private readonly flow: ScriptFlow,
    private readonly vu: Vu,
    private readonly ended: () => void,
  ) {
    this.steps = iterationOf(flow, vu);
  }

  next(response: FlowResponse | undefined): FlowAction {
    if (this.isOver) return { do: 'end' };
    if (response !== undefined) return this.resume(outcomeOf(response));
    if (this.unsent !== undefined) {
      const error = this.unsent;
      this.unsent = undefined;
      return this.resume({ error, waitedMs: 0 });
    }
    if (this.held !== undefined) {
      const request = this.held;
      this.held = undefined;
      return this.send(request);
    }
    return this.resume(undefined);
  }

  broken(cause: string, waitedMs: number): FlowAction {
    return this.resume({ error: cause, waitedMs });
  }

  private resume(outcome: WireOutcome | undefined): FlowAction {
    this.vu.budget = usualBudget;
    this.vu.failure = undefined;
    let action: FlowAction;
    try {
      const { done, value } = this.steps.next(outcome);
      action = done ? this.end() : this.act(value);
    } catch (error) {
      if (!(error instanceof Thrown || error instanceof Fault || error instanceof RangeError)) throw error;
      this.flow.threw(error);
      action = { ...this.end(), spoilt: true };
    }
    if (this.vu.failure !== undefined) action.failure = this.vu.failure;
    return action;
  }

  /** An iteration that asked for nothing does not make way for the next at once: VUs in a loop would spin. */
  private end(): FlowAction {
    this.ended();
    if (this.hasAsked) return { do: 'end' };
    this.isOver = true;
    return { do: 'wait', ms: idlePauseMs };
  }

  private act(effect: Effect): FlowAction {
    this.hasAsked = true;
    if (effect.ask === 'sleep') return { do: 'wait', ms: effect.ms };
    const waitMs = this.flow.waitForSlot();
    if (waitMs < 1) return this.send(effect.request);
    this.held = effect.request;
    return { do: 'wait', ms: waitMs };
  }

  private send(request: WireRequest): FlowAction {
    const bytes = encoded(request, this.flow);
    const { step, timeoutMs } = request;
    if (typeof bytes !== 'string') return { do: 'send', step, bytes, head: request.method === 'HEAD', timeoutMs };
    this.unsent = bytes;
    return { do: 'unsent', step };
  }
}

function iterationOf({ script, data }: ScriptFlow, vu: Vu): Steps {
  const found = script.exported(vu.scenario.exec);
  const fn = found && script.valueOf(found, vu);
  if (!(fn instanceof Callable))
    throw new Error(`${vu.scenario.exec} is no function, and was one when the script was read`);
  const given = data.setup === undefined ? undefined : JSON.parse(data.setup);
  return callSteps(fn, [given], vu);
}

function outcomeOf(response: FlowResponse): WireOutcome {
  return {
    status: response.status,
    headers: response.allHeaders(),
    body: response.body,
    serviceMs: response.serviceMs,
  };
}
