import { type ChildProcess, spawn } from 'node:child_process';
import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Clock } from '../../../kernel/clock.js';
import { entryModule } from '../../../kernel/entry-module.js';
import { replaceFile } from '../../../kernel/replacement.js';
import type { ProcessSpec } from '../plan/topology.js';
import { isFree } from '../state/ports.js';
import { identityOf, marker } from '../state/process-identity.js';
import { makeFolder } from '../state/state-folder.js';
import { closeLog, openLog } from './log-file.js';
import { probeHttp } from './probe.js';
import {
  defaultPolicy,
  type Exit,
  type LifePolicy,
  nextState,
  type ProcessEvent,
  type ProcessState,
} from './process-state.js';

/** What a supervised process needs of the supervisor. */
export interface ProcessHost {
  clock: Clock;
  logs: string;
  /** Value of the marker in the environment of every process of ours. */
  instance: string;
  /** The built server's entry. */
  serverEntry: string;
  /** PATH, HOME and the like. */
  baseEnv: Record<string, string>;
  portOf(name: string): number;
  /** Chooses another port for this process: its own was taken by somebody else. */
  replacePort(name: string): Promise<void>;
  /** Called after each change of state, and with a line for the supervisor's own log. */
  onChange(process: SupervisedProcess, line: string): void;
}

const gatewayEntry = fileURLToPath(entryModule('target/local/gateway/gateway.main'));
const leash = entryModule('target/local/supervisor/leash.main').href;
/** Milliseconds between probes of a process that has not been ready yet: a start is worth watching closely. */
const startProbePeriodMs = 30;

/** Keeps one process running as its spec says: starts, probes, restarts with back-off, stops. */
export class SupervisedProcess {
  state: ProcessState = { type: 'idle', failures: 0 };
  restarts = 0;
  lastExit: Exit | undefined;
  #child: ChildProcess | undefined;
  #identity: string | undefined;
  #timer: NodeJS.Timeout | undefined;
  #killTimer: NodeJS.Timeout | undefined;
  #life = 0;
  #started = false;
  #starting = false;
  readonly #waiters = new Set<() => void>();
  readonly #policy: LifePolicy;

  constructor(
    public spec: ProcessSpec,
    private readonly around: ProcessHost,
  ) {
    this.#policy = { ...defaultPolicy, kind: spec.kind, graceMs: spec.graceMs };
  }

  /** The running process, or undefined. */
  get id(): { pid: number; identity: string } | undefined {
    return this.#child?.pid !== undefined && this.#identity !== undefined
      ? { pid: this.#child.pid, identity: this.#identity }
      : undefined;
  }

  /** Whether it failed for good, or waits for its next start: whoever asks for it again may have removed the cause. */
  get hasGivenUp(): boolean {
    return this.state.type === 'failed' || this.state.type === 'backing-off';
  }

  /** Starts it where it does not run; resolves once the program was started, not when it is ready. */
  async start(): Promise<void> {
    if (this.#starting || (this.state.type !== 'idle' && this.state.type !== 'backing-off')) return;
    this.#starting = true;
    try {
      clearTimeout(this.#timer);
      if (this.spec.kind !== 'job' && !(await isFree(this.around.portOf(this.spec.name)))) {
        await this.around.replacePort(this.spec.name);
      }
      if (this.state.type === 'idle' || this.state.type === 'backing-off') this.#spawn();
    } catch (error) {
      this.#fail(error as Error);
    } finally {
      this.#starting = false;
    }
  }

  /** Asks it to end; resolves when it has, at the latest by SIGKILL after the grace period. */
  async stop(): Promise<void> {
    this.#apply({ type: 'stop', atMs: this.around.clock.now(), afterwards: 'stopped', wanted: true });
    while (this.state.type !== 'stopped') await this.#changed();
  }

  /** Ends it and starts it again with this spec; resolves when the new process was started. */
  async replace(spec: ProcessSpec): Promise<void> {
    this.spec = spec;
    this.#apply({ type: 'stop', atMs: this.around.clock.now(), afterwards: 'start', wanted: true });
    if (this.state.type === 'idle') await this.start();
  }

  /** Takes a spec whose process needs no restart: what differs are the mounted files at most. */
  update(spec: ProcessSpec): void {
    const changed = JSON.stringify(spec.files) !== JSON.stringify(this.spec.files);
    this.spec = spec;
    if (changed) this.#writeFiles();
  }

  /** Harms the running process on purpose; false where none runs. */
  harm(signal: 'SIGKILL' | 'SIGSTOP' | 'SIGCONT'): boolean {
    if (signal === 'SIGKILL') this.#apply({ type: 'harmed' });
    return this.#child?.kill(signal) ?? false;
  }

  /** Tells the gateway its routes; nothing for others. */
  send(message: object): void {
    if (this.#child?.connected) this.#child.send(message, () => undefined);
  }

  #spawn(): void {
    const { spec, around } = this;
    for (const folder of spec.folders) makeFolder(folder);
    this.#writeFiles();
    const argv =
      spec.kind === 'gateway'
        ? [gatewayEntry, ...spec.args.map((value) => this.#fill(value))]
        : ['--import', leash, around.serverEntry, ...spec.args];
    const log = openLog(around.logs, spec.name);
    const child = spawn(process.execPath, argv, {
      cwd: dirname(around.logs),
      env: { ...around.baseEnv, ...this.#env(), [marker]: around.instance },
      stdio: ['ignore', log, log, 'ipc'],
    });
    closeLog(log);
    const life = ++this.#life;
    this.#child = child;
    child.on('error', (error) => {
      if (child.pid === undefined && life === this.#life) this.#fail(error);
    });
    if (child.pid === undefined) return;
    this.#identity = identityOf(child.pid);
    child.on('exit', (code, signal) => this.#exited({ code, signal }));
    child.on('message', (message) => {
      if ((message as { type?: string }).type === 'listening') this.#probed(undefined);
    });
    if (this.#started) this.restarts++;
    this.#started = true;
    this.#apply({ type: 'spawned', pid: child.pid, atMs: around.clock.now() });
    if (spec.readiness !== undefined) this.#watch(life);
    else if (spec.kind === 'service') this.#probed(undefined);
  }

  #writeFiles(): void {
    for (const { path, text, secret } of this.spec.files) {
      makeFolder(dirname(path));
      // In one step: a reader sees the old file or the new one.
      replaceFile(path, text, { mode: secret ? 0o600 : 0o644 });
    }
  }

  #env(): Record<string, string> {
    return Object.fromEntries(Object.entries(this.spec.env).map(([name, value]) => [name, this.#fill(value)]));
  }

  #fill(value: string): string {
    return value.replace(/\{\{port:([^}]+)\}\}/g, (_, name: string) => String(this.around.portOf(name)));
  }

  /** Probes readiness (closely until the first success) and, from then on, life. */
  #watch(life: number): void {
    const { readiness, liveness, startTimeoutMs } = this.spec;
    if (readiness === undefined) return;
    const { clock } = this.around;
    const startedMs = clock.monotonic();
    let missed = 0;
    let dead = 0;
    let lifeCheckedMs = startedMs;
    let first = true;
    const round = async () => {
      const port = this.around.portOf(this.spec.name);
      const wrong = await probeHttp(port, readiness.path, readiness.timeoutMs);
      if (life !== this.#life || !['starting', 'ready', 'unready'].includes(this.state.type)) return;
      missed = wrong === undefined ? 0 : missed + 1;
      if (wrong === undefined) first = false;
      if (wrong === undefined || missed >= readiness.failureThreshold) this.#probed(wrong);
      if (first && clock.monotonic() - startedMs > startTimeoutMs) {
        this.#restart(`was not ready within ${startTimeoutMs / 1000} s of its start (${wrong})`);
        return;
      }
      if (!first && liveness !== undefined && clock.monotonic() - lifeCheckedMs >= liveness.periodMs) {
        lifeCheckedMs = clock.monotonic();
        const sick = await probeHttp(port, liveness.path, liveness.timeoutMs);
        if (life !== this.#life) return;
        dead = sick === undefined ? 0 : dead + 1;
        if (dead >= liveness.failureThreshold) {
          this.#restart(`the liveness probe failed ${dead} times (${sick})`);
          return;
        }
      }
      this.#timer = setTimeout(round, first ? startProbePeriodMs : readiness.periodMs);
    };
    this.#timer = setTimeout(round, startProbePeriodMs);
  }

  #probed(wrong: string | undefined): void {
    if (wrong !== undefined) this.#apply({ type: 'probed', ok: false, reason: wrong });
    else this.#apply({ type: 'probed', ok: true, atMs: this.around.clock.now() });
  }

  #restart(reason: string): void {
    this.lastExit = { code: null, signal: null, reason };
    this.around.onChange(this, `${this.spec.name}: ${reason}; it is started anew`);
    this.#apply({ type: 'stop', atMs: this.around.clock.now(), afterwards: 'start', wanted: false });
  }

  #fail(error: Error): void {
    this.#apply({ type: 'spawned', pid: 0, atMs: this.around.clock.now() });
    this.#exited({ code: null, signal: null, reason: `could not be started: ${error.message}` });
  }

  #exited(exit: Exit): void {
    const expected = this.state.type === 'stopping';
    clearTimeout(this.#timer);
    clearTimeout(this.#killTimer);
    this.#child = undefined;
    this.#identity = undefined;
    if (!expected || this.lastExit?.reason === undefined) this.lastExit = exit;
    this.#apply({ type: 'exited', exit, atMs: this.around.clock.now() });
  }

  #apply(event: ProcessEvent): void {
    const before = this.state;
    this.state = nextState(before, event, this.#policy);
    if (this.state === before) return;
    if (this.state.type === 'stopping' && before.type !== 'stopping') this.#end(this.state.killAtMs);
    if (this.state.type === 'backing-off') {
      this.#timer = setTimeout(() => void this.start(), Math.max(0, this.state.untilMs - this.around.clock.now()));
    }
    if (this.state.type === 'stopped') clearTimeout(this.#timer);
    if (this.state.type === 'idle' && before.type === 'stopping') void this.start();
    this.around.onChange(this, describeChange(this.spec.name, before, this.state));
    for (const wake of this.#waiters) wake();
    this.#waiters.clear();
  }

  #end(killAtMs: number): void {
    clearTimeout(this.#timer);
    const child = this.#child;
    child?.kill('SIGTERM');
    // A stopped process hears nothing but these two.
    child?.kill('SIGCONT');
    this.#killTimer = setTimeout(() => child?.kill('SIGKILL'), Math.max(0, killAtMs - this.around.clock.now()));
  }

  #changed(): Promise<void> {
    return new Promise((resolve) => this.#waiters.add(resolve));
  }
}

function describeChange(name: string, before: ProcessState, after: ProcessState): string {
  const pid = 'pid' in after ? ` (process ${after.pid})` : '';
  const exit = 'exit' in after ? `: ${describeExit(after.exit)}` : '';
  return `${name}: ${before.type} -> ${after.type}${pid}${exit}`;
}

/** An end in words: `exit code 1`, `SIGKILL`, or the reason that is known. */
export function describeExit(exit: Exit): string {
  return exit.reason ?? (exit.signal === null ? `exit code ${exit.code}` : `ended by ${exit.signal}`);
}
