import { randomBytes } from 'node:crypto';
import { existsSync, writeSync } from 'node:fs';
import type { Server } from 'node:net';
import { systemClock } from '../../../kernel/clock.js';
import { Failure } from '../../../kernel/failure.js';
import type { Fault } from '../../target.js';
import type { GatewayRoutes } from '../gateway/gateway-server.js';
import { proxyTokenVariable } from '../plan/topology.js';
import { choosePort, isFree } from '../state/ports.js';
import { identityOf } from '../state/process-identity.js';
import {
  type LocalState,
  type Runtime,
  readRuntime,
  readState,
  stateFolderAt,
  writeAtomically,
} from '../state/state-folder.js';
import { type ControlRequest, type SupervisorReport, serveControl } from './control.js';
import type { SupervisorArguments } from './launch.js';
import { turnOver } from './log-file.js';
import { describeExit, type ProcessHost, SupervisedProcess } from './supervised-process.js';

/** Milliseconds between looks at the size of the logs and at whether the state folder is still there. */
const housekeepingPeriodMs = 2000;

/** Keeps the processes of one state folder as its state says, until it is told to shut down. */
class Supervisor {
  readonly #folder;
  readonly #processes = new Map<string, SupervisedProcess>();
  readonly #around: ProcessHost;
  readonly #token = randomBytes(16).toString('hex');
  #ports: Record<string, number> = {};
  #state: LocalState | undefined;
  #control: { server: Server; port: number } | undefined;
  #ending = false;
  /** Changes are made one after another. */
  #work: Promise<unknown> = Promise.resolve();

  constructor(options: SupervisorArguments) {
    this.#folder = stateFolderAt(options.folder);
    this.#around = {
      clock: systemClock,
      logs: this.#folder.logs,
      instance: this.#folder.path,
      serverEntry: options.serverEntry,
      baseEnv: options.baseEnv,
      portOf: (name) => this.#ports[name] ?? 0,
      replacePort: (name) => this.#replacePort(name),
      onChange: (process, line) => this.#changed(process, line),
    };
  }

  async run(): Promise<void> {
    // Ports that an earlier supervisor of this folder had are taken again where they are free.
    this.#ports = readRuntime(this.#folder)?.ports ?? {};
    this.#control = await serveControl(this.#token, (request) => this.#handle(request));
    this.#record();
    setInterval(() => this.#keepHouse(), housekeepingPeriodMs);
    for (const signal of ['SIGTERM', 'SIGINT'] as const) process.on(signal, () => void this.#shutdown());
    process.on('SIGHUP', () => undefined);
    await this.#apply();
  }

  async #handle(request: ControlRequest): Promise<SupervisorReport> {
    switch (request.type) {
      case 'status':
        break;
      case 'apply':
        await this.#apply();
        break;
      case 'fault':
        await this.#fault(request.fault);
        break;
      case 'shutdown': {
        const report = this.#report();
        await this.#stopAll();
        // The answer goes out first.
        setTimeout(() => void this.#shutdown(), 5);
        return report;
      }
    }
    return this.#report();
  }

  /** Brings the processes in line with the recorded state. */
  #apply(): Promise<void> {
    return this.#serialise(async () => {
      const state = readState(this.#folder);
      if (state === undefined || this.#ending) return;
      this.#state = state;
      const wanted = new Map(state.processes.map((spec) => [spec.name, spec]));
      const gone = [...this.#processes.values()].filter(({ spec }) => !wanted.has(spec.name));
      await Promise.all(
        gone.map(async (process) => {
          await process.stop();
          this.#processes.delete(process.spec.name);
          delete this.#ports[process.spec.name];
        }),
      );
      await this.#choosePorts(state);
      this.#record();
      await Promise.all(
        state.processes.map(async (spec) => {
          const known = this.#processes.get(spec.name);
          if (known === undefined) {
            const process = new SupervisedProcess(spec, this.#around);
            this.#processes.set(spec.name, process);
            await process.start();
          } else if (known.spec.digest !== spec.digest || known.hasGivenUp) {
            await known.replace(spec);
          } else {
            known.update(spec);
          }
        }),
      );
      this.#tellGateway();
    });
  }

  async #choosePorts(state: LocalState): Promise<void> {
    for (const { name, kind } of state.processes) {
      if (kind === 'job' || this.#processes.get(name)?.id !== undefined) continue;
      const known = this.#ports[name];
      if (known !== undefined && (await isFree(known))) continue;
      this.#ports[name] = await this.#choosePort(name);
    }
  }

  #choosePort(name: string): Promise<number> {
    return choosePort(`${this.#folder.path}/${name}`, new Set(Object.values(this.#ports)));
  }

  /** A new port for a process whose own was taken; whoever calls it there is started anew. */
  async #replacePort(name: string): Promise<void> {
    const old = this.#ports[name];
    this.#ports[name] = await this.#choosePort(name);
    log(`${name}: port ${old} is taken by another program; ${this.#ports[name]} is used`);
    this.#record();
    const callers = [...this.#processes.values()].filter(
      (process) =>
        process.spec.name !== name &&
        process.id !== undefined &&
        Object.values(process.spec.env).some((value) => value.includes(`{{port:${name}}}`)),
    );
    for (const caller of callers) void caller.replace(caller.spec);
  }

  async #fault({ service, kind }: Fault): Promise<void> {
    const process = this.#processes.get(service);
    if (process === undefined || process.spec.kind === 'job') {
      throw new Failure({
        code: 'unknown-service',
        message: `there is no running service ${JSON.stringify(service)}`,
        hint: `There is: ${[...this.#processes.keys()].join(', ')}`,
      });
    }
    if (kind === 'restart') {
      const before = process.id?.pid;
      await process.replace(process.spec);
      await waitUntil(
        () => process.state.type === 'ready' && process.id?.pid !== before,
        60_000,
        `${service} is ready again`,
      );
      return;
    }
    const signal = ({ kill: 'SIGKILL', stop: 'SIGSTOP', continue: 'SIGCONT' } as const)[kind];
    if (!process.harm(signal)) {
      throw new Failure({
        code: 'not-running',
        message: `${service} is not running just now`,
        hint: 'hwctl status tells its state',
      });
    }
    if (kind === 'kill') await waitUntil(() => process.state.type !== 'ready', 5000, `${service} is gone`);
  }

  #changed(process: SupervisedProcess, line: string): void {
    log(line);
    if (this.#ending) return;
    this.#record();
    if (process.spec.kind === 'gateway' || process.spec.kind === 'service') this.#tellGateway();
  }

  #tellGateway(): void {
    const gateway = this.#processes.get('gateway');
    if (gateway === undefined || this.#state === undefined) return;
    const upstreams = Object.fromEntries(
      [...this.#processes.values()]
        .filter(({ spec }) => spec.kind === 'service')
        .map(({ spec, state }) => [spec.name, { port: this.#ports[spec.name] ?? 0, ready: state.type === 'ready' }]),
    );
    const token = gateway.spec.env[proxyTokenVariable] ?? '';
    const message: GatewayRoutes = { type: 'routes', routes: this.#state.routes, upstreams, token };
    gateway.send(message);
  }

  #report(): SupervisorReport {
    return {
      digest: this.#state?.digest ?? '',
      processes: [...this.#processes.values()].map((process) => ({
        name: process.spec.name,
        kind: process.spec.kind,
        digest: process.spec.digest,
        stacks: process.spec.stacks,
        port: this.#ports[process.spec.name] ?? 0,
        state: process.state,
        restarts: process.restarts,
        lastExit: process.lastExit === undefined ? undefined : describeExit(process.lastExit),
      })),
    };
  }

  #record(): void {
    const runtime: Runtime = {
      version: 1,
      supervisor: {
        pid: process.pid,
        identity: identityOf(process.pid) ?? '',
        controlPort: this.#control?.port ?? 0,
        token: this.#token,
      },
      ports: this.#ports,
      processes: [...this.#processes.values()].flatMap(({ spec, id }) => (id ? [{ name: spec.name, ...id }] : [])),
    };
    try {
      writeAtomically(this.#folder.runtime, JSON.stringify(runtime), false);
    } catch (error) {
      log(`${this.#folder.runtime} cannot be written: ${(error as Error).message}`);
    }
  }

  #keepHouse(): void {
    if (this.#ending) return;
    if (!existsSync(this.#folder.state)) {
      log('the state folder is gone: shutting down');
      void this.#shutdown();
      return;
    }
    for (const name of [...this.#processes.keys(), 'supervisor']) turnOver(this.#folder.logs, name);
  }

  async #stopAll(): Promise<void> {
    this.#ending = true;
    // The gateway goes first, so that what is in flight is answered by services that still are there.
    await this.#processes.get('gateway')?.stop();
    await Promise.all([...this.#processes.values()].map((process) => process.stop()));
  }

  async #shutdown(): Promise<void> {
    await this.#stopAll();
    this.#control?.server.close();
    process.exit();
  }

  #serialise<T>(work: () => Promise<T>): Promise<T> {
    const result = this.#work.then(work, work);
    this.#work = result.catch(() => undefined);
    return result;
  }
}

/** A line that cannot be written (the disk is full) is lost; the platform goes on, and so does the log once there is room. */
function log(line: string): void {
  try {
    writeSync(1, `${new Date(systemClock.now()).toISOString()} ${line}\n`);
  } catch {
    // There is nowhere to tell it.
  }
}

async function waitUntil(condition: () => boolean, timeoutMs: number, what: string): Promise<void> {
  const deadline = systemClock.monotonic() + timeoutMs;
  while (!condition()) {
    if (systemClock.monotonic() > deadline) {
      throw new Failure({ code: 'timeout', message: `waited ${timeoutMs / 1000} s, and not yet: ${what}` });
    }
    await systemClock.sleep(10);
  }
}

await new Supervisor(JSON.parse(process.argv[2] ?? '{}') as SupervisorArguments).run();
