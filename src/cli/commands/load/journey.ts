import { systemClock } from '../../kernel/clock.js';
import { CodingError, contentCodings, withoutCodings } from '../../kernel/content-coding.js';
import type { HttpResponse } from '../../kernel/http.js';
import { withoutUrlSecrets } from '../../kernel/secrets.js';
import type { Flow, FlowAction, FlowContext, FlowResponse, Journey } from '../../load/engine/flow.js';
import { encodeRequest } from '../../load/http/request.js';
import type { HeaderFields } from '../../load/plan/plan.js';
import { anAnswer, findingsOf, type Surroundings } from '../../scenario/check/condition.js';
import { type Exchange, valueFrom } from '../../scenario/check/exchange.js';
import { compileSchemas } from '../../scenario/check/schemas.js';
import type { Check, Condition, RequestStep, Scenario, Step } from '../../scenario/scenario.js';
import { CookieJar } from '../../scenario/send/cookies.js';
import { type BuiltRequest, buildRequest, type ScenarioEndpoint } from '../../scenario/send/request.js';
import { scopesOf, Unresolved, Variables } from '../../scenario/variables/template.js';

/** What an I/O thread needs to know to run a scenario as a journey. */
export interface JourneyData {
  /** A built-in name or an absolute path. */
  scenario: string;
  root: string;
  cwd: string;
  /** Where its file cannot be read: in the pods of a distributed run. */
  parsed?: Scenario;
}

/** A body may unpack to this much: 64 MiB, as in a test. */
const mostDecodedBytes = 64 * 1024 * 1024;

interface FlatStep {
  step: RequestStep;
  /** Milliseconds of `wait` steps before it. */
  waitMs: number;
}

/** The requests of a scenario in order, set-up and teardown included; or why it cannot be a journey. */
export function journeySteps(scenario: Scenario): { steps: FlatStep[]; problems: string[] } {
  const steps: FlatStep[] = [];
  const problems: string[] = [];
  let waitMs = 0;
  const visit = (step: Step) => {
    const refuse = (what: string) =>
      problems.push(`${scenario.file}:${step.at.line}:${step.at.column}: ${JSON.stringify(step.name)} ${what}`);
    if (step.skip !== false) return;
    switch (step.kind) {
      case 'folder':
        step.steps.forEach(visit);
        break;
      case 'wait':
        waitMs += step.waitMs;
        break;
      case 'request':
        if (step.request.lose !== undefined) refuse('loses its response on purpose');
        if ((step.request.auth ?? scenario.auth)?.kind === 'oauth2') refuse('needs an OAuth 2 token');
        for (let i = 0; i < Math.max(1, step.repeat); i++) {
          steps.push({ step, waitMs });
          waitMs = 0;
        }
        break;
      default:
        refuse(`is a ${step.kind} step`);
    }
  };
  for (const step of [...scenario.setup, ...scenario.steps, ...scenario.teardown]) visit(step);
  return { steps, problems };
}

/** The seam of the load engine (load/engine/flow.ts): every I/O thread calls this once. */
export async function createFlow(data: JourneyData, context: FlowContext): Promise<Flow> {
  const scenario = data.parsed ?? (await readScenario(data));
  const { steps } = journeySteps(scenario);
  const shownNames = new Map<string, string>();
  for (const { step } of steps) for (const { name } of step.check) shownNames.set(name, withoutUrlSecrets(name));
  const shared: Shared = {
    scenario,
    steps,
    headerNames: headerNames(steps),
    endpoint: { url: `http://${context.hostHeader}${context.basePath}`, host: context.hostHeader },
    schemaProblems: await compileSchemas(scenario),
    check: (name, passed, why) => context.check(`${shownNames.get(name) ?? name}${why}`, passed),
    host: '',
    fixed: new Map(),
    looksAtResponses: steps.some(looksAtResponse),
  };
  shared.host = new URL(shared.endpoint.url).host;
  return { begin: (iteration) => new ScenarioJourney(shared, iteration) };
}

async function readScenario({ scenario, root, cwd }: JourneyData): Promise<Scenario> {
  const { loadScenario } = await import('../../scenario/format/find.js');
  return loadScenario(scenario, { root, cwd });
}

interface Shared {
  scenario: Scenario;
  steps: FlatStep[];
  /** Response headers that some capture or check looks at. */
  headerNames: string[];
  endpoint: ScenarioEndpoint;
  schemaProblems: Surroundings['schemaProblems'];
  /** `why` is put behind the name. */
  check(name: string, passed: boolean, why: string): void;
  /** Of the endpoint, its port with it where it is not the scheme's own. */
  host: string;
  /** Requests without a template in them, once for all journeys. */
  fixed: Map<RequestStep, PreparedRequest>;
  /** Whether any step's condition or capture wants more of responses than status and cookies. */
  looksAtResponses: boolean;
}

/** A request as it goes to the wire, but for cookies. */
interface PreparedRequest {
  built: BuiltRequest;
  url: URL;
  headers: HeaderFields;
  bytes: Buffer;
}

/** One user's walk through the scenario. */
class ScenarioJourney implements Journey {
  private known: Variables | undefined;
  private readonly exchanges = new Map<string, Exchange>();
  private jars: Map<string, CookieJar> | undefined;
  private at = -1;
  private sent: BuiltRequest | undefined;
  private untilEndMs = 0;

  constructor(
    private readonly shared: Shared,
    private readonly iteration: number,
  ) {}

  /** Made only for a journey that uses them. */
  private get variables(): Variables {
    if (this.known === undefined) {
      const iteration = this.iteration + 1;
      this.known = new Variables(scopesOf(this.shared.scenario, iteration), { clock: systemClock, iteration });
    }
    return this.known;
  }

  next(response: FlowResponse | undefined): FlowAction {
    const action = this.act(response);
    // The cause names steps and checks, and these may be named after a URL.
    return action.failure === undefined ? action : { ...action, failure: withoutUrlSecrets(action.failure) };
  }

  private act(response: FlowResponse | undefined): FlowAction {
    try {
      return response === undefined ? this.send(0) : this.judge(response);
    } catch (error) {
      if (!(error instanceof Unresolved || error instanceof CodingError)) throw error;
      return { do: 'end', failure: error.message };
    }
  }

  private judge(response: FlowResponse): FlowAction {
    const { step } = this.shared.steps[this.at]!;
    const cookies = step.request.cookies ?? this.shared.scenario.cookies;
    const set = cookies ? response.headers('set-cookie') : [];
    if (set.length > 0) this.jar(step).keep(new URL(this.sent!.url), set);
    if (!this.shared.looksAtResponses) {
      return this.send(this.at + 1, response.status >= 400 ? 'unexpected status' : undefined);
    }
    const exchange = this.exchangeOf(response);
    this.exchanges.set(step.name, exchange);
    if (step.until !== undefined && this.findings(step.until.condition, exchange).length > 0) {
      if (systemClock.monotonic() + step.until.everyMs <= this.untilEndMs) return this.resend(step.until.everyMs);
      return { do: 'end', failure: `${step.name}: not so within ${step.until.withinMs} ms` };
    }
    for (const [name, source] of Object.entries(step.capture)) {
      const found = valueFrom(exchange, source);
      if ('problem' in found) return { do: 'end', failure: `${step.name}: ${name} was not captured` };
      this.variables.set(name, found.value);
    }
    return this.send(this.at + 1, this.failureOf(step, exchange));
  }

  /** Why the step failed, in words without figures, so that equal causes count together. */
  private failureOf(step: RequestStep, exchange: Exchange): string | undefined {
    let failure: string | undefined;
    for (const check of step.check) {
      if (check.skip !== false) continue;
      const findings = this.findings(check.condition, exchange);
      const passed = findings.length === 0;
      // A name with templates in it stands for all its values.
      const slow = findings.find(({ expected }) => expected === anAnswer);
      this.shared.check(check.name, passed, slow === undefined ? '' : ': no answer in time');
      if (!passed) failure ??= `check failed: ${check.name}`;
    }
    if (failure === undefined && exchange.response!.status >= 400 && !step.check.some(judgesStatus))
      return 'unexpected status';
    return failure;
  }

  private findings(condition: Condition, exchange: Exchange) {
    return findingsOf(condition, exchange, {
      expand: (value) => this.variables.expand(value),
      earlier: (name) => this.exchanges.get(name),
      schemaProblems: this.shared.schemaProblems,
    });
  }

  /** Goes on with the step at `index`; `failure` is of the one before. */
  private send(index: number, failure?: string): FlowAction {
    const flat = this.shared.steps[index];
    if (flat === undefined) return { do: 'end', failure };
    this.at = index;
    const { step, waitMs } = flat;
    for (const [name, value] of Object.entries(step.set)) this.variables.set(name, this.variables.expand(value));
    if (step.until !== undefined) this.untilEndMs = systemClock.monotonic() + step.until.withinMs;
    return this.request(step, waitMs, failure);
  }

  private resend(afterMs: number): FlowAction {
    return this.request(this.shared.steps[this.at]!.step, afterMs);
  }

  private request(step: RequestStep, afterMs: number, failure?: string): FlowAction {
    const { scenario, fixed, host } = this.shared;
    let prepared = fixed.get(step);
    if (prepared === undefined) {
      prepared = this.prepare(step);
      if (isFixed(step, scenario)) fixed.set(step, prepared);
    }
    const { built, url } = prepared;
    if (url.host !== host) return { do: 'end', failure: `${step.name}: a journey stays on one server` };
    this.sent = built;
    const cookies = step.request.cookies ?? scenario.cookies;
    const line = cookies && this.jars !== undefined ? this.jar(step).header(url) : undefined;
    const bytes = line === undefined ? prepared.bytes : encoded(built, url, withCookies(prepared.headers, line));
    return { do: 'send', step: this.at, bytes, head: built.method === 'HEAD', afterMs, failure };
  }

  private prepare(step: RequestStep): PreparedRequest {
    const { scenario, endpoint } = this.shared;
    const built = buildRequest(step.request, scenario, endpoint, this.variables);
    const url = new URL(built.url);
    const headers: HeaderFields = {};
    for (const [name, value] of built.headers)
      headers[name] = headers[name] === undefined ? value : [headers[name], value].flat();
    return { built, url, headers, bytes: encoded(built, url, headers) };
  }

  private jar({ request }: RequestStep): CookieJar {
    this.jars ??= new Map();
    let jar = this.jars.get(request.as);
    if (jar === undefined) {
      jar = new CookieJar(() => systemClock.now());
      this.jars.set(request.as, jar);
    }
    return jar;
  }

  /** The response as the scenario engine's checks see it; its body is copied, for it is the wire's only during this call. */
  private exchangeOf({ status, headers, body, serviceMs }: FlowResponse): Exchange {
    const copy = Buffer.from(body);
    const found = this.shared.headerNames.flatMap((name) =>
      headers(name).map((value): [string, string] => [name, value]),
    );
    const response: HttpResponse = {
      status,
      reason: '',
      headers: found,
      body: status === 206 ? copy : withoutCodings(copy, contentCodings(found), mostDecodedBytes),
      bodyBytes: copy.length,
      headerBytes: 0,
      firstByteMs: serviceMs,
      totalMs: serviceMs,
    };
    const { method, shownUrl, url, headers: sentHeaders, body: sentBody } = this.sent!;
    const sent = { method, shownUrl, url, headers: sentHeaders, body: sentBody };
    return { ...sent, response, error: undefined, timeMs: serviceMs, startedAt: systemClock.now() - serviceMs };
  }
}

function encoded(built: BuiltRequest, url: URL, headers: HeaderFields): Buffer {
  const { method, body } = built;
  return encodeRequest({ method, target: url.pathname + url.search, host: url.host, headers, body });
}

function withCookies(headers: HeaderFields, line: string): HeaderFields {
  return { ...headers, Cookie: [line, headers.Cookie ?? []].flat().join('; ') };
}

/** Whether a request is the same for every journey: without a template there is nothing in it that changes. */
function isFixed(step: RequestStep, scenario: Scenario): boolean {
  const { setup: _, steps: __, teardown: ___, ...rest } = scenario;
  return !JSON.stringify([step.request, { ...rest, variables: {}, data: [] }]).includes('{{');
}

function looksAtResponse({ step }: FlatStep): boolean {
  return step.until !== undefined || step.check.length > 0 || Object.keys(step.capture).length > 0;
}

function judgesStatus({ condition }: Check): boolean {
  const inner = [...(condition.any ?? []), ...(condition.all ?? []), ...(condition.not ? [condition.not] : [])];
  return condition.status !== undefined || inner.some((each) => judgesStatus({ condition: each } as Check));
}

function headerNames(steps: FlatStep[]): string[] {
  const names = new Set(['content-type', 'content-encoding', 'set-cookie']);
  const visit = (condition: Condition | undefined) => {
    if (condition === undefined) return;
    for (const name of Object.keys(condition.header ?? {})) names.add(name.toLowerCase());
    for (const inner of [...(condition.any ?? []), ...(condition.all ?? []), condition.not]) visit(inner);
  };
  for (const { step } of steps) {
    for (const source of Object.values(step.capture))
      if (source.kind === 'header') names.add(source.name.toLowerCase());
    for (const { condition } of step.check) visit(condition);
    visit(step.until?.condition);
  }
  return [...names];
}
