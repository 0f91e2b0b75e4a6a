import { Given } from '../draft/given.js';
import { isJson, type Json, type Reading, resolved } from './openapi-reading.js';

/** A schema may have this many parts once its references are written out; what lies deeper allows anything. */
const maxParts = 50;
/** How deep parts may lie within each other: as deep as fits, tried in this order. */
const depths = [3, 6, 9, 12, 24];

/** In a request readOnly members are not sent, in a response writeOnly ones do not come (OpenAPI 3, Schema Object). */
export type Direction = 'request' | 'response';

const schemaMaps = ['properties', 'patternProperties', 'dependentSchemas', '$defs'];
const schemaLists = ['allOf', 'anyOf', 'oneOf', 'prefixItems'];
const schemas = ['items', 'contains', 'additionalProperties', 'propertyNames', 'not', 'if', 'then', 'else'];
const plain = new Set(
  'type enum const format pattern minLength maxLength minimum maximum exclusiveMinimum exclusiveMaximum multipleOf minItems maxItems uniqueItems minContains maxContains required minProperties maxProperties dependentRequired'.split(
    ' ',
  ),
);

/** A schema that stands by itself, in the terms of JSON Schema 2020-12. */
export interface Inlined {
  schema: unknown;
  /** Parts were left out: it allows more than the document says. */
  cut: boolean;
}

/**
 * Writes out a schema's references, without annotations. Where it contains itself, or grows too large, anything is allowed;
 * a keyword that would then refuse what is right (`oneOf`, `not`, ...) becomes one that does not.
 */
export function inlined(given: Given, reading: Pick<Reading, 'root'>, direction: Direction): Inlined {
  let best: Inlined | undefined;
  for (const depth of depths) {
    const left = { parts: maxParts };
    const tried = inline(given, { reading, direction, left, depth }, []);
    if (best !== undefined && left.parts <= 0) break;
    best = tried;
    if (!tried.cut) break;
  }
  return best!;
}

interface Inlining {
  reading: Pick<Reading, 'root'>;
  direction: Direction;
  left: { parts: number };
  depth: number;
}

function inline(given: Given, inlining: Inlining, open: readonly unknown[]): Inlined {
  if (typeof given.value === 'boolean') return { schema: given.value, cut: false };
  const target = resolved(given, inlining.reading);
  const whole = { schema: {}, cut: true };
  if (target === undefined || open.includes(target.value) || open.length >= inlining.depth) return whole;
  if (inlining.left.parts <= 0) return whole;
  inlining.left.parts -= 1 + listed(target) / 10;
  if (typeof target.value === 'boolean') return { schema: target.value, cut: false };
  if (!target.isObject()) return whole;
  const inner = [...open, target.value];
  const schema: Json = {};
  const cuts = new Set<string>();
  const one = (key: string, each: Given): unknown => {
    const part = inline(each, inlining, inner);
    if (part.cut) cuts.add(key);
    return part.schema;
  };
  const siblings = given === target ? [] : siblingsOf(given);
  for (const [key, each] of [...target.members(), ...siblings]) {
    if (key === 'pattern' && !isPattern(each.value)) continue;
    if (plain.has(key)) schema[key] = each.value;
    else if (schemaMaps.includes(key))
      schema[key] = Object.fromEntries(
        each
          .members()
          .filter(([name]) => key !== 'patternProperties' || isPattern(name))
          .map(([name, member]) => [name, one(key, member)]),
      );
    else if (schemaLists.includes(key)) schema[key] = each.items().map((item) => one(key, item));
    // Before 2020-12 a list of items meant what prefixItems means.
    else if (key === 'items' && Array.isArray(each.value))
      schema.prefixItems = each.items().map((item) => one(key, item));
    else if (schemas.includes(key)) schema[key] = one(key, each);
    else if (key.startsWith('unevaluated')) schema[key] = each.value;
  }
  withoutHidden(target, schema, inlining);
  return { schema: modern(looser(schema, cuts), target), cut: cuts.size > 0 };
}

/** Documents hold patterns of other languages, too: nothing can be checked by those. */
function isPattern(pattern: unknown): boolean {
  try {
    return new RegExp(String(pattern), 'u') instanceof RegExp;
  } catch {
    return false;
  }
}

/** How many values a schema lists: a long list is as much to read as members are. */
function listed(schema: Given): number {
  const { value } = schema.at('enum');
  return Array.isArray(value) ? value.length : 0;
}

/** Members beside a $ref count in 3.1; those of 3.0 that say nothing new are harmless. */
function siblingsOf(given: Given): [string, Given][] {
  return given.members().filter(([key]) => plain.has(key));
}

/** Members that this direction does not carry need not be there. */
function withoutHidden(target: Given, schema: Json, { reading, direction }: Inlining): void {
  const { required } = schema;
  if (!Array.isArray(required)) return;
  const hidden = (name: unknown) =>
    typeof name === 'string' && isHidden(target.at('properties').at(name), reading, direction);
  const left = required.filter((name) => !hidden(name));
  if (left.length > 0) schema.required = left;
  else delete schema.required;
}

/** Whether a member does not travel in this direction. */
export function isHidden(member: Given, reading: Pick<Reading, 'root'>, direction: Direction): boolean {
  if (member.absent) return false;
  const word = direction === 'request' ? 'readOnly' : 'writeOnly';
  if (member.at(word).value === true) return true;
  return isJson(member.value) && resolved(new Given(member.value, member.path), reading)?.at(word).value === true;
}

/** A part that allows anything makes these stricter, not looser: another keyword, or none. */
function looser(schema: Json, cuts: ReadonlySet<string>): Json {
  if (cuts.size === 0) return schema;
  const { oneOf, ...rest } = schema;
  const loose: Json = { ...rest };
  if (cuts.has('oneOf')) {
    if (loose.anyOf === undefined) loose.anyOf = oneOf;
  } else if (oneOf !== undefined) loose.oneOf = oneOf;
  if (cuts.has('not')) delete loose.not;
  if (cuts.has('if')) for (const key of ['if', 'then', 'else']) delete loose[key];
  if (cuts.has('contains')) delete loose.maxContains;
  for (const key of ['unevaluatedProperties', 'unevaluatedItems']) delete loose[key];
  return loose;
}

/** OpenAPI 3.0 has two words of its own: `nullable`, and exclusive bounds that are true or false. */
function modern(schema: Json, given: Given): unknown {
  const { exclusiveMinimum, exclusiveMaximum, minimum, maximum, ...rest } = schema;
  const bounded = {
    ...rest,
    ...bounds('minimum', 'exclusiveMinimum', minimum, exclusiveMinimum),
    ...bounds('maximum', 'exclusiveMaximum', maximum, exclusiveMaximum),
  };
  return given.at('nullable').value === true ? orNull(bounded) : bounded;
}

/** 3.0.3 lets `nullable` count beside `type` alone, and beside `enum` only where that has null; documents mean null by it. */
function orNull(schema: Json): unknown {
  const { type, enum: values } = schema;
  const combined = ['allOf', 'anyOf', 'oneOf', 'not', 'const'].some((key) => schema[key] !== undefined);
  if (combined) return { anyOf: [schema, { type: 'null' }] };
  return {
    ...schema,
    ...(type === undefined ? {} : { type: [...new Set([type].flat().concat('null'))] }),
    ...(Array.isArray(values) && !values.includes(null) ? { enum: [...values, null] } : {}),
  };
}

function bounds(inclusive: string, exclusive: string, bound: unknown, strict: unknown): Json {
  if (strict === true) return bound === undefined ? {} : { [exclusive]: bound };
  return {
    ...(bound === undefined ? {} : { [inclusive]: bound }),
    ...(strict === undefined || strict === false ? {} : { [exclusive]: strict }),
  };
}
