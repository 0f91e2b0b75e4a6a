import { xmlText } from '../../kernel/text.js';
import type { CheckResult, StepResult } from '../../scenario/result.js';
import { type CollectedRun, type FileReport, titleOf } from './collect.js';

interface Case {
  name: string;
  step: StepResult;
  outcome: 'passed' | 'failed' | 'error' | 'skipped';
  messages: string[];
  line: number;
}

/** JUnit XML as Jenkins, GitLab and GitHub actions read it: one suite a scenario, one case a check. */
export const junitReport: FileReport = (runs) => {
  const suites = runs.map(suite);
  const sum = (pick: (suite: { counts: Counts }) => number) => suites.reduce((total, each) => total + pick(each), 0);
  const time = runs.reduce((total, { result }) => total + result.durationMs, 0);
  const totals = `tests="${sum((s) => s.counts.tests)}" failures="${sum((s) => s.counts.failures)}" errors="${sum((s) => s.counts.errors)}"`;
  return [
    '<?xml version="1.0" encoding="UTF-8"?>',
    `<testsuites name="hwctl test" ${totals} time="${seconds(time)}">`,
    ...suites.flatMap(({ lines }) => lines),
    '</testsuites>',
    '',
  ].join('\n');
};

interface Counts {
  tests: number;
  failures: number;
  errors: number;
  skipped: number;
}

function suite({ result, steps }: CollectedRun): { lines: string[]; counts: Counts } {
  const cases = steps.flatMap(casesOf);
  const count = (outcome: Case['outcome']) => cases.filter((each) => each.outcome === outcome).length;
  const counts = {
    tests: cases.length,
    failures: count('failed'),
    errors: count('error'),
    skipped: count('skipped'),
  };
  const numbers = Object.entries(counts).map(([name, value]) => `${name}="${value}"`);
  const stamp = new Date(result.startedAt).toISOString().slice(0, 19);
  const attributes = `name="${xmlText(result.name)}" ${numbers.join(' ')} time="${seconds(result.durationMs)}" timestamp="${stamp}"`;
  const lines = [`  <testsuite ${attributes}>`];
  const iterations = result.iterations.executed;
  let before: StepResult | undefined;
  for (const each of cases) {
    // The time of a step is told once, on its first case, so that the sum is right.
    const time = each.step === before ? 0 : each.step.durationMs;
    before = each.step;
    const classname = [result.name, titleOf(each.step, iterations)].join('.');
    const open = `    <testcase name="${xmlText(each.name)}" classname="${xmlText(classname)}" time="${seconds(time)}"`;
    if (each.outcome === 'passed') lines.push(`${open}/>`);
    else lines.push(`${open}>`, `      ${outcomeElement(each, result.file)}`, '    </testcase>');
  }
  lines.push('  </testsuite>');
  return { lines, counts };
}

function outcomeElement({ outcome, messages, line }: Case, file: string): string {
  if (outcome === 'skipped')
    return messages[0] === undefined ? '<skipped/>' : `<skipped message="${xmlText(messages[0])}"/>`;
  const type = outcome === 'failed' ? 'failure' : 'error';
  const kind = outcome === 'failed' ? 'AssertionError' : 'Error';
  const text = [...messages, `at ${file}:${line}`].join('\n');
  return `<${type} message="${xmlText(messages[0] ?? '')}" type="${kind}">${xmlText(text)}</${type}>`;
}

function casesOf(step: StepResult): Case[] {
  const cases: Case[] = step.checks.map((check: CheckResult) => ({
    name: check.name,
    step,
    outcome: check.state,
    messages: check.messages,
    line: check.at.line,
  }));
  for (const { message, line } of step.errors)
    cases.push({ name: step.ref.name, step, outcome: 'error', messages: [message], line });
  if (step.state === 'skipped')
    cases.push({
      name: step.ref.name,
      step,
      outcome: 'skipped',
      messages: step.reason === undefined ? [] : [step.reason],
      line: step.ref.at.line,
    });
  if (cases.length === 0)
    cases.push({ name: step.ref.name, step, outcome: 'passed', messages: [], line: step.ref.at.line });
  return cases;
}

function seconds(ms: number): string {
  return (ms / 1000).toFixed(3);
}
