import t from 'tap';
import { type Arrivals, traitsOf } from '../../../src/cli/load/arrivals/models.js';
import { LiveSchedule, Schedule, shareOf, stageValueAt } from '../../../src/cli/load/arrivals/schedule.js';
import { ArrivalSource } from '../../../src/cli/load/engine/pacer.js';
import type { LoadPlan } from '../../../src/cli/load/plan/plan.js';
import { definePlan } from '../../../src/cli/load/plan/plan-define.js';

const work: LoadPlan['work'] = [
  { kind: 'requests', name: 'GET /', weight: 1, requests: [{ step: 'GET /', method: 'GET', path: '/' }] },
];

function plan(arrivals: Arrivals, more: Partial<LoadPlan> = {}): LoadPlan {
  return definePlan({ endpoint: { url: 'http://127.0.0.1' }, work, arrivals, ...more });
}

function allDue(source: ArrivalSource): { index: number; dueMs: number; thread: number; user: number }[] {
  const arrivals = [];
  while (source.dueMs() < source.live.endMs()) {
    const dueMs = source.dueMs();
    arrivals.push({ index: source.globalIndex, dueMs, thread: source.thread(), user: source.userAt(dueMs) });
    source.advance();
  }
  return arrivals;
}

t.test('a constant rate: each arrival exactly at its time, also after hours', async (t) => {
  const hour = new Schedule([{ durationMs: 3_600_000, from: 1000, to: 1000 }]);
  t.equal(hour.total, 3_600_000);
  for (const index of [0, 1, 999, 1_234_567, 3_599_999]) t.ok(Math.abs(hour.timeOf(index) - index) < 1e-6);
  t.equal(hour.timeOf(3_600_000), Number.POSITIVE_INFINITY);
  t.equal(hour.countAt(1500), 1500);
});

t.test('ramps: the time is the inverse of the integral of the rate, in every stage', async (t) => {
  const stages = [
    { durationMs: 10_000, from: 0, to: 100 },
    { durationMs: 5000, from: 100, to: 100 },
    { durationMs: 3000, from: 100, to: 100.000001 },
    { durationMs: 10_000, from: 100, to: 0 },
  ];
  const schedule = new Schedule(stages);
  t.ok(Math.abs(schedule.total - 1800) < 1e-3);
  let last = -1;
  for (let index = 0; index < 1799; index++) {
    const at = schedule.timeOf(index);
    if (at <= last) t.fail(`arrival ${index} is due before the one before it`);
    last = at;
    if (Math.abs(schedule.countAt(at) - index) > 1e-6) t.fail(`arrival ${index}: ${schedule.countAt(at)}`);
  }
  t.equal(schedule.rateAt(5000), 50);
  t.equal(schedule.rateAt(28_000), 0);
  t.equal(schedule.stageIndexAt(12_000), 1);
  t.equal(stageValueAt(stages, 5000), 50);
  t.equal(stageValueAt(stages, 1e9), 0);
});

t.test('a live change of the rate takes effect from its moment on; a pause moves what follows', async (t) => {
  const live = new LiveSchedule(new Schedule([{ durationMs: 10_000, from: 100, to: 100 }]));
  t.equal(live.dueMs(100), 1000);
  live.setFactor(2, 1000);
  t.equal(live.dueMs(100), 1000);
  t.equal(live.dueMs(102), 1010);
  live.setPaused(true, 2000);
  t.equal(live.dueMs(300), Number.POSITIVE_INFINITY);
  live.setPaused(false, 5000);
  t.equal(live.dueMs(300), 5000);
  t.equal(live.dueMs(302), 5010);
  t.equal(live.endMs(), 13_000);
  live.setFactor(0.5, 6000);
  t.equal(live.dueMs(500), 6000);
  t.equal(live.dueMs(501), 6020);
});

t.test('threads and pods together make every arrival once, at the same time as one would', async (t) => {
  const arrivals: Arrivals = { model: 'open', poisson: false, stages: [{ durationMs: 2000, from: 10, to: 200 }] };
  const one = allDue(new ArrivalSource(plan(arrivals), 1));
  for (const pods of [2, 3]) {
    const together = Array.from({ length: pods }, (_, index) =>
      allDue(new ArrivalSource(plan(arrivals, { shard: { index, count: pods }, workers: 4 }), 4)),
    );
    for (const pod of together) t.same([...new Set(pod.map(({ thread }) => thread))].sort(), [0, 1, 2, 3]);
    const merged = together.flat().sort((a, b) => a.index - b.index);
    t.same(
      merged.map(({ index, dueMs }) => [index, dueMs]),
      one.map(({ index, dueMs }) => [index, dueMs]),
    );
  }
});

t.test('Poisson arrivals: the same for the same seed in every pod, with the rate as their mean', async (t) => {
  const arrivals: Arrivals = { model: 'open', poisson: true, stages: [{ durationMs: 60_000, from: 100, to: 100 }] };
  const one = allDue(new ArrivalSource(plan(arrivals), 1));
  t.ok(Math.abs(one.length - 6000) < 400, `${one.length} arrivals`);
  const gaps = one.slice(1).map((arrival, i) => arrival.dueMs - one[i]!.dueMs);
  const mean = gaps.reduce((sum, gap) => sum + gap, 0) / gaps.length;
  const deviation = Math.sqrt(gaps.reduce((sum, gap) => sum + (gap - mean) ** 2, 0) / gaps.length);
  t.ok(Math.abs(deviation / mean - 1) < 0.1, 'exponential gaps deviate by their mean');
  const second = allDue(new ArrivalSource(plan(arrivals, { shard: { index: 1, count: 2 } }), 1));
  t.same(
    second.map(({ dueMs }) => dueMs),
    one.filter((_, i) => i % 2 === 1).map(({ dueMs }) => dueMs),
  );
  const other = allDue(new ArrivalSource(plan(arrivals, { seed: 2 }), 1));
  t.not(other[5]!.dueMs, one[5]!.dueMs);
});

t.test('users at a pace take turns', async (t) => {
  const arrivals: Arrivals = { model: 'paced', paceMs: 500, stages: [{ durationMs: 2000, from: 5, to: 5 }] };
  t.same(traitsOf(arrivals).rate!, [{ durationMs: 2000, from: 10, to: 10 }]);
  const due = allDue(new ArrivalSource(plan(arrivals), 1));
  t.equal(due.length, 20);
  const third = due.filter(({ user }) => user === 3).map(({ dueMs }) => Math.round(dueMs));
  t.same(third, [300, 800, 1300, 1800]);
});

t.test('shares add up to the whole', async (t) => {
  for (const [total, count] of [
    [10, 3],
    [2, 4],
    [7, 7],
  ] as const) {
    const shares = Array.from({ length: count }, (_, index) => shareOf(total, index, count));
    t.equal(
      shares.reduce((sum, share) => sum + share, 0),
      total,
    );
    t.ok(Math.max(...shares) - Math.min(...shares) <= 1);
  }
});
