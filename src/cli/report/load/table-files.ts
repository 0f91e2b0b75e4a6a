import { jsonText } from '../../kernel/text.js';
import type { LoadResult, RequestRecord } from '../../load/measure/metrics.js';

const seriesColumns = [
  'at_ms',
  'scheduled',
  'sent',
  'dropped',
  'ok',
  'failed',
  'timed_out',
  'in_flight',
  'response_p50_ms',
  'response_p95_ms',
  'response_p99_ms',
  'response_max_ms',
];

/** The time series as CSV (RFC 4180, LF): one row a slot; an empty cell where no response came in. */
export function seriesCsv(result: LoadResult): string {
  const rows = result.series.rows.map((row) =>
    [
      row.atMs,
      row.scheduled,
      row.sent,
      row.dropped,
      row.ok,
      row.failed,
      row.timedOut,
      row.inFlight,
      row.p50,
      row.p95,
      row.p99,
      row.max,
    ]
      .map((value) => (value === undefined ? '' : String(Math.round(value * 1000) / 1000)))
      .join(','),
  );
  return `${[seriesColumns.join(','), ...rows].join('\n')}\n`;
}

/** One request as a line of NDJSON, times in milliseconds since the first arrival was due. */
export function recordLine(record: RequestRecord, steps: readonly string[]): string {
  const ms = (us: number) => Math.round(us) / 1000;
  return `${jsonText({
    step: steps[record.step],
    dueMs: ms(record.dueUs),
    sentMs: ms(record.sentUs),
    firstByteMs: record.firstByteUs > 0 ? ms(record.firstByteUs) : undefined,
    doneMs: ms(record.doneUs),
    responseMs: ms(record.doneUs - record.dueUs),
    serviceMs: ms(record.doneUs - record.sentUs),
    status: record.status,
    error: record.error,
    bytes: record.bytes,
  })}\n`;
}
