import type { Auth, Body, HeaderValue, RequestTemplate, Scenario, Step } from '../scenario.js';
import { referencesOf } from '../variables/template.js';
import { literalValue } from './draft/literal.js';
import type { Losses } from './script-js.js';

/** A request with what the scenario says for all of them, as `hwctl test` sends it; templates still unexpanded. */
export interface AsSent {
  headers: [string, HeaderValue][];
  /** undefined: none, or a header of the request says it. */
  auth: Exclude<Auth, { kind: 'none' }> | undefined;
  cookies: boolean;
  redirects: boolean;
  timeoutMs: number;
}

/** The Content-Type that a body brings; undefined where it brings none, or one with a boundary. */
const bodyTypes: Record<Body['kind'], string | undefined> = {
  json: 'application/json',
  graphql: 'application/json',
  text: 'text/plain; charset=utf-8',
  form: 'application/x-www-form-urlencoded',
  multipart: undefined,
  file: undefined,
};

/** The scenario's headers, then auth, then the body's type, then the request's own: later ones replace earlier ones. */
export function asSent(request: RequestTemplate, scenario: Scenario): AsSent {
  const lines = new Map<string, [string, HeaderValue]>();
  const set = (name: string, value: HeaderValue) => lines.set(name.toLowerCase(), [name, value]);
  for (const [name, value] of Object.entries(scenario.headers)) set(name, value);
  const given = request.auth ?? scenario.auth;
  const named = Object.keys(request.headers).some((name) => name.toLowerCase() === 'authorization');
  const auth = given === undefined || given.kind === 'none' || named ? undefined : given;
  if (auth !== undefined) lines.delete('authorization');
  const type = request.body && bodyTypes[request.body.kind];
  if (type !== undefined) set('Content-Type', type);
  // Its type has a boundary, which the tool makes.
  if (request.body?.kind === 'multipart') lines.delete('content-type');
  for (const [name, value] of Object.entries(request.headers)) set(name, value);
  return {
    headers: [...lines.values()],
    auth,
    cookies: request.cookies ?? scenario.cookies,
    redirects: request.redirects ?? scenario.redirects,
    timeoutMs: request.timeoutMs ?? scenario.timeoutMs,
  };
}

/** Where requests go, without a final slash. */
export function baseOf(scenario: Scenario, baseUrl: string | undefined): string {
  return (baseUrl ?? scenario.url ?? `http://${scenario.host ?? 'localhost'}`).replace(/\/$/, '');
}

/** The variables of the first iteration: those of the scenario, and the first row of its data. */
export function firstVariables({ variables, data, dataIsText }: Scenario): Record<string, unknown> {
  const [row = {}] = data;
  return { ...variables, ...(dataIsText ? (literalValue(row) as Record<string, unknown>) : row) };
}

/** Variables, each after those that it refers to; here their order does not matter, in a script it does. */
export function inOrder(variables: Record<string, unknown>): [string, unknown][] {
  const done = new Map<string, unknown>();
  const visit = (name: string, open: readonly string[]) => {
    if (done.has(name) || open.includes(name) || !Object.hasOwn(variables, name)) return;
    for (const reference of referencesOf(JSON.stringify(variables[name]) ?? '').references)
      for (const each of reference.kind === 'variable' ? [reference.name] : reference.args)
        visit(each, [...open, name]);
    done.set(name, variables[name]);
  };
  for (const name of Object.keys(variables)) visit(name, []);
  return [...done];
}

/** What of a scenario no other tool has, whatever the export. */
export function lossesEverywhere(scenario: Scenario): Losses {
  const losses: Losses = [];
  const { tags, secrets, setup, steps, teardown } = scenario;
  if (tags.length > 0) losses.push(`tags: ${tags.join(', ')}`);
  if (secrets.length > 0) losses.push(`secrets: ${secrets.join(', ')} may be shown`);
  if (setup.length > 0) losses.push('setup: what follows runs though it fails');
  if (teardown.length > 0) losses.push('teardown: it runs last, but not after a failure that ends the run');
  const visit = (step: Step) => {
    if (step.only) losses.push(`"${step.name}": only (all steps are written)`);
    if (step.tags.length > 0) losses.push(`"${step.name}": tags: ${step.tags.join(', ')}`);
    if (step.kind === 'folder') step.steps.forEach(visit);
  };
  [...setup, ...steps, ...teardown].forEach(visit);
  return losses;
}

/** A text for a line of comment. */
export function oneLine(text: string): string {
  return text.replace(/\s+/g, ' ').trim();
}

/** Why a step or check is not done, for a comment. */
export function skipNote(what: { name: string; skip: string | boolean }): string {
  return oneLine(`${what.name}: skipped${typeof what.skip === 'string' ? `, ${what.skip}` : ''}`);
}
