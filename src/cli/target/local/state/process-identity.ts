import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { isPid, isProcessId } from './state-shape.js';

/** A process, told apart from a later one that got the same id. */
export interface ProcessId {
  pid: number;
  /** When it started, in the system's own words; see `identityOf`. */
  identity: string;
}

/** The environment variable that every process of ours carries; its value is the state folder's path. */
export const marker = 'HWCTL_INSTANCE';

const isLinux = process.platform === 'linux';
let bootId: string | undefined;

/**
 * What tells this process from any other that has or will have its id: the boot and the start time in clock ticks on
 * Linux (/proc/PID/stat, field 22), `ps -o lstart` elsewhere. Undefined where it does not run (a zombie does not).
 */
export function identityOf(pid: number): string | undefined {
  if (!isPid(pid)) return undefined;
  if (!isLinux) return ps(['-o', 'stat=,lstart=', '-p', String(pid)]).find((line) => !line.startsWith('Z'));
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'latin1');
    // The second field is the program's name in parentheses, which may itself hold spaces and parentheses.
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    if (fields[0] === 'Z' || fields[0] === 'X') return undefined;
    bootId ??= readFileSync('/proc/sys/kernel/random/boot_id', 'latin1').trim();
    return `${bootId}:${fields[19]}`;
  } catch {
    return undefined;
  }
}

/** The processes of this machine as far as this target deals with them; tests put their own in its place. */
export interface ProcessTable {
  identityOf(pid: number): string | undefined;
  /** Every running process but this one that carries our marker with this value and lives in the namespaces that we live in. */
  findMarked(value: string): ProcessId[];
  /** Whether every process of ours is found by its marker; where not, what was recorded is believed, too. */
  readonly marksAreSure: boolean;
  kill(pid: number, signal: NodeJS.Signals): void;
}

/** This machine. */
export const systemProcesses: ProcessTable = {
  identityOf,
  findMarked,
  marksAreSure: isLinux,
  kill: (pid, signal) => void process.kill(pid, signal),
};

/** Whether this very process still runs. What is no whole identity (a positive pid and a start time) names no process. */
export function isRunning(id: ProcessId, table: ProcessTable = systemProcesses): boolean {
  return isProcessId(id) && table.identityOf(id.pid) === id.identity;
}

/** Sends a signal to this very process; false where it is gone already. */
export function signalProcess(id: ProcessId, signal: NodeJS.Signals, table: ProcessTable = systemProcesses): boolean {
  if (!isRunning(id, table)) return false;
  try {
    table.kill(id.pid, signal);
    return true;
  } catch {
    return false;
  }
}

/**
 * Every running process that carries our marker with this value, whoever started it and whatever became of its parent. A
 * container whose processes can be seen from here may have the same path for another folder: its processes are not ours.
 */
export function findMarked(value: string): ProcessId[] {
  const wanted = `${marker}=${value}`;
  const pids = isLinux ? markedInProc(wanted).filter(sharesNamespaces) : markedByPs(wanted);
  return pids.flatMap((pid) => {
    const identity = pid === process.pid ? undefined : identityOf(pid);
    return identity === undefined ? [] : [{ pid, identity }];
  });
}

function sharesNamespaces(pid: number): boolean {
  try {
    return ['pid', 'mnt'].every(
      (kind) => readlinkSync(`/proc/${pid}/ns/${kind}`) === readlinkSync(`/proc/self/ns/${kind}`),
    );
  } catch {
    // Gone meanwhile; or not for us to see, and then not for us to end.
    return false;
  }
}

function markedInProc(wanted: string): number[] {
  const found: number[] = [];
  for (const name of readdirSync('/proc')) {
    if (!/^\d+$/.test(name)) continue;
    try {
      const environment = readFileSync(`/proc/${name}/environ`, 'utf8');
      if (environment.split('\0').includes(wanted)) found.push(Number(name));
    } catch {
      // Gone meanwhile, or another user's: not ours in either case.
    }
  }
  return found;
}

function markedByPs(wanted: string): number[] {
  return ps(['eww', '-ax', '-o', 'pid=,command='])
    .filter((line) => line.includes(` ${wanted}`))
    .map((line) => Number.parseInt(line, 10));
}

function ps(args: string[]): string[] {
  try {
    const text = execFileSync('ps', args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'], timeout: 5000 });
    return text
      .split('\n')
      .map((line) => line.trim())
      .filter((line) => line !== '');
  } catch {
    return [];
  }
}
