import { jsonText, tapText } from '../../kernel/text.js';
import type { StepResult } from '../../scenario/result.js';
import { type CollectedRun, type FileReport, titleOf } from './collect.js';

/** TAP version 14 (testanything.org): one subtest a scenario, one test point a check. */
export const tapReport: FileReport = (runs) => {
  const lines = ['TAP version 14', `1..${runs.length}`];
  for (const [i, run] of runs.entries()) {
    lines.push(`# Subtest: ${tapText(run.result.name)}`);
    lines.push(...subtest(run).map((line) => `    ${line}`));
    lines.push(`${run.result.passed ? 'ok' : 'not ok'} ${i + 1} - ${tapText(run.result.name)}`);
  }
  return `${lines.join('\n')}\n`;
};

function subtest({ result, steps }: CollectedRun): string[] {
  const points = steps.flatMap((step) => pointsOf(step, titleOf(step, result.iterations.executed), result.file));
  const lines = [`1..${points.length}`];
  for (const [i, { ok, name, skip, diagnostics }] of points.entries()) {
    const directive = skip === undefined ? '' : ` # SKIP ${tapText(skip)}`.trimEnd();
    lines.push(`${ok ? 'ok' : 'not ok'} ${i + 1} - ${tapText(name)}${directive}`);
    if (diagnostics.length > 0) lines.push('  ---', ...diagnostics.map((line) => `  ${line}`), '  ...');
  }
  return lines;
}

interface Point {
  ok: boolean;
  name: string;
  skip: string | undefined;
  /** Lines of YAML. */
  diagnostics: string[];
}

function pointsOf(step: StepResult, title: string, file: string): Point[] {
  const points: Point[] = step.checks.map(({ name, state, messages, at }) => ({
    ok: state !== 'failed',
    name: `${title}: ${name}`,
    skip: state === 'skipped' ? (messages[0] ?? '') : undefined,
    diagnostics: state === 'failed' ? yaml(messages, file, at.line) : [],
  }));
  for (const { message, line } of step.errors)
    points.push({ ok: false, name: title, skip: undefined, diagnostics: yaml([message], file, line) });
  if (step.state === 'skipped') points.push({ ok: true, name: title, skip: step.reason ?? '', diagnostics: [] });
  if (points.length === 0) points.push({ ok: true, name: title, skip: undefined, diagnostics: [] });
  return points;
}

function yaml(messages: string[], file: string, line: number): string[] {
  // JSON strings are YAML strings.
  return [
    `message: ${jsonText(messages.join('; '))}`,
    'severity: fail',
    'at:',
    `  file: ${jsonText(file)}`,
    `  line: ${line}`,
  ];
}
