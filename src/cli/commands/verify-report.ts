import { formatDuration } from '../kernel/duration.js';
import { exitCodes } from '../kernel/failure.js';
import { markdownText } from '../kernel/text.js';
import type { LoadResult } from '../load/measure/metrics.js';
import { loadMarkdown } from '../report/load/markdown.js';
import type { LoadHeading } from '../report/load/words.js';
import { codeCell, type MarkdownBlocks, markdownTable } from '../report/markdown.js';
import { failureBlocksOf } from '../report/scenario/markdown.js';
import type { ScenarioResult } from '../scenario/result.js';
import type { DownReport, Target, UpReport } from '../target/target.js';

/** What verify did, stage by stage; the document of `--json`. A stage that was not reached is absent. */
export interface VerifyReport {
  target: Target['name'];
  reason: string;
  up?: UpReport & { reason: string };
  test?: { passed: boolean; scenarios: Pick<ScenarioResult, 'name' | 'requests' | 'assertions' | 'failures'>[] };
  load?: LoadResult;
  down?: DownReport;
  /** What kept a stage from being carried out. */
  failures: { stage: Stage; code: string; message: string; hint?: string }[];
  durationMs: number;
  passed: boolean;
  exitCode: number;
}

/** A part of a verification. */
export type Stage = 'up' | 'test' | 'load' | 'down';

/** A stage of a verification in a line: what came of it. */
export interface StageLine {
  stage: Stage;
  good: boolean;
  text: string;
}

const words: Record<number, string> = {
  [exitCodes.pass]: '✅ PASS',
  [exitCodes.failed]: '❌ FAIL',
  [exitCodes.cannotRun]: '❌ COULD NOT RUN',
  [exitCodes.void]: '❌ VOID',
  [exitCodes.interrupted]: '⚠️ INTERRUPTED',
};

/** The report of a verification in GitHub's Markdown: the verdict, the stages, what failed, then the load as `load` shows it. */
export function verifyMarkdown(
  report: VerifyReport,
  lines: readonly StageLine[],
  stacks: readonly string[],
  heading: LoadHeading | undefined,
): MarkdownBlocks {
  const rows = lines.map(({ stage, good, text }) => [`${good ? '✅' : '❌'} ${stage}`, markdownText(text)]);
  return [
    `## ${words[report.exitCode] ?? '❌ FAIL'}: verify ${stacks.map((stack) => codeCell(stack)).join(', ')}`,
    `Exit code ${report.exitCode}, in ${formatDuration(report.durationMs)}, on the target ${report.target}: ${markdownText(report.reason)}`,
    markdownTable(['Stage', 'what came of it'], rows, 2),
    ...report.failures.map(
      ({ stage, code, message, hint }) =>
        `❌ ${stage}, \`${code}\`: ${markdownText(message)}${hint === undefined ? '' : `\n\nCure: ${markdownText(hint)}`}`,
    ),
    ...failureBlocksOf(report.test?.scenarios ?? []),
    ...(report.load === undefined || heading === undefined ? [] : loadMarkdown(report.load, heading, '###')),
  ];
}
