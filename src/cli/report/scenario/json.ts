import { jsonText } from '../../kernel/text.js';
import type { FileReport } from './collect.js';

/** Everything as one JSON document: results, steps, exchanges (masked), checks, failures; schemas/scenario-report.schema.json. */
export const jsonReport: FileReport = (runs) => {
  const passed = runs.every(({ result }) => result.passed);
  const scenarios = runs.map(({ result, steps }) => ({
    ...result,
    steps: steps.map((step) => ({ ...step, errors: step.errors.map(({ message }) => message) })),
  }));
  return `${jsonText({ schema: 'hwctl.dev/scenario-report/v1', passed, scenarios }, 2)}\n`;
};
