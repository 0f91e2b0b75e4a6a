import { errorValue } from '../../k6/language/coerce.js';
import { type Callable, callSteps, type Frame, usualBudget } from '../../k6/language/machine.js';
import { systemClock } from '../../kernel/clock.js';
import type { HttpError, HttpOutcome } from '../../kernel/http/http.js';
import { withoutUrlSecrets } from '../../kernel/secrets.js';
import type { Flow, FlowAction, FlowContext, FlowResponse, Journey } from '../../load/engine/flow.js';
import type { Exchange } from '../../scenario/check/exchange.js';
import { headerOf } from '../../scenario/check/exchange.js';
import { RequestTurn, type TurnContext } from '../../scenario/run/request-turn.js';
import type { RequestStep, RequestTemplate, Scenario } from '../../scenario/scenario.js';
import { CookieJars } from '../../scenario/send/cookies.js';
import { type BuiltRequest, buildRequest, type ScenarioEndpoint } from '../../scenario/send/request.js';
import { encodeBuilt } from '../encode-built.js';
import { outcomeOf } from '../seen-response.js';
import { ResponseExpectation } from './pm-expect.js';
import type { PmMachine, PmRun, PmShared } from './pm-machine.js';
import { PmQueue } from './pm-queue.js';
import { RequestValue } from './pm-request.js';
import { CookieValues, ResponseValue } from './pm-response.js';
import { atOnce, type PmScript, PmScripts } from './pm-scripts.js';
import { PostmanVariables, type PostmanWords, type ScopeValues } from './pm-variables.js';
import { isOfScript } from './pm-words.js';
import { requestTemplate } from './sent-request.js';

/** A request of a collection, with its scripts by their places among all of them. */
export interface CollectionItem {
  name: string;
  id: string;
  step: RequestStep;
  prerequest: number[];
  test: number[];
  /** Its tests look at the status: without that 400 and above is a failure. */
  judgesStatus: boolean;
  /** Index of the figures of what its scripts send. */
  sends: number | undefined;
}

/** What an I/O thread, here or in a pod, needs to go through a collection: plain data. */
export interface CollectionData {
  /** Without its steps: what the requests have in common. */
  scenario: Scenario;
  items: CollectionItem[];
  scripts: PmScript[];
  scopes: ScopeValues;
  words: PostmanWords;
}

/** Names of checks that a thread tells apart; a name made of data would have no end. */
const mostCheckNames = 1_000;

/** The seam of the load engine (load/engine/flow.ts): every I/O thread calls this once. */
export async function createFlow(data: CollectionData, context: FlowContext): Promise<Flow> {
  const scripts = new PmScripts(data.scripts);
  const needsSchemas = data.scripts.some(({ source }) => /\b(jsonSchema|tv4)\b/.test(source));
  const schema = needsSchemas ? await (await import('../../scenario/check/schemas.js')).schemaJudge() : () => false;
  const names = new Set<string>();
  const endpoint = {
    url: `http${context.secure ? 's' : ''}://${context.hostHeader}${context.basePath}`,
    host: context.hostHeader,
  };
  const shared: PmShared = {
    schema,
    check(name, passed) {
      const known = names.has(name) || names.size < mostCheckNames;
      if (known) names.add(name);
      context.check(known ? withoutUrlSecrets(name) : 'other checks', passed);
    },
  };
  const around = { data, context, scripts, shared, endpoint, origin: new URL(endpoint.url).origin };
  return { begin: (iteration) => new CollectionJourney(around, iteration) };
}

interface Around {
  data: CollectionData;
  context: FlowContext;
  scripts: PmScripts;
  shared: PmShared;
  endpoint: ScenarioEndpoint;
  origin: string;
}

type Answer = { response: FlowResponse } | { error: HttpError } | undefined;
type Actions = Generator<FlowAction, void, Answer>;

/** One user's walk through a collection, as its runtime goes: scripts, request, scripts, and what they begin in between. */
class CollectionJourney implements Journey {
  readonly #steps: Actions;
  #failure: string | undefined;
  #isSpoilt = false;
  /** A response, or the lack of one, is being judged: a failure is its own. */
  #isJudging = false;

  constructor(
    private readonly around: Around,
    iteration: number,
  ) {
    this.#steps = this.#walk(iteration);
  }

  next(response: FlowResponse | undefined): FlowAction {
    return this.#resume(response && { response });
  }

  broken(cause: string, waitedMs: number): FlowAction {
    return this.#resume({ error: { code: cause, message: cause, totalMs: waitedMs } });
  }

  #resume(answer: Answer): FlowAction {
    this.#isJudging = answer !== undefined;
    const { value, done } = this.#steps.next(answer);
    const action: FlowAction = done === true ? { do: 'end' } : value;
    if (this.#failure !== undefined) action.failure = this.#failure;
    if (this.#isSpoilt) action.spoilt = true;
    this.#failure = undefined;
    this.#isSpoilt = false;
    return action;
  }

  #fail(why: string): void {
    if (!this.#isJudging && this.#failure === undefined) this.#isSpoilt = true;
    this.#failure ??= why;
  }

  *#walk(arrival: number): Actions {
    const { data, shared, scripts } = this.around;
    const iteration = arrival + 1;
    const variables = new PostmanVariables(data.scopes, data.words, { clock: systemClock, iteration });
    const run: PmRun = {
      shared,
      variables,
      queue: new PmQueue(),
      iteration: arrival,
      event: '',
      item: { name: '', id: '' },
      request: undefined,
      response: undefined,
      cookies: undefined,
      tests: {},
      next: undefined,
      skipsRequest: false,
      failed: false,
    };
    const machine: PmMachine = {
      run,
      modules: [],
      budget: usualBudget,
      site: -1,
      random: Math.random,
      nowMs: Date.now,
    };
    const frame = scripts.frame();
    const jars = new CookieJars(systemClock.now);
    let at: number | undefined = 0;
    while (at !== undefined && at < data.items.length) {
      const item: CollectionItem = data.items[at]!;
      run.next = undefined;
      yield* this.#item(item, at, machine, frame, jars);
      at = this.#after(at, run.next);
    }
  }

  /** What comes next: the request behind it, or the one that a script named. */
  #after(at: number, next: string | null | undefined): number | undefined {
    if (next === undefined) return at + 1;
    const found = this.around.data.items.findIndex(({ name, id }) => next === id || next === name);
    return found < 0 ? undefined : found;
  }

  *#item(item: CollectionItem, index: number, machine: PmMachine, frame: Frame, jars: CookieJars): Actions {
    const { run } = machine;
    run.item = item;
    run.failed = false;
    run.skipsRequest = false;
    run.response = undefined;
    run.cookies = undefined;
    const context = this.#contextOf(run, jars);
    run.request = this.#seen(item, context);
    for (const script of item.prerequest) {
      yield* this.#script(script, 'prerequest', machine, frame, item, context);
      if (run.skipsRequest) break;
    }
    if (run.skipsRequest) return;
    // What the scripts changed of its headers is sent.
    const headers = run.request?.headers.all;
    const turn = yield* this.#exchange(item.step, index, {
      ...context,
      build: (template) => withHeaders(context.build(template, undefined), headers, run.request),
    });
    this.#take(turn, item, machine);
    const failure = this.#failureOf(turn, item);
    if (failure !== undefined) this.#fail(failure);
    for (const script of item.test) yield* this.#script(script, 'test', machine, frame, item, context);
  }

  #take(turn: RequestTurn, item: CollectionItem, machine: PmMachine): void {
    const { run } = machine;
    const { exchange } = turn;
    const response = exchange?.response;
    if (exchange === undefined || response === undefined) return;
    run.request = new RequestValue(seenOf(exchange), item.name);
    run.response = responseOf({ ...exchange, response }, machine);
    run.cookies = new CookieValues(headerOf(response, 'set-cookie'));
  }

  #failureOf(turn: RequestTurn, item: CollectionItem): string | undefined {
    if (!turn.good) return 'the step failed';
    return (turn.exchange?.response?.status ?? 0) >= 400 && !item.judgesStatus ? 'unexpected status' : undefined;
  }

  /** One script, its legacy tests, and what it began. */
  *#script(
    script: number,
    event: string,
    machine: PmMachine,
    frame: Frame,
    item: CollectionItem,
    context: TurnContext,
  ): Actions {
    const { run } = machine;
    const { scripts, shared } = this.around;
    run.event = event;
    run.tests = {};
    machine.budget = usualBudget;
    this.#guarded(run, () => scripts.follow(script, frame, machine));
    for (const [name, holds] of Object.entries(run.tests)) {
      shared.check(name, Boolean(holds));
      if (!holds) run.failed = true;
    }
    this.#tell(run);
    for (let task = run.queue.take(); task !== undefined; task = run.queue.take()) {
      machine.budget = usualBudget;
      const { then } = task;
      if (task.kind === 'timer') {
        const ms = task.atMs - machine.nowMs();
        if (ms > 0) yield { do: 'wait', ms };
        this.#call(then, [], machine);
        continue;
      }
      const template = requestTemplate(task.request, run.variables, item.step);
      if (item.sends === undefined || template === undefined) continue;
      const turn = yield* this.#exchange(template, item.sends, context);
      const { exchange } = turn;
      const response = exchange?.response;
      if (exchange !== undefined && response !== undefined)
        this.#call(then, [null, responseOf({ ...exchange, response }, machine)], machine);
      else this.#call(then, [errorValue('Error', exchange?.error?.message ?? turn.unbuilt ?? 'no response')], machine);
    }
  }

  /** What a script found wrong is a failure of the response, or of the iteration. */
  #tell(run: PmRun): void {
    if (!run.failed) return;
    run.failed = false;
    this.#fail(run.event === 'test' ? 'the step failed' : 'the script failed');
  }

  #call(then: Callable | undefined, args: unknown[], machine: PmMachine): void {
    if (then === undefined) return;
    this.#guarded(machine.run, () => atOnce(callSteps(then, args, machine)));
    this.#tell(machine.run);
  }

  /** What a script throws ends it, and the step has failed; the walk goes on. */
  #guarded(run: PmRun, does: () => void): void {
    try {
      does();
    } catch (error) {
      if (!isOfScript(error)) throw error;
      run.failed = true;
      run.queue.clear();
    }
  }

  *#exchange(step: RequestStep, index: number, context: TurnContext): Generator<FlowAction, RequestTurn, Answer> {
    const turn = new RequestTurn(step, context);
    for (let action = turn.begin(); ; ) {
      switch (action.do) {
        case 'send':
          action = turn.judge(...(yield* this.#send(action.request, step, index)));
          break;
        case 'wait':
          yield { do: 'wait', ms: action.ms };
          action = turn.resume();
          break;
        case 'token':
          throw new Error('no request of a collection needs a token');
        case 'done':
          if (turn.unbuilt !== undefined) yield { do: 'unsent', step: index };
          return turn;
      }
    }
  }

  *#send(
    request: BuiltRequest,
    { request: { timeoutMs } }: RequestStep,
    step: number,
  ): Generator<FlowAction, [HttpOutcome, number], Answer> {
    const { origin, context } = this.around;
    const bytes = encodeBuilt(request, origin, context.compression);
    if ('code' in bytes) {
      yield { do: 'unsent', step };
      return [{ error: bytes }, systemClock.now()];
    }
    const answer = yield { do: 'send', step, bytes, head: request.method === 'HEAD', timeoutMs };
    if (answer === undefined || 'error' in answer) {
      const error = answer?.error ?? { code: 'unsent', message: 'not sent', totalMs: 0 };
      return [{ error }, systemClock.now() - error.totalMs];
    }
    const { response } = answer;
    const names = [...response.allHeaders().keys()];
    return [outcomeOf(response, names), systemClock.now() - response.serviceMs];
  }

  #contextOf({ variables }: PmRun, jars: CookieJars): TurnContext {
    const { endpoint, data } = this.around;
    const { scenario } = data;
    return {
      scenario,
      endpoint,
      jars,
      clock: systemClock,
      variables,
      around: { expand: (value) => value, earlier: () => undefined, schemaProblems: () => [] },
      exchanges: new Map(),
      build: (template) => buildRequest(addressed(template, variables), scenario, endpoint, variables),
    };
  }

  /** The request as it would be sent now, for the scripts before it. */
  #seen({ step, name }: CollectionItem, context: TurnContext): RequestValue | undefined {
    try {
      const built = context.build(step.request, undefined);
      return new RequestValue(seenOf(built), name);
    } catch {
      return undefined;
    }
  }
}

/** An address that begins with a variable has its scheme put before it where the variable has none, as the runtime does. */
function addressed(template: RequestTemplate, variables: PostmanVariables): RequestTemplate {
  if (!template.path.startsWith('{{')) return template;
  const path = variables.text(template.path);
  if (/^[a-z][a-z0-9+.-]*:\/\//i.test(path) || path.startsWith('/') || path.startsWith('{{'))
    return { ...template, path };
  return { ...template, path: `http://${path}` };
}

function seenOf({ method, url, headers, body }: Pick<Exchange, 'method' | 'url' | 'headers' | 'body'>) {
  const lines = headers.map(([key, value]): [string, string] => [key, value]);
  return { method, url, headers: lines, body: body === undefined ? '' : body.toString() };
}

function withHeaders(
  built: BuiltRequest,
  headers: [string, string][] | undefined,
  seen: RequestValue | undefined,
): BuiltRequest {
  return headers === undefined || seen?.isChanged !== true ? built : { ...built, headers };
}

function responseOf(exchange: Exchange & { response: NonNullable<Exchange['response']> }, machine: PmMachine) {
  const value = new ResponseValue(exchange);
  value.assertion = () => new ResponseExpectation(value, machine);
  return value;
}
