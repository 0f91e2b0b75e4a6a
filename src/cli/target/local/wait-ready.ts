import { formatDuration } from '../../kernel/duration.js';
import { exitCodes, Failure } from '../../kernel/failure.js';
import type { StepContext } from '../plan.js';
import type { DesiredLocally } from './plan/desired.js';
import type { StateFolder } from './state/state-folder.js';
import { askSupervisor, type ProcessReport } from './supervisor/control.js';
import { waitingFor } from './supervisor/describe.js';
import { runningSupervisor } from './supervisor/launch.js';
import { describeExit } from './supervisor/supervised-process.js';
import { lastLines } from './tail.js';

const askTimeoutMs = 5000;
const pollMs = 10;
/** Who takes longer than this is named: 1 s. */
const tellMs = 1000;
const supervisorRef = 'process/supervisor';
const shownLines = 10;
/**
 * A program that has ended this often, without having been ready for a while in between, is not waited for any longer: with
 * the supervisor's back-off that takes a few seconds, in which what it may have waited for has had time to come.
 */
const crashLoopFailures = 5;

/**
 * Waits until one process is as desired, or all are where none is named; waits that run at the same time share their looks.
 * Throws Failure `not-ready` at the deadline, and as soon as any process fails for good.
 */
export function watchReadiness(folder: StateFolder, desired: DesiredLocally) {
  let toldMs: number | undefined;
  const look = async ({ clock, onWaiting }: StepContext): Promise<NotReady[]> => {
    const running = runningSupervisor(folder);
    if (running === undefined) {
      throw new Failure({
        code: 'supervisor',
        message: 'the supervisor ended while its processes were starting',
        hint: `See ${folder.logs}/supervisor.log; then hwctl up`,
      });
    }
    const report = await askSupervisor(running, { type: 'status' }, askTimeoutMs);
    const isCurrent = report.digest === desired.state.digest;
    const notReady = isCurrent
      ? waitingFor(desired, report)
      : [{ ref: supervisorRef, reason: 'it has not read the state yet' }];
    const failed = report.processes.find(hasFailed);
    if (notReady.length > 0 && failed !== undefined) throw givenUp(folder, failed);
    toldMs ??= clock.monotonic();
    if (notReady.length > 0 && clock.monotonic() - toldMs > tellMs) {
      toldMs = clock.monotonic();
      onWaiting(notReady);
    }
    return notReady;
  };
  let looking: Promise<NotReady[]> | undefined;
  return async (ref: string | undefined, work: StepContext): Promise<void> => {
    for (;;) {
      looking ??= look(work).finally(() => {
        looking = undefined;
      });
      const notReady = await looking;
      if (!notReady.some((item) => ref === undefined || item.ref === ref || item.ref === supervisorRef)) return;
      if (work.clock.monotonic() > work.deadlineAt) throw tooLate(folder, notReady, work.timeoutMs);
      await work.clock.sleep(pollMs, work.signal);
    }
  };
}

interface NotReady {
  ref: string;
  reason: string;
}

function hasFailed({ state }: ProcessReport): boolean {
  return state.type === 'failed' || (state.type === 'backing-off' && state.failures >= crashLoopFailures);
}

/** One cause: how it ended, and what it wrote last. What else is not ready yet may well be so because of it. */
function givenUp(folder: StateFolder, { name, kind, state }: ProcessReport): Failure {
  const exit = 'exit' in state ? describeExit(state.exit) : state.type;
  const times = 'failures' in state ? `, ${state.failures} times in a row` : '';
  return new Failure({
    code: 'not-ready',
    message: `${kind === 'job' ? `the job ${name} has failed` : `${name} cannot be started`}: ${exit}${times}`,
    details: newestLines(folder, name),
    hint: `hwctl logs ${name} shows more; hwctl up tries again; hwctl down removes everything`,
    exitCode: exitCodes.failed,
  });
}

function tooLate(folder: StateFolder, notReady: NotReady[], timeoutMs: number): Failure {
  const names = notReady.map(({ ref }) => ref.replace('process/', ''));
  const first = names[0] ?? '';
  return new Failure({
    code: 'not-ready',
    message: `not ready within ${formatDuration(timeoutMs)}: ${names.join(', ')}`,
    details: [...notReady.map(({ ref, reason }) => `${ref}: ${reason}`), ...newestLines(folder, first)],
    hint: `hwctl logs ${first} shows more; hwctl down removes everything`,
    exitCode: exitCodes.failed,
  });
}

/** The last lines of a log, what was written again and again (by one start after another) once. */
function newestLines(folder: StateFolder, name: string): string[] {
  const lines = lastLines(folder.logs, name, 5 * shownLines);
  const once = lines.filter((line, i) => lines.lastIndexOf(line) === i);
  return once.slice(-shownLines).map((line) => `${name} | ${line}`);
}
