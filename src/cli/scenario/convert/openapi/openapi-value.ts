import { createContext, runInContext } from 'node:vm';
import type { Given } from '../draft/given.js';
import { literalValue } from '../draft/literal.js';
import { isJson, type Json, type Reading, resolved } from './openapi-reading.js';
import { type Direction, inlined, isHidden } from './openapi-schema.js';

/** A value for a schema, as a template; `problem` where none satisfies it. */
export interface Generated {
  value: unknown;
  problem?: string;
}

const room: { work?: () => unknown } = createContext({});

type Faker = typeof import('json-schema-faker').generateSync;
/** What is wrong with a value. */
type Judge = (value: unknown) => string | undefined;
type Check = (schema: unknown) => Judge;

/** How often a value is tried for: each time other branches are taken and other random values. */
const maxTries = 6;
/** Milliseconds for one try, patterns of the document included. */
const maxTryMs = 2_000;
const maxDepth = 24;
/** Parts of one value. */
const maxParts = 300;
const maxItems = 20;
const maxText = 2_000;

/** What stands in a value until it is written: generators of the format, and what they may give. */
const templates: Record<string, string> = {
  '{{$uuid}}': '3fa85f64-5717-4562-b3fc-2c963f66afa6',
  '{{$email}}': 'word.abcdefgh@example.com',
  '{{$word}}': 'word',
};

/** json-schema-faker generates and ajv judges: a value satisfies its schema, or it is said that none was found. */
export class Values {
  readonly #made = new Map<unknown, Generated>();

  private constructor(
    private readonly reading: Reading,
    private readonly fake: Faker,
    private readonly check: Check,
  ) {}

  static async open(reading: Reading): Promise<Values> {
    const [
      { generateSync },
      {
        default: { Ajv2020 },
      },
    ] = await Promise.all([import('json-schema-faker'), import('ajv/dist/2020.js')]);
    const ajv = new Ajv2020({
      strict: false,
      validateFormats: false,
      multipleOfPrecision: 6,
      addUsedSchema: false,
      code: { optimize: false },
    });
    const check: Check = (schema) => {
      const validate = ajv.compile(schema as object);
      ajv.removeSchema(schema as object);
      return (value) => (validate(value) ? undefined : ajv.errorsText(validate.errors, { dataVar: 'the value' }));
    };
    return new Values(reading, generateSync, check);
  }

  /** A value for a schema: what it gives as an example, else one made of it. The same schema gets the same value. */
  of(schema: Given, direction: Direction = 'request'): Generated {
    const target = resolved(schema, this.reading)?.value;
    const known = this.#made.get(target);
    if (known !== undefined) return known;
    const made = this.#make(schema, direction);
    this.#made.set(target, made);
    return made;
  }

  #make(schema: Given, direction: Direction): Generated {
    let problem = 'it contains itself without an end';
    const whole = inlined(schema, this.reading, direction).schema;
    let judge: Judge | undefined;
    for (let attempt = 0; attempt < maxTries; attempt++) {
      const wanted = new Wish(this.reading, direction, attempt).of(schema, []);
      if (wanted === undefined) continue;
      try {
        const value = within(whole, () => {
          judge ??= this.check(whole);
          const made = this.fake(wanted as Parameters<Faker>[0], { ...options, seed: attempt + 1 });
          const wrong = judge(sampled(made));
          return wrong === undefined ? { made } : { wrong };
        });
        if ('made' in value) return { value: written(value.made) };
        problem = value.wrong;
      } catch (error) {
        problem = (error as Error).message;
      }
    }
    return { value: undefined, problem };
  }

  /** What is wrong with a value that the document gives; undefined where nothing is. */
  problemOf(value: unknown, schema: Given, direction: Direction = 'request'): string | undefined {
    const whole = inlined(schema, this.reading, direction).schema;
    try {
      return within(whole, () => this.check(whole)(value));
    } catch {
      return undefined;
    }
  }
}

/** Runs what works on a stranger's schema: where that has a pattern, it ends after `maxTryMs`, a match included. */
function within<T>(schema: unknown, work: () => T): T {
  if (!/"pattern(Properties)?":/.test(JSON.stringify(schema))) return work();
  room.work = work;
  return runInContext('work()', room, { timeout: maxTryMs }) as T;
}

const formats: Record<string, () => string> = {
  date: () => '2024-05-17',
  'date-time': () => '2024-05-17T12:30:00Z',
  time: () => '12:30:00Z',
  byte: () => 'aGVsbG8=',
  binary: () => 'hello',
  uri: () => 'https://example.com/a',
  url: () => 'https://example.com/a',
  'uri-reference': () => '/a',
  hostname: () => 'example.com',
  ipv4: () => '192.0.2.1',
  ipv6: () => '2001:db8::1',
};

const options = { alwaysFakeOptionals: true, maxDepth: 100, maxDefaultItems: 1, formats };

/** With what the generators may give in their place. */
function sampled(value: unknown): unknown {
  if (typeof value === 'string') return templates[value] ?? value;
  if (Array.isArray(value)) return value.map(sampled);
  return isJson(value) ? Object.fromEntries(Object.entries(value).map(([key, each]) => [key, sampled(each)])) : value;
}

/** For the file: what looks like a template and is none becomes text. */
function written(value: unknown): unknown {
  if (typeof value === 'string') return Object.hasOwn(templates, value) ? value : literalValue(value);
  if (Array.isArray(value)) return value.map(written);
  if (!isJson(value)) return value;
  return Object.fromEntries(Object.entries(value).map(([key, each]) => [literalValue(key), written(each)]));
}

/**
 * What is asked of the generator: a schema that ends, of the members that are needed (all, where none is said to be), with
 * the document's own examples in their places. Each further attempt takes other branches; from the second on without examples.
 */
class Wish {
  #left = maxParts;

  constructor(
    private readonly reading: Reading,
    private readonly direction: Direction,
    private readonly attempt: number,
  ) {}

  /** undefined where nothing can be made of it in the bounds: a member that would repeat is left out. */
  of(given: Given, open: readonly unknown[]): unknown {
    const schema = resolved(given, this.reading);
    if (schema === undefined || schema.value === false || open.length > maxDepth || this.#left-- <= 0) return undefined;
    if (schema.value === true || schema.absent || !isJson(schema.value)) return { const: '{{$word}}' };
    if (open.includes(schema.value)) return undefined;
    const stated = this.#stated(schema);
    if (stated !== undefined) return { const: stated.value };
    const inner = [...open, schema.value];
    const base = this.#base(schema, inner);
    if (base === undefined) return undefined;
    return this.#combined(schema, base, inner);
  }

  #stated(schema: Given): { value: unknown } | undefined {
    if (schema.at('const').value !== undefined) return { value: schema.at('const').value };
    const values = schema.at('enum').value;
    if (Array.isArray(values) && values.length > 0) return { value: values[this.attempt % values.length] };
    if (this.attempt > 0) return undefined;
    const examples = schema.at('examples').value;
    const given = [
      schema.at('example').value,
      Array.isArray(examples) ? examples[0] : undefined,
      schema.at('default').value,
    ];
    const found = given.find((value) => value !== undefined && value !== null);
    return found === undefined ? undefined : { value: found };
  }

  /** What the schema itself says, without its combinations. */
  #base(schema: Given, open: readonly unknown[]): Json | undefined {
    const type = typeOf(schema, this.attempt);
    switch (type) {
      case 'null':
        return { const: null };
      case 'boolean':
        return { const: true };
      case 'integer':
      case 'number':
        return numeric(schema, type, this.attempt);
      case 'string':
        return textual(schema, this.attempt);
      case 'array':
        return this.#array(schema, open);
      case 'object':
        return this.#object(schema, open);
      default:
        return {};
    }
  }

  #array(schema: Given, open: readonly unknown[]): Json | undefined {
    const least = Number(schema.at('minItems').value ?? 0);
    if (least > maxItems) return undefined;
    const { uniqueItems, maxItems: most } = schema.value as Json;
    const prefix = schema.at('prefixItems').value === undefined ? [] : schema.at('prefixItems').items();
    const fixed = prefix.map((item) => this.of(item, open));
    if (fixed.includes(undefined)) return undefined;
    const item = schema.at('items').value === undefined ? { const: '{{$word}}' } : this.of(schema.at('items'), open);
    const contains = schema.at('contains').value === undefined ? undefined : this.of(schema.at('contains'), open);
    const none = item === undefined || most === 0;
    if (none && least > fixed.length) return undefined;
    const count = none ? fixed.length : Math.max(least, fixed.length, 1);
    // Equal examples are not unique: then values are made.
    const varied =
      uniqueItems === true && count > 1 && this.attempt === 0
        ? new Wish(this.reading, this.direction, 1).of(schema.at('items'), open)
        : item;
    return {
      type: 'array',
      minItems: count,
      maxItems: count,
      ...(fixed.length > 0 ? { prefixItems: fixed } : {}),
      ...(none ? {} : { items: varied }),
      ...(contains === undefined ? {} : { contains }),
      ...(uniqueItems === true ? { uniqueItems } : {}),
    };
  }

  #object(schema: Given, open: readonly unknown[]): Json | undefined {
    const named = schema.at('required').value;
    const required = Array.isArray(named) ? named.filter((name): name is string => typeof name === 'string') : [];
    const { minProperties = 0, patternProperties, propertyNames, dependentRequired } = schema.value as Json;
    const properties: Json = {};
    const needed: string[] = [];
    const members = schema.at('properties').value === undefined ? [] : schema.at('properties').members();
    const all = required.length === 0 || required.length < Number(minProperties);
    for (const [name, member] of members) {
      const needs = required.includes(name);
      if (isHidden(member, this.reading, this.direction) || !(needs || all)) continue;
      const wish = this.of(member, open);
      if (wish === undefined && needs) return undefined;
      if (wish === undefined) continue;
      properties[name] = wish;
      needed.push(name);
    }
    const known = new Set(members.map(([name]) => name));
    const more = schema.at('additionalProperties');
    const extra = more.value === undefined || more.value === false ? undefined : this.of(more, open);
    for (const name of required)
      if (!known.has(name)) {
        properties[name] = extra ?? { const: '{{$word}}' };
        needed.push(name);
      }
    return {
      type: 'object',
      properties,
      required: needed,
      ...(Number(minProperties) > needed.length
        ? { minProperties, additionalProperties: extra ?? more.value !== false, patternProperties, propertyNames }
        : { additionalProperties: false }),
      ...(dependentRequired === undefined ? {} : { dependentRequired }),
    };
  }

  /** With one branch of each choice, and all of `allOf`. */
  #combined(schema: Given, base: Json, open: readonly unknown[]): unknown {
    const parts: unknown[] = [];
    for (const part of schema.at('allOf').value === undefined ? [] : schema.at('allOf').items()) {
      const wish = this.of(part, open);
      if (wish === undefined) return undefined;
      parts.push(wish);
    }
    for (const key of ['anyOf', 'oneOf']) {
      const branches = schema.at(key).value === undefined ? [] : schema.at(key).items();
      if (branches.length === 0) continue;
      const chosen = this.#branch(branches, schema, open);
      if (chosen === undefined) return undefined;
      parts.push(chosen);
    }
    if (schema.at('discriminator').value !== undefined && !parts.some((part) => isJson(part) && part.discriminated))
      name(base, schema.at('discriminator'), nameOf(schema));
    if (parts.length === 0) return base;
    const whole = Object.keys(base).length === 0 ? parts : [base, ...parts];
    return whole.reduce((sum, part) => merged(sum, part));
  }

  #branch(branches: readonly Given[], schema: Given, open: readonly unknown[]): unknown {
    for (let i = 0; i < branches.length; i++) {
      const branch = branches[(i + this.attempt) % branches.length]!;
      const wish = this.of(branch, open);
      if (wish === undefined) continue;
      const discriminator = schema.at('discriminator');
      if (discriminator.value === undefined || !isJson(wish)) return wish;
      const target = resolved(branch, this.reading);
      const reference = branch.at('$ref').value;
      const [mapped] =
        Object.entries((discriminator.at('mapping').value ?? {}) as Json).find(
          ([, to]) => to === reference || to === target?.path.at(-1),
        ) ?? [];
      name(wish, discriminator, mapped ?? nameOf(target));
      return { ...wish, discriminated: true };
    }
    return undefined;
  }
}

/** The name of a schema among the document's components. */
function nameOf(schema: Given | undefined): string | undefined {
  const [first, second, name] = schema?.path ?? [];
  return first === 'components' && second === 'schemas' ? String(name) : undefined;
}

/** Says in the member that tells schemas apart which one it is; one that says so itself is left. */
function name(wish: Json, discriminator: Given, value: string | undefined): void {
  const key = discriminator.at('propertyName').value;
  if (typeof key !== 'string' || value === undefined || wish.type !== 'object') return;
  const properties = wish.properties as Json;
  const said = properties[key];
  if (isJson(said) && said.const !== undefined && said.const !== '{{$word}}') return;
  properties[key] = { const: value };
  wish.required = [...new Set([...(wish.required as string[]), key])];
}

/** Both wishes in one where both are objects; else the generator has to make one of two. */
function merged(one: unknown, other: unknown): unknown {
  if (!isJson(one) || !isJson(other)) return other;
  if (Object.keys(one).length === 0) return other;
  if (Object.keys(other).length === 0) return one;
  if (isJson(one.const) && isJson(other.const)) return { const: { ...one.const, ...other.const } };
  if (one.type !== 'object' || other.type !== 'object') return { allOf: [one, other] };
  return {
    ...one,
    ...other,
    properties: mergedMembers(one.properties as Json, other.properties as Json),
    required: [...new Set([...(one.required as string[]), ...(other.required as string[])])],
    additionalProperties: one.additionalProperties === false ? other.additionalProperties : one.additionalProperties,
  };
}

function mergedMembers(one: Json, other: Json): Json {
  const all: Json = { ...one };
  for (const [key, wish] of Object.entries(other)) all[key] = key in one ? merged(one[key], wish) : wish;
  return all;
}

const typeWords: [type: string, keys: string[]][] = [
  ['object', ['properties', 'required', 'additionalProperties', 'minProperties', 'patternProperties']],
  ['array', ['items', 'minItems', 'prefixItems', 'uniqueItems']],
  ['string', ['pattern', 'minLength', 'maxLength', 'format']],
  ['number', ['minimum', 'maximum', 'exclusiveMinimum', 'exclusiveMaximum', 'multipleOf']],
];

/** The type said, or the one whose words are used. Of several, null comes last. */
function typeOf(schema: Given, attempt: number): unknown {
  const { type } = schema.value as Json;
  if (Array.isArray(type)) {
    const others = type.filter((each) => each !== 'null');
    return others.length === 0 ? type[0] : others[attempt % others.length];
  }
  if (type !== undefined) return type;
  return typeWords.find(([, keys]) => keys.some((key) => (schema.value as Json)[key] !== undefined))?.[0];
}

function numeric(schema: Given, type: string, attempt: number): Json {
  const number = (key: string) => {
    const { value } = schema.at(key);
    return typeof value === 'number' ? value : undefined;
  };
  const strict = (key: string) => schema.at(key).value === true;
  const step = number('multipleOf') ?? (type === 'integer' ? 1 : undefined);
  const whole = type === 'integer' || step !== undefined;
  let low = number('exclusiveMinimum') ?? number('minimum');
  let high = number('exclusiveMaximum') ?? number('maximum');
  const gap = step ?? (low !== undefined && high !== undefined ? (high - low) / 4 : 0.5);
  if (low !== undefined && (number('exclusiveMinimum') !== undefined || strict('exclusiveMinimum')))
    low += whole ? Number.EPSILON + gap / 2 : gap;
  if (high !== undefined && (number('exclusiveMaximum') !== undefined || strict('exclusiveMaximum')))
    high -= whole ? gap / 2 : gap;
  let value = 1 + attempt;
  if (low !== undefined) value = Math.max(value, low);
  if (high !== undefined) value = Math.min(value, high);
  if (step !== undefined && step > 0) {
    const up = Number((Math.ceil(value / step - 1e-9) * step).toPrecision(15));
    value = high !== undefined && up > high ? Number((Math.floor(high / step + 1e-9) * step).toPrecision(15)) : up;
  }
  return { const: value };
}

function textual(schema: Given, attempt: number): Json | undefined {
  const {
    format,
    pattern,
    minLength = 0,
    maxLength = 1_000,
  } = schema.value as { format?: unknown; pattern?: unknown; minLength?: number; maxLength?: number };
  if (minLength > maxText) return undefined;
  const roomy = pattern === undefined && minLength <= 4 && maxLength >= 12;
  if (roomy && format === undefined && attempt === 0) return { const: '{{$word}}' };
  if (pattern === undefined && maxLength >= 36 && minLength <= 20) {
    if (format === 'uuid') return { const: '{{$uuid}}' };
    if (format === 'email') return { const: '{{$email}}' };
  }
  const known = typeof format === 'string' && format in formats && pattern === undefined;
  return {
    type: 'string',
    ...(known
      ? { format }
      : {
          minLength: Math.max(minLength, Math.min(1, maxLength)),
          maxLength: Math.min(maxLength, Math.max(minLength, 20)),
        }),
    ...(typeof pattern === 'string' ? { pattern } : {}),
  };
}
