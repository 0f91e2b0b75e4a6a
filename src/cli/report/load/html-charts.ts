import { formatDuration } from '../../kernel/duration.js';
import type { LatencyRow, LoadResult } from '../../load/measure/metrics.js';
import { formatLatency, formatRate } from '../format.js';
import { faultMarks } from './faults.js';
import { workloadCharts } from './html-workloads.js';
import { binSeries, type Cell, roundCellMs } from './series.js';
import { heatMap, lineChart } from './svg-chart.js';
import type { LoadReport } from './timeline.js';

/** The charts of a run, one below the other on one time axis. */
export function charts(result: LoadReport): string {
  const { cells, cellMs } = binSeries(result.series.rows, 300, leastCellMs(result));
  if (cells.length === 0) return '';
  const last = cells.at(-1)!;
  const endMs = result.series.rows.at(-1)!.atMs + result.series.intervalMs;
  const x = cells.map((cell) => (cell.atMs + Math.min(endMs, cell.atMs + cellMs)) / 2);
  const of = (pick: (cell: Cell) => number | undefined) => cells.map(pick);
  const perSecond = (cell: Cell, count: number) =>
    (count * 1000) / (cell === last ? partial(result, cell, cellMs) : cellMs);
  // After the last arrival there is no rate, only responses still coming in.
  const during = (pick: (cell: Cell) => number) => (cell: Cell) =>
    cell.atMs < result.durationMs ? pick(cell) : undefined;
  const rate = lineChart({
    title: `Requests per second, each point over ${formatDuration(cellMs)}`,
    x,
    endMs,
    marks: [...stageMarks(result), ...faultMarks(result)],
    format: (value) => formatRate(value),
    lines: [
      { name: 'scheduled', className: 'c-target', values: of(during((cell) => cell.scheduledPerSecond)), dashed: true },
      { name: 'sent', className: 'c-1', values: of(during((cell) => cell.sentPerSecond)) },
      ...(result.dropped > 0
        ? [{ name: 'dropped', className: 'c-bad', values: of((cell) => perSecond(cell, cell.dropped)) }]
        : []),
    ],
  });
  const latency = latencyChart(result, endMs);
  const outcome = lineChart({
    title: 'Responses per second by outcome',
    x,
    endMs,
    stacked: true,
    marks: faultMarks(result),
    format: (value) => formatRate(value),
    lines: [
      {
        name: 'ok',
        className: 'c-good',
        values: of((cell) => Math.max(0, cell.donePerSecond - perSecond(cell, cell.failed))),
      },
      { name: 'failed or timed out', className: 'c-bad', values: of((cell) => perSecond(cell, cell.failed)) },
    ],
  });
  const byStatus = statuses(result, endMs, cellMs);
  // Where all failures are ones of status or without a response, the statuses have said it.
  const wanted = byStatus === '' || Object.values(result.checks).some(({ failed }) => failed > 0);
  const inFlight = lineChart({
    title: 'Requests in flight',
    x,
    endMs,
    marks: faultMarks(result),
    format: (value) => formatRate(value),
    lines: [{ name: 'in flight', className: 'c-1', values: of((cell) => cell.inFlight) }],
  });
  return `<section class="charts">${rate}${latency}${heat(result, endMs)}${byStatus}${wanted ? outcome : ''}${inFlight}${workloadCharts(result, endMs)}</section>`;
}

/** Arrivals that a point of a rate needs: with fewer it is a saw of whole numbers. */
const arrivalsEach = 20;
/** Points that a chart has at least. */
const fewestCells = 10;

/** A second, as the peers draw it; longer where the rate is low, shorter where the run is. */
function leastCellMs({ series, scheduled }: LoadResult): number {
  const lastMs = (series.rows.at(-1)?.atMs ?? 0) + series.intervalMs;
  const wantedMs = Math.max(1000, scheduled === 0 ? 0 : (arrivalsEach * lastMs) / scheduled);
  return roundCellMs(Math.min(wantedMs, lastMs / fewestCells));
}

/** Where the stages after the first begin. */
function stageMarks({ arrivals }: LoadResult): { atMs: number; label: string }[] {
  let atMs = 0;
  return arrivals.stages.flatMap(({ label, durationMs }, i) => {
    const mark = { atMs, label: `stage ${i + 1}: ${label}` };
    atMs += durationMs ?? 0;
    return i === 0 ? [] : [mark];
  });
}

function latencyChart(result: LoadReport, endMs: number): string {
  const { rows, intervalMs } = result.latencySeries;
  if (rows.length === 0) return '';
  // A stretch in which no response came in is a gap.
  const points = rows.flatMap((row, i): Partial<LatencyRow & { at: number }>[] => {
    const point = { ...row, at: Math.min(endMs, row.atMs + intervalMs / 2) };
    const next = rows[i + 1];
    return next !== undefined && next.atMs > row.atMs + intervalMs ? [point, { at: row.atMs + intervalMs }] : [point];
  });
  const line = (name: string, className: string, key: 'p50' | 'p95' | 'p99' | 'max') => ({
    name,
    className,
    values: points.map((point) => point[key]),
  });
  const levels = result.thresholds.flatMap(({ text }) => {
    const value = latencyBoundMs(text);
    return value === undefined ? [] : [{ value, label: text }];
  });
  const lines = [
    line('p50', 'c-1', 'p50'),
    line('p95', 'c-2', 'p95'),
    line('p99', 'c-3', 'p99'),
    line('slowest', 'c-target', 'max'),
  ];
  return lineChart({
    title: `Response latency, each point over ${formatDuration(intervalMs)} (logarithmic)`,
    x: points.map(({ at }) => at!),
    endMs,
    logarithmic: true,
    format: formatLatency,
    lines: lines.filter(({ values }) => values.some((value) => value !== undefined)),
    levels,
    marks: [...stageMarks(result), ...faultMarks(result)],
  });
}

/** The bound of a threshold on response latency in milliseconds, by its text: `p(95)<200`, `response:p(99)<1.5s`. */
function latencyBoundMs(text: string): number | undefined {
  const match =
    /^(?:(?:response|http_req_duration|latency)\s*:\s*)?(?:p\(?[\d.]+\)?|avg|mean|med|max)\s*<=?\s*([\d.]+)\s*(us|ms|s)?$/i.exec(
      text.trim(),
    );
  if (match === null) return undefined;
  return Number(match[1]) * { us: 0.001, ms: 1, s: 1000 }[(match[2] ?? 'ms').toLowerCase() as 'us' | 'ms' | 's'];
}

/** Milliseconds that the last cell really covers. */
function partial(result: LoadResult, cell: Cell, cellMs: number): number {
  const rows = result.series.rows.filter((row) => row.atMs >= cell.atMs).length;
  return Math.min(cellMs, Math.max(1, rows * result.series.intervalMs));
}

function heat(result: LoadReport, endMs: number): string {
  if (result.heat.rows.length === 0) return '';
  return heatMap({
    title: 'Response latency heat map',
    intervalMs: result.heat.intervalMs,
    endMs,
    marks: faultMarks(result),
    bounds: result.heat.boundsMs.filter((bound) => bound < 1e9),
    rows: result.heat.rows,
    format: (value) => formatLatency(value),
  });
}

const statusClasses = [
  { name: '2xx', className: 'c-good', has: (code: string) => code.startsWith('2') },
  { name: '1xx and 3xx', className: 'c-1', has: (code: string) => /^[13]/.test(code) },
  { name: '4xx', className: 'c-2', has: (code: string) => code.startsWith('4') },
  { name: '5xx', className: 'c-bad', has: (code: string) => code.startsWith('5') },
  { name: 'no response', className: 'c-3', has: (code: string) => !/^[1-5]/.test(code) },
];

/** Status classes over time, stacked; neighbours are added up where the run is long. */
function statuses(result: LoadReport, endMs: number, leastMs: number): string {
  const { timeline } = result;
  if (timeline === undefined || timeline.statuses.rows.length === 0) return '';
  const { intervalMs, rows } = timeline.statuses;
  const cellMs = intervalMs * Math.max(1, Math.ceil(endMs / intervalMs / 300), Math.round(leastMs / intervalMs));
  const cells = Array.from({ length: Math.max(1, Math.ceil(endMs / cellMs)) }, () => ({}) as Record<string, number>);
  for (const { atMs, counts } of rows) {
    const cell = cells[Math.min(cells.length - 1, Math.floor(atMs / cellMs))]!;
    for (const [code, count] of Object.entries(counts)) cell[code] = (cell[code] ?? 0) + count;
  }
  const lengthMs = (i: number) => Math.min(cellMs, Math.max(intervalMs / 4, endMs - i * cellMs));
  const lines = statusClasses.flatMap(({ name, className, has }) => {
    const values = cells.map((counts, i) => {
      const count = Object.entries(counts).reduce((sum, [code, number]) => (has(code) ? sum + number : sum), 0);
      return (count * 1000) / lengthMs(i);
    });
    return values.some((value) => value > 0)
      ? [{ name, className, values: values.flatMap((value) => [value, value]) }]
      : [];
  });
  if (lines.length === 0) return '';
  return lineChart({
    title: 'Responses per second by status',
    // Steps: each value holds from its begin to its end.
    x: cells.flatMap((_, i) => [i * cellMs, Math.min(endMs, i * cellMs + lengthMs(i))]),
    endMs,
    stacked: true,
    marks: faultMarks(result),
    format: (value) => formatRate(value),
    lines,
  });
}
