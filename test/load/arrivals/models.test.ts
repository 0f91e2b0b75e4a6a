import { readFileSync } from 'node:fs';
import { Ajv2020 } from 'ajv/dist/2020.js';
import fc from 'fast-check';
import t from 'tap';
import { flagsWithoutRate, modelExclusive } from '../../../src/cli/commands/load/arrivals.js';
import { type Arrivals, arrivalModels, modelOf, traitsOf } from '../../../src/cli/load/arrivals/models.js';
import type { Stage } from '../../../src/cli/load/arrivals/schedule.js';
import { ArrivalSource } from '../../../src/cli/load/engine/pacer.js';
import { runArrivals } from '../../../src/cli/load/measure/progress.js';
import { definePlan } from '../../../src/cli/load/plan/plan-define.js';
import { parseProfile } from '../../../src/cli/load/plan/profile.js';

const seed = 20_261_127;
const models = Object.values(arrivalModels);
const text = (path: string) => readFileSync(new URL(`../../../${path}`, import.meta.url), 'utf8');

t.test('a model says the same in the profile, its schema, the flags and the documentation', async (t) => {
  const schema = JSON.parse(text('schemas/profile.schema.json'));
  const { properties } = schema.properties.arrivals;
  const fields = models.flatMap(({ profile }) => [profile.level, ...Object.keys(profile.own)]);
  const common = ['duration', 'from', 'stages', 'of'];
  t.same(Object.keys(properties).sort(), [...fields, ...common].sort());
  t.same(
    [...properties.of.enum].sort(),
    models.map(({ profile }) => profile.level).sort(),
    'stages are of what a level is',
  );
  t.equal(modelExclusive[0]!.length, models.length, 'a flag of each model in every group that excludes');
  const guide = text('docs/LOAD.md');
  for (const name of Object.keys(arrivalModels)) t.match(guide, new RegExp(`\\b${name}\\b`, 'i'), name);
});

t.test('what a result says of its arrivals is in the schema of results', async (t) => {
  const schema = JSON.parse(text('schemas/load-result.schema.json')).properties.arrivals;
  t.same([...schema.properties.model.enum].sort(), Object.keys(arrivalModels).sort());
  const validate = new Ajv2020({ strict: false }).compile(schema);
  for (const [name, { profile }] of Object.entries(arrivalModels)) {
    const yaml = `arrivals: { ${profile.level}: 7, duration: 3s }\nwork: [{ request: GET / }]\n`;
    const arrivals = parseProfile(yaml).profile?.arrivals as Arrivals;
    const said = JSON.parse(JSON.stringify(runArrivals({ arrivals, unit: 'requests' })));
    t.ok(validate(said), `${name}: ${JSON.stringify(said)} ${JSON.stringify(validate.errors)}`);
  }
});

t.test('every model is read from a profile by its level alone', async (t) => {
  for (const [name, { profile }] of Object.entries(arrivalModels)) {
    const yaml = `arrivals: { ${profile.level}: 7, duration: 3s }\nwork: [{ request: GET / }]\n`;
    const parsed = parseProfile(yaml);
    t.same(parsed.problems, [], name);
    t.match(parsed.profile?.arrivals, { model: name, stages: [{ durationMs: 3000, from: 7, to: 7 }] });
  }
});

t.test('what follows from arrivals, by model', async (t) => {
  const stages = [
    { durationMs: 1000, from: 0, to: 40 },
    { durationMs: 1000, from: 40, to: 40 },
  ];
  const work = [
    { kind: 'requests' as const, name: 'a', weight: 1, requests: [{ step: 'a', method: 'GET', path: '/' }] },
  ];
  const planned = (arrivals: Arrivals) => {
    const { maxInFlight, connections } = definePlan({ endpoint: { url: 'http://a' }, work, arrivals, timeoutMs: 5000 });
    const { rate, userEverySeconds, limit } = traitsOf(arrivals);
    return { rate: rate?.map(({ to }) => to), userEverySeconds, limit, maxInFlight, connections };
  };
  const none = { userEverySeconds: undefined, limit: undefined };
  t.same(planned({ model: 'open', stages, poisson: false }), {
    ...none,
    rate: [40, 40],
    maxInFlight: 200,
    connections: 8,
  });
  t.same(planned({ model: 'paced', stages, paceMs: 500 }), {
    ...none,
    rate: [80, 80],
    userEverySeconds: 0.5,
    maxInFlight: 100,
    connections: 40,
  });
  t.same(planned({ model: 'closed', stages, requests: 9 }), {
    ...none,
    rate: undefined,
    limit: 9,
    maxInFlight: 100,
    connections: 1,
  });
  t.same(flagsWithoutRate, ['--users', '--concurrency', '--requests']);
});

t.test('of every model at a rate, the shards release the arrivals of the whole', async (t) => {
  const stage = fc.record({
    durationMs: fc.integer({ min: 50, max: 400 }),
    from: fc.integer({ min: 0, max: 60 }),
    to: fc.integer({ min: 1, max: 60 }),
  });
  const made = (name: keyof typeof arrivalModels, stages: Stage[], poisson: boolean): Arrivals =>
    modelOf(name).profile.arrivals(stages, { poisson, pace: 250 });
  const due = (arrivals: Arrivals, shard: { index: number; count: number }) => {
    const plan = {
      ...definePlan({
        endpoint: { url: 'http://a' },
        work: [{ kind: 'requests', name: 'a', weight: 1, requests: [{ step: 'a', method: 'GET', path: '/' }] }],
        arrivals,
      }),
      shard,
    };
    const source = new ArrivalSource(plan, 1);
    const all: [number, number][] = [];
    for (; source.dueMs() < source.live.endMs(); source.advance()) all.push([source.globalIndex, source.dueMs()]);
    return all;
  };
  for (const name of Object.keys(arrivalModels) as (keyof typeof arrivalModels)[]) {
    if (traitsOf(made(name, [], false)).rate === undefined) continue;
    fc.assert(
      fc.property(
        fc.array(stage, { minLength: 1, maxLength: 3 }),
        fc.boolean(),
        fc.integer({ min: 2, max: 4 }),
        (stages, poisson, count) => {
          const arrivals = made(name, stages, poisson);
          const whole = due(arrivals, { index: 0, count: 1 });
          const shards = Array.from({ length: count }, (_, index) => due(arrivals, { index, count })).flat();
          t.same(
            shards.sort(([a], [b]) => a - b),
            whole,
          );
        },
      ),
      { seed, numRuns: 20 },
    );
  }
});
