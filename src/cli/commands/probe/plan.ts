import { Failure } from '../../kernel/failure.js';
import type { HttpClientOptions } from '../../kernel/http/http.js';
import { didYouMean } from '../../kernel/nearest.js';
import { withoutUrlSecrets } from '../../kernel/secrets.js';
import { loadScenario } from '../../scenario/format/find.js';
import { carrying } from '../../scenario/probe/carry.js';
import { type KeyPlace, keyVariable, type ProbePlan } from '../../scenario/probe/probe-plan.js';
import type { Body, FaultSpec, RequestTemplate, Scenario } from '../../scenario/scenario.js';
import type { ScenarioEndpoint } from '../../scenario/send/request.js';
import { referencesOf, variablesOf } from '../../scenario/variables/template.js';
import type { Context } from '../context/context.js';
import { needs } from '../load/arrivals.js';
import { refuseTogether } from '../load/flags.js';
import { headersOf } from '../load/values.js';
import { connectionPairs, readTls } from '../options/connection-options.js';
import { findEndpoint } from '../options/target-options.js';
import { httpOptions } from '../test/flags.js';
import type { IdempotencyOptions } from './flags.js';
import type { RequestLine } from './values.js';

/** A probe that is ready to run. */
export interface PlannedProbe {
  plan: ProbePlan;
  /** Run before it, and its teardown after it; without steps where none was named. */
  scenario: Scenario;
  endpoint: ScenarioEndpoint | undefined;
  http: HttpClientOptions;
  variables: Record<string, string>;
  fault: ((fault: FaultSpec) => Promise<void>) | undefined;
  /** As reports show them. */
  request: string;
  effects: string;
  notes: string[];
}

/** Milliseconds for a workload that was killed to answer again. */
const backWithinMs = 90_000;

/** Reads and checks everything before anything is sent. Throws Failure. */
export async function planProbe(
  line: RequestLine,
  options: IdempotencyOptions,
  context: Context,
): Promise<PlannedProbe> {
  refuseTogether(options, [
    ['header', 'field', 'ifMatch'],
    ['kill', 'url'],
  ]);
  for (const [flag, key, other, otherKey] of [['--host', 'host', '--url', 'url'] as const, ...connectionPairs])
    if (options[key] !== undefined && options[otherKey] === undefined) throw needs(flag, other);
  readTls(options, context);
  const scenario = await setupOf(options, context);
  const { plan, missing } = planOf(line, options);
  refuseUnknown(missing, scenario, options);
  const where = await whereTo(line, options, scenario, context);
  return {
    plan: { ...plan, noKill: where.noKill },
    scenario,
    endpoint: where.endpoint,
    http: where.isOurs ? {} : httpOptions(options, context),
    variables: options.var,
    fault: where.fault,
    request: withoutUrlSecrets(`${line.method} ${line.path}`),
    effects: withoutUrlSecrets(`GET ${options.effects.path}`),
    notes: [...where.notes, `This does what the request does some ${intentsOf(plan)} times over, for good.`],
  };
}

function planOf(line: RequestLine, options: IdempotencyOptions): { plan: ProbePlan; missing: string[] } {
  const bare = { ...templateOf(line, options.addHeader), body: options.body };
  const key = placeOf(options, bare);
  let request: RequestTemplate;
  let otherBody: Body | undefined;
  try {
    request = carrying(bare, key);
    otherBody = options.otherBody && carrying({ ...bare, body: options.otherBody }, key).body;
  } catch (error) {
    throw new Failure({
      code: 'bad-field',
      message: `--field: ${(error as Error).message}`,
      hint: `Give the body as JSON: --body '{"price": 10}'; or say where else the key is: --header NAME`,
    });
  }
  const effects = templateOf(options.effects, options.addHeader);
  const plan: ProbePlan = {
    request,
    key,
    keyTemplate: options.keyTemplate,
    otherBody,
    effects,
    countPath: options.effectsCount,
    duplicates: options.duplicates,
    rounds: options.rounds,
    kill: options.kill,
    noKill: '',
    settleMs: options.settle,
    withinMs: options.within,
    backWithinMs: Math.max(backWithinMs, options.within),
  };
  const used = [request, effects, otherBody, options.keyTemplate, ...(key.in === 'if-match' ? [key.resource] : [])];
  return { plan, missing: [...new Set(used.flatMap(namesIn))].filter((name) => name !== keyVariable) };
}

function templateOf(line: RequestLine, headers: IdempotencyOptions['addHeader']): RequestTemplate {
  return {
    at: { line: 1, column: 1 },
    ...line,
    query: {},
    headers: headersOf(headers),
    body: undefined,
    auth: undefined,
    as: '',
    cookies: undefined,
    redirects: undefined,
    timeoutMs: undefined,
    lose: undefined,
  };
}

function placeOf(options: IdempotencyOptions, request: RequestTemplate): KeyPlace {
  if (options.field !== undefined) return { in: 'field', path: options.field };
  if (options.ifMatch !== undefined)
    return { in: 'if-match', resource: templateOf(options.ifMatch, options.addHeader) };
  if (options.header === undefined && namesIn(request).includes(keyVariable)) return { in: 'template' };
  return { in: 'header', name: options.header ?? 'Idempotency-Key' };
}

/** Names of the variables that templates in a value need. */
function namesIn(value: unknown): string[] {
  if (typeof value === 'string') return referencesOf(value).references.flatMap(variablesOf);
  if (value === null || typeof value !== 'object') return [];
  return Object.entries(value).flatMap(([name, each]) => [...namesIn(name), ...namesIn(each)]);
}

/** Refuses names that nothing can set: without a setup, all that --var does not. */
function refuseUnknown(names: readonly string[], { steps, setup }: Scenario, { var: given }: IdempotencyOptions): void {
  if (steps.length + setup.length > 0) return;
  const unknown = names.filter((name) => !Object.hasOwn(given, name));
  if (unknown.length === 0) return;
  throw new Failure({
    code: 'no-value',
    message: `nothing gives ${unknown.map((name) => `{{${name}}}`).join(', ')} a value${didYouMean(unknown[0]!, [keyVariable, ...Object.keys(given)])}`,
    hint: `--var ${unknown[0]}=VALUE sets it, a --setup scenario captures it, {{${keyVariable}}} is the key, and generators begin with $: {{$uuid}}`,
  });
}

async function setupOf(options: IdempotencyOptions, { root, cwd }: Context): Promise<Scenario> {
  const timeoutMs = options.timeoutRequest;
  if (options.setup === undefined) return { ...nothing, timeoutMs };
  const scenario = await loadScenario(options.setup, { root, cwd, variables: Object.keys(options.var) });
  return { ...scenario, timeoutMs };
}

const nothing: Omit<Scenario, 'timeoutMs'> = {
  name: 'probe',
  file: 'probe',
  why: undefined,
  stack: undefined,
  host: undefined,
  url: undefined,
  tags: [],
  variables: {},
  secrets: [],
  headers: {},
  auth: undefined,
  cookies: true,
  redirects: true,
  data: [],
  setup: [],
  steps: [],
  teardown: [],
  templates: [],
};

interface Where {
  endpoint: ScenarioEndpoint | undefined;
  fault: PlannedProbe['fault'];
  noKill: string;
  /** Run by hwctl: reached without proxies, and with its own certificate. */
  isOurs: boolean;
  notes: string[];
}

/** The server of --url, that of the request's own URL, that of the setup, else what is up. */
async function whereTo(
  line: RequestLine,
  options: IdempotencyOptions,
  setup: Scenario,
  context: Context,
): Promise<Where> {
  const foreign = {
    fault: undefined,
    noKill: 'only workloads that hwctl runs can be killed',
    isOurs: false,
    notes: [],
  };
  if (options.url !== undefined) return { ...foreign, endpoint: { url: options.url, host: options.host } };
  const own = /^https?:\/\//i.test(line.path);
  if (own || setup.url !== undefined) {
    if (options.kill !== undefined)
      throw killElsewhere(own ? 'the request names its server' : '--setup names its server');
    if (!own) return { ...foreign, endpoint: undefined };
    if (!URL.canParse(line.path)) throw notUrl(line.path);
    return { ...foreign, endpoint: { url: new URL(line.path).origin } };
  }
  const { target, reason, status, endpoint } = await findEndpoint(options, context);
  const services = status.services.map(({ name }) => name);
  const { kill } = options;
  if (kill !== undefined && !services.includes(kill)) {
    throw new Failure({
      code: 'unknown-service',
      message: `--kill: nothing that is up is called ${JSON.stringify(kill)}${didYouMean(kill, services)}`,
      hint: `There is: ${services.join(', ')}`,
    });
  }
  return {
    endpoint: { url: endpoint.url, host: endpoint.host ?? setup.host },
    fault: (fault) => target.fault(fault),
    noKill: 'no --kill WORKLOAD was given',
    isOurs: true,
    notes: [`target ${target.name}: ${reason}`],
  };
}

function killElsewhere(why: string): Failure {
  return new Failure({
    code: 'conflict',
    message: `--kill means nothing here: ${why}, and only workloads that hwctl runs can be killed`,
    hint: 'Give the request as a path, with hwctl up before; or leave --kill out',
  });
}

function notUrl(path: string): Failure {
  return new Failure({
    code: 'bad-request',
    message: `request: ${JSON.stringify(withoutUrlSecrets(path))} is not a URL`,
    hint: "For example hwctl probe idempotency 'POST http://localhost:3000/order'",
  });
}

/** How many effects a service without fault has at the end. */
function intentsOf({ rounds, kill, key }: ProbePlan): number {
  const races = rounds + Math.min(rounds, 4) * (kill === undefined ? 1 : 2);
  return 3 + races + (key.in === 'template' ? 0 : 1);
}
