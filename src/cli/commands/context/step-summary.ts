import { appendFileSync, statSync } from 'node:fs';
import { exitCodes, type Failure } from '../../kernel/failure.js';
import { notWritten } from '../../kernel/files.js';
import { markdownBlock, markdownText } from '../../kernel/text.js';
import { type MarkdownBlocks, markdownWithin } from '../../report/markdown.js';
import type { Context } from './context.js';
import { formatFailure, withoutSecrets } from './failure-text.js';

/** What GitHub takes of a step's summary; more of it, and none is shown (docs.github.com, step isolation and limits). */
const mostBytes = 1024 * 1024;

/** Whether this process is in a step of GitHub Actions that shows a summary. */
export function hasStepSummary({ env }: Pick<Context, 'env'>): boolean {
  return (env.GITHUB_STEP_SUMMARY ?? '') !== '';
}

/**
 * Appends a report to the summary of the step of GitHub Actions that this process is in (`GITHUB_STEP_SUMMARY`), as far as it
 * fits; elsewhere nothing. Trouble with it is told and changes no exit code.
 */
export function appendStepSummary(
  blocks: MarkdownBlocks,
  { env, note, color }: Pick<Context, 'env' | 'note' | 'color'>,
): void {
  const path = env.GITHUB_STEP_SUMMARY ?? '';
  if (path === '') return;
  try {
    const takenBytes = statSync(path, { throwIfNoEntry: false })?.size ?? 0;
    // What others wrote may end without a line end, and a block begins after an empty line.
    const before = takenBytes === 0 ? '' : '\n\n';
    const text = markdownWithin(blocks, mostBytes - takenBytes - before.length);
    if (text === '') note('Note: the summary of this step is full (GITHUB_STEP_SUMMARY): nothing of this run is in it');
    else appendFileSync(path, `${before}${text}`);
  } catch (error) {
    note(formatFailure(notWritten(error, { shown: path, by: 'GITHUB_STEP_SUMMARY' }), { color }));
  }
}

/** What kept a command from running, for a summary. */
export function failureBlocks(call: string, failure: Failure): string[] {
  const { code, message, details, hint, exitCode } = withoutSecrets(failure);
  const word = exitCode === exitCodes.cannotRun ? 'COULD NOT RUN' : 'FAIL';
  return [
    `## ❌ ${word}: ${call}`,
    `Exit code ${exitCode}, \`${code}\`: ${markdownText(message)}`,
    ...(details.length === 0 ? [] : [markdownBlock(details.slice(0, 100).join('\n'))]),
    ...(hint === undefined ? [] : [`Cure: ${markdownText(hint)}`]),
  ];
}
