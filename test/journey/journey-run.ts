import { planJourney } from '../../src/cli/journey/plan-journey.js';
import { createFlow } from '../../src/cli/journey/scenario-journey.js';
import { Engine } from '../../src/cli/load/engine/engine.js';
import type { Flow, FlowContext } from '../../src/cli/load/engine/flow.js';
import { Recorder } from '../../src/cli/load/engine/recorder.js';
import { threadClock } from '../../src/cli/load/memory/clock-us.js';
import {
  arrivalRing,
  control,
  controlMemory,
  counter,
  errorCauses,
  workerMemory,
} from '../../src/cli/load/memory/memory.js';
import type { Scenario } from '../../src/cli/scenario/scenario.js';
import { closed, planFor } from '../load/servers.js';

export interface JourneyRun {
  /** In the order they were judged. */
  checks: { name: string; passed: boolean }[];
  /** Iterations. */
  ok: number;
  failed: number;
  /** Requests that failed, by cause. */
  errors: Record<string, number>;
}

/** Runs a scenario `iterations` times, one after another, by the load engine in this thread. */
export async function runAsJourney(
  scenario: Scenario,
  port: number,
  iterations: number,
  variables: Record<string, unknown> = {},
): Promise<JourneyRun> {
  const { steps } = planJourney(scenario);
  return runFlow((context) => createFlow({ scenario, variables }, context), { steps, port, iterations });
}

/** Runs a flow `iterations` times, one after another, by the load engine in this thread; `host`: the Host header. */
export async function runFlow(
  make: (context: FlowContext) => Flow | Promise<Flow>,
  { steps, port, iterations, host }: { steps: readonly string[]; port: number; iterations: number; host?: string },
): Promise<JourneyRun> {
  const checks: JourneyRun['checks'] = [];
  const plan = planFor(port, closed(1, iterations));
  const flow = await make({
    basePath: '',
    hostHeader: host ?? `127.0.0.1:${port}`,
    secure: false,
    compression: false,
    place: { index: 0, count: 1 },
    measure: () => undefined,
    check: (name, passed) => checks.push({ name, passed }),
  });
  const memory = workerMemory(steps.length);
  const steering = controlMemory();
  steering.numbers[control.numbers.factor] = 1;
  const clockUs = threadClock();
  const originUs = clockUs();
  await new Promise<void>((resolve) => {
    const engine = new Engine({
      plan,
      dial: { addresses: [{ host: '127.0.0.1', port }] },
      works: [{ upTo: 1, firstStep: 0, flow }],
      recorder: new Recorder(memory, steps.length === 1, false),
      ring: arrivalRing(),
      control: steering,
      nowUs: () => clockUs() - originUs,
      place: { index: 0, count: 1 },
      onDone: () => {
        engine.connections.close();
        resolve();
      },
    });
    engine.start();
  });
  const errors = errorCauses.flatMap((cause, index) => {
    const number = memory.errors[index]!;
    return number === 0 ? [] : [[cause, number] as const];
  });
  return {
    checks,
    ok: memory.counters[counter.iterationsOk]!,
    failed: memory.counters[counter.iterationsFailed]!,
    errors: Object.fromEntries(errors),
  };
}
