import { Failure } from '../../kernel/failure.js';
import type { TargetEnvironment } from '../resolve.js';
import type { Target } from '../target.js';

/** The local target: the platform as processes on this machine. */
export interface LocalTarget extends Target {
  readonly name: 'local';
  /** Whether anything is up here, told from the state folder alone. */
  isUp(): boolean;
}

/** Makes the local target over the state folder that the environment names. */
export function createLocalTarget(_environment: TargetEnvironment): LocalTarget {
  const missing = (): never => {
    throw new Failure({ code: 'no-local-target', message: 'the local target cannot do this yet' });
  };
  return {
    name: 'local',
    isUp: () => false,
    plan: async () => missing(),
    up: async () => missing(),
    down: async () => missing(),
    status: async () => ({ target: 'local', stacks: [], services: [], endpoints: [] }),
    logs: () => missing(),
    fault: async () => missing(),
  };
}
