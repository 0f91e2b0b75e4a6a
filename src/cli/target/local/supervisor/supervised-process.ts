import { type ChildProcess, spawn } from 'node:child_process';
import { dirname, isAbsolute, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Clock } from '../../../kernel/clock.js';
import { entryModule } from '../../../kernel/entry-module.js';
import { replaceFile } from '../../../kernel/replacement.js';
import type { ProcessProbe, ProcessSpec } from '../plan/process-spec.js';
import { isFree } from '../state/ports.js';
import { identityOf, marker } from '../state/process-identity.js';
import { makeFolder } from '../state/state-folder.js';
import { closeLog, openLog } from './log-file.js';
import { makeCluster } from './postgres-cluster.js';
import { type CommandPlace, probeCommand, probeHttp, probeTcp } from './probe.js';
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
  /** PATH, HOME and the like. */
  baseEnv: Record<string, string>;
  /** By the port's key; undefined for one that nobody has. */
  portOf(key: string): number | undefined;
  /** Chooses another port for this process: its own was taken by somebody else. */
  replacePort(name: string, key: string): Promise<void>;
  /** Called after each change of state, and with a line for the supervisor's own log. */
  onChange(process: SupervisedProcess, line: string): void;
}

const gatewayEntry = fileURLToPath(entryModule('target/local/gateway/gateway.main'));
const leash = entryModule('target/local/supervisor/leash.main').href;
/** Milliseconds between probes of a process that has not been ready yet: a start is worth watching closely. */
const startProbePeriodMs = 30;
/** Of a probe that starts a program: 100 ms. */
const commandProbePeriodMs = 100;
/** Milliseconds in which a port that the program cannot but take is waited for: what was ended may hold it a moment longer. */
const fixedPortMs = 1500;

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
  /** What was said of probes that cannot be asked here. */
  readonly #untold = new Set<string>();
  readonly #policy: LifePolicy;

  constructor(
    public spec: ProcessSpec,
    private readonly around: ProcessHost,
  ) {
    const { kind, graceMs, attempts = defaultPolicy.jobAttempts } = spec;
    this.#policy = { ...defaultPolicy, kind, graceMs, jobAttempts: attempts };
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
      await this.#takePorts();
      if (this.spec.postgres !== undefined)
        await makeCluster(this.spec, {
          port: this.around.portOf(this.spec.name) ?? 0,
          log: this.#openLog(),
          place: this.#place(),
          isWanted: () => this.state.type === 'idle' || this.state.type === 'backing-off',
        });
      if (this.state.type === 'idle' || this.state.type === 'backing-off') this.#spawn();
    } catch (error) {
      this.#fail(error as Error);
    } finally {
      this.#starting = false;
    }
  }

  /** A free port each, of those that may be any; one that may not is waited for. Throws where somebody else keeps it. */
  async #takePorts(): Promise<void> {
    for (const { key, fixed } of this.spec.ports) {
      const port = this.around.portOf(key) ?? 0;
      if (fixed === undefined) {
        if (!(await isFree(port))) await this.around.replacePort(this.spec.name, key);
        continue;
      }
      for (const until = this.around.clock.monotonic() + fixedPortMs; !(await isFree(fixed)); ) {
        if (this.around.clock.monotonic() > until) throw new Error(`another program has port ${fixed}`);
        await this.around.clock.sleep(50);
      }
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

  /** It was run to its end before this supervisor began. */
  skip(): void {
    this.state = { type: 'done' };
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
    return this.#signal(signal);
  }

  /** Tells the gateway its routes; nothing for others. */
  send(message: object): void {
    if (this.#child?.connected) this.#child.send(message, () => undefined);
  }

  #spawn(): void {
    const { spec, around } = this;
    for (const folder of spec.folders) makeFolder(folder);
    this.#writeFiles();
    const command = spec.command.map((word) => this.#fill(word));
    const [program, args] =
      spec.kind === 'gateway'
        ? [process.execPath, [gatewayEntry, ...command]]
        : [command[0] ?? '', spec.ours === true ? ['--import', leash, ...command.slice(1)] : command.slice(1)];
    const log = this.#openLog();
    const { ours = false } = spec;
    const child = spawn(program, args, {
      ...this.#place(),
      // What starts others (npm, a shell, go run) is signalled together with them.
      detached: !ours,
      stdio: ['ignore', log, log, ...(ours ? (['ipc'] as const) : [])],
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

  #openLog(): number {
    return openLog(this.around.logs, this.spec.name);
  }

  /** Where a command of this process runs, as whom and with which variables. */
  #place(): CommandPlace {
    const { around, spec } = this;
    const cwd = spec.cwd ?? dirname(around.logs);
    const as = spec.postgres?.as;
    const env = { ...around.baseEnv, ...this.#env(), [marker]: around.instance };
    return as === undefined ? { cwd, env } : { cwd: '/', env, ...as };
  }

  /** To it and to what it has started; false where it does not run. */
  #signal(signal: NodeJS.Signals): boolean {
    const pid = this.#child?.pid;
    if (pid === undefined) return false;
    if (this.spec.ours === true) return this.#child?.kill(signal) ?? false;
    return signalGroup(pid, signal);
  }

  #writeFiles(): void {
    for (const { path, text, secret } of this.spec.files) {
      makeFolder(dirname(path));
      // In one step: a reader sees the old file or the new one.
      replaceFile(path, this.#fill(text), { mode: secret ? 0o600 : 0o644 });
    }
  }

  #env(): Record<string, string> {
    return Object.fromEntries(Object.entries(this.spec.env).map(([name, value]) => [name, this.#fill(value)]));
  }

  #fill(value: string): string {
    return value.replace(/\{\{port:([^}]+)\}\}/g, (whole, key: string) => String(this.around.portOf(key) ?? whole));
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
      const asked = this.state.type;
      const wrong = await this.#ask(readiness);
      if (life !== this.#life || !['starting', 'ready', 'unready'].includes(this.state.type)) return;
      // What was asked before it was ready says nothing of it since: it may have said meanwhile that it listens.
      missed = wrong === undefined || asked === 'starting' ? 0 : missed + 1;
      if (wrong === undefined) first = false;
      if (wrong === undefined || missed >= readiness.failureThreshold) this.#probed(wrong);
      if (first && clock.monotonic() - startedMs > startTimeoutMs) {
        this.#restart(`was not ready within ${startTimeoutMs / 1000} s of its start (${wrong})`);
        return;
      }
      if (!first && liveness !== undefined && clock.monotonic() - lifeCheckedMs >= liveness.periodMs) {
        lifeCheckedMs = clock.monotonic();
        const sick = await this.#ask(liveness);
        if (life !== this.#life) return;
        dead = sick === undefined ? 0 : dead + 1;
        if (dead >= liveness.failureThreshold) {
          this.#restart(`the liveness probe failed ${dead} times (${sick})`);
          return;
        }
      }
      this.#timer = setTimeout(round, first ? closely : readiness.periodMs);
    };
    const closely = readiness.kind === 'exec' ? commandProbePeriodMs : startProbePeriodMs;
    this.#timer = setTimeout(round, startProbePeriodMs);
  }

  #ask(probe: ProcessProbe): Promise<string | undefined> {
    const port = 'port' in probe ? (this.around.portOf(probe.port) ?? 0) : 0;
    switch (probe.kind) {
      case 'http':
        return probeHttp(port, probe.path, probe.timeoutMs, probe.headers);
      case 'tcp':
        return probeTcp(port, probe.timeoutMs);
      case 'exec': {
        const [program = '', ...args] = probe.command.map((word) => this.#fill(word));
        const { postgres } = this.spec;
        const own = postgres === undefined || isAbsolute(program) ? program : join(postgres.bin, program);
        return probeCommand([own, ...args], this.#place(), probe.timeoutMs, (reason) => {
          if (this.#untold.has(reason)) return;
          this.#untold.add(reason);
          this.around.onChange(this, `${this.spec.name}: ${reason}`);
        });
      }
    }
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
    // What it has started and not ended would hold its ports.
    const pid = this.#child?.pid;
    if (pid !== undefined && this.spec.ours !== true) signalGroup(pid, 'SIGKILL');
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
    const life = this.#life;
    // Postgres' own word for "do not wait for the clients".
    this.#signal(this.spec.postgres === undefined ? 'SIGTERM' : 'SIGINT');
    // A stopped process hears nothing but these two.
    this.#signal('SIGCONT');
    const kill = () => life === this.#life && this.#signal('SIGKILL');
    this.#killTimer = setTimeout(kill, Math.max(0, killAtMs - this.around.clock.now()));
  }

  #changed(): Promise<void> {
    return new Promise((resolve) => this.#waiters.add(resolve));
  }
}

/** False where no such group is left. */
function signalGroup(pid: number, signal: NodeJS.Signals): boolean {
  try {
    return process.kill(-pid, signal);
  } catch {
    return false;
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
