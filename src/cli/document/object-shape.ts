import { Document, isMap, type Node, type Pair } from 'yaml';
import { nearest } from '../kernel/nearest.js';
import type { JsonSchema } from './json-schema.js';
import type { Position } from './problem.js';
import { keyText, type Reader } from './reader.js';
import { mapped, type Shape } from './shape.js';

export interface Field<T> {
  shape: Shape<T>;
  about: string;
  required: boolean;
  /** What a file that leaves the field out means, as a file would say it. */
  byDefault?: unknown;
}

/** A field that always has a value: it must be there, or has a default. */
export interface SureField<T> extends Field<T> {
  sure: true;
}

/** A field that may be left out, which then means `byDefault`, as a file would say it; `about` is what editors show. */
export function field<T>(shape: Shape<T>, about: string): Field<T>;
export function field<T>(shape: Shape<T>, about: string, byDefault: unknown): SureField<T>;
export function field<T>(shape: Shape<T>, about: string, byDefault?: unknown): Field<T> {
  return { shape, about, required: false, byDefault };
}

/** A field that must be there. */
export function needed<T>(shape: Shape<T>, about: string): SureField<T> {
  return { shape, about, required: true, sure: true };
}

// biome-ignore lint/suspicious/noExplicitAny: the fields of one object have different types, which Infer recovers
export type Fields = Record<string, Field<any>>;
type SureNames<F extends Fields> = { [K in keyof F]: F[K] extends { sure: true } ? K : never }[keyof F];
type ValueOf<F> = F extends Field<infer T> ? T : never;

/** The values of an object's fields. */
export type FieldValues<F extends Fields> = { [K in SureNames<F>]: ValueOf<F[K]> } & {
  [K in Exclude<keyof F, SureNames<F>>]?: ValueOf<F[K]>;
};
/** The values of an object's fields, and where it stands. */
export type Infer<F extends Fields> = FieldValues<F> & { at: Position };

/** A mapping with known fields; an unknown one is reported with the nearest known word. `what` names it in messages. */
export function object<F extends Fields>(what: string, fields: F): Shape<Infer<F>> {
  const required = Object.keys(fields).filter((name) => fields[name]!.required);
  return {
    schema: {
      type: 'object',
      properties: propertiesOf(fields),
      ...(required.length > 0 ? { required } : {}),
      additionalProperties: false,
    },
    read(given, reader) {
      const node = reader.resolve(given);
      if (!isMap(node)) return reader.mismatch(given, `${what} as a mapping`);
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
      for (const [name, each] of Object.entries(fields)) {
        const pair = pairs.get(name);
        if (pair === undefined && each.byDefault === undefined) continue;
        const part = pair === undefined ? written(each.byDefault) : (pair.value as Node | null);
        const value: unknown = reader.inside(name, () => each.shape.read(part, reader));
        if (value === undefined) sound = false;
        else result[name] = value;
      }
      for (const name of required) {
        if (pairs.has(name)) continue;
        reader.problem(given, `${what} needs the field "${name}": ${fields[name]!.about}`);
        sound = false;
      }
      return sound ? (result as Infer<F>) : undefined;
    },
  };
}

/** As `object`, of which only the values are wanted. */
export function plainObject<F extends Fields>(what: string, fields: F): Shape<FieldValues<F>> {
  return mapped(object(what, fields), ({ at: _, ...values }) => values as unknown as FieldValues<F>);
}

/** The key of a field of a mapping, for a problem with what stands there; the mapping where the field is not there. */
export function keyOf(node: Node, name: string, reader: Reader): Node {
  const map = reader.resolve(node);
  const pair = isMap(map) ? map.items.find(({ key }) => keyText(key) === name) : undefined;
  return (pair?.key as Node | undefined) ?? node;
}

function propertiesOf(fields: Fields): Record<string, JsonSchema> {
  return Object.fromEntries(
    Object.entries(fields).map(([name, { shape, about, byDefault }]) => [
      name,
      { description: about, ...(byDefault === undefined ? {} : { default: byDefault }), ...shape.schema },
    ]),
  );
}

function written(value: unknown): Node | null {
  return new Document(value).contents as Node | null;
}

function unknownField(name: string, what: string, known: string[]): string {
  const near = nearest(name, known);
  const advice = near === undefined ? `Known: ${known.join(', ')}` : `Did you mean "${near}"?`;
  return `unknown field "${name}" in ${what}. ${advice}`;
}
