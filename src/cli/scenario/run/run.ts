import { setMaxListeners } from 'node:events';
import { Failure } from '../../kernel/failure.js';
import { compileSchemas } from '../check/schemas.js';
import type { ScenarioResult, StepRef, StepResult } from '../result.js';
import type { FaultStep, Scenario, Step } from '../scenario.js';
import { Courier } from '../send/courier.js';
import { Mask } from '../tell/mask.js';
import { endpointNeed } from '../variables/addresses.js';
import { scopesOf, Variables } from '../variables/template.js';
import { runParallelStep } from './parallel-step.js';
import { runRequestStep } from './request-step.js';
import { type Iteration, type RunOptions, type ScenarioRun, StepRecord } from './run-state.js';
import { selectSteps } from './select.js';
import { Tally } from './tally.js';

/** Milliseconds that teardown may take after an interrupt. */
const teardownGraceMs = 10_000;

/**
 * Runs a scenario to its end. Failed assertions are values of the result. Throws the signal's reason when it aborts (after
 * teardown), and Failure where there is nowhere to send requests or nothing to run.
 */
export async function runScenario(scenario: Scenario, options: RunOptions): Promise<ScenarioResult> {
  const nowhere = options.endpoint === undefined && scenario.url === undefined;
  if (nowhere && endpointNeed(scenario, options.variables) === 'some') {
    throw new Failure({
      code: 'no-endpoint',
      message: `${scenario.file} names no server`,
      hint: 'Pass --url URL, or give the scenario a url: or a stack: that is up',
    });
  }
  const { clock, signal } = options;
  const run: ScenarioRun = {
    scenario,
    options,
    tally: new Tally(),
    mask: new Mask(scenario.secrets),
    courier: new Courier(scenario, options.endpoint, clock, options.http ?? {}),
    schemaProblems: await compileSchemas(scenario),
    signal,
  };
  // A parallel set waits on one signal with as many listeners as it has members: that is no leak.
  setMaxListeners(0, signal);
  const plan = selectSteps(scenario, options);
  const iterations = options.iterations ?? Math.max(1, scenario.data.length);
  const startedAt = clock.now();
  const startedMs = clock.monotonic();
  options.onEvent?.({ type: 'scenario-start', name: scenario.name, file: scenario.file, iterations });
  try {
    for (let index = 1; index <= iterations; index++) {
      options.onEvent?.({ type: 'iteration-start', iteration: index, iterations });
      const failed = await runIteration(plan, run, index);
      run.tally.iterations.executed++;
      if (failed) run.tally.iterations.failed++;
      if (signal.aborted || (failed && options.bail)) break;
    }
  } finally {
    await run.courier.close();
  }
  const told = run.tally.result(scenario.name, scenario.file, startedAt, clock.monotonic() - startedMs);
  const result = { ...told, passed: told.passed && !signal.aborted };
  options.onEvent?.({ type: 'scenario-end', result });
  // What was found until then has been told.
  if (signal.aborted) throw signal.reason;
  return result;
}

/** Setup, steps, teardown; true where something failed. */
async function runIteration(plan: ReturnType<typeof selectSteps>, run: ScenarioRun, index: number): Promise<boolean> {
  const { scenario, options } = run;
  const source = { clock: options.clock, iteration: index };
  const scopes = scopesOf(scenario, index, options.variables);
  const variables = new Variables(scopes, source, (name, value) => run.mask.learn(name, value));
  variables.settle();
  run.courier.jars.clear();
  const iteration: Iteration = { index, variables, exchanges: new Map(), failed: false, requested: false };
  let broken: { error: unknown } | undefined;
  try {
    await runSteps(plan.setup, 'setup', [], run, iteration);
    if (!iteration.failed) await runSteps(plan.steps, 'steps', [], run, iteration);
    if (!iteration.failed) {
      const { courier, mask, signal } = run;
      await options.afterSteps?.({ courier, variables, mask, signal });
    }
  } catch (error) {
    // Teardown runs whatever happened.
    if (!run.signal.aborted) broken = { error };
    iteration.failed = true;
  }
  if (plan.teardown.length > 0) {
    const signal = run.signal.aborted ? AbortSignal.timeout(teardownGraceMs) : run.signal;
    await runSteps(plan.teardown, 'teardown', [], { ...run, signal, options: { ...options, bail: false } }, iteration);
  }
  if (broken !== undefined) throw broken.error;
  return iteration.failed;
}

async function runSteps(
  steps: readonly PlannedStep[],
  section: StepRef['section'],
  path: string[],
  run: ScenarioRun,
  iteration: Iteration,
): Promise<void> {
  let broken: { error: unknown } | undefined;
  for (const planned of steps) {
    if (run.signal.aborted) throw run.signal.reason;
    if (run.options.bail && iteration.failed) return;
    try {
      await runPlanned(planned, section, path, run, iteration);
    } catch (error) {
      // Every step of a teardown is tried, whatever became of the one before.
      if (section !== 'teardown' || run.signal.aborted) throw error;
      broken ??= { error };
    }
  }
  if (broken !== undefined) throw broken.error;
}

async function runPlanned(
  { step, quiet, children }: PlannedStep,
  section: StepRef['section'],
  path: string[],
  run: ScenarioRun,
  iteration: Iteration,
): Promise<void> {
  if (step.kind === 'folder' && step.skip === false)
    return runSteps(children, section, [...path, step.name], run, iteration);
  const times = step.kind === 'request' ? step.repeat : 1;
  for (let turn = 1; turn <= times; turn++) {
    const name = times === 1 ? step.name : `${step.name} (${turn} of ${times})`;
    const ref: StepRef = { name, path, section, iteration: iteration.index, at: step.at };
    await pause(step, run, iteration);
    await runStep(step, run, iteration, new StepRecord(run, iteration, ref, quiet));
  }
}

/** `--delay-request`: before each step with a request but the first of the iteration. */
async function pause(step: Step, { options, signal }: ScenarioRun, iteration: Iteration): Promise<void> {
  if (options.delayMs === undefined || step.skip !== false || !['request', 'parallel'].includes(step.kind)) return;
  if (iteration.requested) await options.clock.sleep(options.delayMs, signal);
  iteration.requested = true;
}

type PlannedStep = ReturnType<typeof selectSteps>['steps'][number];

async function runStep(step: Step, run: ScenarioRun, iteration: Iteration, record: StepRecord): Promise<StepResult> {
  if (step.skip !== false) return record.skip(step.skip);
  switch (step.kind) {
    case 'request':
      return runRequestStep(step, run, iteration, record);
    case 'parallel':
      return runParallelStep(step, run, iteration, record);
    case 'fault':
      return runFaultStep(step, run, record);
    case 'wait':
      await run.options.clock.sleep(step.waitMs, run.signal);
      return record.end();
    case 'folder':
      return record.end();
  }
}

async function runFaultStep(step: FaultStep, run: ScenarioRun, record: StepRecord): Promise<StepResult> {
  const { fault } = run.options;
  if (fault === undefined) return record.skip('only services that hwctl runs can be harmed');
  try {
    await fault(step.fault);
    record.note(`${step.fault.kind} ${step.fault.service}`);
  } catch (error) {
    if (run.signal.aborted) throw run.signal.reason;
    record.error('step', step.name, `${step.fault.kind} ${step.fault.service}: ${(error as Error).message}`);
  }
  return record.end();
}
