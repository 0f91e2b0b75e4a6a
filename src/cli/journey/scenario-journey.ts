import { systemClock } from '../kernel/clock.js';
import type { HttpError } from '../kernel/http/http.js';
import { withoutUrlSecrets } from '../kernel/secrets.js';
import type { Flow, FlowAction, FlowContext, FlowResponse, Journey } from '../load/engine/flow.js';
import { anAnswer, type CheckContext } from '../scenario/check/condition.js';
import type { Exchange } from '../scenario/check/exchange.js';
import { compileSchemas } from '../scenario/check/schemas.js';
import { RequestTurn, type TurnAction, type TurnContext } from '../scenario/run/request-turn.js';
import type { Condition, RequestStep, RequestTemplate, Scenario } from '../scenario/scenario.js';
import { usualTimeoutMs } from '../scenario/scenario.js';
import { CookieJars } from '../scenario/send/cookies.js';
import { type BuiltRequest, buildRequest, type ScenarioEndpoint } from '../scenario/send/request.js';
import { scopesOf, Variables } from '../scenario/variables/template.js';
import { encodeBuilt } from './encode-built.js';
import { hasCondition, type JourneyData, type JourneyItem, planJourney } from './plan-journey.js';
import { outcomeOf } from './seen-response.js';

/** The seam of the load engine (load/engine/flow.ts): every I/O thread calls this once. */
export async function createFlow({ scenario, variables }: JourneyData, context: FlowContext): Promise<Flow> {
  const { items } = planJourney(scenario);
  const requests = items.flatMap((item) => (item.kind === 'request' ? item.step : []));
  const checkNames = new Map(requests.flatMap(({ check }) => check.map(({ name }) => [name, withoutUrlSecrets(name)])));
  const endpoint = {
    url: `http${context.secure ? 's' : ''}://${context.hostHeader}${context.basePath}`,
    host: context.hostHeader,
  };
  const shared: Shared = {
    scenario,
    given: variables,
    items,
    endpoint,
    origin: new URL(endpoint.url).origin,
    compression: context.compression,
    headerNames: headerNames(requests),
    schemaProblems: await compileSchemas(scenario),
    check: (name, passed) => context.check(checkNames.get(name) ?? name, passed),
    fixed: new Map(),
    judgesStatus: new Set(requests.filter(judgesStatus)),
    looksBack: requests.some((step) => conditionsOf(step).some((each) => hasCondition(each, looksBack))),
    // Generated values are those of the iteration's begin, as in a test.
    settles: JSON.stringify([scenario.variables, scenario.data]).includes('{{'),
  };
  return { begin: (iteration) => new ScenarioJourney(shared, iteration) };
}

interface Shared {
  scenario: Scenario;
  given: Record<string, unknown>;
  items: JourneyItem[];
  endpoint: ScenarioEndpoint;
  origin: string;
  compression: boolean;
  /** Response headers, in lower case, that anything looks at. */
  headerNames: string[];
  schemaProblems: CheckContext['schemaProblems'];
  check(name: string, passed: boolean): void;
  /** Requests without a template in them, once for all journeys. */
  fixed: Map<RequestTemplate, { built: BuiltRequest; bytes: Buffer | HttpError }>;
  /** Steps with a condition about the status: for the others 400 and above is a failure. */
  judgesStatus: Set<RequestStep>;
  /** Some step looks at the exchange of an earlier one. */
  looksBack: boolean;
  settles: boolean;
}

/** Where nothing looks back, nothing is kept. */
const forgetful: Pick<Map<string, Exchange>, 'get' | 'set'> = {
  get: () => undefined,
  set() {
    return this as Map<string, Exchange>;
  },
};

/**
 * One user's walk through the scenario, as a test goes: setup, then the steps unless it failed, then teardown, whatever
 * became of the steps before. Drives the same machine as a test does (request-turn.ts).
 */
class ScenarioJourney implements Journey, TurnContext {
  readonly scenario: Scenario;
  readonly endpoint: ScenarioEndpoint;
  readonly jars = new CookieJars(systemClock.now);
  readonly clock = systemClock;
  readonly exchanges: Pick<Map<string, Exchange>, 'get' | 'set'>;
  #known: Variables | undefined;
  #around: CheckContext | undefined;
  #at = -1;
  #turn: RequestTurn | undefined;
  /** Why the request that the engine counts as unsent was not sent. */
  #unsent: HttpError | undefined;
  #setupFailed = false;

  constructor(
    private readonly shared: Shared,
    private readonly iteration: number,
  ) {
    this.scenario = shared.scenario;
    this.endpoint = shared.endpoint;
    this.exchanges = shared.looksBack ? new Map() : forgetful;
    if (shared.settles) this.variables.settle();
  }

  /** Made only for a journey that uses them. */
  get variables(): Variables {
    if (this.#known === undefined) {
      const iteration = this.iteration + 1;
      const { scenario, given } = this.shared;
      this.#known = new Variables(scopesOf(scenario, iteration, given), { clock: systemClock, iteration });
    }
    return this.#known;
  }

  get around(): CheckContext {
    this.#around ??= {
      expand: (value) => this.variables.expand(value),
      earlier: (name) => this.exchanges.get(name),
      schemaProblems: this.shared.schemaProblems,
    };
    return this.#around;
  }

  build(template: RequestTemplate): BuiltRequest {
    const { fixed, scenario, endpoint } = this.shared;
    const known = fixed.get(template);
    if (known !== undefined) return known.built;
    const built = buildRequest(template, scenario, endpoint, this.variables);
    if (isFixed(template, scenario)) fixed.set(template, { built, bytes: this.#encoded(built) });
    return built;
  }

  next(response: FlowResponse | undefined): FlowAction {
    if (response !== undefined) {
      const startedAt = systemClock.now() - response.serviceMs;
      return this.#act(this.#turn!.judge(outcomeOf(response, this.shared.headerNames), startedAt));
    }
    const error = this.#unsent;
    if (error !== undefined) {
      this.#unsent = undefined;
      return this.#act(this.#turn!.judge({ error }, systemClock.now()));
    }
    return this.#turn === undefined ? this.#walk() : this.#act(this.#turn.resume());
  }

  broken(cause: string, waitedMs: number): FlowAction {
    const error = { code: cause, message: cause, totalMs: waitedMs };
    return this.#act(this.#turn!.judge({ error }, systemClock.now() - waitedMs));
  }

  #act(action: TurnAction): FlowAction {
    switch (action.do) {
      case 'send':
        return this.#send(action.request);
      case 'wait':
        return { do: 'wait', ms: action.ms };
      case 'token':
        throw new Error('a step that needs a token is refused before the load');
      case 'done':
        return this.#settle();
    }
  }

  #send(request: BuiltRequest): FlowAction {
    const { request: template } = this.#turn!.step;
    const known = this.shared.fixed.get(template);
    const bytes = known !== undefined && known.built === request ? known.bytes : this.#encoded(request);
    const step = this.#index;
    if ('code' in bytes) {
      this.#unsent = bytes;
      return { do: 'unsent', step };
    }
    const { timeoutMs } = this.scenario;
    const ownMs = template.timeoutMs ?? (timeoutMs === usualTimeoutMs ? undefined : timeoutMs);
    return { do: 'send', step, bytes, head: request.method === 'HEAD', timeoutMs: ownMs };
  }

  get #index(): number {
    const item = this.shared.items[this.#at]!;
    return item.kind === 'request' ? item.index : 0;
  }

  /** Counts what came of the step that has ended, and goes on. */
  #settle(): FlowAction {
    const turn = this.#turn!;
    this.#turn = undefined;
    for (const { check, findings } of turn.checks) {
      if (findings === undefined) continue;
      // A name with templates in it stands for all its values.
      const slow = findings.length > 0 && findings.some(({ expected }) => expected === anAnswer);
      this.shared.check(slow ? `${check.name}: no answer in time` : check.name, findings.length === 0);
    }
    // As in a test: a status that no check looks at is a failure of the load alone, and the steps come all the same.
    if (!turn.good && this.shared.items[this.#at]!.section === 'setup') this.#setupFailed = true;
    const failure = this.#failureOf(turn);
    if (failure === undefined) return this.#walk();
    if (turn.unbuilt !== undefined) return { do: 'unsent', step: this.#index };
    const action = this.#walk();
    action.failure = failure;
    return action;
  }

  #failureOf(turn: RequestTurn): string | undefined {
    if (!turn.good) return 'the step failed';
    const status = turn.exchange?.response?.status ?? 0;
    return status >= 400 && !this.shared.judgesStatus.has(turn.step) ? 'unexpected status' : undefined;
  }

  #walk(): FlowAction {
    const { items } = this.shared;
    do this.#at++;
    while (this.#setupFailed && items[this.#at]?.section === 'steps');
    const item = items[this.#at];
    if (item === undefined) return { do: 'end' };
    if (item.kind === 'wait') return { do: 'wait', ms: item.ms };
    this.#turn = new RequestTurn(item.step, this);
    return this.#act(this.#turn.begin());
  }

  #encoded(built: BuiltRequest): Buffer | HttpError {
    return encodeBuilt(built, this.shared.origin, this.shared.compression);
  }
}

/** Whether a request is the same for every journey: without a template there is nothing in it that changes. */
function isFixed(template: RequestTemplate, { headers, auth }: Scenario): boolean {
  return !JSON.stringify([template, headers, auth]).includes('{{');
}

function conditionsOf({ check, until }: RequestStep): Condition[] {
  return [...check.map(({ condition }) => condition), ...(until === undefined ? [] : [until.condition])];
}

function judgesStatus(step: RequestStep): boolean {
  return conditionsOf(step).some((each) => hasCondition(each, ({ status }) => status !== undefined));
}

function looksBack({ sameBodyAs }: Condition): boolean {
  return sameBodyAs !== undefined;
}

function headerNames(steps: readonly RequestStep[]): string[] {
  const names = new Set(['content-type', 'content-encoding', 'location', 'set-cookie']);
  const look = ({ header }: Condition) => {
    for (const name of Object.keys(header ?? {})) names.add(name.toLowerCase());
    return false;
  };
  for (const step of steps) {
    for (const source of Object.values(step.capture))
      if (source.kind === 'header') names.add(source.name.toLowerCase());
    for (const condition of conditionsOf(step)) hasCondition(condition, look);
  }
  return [...names];
}
