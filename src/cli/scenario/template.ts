import { didYouMean } from '../kernel/nearest.js';
import { type GeneratedSource, generate, generatorNames } from './generated.js';

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
    if (reference.kind === 'generated' && !generatorNames.includes(reference.name))
      problems.push(
        `unknown generator "$${reference.name}"${didYouMean(reference.name, generatorNames) || `. Known: ${generatorNames.map((name) => `$${name}`).join(', ')}`}`,
      );
  }
  return { references, problems };
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

/** The variables of one iteration. Later scopes hide earlier ones; a scope's own templates are expanded when first used. */
export class Variables {
  readonly #values = new Map<string, unknown>();
  readonly #pending = new Map<string, unknown>();
  readonly #source: GeneratedSource;

  constructor(scopes: readonly Readonly<Record<string, unknown>>[], source: GeneratedSource) {
    this.#source = source;
    for (const scope of scopes) {
      for (const [name, value] of Object.entries(scope)) this.#pending.set(name, value);
    }
  }

  set(name: string, value: unknown): void {
    this.#pending.delete(name);
    this.#values.set(name, value);
  }

  get(name: string): unknown {
    if (this.#values.has(name)) return this.#values.get(name);
    if (!this.#pending.has(name)) throw new Unresolved(`the variable "${name}" has no value`);
    const raw = this.#pending.get(name);
    this.#pending.delete(name);
    const value = this.expand(raw);
    this.#values.set(name, value);
    return value;
  }

  has(name: string): boolean {
    return this.#values.has(name) || this.#pending.has(name);
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
    return /^[A-Za-z_]\w*$/.test(arg) ? asText(this.get(arg)) : arg;
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

/** A value as it stands in a URL, a header or a text. */
export function asText(value: unknown): string {
  if (typeof value === 'string') return value;
  return value !== null && typeof value === 'object' ? JSON.stringify(value) : String(value);
}
