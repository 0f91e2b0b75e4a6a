import t from 'tap';
import { maxExitCode } from '../../../src/cli/commands/load/find-max.js';
import type { Arrivals } from '../../../src/cli/load/arrivals/models.js';
import { searchBounds } from '../../../src/cli/load/search/search-plan.js';

const constant: Arrivals = { model: 'open', stages: [{ durationMs: 10_000, from: 100, to: 100 }], poisson: false };
const ramp: Arrivals = { model: 'open', stages: [{ durationMs: 60_000, from: 20, to: 2000 }], poisson: false };

t.test('what a search may try: flags, a profile’s ramp, or the usual', (t) => {
  const usual = { startPerSecond: 50, topPerSecond: 5000, lowestPerSecond: 0.5, budgetMs: 120_000 };
  t.same(searchBounds({}, undefined, constant), usual);
  t.same(searchBounds({ topPerSecond: 2000, budgetMs: 20_000 }, undefined, constant), {
    ...usual,
    topPerSecond: 2000,
    budgetMs: 20_000,
  });
  t.match(searchBounds({ topPerSecond: 10 }, undefined, constant), {
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
  t.match(searchBounds({ isQuick: true }, ramp, ramp), { budgetMs: 20_000 });
  t.same(searchBounds({}, constant, constant), usual, 'a constant load names no range');
  t.equal(searchBounds({}, undefined, { model: 'closed', stages: [] }), undefined);
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
