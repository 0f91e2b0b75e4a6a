import type { Expectation } from '../scenario.js';
import { type Mismatch, operators, type ValueRule } from './operators.js';
import { absent, show } from './value-text.js';

/** The first operator that `actual` does not satisfy, or undefined. `loose`: texts such as header values equal numbers written alike. */
export function mismatchOf(
  actual: unknown,
  expectation: Expectation,
  expand: (value: unknown) => unknown,
  loose = false,
): Mismatch | undefined {
  for (const { op, value } of expectation) {
    const rule = operators[op];
    const wrong =
      rule.takes === 'value'
        ? valueMismatch(rule, actual, expand(value), loose)
        : rule.mismatch(
            actual,
            (part) => mismatchOf(part, value as Expectation, expand),
            () => phraseOf(value as Expectation),
          );
    if (wrong !== undefined) return wrong;
  }
  return undefined;
}

function valueMismatch(rule: ValueRule, actual: unknown, expected: unknown, loose: boolean): Mismatch | undefined {
  const comparable = actual !== absent || rule.ofNothing === true;
  if (comparable && rule.holds(actual, expected, loose)) return undefined;
  const both = rule.byPath === true && isObject(actual) && isObject(expected);
  return {
    expected: rule.phrase(expected),
    actual: show(actual),
    ...(both ? { values: { expected, actual } } : {}),
  };
}

function phraseOf(expectation: Expectation): string {
  const phrases = expectation.map(({ op, value }) => {
    const rule = operators[op];
    return rule.takes === 'value' ? rule.phrase(value) : show(value);
  });
  return phrases.join(' and ');
}

function isObject(value: unknown): value is object {
  return value !== null && typeof value === 'object';
}
