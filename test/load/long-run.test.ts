import t from 'tap';
import type { Arrivals } from '../../src/cli/load/arrivals/models.js';
import { runPacer } from '../../src/cli/load/engine/pacer.js';
import { Recorder } from '../../src/cli/load/engine/recorder.js';
import { MachineWatch } from '../../src/cli/load/measure/machine.js';
import { Observer } from '../../src/cli/load/measure/observer.js';
import { Histogram } from '../../src/cli/load/memory/histogram.js';
import {
  arrivalRing,
  control,
  controlMemory,
  counter,
  ringLength,
  workerMemory,
} from '../../src/cli/load/memory/memory.js';
import { planFor } from './servers.js';

t.setTimeout(120_000);

/** The whole run but threads and sockets: pacer, recorder, series, observer, on a clock that sleeping moves on. */
function simulate(arrivals: Arrivals, serviceUs: (index: number) => number, lateMs: (turn: number) => number) {
  const plan = planFor(1, arrivals);
  const memory = workerMemory(1);
  const ring = arrivalRing();
  const steering = controlMemory();
  steering.numbers[control.numbers.factor] = 1;
  const recorder = new Recorder(memory, true, false);
  const wakeUp = new Histogram();
  let clockUs = 0;
  let sampledUs = 0;
  let turn = 0;
  let lastDueUs = 0;
  let mostWaiting = 0;
  const observer = new Observer(plan, {
    memories: [memory],
    steering,
    nowUs: () => clockUs,
    wakeUps: [wakeUp],
    machine: () => new MachineWatch(),
  });
  observer.start(0);
  const takeAll = () => {
    mostWaiting = Math.max(mostWaiting, (ring.words[0]! - ring.words[1]!) | 0);
    for (; ring.words[1] !== ring.words[0]; ring.words[1]!++) {
      const at = ring.words[1]! & (ringLength - 1);
      lastDueUs = ring.dueUs[at]!;
      memory.counters[counter.iterationsStarted]!++;
      recorder.sent(lastDueUs, clockUs, 100, true);
      const doneUs = clockUs + serviceUs(ring.index[at]!);
      recorder.answered(0, 200, lastDueUs, clockUs, doneUs, doneUs, 200, undefined);
    }
  };
  const wait = (_words: Int32Array, _index: number, _value: number, timeoutMs: number) => {
    takeAll();
    clockUs += (timeoutMs + lateMs(turn++)) * 1000;
    if (clockUs - sampledUs >= 5_000_000) {
      sampledUs = clockUs;
      recorder.roll(clockUs);
      observer.sample();
    }
    return 'timed-out' as const;
  };
  runPacer(plan, [ring], steering, { nowUs: () => clockUs, wakeUp, wait });
  takeAll();
  recorder.roll(clockUs);
  recorder.close();
  const result = observer.finalResult([{ checks: {}, server: undefined, busy: 0 }], 'completed');
  return { result, lastDueUs, mostWaiting };
}

t.test('an hour at 100 a second: every arrival at its moment, no drift, bounded memory', async (t) => {
  const hourMs = 3_600_000;
  const arrivals: Arrivals = { model: 'open', poisson: false, stages: [{ durationMs: hourMs, from: 100, to: 100 }] };
  // Every tenth response takes 50 ms, the others 2; the thread wakes 0.1 ms late, once a minute 40 ms.
  const { result, lastDueUs, mostWaiting } = simulate(
    arrivals,
    (index) => (index % 10 === 0 ? 50_000 : 2000),
    (turn) => (turn % 6000 === 5999 ? 40 : 0.1),
  );
  t.match(result, {
    scheduled: 360_000,
    sent: 360_000,
    ok: 360_000,
    dropped: 0,
    ended: 'completed',
    durationMs: hourMs,
  });
  t.equal(lastDueUs, (hourMs - 10) * 1000, 'the last one is due 10 ms before the end, to the microsecond');
  t.equal(mostWaiting, 5, 'while it was 40 ms late, arrivals waited for it');
  const { service, startLag, response } = result.latencyMs;
  t.equal(service.p50, 2);
  t.ok(Math.abs(service.p95 - 50) <= 0.05);
  t.ok(Math.abs(startLag.p50 - 0.1) <= 0.001, `start lag ${startLag.p50}`);
  t.ok(startLag.max >= 40 && startLag.max < 41, 'late once, not ever after');
  t.ok(response.p50 >= service.p50);
  const { rows, intervalMs } = result.series;
  t.ok(rows.length <= 36_001, `${rows.length} rows of ${intervalMs} ms`);
  for (const key of ['scheduled', 'sent', 'ok'] as const) {
    t.equal(
      rows.reduce((sum, row) => sum + row[key], 0),
      360_000,
      `the series adds up to ${key}`,
    );
  }
  t.equal(
    result.heat.rows.flat().reduce((sum, count) => sum + count, 0),
    360_000,
  );
  t.equal(result.machine?.wakeUpMs.p50, 0.1);
  // What the machine that runs this test does to it has no part in the simulated hour.
  const codes = result.verdict.reasons.map(({ code }) => code);
  t.notOk(
    codes.some((code) => ['start-lag', 'dropped', 'rate'].includes(code)),
    codes.join(),
  );
});

t.test('two hours: the series is thinned, and still adds up', async (t) => {
  const stages = [{ durationMs: 2.1 * 3_600_000, from: 0, to: 10 }];
  const { result } = simulate(
    { model: 'open', poisson: false, stages },
    () => 1000,
    () => 0.1,
  );
  t.equal(result.scheduled, 37_800);
  const { rows, intervalMs } = result.series;
  t.ok(rows.length <= 36_001 && rows.length >= 18_000, `${rows.length} rows of ${intervalMs} ms`);
  t.equal(
    rows.reduce((sum, row) => sum + row.ok, 0),
    37_800,
  );
  t.ok(Math.abs(rows.length * intervalMs - stages[0]!.durationMs) <= 2 * intervalMs);
});
