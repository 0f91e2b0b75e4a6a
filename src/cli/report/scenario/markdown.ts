import { markdownBlock, markdownCode } from '../../kernel/text.js';
import type { ScenarioFailure, ScenarioResult } from '../../scenario/result.js';
import { formatCount } from '../format.js';
import { clipped, codeCell, type MarkdownBlocks, markdownDocument, markdownTable } from '../markdown.js';
import type { CollectedRun, FileReport } from './collect.js';
import { newmanTime } from './figures.js';

/** The report as a file. */
export const markdownReport: FileReport = (runs, version, exitCode) =>
  markdownDocument(scenarioMarkdown(runs, version, exitCode));

/** What came of the scenarios in GitHub's Markdown: the verdict, a row for each, then every failure with its place. */
export function scenarioMarkdown(runs: readonly CollectedRun[], version?: string, exitCode?: number): MarkdownBlocks {
  const results = runs.map(({ result }) => result);
  const failed = results.filter(({ passed }) => !passed).length;
  const scenarios = `${formatCount(results.length)} scenario${results.length === 1 ? '' : 's'}`;
  // A run that was broken off is no pass, whatever had been seen by then.
  const word = failed > 0 ? '❌ FAIL' : (exitCode ?? 0) === 0 ? '✅ PASS' : '⚠️ BROKEN OFF';
  const of = failed > 0 ? `${formatCount(failed)} of ${scenarios} failed` : scenarios;
  const forgiven = failed > 0 && exitCode === 0 ? ' (`--suppress-exit-code`)' : '';
  return [
    `## ${word}: test, ${of}`,
    `${exitCode === undefined ? '' : `Exit code ${exitCode}${forgiven}. `}${about(results, version)}`,
    ...(results.length === 0 ? [] : [scenarioTable(results)]),
    ...flaky(runs),
    ...failureBlocksOf(results),
  ];
}

function about(results: readonly ScenarioResult[], version: string | undefined): string {
  const took = newmanTime(results.reduce((sum, { durationMs }) => sum + durationMs, 0));
  const started = results.reduce((min, { startedAt }) => Math.min(min, startedAt), Number.POSITIVE_INFINITY);
  const date = Number.isFinite(started)
    ? `, ${new Date(started).toISOString().replace('T', ' ').slice(0, 19)} UTC`
    : '';
  return `${took} of running; hwctl${version === undefined ? '' : ` ${markdownCode(version)}`}${date}.`;
}

function scenarioTable(results: readonly ScenarioResult[]): string {
  const rows = results.map(({ name, file, passed, requests, assertions, durationMs }) => [
    `${passed ? '✅' : '❌'} ${codeCell(name)}`,
    codeCell(file),
    ...[requests.executed, requests.failed, assertions.executed, assertions.failed, assertions.skipped].map(
      formatCount,
    ),
    newmanTime(durationMs),
  ]);
  const head = ['Scenario', 'file', 'requests', 'failed', 'assertions', 'failed', 'skipped', 'time'];
  return markdownTable(head, rows, 2);
}

/** Steps that passed only when they were tried again: no failure, and no good news. */
function flaky(runs: readonly CollectedRun[]): string[] {
  const rows = runs.flatMap(({ result, steps }) =>
    steps
      .filter((step) => step.flaky)
      .map(({ ref }) => [codeCell(ref.name), codeCell(`${result.file}:${ref.at.line}`), codeCell(result.name)]),
  );
  return rows.length === 0 ? [] : [markdownTable(['⚠️ Passed after a retry', 'where', 'in'], rows, 3)];
}

/** Every failure of these results: a block each. */
export function failureBlocksOf(results: readonly Pick<ScenarioResult, 'name' | 'failures'>[]): string[] {
  const blocks = results.flatMap(({ name, failures }) => failures.map((failure) => failureBlock(name, failure)));
  return blocks.length === 0 ? [] : [`### Failures (${formatCount(blocks.length)})`, ...blocks];
}

/** What a text of a failure may be long; the whole is in the other reports. */
const mostChars = 4000;

function failureBlock(scenario: string, failure: ScenarioFailure): string {
  const { step, messages, diff } = failure;
  const iteration = step.iteration > 1 ? `, iteration ${step.iteration}` : '';
  const found = [...messages, ...diff.map((line) => `  ${line}`)].join('\n');
  const exchange = failure.exchange.trimEnd();
  return [
    `#### ${failure.number}. ${codeCell(failure.name)}`,
    `${codeCell(failure.where)}, in ${[scenario, ...step.path, step.name].map((part) => codeCell(part)).join(' / ')}${iteration}`,
    ...(found === '' ? [] : [markdownBlock(clipped(found, mostChars))]),
    ...(exchange === ''
      ? []
      : [
          `<details><summary>Request and response</summary>\n\n${markdownBlock(clipped(exchange, mostChars))}\n\n</details>`,
        ]),
    ...(failure.rerun === '' ? [] : [`Again: ${codeCell(failure.rerun, 2000)}`]),
  ].join('\n\n');
}
