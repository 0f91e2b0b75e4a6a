import type { FileReport } from './collect.js';

/** Everything as one JSON document: results, steps, exchanges (masked), checks, failures. */
export const jsonReport: FileReport = (runs) =>
  `${JSON.stringify({ passed: runs.every(({ result }) => result.passed), scenarios: runs.map(({ result, steps }) => ({ ...result, steps })) }, null, 2)}\n`;
