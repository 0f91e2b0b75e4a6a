import fc from 'fast-check';
import t from 'tap';
import type { SecondRow, SeriesRow } from '../../../src/cli/load/measure/metrics.js';
import {
  errorsOutside,
  type FaultDone,
  judgeObjectives,
  recoveriesOf,
} from '../../../src/cli/load/measure/recovery.js';
import { Seconds } from '../../../src/cli/load/measure/seconds.js';
import { coarseCount, coarseIndex } from '../../../src/cli/load/memory/memory.js';
import { parseObjective } from '../../../src/cli/load/plan/faults.js';
import { parseThreshold } from '../../../src/cli/load/plan/thresholds.js';

const seed = 20261128;

/** A second a letter: `+` held, `-` broken (10 of 50 failed, 3 late), `.` without work. */
function secondsOf(letters: string, fromMs = 0): SecondRow[] {
  return [...letters].map((letter, i): SecondRow => {
    const atMs = fromMs + i * 1000;
    if (letter === '.') return { atMs, done: 0, failed: 0, held: undefined };
    return letter === '+'
      ? { atMs, done: 50, failed: 0, late: 0, held: true }
      : { atMs, done: 50, failed: 10, late: 3, held: false };
  });
}

function fault(beganMs: number | undefined, more: Partial<FaultDone> = {}): FaultDone {
  return { text: 'kill orders', workload: 'orders', wantedMs: beganMs ?? 3000, beganMs, doneMs: beganMs, ...more };
}

t.test('recovery: the first second from which all hold, for the rest or until the next fault', (t) => {
  const table: [string, string, (number | undefined)[], object[]][] = [
    ['broken for two seconds', '+++--+++', [3000], [{ recoveryMs: 2000, failed: 20, late: 6 }]],
    ['within a second', '+++--+++', [3400], [{ recoveryMs: 1600, failed: 20 }]],
    ['nothing was noticed', '++++++', [3400], [{ recoveryMs: 0, failed: 0 }]],
    ['it breaks again: the first good second was none', '+++-+-++', [3000], [{ recoveryMs: 3000, failed: 20 }]],
    ['the second after', '++++--+++', [3900], [{ recoveryMs: 2100 }]],
    ['broken before, not since', '---+++', [3000], [{ recoveryMs: 0, failed: 0 }]],
    [
      'to the end',
      '+++---',
      [3000],
      [{ recoveryMs: undefined, unrecovered: 'the load ended before', watchedMs: 3000, failed: 30 }],
    ],
    [
      'until the next',
      '++-+--++',
      [2000, 4000],
      [
        { recoveryMs: 1000, failed: 10 },
        { recoveryMs: 2000, failed: 20 },
      ],
    ],
    [
      'the next one comes too early',
      '++---+++',
      [2000, 4000],
      [
        { recoveryMs: undefined, unrecovered: 'the next fault came before', watchedMs: 2000, failed: 20 },
        { recoveryMs: 1000, failed: 10 },
      ],
    ],
    ['no work tells nothing', '+++...', [3000], [{ recoveryMs: undefined, unrecovered: 'no second tells' }]],
    ['and is no recovery', '+++-..', [3000], [{ unrecovered: 'the load ended before' }]],
    ['nor hides one', '+++-..+', [3000], [{ recoveryMs: 3000 }]],
    ['never begun', '++++', [undefined], [{ recoveryMs: undefined, unrecovered: 'it was not reached' }]],
  ];
  for (const [what, letters, began, outcomes] of table)
    t.match(
      recoveriesOf(
        secondsOf(letters),
        began.map((ms) => fault(ms)),
        letters.length * 1000,
      ),
      outcomes,
      what,
    );
  t.match(recoveriesOf(secondsOf('+++-'), [fault(3000, { failure: 'gone' })], 4000), [{ unrecovered: 'it failed' }]);
  t.end();
});

const letters = fc.array(fc.constantFrom('+', '-', '.'), { minLength: 1, maxLength: 30 }).map((list) => list.join(''));
const moments = fc.uniqueArray(fc.integer({ min: 0, max: 29_999 }), { minLength: 1, maxLength: 4 });

t.test('a timeline that is shifted shifts nothing', (t) => {
  fc.assert(
    fc.property(letters, moments, fc.integer({ min: 0, max: 1_000_000 }), (text, at, byMs) => {
      const endMs = text.length * 1000;
      const began = at.filter((ms) => ms < endMs);
      const outcomes = (fromMs: number) =>
        recoveriesOf(
          secondsOf(text, fromMs),
          began.map((ms) => fault(ms + fromMs)),
          endMs + fromMs,
        ).map(({ recoveryMs, unrecovered, watchedMs, failed, late }) => ({
          recoveryMs,
          unrecovered,
          watchedMs,
          failed,
          late,
        }));
      t.strictSame(outcomes(byMs), outcomes(0), `${text} ${began} by ${byMs}`);
    }),
    { seed, numRuns: 300 },
  );
  t.end();
});

t.test('after a recovery every second holds, and the one before does not', (t) => {
  fc.assert(
    fc.property(letters, moments, (text, at) => {
      const endMs = text.length * 1000;
      const rows = secondsOf(text);
      const outcomes = recoveriesOf(
        rows,
        at.filter((ms) => ms < endMs).map((ms) => fault(ms)),
        endMs,
      );
      outcomes.forEach(({ beganMs = 0, recoveryMs }, i) => {
        const untilMs = outcomes[i + 1]?.beganMs ?? endMs;
        const mine = rows.filter(({ atMs }) => atMs + 1000 > beganMs && atMs + 1000 <= untilMs);
        if (recoveryMs === undefined) {
          t.not(mine.findLast(({ held }) => held !== undefined)?.held, true);
          return;
        }
        const after = mine.filter(({ atMs }) => atMs >= beganMs + recoveryMs);
        t.ok(
          after.every(({ held }) => held !== false),
          `${text} ${at}`,
        );
        const before = mine.filter(({ atMs }) => atMs < beganMs + recoveryMs && recoveryMs > 0);
        t.equal(
          recoveryMs > 0,
          before.some(({ held }) => held === false),
          `${text} ${at}`,
        );
      });
    }),
    { seed, numRuns: 300 },
  );
  t.end();
});

t.test('objectives: held, failed, or not to be told', (t) => {
  const table: [string, string, number | undefined, string, string][] = [
    ['held', '+++--+++', 3000, 'recovers<3s', 'held'],
    ['the bound itself', '+++--+++', 3000, 'recovers<2s', 'failed'],
    ['and with it', '+++--+++', 3000, 'recovers<=2s', 'held'],
    ['too short to tell', '+++---', 3000, 'recovers<8s', 'unknown'],
    ['long enough to know', '+++-----', 3000, 'recovers<5s', 'failed'],
    ['never begun', '+++', undefined, 'recovers<5s', 'unknown'],
    ['nothing to tell by', '+++...', 3000, 'recovers<1s', 'unknown'],
  ];
  for (const [what, text, began, objective, state] of table) {
    const outcomes = recoveriesOf(secondsOf(text), [fault(began)], text.length * 1000);
    t.match(judgeObjectives([parseObjective(objective)], outcomes), [{ state }], what);
  }
  const two = recoveriesOf(secondsOf('+-++--'), [fault(1000), fault(4000)], 6000);
  t.match(judgeObjectives([parseObjective('recovers<5s')], two), [{ state: 'unknown' }], 'one unknown is enough');
  const failing = recoveriesOf(secondsOf('+++++'), [fault(1000, { failure: 'gone' })], 5000);
  t.match(judgeObjectives([parseObjective('recovers<5s')], failing), [
    { state: 'unknown', message: /it failed \(gone\)/ },
  ]);
  t.end();
});

t.test('errors that no fault explains', (t) => {
  const judged = (text: string, began: number) => {
    const rows = secondsOf(text);
    return errorsOutside(rows, recoveriesOf(rows, [fault(began)], text.length * 1000), 'error_rate<1%');
  };
  t.match(judged('+++--++', 3000), { passed: true, actual: 0 });
  t.match(judged('-++--++', 3000), { passed: false }, 'before it');
  t.match(judged('+++----', 3000), { passed: true }, 'all of what is not recovered is the fault’s');
  t.match(judged('---', 0), { passed: true, message: 'nothing is outside' });
  t.end();
});

t.test('a second is judged by its own slots', (t) => {
  const thresholds = ['error_rate<10%', 'p(95)<100', 'service:p(95)<5', 'http_reqs:rate>15'].map((text) =>
    parseThreshold(text),
  );
  const seconds = new Seconds(thresholds, 100);
  const slot = (atMs: number, of: Partial<SeriesRow>, ms: number[]) => {
    const counts = new Uint32Array(coarseCount);
    for (const one of ms) counts[coarseIndex(one * 1000)]!++;
    const row = { atMs, scheduled: 2, sent: 2, dropped: 0, ok: 2, failed: 0, timedOut: 0, inFlight: 0, ...of };
    seconds.add(row, counts, Math.max(0, ...ms) * 1000);
  };
  for (let i = 0; i < 10; i++) slot(i * 100, {}, [1, 2]);
  for (let i = 0; i < 10; i++) slot(1000 + i * 100, i < 3 ? { ok: 1, failed: 1 } : {}, [1, 2]);
  for (let i = 0; i < 10; i++) slot(2000 + i * 100, {}, [1, 500]);
  for (let i = 0; i < 10; i++) slot(3000 + i * 100, { ok: 0, inFlight: 2 + 2 * i }, []);
  for (let i = 0; i < 10; i++) slot(4000 + i * 100, { ok: 0, scheduled: 0, sent: 0 }, []);
  for (let i = 0; i < 5; i++) slot(5000 + i * 100, {}, [1, 2]);
  t.match(seconds.read(), {
    judgedBy: ['error_rate<10%', 'p(95)<100', 'http_reqs:rate>15'],
    untold: ['service:p(95)<5'],
    lateAfterMs: 100,
    rows: [
      { atMs: 0, done: 20, failed: 0, late: 0, held: true },
      { atMs: 1000, done: 20, failed: 3, held: false },
      { atMs: 2000, done: 20, failed: 0, late: 10, held: false },
      { atMs: 3000, done: 0, held: false },
      { atMs: 4000, done: 0, held: undefined },
      { atMs: 5000, done: 10, held: true },
    ],
  });
  t.end();
});
