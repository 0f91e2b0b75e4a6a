import t from 'tap';
import { randomAt } from '../../../src/cli/load/arrivals/random.js';
import { bucketIndex, bucketRange, Histogram, maxRecordableUs } from '../../../src/cli/load/memory/histogram.js';

/** Values over seven decades, as latencies are: mostly small, with a long tail. */
function values(count: number, seed: number): number[] {
  return Array.from({ length: count }, (_, i) => Math.floor(10 ** (7 * randomAt(seed, i) ** 2)));
}

function exact(sorted: number[], percentile: number): number {
  return sorted[Math.max(1, Math.ceil((percentile * sorted.length) / 100 - 1e-9)) - 1]!;
}

t.test('every value falls into the bucket that covers it, within 0.1 %', async (t) => {
  for (let i = 0; i < 100_000; i++) {
    const value = Math.floor(randomAt(1, i) * maxRecordableUs);
    const { fromUs, widthUs } = bucketRange(bucketIndex(value));
    if (value < fromUs || value >= fromUs + widthUs) t.fail(`${value} not in ${fromUs}+${widthUs}`);
    if (widthUs > Math.max(1, fromUs / 1000)) t.fail(`bucket of ${value} is ${widthUs} wide`);
  }
  for (let index = 1; index < bucketIndex(maxRecordableUs); index++) {
    const { fromUs, widthUs } = bucketRange(index - 1);
    if (bucketRange(index).fromUs !== fromUs + widthUs) t.fail(`a gap before bucket ${index}`);
  }
});

t.test('percentiles are those of the sorted values, within 0.1 %', async (t) => {
  for (const count of [1, 2, 10, 1000, 50_000]) {
    const all = values(count, count);
    const histogram = new Histogram();
    for (const value of all) histogram.record(value);
    const sorted = all.toSorted((a, b) => a - b);
    for (const percentile of [0, 1, 25, 50, 75, 90, 95, 99, 99.9, 100]) {
      const wanted = exact(sorted, percentile);
      const found = histogram.percentileUs(percentile);
      t.ok(found >= wanted && found <= wanted * 1.001 + 1, `p${percentile} of ${count}: ${found} for ${wanted}`);
    }
    const mean = all.reduce((sum, value) => sum + value, 0) / count;
    const variance = all.reduce((sum, value) => sum + (value - mean) ** 2, 0) / count;
    t.ok(Math.abs(histogram.meanUs - mean) < 1e-6 * mean + 1e-6);
    t.ok(Math.abs(histogram.stdevUs - Math.sqrt(variance)) < 1e-4 * Math.sqrt(variance) + 1e-3);
    const { min, max } = histogram.summary();
    t.equal(min, sorted[0]! / 1000);
    t.equal(max, sorted.at(-1)! / 1000);
  }
});

t.test('merging is exact: any split gives the same histogram', async (t) => {
  const all = values(20_000, 7);
  const whole = new Histogram();
  const parts = Array.from({ length: 4 }, () => new Histogram());
  all.forEach((value, i) => {
    whole.record(value);
    parts[i % 4]!.record(value);
  });
  const merged = new Histogram();
  for (const part of parts) merged.add(part);
  const { sumOfSquares, ...counts } = merged.encode();
  t.match(whole.encode(), counts);
  // Sums of floating-point numbers depend on their order in the last digits.
  t.ok(Math.abs(sumOfSquares / whole.encode().sumOfSquares - 1) < 1e-9);
});

t.test('encodes, survives JSON and decodes; refuses what it did not write', async (t) => {
  const histogram = new Histogram();
  for (const value of values(1000, 3)) histogram.record(value);
  const encoded = JSON.parse(JSON.stringify(histogram.encode()));
  t.same(Histogram.decode(encoded).encode(), histogram.encode());
  t.same(Histogram.decode(new Histogram().encode()).summary(), new Histogram().summary());
  t.throws(() => Histogram.decode({ ...encoded, count: 3 }), RangeError);
  t.throws(() => Histogram.decode({ ...encoded, buckets: [1e9, 1] }), RangeError);
  t.throws(() => Histogram.decode({ ...encoded, layout: 'x' }), RangeError);
});

t.test('the recent window is the difference of two moments', async (t) => {
  const histogram = new Histogram();
  for (const value of values(500, 1)) histogram.record(value);
  const before = new Histogram();
  before.copyFrom(histogram);
  const later = new Histogram();
  for (const value of values(300, 2)) {
    histogram.record(value);
    later.record(value);
  }
  const window = new Histogram();
  window.becomeDifference(histogram, before);
  t.equal(window.count, 300);
  t.equal(window.percentileUs(90), later.percentileUs(90));
  t.ok(Math.abs(window.meanUs - later.meanUs) < 1e-3);
});

t.test('counts what is out of range at the nearer end, in any memory it is given', async (t) => {
  const histogram = new Histogram();
  histogram.record(-5);
  histogram.record(1e15);
  t.equal(histogram.summary().min, 0);
  t.equal(histogram.summary().max, maxRecordableUs / 1000);
  t.equal(histogram.countUpTo(10), 1);
  t.equal(histogram.countUpTo(1e15), 2);
});
