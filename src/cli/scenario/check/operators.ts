import { isDeepStrictEqual } from 'node:util';
import { patternOf, patternProblem } from '../../kernel/pattern.js';
import type { Operator } from '../scenario.js';
import { absent, show } from './value-text.js';

/** Why a value does not satisfy an operator, in the words of the report. */
export interface Mismatch {
  expected: string;
  actual: string;
  /** Both values, where a difference by path says more than the words. */
  values?: { expected: unknown; actual: unknown };
}

/** All that there is to an operator. */
export type OperatorRule = ValueRule | NestedRule;

interface Rule {
  /** What it means, for the schema and the list of what is known; undefined: nobody writes it. */
  about: string | undefined;
}

/** An operator that holds a value against another. */
export interface ValueRule extends Rule {
  takes: 'value';
  /** What is wrong with a value that has no template in it. */
  problem?(value: unknown): string | undefined;
  /** Whether it may hold of what is not there; else that is always a mismatch. */
  ofNothing?: true;
  /** Whether a mismatch of objects is told by the paths that differ. */
  byPath?: true;
  /** What is expected, as `expected ...` goes on. */
  phrase(expected: unknown): string;
  /** `loose`: texts such as header values equal numbers written alike. */
  holds(actual: unknown, expected: unknown, loose: boolean): boolean;
  /** Whether its script depends on the value itself, so that a variable there is a loss. */
  literal?: true;
  /** In JavaScript, with the functions of script-js.ts. */
  js(parts: ScriptParts): string;
}

/** Expressions of a script, and the value as the scenario has it. */
interface ScriptParts {
  actual: string;
  expected: string;
  value: unknown;
  loose: boolean;
}

/** An operator that takes operators. */
interface NestedRule extends Rule {
  takes: 'operators';
  /** `inner` says how a value fails them; `wanted` are they in words. */
  mismatch(
    actual: unknown,
    inner: (value: unknown) => Mismatch | undefined,
    wanted: () => string,
  ): Mismatch | undefined;
  /** What in a script is held against them, and what becomes of their expressions joined by `and`. */
  js: { subject(actual: string): string; whole(actual: string, inner: string): string };
}

const types = new Map<string, { is(value: unknown): boolean; js(value: string): string }>(
  Object.entries({
    string: primitive('string'),
    number: primitive('number'),
    integer: { is: Number.isInteger, js: (value) => `Number.isInteger(${value})` },
    boolean: primitive('boolean'),
    object: {
      is: (value) => isObject(value) && !Array.isArray(value),
      js: (value) => `${value} !== null && typeof ${value} === "object" && !Array.isArray(${value})`,
    },
    array: { is: Array.isArray, js: (value) => `Array.isArray(${value})` },
    null: { is: (value) => value === null, js: (value) => `(${value}) === null` },
  }),
);

function primitive(name: string) {
  return {
    is: (value: unknown) => typeof value === name,
    js: (value: string) => `typeof (${value}) === ${JSON.stringify(name)}`,
  };
}

/** Every operator; the order is the one shown to users. */
export const operators: Readonly<Record<Operator, OperatorRule>> = {
  equals: {
    about: 'the same value; objects by their members, whatever their order',
    takes: 'value',
    byPath: true,
    phrase: show,
    holds: same,
    js: sameJs,
  },
  not: {
    about: 'another value',
    takes: 'value',
    ofNothing: true,
    phrase: verb('anything but'),
    holds: (actual, expected, loose) => !same(actual, expected, loose),
    js: (parts) => `!(${sameJs(parts)})`,
  },
  exists: {
    about: 'true: there is a value (null included); false: there is none',
    takes: 'value',
    problem: (value) => (typeof value === 'boolean' ? undefined : 'exists takes true or false'),
    ofNothing: true,
    phrase: (expected) => (expected === true ? 'a value' : 'no value'),
    holds: (actual, expected) => (actual !== absent) === expected,
    literal: true,
    js: ({ actual, value }) => `(${actual}) ${value === true ? '!==' : '==='} undefined`,
  },
  type: {
    about: 'string, number, integer, boolean, object, array or null',
    takes: 'value',
    problem: (value) => (types.has(String(value)) ? undefined : `type takes one of ${[...types.keys()].join(', ')}`),
    phrase: verb('type'),
    holds: (actual, expected) => types.get(String(expected))?.is(actual) === true,
    literal: true,
    js: ({ actual, value }) => types.get(String(value))!.js(actual),
  },
  contains: {
    about: 'text: this part is in it; list: this item is in it; object: has these members',
    takes: 'value',
    phrase: verb('to contain'),
    holds: contains,
    js: ({ actual, expected }) => `has(${actual}, ${expected})`,
  },
  excludes: {
    about: 'the opposite of contains',
    takes: 'value',
    ofNothing: true,
    phrase: verb('not to contain'),
    holds: (actual, expected) => actual === absent || !contains(actual, expected),
    js: ({ actual, expected }) => `!has(${actual}, ${expected})`,
  },
  startsWith: {
    about: 'text that begins with this',
    takes: 'value',
    phrase: verb('to start with'),
    holds: (actual, expected) => String(actual).startsWith(String(expected)),
    js: ({ actual, expected }) => `(${actual}) !== undefined && String(${actual}).startsWith(${expected})`,
  },
  endsWith: {
    about: 'text that ends with this',
    takes: 'value',
    phrase: verb('to end with'),
    holds: (actual, expected) => String(actual).endsWith(String(expected)),
    js: ({ actual, expected }) => `(${actual}) !== undefined && String(${actual}).endsWith(${expected})`,
  },
  matches: {
    about: 'text that matches this regular expression',
    takes: 'value',
    problem: (value) => patternProblem(String(value)),
    phrase: verb('to match'),
    holds: (actual, expected) => patternOf(String(expected), 'u').test(String(actual)),
    js: ({ actual, expected }) => `(${actual}) !== undefined && new RegExp(${expected}, "u").test(String(${actual}))`,
  },
  above: comparison('above', 'above', 'a number greater than this', '>', (a, b) => a > b),
  atLeast: comparison('atLeast', 'at least', 'a number greater than or equal to this', '>=', (a, b) => a >= b),
  below: comparison('below', 'below', 'a number less than this', '<', (a, b) => a < b),
  atMost: comparison('atMost', 'at most', 'a number less than or equal to this', '<=', (a, b) => a <= b),
  in: {
    about: 'one of this list',
    takes: 'value',
    problem: list('in'),
    phrase: verb('one of'),
    holds: (actual, expected, loose) => Array.isArray(expected) && expected.some((item) => same(actual, item, loose)),
    js: ({ actual, expected, loose }) =>
      `${expected}.some((v) => ${loose ? `String(v) === String(${actual})` : `same(v, ${actual})`})`,
  },
  length: {
    about: 'length of the text or list, or number of members: a number or operators',
    takes: 'operators',
    mismatch(actual, inner) {
      const length = lengthOf(actual);
      if (length === undefined) return { expected: 'a text, list or object with a length', actual: show(actual) };
      const wrong = inner(length);
      return wrong && { expected: `length ${wrong.expected}`, actual: `length ${wrong.actual}: ${show(actual)}` };
    },
    js: { subject: (actual) => `lengthOf(${actual})`, whole: (_, inner) => inner },
  },
  each: {
    about: 'every item of the list satisfies these operators',
    takes: 'operators',
    mismatch(actual, inner) {
      if (!Array.isArray(actual)) return { expected: 'a list', actual: show(actual) };
      for (const [index, item] of actual.entries()) {
        const wrong = inner(item);
        if (wrong !== undefined)
          return { expected: `every item ${wrong.expected}`, actual: `item ${index} is ${wrong.actual}` };
      }
      return undefined;
    },
    js: itemsJs('every'),
  },
  includes: {
    about: 'some item of the list satisfies these operators',
    takes: 'operators',
    mismatch(actual, inner, wanted) {
      if (!Array.isArray(actual)) return { expected: 'a list', actual: show(actual) };
      if (actual.some((item) => inner(item) === undefined)) return undefined;
      return { expected: `an item that is ${wanted()}`, actual: show(actual) };
    },
    js: itemsJs('some'),
  },
  unordered: {
    about: 'the same list, whatever its order',
    takes: 'value',
    problem: list('unordered'),
    phrase: verb('in any order'),
    holds: (actual, expected) => Array.isArray(expected) && Array.isArray(actual) && sameItems(actual, expected),
    js: ({ actual, expected }) =>
      `Array.isArray(${actual}) && same((${actual}).map((item) => JSON.stringify(sorted(item))).sort(), ${expected}.map((item) => JSON.stringify(sorted(item))).sort())`,
  },
  class: {
    about: undefined,
    takes: 'value',
    phrase: show,
    holds: (actual, expected) => String(actual)[0] === String(expected)[0],
    js: ({ actual, value }) => `String(${actual})[0] === ${JSON.stringify(String(value)[0])}`,
  },
};

/** The operators that a scenario may name, in the order shown to users, with what each means. */
export const operatorMeanings: ReadonlyMap<Operator, string> = new Map(
  (Object.keys(operators) as Operator[]).flatMap((name) => {
    const { about } = operators[name];
    return about === undefined ? [] : [[name, about] as const];
  }),
);

function verb(words: string): ValueRule['phrase'] {
  return (expected) => `${words} ${show(expected)}`;
}

function list(name: Operator): ValueRule['problem'] {
  return (value) => (Array.isArray(value) ? undefined : `${name} takes a list`);
}

function comparison(
  name: Operator,
  words: string,
  about: string,
  sign: string,
  holds: (a: number, b: number) => boolean,
): ValueRule {
  return {
    about,
    takes: 'value',
    problem: (value) => (typeof value === 'number' || durationLike(value) ? undefined : `${name} takes a number`),
    phrase: verb(words),
    holds: (actual, expected) => holds(numeric(actual), numeric(expected)),
    js: ({ actual, expected }) => `number(${actual}) ${sign} number(${expected})`,
  };
}

function durationLike(value: unknown): boolean {
  return typeof value === 'string' && /^[\d.]+(us|µs|ms|s|m|h)$/.test(value);
}

function itemsJs(method: 'every' | 'some'): NestedRule['js'] {
  return {
    subject: () => 'item',
    whole: (actual, inner) => `Array.isArray(${actual}) && (${actual}).${method}((item) => ${inner})`,
  };
}

function same(actual: unknown, expected: unknown, loose: boolean): boolean {
  if (loose && typeof actual === 'string' && !isObject(expected)) return actual === String(expected);
  return isDeepStrictEqual(actual, expected);
}

function sameJs({ actual, expected, loose }: ScriptParts): string {
  return loose ? `String(${actual}) === String(${expected})` : `same(${actual}, ${expected})`;
}

function contains(actual: unknown, expected: unknown): boolean {
  if (typeof actual === 'string') return actual.includes(String(expected));
  if (Array.isArray(actual)) return actual.some((item) => isDeepStrictEqual(item, expected));
  if (isObject(actual) && isObject(expected))
    return Object.entries(expected).every(
      ([key, value]) =>
        Object.hasOwn(actual, key) && isDeepStrictEqual((actual as Record<string, unknown>)[key], value),
    );
  return false;
}

function sameItems(actual: unknown[], expected: unknown[]): boolean {
  if (actual.length !== expected.length) return false;
  const left = [...actual];
  return expected.every((item) => {
    const at = left.findIndex((candidate) => isDeepStrictEqual(candidate, item));
    if (at >= 0) left.splice(at, 1);
    return at >= 0;
  });
}

/** Texts that are numbers count as numbers; anything else is NaN, with which every comparison fails. */
function numeric(value: unknown): number {
  if (typeof value === 'number') return value;
  return typeof value === 'string' && value.trim() !== '' ? Number(value) : Number.NaN;
}

function lengthOf(value: unknown): number | undefined {
  if (typeof value === 'string' || Array.isArray(value)) return value.length;
  return isObject(value) ? Object.keys(value).length : undefined;
}

function isObject(value: unknown): value is object {
  return value !== null && typeof value === 'object';
}
