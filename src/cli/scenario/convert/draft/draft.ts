import { stringify } from 'yaml';
import { shapeProblem } from '../../check/schemas.js';
import { parseScenario } from '../../format/parse.js';
import { nameProblems } from '../../format/references.js';
import type { Converted } from '../to-postman.js';
import type { Wrong } from './given.js';

/** A scenario as it is written to YAML: the fields of the format, by their names. */
export interface Draft {
  name: string;
  why?: string;
  url?: string;
  variables?: Record<string, unknown>;
  secrets?: string[];
  headers?: Record<string, string>;
  auth?: unknown;
  steps: DraftStep[];
}

export type DraftStep = Record<string, unknown> & { name?: string };

/** What a reader made of a document. */
export interface Imported {
  draft: Draft;
  /** What has no counterpart. */
  losses: string[];
  /** What could not be read. */
  wrong: Wrong[];
}

/** Waited for between the steps of a long import; throws where it is to end. */
export type Turn = () => Promise<void>;

/** The YAML text of a draft. What the format does not take is left out and told; `steps` is how many requests are left. */
export async function written(
  { draft, losses }: Imported,
  turn: Turn = async () => undefined,
): Promise<Converted & { steps: number }> {
  const all = [...losses];
  const sound = (await problemOf(draft)) === undefined ? draft : await soundDraft(draft, all, turn);
  await turn();
  const text = stringify(sound, { lineWidth: 110, defaultStringType: 'PLAIN', aliasDuplicateObjects: false });
  const head = ['# Made by hwctl scenario import.'];
  const told = [...new Set(all)];
  for (const loss of told) head.push(`# not carried over: ${loss.replace(/\s+/g, ' ')}`);
  return { text: `${head.join('\n')}\n${text}`, losses: told, steps: countOf(sound.steps) };
}

function countOf(steps: readonly DraftStep[]): number {
  return steps.reduce((sum, step) => sum + (Array.isArray(step.steps) ? countOf(step.steps as DraftStep[]) : 1), 0);
}

async function soundDraft(draft: Draft, losses: string[], turn: Turn): Promise<Draft> {
  const sound = { ...draft, variables: await soundVariables(draft, losses) };
  return { ...sound, steps: await soundSteps(draft.steps, sound, losses, turn) };
}

/** Without values that the format refuses, such as one that refers to itself; what is left keeps every name. */
async function soundVariables(draft: Draft, losses: string[]): Promise<Draft['variables']> {
  if (draft.variables === undefined) return undefined;
  const sound: Record<string, unknown> = Object.fromEntries(Object.keys(draft.variables).map((name) => [name, '']));
  for (const [name, value] of Object.entries(draft.variables)) {
    const wrong = await stepProblem({ request: 'GET /' }, { ...draft, variables: { ...sound, [name]: value } });
    if (wrong === undefined) sound[name] = value;
    else losses.push(`the variable ${name}: ${wrong}`);
  }
  return sound;
}

async function soundSteps(
  steps: readonly DraftStep[],
  draft: Draft,
  losses: string[],
  turn: Turn,
): Promise<DraftStep[]> {
  const sound: DraftStep[] = [];
  for (const step of steps) {
    await turn();
    const one = Array.isArray(step.steps)
      ? { ...step, steps: await soundSteps(step.steps as DraftStep[], draft, losses, turn) }
      : await soundStep(step, draft, losses);
    if (one !== undefined) sound.push(one);
  }
  return sound;
}

/** The step as far as the format takes it; undefined where not even its first line can be. */
async function soundStep(step: DraftStep, draft: Draft, losses: string[]): Promise<DraftStep | undefined> {
  if ((await stepProblem(step, draft)) === undefined) return step;
  const { name, request, ...fields } = step;
  const bare = { name, request };
  const problem = await stepProblem(bare, draft);
  if (problem !== undefined) {
    losses.push(`"${name}": ${problem}`);
    return undefined;
  }
  const kept: DraftStep = bare;
  for (const [field, value] of Object.entries(fields)) {
    const wrong = await stepProblem({ ...kept, [field]: value }, draft);
    if (wrong === undefined) kept[field] = value;
    else losses.push(`"${name}": ${field}: ${wrong}`);
  }
  return kept;
}

async function stepProblem(step: DraftStep, { variables }: Draft): Promise<string | undefined> {
  return problemOf({ name: 'one step', variables, steps: [step] });
}

async function problemOf(draft: Draft): Promise<string | undefined> {
  // Schemas are most of a large draft, and to the format they are any value: they are judged by themselves.
  const schemas: unknown[] = [];
  const light = { ...draft, steps: draft.steps.map((step) => withoutSchemas(step, schemas)) };
  const { problems, uses } = parseScenario(stringify(light));
  const all = [...problems, ...nameProblems(uses, [])];
  return all[0]?.message ?? (await shapeProblem(schemas));
}

function withoutSchemas(step: DraftStep, schemas: unknown[]): DraftStep {
  if (!Array.isArray(step.check)) return step;
  const check = step.check.map((each: Record<string, unknown>) => {
    if (each?.schema === undefined) return each;
    schemas.push(each.schema);
    return { ...each, schema: true };
  });
  return { ...step, check };
}

/** A name that the format takes for a variable. */
export function variableName(name: string): string {
  const safe = name.replace(/\W+/g, '_');
  return /^[A-Za-z_]/.test(safe) ? safe : `_${safe}`;
}

/** A name for a report: two braces in it would be a reference. */
export function plainName(name: string): string {
  return name.replaceAll('{{', '{ {').replace(/\s+/g, ' ').trim();
}

/** Pairs as a mapping; a name that comes again gets a list. */
export function grouped(pairs: readonly (readonly [string, string])[]): Record<string, string | string[]> {
  const lists = new Map<string, string[]>();
  for (const [name, value] of pairs) lists.set(name, [...(lists.get(name) ?? []), value]);
  return Object.fromEntries([...lists].map(([name, values]) => [name, values.length === 1 ? values[0]! : values]));
}
