import t from 'tap';
import { LatencyBins } from '../../../src/cli/load/measure/latency-bins.js';
import { coarseCount, coarseIndex } from '../../../src/cli/load/memory/memory.js';

/** A run of `seconds` with so many responses a second, 10 ms each; one in fifty takes 200 ms. */
function run(seconds: number, perSecond: number): LatencyBins {
  const bins = new LatencyBins();
  let number = 0;
  for (let slot = 0; slot < seconds * 10; slot++) {
    const counts = new Uint32Array(coarseCount);
    let maxUs = 0;
    for (; number < ((slot + 1) * perSecond) / 10; number++) {
      const us = number % 50 === 49 ? 200_000 : 10_000;
      counts[coarseIndex(us)]!++;
      maxUs = Math.max(maxUs, us);
    }
    bins.add(slot * 100, counts, maxUs);
  }
  return bins;
}

const table: [seconds: number, perSecond: number, intervalMs: number, rows: number][] = [
  [10, 1000, 1000, 10],
  [60, 50, 2000, 30],
  [60, 5, 5000, 12],
  [20, 5, 2000, 10],
  [600, 5, 30_000, 20],
  [600, 200, 1000, 600],
  [3, 1, 1000, 3],
];
t.test('a stretch is as long as it takes to hold enough samples, and a tenth of the run at most', (t) => {
  for (const [seconds, perSecond, intervalMs, rows] of table) {
    const series = run(seconds, perSecond).series();
    const name = `${perSecond}/s for ${seconds} s`;
    t.equal(series.intervalMs, intervalMs, name);
    t.equal(series.rows.length, rows, name);
    t.equal(
      series.rows.reduce((sum, row) => sum + row.count, 0),
      seconds * perSecond,
      `${name}: every sample is in one row`,
    );
  }
  t.end();
});

t.test('a percentile stands only where the samples are enough for it to be another figure than the slowest', (t) => {
  for (const row of run(60, 5).series().rows) {
    t.equal(row.count, 25);
    t.ok(Math.abs(row.p50! - 10) < 0.4);
    t.ok(row.p95 !== undefined && row.p95 < 11, 'p95 is not the slowest');
    t.equal(row.p99, undefined, 'no p99 of 25 samples');
  }
  for (const row of run(10, 1000).series().rows) {
    t.ok(row.p99! > 190 && row.p99! <= row.max);
    t.ok(row.p95! < 11);
  }
  const empty = new LatencyBins().series();
  t.same(empty.rows, []);
  t.end();
});

t.test('memory is bounded: hours are kept in longer stretches', (t) => {
  const { rows } = run(4000, 1).series();
  t.equal(
    rows.reduce((sum, row) => sum + row.count, 0),
    4000,
  );
  t.ok(rows.length <= 1800);
  t.end();
});
