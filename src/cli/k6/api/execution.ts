import { HostObject } from '../language/machine.js';
import { LateValue } from '../language/members.js';
import type { Vu } from './vu.js';

/** Values of the VU at hand by their names, each worked out when it is looked at. */
class Live extends HostObject {
  constructor(
    private readonly vu: Vu,
    private readonly values: Record<string, (vu: Vu) => unknown>,
  ) {
    super();
  }

  get(name: string): unknown {
    return Object.hasOwn(this.values, name) ? this.values[name]!(this.vu) : undefined;
  }
}

const late = (values: Record<string, (vu: Vu) => unknown>) =>
  new LateValue((machine) => new Live(machine as Vu, values));

/** `k6/execution`; what it tells of the run as a whole (`instance`, `test.abort`) is not read. */
export const executionMembers: Record<string, unknown> = {
  vu: late({
    idInTest: ({ id }) => id,
    idInInstance: ({ id }) => id,
    iterationInInstance: ({ iteration }) => iteration,
    iterationInScenario: ({ scenarioIteration }) => scenarioIteration,
    tags: ({ scenario }) => ({ ...scenario.tags }),
    metrics: () => ({ tags: {}, metadata: {} }),
  }),
  scenario: late({
    name: ({ scenario }) => scenario.name,
    executor: ({ scenario }) => scenario.executor,
    iterationInTest: ({ arrival }) => arrival,
    iterationInInstance: ({ arrival }) => arrival,
  }),
};
