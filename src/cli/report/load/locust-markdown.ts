import { formatDuration } from '../../kernel/duration.js';
import { markdownText } from '../../kernel/text.js';
import { formatBytes, formatCount, formatRate } from '../format.js';
import { codeCell, type MarkdownBlocks, markdownTable } from '../markdown.js';
import { type LocustReport, locustConclusion } from './locust-text.js';
import { latencyTable, outcomes, stepRows, thresholdTable } from './markdown.js';

/** The report of a run of the user's locust in GitHub's Markdown; what locust does not tell is `-`. */
export function locustMarkdown(report: LocustReport): MarkdownBlocks {
  const { exitCode, users, spawnRate, sent, ok, failed, bytesReceived, durationMs } = report;
  const mark = exitCode === 0 ? '✅ PASS' : exitCode === 1 ? '❌ FAIL' : '⚠️ BROKEN OFF';
  const rate = formatRate(durationMs > 0 ? (sent * 1000) / durationMs : 0, 2);
  const where = report.url === undefined ? 'the host that it names' : codeCell(report.url);
  return [
    `## ${mark}: load ${codeCell(report.file)}`,
    `Exit code ${exitCode}. ${markdownText(locustConclusion(report))} There is no verdict on locust’s own lateness.`,
    `${where} · ${formatCount(users)} users, ${formatRate(spawnRate)} more a second · ${rate} requests/s over ${formatDuration(durationMs)}`,
    ...thresholdTable(report),
    ...latencyTable({ response: report.response }),
    stepRows(
      'Steps',
      report.steps.map(({ step, ok, failed, response }) => ({ step, count: ok + failed, failed, response })),
    ),
    markdownTable(
      ['Requests', 'scheduled', 'dropped', 'sent', 'ok', 'failed', 'received'],
      [['', '-', '-', ...[sent, ok, failed].map(formatCount), formatBytes(bytesReceived)]],
    ),
    ...outcomes(report),
  ];
}
