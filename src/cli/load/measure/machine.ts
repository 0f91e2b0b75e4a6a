import { readdirSync, readFileSync } from 'node:fs';
import os from 'node:os';
import { Failure } from '../../kernel/failure.js';
import { shareOf } from '../arrivals/schedule.js';
import type { LoadPlan } from '../plan/plan.js';

/** What the machine did to the generator so far. */
export interface MachineFigures {
  cpuCores: number;
  cpuAvailable: number;
  throttledMs: number;
  clockStepMs: number;
  /** Share 0 .. 1 of the time that the worst off of this process's threads was ready to run and had no core; 0 where it cannot be told. */
  waitingShare: number;
  /** Share 0 .. 1 of the local ports that closed connections still hold (TIME-WAIT); 0 where it cannot be told. */
  portsHeld: number;
}

/** What the machine is asked through: files of /proc and /sys (empty where there is none) and the time of day. */
export interface MachineSources {
  read(file: string): string;
  list(folder: string): string[];
  wallMs(): number;
}

const thisMachine: MachineSources = {
  read,
  list: (folder) => {
    try {
      return readdirSync(folder);
    } catch {
      return [];
    }
  },
  wallMs: Date.now,
};

/** Watches this process's CPU, its control group's throttling and the wall clock from the moment it is made. */
export class MachineWatch {
  private readonly cpu = process.cpuUsage();
  private readonly sinceNs = process.hrtime.bigint();
  private readonly statFiles: string[];
  private readonly throttledBeforeMs: number;
  private readonly waitedNs: Map<string, number>;
  private offsetMs: number;
  private clockStepMs = 0;

  constructor(private readonly sources: MachineSources = thisMachine) {
    this.statFiles = cpuStatFiles(sources);
    this.throttledBeforeMs = this.throttledMs();
    this.waitedNs = this.runQueueWaits();
    this.offsetMs = this.wallOffsetMs();
  }

  sample(): MachineFigures {
    const offsetMs = this.wallOffsetMs();
    this.clockStepMs = Math.max(this.clockStepMs, Math.abs(offsetMs - this.offsetMs));
    this.offsetMs = offsetMs;
    const { user, system } = process.cpuUsage(this.cpu);
    const elapsedUs = Math.max(1, Number(process.hrtime.bigint() - this.sinceNs) / 1000);
    return {
      cpuCores: (user + system) / elapsedUs,
      cpuAvailable: os.availableParallelism(),
      throttledMs: this.throttledMs() - this.throttledBeforeMs,
      clockStepMs: this.clockStepMs,
      waitingShare: this.waitingShare(elapsedUs),
      portsHeld: closedConnections(this.sources) / (localPorts(this.sources) ?? Number.POSITIVE_INFINITY),
    };
  }

  /** How far the time of day is from the monotonic clock: it changes where somebody sets the time. */
  private wallOffsetMs(): number {
    return this.sources.wallMs() - Number(process.hrtime.bigint()) / 1e6;
  }

  private waitingShare(elapsedUs: number): number {
    let most = 0;
    for (const [thread, waitedNs] of this.runQueueWaits()) {
      most = Math.max(most, waitedNs - (this.waitedNs.get(thread) ?? 0));
    }
    return most / 1000 / elapsedUs;
  }

  /** Nanoseconds each thread of this process has waited for a core so far (second field of Linux's schedstat). */
  private runQueueWaits(): Map<string, number> {
    const waits = new Map<string, number>();
    for (const thread of this.sources.list('/proc/self/task')) {
      const waited = Number(this.sources.read(`/proc/self/task/${thread}/schedstat`).split(' ')[1]);
      if (Number.isFinite(waited)) waits.set(thread, waited);
    }
    return waits;
  }

  /** Cumulated time this process's control group was denied CPU (v2: throttled_usec, v1: throttled_time); 0 where it cannot be told. */
  private throttledMs(): number {
    for (const file of this.statFiles) {
      const text = this.sources.read(file);
      const v2 = /^throttled_usec (\d+)$/m.exec(text);
      if (v2 !== null) return Number(v2[1]) / 1000;
      const v1 = /^throttled_time (\d+)$/m.exec(text);
      if (v1 !== null) return Number(v1[1]) / 1e6;
    }
    return 0;
  }
}

/** Where cpu.stat may be: below the group's path, and at the root of a container's own cgroup namespace. */
function cpuStatFiles(sources: MachineSources): string[] {
  const files: string[] = [];
  for (const line of sources.read('/proc/self/cgroup').split('\n')) {
    const [id, controllers, ...rest] = line.split(':');
    const path = rest.join(':').replace(/\/$/, '');
    if (id === '0') files.push(`/sys/fs/cgroup${path}/cpu.stat`, '/sys/fs/cgroup/cpu.stat');
    else if (controllers?.split(',').includes('cpu') === true) {
      for (const folder of [controllers, 'cpu', 'cpu,cpuacct']) {
        files.push(`/sys/fs/cgroup/${folder}${path}/cpu.stat`, `/sys/fs/cgroup/${folder}/cpu.stat`);
      }
    }
  }
  return files.filter((file) => sources.read(file) !== '');
}

function read(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return '';
  }
}

/** How many this process may need at once of a plan's connections. */
function mostConnections({ connections, maxInFlight, shard }: LoadPlan): number {
  return shareOf(Math.max(connections, maxInFlight), shard.index, shard.count);
}

/** Files of this process besides its connections: standard streams, libraries, event loops. */
const spareFiles = 64;

/** Throws Failure `too-few-files` where the process may not open as many connections as the plan can need. */
export function checkFileLimit(plan: LoadPlan, limit: number | undefined = openFilesLimit()): void {
  const needed = mostConnections(plan) + spareFiles;
  if (limit === undefined || needed <= limit) return;
  throw new Failure({
    code: 'too-few-files',
    message: `the plan may need ${needed} open files at once, and this process may open ${limit}`,
    hint: `Run ulimit -n ${needed} before, or lower --max-in-flight to ${Math.max(1, limit - spareFiles)}`,
  });
}

/**
 * Throws Failure `too-few-ports` where the plan may need more connections at once than the system has local ports: each
 * connection to one address takes one of its own.
 */
export function checkPorts(plan: LoadPlan, addresses: number, ports: number | undefined = localPorts()): void {
  const needed = mostConnections(plan);
  if (ports === undefined || needed <= ports * addresses) return;
  throw new Failure({
    code: 'too-few-ports',
    message: `the plan may need ${needed} connections at once, and this machine has ${ports} local ports for each address of the server`,
    hint: `Widen net.ipv4.ip_local_port_range (sysctl), or lower --max-in-flight to ${ports * addresses}`,
  });
}

/** How many local ports connections may take; undefined where it cannot be told. */
function localPorts(sources: MachineSources = thisMachine): number | undefined {
  const [from, to] = sources.read('/proc/sys/net/ipv4/ip_local_port_range').trim().split(/\s+/).map(Number);
  return from !== undefined && to !== undefined && to >= from ? to - from + 1 : undefined;
}

/** Connections of this machine in TIME-WAIT. */
function closedConnections(sources: MachineSources): number {
  return Number(/^TCP: .*\btw (\d+)/m.exec(sources.read('/proc/net/sockstat'))?.[1] ?? 0);
}

/** The process's limit of open files; undefined where it cannot be told. */
function openFilesLimit(): number | undefined {
  const match = /^Max open files\s+(\d+)/m.exec(read('/proc/self/limits'));
  return match === null ? undefined : Number(match[1]);
}
