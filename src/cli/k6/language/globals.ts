import { bounded, errorValue, mostItems, primitiveOf, textOf } from './coerce.js';
import { type Callable, Constructible, callNow, Fault, known, type Machine, namespace } from './machine.js';
import { itemsOf, ownEntries } from './properties.js';

/** Functions of the host on values without a script in them. */
function own(of: object, names: readonly string[]): Record<string, Callable> {
  return Object.fromEntries(
    names.map((name) => {
      const call = (of as Record<string, (...args: unknown[]) => unknown>)[name]!;
      return [name, known(name, (args) => call(...args.map(primitiveOf)))];
    }),
  );
}

const math = namespace('Math', {
  ...own(Math, [
    'abs',
    'acos',
    'asin',
    'atan',
    'atan2',
    'cbrt',
    'ceil',
    'cos',
    'exp',
    'floor',
    'hypot',
    'log',
    'log10',
  ]),
  ...own(Math, ['log2', 'max', 'min', 'pow', 'round', 'sign', 'sin', 'sqrt', 'tan', 'trunc']),
  PI: Math.PI,
  E: Math.E,
  random: known('random', (_, machine) => machine.random()),
});

const json = namespace('JSON', {
  parse: known('JSON.parse', ([text]) => parsed(textOf(text))),
  stringify: known('JSON.stringify', ([value, only, space]) =>
    JSON.stringify(value, Array.isArray(only) ? (only as string[]) : undefined, space as number),
  ),
});

/** JSON as a script reads it. Throws Fault. */
export function parsed(text: string): unknown {
  try {
    return JSON.parse(text, (key, value) => (key === '__proto__' ? undefined : value));
  } catch (error) {
    throw new Fault((error as Error).message);
  }
}

const object = new Constructible(
  'Object',
  () => ({}),
  undefined,
  new Map(
    Object.entries({
      keys: known('keys', ([of]) => ownEntries(of).map(([key]) => key)),
      values: known('values', ([of]) => ownEntries(of).map(([, value]) => value)),
      entries: known('entries', ([of]) => ownEntries(of)),
      assign: known('assign', ([to, ...from]) => {
        for (const each of from) if (each !== undefined && each !== null) assign(to as object, each);
        return to;
      }),
      fromEntries: known('fromEntries', ([pairs]) =>
        Object.fromEntries([...itemsOf(pairs)].map((pair) => [textOf((pair as unknown[])[0]), (pair as unknown[])[1]])),
      ),
      freeze: known('freeze', ([of]) => of),
    }),
  ),
);

/** Copies own members, as spread does. */
export function assign(to: object, from: unknown): void {
  for (const [key, value] of ownEntries(from)) if (key !== '__proto__') (to as Record<string, unknown>)[key] = value;
}

const array = new Constructible(
  'Array',
  ([length, ...rest]) =>
    typeof length === 'number' && rest.length === 0
      ? new Array(bounded(length, mostItems))
      : [length, ...rest].filter((_, index, all) => all.length > 1 || length !== undefined || index > 0),
  known('Array', ([length, ...rest]) =>
    typeof length === 'number' && rest.length === 0 ? new Array(bounded(length, mostItems)) : [length, ...rest],
  ),
  new Map(
    Object.entries({
      isArray: known('isArray', ([value]) => Array.isArray(value)),
      of: known('of', (args) => [...args]),
      from: known('from', ([from, each], machine) => {
        const items = listFrom(from);
        return each === undefined ? items : items.map((item, index) => callNow(each, [item, index], machine));
      }),
    }),
  ),
);

/** What `Array.from` makes of a value: its items, or `{ length: n }` empty places. */
function listFrom(from: unknown): unknown[] {
  if (from !== null && typeof from === 'object' && Object.getPrototypeOf(from) === Object.prototype && 'length' in from)
    return Array.from({ length: bounded(Number(from.length), mostItems) }, (_, index) =>
      Object.hasOwn(from, index) ? (from as Record<number, unknown>)[index] : undefined,
    );
  return [...itemsOf(from)];
}

const date = new Constructible(
  'Date',
  (args, machine) => {
    if (args.length === 0) return new Date(machine.nowMs());
    const [first, ...rest] = args.map((each) => (each instanceof Date ? each.getTime() : primitiveOf(each)));
    return rest.length === 0 ? new Date(first as number) : new Date(...([first, ...rest] as [number, number]));
  },
  known('Date', (_, machine) => String(new Date(machine.nowMs()))),
  new Map(
    Object.entries({
      now: known('now', (_, machine) => machine.nowMs()),
      parse: known('parse', ([text]) => Date.parse(textOf(text))),
      UTC: known('UTC', (args) => Date.UTC(...(args.map(Number) as [number, number]))),
    }),
  ),
);

const number = new Constructible(
  'Number',
  ([value]) => Number(primitiveOf(value)),
  known('Number', (args) => (args.length === 0 ? 0 : Number(primitiveOf(args[0])))),
  new Map<string, unknown>(
    Object.entries({
      ...own(Number, ['isFinite', 'isInteger', 'isNaN', 'isSafeInteger', 'parseFloat', 'parseInt']),
      MAX_SAFE_INTEGER: Number.MAX_SAFE_INTEGER,
      MIN_SAFE_INTEGER: Number.MIN_SAFE_INTEGER,
      EPSILON: Number.EPSILON,
      MAX_VALUE: Number.MAX_VALUE,
    }),
  ),
);

const string = new Constructible(
  'String',
  ([value]) => textOf(value),
  known('String', (args) => (args.length === 0 ? '' : textOf(args[0]))),
  new Map(Object.entries(own(String, ['fromCharCode', 'fromCodePoint']))),
);

const boolean = new Constructible(
  'Boolean',
  ([value]) => Boolean(value),
  known('Boolean', ([value]) => Boolean(value)),
);

function errorClass(name: string): Constructible {
  const made = ([message]: readonly unknown[]) => errorValue(name, message === undefined ? '' : textOf(message));
  return new Constructible(name, made, known(name, made));
}

const regExp = new Constructible('RegExp', ([source, flags]) => {
  try {
    return new RegExp(source instanceof RegExp ? source : textOf(source), flags as string | undefined);
  } catch (error) {
    throw new Fault((error as Error).message);
  }
});

/** Nothing is concurrent here: what is awaited is there. */
const promise = new Constructible(
  'Promise',
  () => {
    throw new Fault('a Promise of a script cannot be made');
  },
  undefined,
  new Map(
    Object.entries({
      all: known('all', ([items]) => [...itemsOf(items)]),
      resolve: known('resolve', ([value]) => value),
    }),
  ),
);

/** What every script knows without importing it. */
export function globalsOf(more: Record<string, unknown>): ReadonlyMap<string, unknown> {
  const nothing = known('console', () => undefined);
  return new Map<string, unknown>(
    Object.entries({
      undefined,
      NaN: Number.NaN,
      Infinity: Number.POSITIVE_INFINITY,
      Math: math,
      JSON: json,
      Object: object,
      Array: array,
      Date: date,
      Number: number,
      String: string,
      Boolean: boolean,
      RegExp: regExp,
      Promise: promise,
      Map: new Constructible(
        'Map',
        ([pairs]) => new Map(pairs === undefined ? [] : [...itemsOf(pairs)].map((pair) => pair as [unknown, unknown])),
      ),
      Set: new Constructible('Set', ([items]) => new Set(items === undefined ? [] : itemsOf(items))),
      Error: errorClass('Error'),
      TypeError: errorClass('TypeError'),
      RangeError: errorClass('RangeError'),
      SyntaxError: errorClass('SyntaxError'),
      console: namespace(
        'console',
        Object.fromEntries(['log', 'info', 'warn', 'error', 'debug'].map((name) => [name, nothing])),
      ),
      ...own(globalThis, ['parseInt', 'parseFloat', 'isNaN', 'isFinite']),
      ...uris(),
      ...more,
    }),
  );
}

function uris(): Record<string, Callable> {
  const guarded = (name: string, of: (text: string) => string) =>
    known(name, ([text]: readonly unknown[], _: Machine) => {
      try {
        return of(textOf(text));
      } catch (error) {
        throw new Fault((error as Error).message);
      }
    });
  return {
    encodeURIComponent: guarded('encodeURIComponent', encodeURIComponent),
    decodeURIComponent: guarded('decodeURIComponent', decodeURIComponent),
    encodeURI: guarded('encodeURI', encodeURI),
    decodeURI: guarded('decodeURI', decodeURI),
  };
}
