import { spawn } from 'node:child_process';
import { closeSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { Clock } from '../../../kernel/clock.js';
import { entryModule } from '../../../kernel/entry-module.js';
import { Failure } from '../../../kernel/failure.js';
import { stateFailure } from '../../../kernel/state-home.js';
import {
  isRunning,
  marker,
  type ProcessId,
  type ProcessTable,
  signalProcess,
  systemProcesses,
} from '../state/process-identity.js';
import { type Runtime, readRuntime, type StateFolder } from '../state/state-folder.js';
import { askSupervisor } from './control.js';
import { openLog } from './log-file.js';

/** What `hwctl up` tells the supervisor as it starts it, as one JSON argument. */
export interface SupervisorArguments {
  folder: string;
  baseEnv: Record<string, string>;
}

const supervisorEntry = fileURLToPath(entryModule('target/local/supervisor/supervisor.main'));

/**
 * Variables of the caller's environment that a service may see: whose machine it is, and where the tools of a language keep what
 * they need to start it. Everything else it gets is in the manifests.
 */
const passedOn = [
  ...['PATH', 'HOME', 'USER', 'LOGNAME', 'LANG', 'LC_ALL', 'TZ', 'SystemRoot', 'NODE_EXTRA_CA_CERTS'],
  ...['JAVA_HOME', 'MAVEN_HOME', 'GRADLE_USER_HOME', 'GOROOT', 'GOPATH', 'GOCACHE', 'GOMODCACHE', 'GOPROXY', 'GOFLAGS'],
  ...['VIRTUAL_ENV', 'PYENV_ROOT', 'PYENV_VERSION', 'NVM_DIR', 'DOTNET_ROOT', 'CARGO_HOME', 'RUSTUP_HOME'],
];

/** The supervisor of this folder where one runs, else undefined. */
export function runningSupervisor(folder: StateFolder): Runtime['supervisor'] | undefined {
  const runtime = readRuntime(folder);
  return runtime !== undefined && isRunning(runtime.supervisor) ? runtime.supervisor : undefined;
}

/** Starts the supervisor, which outlives us, and resolves when it answers. Throws Failure `supervisor` at the deadline. */
export async function launchSupervisor(
  folder: StateFolder,
  env: Readonly<Record<string, string | undefined>>,
  wait: { clock: Clock; signal: AbortSignal; timeoutMs: number },
): Promise<Runtime['supervisor']> {
  const baseEnv: Record<string, string> = {};
  for (const name of passedOn) if (env[name] !== undefined) baseEnv[name] = env[name];
  const argument: SupervisorArguments = { folder: folder.path, baseEnv };
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

/** Milliseconds in which a supervisor that is well answers; one that is stopped or hangs is not asked for more. */
const aliveMs = 1000;
/** Milliseconds for ending by signals: SIGTERM first, SIGKILL after half of it. */
const endMs = 4000;
const leastEndMs = 1000;

export interface EndOptions {
  clock: Clock;
  timeoutMs: number;
  /** This machine's, unless told otherwise. */
  table?: ProcessTable;
}

/**
 * Ends every process of this folder: through its supervisor where that answers, else one by one, found by the marker they
 * carry. Gives those that ended. After it nothing of ours runs, or Failure `cannot-end`, each having got its SIGKILL.
 */
export async function endEverything(folder: StateFolder, options: EndOptions): Promise<ProcessId[]> {
  const { clock, timeoutMs, table = systemProcesses } = options;
  const runtime = readRuntime(folder);
  const list = () => ourProcesses(folder, runtime, table);
  const before = list();
  const supervisor = runtime?.supervisor;
  const deadline = clock.monotonic() + timeoutMs;
  if (supervisor !== undefined && before.some((id) => isSame(id, supervisor))) {
    try {
      await askSupervisor(supervisor, { type: 'status' }, Math.min(aliveMs, timeoutMs / 3));
      await askSupervisor(supervisor, { type: 'shutdown' }, Math.max(1, deadline - clock.monotonic() - endMs));
    } catch (error) {
      if (!(error instanceof Failure)) throw error;
      // It hangs or is stopped: it is ended like the others.
    }
  }
  // The claim that something cannot be ended wants the SIGKILL to have been sent, whatever the asking took.
  const left = await endAll(list, clock, Math.max(leastEndMs, Math.min(endMs, deadline - clock.monotonic())), table);
  if (left.length > 0) {
    throw new Failure({
      code: 'cannot-end',
      message: `these processes do not end, not even by SIGKILL: ${left.map((id) => id.pid).join(', ')}`,
      hint: 'They hang in the kernel, usually on a disk or network file system; look at them with ps',
    });
  }
  return before;
}

function isSame(a: ProcessId, b: ProcessId): boolean {
  return a.pid === b.pid && a.identity === b.identity;
}

function ourProcesses(folder: StateFolder, runtime: Runtime | undefined, table: ProcessTable): ProcessId[] {
  const marked = table.findMarked(folder.path);
  if (runtime === undefined || table.marksAreSure) return marked;
  const recorded = [runtime.supervisor, ...runtime.processes].filter((id) => isRunning(id, table));
  const all = [...recorded, ...marked].map(({ pid, identity }) => [pid, { pid, identity }] as const);
  return [...new Map(all).values()];
}

/** SIGTERM (and SIGCONT, as a stopped process hears nothing else), and SIGKILL for who is left after half the time; gives who is left at last. */
async function endAll(
  list: () => ProcessId[],
  clock: Clock,
  budgetMs: number,
  table: ProcessTable,
): Promise<ProcessId[]> {
  const startedMs = clock.monotonic();
  for (const id of list()) {
    signalProcess(id, 'SIGTERM', table);
    signalProcess(id, 'SIGCONT', table);
  }
  for (;;) {
    const left = list();
    const elapsedMs = clock.monotonic() - startedMs;
    if (left.length === 0 || elapsedMs >= budgetMs) return left;
    if (elapsedMs >= budgetMs / 2) for (const id of left) signalProcess(id, 'SIGKILL', table);
    await clock.sleep(15);
  }
}
