import { type PlannedStep, planned, type StepContext } from '../../plan.js';
import type { Step } from '../../target.js';
import type { LocalState } from '../state/state-folder.js';
import type { SupervisorReport } from '../supervisor/control.js';
import type { DesiredLocally } from './desired.js';

/** What is there before `up`. */
export interface ObservedProcesses {
  state: LocalState | undefined;
  /** Undefined where no supervisor runs. */
  supervisor: SupervisorReport | undefined;
}

/** What the steps of a plan do; each may be asked for as often as a plan has such steps. */
export interface LocalActs {
  writeSecrets(): Promise<void>;
  writeState(): Promise<void>;
  /** Ends what an earlier one left behind first: it would hold the ports and the databases. */
  startSupervisor(work: StepContext): Promise<void>;
  /** Has the supervisor bring the processes in line with the state: starts, restarts, stops. */
  apply(work: StepContext): Promise<void>;
  /** Throws Failure `not-ready`. */
  untilReady(ref: string, work: StepContext): Promise<void>;
}

/** The steps that bring what is there to what shall be: pure, so that `--dry-run` and `up` cannot differ. */
export function planUp(desired: DesiredLocally, observed: ObservedProcesses, acts: LocalActs): PlannedStep[] {
  const steps: PlannedStep[] = [];
  const add = (verb: Step['verb'], ref: string, why: string, act: (work: StepContext) => Promise<void>) =>
    steps.push(planned({ verb, ref, why }, act));
  const { supervisor } = observed;
  const processes = processSteps(desired, observed, acts);
  const updateState = async (work: StepContext) => {
    await acts.writeState();
    // The steps of the processes tell the supervisor; without one it is told of routes and values here.
    if (processes.length === 0) await acts.apply(work);
  };
  if (desired.newSecrets.length > 0)
    add('create', 'file/secrets', `${desired.newSecrets.join(', ')}: generated once`, acts.writeSecrets);
  if (observed.state === undefined) add('create', 'file/state', 'nothing is recorded yet', acts.writeState);
  else if (observed.state.digest !== desired.state.digest)
    add('update', 'file/state', 'what shall run has changed', updateState);
  // It would hold the ports and the databases.
  if (supervisor === undefined) {
    const why = observed.state === undefined ? 'nothing runs yet' : 'the one that was recorded no longer runs';
    add('start', 'process/supervisor', why, acts.startSupervisor);
  }
  steps.push(...processes);
  for (const { ref, reason } of desired.leftOut) steps.push({ step: { verb: 'skip', ref, why: reason } });
  return steps;
}

/** The processes, side by side. */
function processSteps({ state }: DesiredLocally, { supervisor }: ObservedProcesses, acts: LocalActs): PlannedStep[] {
  const steps: PlannedStep[] = [];
  const add = (verb: Step['verb'], name: string, why: string) => {
    const ref = `process/${name}`;
    const act = async (work: StepContext) => {
      await acts.apply(work);
      if (verb !== 'stop') await acts.untilReady(ref, work);
    };
    steps.push(planned({ verb, ref, why }, act, { lane: name }));
  };
  for (const spec of state.processes) {
    const running = supervisor?.processes.find((process) => process.name === spec.name);
    const from = `for ${spec.stacks.join(', ')}`;
    if (running === undefined)
      add('start', spec.name, spec.kind === 'gateway' ? 'routes as the Ingress objects say' : from);
    else if (running.digest !== spec.digest) add('restart', spec.name, 'its program or settings have changed');
    else if (hasGivenUp(running.state.type)) add('restart', spec.name, `it is ${running.state.type}`);
    else if (!isSettled(running.state.type)) add('wait', spec.name, `it is ${running.state.type}`);
  }
  for (const running of supervisor?.processes ?? []) {
    if (state.processes.every((spec) => spec.name !== running.name)) {
      add('stop', running.name, 'nothing asks for it any more');
    }
  }
  return steps;
}

/** The supervisor starts such a one anew where it is asked: whoever asks may have removed the cause. */
function hasGivenUp(type: string): boolean {
  return type === 'failed' || type === 'backing-off';
}

function isSettled(type: string): boolean {
  return type === 'ready' || type === 'done';
}
