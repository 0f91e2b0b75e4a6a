import type { RequestTemplate, Scenario, Step } from '../scenario.js';
import { destinationOf, withParts } from './base-urls.js';
import type { Redirections } from './redirect.js';

/** Where a scenario's requests go that name their servers, as far as the file tells. */
export interface ScenarioUrls {
  urls: string[];
  lookUp(name: string): string | undefined;
  /** Variables that come out under way. */
  underWay: ReadonlySet<string>;
}

/** The addresses of a scenario: its own, and those of requests that are more than a path. `given`: variables from outside. Pure. */
export function scenarioUrls(scenario: Scenario, given: Readonly<Record<string, unknown>>): ScenarioUrls {
  const values = { ...scenario.variables, ...given };
  const lookUp = (name: string) => {
    const value = Object.hasOwn(values, name) ? values[name] : undefined;
    return typeof value === 'string' || typeof value === 'number' ? String(value) : undefined;
  };
  const steps = [...scenario.setup, ...scenario.steps, ...scenario.teardown];
  const paths = steps.flatMap(requestsIn).map(({ path }) => path);
  const urls = [...(scenario.url === undefined ? [] : [scenario.url]), ...paths].filter((url) => {
    const destination = destinationOf(url, lookUp);
    // What has no scheme is a path, whatever it looks like.
    return destination.kind === 'host' && destination.holders.some(({ head }) => head.scheme !== '');
  });
  const rows = scenario.data.flatMap((row) => Object.keys(row));
  return { urls, lookUp, underWay: new Set([...rows, ...steps.flatMap(setIn)]) };
}

function requestsIn(step: Step): RequestTemplate[] {
  switch (step.kind) {
    case 'folder':
      return step.steps.flatMap(requestsIn);
    case 'request':
      return [step.request];
    case 'parallel':
      return step.members.flatMap((member) => (member.kind === 'request' ? member.request : []));
    default:
      return [];
  }
}

function setIn(step: Step): string[] {
  if (step.kind === 'folder') return step.steps.flatMap(setIn);
  return step.kind === 'request' || step.kind === 'parallel' ? Object.keys(step.set) : [];
}

/** The scenario with other variables and addresses. Pure. */
export function redirectedScenario(scenario: Scenario, { variables, urls }: Redirections): Scenario {
  if (variables.size === 0 && urls.size === 0) return scenario;
  const elsewhere = (url: string) => {
    const parts = urls.get(url);
    return parts === undefined ? url : withParts(url, parts);
  };
  const moved = (step: Step): Step => {
    if (step.kind === 'folder') return { ...step, steps: step.steps.map(moved) };
    if (step.kind === 'request') return { ...step, request: { ...step.request, path: elsewhere(step.request.path) } };
    if (step.kind !== 'parallel') return step;
    const members = step.members.map((member) =>
      member.kind === 'request'
        ? { ...member, request: { ...member.request, path: elsewhere(member.request.path) } }
        : member,
    );
    return { ...step, members };
  };
  return {
    ...scenario,
    variables: { ...scenario.variables, ...Object.fromEntries(variables) },
    url: scenario.url === undefined ? undefined : elsewhere(scenario.url),
    setup: scenario.setup.map(moved),
    steps: scenario.steps.map(moved),
    teardown: scenario.teardown.map(moved),
  };
}
