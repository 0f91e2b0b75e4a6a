import { isDeepStrictEqual } from 'node:util';
import { show } from '../check/value-text.js';

/** Differences of two JSON values, one line a path (RFC 9535 normalized in short form), at most `limit` lines. */
export function diffLines(expected: unknown, actual: unknown, limit = 20): string[] {
  const lines: string[] = [];
  walk('$', expected, actual, lines);
  if (lines.length <= limit) return lines;
  return [...lines.slice(0, limit), `... and ${lines.length - limit} more differences`];
}

function walk(path: string, expected: unknown, actual: unknown, lines: string[]): void {
  if (isDeepStrictEqual(expected, actual)) return;
  if (Array.isArray(expected) && Array.isArray(actual)) {
    for (let i = 0; i < Math.max(expected.length, actual.length); i++)
      step(`${path}[${i}]`, i < expected.length, i < actual.length, expected[i], actual[i], lines);
    return;
  }
  if (isPlain(expected) && isPlain(actual)) {
    for (const key of new Set([...Object.keys(expected), ...Object.keys(actual)])) {
      const name = /^[A-Za-z_]\w*$/.test(key) ? `.${key}` : `[${JSON.stringify(key)}]`;
      step(
        `${path}${name}`,
        Object.hasOwn(expected, key),
        Object.hasOwn(actual, key),
        expected[key],
        actual[key],
        lines,
      );
    }
    return;
  }
  lines.push(`${path}: expected ${show(expected)}, found ${show(actual)}`);
}

function step(
  path: string,
  wanted: boolean,
  there: boolean,
  expected: unknown,
  actual: unknown,
  lines: string[],
): void {
  if (wanted && there) walk(path, expected, actual, lines);
  else if (wanted) lines.push(`${path}: missing, expected ${show(expected)}`);
  else lines.push(`${path}: not expected, found ${show(actual)}`);
}

function isPlain(value: unknown): value is Record<string, unknown> {
  return value !== null && typeof value === 'object' && !Array.isArray(value);
}
