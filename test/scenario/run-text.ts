import { systemClock } from '../../src/cli/kernel/clock.js';
import { NewmanReport } from '../../src/cli/report/scenario/newman.js';
import { parseScenario } from '../../src/cli/scenario/format/parse.js';
import { nameProblems } from '../../src/cli/scenario/format/references.js';
import type { ScenarioEvent, ScenarioResult, StepResult } from '../../src/cli/scenario/result.js';
import { runScenario } from '../../src/cli/scenario/run/run.js';
import type { RunOptions } from '../../src/cli/scenario/run/run-state.js';
import type { Scenario } from '../../src/cli/scenario/scenario.js';

export interface TextRun {
  result: ScenarioResult;
  steps: StepResult[];
  events: ScenarioEvent[];
  /** The terminal report, times and sizes replaced. */
  report: string;
}

/** A scenario from YAML text; throws with every problem. */
export function scenarioOf(yaml: string, file = 'test.yaml'): Scenario {
  const { scenario, problems, uses } = parseScenario(yaml);
  const complete = scenario && { ...scenario, file, data: Array.isArray(scenario.data) ? scenario.data : [] };
  const all = [...problems, ...nameProblems(uses, [])];
  if (complete === undefined || all.length > 0)
    throw new Error(all.map(({ at, message }) => `${at.line}:${at.column}: ${message}`).join('\n'));
  return complete;
}

/** Runs a scenario given as YAML against `url`. */
export async function runText(yaml: string, url: string, options: Partial<RunOptions> = {}): Promise<TextRun> {
  const events: ScenarioEvent[] = [];
  let report = '';
  const newman = new NewmanReport({ write: (text) => (report += text), color: false, columns: 80, interactive: false });
  const result = await runScenario(scenarioOf(yaml), {
    endpoint: { url },
    clock: systemClock,
    signal: new AbortController().signal,
    onEvent: (event) => {
      events.push(event);
      newman.on(event);
    },
    ...options,
  });
  const steps = events.flatMap((event) => (event.type === 'step-end' ? [event.step] : []));
  return { result, steps, events, report: withoutFigures(report).replaceAll(url, 'http://server') };
}

/** A report with everything replaced that differs from run to run, table included. */
export function withoutFigures(report: string): string {
  return report
    .replace(/, [\d.]+(?:B|kB|MB), [\d.]+(?:µs|ms|s)\]/g, ', SIZE, TIME]')
    .replace(/^┌[\s\S]*?^└.*$/gm, 'TABLE');
}
