import fc from 'fast-check';
import t from 'tap';
import { randomAt } from '../../../src/cli/load/arrivals/random.js';
import { parseThreshold } from '../../../src/cli/load/plan/thresholds.js';
import { findMax, withVerdict } from '../../../src/cli/load/search/find-max.js';
import type { MaxFound } from '../../../src/cli/load/search/max-found.js';
import { queue, type ServerModel, SimulatedRun, shedding, slowing } from '../simulated-server.js';

/** CI runs what was run here; another seed: FC_SEED=... */
const seed = 20_261_127;

interface Search {
  start?: number;
  top?: number;
  budgetMs?: number;
  thresholds?: string[];
  maxInFlight?: number;
  endMs?: number;
}

function search(model: ServerModel, options: Search = {}): Promise<MaxFound> {
  const { start = 50, top = 5000, budgetMs = 120_000, thresholds = ['error_rate<1%'] } = options;
  const run = new SimulatedRun(model, start, { maxInFlight: options.maxInFlight, endMs: options.endMs });
  return findMax(run, {
    bounds: { startPerSecond: start, topPerSecond: top, lowestPerSecond: Math.min(0.5, start / 10), budgetMs },
    unit: 'requests',
    thresholds: thresholds.map((text) => parseThreshold(text)),
    clock: run.clock,
    drainMs: 10_000,
  });
}

const constant = (ms: number) => () => ms;

t.test('servers of known capacity: found within 10 %', async (t) => {
  const table: [what: string, model: ServerModel, capacity: number][] = [
    ['20/s', queue(1, constant(50)), 20],
    ['80/s', queue(1, constant(12.5)), 80],
    ['500/s', queue(1, constant(2)), 500],
    ['3,000/s by three at a time', queue(3, constant(1)), 3000],
    ['80/s behind a delay of 300 ms', queue(1, constant(12.5), 300), 80],
    ['sheds with 503 at 80/s', shedding(queue(1, constant(12.5)), 10), 80],
    ['sheds with 503 at 500/s, after a long line', shedding(queue(4, constant(8)), 100), 500],
    ['slows down with load: p(95) is a second at 190/s', slowing(50, 5), 190],
    ['slows down with load: p(95) is a second at 97/s', slowing(30, 10), 97],
  ];
  for (const [what, model, capacity] of table) {
    const found = await search(model);
    t.equal(found.state, 'found', what);
    const ratio = (found.heldPerSecond ?? 0) / capacity;
    t.ok(ratio > 0.9 && ratio < 1.1, `${what}: ${found.sentence}`);
    t.ok(found.brokePerSecond! > found.heldPerSecond!, what);
    const last = found.probes.findLast(({ kind, outcome }) => kind === 'confirmation' && outcome === 'held');
    t.equal(last?.ratePerSecond, found.heldPerSecond, `${what}: what is named was confirmed`);
  }
});

t.test('any capacity, any number at a time, from any first rate: found within 10 %', async () => {
  const servers = fc.record({
    capacity: fc.double({ min: Math.log(10), max: Math.log(2000), noNaN: true }).map(Math.exp),
    workers: fc.constantFrom(1, 2, 5, 20),
    start: fc.constantFrom(1, 10, 50, 400),
    room: fc.option(fc.integer({ min: 10, max: 60 })),
  });
  await fc.assert(
    fc.asyncProperty(servers, async ({ capacity, workers, start, room }) => {
      // An answer takes 0.4 s at most: more than a second is over the limit at any rate.
      const parallel = Math.max(1, Math.min(workers, Math.floor(0.4 * capacity)));
      const line = queue(parallel, constant((parallel * 1000) / capacity));
      const found = await search(room === null ? line : shedding(line, parallel + room), { start, budgetMs: 240_000 });
      const ratio = (found.heldPerSecond ?? 0) / capacity;
      if (found.state !== 'found' || ratio < 0.9 || ratio > 1.1)
        throw new Error(`${capacity.toFixed(1)}/s: ${found.state}, ${ratio.toFixed(3)} of it: ${found.sentence}`);
    }),
    { seed: Number(process.env.FC_SEED ?? seed), numRuns: 16 },
  );
});

t.test('answers of random length: what is named is never far above what the server can do', async () => {
  const servers = fc.record({
    capacity: fc.double({ min: Math.log(20), max: Math.log(1000), noNaN: true }).map(Math.exp),
    workers: fc.constantFrom(1, 4, 20),
    budgetMs: fc.constantFrom(20_000, 60_000, 120_000),
    randomSeed: fc.integer({ min: 1, max: 1e9 }),
  });
  await fc.assert(
    fc.asyncProperty(servers, async ({ capacity, workers, budgetMs, randomSeed }) => {
      const meanMs = (workers * 1000) / capacity;
      let drawn = 0;
      const random = () => -Math.log(1 - randomAt(randomSeed, drawn++)) * meanMs;
      const found = await search(queue(workers, random), { budgetMs });
      const ratio = (found.heldPerSecond ?? 0) / capacity;
      if (ratio > 1.25) throw new Error(`${capacity.toFixed(1)}/s: ${ratio.toFixed(3)} of it: ${found.sentence}`);
    }),
    { seed: Number(process.env.FC_SEED ?? seed), numRuns: 8 },
  );
});

t.test('what was not shown is not named', async (t) => {
  const brief = await search(queue(1, constant(12.5)), { budgetMs: 1500 });
  t.match(brief, { state: 'not shown', heldPerSecond: undefined });
  t.match(brief.sentence, /was not shown: 1\.5 s were not enough/);
  const short = await search(queue(1, constant(12.5)), { budgetMs: 4000 });
  t.match(short, { state: 'bounded', heldPerSecond: 50, brokePerSecond: 100 });
  t.match(
    short.sentence,
    /lies between 50 requests\/s \(held, confirmed over 1 s\) and 100 requests\/s, which did not/,
  );

  const cut = await search(queue(1, constant(12.5)), { endMs: 3000 });
  t.match(cut, { state: 'not shown', heldPerSecond: undefined });
  t.match(cut.sentence, /was not shown: the run ended before the search did/);

  const slow = await search(slowing(3000, 0));
  t.match(slow, { state: 'none', heldPerSecond: undefined });
  t.match(slow.sentence, /No rate held, not even 0\.5 requests\/s: p\(95\)<1000: response p\(95\) was 3000 ms/);
  t.match(slow.limits, ['p(95)<1000 (taken where no threshold is about latency)', 'error_rate<1%']);
  t.match(await search(slowing(3000, 0), { thresholds: ['p(95)<5000'], top: 100 }), {
    state: 'top',
    heldPerSecond: 100,
    limits: ['p(95)<5000'],
  });

  const untrusted = withVerdict(await search(queue(1, constant(12.5))), {
    state: 'VOID',
    reasons: [{ code: 'start-lag', severity: 'VOID', message: 'start lag p99 80 ms' }],
  });
  t.match(untrusted, { state: 'not shown', heldPerSecond: undefined });
  t.match(untrusted.sentence, /was not shown: the run is VOID \(start lag p99 80 ms\)/);

  const fast = await search(queue(10, constant(1)), { top: 1000 });
  t.match(fast, { state: 'top', heldPerSecond: 1000, brokePerSecond: undefined });
  t.match(fast.sentence, /Everything held up to 1,000 requests\/s .* the limit is above/);
});

t.test('a rate from which requests were dropped did not hold', async (t) => {
  // Ten at a time of 100 ms each are 100 a second, however fast the server is.
  const found = await search(slowing(100, 0), { maxInFlight: 10 });
  t.equal(found.state, 'found');
  t.ok(Math.abs(found.heldPerSecond! / 100 - 1) < 0.1, found.sentence);
  t.match(found.sentence, /were never sent: too many were under way/);
  t.ok(found.probes.every(({ dropped, outcome }) => dropped === 0 || outcome === 'broke'));
});

t.test('time-outs belong to the rate at which their requests were due', async (t) => {
  // Above 80 a second it answers nobody any more: those time-outs come ten seconds later.
  const line = queue(1, constant(12.5));
  const model: ServerModel = (nowMs, underWay) =>
    underWay > 30 ? { doneMs: nowMs + 60_000, ok: true } : line(nowMs, underWay);
  const found = await search(model, { budgetMs: 240_000 });
  t.ok(Math.abs((found.heldPerSecond ?? 0) / 80 - 1) < 0.1, found.sentence);
  for (const probe of found.probes)
    t.equal(
      probe.scheduled,
      probe.dropped + probe.ok + probe.failed + probe.timedOut,
      'each has its own whole account',
    );
  t.ok(
    found.probes.every(({ timedOut, ratePerSecond }) => timedOut === 0 || ratePerSecond > 80),
    'none of them at a rate below',
  );
});

t.test('one hiccup is no limit', async (t) => {
  let stalled = 0;
  const line = queue(1, constant(2));
  const model: ServerModel = (nowMs, underWay) => {
    // A second's stall, once, in the middle of the way up.
    if (nowMs > 2500 && stalled < 1) {
      stalled++;
      for (let i = 0; i < 600; i++) line(nowMs, underWay);
    }
    return line(nowMs, underWay);
  };
  const found = await search(model);
  t.equal(stalled, 1);
  t.ok(Math.abs((found.heldPerSecond ?? 0) / 500 - 1) < 0.1, found.sentence);
});
