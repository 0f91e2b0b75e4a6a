import { randomBytes, randomInt, randomUUID } from 'node:crypto';
import type { Clock } from '../kernel/clock.js';

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

const pick = (list: readonly string[]) => list[randomInt(list.length)]!;
const number = (arg: string | undefined, fallback: number) =>
  arg === undefined || !Number.isFinite(Number(arg)) ? fallback : Number(arg);
const lengthOf = (arg: string | undefined, fallback: number) =>
  Math.min(65_536, Math.max(0, Math.trunc(number(arg, fallback))));
const textOf = (length: number) => Array.from({ length }, () => letters[randomInt(letters.length)]).join('');

const generators: Record<string, Generator> = {
  uuid: () => randomUUID(),
  timestamp: (_args, { clock }) => Math.floor(clock.now() / 1000),
  timestampMs: (_args, { clock }) => clock.now(),
  isoTimestamp: (_args, { clock }) => new Date(clock.now()).toISOString(),
  iteration: (_args, { iteration }) => iteration,
  int: ([min, max]) => {
    const low = Math.trunc(number(min, 0));
    return randomInt(low, Math.max(low, Math.trunc(number(max, 1000))) + 1);
  },
  float: ([min, max]) => number(min, 0) + Math.random() * (number(max, 1) - number(min, 0)),
  add: (args) => args.reduce((sum, arg) => sum + number(arg, Number.NaN), 0),
  boolean: () => randomInt(2) === 1,
  hex: ([length]) =>
    randomBytes(Math.ceil(lengthOf(length, 16) / 2))
      .toString('hex')
      .slice(0, lengthOf(length, 16)),
  text: ([length]) => textOf(lengthOf(length, 10)),
  repeat: ([part, count]) => (part ?? 'a').repeat(lengthOf(count, 1)),
  pick: (args) => (args.length === 0 ? '' : pick(args)),
  word: () => pick(words),
  firstName: () => pick(firstNames),
  lastName: () => pick(lastNames),
  fullName: () => `${pick(firstNames)} ${pick(lastNames)}`,
  userName: () => `${pick(words)}_${textOf(8)}`,
  email: () => `${pick(words)}.${textOf(8)}@example.com`,
  password: ([length]) => textOf(Math.max(8, lengthOf(length, 16))),
  phone: () => `+1555${String(randomInt(10_000_000)).padStart(7, '0')}`,
  city: () => pick(cities),
  street: () => `${randomInt(1, 200)} ${pick(lastNames)} Street`,
};

/** Names that may follow `$` in a template. */
export const generatorNames: readonly string[] = Object.keys(generators);

/** A fresh value of the named generator. */
export function generate(name: string, args: string[], source: GeneratedSource): unknown {
  const generator = Object.hasOwn(generators, name) ? generators[name] : undefined;
  if (generator === undefined) throw new Error(`unknown generator $${name}`);
  return generator(args, source);
}
