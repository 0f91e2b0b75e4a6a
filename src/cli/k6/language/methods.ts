import { patternOf } from '../../kernel/pattern.js';
import { bounded, isPlain, mostItems, primitiveOf, textOf } from './coerce.js';
import { Callable, callNow, Fault, type Machine, spend } from './machine.js';

/** A method that JavaScript's own values have. */
export type Method = (self: unknown, args: readonly unknown[], machine: Machine) => unknown;
type Methods = { readonly [name: string]: Method };

/** A method of a value's kind that a script may call. */
export function methodOf(value: unknown, name: string): Method | undefined {
  const methods = methodsOf(value);
  return methods !== undefined && Object.hasOwn(methods, name) ? methods[name] : undefined;
}

function methodsOf(value: unknown): Methods | undefined {
  if (typeof value === 'string') return texts;
  if (typeof value === 'number') return numbers;
  if (typeof value === 'boolean') return plain;
  if (Array.isArray(value)) return lists;
  if (isPlain(value)) return objects;
  if (value instanceof Date) return dates;
  if (value instanceof RegExp) return patterns;
  if (value instanceof Map) return maps;
  if (value instanceof Set) return sets;
  if (value instanceof Callable) return functions;
  return undefined;
}

/** Every name that is a method of something: what a script calls must be one of these, or its own. */
export function isMethodName(name: string): boolean {
  return every.some((methods) => Object.hasOwn(methods, name));
}

/** Methods that go through a list, and may do so while the script sends. */
export const waitingMethods: ReadonlySet<string> = new Set(['forEach', 'map']);

const own = (names: readonly string[]): Methods =>
  Object.fromEntries(
    names.map((name) => [
      name,
      (self: unknown, args: readonly unknown[]) => {
        const method = (Object(self) as Record<string, (...args: unknown[]) => unknown>)[name]!;
        return method.apply(self, args.map(primitiveOf));
      },
    ]),
  );

const plain: Methods = { toString: (self: unknown) => textOf(self), valueOf: (self: unknown) => self };

const numbers: Methods = { ...plain, ...own(['toFixed', 'toPrecision', 'toString', 'toLocaleString']) };

/** A pattern that a script made, with kernel/pattern's deadline: texts are those of servers. */
function exec(pattern: RegExp, text: string): RegExpExecArray | null {
  if (!pattern.global && !pattern.sticky) return patternOf(pattern.source, pattern.flags).exec(text);
  return pattern.exec(text);
}

function replaced(self: unknown, [what, by]: readonly unknown[], machine: Machine, all: boolean): string {
  const text = textOf(self);
  const pattern = what instanceof RegExp ? what : textOf(what);
  if (by instanceof Callable) {
    const call = (...found: unknown[]) => textOf(callNow(by, found, machine));
    return all ? text.replaceAll(pattern, call) : text.replace(pattern, call);
  }
  return all ? text.replaceAll(pattern, textOf(by)) : text.replace(pattern, textOf(by));
}

const texts: Methods = {
  ...plain,
  ...own([
    'at',
    'charAt',
    'charCodeAt',
    'codePointAt',
    'endsWith',
    'includes',
    'indexOf',
    'lastIndexOf',
    'localeCompare',
  ]),
  ...own(['normalize', 'slice', 'startsWith', 'substr', 'substring', 'toLowerCase', 'toUpperCase', 'trim', 'trimEnd']),
  ...own(['trimStart', 'toLocaleLowerCase', 'toLocaleUpperCase']),
  concat: (self, args) => textOf(self) + args.map(textOf).join(''),
  match: (self, [pattern]) => {
    const expression = pattern instanceof RegExp ? pattern : new RegExp(textOf(pattern));
    return expression.global ? textOf(self).match(expression) : matched(exec(expression, textOf(self)));
  },
  matchAll: (self, [pattern]) => [...textOf(self).matchAll(pattern as RegExp)].map(matched),
  padEnd: (self, [length, by]) => textOf(self).padEnd(bounded(Number(length), mostItems), by as string | undefined),
  padStart: (self, [length, by]) => textOf(self).padStart(bounded(Number(length), mostItems), by as string | undefined),
  repeat: (self, [times]) => {
    bounded(textOf(self).length * Number(times), mostItems);
    return textOf(self).repeat(Number(times));
  },
  replace: (self, args, machine) => replaced(self, args, machine, false),
  replaceAll: (self, args, machine) => replaced(self, args, machine, true),
  search: (self, [pattern]) => textOf(self).search(pattern as RegExp),
  split: (self, [by, most]) =>
    textOf(self).split((by instanceof RegExp ? by : by === undefined ? by : textOf(by)) as string, most as number),
};

/** The groups of a match as a list with `index` and `groups` left out: scripts ask for the groups by their number. */
function matched(match: RegExpMatchArray | null): string[] | null {
  return match === null ? null : [...match];
}

type Each = (item: unknown, index: number) => unknown;

/** A method that calls the script's function for each item. */
const through =
  (go: (list: unknown[], each: Each, rest: readonly unknown[], machine: Machine) => unknown): Method =>
  (self, [callee, ...rest], machine) => {
    const list = self as unknown[];
    const each: Each = (item, index) => {
      spend(machine);
      return callNow(callee, [item, index, list], machine);
    };
    return go(list, each, rest, machine);
  };

const listed =
  (go: (list: unknown[], args: readonly unknown[]) => unknown): Method =>
  (self, args) =>
    go(self as unknown[], args);

const lists: Methods = {
  toString: (self: unknown) => textOf(self),
  at: listed((list, [index]) => list.at(Number(index))),
  concat: listed((list, args) => list.concat(...args)),
  entries: listed((list) => [...list.entries()]),
  every: through((list, each) => list.every(each)),
  fill: listed((list, [value, from, to]) => list.fill(value, from as number, to as number)),
  filter: through((list, each) => list.filter(each)),
  find: through((list, each) => list.find(each)),
  findIndex: through((list, each) => list.findIndex(each)),
  findLast: through((list, each) => list.findLast(each)),
  flat: listed((list, [depth]) => list.flat((depth as number | undefined) ?? 1)),
  flatMap: through((list, each) => list.flatMap(each)),
  forEach: through((list, each) => list.forEach(each)),
  includes: listed((list, [item]) => list.includes(item)),
  indexOf: listed((list, [item]) => list.indexOf(item)),
  join: listed((list, [by]) =>
    list
      .map((item) => (item === undefined || item === null ? '' : textOf(item)))
      .join(by === undefined ? ',' : textOf(by)),
  ),
  keys: listed((list) => [...list.keys()]),
  lastIndexOf: listed((list, [item]) => list.lastIndexOf(item)),
  map: through((list, each) => list.map(each)),
  pop: listed((list) => list.pop()),
  push: listed((list, args) => {
    bounded(list.length + args.length, mostItems);
    return list.push(...args);
  }),
  reduce: (self, args, machine) => reduced(self as unknown[], args, machine),
  reverse: listed((list) => list.reverse()),
  shift: listed((list) => list.shift()),
  slice: listed((list, [from, to]) => list.slice(from as number, to as number)),
  some: through((list, each) => list.some(each)),
  sort: (self, [by], machine) =>
    (self as unknown[]).sort(
      by === undefined
        ? (a, b) => (textOf(a) < textOf(b) ? -1 : textOf(a) > textOf(b) ? 1 : 0)
        : (a, b) => Number(callNow(by, [a, b], machine)),
    ),
  splice: listed((list, [from, count, ...items]) =>
    count === undefined ? list.splice(Number(from)) : list.splice(Number(from), Number(count), ...items),
  ),
  unshift: listed((list, args) => list.unshift(...args)),
  values: listed((list) => [...list]),
};

function reduced(list: unknown[], args: readonly unknown[], machine: Machine): unknown {
  const [callee] = args;
  const step = (sum: unknown, item: unknown, index: number) => {
    spend(machine);
    return callNow(callee, [sum, item, index, list], machine);
  };
  if (args.length > 1) return list.reduce(step, args[1]);
  if (list.length === 0) throw new Fault('Reduce of empty array with no initial value');
  return list.reduce(step);
}

const objects: Methods = {
  toString: (self: unknown) => textOf(self),
  hasOwnProperty: (self: unknown, [name]: readonly unknown[]) => Object.hasOwn(self as object, textOf(name)),
  valueOf: (self: unknown) => self,
};

const dates: Methods = {
  ...own(['getDate', 'getDay', 'getFullYear', 'getHours', 'getMilliseconds', 'getMinutes', 'getMonth', 'getSeconds']),
  ...own(['getTime', 'getTimezoneOffset', 'getUTCDate', 'getUTCDay', 'getUTCFullYear', 'getUTCHours', 'getUTCMinutes']),
  ...own([
    'getUTCMonth',
    'getUTCSeconds',
    'setDate',
    'setFullYear',
    'setHours',
    'setMinutes',
    'setMonth',
    'setSeconds',
  ]),
  ...own(['setTime', 'setUTCDate', 'setUTCHours', 'toDateString', 'toISOString', 'toJSON', 'toLocaleDateString']),
  ...own(['toLocaleString', 'toLocaleTimeString', 'toString', 'toUTCString', 'valueOf']),
};

const patterns: Methods = {
  exec: (self, [text]) => matched(exec(self as RegExp, textOf(text))),
  test: (self, [text]) => exec(self as RegExp, textOf(text)) !== null,
};

const maps: Methods = {
  get: (self, [key]) => (self as Map<unknown, unknown>).get(key),
  has: (self, [key]) => (self as Map<unknown, unknown>).has(key),
  set: (self, [key, value]) => (self as Map<unknown, unknown>).set(key, value),
  delete: (self, [key]) => (self as Map<unknown, unknown>).delete(key),
  clear: (self) => (self as Map<unknown, unknown>).clear(),
  keys: (self) => [...(self as Map<unknown, unknown>).keys()],
  values: (self) => [...(self as Map<unknown, unknown>).values()],
  entries: (self) => [...(self as Map<unknown, unknown>).entries()],
  forEach: (self, [callee], machine) => {
    for (const [key, value] of self as Map<unknown, unknown>) callNow(callee, [value, key], machine);
  },
};

const sets: Methods = {
  has: (self, [item]) => (self as Set<unknown>).has(item),
  add: (self, [item]) => (self as Set<unknown>).add(item),
  delete: (self, [item]) => (self as Set<unknown>).delete(item),
  clear: (self) => (self as Set<unknown>).clear(),
  values: (self) => [...(self as Set<unknown>)],
  forEach: (self, [callee], machine) => {
    for (const item of self as Set<unknown>) callNow(callee, [item, item], machine);
  },
};

const functions: Methods = {
  call: (self, [of, ...args], machine) => callNow(self, args, machine, of),
  apply: (self, [of, args], machine) => callNow(self, (args ?? []) as unknown[], machine, of),
};

const every = [plain, numbers, texts, lists, objects, dates, patterns, maps, sets, functions];
