import { isDeepStrictEqual } from 'node:util';
import { patternOf } from '../../kernel/pattern.js';
import type { Expectation, Operator } from '../scenario.js';

/** Why a value does not satisfy an operator, in the words of the report. */
export interface Mismatch {
  expected: string;
  actual: string;
  /** Both values, where a difference by path says more than the words. */
  values?: { expected: unknown; actual: unknown };
}

/** A value that is not there, as opposed to null. */
export const absent = Symbol('absent');

/** The first operator that `actual` does not satisfy, or undefined. `loose`: texts such as header values equal numbers written alike. */
export function mismatchOf(
  actual: unknown,
  expectation: Expectation,
  expand: (value: unknown) => unknown,
  loose = false,
): Mismatch | undefined {
  for (const { op, value } of expectation) {
    const nested = op === 'length' || op === 'each' || op === 'includes';
    const expected = nested ? value : expand(value);
    const wrong = nested
      ? nestedMismatch(op, actual, value as Expectation, expand)
      : plain(op, actual, expected, loose);
    if (wrong !== undefined) return wrong;
  }
  return undefined;
}

function plain(op: Operator, actual: unknown, expected: unknown, loose: boolean): Mismatch | undefined {
  if (op === 'exists') {
    if ((actual !== absent) === expected) return undefined;
    return { expected: expected === true ? 'a value' : 'no value', actual: show(actual) };
  }
  if (actual === absent && op !== 'not' && op !== 'excludes')
    return { expected: phrase(op, expected), actual: 'nothing' };
  if (holds(op, actual, expected, loose)) return undefined;
  const both = op === 'equals' && isObject(actual) && isObject(expected);
  return {
    expected: phrase(op, expected),
    actual: show(actual),
    ...(both ? { values: { expected, actual } } : {}),
  };
}

function holds(op: Operator, actual: unknown, expected: unknown, loose: boolean): boolean {
  switch (op) {
    case 'equals':
      return same(actual, expected, loose);
    case 'not':
      return !same(actual, expected, loose);
    case 'type':
      return typeOf(actual, expected);
    case 'contains':
      return contains(actual, expected);
    case 'excludes':
      return actual === absent || !contains(actual, expected);
    case 'startsWith':
      return String(actual).startsWith(String(expected));
    case 'endsWith':
      return String(actual).endsWith(String(expected));
    case 'matches':
      return patternOf(String(expected), 'u').test(String(actual));
    case 'above':
      return numeric(actual) > numeric(expected);
    case 'atLeast':
      return numeric(actual) >= numeric(expected);
    case 'below':
      return numeric(actual) < numeric(expected);
    case 'atMost':
      return numeric(actual) <= numeric(expected);
    case 'in':
      return Array.isArray(expected) && expected.some((item) => same(actual, item, loose));
    case 'unordered':
      return Array.isArray(expected) && Array.isArray(actual) && sameItems(actual, expected);
    case 'class':
      return String(actual)[0] === String(expected)[0];
    default:
      return false;
  }
}

function same(actual: unknown, expected: unknown, loose: boolean): boolean {
  if (loose && typeof actual === 'string' && !isObject(expected)) return actual === String(expected);
  return isDeepStrictEqual(actual, expected);
}

function typeOf(actual: unknown, expected: unknown): boolean {
  if (expected === 'null') return actual === null;
  if (expected === 'array') return Array.isArray(actual);
  if (expected === 'object') return isObject(actual) && !Array.isArray(actual);
  if (expected === 'integer') return Number.isInteger(actual);
  return typeof actual === expected;
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

function nestedMismatch(
  op: Operator,
  actual: unknown,
  inner: Expectation,
  expand: (value: unknown) => unknown,
): Mismatch | undefined {
  if (op === 'length') {
    const length = lengthOf(actual);
    if (length === undefined) return { expected: 'a text, list or object with a length', actual: show(actual) };
    const wrong = mismatchOf(length, inner, expand);
    return wrong && { expected: `length ${wrong.expected}`, actual: `length ${wrong.actual}: ${show(actual)}` };
  }
  if (!Array.isArray(actual)) return { expected: 'a list', actual: show(actual) };
  const outcomes = actual.map((item) => mismatchOf(item, inner, expand));
  if (op === 'includes') {
    if (outcomes.includes(undefined)) return undefined;
    const wanted = inner.map((part) => phrase(part.op, part.value)).join(' and ');
    return { expected: `an item that is ${wanted}`, actual: show(actual) };
  }
  const index = outcomes.findIndex((outcome) => outcome !== undefined);
  if (index < 0) return undefined;
  return { expected: `every item ${outcomes[index]!.expected}`, actual: `item ${index} is ${outcomes[index]!.actual}` };
}

function lengthOf(value: unknown): number | undefined {
  if (typeof value === 'string' || Array.isArray(value)) return value.length;
  return isObject(value) ? Object.keys(value).length : undefined;
}

function isObject(value: unknown): value is object {
  return value !== null && typeof value === 'object';
}

const verbs: Partial<Record<Operator, string>> = {
  not: 'anything but',
  type: 'type',
  contains: 'to contain',
  excludes: 'not to contain',
  startsWith: 'to start with',
  endsWith: 'to end with',
  matches: 'to match',
  above: 'above',
  atLeast: 'at least',
  below: 'below',
  atMost: 'at most',
  in: 'one of',
  unordered: 'in any order',
};

function phrase(op: Operator, expected: unknown): string {
  const verb = verbs[op];
  return verb === undefined ? show(expected) : `${verb} ${show(expected)}`;
}

/** A value in a message: JSON, cut at 200 characters. */
export function show(value: unknown): string {
  if (value === absent || value === undefined) return 'nothing';
  const text = typeof value === 'bigint' ? String(value) : (JSON.stringify(value) ?? String(value));
  return text.length > 200 ? `${text.slice(0, 199)}…` : text;
}
