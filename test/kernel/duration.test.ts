import t from 'tap';
import { formatDuration, parseDurationMs } from '../../src/cli/kernel/duration.js';
import { Failure } from '../../src/cli/kernel/failure.js';

t.test('durations as Go, k6 and Kubernetes write them', async (t) => {
  const table: [string, number][] = [
    ['250ms', 250],
    ['10s', 10_000],
    ['1m30s', 90_000],
    ['1.5h', 5_400_000],
    ['500us', 0.5],
    [' 2d ', 172_800_000],
    ['0s', 0],
  ];
  for (const [text, ms] of table) t.equal(parseDurationMs(text, '--duration'), ms, text);
});

t.test('what is not a duration names the field and the cure', async (t) => {
  for (const text of ['', '5', '5 parsecs', 's', '-1s', '1s500', '1e3s', 'NaN', '10 s']) {
    t.throws(
      () => parseDurationMs(text, '--duration'),
      { code: 'bad-duration', message: /--duration/, hint: /10s/ },
      text,
    );
  }
  t.throws(() => parseDurationMs('9'.repeat(400) + 'h', 'x'), Failure);
});

t.test('durations are written for people', async (t) => {
  const table: [number, string][] = [
    [0, '0ms'],
    [849.6, '850ms'],
    [12_345, '12.3s'],
    [59_999, '59.9s'],
    [245_000, '4m05s'],
    [3_599_600, '1h00m'],
    [7_800_000, '2h10m'],
  ];
  for (const [ms, text] of table) t.equal(formatDuration(ms), text, text);
});
