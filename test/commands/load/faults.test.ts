import t from 'tap';
import { FaultCourse } from '../../../src/cli/commands/load/fault-course.js';
import { readFaults, refuseFaults, thresholdsBeside } from '../../../src/cli/commands/load/faults.js';
import { loadExitCode } from '../../../src/cli/commands/load/run.js';
import type { Arrivals } from '../../../src/cli/load/arrivals/models.js';
import { parseFault, parseObjective } from '../../../src/cli/load/plan/faults.js';
import type { Profile } from '../../../src/cli/load/plan/profile.js';
import { parseThreshold } from '../../../src/cli/load/plan/thresholds.js';
import type { Fault, Target } from '../../../src/cli/target/target.js';

const arrivals: Arrivals = { model: 'open', stages: [{ durationMs: 10_000, from: 5, to: 5 }], poisson: false };
const faultsOf = (...texts: string[]) => texts.map(parseFault);
const given = (fault: string[], objective: string[] = []) => ({
  fault: faultsOf(...fault),
  objective: objective.map(parseObjective),
});

t.test('what is wrong is refused before anything is reached', (t) => {
  const around = { arrivals, search: false };
  const table: [string, Parameters<typeof readFaults>, Record<string, unknown>][] = [
    [
      'past the end',
      [given(['kill orders at 10s']), around],
      { code: 'bad-fault', message: /over by then/, exitCode: 2 },
    ],
    [
      'two at once',
      [given(['kill orders at 3s', 'restart orders at 3s']), around],
      { code: 'bad-fault', message: /same moment/ },
    ],
    [
      'both told',
      [given(['kill orders at 30s', 'kill auth at 1s', 'stop auth at 1s']), around],
      { code: 'bad-fault', details: { length: 2 } },
    ],
    [
      'an objective of nothing',
      [given([], ['recovers<1s']), around],
      { code: 'conflict', message: /--objective means nothing without --fault/ },
    ],
    [
      'a search',
      [given(['kill orders at 3s']), { ...around, search: true }],
      { code: 'conflict', message: /highest rate/ },
    ],
  ];
  for (const [what, args, failure] of table) t.throws(() => readFaults(...args), failure as unknown as Error, what);
  t.strictSame(readFaults(given([]), around), {}, 'no faults leave no trace in a plan');
  t.throws(() => thresholdsBeside({ faults: faultsOf('kill a at 1s') }, [parseThreshold('checks>99%')]), {
    code: 'no-second-threshold',
  });
  t.same(
    thresholdsBeside({}, []).map(({ text }) => text),
    ['error_rate<1%'],
  );
  t.same(thresholdsBeside(readFaults(given(['kill orders at 3s'], ['recovers<1s']), around), []), []);
  t.end();
});

t.test('a profile’s moments go with its time', (t) => {
  const profile = { arrivals, faults: faultsOf('kill orders at 5s'), objectives: [] } as unknown as Profile;
  const longer: Arrivals = { ...arrivals, stages: [{ durationMs: 40_000, from: 5, to: 5 }] };
  t.match(readFaults(given([]), { profile, arrivals: longer, search: false }).faults, [{ atMs: 20_000 }]);
  t.match(readFaults(given(['kill auth at 1s']), { profile, arrivals, search: false }).faults, [{ workload: 'auth' }]);
  t.end();
});

t.test('what the target cannot do, or has not, is refused before anything is sent', (t) => {
  const to = (name: Target['name'] | undefined) => ({
    endpoint: { url: 'http://127.0.0.1:8080' },
    path: '/',
    notes: [],
    ...(name === undefined ? {} : { target: { name } as Target, workloads: ['auth', 'orders'] }),
  });
  const table: [string, Target['name'] | undefined, Record<string, unknown> | undefined][] = [
    ['kill orders at 3s', undefined, { code: 'fault-without-target', hint: /--target local/, exitCode: 2 }],
    [
      'kill ordes at 3s',
      'local',
      { code: 'no-such-service', message: /"ordes". Did you mean "orders"\?/, hint: 'There is: auth, orders' },
    ],
    ['scale orders to 2 at 3s', 'local', { code: 'fault-not-possible', hint: /cluster/ }],
    ['delete pod orders at 3s', 'local', { code: 'fault-not-possible' }],
    ['stop orders at 3s', 'minikube', { code: 'fault-not-possible', message: /stop orders at 3.0s: a container/ }],
    ['stop orders at 3s', 'local', undefined],
    ['scale orders to 2 at 3s', 'kube', undefined],
    ['delete pod orders at 3s', 'kind', undefined],
  ];
  for (const [text, name, failure] of table) {
    const act = () => refuseFaults({ faults: faultsOf(text) }, to(name));
    if (failure === undefined) t.doesNotThrow(act, `${text} on ${name}`);
    else t.throws(act, failure as unknown as Error, `${text} on ${name}`);
  }
  t.end();
});

/** A load of so many milliseconds on a clock of its own, and a target that notes when it was asked for what. */
function course(texts: string[], { endMs = 10_000, slowMs = 0, fails = '' } = {}) {
  let nowMs = -500;
  const asked: string[] = [];
  const sleepers: { untilMs: number; wake: () => void }[] = [];
  const clock = {
    now: () => nowMs,
    monotonic: () => nowMs,
    sleep: (ms: number) => new Promise<void>((wake) => sleepers.push({ untilMs: nowMs + ms, wake })),
  };
  const target = {
    fault: async ({ kind, service, replicas }: Fault) => {
      asked.push(`${nowMs} ${kind} ${service}${replicas === undefined ? '' : ` ${replicas}`}`);
      if (slowMs > 0) await clock.sleep(slowMs);
      if (kind === fails) throw new Error('it is gone');
    },
    openSampler: async () => ({
      everyMs: 1000,
      sample: async () => ({ workloads: [{ name: 'orders', replicasReady: 1, replicasWanted: 2 }], missing: [] }),
      close: () => undefined,
    }),
  };
  const look = () => ({
    elapsedMs: Math.max(0, nowMs),
    phase: nowMs < 0 ? ('before' as const) : nowMs >= endMs ? ('over' as const) : ('running' as const),
  });
  const faults = new FaultCourse(faultsOf(...texts), target, clock);
  const run = async () => {
    await faults.prepare();
    let isOver = false;
    const ended = faults.accompany({ look }, new AbortController().signal).then(() => {
      isOver = true;
    });
    for (let turn = 0; !isOver && turn < 10_000; turn++) {
      await new Promise((resolve) => setImmediate(resolve));
      sleepers.sort((a, b) => a.untilMs - b.untilMs);
      const next = sleepers.shift();
      if (next === undefined) continue;
      nowMs = Math.max(nowMs, next.untilMs);
      next.wake();
    }
    await ended;
    return { asked, done: faults.done };
  };
  return run();
}

t.test('each at its moment of the load’s clock, whatever the others do', async (t) => {
  const { asked, done } = await course(['restart auth at 2s', 'kill orders at 3s'], { slowMs: 4000 });
  t.same(asked, ['2000 restart auth', '3000 kill orders']);
  t.match(done, [
    { text: 'restart auth', wantedMs: 2000, beganMs: 2000, doneMs: 6000 },
    { text: 'kill orders', beganMs: 3000, doneMs: 7000 },
  ]);
});

t.test('what was stopped or scaled is put back: after its time, or when the load is over', async (t) => {
  const { asked, done } = await course(['stop auth for 1500ms at 2s', 'stop orders at 3s', 'scale orders to 5 at 4s']);
  t.same(asked.slice(0, 4), ['2000 stop auth', '3000 stop orders', '3500 continue auth', '4000 scale orders 5']);
  t.same(
    asked
      .slice(4)
      .map((one) => one.replace(/^\d+ /, ''))
      .toSorted(),
    ['continue orders', 'scale orders 2'],
  );
  t.ok(
    asked.slice(4).every((one) => Number.parseInt(one, 10) >= 10_000),
    asked.join(),
  );
  t.match(done, [{ undoneMs: 3500 }, { undoneMs: Number }, { undoneMs: Number }]);
});

t.test('a fault that fails is told, one that was not reached too', async (t) => {
  const { done } = await course(['kill orders at 3s', 'stop auth at 12s'], { fails: 'kill' });
  t.match(done[0], { beganMs: 3000, failure: 'it is gone', doneMs: undefined });
  t.match(done[1], { beganMs: undefined });
  const undone = await course(['stop orders at 3s'], { fails: 'continue' });
  t.match(undone.done, [{ doneMs: 3000, notUndone: 'it is gone' }]);
});

t.test('exit codes', (t) => {
  const valid = { state: 'VALID' as const, reasons: [] };
  const failedThreshold = [{ text: 'x', passed: false, actual: 1, message: '' }];
  const outcome = { text: 'kill orders', workload: 'orders', wantedMs: 1, watchedMs: 1, failed: 0 };
  const of = (state: 'held' | 'failed' | 'unknown', failure?: string) => ({
    outcomes: [{ ...outcome, failure }],
    objectives: [{ text: 'recovers<1s', state, message: '' }],
  });
  const table: [Parameters<typeof loadExitCode>[0], number][] = [
    [{ verdict: valid, thresholds: [], faults: of('held') }, 0],
    [{ verdict: valid, thresholds: [], faults: of('failed') }, 1],
    [{ verdict: valid, thresholds: [], faults: of('unknown') }, 3],
    [{ verdict: valid, thresholds: failedThreshold, faults: of('unknown') }, 1],
    [{ verdict: valid, thresholds: failedThreshold, faults: of('held') }, 1],
    [{ verdict: { state: 'VOID', reasons: [] }, thresholds: failedThreshold, faults: of('failed') }, 3],
    [{ verdict: valid, thresholds: [], faults: of('unknown', 'it is gone') }, 2],
  ];
  for (const [result, code] of table) t.equal(loadExitCode(result), code, JSON.stringify(result));
  t.end();
});
