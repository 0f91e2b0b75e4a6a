import { randomBytes, randomInt, randomUUID } from 'node:crypto';
import type { Clock } from '../../kernel/clock.js';

/** What generated values come from, so that a test can fix both. */
export interface GeneratedSource {
  clock: Pick<Clock, 'now'>;
  /** The iteration, from 1. */
  iteration: number;
}

type Generator = (args: string[], source: GeneratedSource) => unknown;

const firstNames = [
  'Ada',
  'Alan',
  'Barbara',
  'Donald',
  'Edsger',
  'Frances',
  'Grace',
  'John',
  'Katherine',
  'Leslie',
  'Niklaus',
  'Radia',
];
const lastNames = [
  'Allen',
  'Dijkstra',
  'Hamilton',
  'Hopper',
  'Johnson',
  'Knuth',
  'Lamport',
  'Liskov',
  'Lovelace',
  'Perlman',
  'Turing',
  'Wirth',
];
const words = [
  'amber',
  'birch',
  'cedar',
  'delta',
  'ember',
  'fjord',
  'grove',
  'harbor',
  'island',
  'juniper',
  'kestrel',
  'lagoon',
];
const cities = ['Bergen', 'Cork', 'Delft', 'Ghent', 'Kyoto', 'Lyon', 'Porto', 'Riga', 'Tartu', 'Utrecht'];
const letters = 'abcdefghijklmnopqrstuvwxyz0123456789';

const maxLength = 65_536;
/** Characters that `$repeat` makes at most. */
const maxRepeated = 64 * 1024 * 1024;
const shortestPassword = 8;

const pick = (list: readonly string[]) => list[randomInt(list.length)]!;
const number = (arg: string | undefined, fallback: number) => (arg === undefined ? fallback : Number(arg));
const textOf = (length: number) => Array.from({ length }, () => letters[randomInt(letters.length)]).join('');

/** A whole number from `low` to `high`, each as likely; `randomInt` knows ranges below 2^48 only. */
function wholeBetween(low: number, high: number): number {
  const span = BigInt(high) - BigInt(low) + 1n;
  const fair = 2n ** 64n - (2n ** 64n % span);
  for (;;) {
    const random = randomBytes(8).readBigUInt64LE();
    if (random < fair) return Number(BigInt(low) + (random % span));
  }
}

const generators: Record<string, Generator> = {
  uuid: () => randomUUID(),
  timestamp: (_args, { clock }) => Math.floor(clock.now() / 1000),
  timestampMs: (_args, { clock }) => clock.now(),
  isoTimestamp: (_args, { clock }) => new Date(clock.now()).toISOString(),
  iteration: (_args, { iteration }) => iteration,
  int: ([min, max]) => wholeBetween(number(min, 0), number(max, 1000)),
  float: ([min, max]) => {
    const part = Math.random();
    return number(min, 0) * (1 - part) + number(max, 1) * part;
  },
  add: (args) => args.reduce((sum, arg) => sum + number(arg, Number.NaN), 0),
  boolean: () => randomInt(2) === 1,
  hex: ([length]) =>
    randomBytes(Math.ceil(number(length, 16) / 2))
      .toString('hex')
      .slice(0, number(length, 16)),
  text: ([length]) => textOf(number(length, 10)),
  repeat: ([part, count]) => (part ?? 'a').repeat(number(count, 1)),
  pick: (args) => (args.length === 0 ? '' : pick(args)),
  word: () => pick(words),
  firstName: () => pick(firstNames),
  lastName: () => pick(lastNames),
  fullName: () => `${pick(firstNames)} ${pick(lastNames)}`,
  userName: () => `${pick(words)}_${textOf(8)}`,
  email: () => `${pick(words)}.${textOf(8)}@example.com`,
  password: ([length]) => textOf(number(length, 16)),
  phone: () => `+1555${String(randomInt(10_000_000)).padStart(7, '0')}`,
  city: () => pick(cities),
  street: () => `${randomInt(1, 200)} ${pick(lastNames)} Street`,
};

const isNumber = (arg: string) => /^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i.test(arg) && Number.isFinite(Number(arg));
const isWhole = (arg: string) => isNumber(arg) && Number.isSafeInteger(Number(arg));
/** Whether a variable may be called so; `$add` takes such beside numbers. */
export const isVariableName = (arg: string): boolean => /^[A-Za-z_]\w*$/.test(arg);

const range = (what: string, isOne: (arg: string) => boolean, min: number, max: number) => (args: string[]) => {
  if (args.length > 2 || !args.every(isOne)) return `takes ${what}: the least and the greatest`;
  const [low, high] = [number(args[0], min), number(args[1], max)];
  return low <= high ? undefined : `has its least, ${low}, above its greatest, ${high}`;
};
const length = (min: number) => (args: string[]) =>
  args.length <= 1 && args.every((arg) => isWhole(arg) && Number(arg) >= min && Number(arg) <= maxLength)
    ? undefined
    : `takes a length: a whole number from ${min} to ${maxLength}`;

/** What is wrong with the arguments of those generators that take some. */
const argumentRules: Record<string, (args: string[]) => string | undefined> = {
  int: range('two whole numbers between -(2^53 - 1) and 2^53 - 1', isWhole, 0, 1000),
  float: range('two numbers', isNumber, 0, 1),
  add: (args) =>
    args.length > 0 && args.every((arg) => isNumber(arg) || isVariableName(arg))
      ? undefined
      : 'takes numbers and names of variables',
  hex: length(0),
  text: length(0),
  password: length(shortestPassword),
  repeat: ([part, count = '1', ...more]) => {
    const sound = part !== undefined && more.length === 0 && isWhole(count) && Number(count) >= 0;
    if (!sound || Number(count) > maxLength)
      return `takes a text and how many times it is repeated: a whole number from 0 to ${maxLength}`;
    return part.length * Number(count) > maxRepeated ? 'makes more than 64 MiB' : undefined;
  },
  pick: (args) => (args.length > 0 ? undefined : 'takes the values to choose from'),
};

/** What is wrong with the arguments of a generator, or undefined. */
export function argumentProblem(name: string, args: string[]): string | undefined {
  const rule = Object.hasOwn(argumentRules, name) ? argumentRules[name] : undefined;
  const wrong = rule === undefined ? (args.length > 0 ? 'takes nothing in parentheses' : undefined) : rule(args);
  return wrong === undefined ? undefined : `$${name}(${args.join(',')}): $${name} ${wrong}`;
}

/** Names that may follow `$` in a template. */
export const generatorNames: readonly string[] = Object.keys(generators);

/** A fresh value of the named generator, whose arguments are sound (`argumentProblem`). */
export function generate(name: string, args: string[], source: GeneratedSource): unknown {
  const generator = Object.hasOwn(generators, name) ? generators[name] : undefined;
  if (generator === undefined) throw new Error(`unknown generator $${name}`);
  return generator(args, source);
}
