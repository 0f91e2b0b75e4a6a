import t from 'tap';
import { maxExitCode, searchBounds, searchPlan } from '../../../src/cli/commands/load/find-max.js';
import { systemClock } from '../../../src/cli/kernel/clock.js';
import { Failure } from '../../../src/cli/kernel/failure.js';
import type { Arrivals } from '../../../src/cli/load/arrivals/models.js';
import { parseThreshold } from '../../../src/cli/load/plan/thresholds.js';
import { startAttack } from '../../../src/cli/load/run.js';
import { findMax } from '../../../src/cli/load/search/find-max.js';
import { limitedServer } from '../../load/servers.js';

const constant: Arrivals = { model: 'open', stages: [{ durationMs: 10_000, from: 100, to: 100 }], poisson: false };
const ramp: Arrivals = { model: 'open', stages: [{ durationMs: 60_000, from: 20, to: 2000 }], poisson: false };

t.test('what a search may try: flags, a profile’s ramp, or the usual', (t) => {
  const usual = { startPerSecond: 50, topPerSecond: 5000, lowestPerSecond: 0.5, budgetMs: 120_000 };
  t.same(searchBounds({}, undefined, constant), usual);
  t.same(searchBounds({ rps: '2000', duration: '20s' }, undefined, constant), {
    ...usual,
    topPerSecond: 2000,
    budgetMs: 20_000,
  });
  t.match(searchBounds({ rps: '10' }, undefined, constant), {
    startPerSecond: 1,
    topPerSecond: 10,
    lowestPerSecond: 0.1,
  });
  t.same(searchBounds({}, ramp, ramp), {
    startPerSecond: 20,
    topPerSecond: 2000,
    lowestPerSecond: 0.5,
    budgetMs: 60_000,
  });
  t.match(searchBounds({ quick: true }, ramp, ramp), { budgetMs: 20_000 });
  t.same(searchBounds({}, constant, constant), usual, 'a constant load names no range');
  t.throws(() => searchBounds({}, undefined, { model: 'closed', stages: [] }), Failure);
  t.end();
});

t.test('the exit code claims no more than was shown', (t) => {
  const table = [
    ['found', 0],
    ['bounded', 0],
    ['top', 0],
    ['generator', 0],
    ['none', 1],
    ['not shown', 3],
  ] as const;
  for (const [state, code] of table) t.equal(maxExitCode({ state }), code, state);
  t.end();
});

for (const [what, options, capacity] of [
  ['80 a second', { perSecond: 80 }, 80],
  ['503 above 80 a second', { perSecond: 80, room: 25 }, 80],
] as const) {
  t.test(`a real server of ${what} is found out within 10 %`, async (t) => {
    const server = await limitedServer(options);
    t.teardown(server.close);
    const search = searchBounds({ rps: '1000', duration: '40s' }, undefined, constant);
    const step = { step: 'GET /', method: 'GET', path: '/' };
    const plan = searchPlan(
      {
        endpoint: { url: server.url },
        work: [{ kind: 'requests', name: 'GET /', weight: 1, requests: [step] }],
        arrivals: constant,
      },
      search,
    );
    const attack = startAttack(plan);
    const found = await findMax(attack, {
      bounds: search,
      unit: plan.unit,
      thresholds: [parseThreshold('error_rate<1%')],
      clock: systemClock,
      drainMs: plan.drainMs,
    });
    attack.finish('completed');
    const result = await attack.result;
    t.equal(result.ended, 'completed');
    t.equal(found.state, 'found', found.sentence);
    const ratio = (found.heldPerSecond ?? 0) / capacity;
    t.ok(ratio > 0.9 && ratio < 1.1, found.sentence);
    const due = found.probes.reduce((sum, probe) => sum + probe.scheduled, 0);
    t.equal(due, result.scheduled, 'every request is accounted for at the rate at which it was due');
  });
}
