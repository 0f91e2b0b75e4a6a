/** The one executor: whatever a plan is, the events tell of exactly its steps. */
import fc from 'fast-check';
import t from 'tap';
import type { Clock } from '../../src/cli/kernel/clock.js';
import { beginExecution } from '../../src/cli/target/execute.js';
import { type PlannedStep, stepsOf } from '../../src/cli/target/plan.js';
import type { Step, TargetEvent } from '../../src/cli/target/target.js';

const seed = 41_877;

/** A clock that only sleeping moves, waking whoever slept for least first. */
class Sleepers implements Clock {
  #atMs = 0;
  #sleeping: { untilMs: number; wake(): void }[] = [];

  now = () => this.#atMs;
  monotonic = () => this.#atMs;
  sleep = (ms: number, signal?: AbortSignal) =>
    new Promise<void>((resolve, reject) => {
      signal?.throwIfAborted();
      signal?.addEventListener('abort', () => reject(signal.reason), { once: true });
      this.#sleeping.push({ untilMs: this.#atMs + ms, wake: resolve });
      setImmediate(() => this.#wakeNext());
    });

  #wakeNext() {
    const next = this.#sleeping.sort((a, b) => a.untilMs - b.untilMs).shift();
    if (next === undefined) return;
    this.#atMs = Math.max(this.#atMs, next.untilMs);
    next.wake();
  }
}

type Fate = 'done' | 'already' | 'left out' | 'fails';
interface Sketch {
  fate: Fate;
  verb: Step['verb'];
  lane: string | undefined;
  takesMs: number;
  more: Sketch[];
}

const verbs: Step['verb'][] = ['create', 'update', 'start', 'wait', 'stop', 'delete', 'plan'];
const { sketches } = fc.letrec<{ sketch: Sketch; sketches: Sketch[] }>((tie) => ({
  sketches: fc.array(tie('sketch'), { maxLength: 5 }),
  sketch: fc.record({
    fate: fc.oneof(
      { weight: 6, arbitrary: fc.constant<Fate>('done') },
      { weight: 1, arbitrary: fc.constantFrom<Fate>('already', 'left out', 'fails') },
    ),
    verb: fc.constantFrom(...verbs),
    lane: fc.constantFrom(undefined, undefined, 'a', 'b'),
    takesMs: fc.integer({ min: 0, max: 50 }),
    more: fc.oneof({ maxDepth: 2 }, fc.constant<Sketch[]>([]), tie('sketches')),
  }),
}));

/** A plan of these sketches; `byStep` tells them apart by identity. */
function planOf(sketched: readonly Sketch[], byStep: Map<Step, Sketch>, prefix = 'x'): PlannedStep[] {
  return sketched.map((sketch, index): PlannedStep => {
    const { fate, verb, lane, takesMs, more } = sketch;
    const step: Step = { verb: fate === 'left out' ? 'skip' : verb, ref: `${prefix}/${index}`, why: 'it is asked for' };
    byStep.set(step, sketch);
    if (fate === 'left out') return { step, lane };
    return {
      step,
      lane,
      whyDone: async () => (fate === 'already' ? 'it is there' : undefined),
      act: async ({ clock, signal }) => {
        await clock.sleep(takesMs, signal);
        if (fate === 'fails') throw new Error(step.ref);
        return more.length === 0 ? undefined : planOf(more, byStep, step.ref);
      },
    };
  });
}

async function executed(sketched: readonly Sketch[]) {
  const byStep = new Map<Step, Sketch>();
  const plan = planOf(sketched, byStep);
  const events: Extract<TargetEvent, { type: 'step' }>[] = [];
  const execution = beginExecution(new Sleepers(), {
    timeoutMs: 1000,
    signal: new AbortController().signal,
    onEvent: (event) => {
      if (event.type === 'step') events.push(event);
    },
  });
  const outcome = await execution.run(plan).then(
    (done) => ({ done, failure: undefined }),
    (failure: Error) => ({ done: [], failure }),
  );
  return { plan, byStep, events, ...outcome };
}

t.test('every step of the plan is told of, in order, with what came of it, and no other', async () => {
  await fc.assert(
    fc.asyncProperty(sketches, async (sketched) => {
      const { plan, byStep, events, done, failure } = await executed(sketched);
      const states = new Map<Step, string[]>();
      for (const { step, state } of events) states.set(step, [...(states.get(step) ?? []), state]);
      for (const [step, told] of states) {
        const sketch = byStep.get(step);
        if (sketch === undefined) throw new Error(`told of ${step.ref}, which no plan has`);
        const wanted = { done: 'started done', already: 'skipped', 'left out': 'skipped', fails: 'started failed' };
        const isCutShort = failure !== undefined && sketch.fate === 'done' && told.join(' ') === 'started failed';
        if (told.join(' ') !== wanted[sketch.fate] && !isCutShort) throw new Error(`${step.ref}: ${told.join(' ')}`);
      }
      // Without lanes the steps begin in the order of the plan; with them, in the order of each lane.
      const begun = events.filter(
        ({ state, plannedBy }) => plannedBy === undefined && state !== 'done' && state !== 'failed',
      );
      for (const lane of new Set(plan.map((one) => one.lane))) {
        const planned = stepsOf(plan.filter((one) => one.lane === lane));
        const told = begun.map(({ step }) => step).filter((step) => planned.includes(step));
        if (told.some((step, index) => step !== planned[index])) throw new Error(`lane ${lane} is out of order`);
        if (failure === undefined && told.length !== planned.length) throw new Error(`lane ${lane} is not whole`);
      }
      if (failure === undefined) {
        const changed = [...byStep].filter(
          ([{ verb }, { fate }]) => fate === 'done' && !['wait', 'plan'].includes(verb),
        );
        if (new Set(done).size !== changed.length) throw new Error('what was done is not what is reported');
        const top = done.filter((step) => stepsOf(plan).includes(step));
        if (top.some((step, i) => i > 0 && stepsOf(plan).indexOf(step) < stepsOf(plan).indexOf(top[i - 1] as Step)))
          throw new Error('what was done is not in the order of the plan');
      }
      for (const event of events) {
        if (event.state !== 'done') continue;
        const { takesMs = Number.NaN } = byStep.get(event.step) ?? {};
        // Its own time, not that of its neighbours in other lanes or of the steps that it added.
        if (
          event.durationMs < takesMs ||
          (sketched.every(({ lane }) => lane === undefined) && event.durationMs > takesMs + 50)
        )
          throw new Error(`${event.step.ref} took ${event.durationMs} instead of ${takesMs}`);
      }
    }),
    { seed, numRuns: 300 },
  );
});

t.test('what a step adds comes next and names the step that added it', async (t) => {
  const leaf: Sketch = { fate: 'done', verb: 'create', lane: undefined, takesMs: 1, more: [] };
  const { events, done } = await executed([{ ...leaf, verb: 'plan', more: [leaf, { ...leaf, verb: 'wait' }] }, leaf]);
  t.strictSame(
    events.filter(({ state }) => state === 'started').map(({ step, plannedBy }) => [step.ref, plannedBy]),
    [
      ['x/0', undefined],
      ['x/0/0', 'x/0'],
      ['x/0/1', 'x/0'],
      ['x/1', undefined],
    ],
  );
  t.strictSame(
    done.map(({ ref }) => ref),
    ['x/0/0', 'x/1'],
    'looking and waiting change nothing',
  );
});

t.test('of two lanes the one that fails first ends the other, and nothing after them begins', async (t) => {
  const leaf: Sketch = { fate: 'done', verb: 'create', lane: undefined, takesMs: 10, more: [] };
  const { events, failure } = await executed([
    { ...leaf, lane: 'a', takesMs: 500 },
    { ...leaf, lane: 'b', fate: 'fails' },
    leaf,
  ]);
  t.equal(failure?.message, 'x/1', 'the failure is the first one');
  t.strictSame(
    events.map(({ step, state }) => `${step.ref} ${state}`),
    ['x/0 started', 'x/1 started', 'x/1 failed', 'x/0 failed'],
  );
  t.match(events.at(-1), { durationMs: 10 }, 'the other one at once');
});
