import { didYouMean } from '../../kernel/nearest.js';
import type { Scenario } from '../scenario.js';
import { argumentProblem, type GeneratedSource, generate, generatorNames, isVariableName } from './generated.js';

/** A `{{name}}` in a template: a variable with an optional dotted path, or a generator with arguments. */
export type Reference =
  | { kind: 'variable'; name: string; path: string[] }
  | { kind: 'generated'; name: string; args: string[] };

const pattern = /\{\{\s*(\$?[A-Za-z_]\w*(?:\.[\w-]+)*)\s*(?:\(([^)]*)\))?\s*\}\}/g;
const whole = new RegExp(`^${pattern.source}$`);

/** Every reference of a template, and what is wrong with those braces that hold none. */
export function referencesOf(template: string): { references: Reference[]; problems: string[] } {
  const references = [...template.matchAll(pattern)].map((match) => toReference(match[1]!, match[2]));
  const rest = template.replace(pattern, '');
  const problems = [...rest.matchAll(/\{\{(.*?)(\}\}|$)/gs)].map(
    ([found]) => `${JSON.stringify(found)} is not a variable: write {{name}}, {{name.field}} or {{$uuid}}`,
  );
  for (const reference of references) {
    if (reference.kind !== 'generated') continue;
    const wrong = generatorProblem(reference);
    if (wrong !== undefined) problems.push(wrong);
  }
  return { references, problems };
}

function generatorProblem({ name, args }: Extract<Reference, { kind: 'generated' }>): string | undefined {
  if (generatorNames.includes(name)) return argumentProblem(name, args);
  const known = generatorNames.map((each) => `$${each}`);
  return `unknown generator "$${name}"${didYouMean(`$${name}`, known) || `. Known: ${known.join(', ')}`}`;
}

/** Names of the variables that a reference needs. */
export function variablesOf(reference: Reference): string[] {
  if (reference.kind === 'variable') return [reference.name];
  return reference.name === 'add' ? reference.args.filter(isVariableName) : [];
}

function toReference(text: string, args: string | undefined): Reference {
  if (text.startsWith('$')) {
    const list = args === undefined || args.trim() === '' ? [] : args.split(',').map((arg) => arg.trim());
    return { kind: 'generated', name: text.slice(1), args: list };
  }
  const [name = '', ...path] = text.split('.');
  return { kind: 'variable', name, path };
}

/** A variable that has no value when it is needed; the step that needs it fails. */
export class Unresolved extends Error {}

/** Values under the names of variables. */
export interface Scope {
  values: Readonly<Record<string, unknown>>;
  /** Whether `{{...}}` in them stands for something: it does in the scenario, and is text in what comes from outside of it. */
  templates: boolean;
}

/** The scopes of one iteration (from 1): the scenario's variables, those `given` from outside of it, its row of the data. */
export function scopesOf(
  { variables, data, dataIsText }: Pick<Scenario, 'variables' | 'data' | 'dataIsText'>,
  iteration: number,
  given: Readonly<Record<string, unknown>> = {},
): Scope[] {
  return [
    { values: variables, templates: true },
    { values: given, templates: false },
    { values: data[(iteration - 1) % data.length] ?? {}, templates: dataIsText !== true },
  ];
}

/** The variables of one iteration. Later scopes hide earlier ones; a scope's own templates are expanded when first used. */
export class Variables {
  readonly #values = new Map<string, unknown>();
  readonly #pending = new Map<string, unknown>();
  /** Names whose templates are being expanded, outermost first. */
  readonly #open: string[] = [];
  readonly #source: GeneratedSource;
  readonly #onValue: (name: string, value: unknown) => void;

  /** `onValue` is told each value of a scope, once it is known. */
  constructor(
    scopes: readonly Scope[],
    source: GeneratedSource,
    onValue: (name: string, value: unknown) => void = () => undefined,
  ) {
    this.#source = source;
    this.#onValue = onValue;
    for (const { values, templates } of scopes) {
      for (const [name, value] of Object.entries(values)) {
        this.#values.delete(name);
        this.#pending.delete(name);
        (templates ? this.#pending : this.#values).set(name, value);
      }
    }
    for (const [name, value] of this.#values) onValue(name, value);
  }

  /** Expands what can be expanded now; what needs a variable that is captured later waits until it is used. */
  settle(): void {
    for (const name of [...this.#pending.keys()]) {
      try {
        this.get(name);
      } catch (error) {
        if (!(error instanceof Unresolved)) throw error;
      }
    }
  }

  set(name: string, value: unknown): void {
    this.#pending.delete(name);
    this.#values.set(name, value);
  }

  get(name: string): unknown {
    if (this.#values.has(name)) return this.#values.get(name);
    if (!this.#pending.has(name)) throw new Unresolved(`the variable "${name}" has no value`);
    if (this.#open.includes(name)) throw new Unresolved(cycleText([...this.#open, name]));
    this.#open.push(name);
    try {
      const value = this.expand(this.#pending.get(name));
      this.set(name, value);
      this.#onValue(name, value);
      return value;
    } finally {
      this.#open.pop();
    }
  }

  /** Expands every template in a value. A text that is one reference and nothing else becomes the variable's value, type kept. */
  expand(value: unknown): unknown {
    if (typeof value === 'string') return this.#expandText(value);
    if (Array.isArray(value)) return value.map((item) => this.expand(item));
    if (value !== null && typeof value === 'object') {
      return Object.fromEntries(Object.entries(value).map(([key, item]) => [this.text(key), this.expand(item)]));
    }
    return value;
  }

  /** Expands a template to text; objects become JSON. */
  text(template: string): string {
    return asText(this.#expandText(template));
  }

  #expandText(template: string): unknown {
    if (!template.includes('{{')) return template;
    const match = whole.exec(template);
    if (match !== null) return this.#valueOf(toReference(match[1]!, match[2]));
    return template.replace(pattern, (_all, name: string, args: string | undefined) =>
      asText(this.#valueOf(toReference(name, args))),
    );
  }

  /** `$add` takes numbers and names of variables. */
  #summand(arg: string): string {
    if (!isVariableName(arg)) return arg;
    const value = asText(this.get(arg));
    if (value.trim() === '' || !Number.isFinite(Number(value)))
      throw new Unresolved(`$add: the variable "${arg}" is ${JSON.stringify(value)}, which is no number`);
    return value;
  }

  #valueOf(reference: Reference): unknown {
    if (reference.kind === 'generated') {
      const sum = reference.name === 'add';
      return generate(
        reference.name,
        sum ? reference.args.map((arg) => this.#summand(arg)) : reference.args,
        this.#source,
      );
    }
    let value = this.get(reference.name);
    for (const key of reference.path) {
      if (value === null || typeof value !== 'object' || !Object.hasOwn(value, key))
        throw new Unresolved(`the variable "${reference.name}" has no "${reference.path.join('.')}"`);
      value = (value as Record<string, unknown>)[key];
    }
    return value;
  }
}

/** Variables that need each other; `names` ends with one that stands in it before. */
export function cycleText(names: readonly string[]): string {
  const ring = names.slice(names.indexOf(names.at(-1)!));
  return `these variables need each other: ${ring.join(' -> ')}`;
}

/** A value as it stands in a URL, a header or a text. */
export function asText(value: unknown): string {
  if (typeof value === 'string') return value;
  return value !== null && typeof value === 'object' ? JSON.stringify(value) : String(value);
}
