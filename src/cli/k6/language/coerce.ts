import { Callable, Fault, HostObject } from './machine.js';

/** An object that the script made, or that JSON gave it. */
export function isPlain(value: unknown): value is Record<string, unknown> {
  if (value === null || typeof value !== 'object') return false;
  const prototype = Object.getPrototypeOf(value);
  return prototype === Object.prototype || prototype === null;
}

/** Longest text and list that a script may make. */
export const mostItems = 10_000_000;

/** A number within what anything may hold. Throws Fault. */
export function bounded(value: number, most: number): number {
  if (!(value <= most)) throw new Fault(`${value} is more than a script may hold`);
  return value;
}

/** A value as text, as JavaScript has it. */
export function textOf(value: unknown): string {
  if (typeof value === 'string') return value;
  if (value instanceof HostObject) return String(value.get('text of') ?? '[object Object]');
  if (value instanceof Callable) return `function ${value.name}() { [code] }`;
  if (Array.isArray(value))
    return value.map((item) => (item === null || item === undefined ? '' : textOf(item))).join(',');
  if (value instanceof Error || value instanceof Date || value instanceof RegExp) return String(value);
  if (isPlain(value)) {
    const { name, message } = value;
    return isErrorValue(value) ? `${String(name)}: ${String(message)}` : '[object Object]';
  }
  return value !== null && typeof value === 'object' ? '[object Object]' : String(value);
}

const errors = new WeakSet<object>();

/** An error as a script sees it. */
export function errorValue(name: string, message: string): Record<string, unknown> {
  const value = { name, message, stack: '' };
  errors.add(value);
  return value;
}

/** Whether a value was made by `errorValue`. */
export function isErrorValue(value: unknown): boolean {
  return typeof value === 'object' && value !== null && errors.has(value);
}

/** What `+` and comparisons make of a value. */
export function primitiveOf(value: unknown): string | number | boolean | null | undefined | bigint {
  if (value instanceof Date) return value.getTime();
  if (value !== null && (typeof value === 'object' || typeof value === 'function')) return textOf(value);
  return value as string | number;
}

/** An error of hwctl's own as the script sees it where it catches it. */
export function faultValue(fault: Error): unknown {
  return errorValue(fault instanceof RangeError ? 'RangeError' : 'TypeError', fault.message);
}
