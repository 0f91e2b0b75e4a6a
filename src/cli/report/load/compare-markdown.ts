import { markdownText } from '../../kernel/text.js';
import type { Comparison } from '../../load/measure/compare.js';
import { codeCell, type MarkdownBlocks, markdownTable } from '../markdown.js';
import { changeAmount, changeDelta, comparisonSentence, rankTestSentence } from './compare-text.js';

const stateMarks = { REGRESSION: '❌', IMPROVED: '✅', SAME: '✅', UNCLEAR: '⚠️', VOID: '❌' };
const changeMarks = { worse: '❌ worse', better: '✅ better', same: 'same', unclear: '⚠️ unclear' };

/** The comparison of two runs in GitHub's Markdown, under `title`. */
export function comparisonBlocks(comparison: Comparison, title: string): MarkdownBlocks {
  const { changes, notes, state } = comparison;
  const rows = changes.map((change) => [
    codeCell(change.figure),
    changeMarks[change.verdict],
    changeAmount(change, change.before),
    changeAmount(change, change.after),
    changeDelta(change, change.change),
    `${changeDelta(change, change.low)} .. ${changeDelta(change, change.high)}`,
  ]);
  return [
    title,
    `${stateMarks[state]} ${markdownText(comparisonSentence(comparison))}`,
    markdownTable(['Compared', 'verdict', 'before', 'after', 'change', '99 % interval'], rows, 2),
    markdownText(rankTestSentence(comparison)),
    ...(notes.length === 0 ? [] : [notes.map((note) => `- ${markdownText(note)}`).join('\n')]),
  ];
}

/** The document of `load compare`, with what the process exits with. */
export function compareMarkdown(comparison: Comparison, exitCode: number): MarkdownBlocks {
  const { passed, state } = comparison;
  const failed = state === 'REGRESSION' ? '❌ FAIL' : state === 'VOID' ? '❌ VOID' : '❌ UNCLEAR';
  const word = !passed ? failed : state === 'UNCLEAR' ? '⚠️ PASS, UNCLEAR' : '✅ PASS';
  return comparisonBlocks(comparison, `## ${word}: load compare (exit code ${exitCode})`);
}
