import { isMap, isScalar, isSeq, type Node, type ParsedNode } from 'yaml';
import { parseDurationMs } from '../kernel/duration.js';
import { Failure } from '../kernel/failure.js';
import { didYouMean } from '../kernel/nearest.js';
import { type JsonSchema, reference } from './json-schema.js';
import { keyText, type Reader } from './reader.js';

/** What reads one kind of value from YAML, collecting problems instead of throwing; it also describes itself as JSON Schema. */
export interface Shape<T> {
  schema: JsonSchema;
  /** undefined where a problem was reported. */
  read(node: Node | null | undefined, reader: Reader): T | undefined;
}

/** The value that a shape reads. */
export type Read<S> = S extends Shape<infer T> ? T : never;

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
      if (value === undefined) return reader.mismatch(given, expected);
      if (typeof value === 'string') reader.text(node as Node, value);
      return value;
    },
  };
}

/** Text; numbers and booleans are taken as they are written. */
export const text: Shape<string> = scalar({ type: ['string', 'number', 'boolean'] }, 'text', asText);

function asText(value: unknown, source: string | undefined): string | undefined {
  if (typeof value === 'string') return value;
  return typeof value === 'number' || typeof value === 'boolean' ? (source ?? String(value)) : undefined;
}

export const boolean: Shape<boolean> = scalar({ type: 'boolean' }, 'true or false', (value) =>
  typeof value === 'boolean' ? value : undefined,
);

/** A whole number from `min` to `max`. */
export function integer(min: number, max: number): Shape<number> {
  return scalar({ type: 'integer', minimum: min, maximum: max }, `a whole number from ${min} to ${max}`, (value) =>
    Number.isInteger(value) && (value as number) >= min && (value as number) <= max ? (value as number) : undefined,
  );
}

/** A number from `min` (or `above` it) to `max`. */
export function number({ min, above, max }: { min?: number; above?: number; max?: number }): Shape<number> {
  const from = above === undefined ? `of at least ${min}` : `above ${above}`;
  return scalar(
    { type: 'number', minimum: min, exclusiveMinimum: above, maximum: max },
    `a number ${from}${max === undefined ? '' : `, at most ${max}`}`,
    (value) => {
      if (typeof value !== 'number' || !Number.isFinite(value)) return undefined;
      return value >= (min ?? value) && (above === undefined || value > above) && value <= (max ?? value)
        ? value
        : undefined;
    },
  );
}

/** Text that `pattern` fits, of at most `maxLength` characters; `expected` says in words what is. */
export function matching(pattern: RegExp, expected: string, maxLength?: number): Shape<string> {
  return scalar({ type: 'string', pattern: pattern.source, maxLength }, expected, (value, source) => {
    const read = asText(value, source);
    return read !== undefined && pattern.test(read) && read.length <= (maxLength ?? read.length) ? read : undefined;
  });
}

/** Text of at least one character. */
export const someText: Shape<string> = scalar({ type: 'string', minLength: 1 }, 'text', (value, source) =>
  value === '' ? undefined : asText(value, source),
);

/** Text that `accept` maps to a value, or refuses by throwing a Failure or Error, whose message is reported; `name` is its field's. */
export function parsed<T>(schema: JsonSchema, accept: (value: string, name: string) => T): Shape<T> {
  return {
    schema,
    read(given, reader) {
      const value = text.read(given, reader);
      if (value === undefined) return undefined;
      try {
        return accept(value, reader.name);
      } catch (error) {
        const { message } = error as Error;
        const hint = error instanceof Failure ? error.hint : undefined;
        return reader.problem(
          given,
          hint === undefined ? message : `${message}${/[.?!]$/.test(message) ? '' : '.'} ${hint}`,
        );
      }
    },
  };
}

/** A duration such as `500ms` or `1m30s`; milliseconds. */
export const duration: Shape<number> = parsed(
  { type: 'string', pattern: '^(\\d+(\\.\\d+)?(us|µs|ms|s|m|h|d))+$', examples: ['500ms', '10s', '1m30s'] },
  (value, name) => parseDurationMs(value, name || 'duration'),
);

/** One of `words`. */
export function word<W extends string>(...words: W[]): Shape<W> {
  return {
    schema: { enum: words },
    read(given, reader) {
      const node = reader.resolve(given);
      const value = isScalar(node) ? String(node.value) : undefined;
      if (value !== undefined && (words as string[]).includes(value)) return value as W;
      return reader.mismatch(given, orList(words), value === undefined ? '' : didYouMean(value, words));
    },
  };
}

/** A list; where `lone` is true a single item may stand without its list. */
export function listOf<T>(item: Shape<T>, lone = false): Shape<T[]> {
  const many = { type: 'array', items: item.schema };
  return {
    schema: lone ? { anyOf: [item.schema, many] } : many,
    read(given, reader) {
      const node = reader.resolve(given);
      if (!isSeq(node)) {
        if (!lone) return reader.mismatch(given, 'a list');
        const only = item.read(given, reader);
        return only === undefined ? undefined : [only];
      }
      const items = node.items.map((each, i) => reader.inside(i, () => item.read(each as Node, reader)));
      return items.includes(undefined) ? undefined : (items as T[]);
    },
  };
}

/** The list of `shape`, refused where it is empty. */
export function filled<T>(shape: Shape<T[]>, message = 'expected at least one item, found none'): Shape<T[]> {
  const read = mapped(shape, (items, reader, node) => (items.length > 0 ? items : reader.problem(node, message)));
  return { ...read, schema: { ...shape.schema, minItems: 1 } };
}

/** A mapping from names of the user's choosing; `key` may refuse a name by returning what is wrong with it. */
export function record<T>(value: Shape<T>, key?: (name: string) => string | undefined): Shape<Record<string, T>> {
  return {
    schema: { type: 'object', additionalProperties: value.schema },
    read(given, reader) {
      const node = reader.resolve(given);
      if (!isMap(node)) return reader.mismatch(given, 'a mapping');
      const result: Record<string, T> = Object.create(null) as Record<string, T>;
      let sound = true;
      for (const pair of node.items) {
        const name = keyText(pair.key);
        if (isScalar(pair.key)) reader.text(pair.key, name);
        const wrong = key?.(name);
        if (wrong !== undefined) reader.problem(pair.key as Node, wrong);
        const read = reader.inside(name, () => value.read(pair.value as Node | null, reader));
        if (wrong !== undefined || read === undefined) sound = false;
        else result[name] = read;
      }
      return sound ? result : undefined;
    },
  };
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
  const shape = () => {
    made ??= make();
    return made;
  };
  return { schema: reference(name, () => shape().schema), read: (node, reader) => shape().read(node, reader) };
}

/** `a, b or c`. */
export function orList(words: readonly string[]): string {
  return words.length === 1 ? words[0]! : `${words.slice(0, -1).join(', ')} or ${words.at(-1)}`;
}
