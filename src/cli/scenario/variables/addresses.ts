import type { RequestTemplate, Scenario, Step } from '../scenario.js';
import { referencesOf } from './template.js';

/**
 * What requests need of an endpoint: `none` where each names its server, `some` where one is a path, `unknown` where only the
 * run can tell, because an address begins with what is set or captured on the way.
 */
export type EndpointNeed = 'none' | 'some' | 'unknown';

/** The need of a scenario; `given` are variables from outside of it. Faults act on the platform and so need one. */
export function endpointNeed(scenario: Scenario, given: Readonly<Record<string, unknown>> = {}): EndpointNeed {
  const rows = scenario.data.flatMap((row) => Object.keys(row));
  const values = new Map<string, unknown>(Object.entries({ ...scenario.variables, ...given }));
  for (const name of rows) values.delete(name);
  const needs = [...scenario.setup, ...scenario.steps, ...scenario.teardown].flatMap((step) =>
    needsOf(step, scenario, values),
  );
  return needs.find((need) => need === 'some') ?? needs.find((need) => need === 'unknown') ?? 'none';
}

function needsOf(step: Step, scenario: Scenario, values: ReadonlyMap<string, unknown>): EndpointNeed[] {
  const known = new Map(values);
  const ofRequest = (request: RequestTemplate): EndpointNeed[] => {
    const auth = request.auth ?? scenario.auth;
    const token = auth?.kind === 'oauth2' ? [needOf(auth.tokenUrl, known)] : [];
    return [needOf(request.path, known), ...token];
  };
  switch (step.kind) {
    case 'folder':
      return step.steps.flatMap((each) => needsOf(each, scenario, values));
    case 'request':
      for (const name of Object.keys(step.set)) known.delete(name);
      return ofRequest(step.request);
    case 'parallel':
      for (const name of Object.keys(step.set)) known.delete(name);
      return step.members.flatMap((member) => (member.kind === 'request' ? ofRequest(member.request) : ['some']));
    case 'fault':
      return ['some'];
    case 'wait':
      return [];
  }
}

function needOf(address: string, values: ReadonlyMap<string, unknown>, depth = 0): EndpointNeed {
  if (/^https?:\/\//i.test(address)) return 'none';
  if (!address.startsWith('{{')) return 'some';
  const [first] = referencesOf(address).references;
  if (first?.kind !== 'variable' || first.path.length > 0 || depth > 20) return 'unknown';
  const value = values.get(first.name);
  // Only what follows an address can be empty.
  return typeof value === 'string' && value !== '' ? needOf(value, values, depth + 1) : 'unknown';
}
