// Each shop is judged right: by its effects, with the word that its owner needs.
import t, { type Test } from 'tap';
import { systemClock } from '../../../src/cli/kernel/clock.js';
import { runProbe } from '../../../src/cli/scenario/probe/probe.js';
import type { ProbePlan } from '../../../src/cli/scenario/probe/probe-plan.js';
import type { CaseResult, ProbeResult } from '../../../src/cli/scenario/probe/probe-result.js';
import { runScenario } from '../../../src/cli/scenario/run/run.js';
import { scenarioOf } from '../run-text.js';
import { planOf } from './probe-plans.js';
import { openShop, type ShopKind } from './shop.js';
import { shops } from './shops.js';

/** Probes a shop; small figures, as everything is near. */
async function probe(t: Test, kind: ShopKind, given: Partial<ProbePlan> = {}): Promise<ProbeResult> {
  const { url, kill } = await openShop(t, kind);
  let result: ProbeResult | undefined;
  await runScenario(scenarioOf(`name: probe\nurl: ${url}\nsteps: [{ wait: 1ms }]`), {
    clock: systemClock,
    signal: new AbortController().signal,
    afterSteps: async (left) => {
      const watch = { begun: () => undefined, ended: () => undefined };
      result = await runProbe(planOf(given), { ...left, clock: systemClock, fault: kill }, watch);
    },
  });
  return result!;
}

function statesOf(cases: readonly CaseResult[]): Record<string, string> {
  return Object.fromEntries(cases.filter(({ state }) => state !== 'passed').map(({ name, state }) => [name, state]));
}

t.test(`${shops.length} shops`, async (t) => {
  t.ok(shops.length >= 30, 'right, wrong, and of which nothing can be told');
  await Promise.all(
    shops.map(async ({ what, kind, verdict, states = {}, says, plan }) => {
      const result = await probe(t, kind, plan);
      const told = JSON.stringify(result);
      t.equal(result.verdict, verdict, `${what}: ${verdict}`, { result });
      if (verdict !== 'void') t.same(statesOf(result.cases), states, `${what}: its cases`, { result });
      if (says !== undefined) t.match(told, says, `${what}: says why`);
      t.notMatch(told, /undefined|NaN|Infinity/, `${what}: no hole in what is said`);
      for (const each of result.cases.filter(({ state }) => state === 'failed' || state === 'warning'))
        t.ok(each.why && each.cure && each.happened, `${what}: ${each.name} has a reason and a cure`);
    }),
  );
});
