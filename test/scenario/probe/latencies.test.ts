// Time is drawn by lot, and runs by itself: a right service is never blamed whatever its latencies are, and one that looks at
// no key is blamed whatever they are.
import fc from 'fast-check';
import t from 'tap';
import type { HttpOutcome } from '../../../src/cli/kernel/http/http.js';
import type { Exchange } from '../../../src/cli/scenario/check/exchange.js';
import { runProbe } from '../../../src/cli/scenario/probe/probe.js';
import type { ProbeMeans } from '../../../src/cli/scenario/probe/probe-plan.js';
import type { ProbeResult } from '../../../src/cli/scenario/probe/probe-result.js';
import { type BuiltRequest, buildRequest } from '../../../src/cli/scenario/send/request.js';
import { Mask } from '../../../src/cli/scenario/tell/mask.js';
import { Variables } from '../../../src/cli/scenario/variables/template.js';
import { scenarioOf } from '../run-text.js';
import { planOf } from './probe-plans.js';
import { VirtualClock } from './virtual-clock.js';

interface Lots {
  /** Milliseconds on the wire, there or back, one after another, again from the begin. */
  wire: number[];
  work: number[];
  /** Milliseconds from the answer until the effect can be seen. */
  effectAfter: number[];
  inFlight: 'wait' | 'conflict';
  /** What goes wrong with a request, in turn: nothing, 503 before the work, or its answer is lost after it. */
  troubles: ('none' | 'busy' | 'lost')[];
}

const lots: fc.Arbitrary<Lots> = fc.record({
  wire: fc.array(fc.integer({ min: 0, max: 400 }), { minLength: 1, maxLength: 20 }),
  work: fc.array(fc.integer({ min: 0, max: 700 }), { minLength: 1, maxLength: 10 }),
  effectAfter: fc.array(fc.integer({ min: 0, max: 3000 }), { minLength: 1, maxLength: 5 }),
  inFlight: fc.constantFrom('wait', 'conflict'),
  // Not one after another: who asks again gets through.
  troubles: fc
    .array(fc.constantFrom<Lots['troubles']>(['none'], ['none'], ['busy', 'none'], ['lost', 'none']), {
      minLength: 1,
      maxLength: 12,
    })
    .map((parts) => parts.flat()),
});

type Answer = { status: number; body: unknown };

/** A service on the virtual clock: one transaction writes key, effect and answer; or none of it is looked at. */
class Simulated {
  readonly orders: { id: number; at: number }[] = [];
  readonly #answers = new Map<string, { body: string; answer: Answer }>();
  readonly #underWay = new Map<string, Promise<unknown>>();
  readonly #turns = new Map<string, number>();

  constructor(
    private readonly lots: Lots,
    private readonly clock: VirtualClock,
    private readonly looksAtKeys: boolean,
  ) {}

  draw<T>(name: string, from: readonly T[]): T {
    const turn = this.#turns.get(name) ?? 0;
    this.#turns.set(name, turn + 1);
    return from[turn % from.length]!;
  }

  list(): Answer {
    const visible = this.orders.filter(({ at }) => at <= this.clock.now());
    return { status: 200, body: visible.map(({ id }) => ({ id })) };
  }

  async post(key: string | undefined, body: string): Promise<Answer> {
    if (key === undefined) return { status: 400, body: {} };
    if (!this.looksAtKeys) return this.#order();
    while (this.#underWay.has(key)) {
      if (this.lots.inFlight === 'conflict') return { status: 409, body: {} };
      await this.#underWay.get(key);
    }
    const known = this.#answers.get(key);
    if (known !== undefined) return known.body === body ? known.answer : { status: 422, body: {} };
    const work = this.clock.sleep(this.draw('work', this.lots.work));
    this.#underWay.set(key, work);
    await work;
    const answer = this.#order();
    this.#answers.set(key, { body, answer });
    this.#underWay.delete(key);
    return answer;
  }

  #order(): Answer {
    const id = this.orders.length + 1;
    this.orders.push({ id, at: this.clock.now() + this.draw('effect', this.lots.effectAfter) });
    return { status: 201, body: { id } };
  }
}

function meansOf(service: Simulated, given: Lots, clock: VirtualClock): ProbeMeans {
  const scenario = scenarioOf('name: x\nurl: http://shop\nsteps: [{ wait: 1ms }]');
  const wire = () => clock.sleep(service.draw('wire', given.wire));
  const courier: ProbeMeans['courier'] = {
    build: async (template, variables) => buildRequest(template, scenario, undefined, variables),
    async send(built, template, _signal, hold) {
      await hold?.();
      await wire();
      const key = built.headers.find(([name]) => name === 'Idempotency-Key')?.[1];
      const trouble = built.method === 'GET' ? 'none' : service.draw('trouble', given.troubles);
      if (trouble === 'busy') return exchangeOf(built, { status: 503, body: {} });
      const answer = built.method === 'GET' ? service.list() : service.post(key, String(built.body));
      if (template.lose === 'connection') return exchangeOf(built, undefined);
      const came = await answer;
      await wire();
      return exchangeOf(built, trouble === 'lost' || template.lose !== undefined ? undefined : came);
    },
  };
  const variables = new Variables([], { clock, iteration: 1 });
  return { courier, variables, mask: new Mask([]), clock, signal: new AbortController().signal };
}

function exchangeOf(built: BuiltRequest, answer: Answer | undefined): Exchange {
  const body = Buffer.from(JSON.stringify(answer?.body ?? null));
  const outcome: HttpOutcome =
    answer === undefined
      ? { error: { code: 'ECONNRESET', message: 'lost', totalMs: 1 } }
      : {
          response: {
            status: answer.status,
            reason: '',
            headers: [],
            body,
            bodyBytes: body.length,
            headerBytes: 0,
            firstByteMs: 1,
            totalMs: 1,
          },
        };
  const response = 'response' in outcome ? outcome.response : undefined;
  const error = 'error' in outcome ? outcome.error : undefined;
  return { ...built, response, error, timeMs: 1, startedAt: 0 };
}

async function probe(given: Lots, looksAtKeys: boolean): Promise<ProbeResult> {
  const clock = new VirtualClock();
  const service = new Simulated(given, clock, looksAtKeys);
  const plan = planOf({ kill: undefined, duplicates: 10, settleMs: 500, withinMs: 10_000 });
  const watch = { begun: () => undefined, ended: () => undefined };
  return clock.until(runProbe(plan, meansOf(service, given, clock), watch));
}

const runs = { numRuns: 40, seed: 20261128 };

t.test('a right service is never blamed', async () => {
  await fc.assert(
    fc.asyncProperty(lots, async (given) => {
      const { verdict, reason, cases } = await probe(given, true);
      if (verdict !== 'idempotent') throw new Error(JSON.stringify({ verdict, reason, cases }, null, 1));
    }),
    runs,
  );
});

t.test('one that looks at no key always is', async () => {
  await fc.assert(
    fc.asyncProperty(lots, async (given) => {
      const { verdict, cases } = await probe({ ...given, effectAfter: [0] }, false);
      if (verdict !== 'not-idempotent') throw new Error(JSON.stringify({ verdict, cases }, null, 1));
    }),
    runs,
  );
});
