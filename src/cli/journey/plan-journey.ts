import { entryModule } from '../kernel/entry-module.js';
import type { FlowWork } from '../load/plan/plan.js';
import { selectSteps } from '../scenario/run/select.js';
import type { Condition, ConditionFields, RequestStep, RequestTemplate, Scenario, Step } from '../scenario/scenario.js';
import type { ScenarioEndpoint } from '../scenario/send/request.js';
import { scopesOf, Unresolved, Variables } from '../scenario/variables/template.js';

/** What an I/O thread, here or in a pod, needs to know to run a scenario as a journey. */
export interface JourneyData {
  scenario: Scenario;
  /** Of the command line (`--var`): they hide the scenario's own. */
  variables: Record<string, unknown>;
}

/** One thing a journey does, in order. */
export type JourneyItem = { section: 'setup' | 'steps' | 'teardown' } & (
  | { kind: 'wait'; ms: number }
  /** `index`: among the requests, as the load's figures by step count them. */
  | { kind: 'request'; step: RequestStep; index: number }
);

export interface JourneyPlan {
  items: JourneyItem[];
  /** Names of its requests. */
  steps: string[];
  /** Why it cannot be one, with the place in the file. */
  problems: string[];
  /** What it leaves out that `test` does. */
  notes: string[];
}

/** Why a journey cannot do what a step says; undefined where it can. */
type Refusal = (step: RequestStep, scenario: Scenario) => string | undefined;
/** `same`: done as in a test. `left out`: has no place in a load, and the user is told. */
type Treatment = 'same' | 'left out' | Refusal;

/** The kinds of steps that a journey cannot do, and why. A new kind does not compile before it is here or in `visit`. */
const refusedKinds: Record<Exclude<Step['kind'], 'request' | 'wait' | 'folder'>, string> = {
  parallel: 'is a parallel step: a journey is one user, who sends one request after another',
  fault: 'is a fault step: users do not harm services',
};

/** What of a response a load cannot see, as an object of "judges" and "waits for"; a new field of a condition does not compile before it is here. */
const unseen: Record<keyof ConditionFields, (condition: Condition) => string | undefined> = {
  status: () => undefined,
  header: () => undefined,
  cookie: () => undefined,
  json: () => undefined,
  regex: () => undefined,
  text: () => undefined,
  bytes: () => undefined,
  time: () => undefined,
  schema: () => undefined,
  sameBodyAs: () => undefined,
  error: ({ error }) =>
    typeof error === 'object' ? 'the words of an error, and a load knows errors by their kind' : undefined,
};

/** What a condition, or one within it, looks at that a load cannot see. */
function unseenIn(condition: Condition): string | undefined {
  let found: string | undefined;
  hasCondition(condition, (each) => {
    found ??= Object.values(unseen)
      .map((why) => why(each))
      .find((why) => why !== undefined);
    return found !== undefined;
  });
  return found;
}

/**
 * What becomes of everything that a request step can say; docs/LOAD.md says it to people. A new field of the format does not
 * compile before it is decided here.
 */
export const stepTreatment: Record<
  Exclude<keyof RequestStep | keyof RequestTemplate, 'at' | 'kind' | 'request'>,
  Treatment
> = {
  name: 'same',
  skip: 'same',
  only: 'same',
  tags: 'same',
  set: 'same',
  check: ({ check }) => {
    const why = check.map(({ condition }) => unseenIn(condition)).find((each) => each !== undefined);
    return why === undefined ? undefined : `judges ${why}`;
  },
  capture: 'same',
  log: 'left out',
  until: ({ until }) => {
    const why = until === undefined ? undefined : unseenIn(until.condition);
    return why === undefined ? undefined : `waits for ${why}`;
  },
  retry: 'same',
  repeat: 'same',
  method: 'same',
  path: 'same',
  query: 'same',
  headers: 'same',
  body: 'same',
  auth: ({ request }, scenario) =>
    (request.auth ?? scenario.auth)?.kind === 'oauth2'
      ? 'needs an OAuth 2 token, which a load cannot wait for'
      : undefined,
  as: 'same',
  cookies: 'same',
  redirects: 'same',
  timeoutMs: 'same',
  lose: ({ request }) => (request.lose === undefined ? undefined : 'loses its response on purpose'),
};

/** The steps that a test of the scenario does, one after another; or why it cannot be a journey. */
export function planJourney(scenario: Scenario): JourneyPlan {
  const items: JourneyItem[] = [];
  const steps: string[] = [];
  const problems: string[] = [];
  let logs = 0;
  const visit = (
    { step, children }: ReturnType<typeof selectSteps>['steps'][number],
    section: JourneyItem['section'],
  ) => {
    if (step.skip !== false) return;
    const refuse = (what: string) =>
      problems.push(`${scenario.file}:${step.at.line}:${step.at.column}: ${JSON.stringify(step.name)} ${what}`);
    switch (step.kind) {
      case 'folder':
        for (const child of children) visit(child, section);
        return;
      case 'wait':
        items.push({ section, kind: 'wait', ms: step.waitMs });
        return;
      case 'request':
        if (step.log.length > 0) logs++;
        for (const why of refusals(step, scenario)) refuse(why);
        for (let turn = 0; turn < step.repeat; turn++) {
          items.push({ section, kind: 'request', step, index: steps.length });
          steps.push(step.name);
        }
        return;
      default:
        refuse(refusedKinds[step.kind]);
    }
  };
  const selected = selectSteps(scenario, {});
  for (const section of ['setup', 'steps', 'teardown'] as const)
    for (const planned of selected[section]) visit(planned, section);
  if (problems.length === 0 && steps.length === 0) problems.push('it has no request');
  const notes = logs === 0 ? [] : [`${scenario.file}: what ${count(logs, 'step')} would log is left out under load`];
  return { items, steps, problems, notes };
}

function refusals(step: RequestStep, scenario: Scenario): string[] {
  return Object.values(stepTreatment).flatMap((treatment) =>
    typeof treatment === 'function' ? (treatment(step, scenario) ?? []) : [],
  );
}

/**
 * The requests that go to another server than `endpoint`, as far as their addresses are known before the load: a load goes to
 * one. Where an address comes out only under way, the request is not made and counts as failed.
 */
export function strangersTo(endpoint: ScenarioEndpoint, { scenario, variables }: JourneyData): string[] {
  const own = new URL(endpoint.url).origin;
  const problems = planJourney(scenario).items.flatMap((item) => {
    if (item.kind !== 'request') return [];
    const { name, request } = item.step;
    const url = knownUrl(request.path, scenario, variables);
    if (url === undefined || url.origin === own) return [];
    const { line, column } = request.at;
    return `${scenario.file}:${line}:${column}: ${JSON.stringify(name)} goes to ${url.origin}, and a load goes to one server: ${own}`;
  });
  return [...new Set(problems)];
}

function knownUrl(path: string, scenario: Scenario, given: Record<string, unknown>): URL | undefined {
  const source = { clock: { now: () => 0 }, iteration: 1 };
  try {
    const text = new Variables(scopesOf(scenario, 1, given), source).text(path);
    return /^https?:\/\//i.test(text) && URL.canParse(text) ? new URL(text) : undefined;
  } catch (error) {
    if (!(error instanceof Unresolved)) throw error;
    return undefined;
  }
}

/** The work of a load that is this journey; `weight` among the others. */
export function journeyWork(
  { steps }: JourneyPlan,
  data: JourneyData,
  { name, weight }: Pick<FlowWork, 'name' | 'weight'>,
): FlowWork {
  return { kind: 'flow', name, weight, module: entryModule('journey/journey.main').href, data, steps };
}

/** Whether a journey reads files while it runs: bodies and schemas that are in files of their own (rows of `data` are not). */
export function readsFiles(value: unknown): boolean {
  if (value === null || typeof value !== 'object') return false;
  const { kind, path, fields, $ref } = value as Record<string, unknown>;
  if (kind === 'file' && typeof path === 'string') return true;
  if (kind === 'multipart' && Object.values(fields as object).some((field) => typeof field === 'object')) return true;
  if (typeof $ref === 'string' && $ref.startsWith('.')) return true;
  return Object.values(value).some(readsFiles);
}

/** Whether a condition, or one within it, is such a one. */
export function hasCondition(condition: Condition, is: (condition: Condition) => boolean): boolean {
  const inner = [...(condition.any ?? []), ...(condition.all ?? []), ...(condition.not ? [condition.not] : [])];
  return is(condition) || inner.some((each) => hasCondition(each, is));
}

function count(number: number, word: string): string {
  return `${number} ${word}${number === 1 ? '' : 's'}`;
}
