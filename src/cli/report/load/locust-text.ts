import { formatDuration } from '../../kernel/duration.js';
import { shown } from '../../kernel/text.js';
import type { LatencySummary } from '../../load/measure/metrics.js';
import type { ThresholdOutcome } from '../../load/plan/thresholds.js';
import { fit, formatBytes, formatCount, formatLatency, formatRate, wrap } from '../format.js';
import { createPaint } from '../paint.js';

/** What a run of the user's locust came to; what it cannot know (dropped, service, start lag) is not in it. */
export interface LocustReport {
  schema: 'hwctl.dev/locust-result/v1';
  file: string;
  url: string | undefined;
  users: number;
  spawnRate: number;
  processes: number | undefined;
  durationMs: number;
  sent: number;
  ok: number;
  failed: number;
  bytesReceived: number;
  response: LatencySummary;
  statusCodes: Record<string, number>;
  errors: Record<string, number>;
  steps: { step: string; ok: number; failed: number; response: LatencySummary }[];
  series: { atMs: number; users: number; ok: number; failed: number; p50?: number; p95?: number; max?: number }[];
  thresholds: ThresholdOutcome[];
  /** What locust itself counted; undefined where it did not end in order. */
  locust: { requests: number; failures: number; exceptions: number } | undefined;
  ended: string;
  exitCode: number;
}

const latencyNames = ['min', 'p50', 'p90', 'p95', 'p99', 'max', 'mean'] as const;

/** One second of it on a line. */
export function locustLine(row: LocustReport['series'][number]): string {
  const time = `${(row.atMs / 1000).toFixed(1)}s`.padStart(6);
  const latency =
    row.p50 === undefined
      ? 'no response'
      : `p50 ${formatLatency(row.p50)} p95 ${formatLatency(row.p95!)} max ${formatLatency(row.max!)}`;
  const failed = row.failed > 0 ? `, ${formatCount(row.failed)} failed` : '';
  return `${time}  ${formatCount(row.users)} users, ${formatCount(row.ok + row.failed)} requests, ${latency}${failed}`;
}

/** The summary of a run, at most 80 columns wide. */
export function locustSummary(measured: LocustReport, { color, columns }: { color: boolean; columns: number }): string {
  const report = shown(measured);
  const paint = createPaint(color);
  const width = Math.max(60, Math.min(80, columns));
  const row = (name: string, cells: string[]) => `${name.padEnd(10)}${cells.map((cell) => cell.padStart(8)).join('')}`;
  const unknown = latencyNames.map(() => '-');
  const of = (summary: LatencySummary) =>
    latencyNames.map((name) => (summary.count === 0 ? '-' : formatLatency(summary[name])));
  const seconds = report.durationMs / 1000;
  const nameWidth = Math.min(width - 44, Math.max(4, ...report.steps.map(({ step }) => step.length)) + 1);
  const lines = [
    paint.strong(fit(`locust  ${report.file} on ${report.url ?? 'the host that it names'}`, width)),
    `${report.users} users, ${report.spawnRate} more a second${report.processes === undefined ? '' : `, ${report.processes} processes`}; ${formatRate(seconds > 0 ? report.sent / seconds : 0, 2)} requests/s over ${formatDuration(report.durationMs)}`,
    '',
    paint.strong(row('Latency', [...latencyNames])),
    row('response', of(report.response)),
    row('service', unknown),
    row('start lag', unknown),
    '',
    paint.strong(
      `${'Name'.padEnd(nameWidth)}${['requests', 'failed', 'p50', 'p95', 'p99'].map((name) => name.padStart(8)).join(' ')}`,
    ),
    ...report.steps.map(({ step, ok, failed, response }) => {
      const cells = [
        formatCount(ok + failed),
        formatCount(failed),
        ...[response.p50, response.p95, response.p99].map(formatLatency),
      ];
      return `${fit(step, nameWidth - 1).padEnd(nameWidth)}${cells.map((cell) => cell.padStart(8)).join(' ')}`;
    }),
    '',
    paint.strong('Requests'),
    `  scheduled - = sent ${formatCount(report.sent)} + dropped -`,
    `  sent ${formatCount(report.sent)} = ok ${formatCount(report.ok)} + failed ${formatCount(report.failed)}; in flight at stop -`,
    `  received ${formatBytes(report.bytesReceived)}`,
    ...Object.entries(report.statusCodes).map(([code, count]) => `  ${code} ${formatCount(count).padStart(8)}`),
    ...Object.entries(report.errors).map(([error, count]) =>
      paint.bad(`  ${formatCount(count).padStart(8)}  ${fit(error, width - 12)}`),
    ),
    ...thresholdLines(report, paint),
    '',
    ...wrap(
      'How to read it: locust sends and measures, from the moment it sends, so a user that waits for a slow server delays what it would have sent; what was due and never sent, and how late it was sent, locust does not tell (-). There is no verdict on it.',
      width,
    ).map((line) => paint.faint(line)),
    '',
    ...wrap(`${locustConclusion(report)} Exit code ${report.exitCode}.`, width).map((line) =>
      report.exitCode === 0 ? paint.good(line) : paint.bad(line),
    ),
  ];
  return `${lines.join('\n')}\n`;
}

function thresholdLines({ thresholds }: LocustReport, paint: ReturnType<typeof createPaint>): string[] {
  if (thresholds.length === 0) return [];
  const width = Math.min(50, Math.max(...thresholds.map(({ text }) => text.length)));
  return [
    '',
    paint.strong('Thresholds'),
    ...thresholds.map(({ passed, text, message }) => {
      const line = `  ${passed ? '✓' : '✗'} ${text.padEnd(width)}  ${message}`;
      return passed ? paint.good(line) : paint.bad(line);
    }),
  ];
}

/** What came of it, in a sentence. */
export function locustConclusion({ ended, thresholds }: LocustReport): string {
  const broken = thresholds.filter(({ passed }) => !passed).length;
  if (ended === 'interrupted') return 'INTERRUPTED: this is what it saw until then.';
  if (ended !== 'completed')
    return `BROKEN OFF: locust ended before its time: ${ended}. This is what it saw until then.`;
  return broken > 0 ? `FAILED: ${broken} of ${thresholds.length} thresholds failed.` : 'Passed: all thresholds hold.';
}
