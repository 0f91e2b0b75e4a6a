import type { ScenarioEvent, ScenarioResult, StepResult } from '../../scenario/result.js';

/** One finished scenario with all its steps, as the file reporters need it. */
export interface CollectedRun {
  result: ScenarioResult;
  steps: StepResult[];
}

/** A report that is written once everything has run; `version` is hwctl's, `exitCode` what the process will exit with. */
export type FileReport = (runs: readonly CollectedRun[], version?: string, exitCode?: number) => string;

/** Keeps the steps of runs until the reports are written. */
export class Collector {
  readonly runs: CollectedRun[] = [];
  #steps: StepResult[] = [];

  /** Takes the events of runs, one run after the other. */
  on(event: ScenarioEvent): void {
    if (event.type === 'scenario-start') this.#steps = [];
    else if (event.type === 'step-end') this.#steps.push(event.step);
    else if (event.type === 'scenario-end') this.runs.push({ result: event.result, steps: this.#steps });
  }
}

/** `Folder / step`, with the iteration where there are several. */
export function titleOf(step: StepResult, iterations: number): string {
  const { path, name, iteration } = step.ref;
  const title = [...path, name].join(' / ');
  return iterations > 1 ? `${title} [iteration ${iteration}]` : title;
}
