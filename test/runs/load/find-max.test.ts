import t from 'tap';
import { systemClock } from '../../../src/cli/kernel/clock.js';
import type { Arrivals } from '../../../src/cli/load/arrivals/models.js';
import { parseThreshold } from '../../../src/cli/load/plan/thresholds.js';
import { startLoad } from '../../../src/cli/load/run.js';
import { findMax } from '../../../src/cli/load/search/find-max.js';
import { searchBounds, searchPlan } from '../../../src/cli/load/search/search-plan.js';
import { limitedServer } from '../../load/servers.js';

const constant: Arrivals = { model: 'open', stages: [{ durationMs: 10_000, from: 100, to: 100 }], poisson: false };

for (const [what, options, capacity] of [
  ['80 a second', { perSecond: 80 }, 80],
  ['503 above 80 a second', { perSecond: 80, room: 25 }, 80],
] as const) {
  t.test(`a real server of ${what} is found out within 10 %`, async (t) => {
    const server = await limitedServer(options);
    t.teardown(server.close);
    const search = searchBounds({ topPerSecond: 1000, budgetMs: 40_000 }, undefined, constant)!;
    const step = { step: 'GET /', method: 'GET', path: '/' };
    const plan = searchPlan(
      {
        endpoint: { url: server.url },
        work: [{ kind: 'requests', name: 'GET /', weight: 1, requests: [step] }],
        arrivals: constant,
      },
      search,
    );
    const loadRun = startLoad(plan);
    const found = await findMax(loadRun, {
      bounds: search,
      unit: plan.unit,
      thresholds: [parseThreshold('error_rate<1%')],
      clock: systemClock,
      drainMs: plan.drainMs,
    });
    loadRun.finish('completed');
    const result = await loadRun.result;
    t.equal(result.ended, 'completed');
    t.equal(found.state, 'found', found.sentence);
    const ratio = (found.heldPerSecond ?? 0) / capacity;
    t.ok(ratio > 0.9 && ratio < 1.1, found.sentence);
    const due = found.probes.reduce((sum, probe) => sum + probe.scheduled, 0);
    t.equal(due, result.scheduled, 'every request is accounted for at the rate at which it was due');
  });
}
