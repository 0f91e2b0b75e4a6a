import t from 'tap';
import {
  fit,
  formatBytes,
  formatCount,
  formatLatency,
  formatRate,
  formatShare,
  wrap,
} from '../../src/cli/report/format.js';
import { binSeries, cellLengthMs, progressBar, sparkline } from '../../src/cli/report/load/series.js';
import { series } from './fixtures.js';

t.test('latencies have three significant digits and a unit', (t) => {
  const table: [number | undefined, string][] = [
    [undefined, '-'],
    [0, '0ms'],
    [0.0123, '12µs'],
    [0.9996, '1.00ms'],
    [4.164, '4.16ms'],
    [99.96, '100ms'],
    [999.6, '1.00s'],
    [59_960, '1m00s'],
    [123_456, '2m03s'],
  ];
  for (const [ms, text] of table) t.equal(formatLatency(ms), text);
  t.end();
});

t.test('counts, rates, shares, bytes', (t) => {
  t.equal(formatCount(1_234_567), '1,234,567');
  t.equal(formatRate(99.98), '100');
  t.equal(formatRate(99.98, 2), '99.98');
  t.equal(formatRate(0.25), '0.25');
  t.equal(formatRate(1250), '1,250');
  t.equal(formatRate(100), '100');
  t.equal(formatShare(0), '0%');
  t.equal(formatShare(1), '100%');
  t.equal(formatShare(0.00001), '<0.01%');
  t.equal(formatShare(0.99999), '>99.99%');
  t.equal(formatShare(0.125), '12.5%');
  t.equal(formatBytes(999), '999 B');
  t.equal(formatBytes(12_345), '12.3 kB');
  t.equal(formatBytes(4_560_000), '4.56 MB');
  t.end();
});

t.test('texts are cut and wrapped to a width', (t) => {
  t.equal(fit('abcdef', 4), 'abc…');
  t.same(wrap('one two three', 7), ['one two', 'three']);
  t.same(wrap('incomprehensibilities', 5), ['incomprehensibilities']);
  t.end();
});

t.test('a series is summed up into cells of one round length', (t) => {
  const { cells, cellMs } = binSeries(series(12), 24);
  t.equal(cellMs, 500);
  t.equal(cells.length, 24);
  t.ok(
    cells.every((cell) => Math.abs(cell.sentPerSecond - 100) < 1e-9),
    'the rate is that of the slots',
  );
  const worst = cells.toSorted((a, b) => (b.p99 ?? 0) - (a.p99 ?? 0))[0]!;
  t.ok(worst.atMs >= 4000 && worst.atMs < 5000, 'the slow second stands out');
  t.equal(cellLengthMs(3_600_000, 60, 100), 60_000);
  t.ok(cellLengthMs(7 * 86_400_000, 60, 100) * 60 >= 7 * 86_400_000, 'a week fits too');
  t.same(binSeries([], 10).cells, []);
  t.end();
});

t.test('sparklines and bars', (t) => {
  t.equal(sparkline([0, 1, 2, undefined, 8]), '▁▁▂ █');
  t.equal(sparkline([0, 0]), '▁▁');
  t.equal(progressBar(0.5, 4), '██░░');
  t.equal(progressBar(2, 4), '████');
  t.end();
});
