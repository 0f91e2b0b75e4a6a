import { randomBytes } from 'node:crypto';
import { existsSync, writeSync } from 'node:fs';
import type { Server } from 'node:net';
import { systemClock } from '../../../kernel/clock.js';
import { Failure } from '../../../kernel/failure.js';
import { faultRefusal } from '../../fault-kinds.js';
import type { Fault } from '../../target.js';
import type { GatewayRoutes } from '../gateway/gateway-server.js';
import { type ProcessSpec, restartWithinMs } from '../plan/process-spec.js';
import { proxyTokenVariable } from '../plan/proxy-token.js';
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

const signalOf: Partial<Record<Fault['kind'], 'SIGKILL' | 'SIGSTOP' | 'SIGCONT'>> = {
  kill: 'SIGKILL',
  stop: 'SIGSTOP',
  continue: 'SIGCONT',
};

/** Keeps the processes of one state folder as its state says, until it is told to shut down. */
class Supervisor {
  readonly #folder;
  readonly #processes = new Map<string, SupervisedProcess>();
  readonly #around: ProcessHost;
  readonly #token = randomBytes(16).toString('hex');
  /** By the port's key. */
  #ports: Record<string, number> = {};
  /** Processes that wait for others, each with how it is brought in line once they are ready. */
  readonly #held = new Map<string, () => Promise<void>>();
  /** Jobs that have run to their end, with the digest of what ran. */
  #done: Record<string, string> = {};
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
      baseEnv: options.baseEnv,
      portOf: (key) => this.#ports[key],
      replacePort: (name, key) => this.#replacePort(name, key),
      onChange: (process, line) => this.#changed(process, line),
    };
  }

  async run(): Promise<void> {
    // Ports that an earlier supervisor of this folder had are taken again where they are free.
    const before = readRuntime(this.#folder);
    this.#ports = before?.ports ?? {};
    this.#done = before?.done ?? {};
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
          this.#held.delete(process.spec.name);
          await process.stop();
          this.#processes.delete(process.spec.name);
          delete this.#done[process.spec.name];
          for (const { key } of process.spec.ports) delete this.#ports[key];
        }),
      );
      await this.#choosePorts(state);
      this.#record();
      // Those that wait for others stand after them, and what has changed of those is seen at once.
      await Promise.all(state.processes.map((spec) => this.#bringInLine(spec)));
      this.#tellGateway();
    });
  }

  #bringInLine(spec: ProcessSpec): Promise<void> {
    const known = this.#processes.get(spec.name);
    if (known !== undefined && known.spec.digest === spec.digest && !known.hasGivenUp) {
      known.update(spec);
      return Promise.resolve();
    }
    const process = known ?? new SupervisedProcess(spec, this.#around);
    this.#processes.set(spec.name, process);
    if (known === undefined && spec.kind === 'job' && this.#done[spec.name] === spec.digest) {
      process.skip();
      return Promise.resolve();
    }
    const act = () => (known === undefined ? process.start() : known.replace(spec));
    if (this.#waitsFor(spec).length === 0) {
      this.#held.delete(spec.name);
      return act();
    }
    this.#held.set(spec.name, act);
    return Promise.resolve();
  }

  /** Those of the processes before this one that are not ready or done yet. */
  #waitsFor({ after }: ProcessSpec): string[] {
    return after.filter((name) => {
      const other = this.#processes.get(name);
      return (
        other === undefined || this.#held.has(name) || (other.state.type !== 'ready' && other.state.type !== 'done')
      );
    });
  }

  #releaseHeld(): void {
    for (const [name, act] of this.#held) {
      const spec = this.#state?.processes.find((candidate) => candidate.name === name);
      if (spec === undefined || this.#waitsFor(spec).length > 0) continue;
      this.#held.delete(name);
      void act();
    }
  }

  async #choosePorts(state: LocalState): Promise<void> {
    for (const { name, ports } of state.processes) {
      if (this.#processes.get(name)?.id !== undefined) continue;
      for (const { key, fixed } of ports) {
        const known = this.#ports[key];
        if (fixed !== undefined) this.#ports[key] = fixed;
        else if (known === undefined || !(await isFree(known))) this.#ports[key] = await this.#choosePort(key);
      }
    }
  }

  #choosePort(name: string): Promise<number> {
    return choosePort(`${this.#folder.path}/${name}`, new Set(Object.values(this.#ports)));
  }

  /** A new port for a process whose own was taken; whoever calls it there is started anew. */
  async #replacePort(name: string, key: string): Promise<void> {
    const old = this.#ports[key];
    this.#ports[key] = await this.#choosePort(key);
    log(`${name}: port ${old} is taken by another program; ${this.#ports[key]} is used`);
    this.#record();
    const callers = [...this.#processes.values()].filter(
      ({ spec, id }) =>
        spec.name !== name &&
        id !== undefined &&
        [...Object.values(spec.env), ...spec.command, ...spec.files.map(({ text }) => text)].some((text) =>
          text.includes(`{{port:${key}}}`),
        ),
    );
    for (const caller of callers) void caller.replace(caller.spec);
  }

  async #fault({ service, kind }: Fault): Promise<void> {
    const process = this.#processes.get(service);
    if (process === undefined || process.spec.kind === 'job') {
      throw new Failure({
        code: 'unknown-service',
        message: `there is no running service ${JSON.stringify(service)}`,
        hint: `There is: ${[...this.#processes.values()].flatMap(({ spec }) => (spec.kind === 'job' ? [] : [spec.name])).join(', ')}`,
      });
    }
    if (kind === 'restart') {
      const before = process.id?.pid;
      await process.replace(process.spec);
      await waitUntil(
        () => process.state.type === 'ready' && process.id?.pid !== before,
        restartWithinMs(process.spec),
        `${service} is ready again`,
      );
      return;
    }
    const refusal = faultRefusal('local', kind);
    if (refusal !== undefined) throw refusal;
    const signal = signalOf[kind];
    if (signal === undefined || !process.harm(signal)) {
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
    if (process.state.type === 'done') this.#done[process.spec.name] = process.spec.digest;
    if (this.#ending) return;
    this.#releaseHeld();
    this.#record();
    if (process.spec.kind === 'gateway' || process.spec.kind === 'service') this.#tellGateway();
  }

  #tellGateway(): void {
    const gateway = this.#processes.get('gateway');
    if (gateway === undefined || this.#state === undefined) return;
    const upstreams = Object.fromEntries(
      [...this.#processes.values()]
        .filter(({ spec }) => spec.kind === 'service')
        .flatMap(({ spec, state }) =>
          spec.ports.map(({ key }) => [key, { port: this.#ports[key] ?? 0, ready: state.type === 'ready' }] as const),
        ),
    );
    const token = gateway.spec.env[proxyTokenVariable] ?? '';
    const { routes, apiRoutes, services } = this.#state;
    const message: GatewayRoutes = { type: 'routes', routes, apiRoutes, services, upstreams, token };
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
        ...(this.#held.has(process.spec.name) ? { waitsFor: this.#waitsFor(process.spec) } : {}),
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
      done: this.#done,
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
    const all = [...this.#processes.values()];
    // And the databases last.
    await Promise.all(all.filter(({ spec }) => spec.postgres === undefined).map((process) => process.stop()));
    await Promise.all(all.map((process) => process.stop()));
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
