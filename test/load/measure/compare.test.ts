import t from 'tap';
import { comparisonExitCode } from '../../../src/cli/commands/load/compare.js';
import { compareRuns, correlationTime } from '../../../src/cli/load/measure/compare.js';
import type { LoadResult } from '../../../src/cli/load/measure/metrics.js';
import { Histogram } from '../../../src/cli/load/memory/histogram.js';
import { comparisonText } from '../../../src/cli/report/load/compare-text.js';
import { resultOf, running } from '../../report/fixtures.js';

/** mulberry32: the same numbers every time. */
function random(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296;
  };
}

/** A run of log-normal latencies around `medianMs`. */
function runWith(options: { medianMs: number; count: number; seed: number; failed?: number }): LoadResult {
  const next = random(options.seed);
  const histogram = new Histogram();
  const slots: number[][] = [];
  for (let i = 0; i < options.count; i++) {
    const normal = Math.sqrt(-2 * Math.log(1 - next())) * Math.cos(2 * Math.PI * next());
    const ms = options.medianMs * Math.exp(0.5 * normal);
    histogram.record(Math.round(ms * 1000));
    const slot = Math.floor(i / 20);
    slots[slot] ??= [];
    slots[slot].push(ms);
  }
  const base = resultOf(running);
  const rows = slots.map((slot, i) => ({
    ...base.series.rows[0]!,
    atMs: i * 100,
    ok: slot.length,
    p50: slot.toSorted((a, b) => a - b)[Math.floor(slot.length / 2)]!,
  }));
  const failed = options.failed ?? 0;
  return {
    ...base,
    ok: options.count - failed,
    failed,
    timedOut: 0,
    series: { intervalMs: 100, rows },
    histograms: { ...base.histograms, response: histogram.encode() },
  };
}

t.test('two runs of one service are the same', (t) => {
  const comparison = compareRuns(
    runWith({ medianMs: 5, count: 6000, seed: 1 }),
    runWith({ medianMs: 5, count: 6000, seed: 2 }),
    0.25,
  );
  t.equal(comparison.state, 'SAME');
  t.equal(comparison.passed, true);
  t.equal(comparison.schema, 'hwctl.dev/load-comparison/v1');
  t.ok(comparison.rankTest.p > 0.001);
  t.same(comparison.notes, []);
  t.end();
});

t.test('a fifth slower is a regression, and the interval holds the truth', (t) => {
  const comparison = compareRuns(
    runWith({ medianMs: 5, count: 6000, seed: 1 }),
    runWith({ medianMs: 6, count: 6000, seed: 2 }),
    0.05,
  );
  t.equal(comparison.state, 'REGRESSION');
  for (const figure of ['p50', 'p90', 'mean']) {
    const change = comparison.changes.find((candidate) => candidate.figure === figure)!;
    t.equal(change.verdict, 'worse', figure);
    t.ok(change.low < 0.2 && 0.2 < change.high, `${figure}: ${change.low} .. ${change.high}`);
  }
  t.ok(comparison.rankTest.slowerShare > 0.55);
  t.ok(comparison.rankTest.p < 0.001);
  t.equal(
    compareRuns(runWith({ medianMs: 6, count: 6000, seed: 3 }), runWith({ medianMs: 5, count: 6000, seed: 4 }), 0.05)
      .state,
    'IMPROVED',
  );
  t.end();
});

t.test(
  'a small change within the tolerance is none, and few samples show neither a change nor that there is none',
  (t) => {
    const slower = compareRuns(
      runWith({ medianMs: 5, count: 6000, seed: 1 }),
      runWith({ medianMs: 5.2, count: 6000, seed: 2 }),
      0.2,
    );
    t.equal(slower.state, 'SAME');
    const few = compareRuns(
      runWith({ medianMs: 5, count: 40, seed: 1 }),
      runWith({ medianMs: 6, count: 40, seed: 2 }),
      0.05,
    );
    t.match(few, { state: 'UNCLEAR', passed: false }, 'it looks worse: no pass without proof');
    t.equal(comparisonExitCode(few), 3);
    t.match(few.notes.join(), /independent samples/);
    const text = comparisonText(few, { color: false, columns: 80 });
    t.match(text, /UNCLEAR: no change by more than 5% was shown, nor that there is none\./);
    t.match(text.replaceAll(/\s+/g, ' '), /may well be worse: this is no pass\. Longer runs/);
    t.notMatch(text, /SAME/);
    t.end();
  },
);

t.test('what is not shown is never called the same: a verdict for every place of an interval', (t) => {
  // A p95 that is 85 % up with an interval from -29 % to +383 % was once "same".
  for (let seed = 1; seed <= 60; seed++) {
    const [count, medianMs] = [20 + (seed % 10) ** 4, 5 * (1 + (seed % 7) / 10)];
    const a = runWith({ medianMs: 5, count: 20 + (seed % 13) ** 3, seed });
    const comparison = compareRuns(a, runWith({ medianMs, count, seed: seed + 1000, failed: seed % 3 }), 0.1);
    for (const { figure, unit, low, high, verdict } of comparison.changes) {
      const [least, most] = unit === 'share' ? [-0.01, 0.01] : [1 / 1.1 - 1, 0.1];
      const within = low > least - 1e-9 && high < most + 1e-9;
      if (verdict === 'same') t.ok(within, `${figure} is the same within ${low} .. ${high}`);
      if (verdict === 'unclear') t.notOk(within, `${figure} is unclear within ${low} .. ${high}`);
    }
    const verdicts = comparison.changes.map(({ verdict }) => verdict);
    if (comparison.state === 'SAME') t.ok(verdicts.every((verdict) => verdict === 'same'));
    if (comparison.changes.some(({ looksWorse }) => looksWorse)) t.equal(comparison.passed, false);
  }
  t.end();
});

t.test('the exit code says what was shown; a run without responses cannot be judged', (t) => {
  const none = { ...runWith({ medianMs: 5, count: 10, seed: 1 }), ok: 0, histograms: resultOf(running).histograms };
  const comparison = compareRuns(none, none, 0.1);
  t.match(comparison, { state: 'UNCLEAR', passed: false });
  t.match(comparison.notes.join(), /the first run has no response/);
  t.equal(comparisonExitCode(comparison), 3);
  for (const [state, passed, code] of [
    ['REGRESSION', false, 1],
    ['VOID', false, 3],
    ['UNCLEAR', false, 3],
    ['UNCLEAR', true, 0],
    ['SAME', true, 0],
    ['IMPROVED', true, 0],
  ] as const)
    t.equal(comparisonExitCode({ state, passed }), code, state);
  t.end();
});

t.test('of a hundred pairs of equal runs at most three are called different without any tolerance', (t) => {
  let wrong = 0;
  for (let seed = 0; seed < 100; seed++) {
    const a = runWith({ medianMs: 5, count: 1000, seed: 2 * seed + 1 });
    const b = runWith({ medianMs: 5, count: 1000, seed: 2 * seed + 2 });
    const p50 = compareRuns(a, b, 0).changes[0]!;
    if (p50.verdict === 'worse' || p50.verdict === 'better') wrong++;
  }
  t.ok(wrong <= 3, `${wrong} of 100`);
  t.end();
});

/** The same with latencies that wander, as a real service's do: the level is an AR(1) process over the slots. */
function wanderingRun(medianMs: number, seed: number): LoadResult {
  const next = random(seed);
  const normal = () => Math.sqrt(-2 * Math.log(1 - next())) * Math.cos(2 * Math.PI * next());
  const histogram = new Histogram();
  const base = resultOf(running);
  let level = 0;
  const rows = Array.from({ length: 300 }, (_, slot) => {
    level = 0.7 * level + 0.1 * normal();
    const latencies = Array.from({ length: 10 }, () => medianMs * Math.exp(level + 0.4 * normal()));
    for (const ms of latencies) histogram.record(Math.round(ms * 1000));
    const p50 = latencies.toSorted((a, b) => a - b)[5]!;
    return { ...base.series.rows[0]!, atMs: slot * 100, ok: 10, p50 };
  });
  const histograms = { ...base.histograms, response: histogram.encode() };
  return { ...base, ok: 3000, failed: 0, timedOut: 0, series: { intervalMs: 100, rows }, histograms };
}

t.test('of a hundred pairs of equal runs, wandering ones too, few fail; of as many slower ones nearly all', (t) => {
  const pairs = 100;
  const count = (make: (seed: number) => [LoadResult, LoadResult], tolerance: number) => {
    let regressions = 0;
    for (let i = 0; i < pairs; i++) {
      const [a, b] = make(2 * i + 1);
      if (compareRuns(a, b, tolerance).state === 'REGRESSION') regressions++;
    }
    return regressions;
  };
  const steady = (medianMs: number, seed: number) => runWith({ medianMs, count: 2000, seed });
  const equal = (make: typeof steady) => (seed: number) =>
    [make(5, seed), make(5, seed + 1)] as [LoadResult, LoadResult];
  const slower = (make: typeof steady) => (seed: number) =>
    [make(5, seed), make(6.25, seed + 1)] as [LoadResult, LoadResult];
  for (const [name, make] of Object.entries({ steady, wandering: wanderingRun })) {
    // Five figures, each wrong on the bad side in half a per cent of the pairs: at most 2.5 %, less as they go together.
    const without = count(equal(make), 0);
    t.ok(without <= 5, `${name}: ${without} of ${pairs} equal pairs without any tolerance`);
    t.equal(count(equal(make), 0.1), 0, `${name}: no equal pair at the default tolerance`);
    let notPassed = 0;
    for (let i = 0; i < 25; i++) if (!compareRuns(...equal(make)(2 * i + 1), 0.2).passed) notPassed++;
    t.ok(notPassed <= 1, `${name}: ${notPassed} of 25 equal pairs look worse by 20 %`);
    const found = count(slower(make), 0.1);
    t.ok(found >= 0.9 * pairs, `${name}: ${found} of ${pairs} that are a quarter slower, at the default tolerance`);
    t.comment(`${name}: ${without} wrong, ${found} found of ${pairs}`);
  }
  t.end();
});

t.test('errors count, and VOID runs prove nothing', (t) => {
  const good = runWith({ medianMs: 5, count: 2000, seed: 1 });
  const failing = runWith({ medianMs: 5, count: 2000, seed: 2, failed: 100 });
  const errors = compareRuns(good, failing, 0.1);
  t.equal(errors.state, 'REGRESSION');
  t.equal(errors.changes.find(({ figure }) => figure === 'error rate')?.verdict, 'worse');
  const voided: LoadResult = { ...failing, verdict: { state: 'VOID', reasons: [] } };
  t.equal(compareRuns(good, voided, 0.1).state, 'VOID');
  t.end();
});

t.test('latencies that wander are worth fewer samples', (t) => {
  const next = random(7);
  const white = Array.from({ length: 600 }, () => next());
  t.ok(correlationTime(white) < 2, `white noise: ${correlationTime(white)}`);
  let level = 0;
  const wandering = white.map((value) => {
    level = 0.9 * level + (value - 0.5);
    return level;
  });
  t.ok(correlationTime(wandering) > 8, `AR(1) with 0.9: ${correlationTime(wandering)}; the truth is 19`);
  t.equal(correlationTime([1, 1, 1, 1, 1, 1, 1, 1, 1]), 1);
  t.end();
});
