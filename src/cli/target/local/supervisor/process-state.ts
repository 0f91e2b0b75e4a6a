/**
 * The life of a supervised process.
 *
 *            spawned              probe ok                  probe failed (threshold)
 *   idle ------------> starting -----------> ready <-----------------------> unready
 *    ^                 |  ^  \                 |         probe ok               |
 *    |         exited  |  |   \ stop           +---------------+----------------+
 *    |                 v  |    \                       exited  |  stop
 *    |     backing-off ---+     +------> stopping <------------+---> backing-off
 *    |        |  due: spawned               |
 *    +--------+-----------------------------+  exited: `stopped`, or `idle` where a start is to follow
 *
 *   A job goes from starting to `done` (exit 0) or, after its last attempt, to `failed`.
 */
export type ProcessState =
  | { type: 'idle'; failures: number }
  | { type: 'starting'; pid: number; sinceMs: number; failures: number }
  | { type: 'ready'; pid: number; sinceMs: number; readySinceMs: number; failures: number }
  | { type: 'unready'; pid: number; sinceMs: number; failures: number; reason: string }
  | { type: 'backing-off'; untilMs: number; failures: number; exit: Exit }
  | {
      type: 'stopping';
      pid: number;
      sinceMs: number;
      killAtMs: number;
      afterwards: 'stopped' | 'start';
      failures: number;
    }
  | { type: 'stopped' }
  | { type: 'done' }
  | { type: 'failed'; exit: Exit };

/** How a process ended. */
export interface Exit {
  code: number | null;
  signal: string | null;
  /** What hwctl knows beyond that: `the port was taken`, `the liveness probe failed`. */
  reason?: string;
}

export type ProcessEvent =
  | { type: 'spawned'; pid: number; atMs: number }
  | { type: 'probed'; ok: true; atMs: number }
  | { type: 'probed'; ok: false; reason: string }
  | { type: 'exited'; exit: Exit; atMs: number }
  /** `wanted`: the end was asked for (a fault on purpose, a restart) and is no failure. */
  | { type: 'stop'; atMs: number; afterwards: 'stopped' | 'start'; wanted: boolean }
  | { type: 'harmed' };

export interface LifePolicy {
  kind: 'service' | 'job' | 'gateway';
  graceMs: number;
  firstBackOffMs: number;
  maxBackOffMs: number;
  /** A process that was ready for this long starts over with the first back-off. */
  resetAfterMs: number;
  /** A job is given up after this many failures. */
  jobAttempts: number;
}

/** Back-off as the kubelet's, on the scale of one machine: 100 ms, doubled up to 10 s, forgotten after 10 s of readiness. */
export const defaultPolicy: Omit<LifePolicy, 'kind' | 'graceMs'> = {
  firstBackOffMs: 100,
  maxBackOffMs: 10_000,
  resetAfterMs: 10_000,
  jobAttempts: 4,
};

/** The state after an event; the same state where the event means nothing to it. Pure. */
export function nextState(state: ProcessState, event: ProcessEvent, policy: LifePolicy): ProcessState {
  switch (event.type) {
    case 'spawned':
      if (state.type !== 'idle' && state.type !== 'backing-off') return state;
      return { type: 'starting', pid: event.pid, sinceMs: event.atMs, failures: state.failures };
    case 'probed':
      return afterProbe(state, event);
    case 'harmed':
      // Harm done on purpose says nothing about the program: its next start is not held back.
      return 'failures' in state ? { ...state, failures: 0 } : state;
    case 'stop':
      return afterStop(state, event, policy);
    case 'exited':
      return afterExit(state, event, policy);
  }
}

function afterProbe(state: ProcessState, event: Extract<ProcessEvent, { type: 'probed' }>): ProcessState {
  if (state.type !== 'starting' && state.type !== 'ready' && state.type !== 'unready') return state;
  const { pid, sinceMs, failures } = state;
  if (!event.ok)
    return state.type === 'ready' ? { type: 'unready', pid, sinceMs, failures, reason: event.reason } : state;
  return state.type === 'ready' ? state : { type: 'ready', pid, sinceMs, readySinceMs: event.atMs, failures };
}

function afterStop(
  state: ProcessState,
  event: Extract<ProcessEvent, { type: 'stop' }>,
  policy: LifePolicy,
): ProcessState {
  switch (state.type) {
    case 'starting':
    case 'ready':
    case 'unready':
      return {
        type: 'stopping',
        pid: state.pid,
        sinceMs: event.atMs,
        killAtMs: event.atMs + policy.graceMs,
        afterwards: event.afterwards,
        failures: event.wanted ? 0 : state.failures + 1,
      };
    case 'stopping':
      // The last word counts; the deadline stays.
      return { ...state, afterwards: event.afterwards };
    case 'idle':
    case 'backing-off':
    case 'stopped':
    case 'done':
    case 'failed':
      return event.afterwards === 'stopped' ? { type: 'stopped' } : { type: 'idle', failures: 0 };
  }
}

function afterExit(
  state: ProcessState,
  event: Extract<ProcessEvent, { type: 'exited' }>,
  policy: LifePolicy,
): ProcessState {
  switch (state.type) {
    case 'stopping':
      if (state.afterwards === 'stopped') return { type: 'stopped' };
      return state.failures === 0 ? { type: 'idle', failures: 0 } : backOff(state.failures, event, policy);
    case 'starting':
    case 'unready':
    case 'ready': {
      if (policy.kind === 'job' && event.exit.code === 0) return { type: 'done' };
      const lasted = state.type === 'ready' && event.atMs - state.readySinceMs >= policy.resetAfterMs;
      const failures = (lasted ? 0 : state.failures) + 1;
      if (policy.kind === 'job' && failures >= policy.jobAttempts) return { type: 'failed', exit: event.exit };
      return backOff(failures, event, policy);
    }
    case 'idle':
    case 'backing-off':
    case 'stopped':
    case 'done':
    case 'failed':
      return state;
  }
}

function backOff(failures: number, event: Extract<ProcessEvent, { type: 'exited' }>, policy: LifePolicy): ProcessState {
  const waitMs = Math.min(policy.maxBackOffMs, policy.firstBackOffMs * 2 ** (failures - 1));
  return { type: 'backing-off', untilMs: event.atMs + waitMs, failures, exit: event.exit };
}
