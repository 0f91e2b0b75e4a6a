import { readFileSync } from 'node:fs';
import { Ajv2020 } from 'ajv/dist/2020.js';
import t from 'tap';
import { compareRuns } from '../../src/cli/load/measure/compare.js';
import { findMax } from '../../src/cli/load/search/find-max.js';
import { resultOf, states, workloads } from '../report/fixtures.js';
import { queue, SimulatedRun } from './simulated-server.js';

const root = new URL('../../', import.meta.url);

function validator(name: 'load-result' | 'load-comparison') {
  const schemas = ['load-result', 'load-comparison'].map(
    (known) => JSON.parse(readFileSync(new URL(`schemas/${known}.schema.json`, root), 'utf8')) as object,
  );
  const validate = new Ajv2020({ allErrors: true, strict: true, schemas }).getSchema(
    `https://hwctl.dev/schemas/${name}.schema.json`,
  )!;
  return (value: unknown) => {
    // As it stands in a file: what is undefined is not there.
    validate(JSON.parse(JSON.stringify(value)));
    return (validate.errors ?? []).map(
      ({ instancePath, message, params }) => `${instancePath} ${message} ${JSON.stringify(params)}`,
    );
  };
}

t.test('a result and a comparison are what their schemas say, with every part that they may have', async (t) => {
  const problemsOf = validator('load-result');
  const results = Object.entries(states).map(([name, snapshot]) => [name, resultOf(snapshot)] as const);
  for (const [name, result] of results) t.same(problemsOf(result), [], name);
  const run = new SimulatedRun(
    queue(1, () => 12.5),
    50,
  );
  const bounds = { startPerSecond: 50, topPerSecond: 200, lowestPerSecond: 1, budgetMs: 20_000 };
  const [, running] = results[1]!;
  const found = await findMax(run, { bounds, unit: 'requests', thresholds: [], clock: run.clock, drainMs: 1000 });
  const comparison = compareRuns(running, results[2]![1], 0.1);
  const report = {
    ...running,
    hwctl: { version: '1.2.3' },
    command: ['hwctl', 'load'],
    exitCode: 0,
    findMax: found,
    comparison,
    timeline: {
      statuses: { intervalMs: 1000, rows: [{ atMs: 0, counts: { 200: 5 } }] },
      workloads: { rows: workloads, missing: [] },
    },
  };
  t.same(problemsOf(report), []);
  t.same(validator('load-comparison')(comparison), []);
  t.match(problemsOf({ ...report, surprise: 1, passed: 'yes' }).join(), /surprise.*passed|passed.*surprise/s);
});
