import t from 'tap';
import { MaxFinder, maxExitCode, maxInWords, rampForMax } from '../../../src/cli/commands/load-find-max.js';
import { Failure } from '../../../src/cli/kernel/failure.js';
import type { LoadSnapshot } from '../../../src/cli/load/metrics.js';
import { parseThreshold } from '../../../src/cli/load/thresholds.js';
import { latency, running } from '../../report/fixtures.js';

/** A ramp of 100/s a second, whose p95 (2.4 x the scale) grows as `scaleAt` says. */
function ramp(seconds: number, scaleAt: (second: number) => number): LoadSnapshot[] {
  let sent = 0;
  return Array.from({ length: seconds + 1 }, (_, second) => {
    sent += second * 100;
    const recent = { ...running.recentLatencyMs, response: latency(scaleAt(second), 100) };
    return {
      ...running,
      elapsedMs: second * 1000,
      sent,
      ok: sent,
      targetIterationsPerSecond: second * 100,
      recentLatencyMs: recent,
    };
  });
}

function watch(snapshots: LoadSnapshot[]) {
  const finder = new MaxFinder([parseThreshold('p(95)<100'), parseThreshold('error_rate<1%')]);
  const stoppedAt = snapshots.findIndex((snapshot) => finder.observe(snapshot));
  return { found: finder.found(), stoppedAt };
}

t.test('the highest rate that held, and where it broke', (t) => {
  const { found, stoppedAt } = watch(ramp(20, (second) => (second <= 10 ? 10 : 60)));
  t.equal(found.heldPerSecond, 900);
  t.equal(found.brokePerSecond, 1000);
  t.equal(stoppedAt, 13, 'after three bad seconds');
  t.match(
    maxInWords(found),
    /Highest rate that held: 900\/s\. From 1,000\/s on it did not: p\(95\)<100: response p\(95\) was 144 ms\./,
  );
  t.equal(maxExitCode(found, { verdict: { state: 'VALID', reasons: [] } }), 0);
  t.end();
});

t.test('a hiccup of one second is no limit', (t) => {
  const { found, stoppedAt } = watch(ramp(20, (second) => (second === 7 ? 60 : 10)));
  t.equal(stoppedAt, -1);
  t.equal(found.heldPerSecond, 1900);
  t.equal(found.brokePerSecond, undefined);
  t.match(maxInWords(found), /held to the end of the ramp: the highest rate proven is 1,900\/s/);
  t.end();
});

t.test('where nothing holds the exit code says so; a generator that broke first is void', (t) => {
  const { found } = watch(ramp(10, () => 60));
  t.equal(found.heldPerSecond, undefined);
  t.equal(maxExitCode(found, { verdict: { state: 'VALID', reasons: [] } }), 1);
  t.match(maxInWords(found), /No rate held: p\(95\)<100/);
  t.equal(maxExitCode(found, { verdict: { state: 'VOID', reasons: [] } }), 3);
  t.end();
});

t.test('the ramp goes up to --rps, or as the profile says', (t) => {
  const constant = { model: 'open', stages: [{ durationMs: 10_000, from: 100, to: 100 }], poisson: false } as const;
  const arrivals = { ...constant, stages: [...constant.stages] };
  t.same(rampForMax({ rps: '2000', duration: '20s' }, undefined, arrivals).stages, [
    { durationMs: 20_000, from: 20, to: 2000 },
  ]);
  t.same(rampForMax({}, undefined, arrivals).stages, [{ durationMs: 60_000, from: 50, to: 5000 }]);
  t.equal(rampForMax({}, arrivals, arrivals), arrivals);
  t.throws(() => rampForMax({}, undefined, { model: 'closed', stages: [] }), Failure);
  t.end();
});
