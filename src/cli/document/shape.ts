import { isMap, isScalar, isSeq, type Node, type Pair, type ParsedNode } from 'yaml';
import { parseDurationMs } from '../kernel/duration.js';
import { Failure } from '../kernel/failure.js';
import { nearest } from '../kernel/nearest.js';
import type { Position } from './problem.js';
import { keyText, type Reader } from './reader.js';

export type JsonSchema = Record<string, unknown>;

/** What reads one kind of value from YAML, collecting problems instead of throwing; it also describes itself as JSON Schema. */
export interface Shape<T> {
  schema: JsonSchema;
  /** undefined where a problem was reported. */
  read(node: Node | null | undefined, reader: Reader): T | undefined;
}

/** The value that a shape reads. */
export type Read<S> = S extends Shape<infer T> ? T : never;

/** What a node is, in the words of an error message. */
export function kindOf(node: Node | null | undefined): string {
  if (node === null || node === undefined) return 'nothing';
  if (isMap(node)) return 'a mapping';
  if (isSeq(node)) return 'a list';
  if (!isScalar(node)) return 'an alias';
  if (node.value === null) return 'nothing';
  if (typeof node.value === 'string') return `the text ${JSON.stringify(cut(node.value))}`;
  return `the ${typeof node.value} ${String(node.value)}`;
}

function cut(text: string): string {
  return text.length > 40 ? `${text.slice(0, 39)}…` : text;
}

function scalar<T>(
  schema: JsonSchema,
  expected: string,
  accept: (value: unknown, source: string | undefined) => T | undefined,
): Shape<T> {
  return {
    schema,
    read(given, reader) {
      const node = reader.resolve(given);
      const value = isScalar(node) ? accept(node.value, node.source) : undefined;
      if (value === undefined) return reader.unread(given, `expected ${expected}, found ${kindOf(node)}`);
      if (typeof value === 'string') reader.text(node as Node, value);
      return value;
    },
  };
}

/** Text; numbers and booleans are taken as they are written. */
export const text: Shape<string> = scalar({ type: ['string', 'number', 'boolean'] }, 'text', (value, source) => {
  if (typeof value === 'string') return value;
  return typeof value === 'number' || typeof value === 'boolean' ? (source ?? String(value)) : undefined;
});

export const boolean: Shape<boolean> = scalar({ type: 'boolean' }, 'true or false', (value) =>
  typeof value === 'boolean' ? value : undefined,
);

/** A whole number from `min` to `max`. */
export function integer(min: number, max: number): Shape<number> {
  return scalar({ type: 'integer', minimum: min, maximum: max }, `a whole number from ${min} to ${max}`, (value) =>
    Number.isInteger(value) && (value as number) >= min && (value as number) <= max ? (value as number) : undefined,
  );
}

/** Text that `accept` maps to a value, or refuses by throwing a Failure or Error, whose message is reported. */
export function parsed<T>(schema: JsonSchema, accept: (value: string) => T): Shape<T> {
  return {
    schema,
    read(given, reader) {
      const value = text.read(given, reader);
      if (value === undefined) return undefined;
      try {
        return accept(value);
      } catch (error) {
        const hint = error instanceof Failure && error.hint !== undefined ? `. ${error.hint}` : '';
        return reader.problem(given, `${(error as Error).message}${hint}`);
      }
    },
  };
}

/** A duration such as `500ms` or `1m30s`; milliseconds. */
export const duration: Shape<number> = parsed(
  { type: 'string', pattern: '^(\\d+(\\.\\d+)?(us|µs|ms|s|m|h|d))+$', examples: ['500ms', '10s', '1m30s'] },
  (value) => parseDurationMs(value, 'duration'),
);

/** One of `words`. */
export function word<W extends string>(...words: W[]): Shape<W> {
  return {
    schema: { enum: words },
    read(given, reader) {
      const node = reader.resolve(given);
      const value = isScalar(node) ? String(node.value) : undefined;
      if (value !== undefined && (words as string[]).includes(value)) return value as W;
      const near = value === undefined ? undefined : nearest(value, words);
      const advice = near === undefined ? '' : `. Did you mean ${JSON.stringify(near)}?`;
      return reader.problem(given, `expected ${list(words)}, found ${kindOf(node)}${advice}`);
    },
  };
}

/** Any YAML value, as plain data. */
export const anything: Shape<unknown> = {
  schema: {},
  read(given, reader) {
    const node = reader.resolve(given);
    if (node === null) return null;
    return checkLeaves(node, reader) ? (reader.toJs(node) ?? null) : undefined;
  },
};

/** Gathers the templates of a value; false where a number in it is none that can be sent. */
function checkLeaves(given: Node | null, reader: Reader): boolean {
  const node = reader.resolve(given);
  if (isScalar(node)) {
    if (typeof node.value === 'string') reader.text(node, node.value);
    const wrong = typeof node.value === 'number' ? numberProblem(node.value, node.source) : undefined;
    if (wrong !== undefined) reader.problem(given, wrong);
    return wrong === undefined;
  }
  const parts = isSeq(node) ? node.items : isMap(node) ? node.items.flatMap(({ key, value }) => [key, value]) : [];
  return parts.map((part) => checkLeaves(part as Node | null, reader)).every(Boolean);
}

function numberProblem(value: number, source = String(value)): string | undefined {
  if (!Number.isFinite(value)) return `${source} is no number that JSON or a URL can hold. Quote it to send it as text`;
  const digits = /^[+-]?(\d+)$/.exec(source)?.[1];
  if (digits === undefined || BigInt(digits) === BigInt(Math.abs(value))) return undefined;
  return `${source} would be sent as ${BigInt(value)}: a whole number beyond 2^53 loses digits. Quote it, or write the body with text:`;
}

/** A list; where `lone` is true a single item may stand without its list. */
export function listOf<T>(item: Shape<T>, lone = false): Shape<T[]> {
  const many = { type: 'array', items: item.schema };
  return {
    schema: lone ? { anyOf: [item.schema, many] } : many,
    read(given, reader) {
      const node = reader.resolve(given);
      if (!isSeq(node)) {
        if (!lone) return reader.unread(given, `expected a list, found ${kindOf(node)}`);
        const only = item.read(given, reader);
        return only === undefined ? undefined : [only];
      }
      const items = node.items.map((each) => item.read(each as Node, reader));
      return items.includes(undefined) ? undefined : (items as T[]);
    },
  };
}

/** The list of `shape`, refused where it is empty. */
export function filled<T>(shape: Shape<T[]>, message: string): Shape<T[]> {
  const read = mapped(shape, (items, reader, node) => (items.length > 0 ? items : reader.problem(node, message)));
  return { ...read, schema: { ...shape.schema, minItems: 1 } };
}

/** A mapping from names of the user's choosing; `key` may refuse a name by returning what is wrong with it. */
export function record<T>(value: Shape<T>, key?: (name: string) => string | undefined): Shape<Record<string, T>> {
  return {
    schema: { type: 'object', additionalProperties: value.schema },
    read(given, reader) {
      const node = reader.resolve(given);
      if (!isMap(node)) return reader.unread(given, `expected a mapping, found ${kindOf(node)}`);
      const result: Record<string, T> = Object.create(null) as Record<string, T>;
      let sound = true;
      for (const pair of node.items) {
        const name = keyText(pair.key);
        if (isScalar(pair.key)) reader.text(pair.key, name);
        const wrong = key?.(name);
        if (wrong !== undefined) reader.problem(pair.key as Node, wrong);
        const read = value.read(pair.value as Node | null, reader);
        if (wrong !== undefined || read === undefined) sound = false;
        else result[name] = read;
      }
      return sound ? result : undefined;
    },
  };
}

export interface Field<T> {
  shape: Shape<T>;
  about: string;
  required: boolean;
}

/** A field that may be left out; `about` is what editors show. */
export function field<T>(shape: Shape<T>, about: string): Field<T> {
  return { shape, about, required: false };
}

/** A field that must be there. */
export function needed<T>(shape: Shape<T>, about: string): Field<T> {
  return { shape, about, required: true };
}

// biome-ignore lint/suspicious/noExplicitAny: the fields of one object have different types, which Infer recovers
export type Fields = Record<string, Field<any>>;
export type Infer<F extends Fields> = { [K in keyof F]?: F[K] extends Field<infer T> ? T : never } & { at: Position };

/** A mapping with known fields; an unknown one is reported with the nearest known word. `what` names it in messages. */
export function object<F extends Fields>(what: string, fields: F): Shape<Infer<F>> {
  const required = Object.keys(fields).filter((name) => fields[name]!.required);
  const properties: Record<string, JsonSchema> = {};
  for (const [name, { shape, about }] of Object.entries(fields))
    properties[name] = { description: about, ...shape.schema };
  return {
    schema: { type: 'object', properties, ...(required.length > 0 ? { required } : {}), additionalProperties: false },
    read(given, reader) {
      const node = reader.resolve(given);
      if (!isMap(node)) return reader.unread(given, `expected ${what} as a mapping, found ${kindOf(node)}`);
      const result: Record<string, unknown> = { at: reader.at(given) };
      let sound = true;
      const pairs = new Map<string, Pair>(node.items.map((pair) => [keyText(pair.key), pair]));
      for (const [name, { key, value }] of pairs) {
        if (Object.hasOwn(fields, name)) continue;
        reader.problem(key as Node, unknownField(name, what, Object.keys(fields)));
        reader.skipped(value as Node | null);
        sound = false;
      }
      // In the order of the format, not of the file: what a later field refers to is known when it is read.
      for (const [name, { shape }] of Object.entries(fields)) {
        const pair = pairs.get(name);
        if (pair === undefined) continue;
        const value: unknown = shape.read(pair.value as Node | null, reader);
        if (value === undefined) sound = false;
        else result[name] = value;
      }
      for (const name of required) {
        if (node.has(name)) continue;
        reader.problem(given, `${what} needs the field "${name}": ${fields[name]!.about}`);
        sound = false;
      }
      return sound ? (result as Infer<F>) : undefined;
    },
  };
}

function unknownField(name: string, what: string, known: string[]): string {
  const near = nearest(name, known);
  const advice = near === undefined ? `Known: ${known.join(', ')}` : `Did you mean "${near}"?`;
  return `unknown field "${name}" in ${what}. ${advice}`;
}

/** The value of `shape`, changed by `change`, which may report problems and give undefined. */
export function mapped<T, U>(
  shape: Shape<T>,
  change: (value: T, reader: Reader, node: Node) => U | undefined,
): Shape<U> {
  return {
    schema: shape.schema,
    read(given, reader) {
      const value = shape.read(given, reader);
      return value === undefined ? undefined : change(value, reader, given as Node);
    },
  };
}

/** Picks the shape by looking at the node: the first whose test is true. The last needs no test. */
export function choose<T>(...options: [test: (node: ParsedNode | null) => boolean, shape: Shape<T>][]): Shape<T> {
  return {
    schema: { anyOf: options.map(([, shape]) => shape.schema) },
    read(given, reader) {
      const node = reader.resolve(given);
      const option = options.find(([test]) => test(node)) ?? options.at(-1);
      return option?.[1].read(given, reader);
    },
  };
}

/** A shape that contains itself; in the JSON Schema it stands under `$defs/name`. */
export function recursive<T>(name: string, make: () => Shape<T>): Shape<T> {
  let made: Shape<T> | undefined;
  return {
    schema: { $ref: `#/$defs/${name}` },
    read: (node, reader) => {
      made ??= make();
      return made.read(node, reader);
    },
  };
}

function list(words: readonly string[]): string {
  return words.length === 1 ? words[0]! : `${words.slice(0, -1).join(', ')} or ${words.at(-1)}`;
}
