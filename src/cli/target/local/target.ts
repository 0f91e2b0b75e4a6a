import { dirname } from 'node:path';
import { Failure } from '../../kernel/failure.js';
import { didYouMean } from '../../kernel/nearest.js';
import type { TargetEnvironment } from '../environment.js';
import { beginExecution } from '../execute.js';
import { mergeValues } from '../manifests/merge-values.js';
import type { ObjectDiff } from '../manifests/object-diff.js';
import { type PlannedStep, stepsOf } from '../plan.js';
import { bundledProject } from '../project-name.js';
import type {
  DownReport,
  DownRequest,
  Fault,
  LogLine,
  LogQuery,
  ProjectStatus,
  ServiceStatus,
  StatusReport,
  Step,
  Target,
  UpReport,
  UpRequest,
  WaitOptions,
  WorkloadSampler,
} from '../target.js';
import { localActs } from './acts.js';
import { localEndpoints } from './local-endpoints.js';
import type { DesiredLocally } from './plan/desired.js';
import { diffLocal } from './plan/diff.js';
import { refuseMissing } from './plan/missing-programs.js';
import { type ObservedProcesses, planUp } from './plan/plan.js';
import { refuseClashes } from './plan/port-clash.js';
import { restartWithinMs } from './plan/process-spec.js';
import type { LocalProject, LocalRequest } from './project.js';
import { removeEmpty, removeEverything } from './remove.js';
import { withLock } from './state/lock.js';
import {
  type LocalState,
  readRuntime,
  readState,
  recordedProjects,
  type StateFolder,
  stateFolder,
  writeAtomically,
} from './state/state-folder.js';
import { askSupervisor } from './supervisor/control.js';
import { describeProcess } from './supervisor/describe.js';
import { runningSupervisor } from './supervisor/launch.js';
import { tailLogs } from './tail.js';
import { openProcessSampler } from './usage.js';
import { watchReadiness } from './wait-ready.js';

/** The local target: a project as processes on this machine. */
export interface LocalTarget extends Target {
  readonly name: 'local';
  /** Whether anything is up here, told from the state folder alone. */
  isUp(): boolean;
}

const askTimeoutMs = 5000;

/** Makes the local target of a project, over its state folder in the state home that the environment names. */
export function createLocalTarget(environment: TargetEnvironment, project: LocalProject): LocalTarget {
  return new Local(environment, project);
}

class Local implements LocalTarget {
  readonly name = 'local';
  readonly #folder: StateFolder;

  constructor(
    private readonly environment: TargetEnvironment,
    private readonly project: LocalProject,
  ) {
    this.#folder = stateFolder(environment.env, environment.project);
  }

  isUp(): boolean {
    try {
      return readState(this.#folder) !== undefined;
    } catch (error) {
      // A damaged record is a record: whoever uses it is told.
      if (error instanceof Failure && error.code === 'bad-state') return true;
      throw error;
    }
  }

  async plan(request: UpRequest): Promise<Step[]> {
    const { plan } = await this.#plan(request);
    return stepsOf(plan);
  }

  async diff(request: UpRequest): Promise<ObjectDiff[]> {
    const observed = await this.#observe();
    const desired = await this.#read(this.#wanted(request, observed.state));
    refuseNothing(desired, request.stacks);
    return diffLocal(desired, observed);
  }

  async up(request: UpRequest, options: WaitOptions): Promise<UpReport> {
    const { clock } = this.environment;
    const startedMs = clock.monotonic();
    const execution = beginExecution(clock, options);
    const { desired, actions } = await this.#locked(options, async () => {
      const { desired, observed, plan } = await this.#plan(request);
      const isUnchanged = plan.every(({ act }) => act === undefined);
      for (const { ref, reason, isTold } of isUnchanged ? [] : desired.leftOut) {
        if (isTold) options.onEvent({ type: 'progress', message: `${ref}: ${reason}` });
      }
      // The same in other words (a comment, say): noted, so that the next time is quick again.
      if (isUnchanged && observed.state !== undefined && observed.state.inputs !== desired.state.inputs)
        writeAtomically(this.#folder.state, JSON.stringify(desired.state));
      const actions = await execution.run(plan);
      // One that was ready before may have ended meanwhile.
      if (!isUnchanged) await watchReadiness(this.#folder, desired)(undefined, execution.work);
      return { desired, actions };
    });
    const { endpoints } = await this.status();
    const pending = unableHere(desired);
    return {
      target: this.name,
      endpoints,
      actions,
      durationMs: clock.monotonic() - startedMs,
      ...(pending.length > 0 ? { pending } : {}),
    };
  }

  async down(request: DownRequest, options: WaitOptions): Promise<DownReport> {
    const body = async (): Promise<DownReport> => {
      const state = this.#stateOrDamaged();
      const rest = request.stacks.length === 0 ? [] : (state?.stacks ?? []).filter((s) => !request.stacks.includes(s));
      for (const stack of request.stacks) {
        if (state?.stacks.includes(stack)) continue;
        const up = state?.stacks ?? [];
        throw new Failure({
          code: 'not-up',
          message: `the stack ${JSON.stringify(stack)} is not up${didYouMean(stack, up)}`,
          hint: up.length > 0 ? `Up are: ${up.join(', ')}` : 'Nothing is up here',
        });
      }
      return state !== undefined && rest.length > 0
        ? this.#downSome(state, rest, options)
        : removeEverything(this.#folder, request.keepData, {
            clock: this.environment.clock,
            timeoutMs: options.timeoutMs,
          });
    };
    // `down` is what makes room on a full disk.
    return this.#locked(options, body, true);
  }

  async openSampler(): Promise<WorkloadSampler> {
    return openProcessSampler(async () => (await this.status()).services, this.environment.clock);
  }

  async projects(): Promise<ProjectStatus[]> {
    const { env } = this.environment;
    return recordedProjects(env).flatMap((project) => {
      try {
        const stacks = readState(stateFolder(env, project))?.stacks ?? [];
        return stacks.length === 0 ? [] : [{ project, stacks: [...stacks].sort() }];
      } catch {
        // A damaged record names no stacks.
        return [{ project, stacks: [] }];
      }
    });
  }

  async status(): Promise<StatusReport> {
    const { state, supervisor } = await this.#observe();
    if (state === undefined) return { target: this.name, stacks: [], services: [], endpoints: [] };
    const nowMs = this.environment.clock.now();
    const services = state.processes.map((spec): ServiceStatus => {
      const process = supervisor?.processes.find((candidate) => candidate.name === spec.name);
      const base = { name: spec.name, stack: spec.stacks.join(',') };
      if (process === undefined) {
        const reason = supervisor === undefined ? 'the supervisor does not run' : 'it is not started yet';
        return { ...base, state: 'stopped', restarts: 0, instances: [], reason };
      }
      return { ...base, ...describeProcess(process, nowMs) };
    });
    return {
      target: this.name,
      stacks: state.stacks,
      services,
      endpoints:
        supervisor === undefined
          ? []
          : localEndpoints(state, supervisor.processes, readRuntime(this.#folder)?.ports ?? {}),
    };
  }

  async *logs(query: LogQuery): AsyncIterable<LogLine> {
    const state = readState(this.#folder);
    const names = [...(state?.processes ?? []).map((spec) => spec.name)];
    const known = [...names, 'supervisor'];
    for (const service of query.services) {
      if (known.includes(service)) continue;
      throw new Failure({
        code: 'unknown-service',
        message: `there is no service ${JSON.stringify(service)} here${didYouMean(service, known)}`,
        hint: names.length > 0 ? `There is: ${known.join(', ')}` : 'Nothing is up here: hwctl up',
      });
    }
    const pids = new Map(readRuntime(this.#folder)?.processes.map(({ name, pid }) => [name, String(pid)]));
    const wanted = query.services.length > 0 ? query.services : names;
    yield* tailLogs({
      logs: this.#folder.logs,
      services: wanted.map((name) => ({ name, instance: pids.get(name) ?? '' })),
      follow: query.follow,
      tail: query.tail ?? 100,
      signal: query.signal,
      clock: this.environment.clock,
    });
  }

  async fault(fault: Fault): Promise<void> {
    const supervisor = runningSupervisor(this.#folder);
    if (supervisor === undefined) {
      throw new Failure({
        code: 'nothing-is-up',
        message: 'nothing is up on the local target',
        hint: 'hwctl up --target local',
      });
    }
    const spec = readState(this.#folder)?.processes.find(({ name }) => name === fault.service);
    const withinMs = spec === undefined ? askTimeoutMs : restartWithinMs(spec);
    await askSupervisor(supervisor, { type: 'fault', fault }, withinMs + askTimeoutMs);
  }

  #locked<T>(options: WaitOptions, body: () => Promise<T>, evenUnwritable = false): Promise<T> {
    const { clock } = this.environment;
    return withLock(
      this.#folder.lock,
      {
        clock,
        signal: options.signal,
        timeoutMs: options.timeoutMs,
        evenUnwritable,
        onWait: (pid) =>
          options.onEvent({ type: 'progress', message: `another hwctl (process ${pid}) is at work here: waiting` }),
      },
      body,
    ).finally(() => removeEmpty(dirname(this.#folder.path)));
  }

  #stateOrDamaged(): LocalState | undefined {
    try {
      return readState(this.#folder);
    } catch (error) {
      // `down` must work on a damaged record: the marker finds the processes.
      if (error instanceof Failure && error.code === 'bad-state') return undefined;
      throw error;
    }
  }

  async #observe(): Promise<ObservedProcesses> {
    const state = readState(this.#folder);
    const running = runningSupervisor(this.#folder);
    const supervisor =
      running === undefined ? undefined : await askSupervisor(running, { type: 'status' }, askTimeoutMs);
    return { state, supervisor };
  }

  /** What is up stays up, with the values it was given: `up` adds. Throws Failure `two-projects` for another folder's project of this name. */
  #wanted(request: UpRequest, before: LocalState | undefined): LocalRequest {
    const { folder } = this.project;
    const { project: name } = this.environment;
    const isBundled = name === bundledProject;
    if (!isBundled && before !== undefined && before.manifests !== folder) {
      throw new Failure({
        code: 'two-projects',
        message: `the project ${name} of ${before.manifests} is up here`,
        hint: `Give one of the two another name in its hwctl.yaml, or end that one: hwctl down -f ${before.manifests}`,
      });
    }
    return {
      stacks: [...new Set([...(before?.stacks ?? []), ...request.stacks])],
      manifests: (isBundled ? (request.manifests ?? before?.manifests) : undefined) ?? folder,
      values: mergeValues(before?.values ?? {}, request.values),
    };
  }

  /** Reads the project anew. What reads objects is loaded only where they are to be read. */
  async #read(request: LocalRequest): Promise<DesiredLocally> {
    const [{ desiredOf }, { findPostgres }] = await Promise.all([
      import('./plan/desired.js'),
      import('./find-postgres.js'),
    ]);
    // Before they are read: what changes meanwhile is a difference the next time.
    const inputs = this.project.inputs?.(request) ?? '';
    const source = await this.project.read(request);
    const postgres = findPostgres(this.environment.env, this.#folder);
    return desiredOf(source, { folder: this.#folder, request, inputs, postgres });
  }

  /** The plan of `up`, for whoever prints it and for whoever executes it. Writes nothing. */
  async #plan(
    request: UpRequest,
  ): Promise<{ desired: DesiredLocally; observed: ObservedProcesses; plan: PlannedStep[] }> {
    const observed = await this.#observe();
    const wanted = this.#wanted(request, observed.state);
    const desired = this.#recorded(wanted, observed.state) ?? (await this.#read(wanted));
    refuseNothing(desired, request.stacks);
    refuseMissing(desired.state.processes, this.environment.env.PATH);
    await refuseClashes(desired.state.processes, heldPorts(observed));
    const acts = localActs(this.#folder, desired, this.environment);
    return { desired, observed, plan: planUp(desired, observed, acts) };
  }

  /** What is recorded, where nothing has changed that it was made from. */
  #recorded(wanted: LocalRequest, before: LocalState | undefined): DesiredLocally | undefined {
    if (before === undefined || before.inputs === '' || before.inputs !== this.project.inputs?.(wanted))
      return undefined;
    return { state: before, secrets: {}, newSecrets: [], leftOut: before.leftOut ?? [], secretTexts: [] };
  }

  async #downSome(state: LocalState, stacks: string[], options: WaitOptions): Promise<DownReport> {
    const desired = await this.#read({ stacks, manifests: state.manifests, values: state.values });
    const names = new Set(desired.state.processes.map((spec) => spec.name));
    const gone = state.processes.filter((spec) => !names.has(spec.name));
    const supervisor = runningSupervisor(this.#folder);
    // One that hangs is found out in seconds, and nothing is changed.
    if (supervisor !== undefined) await askSupervisor(supervisor, { type: 'status' }, askTimeoutMs);
    writeAtomically(this.#folder.state, JSON.stringify(desired.state));
    const report = supervisor && (await askSupervisor(supervisor, { type: 'apply' }, options.timeoutMs));
    const remaining = gone.flatMap(({ name }) =>
      report?.processes.some((process) => process.name === name)
        ? [{ ref: `process/${name}`, reason: 'it still runs' }]
        : [],
    );
    return {
      deleted: gone.map(({ name }) => `process/${name}`),
      kept: [
        ...stacks.map((stack) => ({ ref: `stack/${stack}`, reason: 'it was not asked to go' })),
        ...gone.flatMap(({ name, kind }) =>
          kind === 'service' ? [{ ref: `data/${name}`, reason: 'hwctl down without a stack removes all data' }] : [],
        ),
      ],
      remaining,
    };
  }
}

/** The ports that our processes have now. */
function heldPorts({ state, supervisor }: ObservedProcesses): Set<number> {
  const running = new Set(
    (supervisor?.processes ?? []).flatMap(({ name, state: now }) => ('pid' in now ? [name] : [])),
  );
  return new Set(
    (state?.processes ?? [])
      .filter(({ name }) => running.has(name))
      .flatMap(({ ports }) => ports.flatMap(({ fixed }) => fixed ?? [])),
  );
}

/** Workloads that do not run here. */
function unableHere({ leftOut }: DesiredLocally): { ref: string; reason: string }[] {
  return leftOut.filter(({ needsContainer }) => needsContainer === true).map(({ ref, reason }) => ({ ref, reason }));
}

/** Throws Failure `nothing-runs-here` for stacks of which nothing can run as a process of this machine. */
function refuseNothing(desired: DesiredLocally, stacks: readonly string[]): void {
  const { processes } = desired.state;
  const empty = stacks.filter(
    (stack) => !processes.some((spec) => spec.kind !== 'gateway' && spec.stacks.includes(stack)),
  );
  if (empty.length === 0) return;
  throw new Failure({
    code: 'nothing-runs-here',
    message: `nothing of ${empty.join(', ')} can run on the local target: it runs what has a local entry as processes, and no containers`,
    details: unableHere(desired).map(({ ref, reason }) => `${ref}: ${reason}`),
    hint: 'Choose a cluster (--target minikube, or --target kube --context NAME), or say under local: in hwctl.yaml how a workload runs: hwctl init proposes it',
  });
}
