import t from 'tap';
import {
  defaultPolicy,
  type LifePolicy,
  nextState,
  type ProcessEvent,
  type ProcessState,
} from '../../../../src/cli/target/local/supervisor/process-state.js';

const policy: LifePolicy = { ...defaultPolicy, kind: 'service', graceMs: 5000 };
const spawned = (atMs: number): ProcessEvent => ({ type: 'spawned', pid: 7, atMs });
const ok = (atMs: number): ProcessEvent => ({ type: 'probed', ok: true, atMs });
const sick: ProcessEvent = { type: 'probed', ok: false, reason: 'sick' };
const exited = (atMs: number, code: number | null = 1): ProcessEvent => ({
  type: 'exited',
  exit: { code, signal: null },
  atMs,
});
const stop = (atMs: number, afterwards: 'stopped' | 'start', wanted = true): ProcessEvent => ({
  type: 'stop',
  atMs,
  afterwards,
  wanted,
});

function run(events: ProcessEvent[], using = policy): ProcessState {
  return events.reduce<ProcessState>((state, event) => nextState(state, event, using), { type: 'idle', failures: 0 });
}

t.match(run([spawned(10)]), { type: 'starting', pid: 7, sinceMs: 10 });
t.match(run([spawned(10), sick]), { type: 'starting' }, 'not ready yet is no failure');
t.match(run([spawned(10), ok(20)]), { type: 'ready', sinceMs: 10, readySinceMs: 20 });
t.match(run([spawned(10), ok(20), sick]), { type: 'unready', reason: 'sick' });
t.match(run([spawned(10), ok(20), sick, ok(30)]), { type: 'ready', readySinceMs: 30 });
t.match(run([ok(1)]), { type: 'idle' }, 'a late probe of a process that is gone means nothing');
t.match(run([spawned(0), ok(1), exited(2)]), { type: 'backing-off', untilMs: 102, failures: 1 });

t.test('back-off doubles up to its cap, and is forgotten after a time of readiness', async (t) => {
  const events: ProcessEvent[] = [];
  const waits: number[] = [];
  let now = 0;
  for (let failure = 0; failure < 10; failure++) {
    events.push(spawned(now), exited(now));
    const state = run(events);
    if (state.type !== 'backing-off') throw new Error(state.type);
    waits.push(state.untilMs - now);
    now = state.untilMs;
  }
  t.strictSame(waits, [100, 200, 400, 800, 1600, 3200, 6400, 10_000, 10_000, 10_000]);
  events.push(spawned(now), ok(now), exited(now + policy.resetAfterMs));
  t.match(run(events), { type: 'backing-off', failures: 1 });
});

t.test('harm on purpose is not held against it', async (t) => {
  const crashes = [spawned(0), exited(0), spawned(1), exited(1), spawned(2), ok(3)];
  t.match(run([...crashes, exited(4)]), { failures: 3 });
  t.match(run([...crashes, { type: 'harmed' }, exited(4)]), { failures: 1 });
});

t.test('stop: SIGKILL is due after the grace period; what follows is what was asked for last', async (t) => {
  t.match(run([spawned(0), ok(1), stop(10, 'stopped')]), { type: 'stopping', killAtMs: 5010 });
  t.match(run([spawned(0), ok(1), stop(10, 'stopped'), exited(20)]), { type: 'stopped' });
  t.match(
    run([spawned(0), ok(1), stop(10, 'start'), exited(20)]),
    { type: 'idle' },
    'a wanted restart waits for nothing',
  );
  t.match(run([spawned(0), ok(1), stop(10, 'start', false), exited(20)]), { type: 'backing-off' }, 'a sick one does');
  t.match(run([spawned(0), stop(10, 'start'), stop(11, 'stopped'), exited(20)]), { type: 'stopped' });
  t.match(run([spawned(0), exited(1), stop(2, 'stopped')]), { type: 'stopped' }, 'also while it backs off');
  t.match(run([stop(0, 'stopped')]), { type: 'stopped' });
});

t.test('a job ends well, or is given up', async (t) => {
  const job: LifePolicy = { ...policy, kind: 'job' };
  t.match(run([spawned(0), exited(1, 0)], job), { type: 'done' });
  const tries = Array.from({ length: 4 }, (_, i) => [spawned(i), exited(i)]).flat();
  t.match(run(tries.slice(0, 6), job), { type: 'backing-off' });
  t.match(run(tries, job), { type: 'failed', exit: { code: 1 } });
  t.match(run([spawned(0), exited(1, 0)]), { type: 'backing-off' }, 'a service that ends is started again');
});
