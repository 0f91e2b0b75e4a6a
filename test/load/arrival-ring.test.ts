import t from 'tap';
import { ArrivalReader } from '../../src/cli/load/engine/arrival-reader.js';
import { runPacer } from '../../src/cli/load/engine/pacer.js';
import { type ArrivalRing, arrivalRing, control, controlMemory } from '../../src/cli/load/memory/memory.js';
import { planFor, rate } from './servers.js';

/**
 * Pacer and reader of a ring are two threads, so a step of one may fall between any two steps of the other. Here the
 * pacer's steps on the ring (each an Atomics call) are noted once, then played in between those of a real reader, at each
 * place that there is: every interleaving of the two, in one thread.
 */
type Step = { name: 'store' | 'add' | 'notify'; index: number; value: number };

const real = { ...pick(Atomics) };
function pick(from: typeof Atomics) {
  const { load, store, add, notify, wait, waitAsync } = from;
  return { load, store, add, notify, wait, waitAsync };
}

/** Runs `body` with other Atomics; calls on memory other than the ring's stay as they are. */
async function withAtomics<T>(other: Partial<typeof real>, body: () => T | Promise<T>): Promise<T> {
  Object.assign(Atomics, other);
  try {
    return await body();
  } finally {
    Object.assign(Atomics, real);
  }
}

/** What a pacer does to its ring's words: all arrivals are due at once, then it ends. */
async function pacerSteps(arrivals: number, ring: ArrivalRing): Promise<Step[]> {
  const steps: Step[] = [];
  const note = (name: Step['name']) => (words: Int32Array, index: number, value: number) => {
    if (words === ring.words) steps.push({ name, index, value });
    return (real[name] as (...args: unknown[]) => number)(words, index, value);
  };
  const plan = planFor(1, rate(arrivals * 10, 100));
  const steering = controlMemory();
  steering.numbers[control.numbers.factor] = 1;
  await withAtomics({ store: note('store'), add: note('add'), notify: note('notify') } as Partial<typeof real>, () =>
    runPacer(plan, [ring], steering, { nowUs: () => 1e9 }),
  );
  return steps;
}

/** Where each of the steps falls: before which of the reader's steps; `count` of them in ascending order. */
function* places(count: number, most: number, from = 0): Generator<number[]> {
  if (count === 0) {
    yield [];
    return;
  }
  for (let first = from; first <= most; first++)
    for (const rest of places(count - 1, most, first)) yield [first, ...rest];
}

/** Plays the pacer's steps in at those places; what is left of them when the reader sleeps comes while it sleeps. */
async function play(steps: Step[], at: number[], ring: ArrivalRing) {
  ring.words.fill(0);
  const sleepers = new Map<number, () => void>();
  let played = 0;
  let turn = 0;
  const step = () => {
    const { name, index, value } = steps[played++]!;
    if (name === 'notify') {
      const wake = sleepers.get(index);
      sleepers.delete(index);
      wake?.();
    } else real[name](ring.words, index, value);
  };
  const before = () => {
    while (played < steps.length && at[played] === turn) step();
    turn++;
  };
  const taken: number[] = [];
  let over = false;
  const other = {
    load: (words: Int32Array, index: number) => {
      before();
      return real.load(words, index);
    },
    store: (words: Int32Array, index: number, value: number) => {
      before();
      return real.store(words, index, value);
    },
    waitAsync: (words: Int32Array, index: number, value: number) => {
      before();
      if (words[index] !== value) return { async: false as const };
      return { async: true as const, value: new Promise<string>((wake) => sleepers.set(index, () => wake('ok'))) };
    },
  };
  await withAtomics(other as unknown as Partial<typeof real>, async () => {
    const reader = new ArrivalReader(ring, (index) => taken.push(index));
    void reader.readAll(() => {
      over = true;
    });
    for (;;) {
      for (let i = 0; i < 6; i++) await undefined;
      if (played === steps.length) break;
      step();
    }
  });
  return { taken, over };
}

t.test('whatever the order of their steps, the reader takes every arrival and sees the end', async (t) => {
  for (const arrivals of [1, 2]) {
    const ring = arrivalRing();
    const steps = await pacerSteps(arrivals, ring);
    t.equal(steps.filter(({ name, index }) => name === 'store' && index === 0).length, arrivals);
    let orders = 0;
    const wrong: string[] = [];
    for (const at of places(steps.length, 9)) {
      const { taken, over } = await play(steps, at, ring);
      orders++;
      if (taken.length !== arrivals) wrong.push(`${at}: ${taken.length} of ${arrivals} arrivals taken`);
      if (!over) wrong.push(`${at}: asleep for ever`);
    }
    t.same(wrong.slice(0, 5), [], `${wrong.length} of ${orders} orders of ${steps.length} steps go wrong`);
    t.comment(`${arrivals} arrivals: ${orders} orders`);
  }
});
