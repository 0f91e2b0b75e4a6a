import type { Step } from '../../target.js';
import type { LocalState } from '../state/state-folder.js';
import type { SupervisorReport } from '../supervisor/control.js';
import type { Desired } from './desired.js';

/** What is there before `up`. */
export interface Observed {
  state: LocalState | undefined;
  /** Undefined where no supervisor answers. */
  supervisor: SupervisorReport | undefined;
}

/** The steps that bring what is there to what shall be: pure, so that `--dry-run` and `up` cannot differ. */
export function planUp(desired: Desired, observed: Observed): Step[] {
  const steps: Step[] = [];
  const add = (verb: Step['verb'], ref: string, why: string) => steps.push({ verb, ref, why });
  const { supervisor } = observed;
  if (desired.newSecrets.length > 0) add('create', 'file/secrets', `${desired.newSecrets.join(', ')}: generated once`);
  if (observed.state === undefined) add('create', 'file/state', 'nothing is recorded yet');
  else if (observed.state.digest !== desired.state.digest) add('update', 'file/state', 'what shall run has changed');
  if (supervisor === undefined) {
    const why = observed.state === undefined ? 'nothing runs yet' : 'the one that was recorded no longer runs';
    add('start', 'process/supervisor', why);
  }
  for (const spec of desired.state.processes) {
    const running = supervisor?.processes.find((process) => process.name === spec.name);
    const ref = `process/${spec.name}`;
    const from = `for ${spec.stacks.join(', ')}`;
    if (running === undefined) add('start', ref, spec.kind === 'gateway' ? 'routes as the Ingress objects say' : from);
    else if (running.digest !== spec.digest) add('restart', ref, 'its program or settings have changed');
    else if (!isSettled(running.state.type)) add('wait', ref, `it is ${running.state.type}`);
  }
  for (const running of supervisor?.processes ?? []) {
    if (desired.state.processes.every((spec) => spec.name !== running.name)) {
      add('stop', `process/${running.name}`, 'nothing asks for it any more');
    }
  }
  for (const { ref, reason } of desired.leftOut) add('skip', ref, reason);
  return steps;
}

/** Steps that change something; the others are there to be read. */
export function isAction(step: Step): boolean {
  return step.verb !== 'skip' && step.verb !== 'keep';
}

function isSettled(type: string): boolean {
  return type === 'ready' || type === 'done';
}
