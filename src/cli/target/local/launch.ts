import { spawn } from 'node:child_process';
import { closeSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { Clock } from '../../kernel/clock.js';
import { Failure } from '../../kernel/failure.js';
import { askSupervisor } from './control.js';
import { openLog } from './log-file.js';
import { findMarked, isRunning, marker, type ProcessId, signalProcess } from './process-identity.js';
import { type Runtime, readRuntime, type StateFolder, stateFailure } from './state-folder.js';
import type { SupervisorArguments } from './supervisor.js';

const supervisorEntry = fileURLToPath(new URL('./supervisor.js', import.meta.url));

/** Variables of the caller's environment that a service may see; everything else it gets is in the manifests. */
const passedOn = ['PATH', 'HOME', 'LANG', 'LC_ALL', 'TZ', 'SystemRoot', 'NODE_EXTRA_CA_CERTS'];

/** The supervisor of this folder where one runs, else undefined. */
export function runningSupervisor(folder: StateFolder): Runtime['supervisor'] | undefined {
  const runtime = readRuntime(folder);
  return runtime !== undefined && isRunning(runtime.supervisor) ? runtime.supervisor : undefined;
}

/** Starts the supervisor, which outlives us, and resolves when it answers. Throws Failure `supervisor` at the deadline. */
export async function launchSupervisor(
  folder: StateFolder,
  options: { env: Readonly<Record<string, string | undefined>>; serverEntry: string },
  wait: { clock: Clock; signal: AbortSignal; timeoutMs: number },
): Promise<Runtime['supervisor']> {
  const baseEnv: Record<string, string> = {};
  for (const name of passedOn) if (options.env[name] !== undefined) baseEnv[name] = options.env[name];
  const argument: SupervisorArguments = { folder: folder.path, serverEntry: options.serverEntry, baseEnv };
  let log: number;
  try {
    log = openLog(folder.logs, 'supervisor');
  } catch (error) {
    throw stateFailure(folder.logs, error, 'written');
  }
  const child = spawn(process.execPath, [supervisorEntry, JSON.stringify(argument)], {
    cwd: folder.path,
    detached: true,
    env: { ...baseEnv, [marker]: folder.path },
    stdio: ['ignore', log, log],
  });
  closeSync(log);
  child.unref();
  let exit: string | undefined;
  child.on('error', (error) => {
    exit = error.message;
  });
  child.on('exit', (code, signal) => {
    exit = signal ?? `exit code ${code}`;
  });
  const deadline = wait.clock.monotonic() + wait.timeoutMs;
  for (;;) {
    const supervisor = runningSupervisor(folder);
    if (supervisor !== undefined && supervisor.pid === child.pid) return supervisor;
    if (exit !== undefined || wait.clock.monotonic() > deadline) {
      throw new Failure({
        code: 'supervisor',
        message: `the supervisor did not start: ${exit ?? 'it did not answer in time'}`,
        hint: `See ${folder.logs}/supervisor.log`,
      });
    }
    await wait.clock.sleep(5, wait.signal);
  }
}

/**
 * Ends every process of this folder: through its supervisor where that answers, else one by one, found by what was
 * recorded and by the marker they carry. Gives those that ended. After it nothing of ours runs, or Failure `cannot-end`.
 */
export async function endEverything(
  folder: StateFolder,
  wait: { clock: Clock; signal: AbortSignal; timeoutMs: number },
): Promise<ProcessId[]> {
  const runtime = readRuntime(folder);
  const before = ourProcesses(folder, runtime);
  const supervisor = runtime?.supervisor;
  const deadline = wait.clock.monotonic() + wait.timeoutMs;
  if (supervisor !== undefined && isRunning(supervisor)) {
    try {
      await askSupervisor(supervisor, { type: 'shutdown' }, wait.timeoutMs);
    } catch (error) {
      if (!(error instanceof Failure)) throw error;
      // It hangs or is stopped: it is ended like the others.
    }
  }
  await endAll(() => ourProcesses(folder, runtime), wait.clock, Math.min(deadline, wait.clock.monotonic() + 5000));
  const left = ourProcesses(folder, runtime);
  if (left.length > 0) {
    throw new Failure({
      code: 'cannot-end',
      message: `these processes do not end, not even by SIGKILL: ${left.map((id) => id.pid).join(', ')}`,
      hint: 'They hang in the kernel, usually on a disk or network file system; look at them with ps',
    });
  }
  return before;
}

function ourProcesses(folder: StateFolder, runtime: Runtime | undefined): ProcessId[] {
  const recorded = runtime === undefined ? [] : [runtime.supervisor, ...runtime.processes].filter(isRunning);
  const all = new Map<number, ProcessId>();
  for (const id of [...recorded, ...findMarked(folder.path)]) all.set(id.pid, { pid: id.pid, identity: id.identity });
  return [...all.values()];
}

/** SIGTERM (and SIGCONT, as a stopped process hears nothing else), and SIGKILL for who is left after half the time. */
async function endAll(list: () => ProcessId[], clock: Clock, deadline: number): Promise<void> {
  const killAt = clock.monotonic() + (deadline - clock.monotonic()) / 2;
  for (const id of list()) {
    signalProcess(id, 'SIGTERM');
    signalProcess(id, 'SIGCONT');
  }
  for (;;) {
    const left = list();
    if (left.length === 0 || clock.monotonic() >= deadline) return;
    if (clock.monotonic() >= killAt) for (const id of left) signalProcess(id, 'SIGKILL');
    await clock.sleep(15);
  }
}
