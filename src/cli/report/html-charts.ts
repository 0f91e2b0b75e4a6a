import type { LoadResult } from '../load/metrics.js';
import type { WorkloadUsage } from '../target/target.js';
import { formatBytes, formatCores, formatLatency, formatRate, formatShare } from './format.js';
import { binSeries, type Cell } from './series.js';
import { heatMap, lineChart } from './svg-chart.js';
import type { LoadReport } from './timeline.js';

/** The charts of a run, one below the other on one time axis. */
export function charts(result: LoadReport): string {
  const { cells, cellMs } = binSeries(result.series.rows, 300);
  if (cells.length === 0) return '';
  const last = cells.at(-1)!;
  const endMs = last.atMs + cellMs;
  const x = cells.map((cell) => cell.atMs + cellMs / 2);
  const of = (pick: (cell: Cell) => number | undefined) => cells.map(pick);
  const perSecond = (cell: Cell, count: number) =>
    (count * 1000) / (cell === last ? partial(result, cell, cellMs) : cellMs);
  // After the last arrival there is no rate, only responses still coming in.
  const during = (pick: (cell: Cell) => number) => (cell: Cell) =>
    cell.atMs < result.durationMs ? pick(cell) : undefined;
  const rate = lineChart({
    title: 'Requests per second',
    unit: '/s',
    x,
    endMs,
    format: (value) => formatRate(value),
    lines: [
      { name: 'scheduled', className: 'c-target', values: of(during((cell) => cell.scheduledPerSecond)), dashed: true },
      { name: 'sent', className: 'c-1', values: of(during((cell) => cell.sentPerSecond)) },
      ...(result.dropped > 0
        ? [{ name: 'dropped', className: 'c-bad', values: of((cell) => perSecond(cell, cell.dropped)) }]
        : []),
    ],
  });
  const latency = lineChart({
    title: 'Response latency (logarithmic; p95 and p99 are the worst slot of each point)',
    unit: 'ms',
    x,
    endMs,
    logarithmic: true,
    format: (value) => formatLatency(value),
    lines: [
      { name: 'p50', className: 'c-1', values: of((cell) => cell.p50) },
      { name: 'p95', className: 'c-2', values: of((cell) => cell.p95) },
      { name: 'p99', className: 'c-3', values: of((cell) => cell.p99) },
    ],
  });
  const outcome = lineChart({
    title: 'Responses per second by outcome',
    unit: '/s',
    x,
    endMs,
    stacked: true,
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
  const byStatus = statuses(result, endMs);
  // Where all failures are ones of status or without a response, the statuses have said it.
  const wanted = byStatus === '' || Object.values(result.checks).some(({ failed }) => failed > 0);
  const inFlight = lineChart({
    title: 'Requests in flight',
    unit: '',
    x,
    endMs,
    format: (value) => formatRate(value),
    lines: [{ name: 'in flight', className: 'c-1', values: of((cell) => cell.inFlight) }],
  });
  return `<section class="charts">${rate}${latency}${heat(result, endMs)}${byStatus}${wanted ? outcome : ''}${inFlight}${workloads(result, endMs)}</section>`;
}

/** Milliseconds that the last cell really covers. */
function partial(result: LoadResult, cell: Cell, cellMs: number): number {
  const rows = result.series.rows.filter((row) => row.atMs >= cell.atMs).length;
  return Math.min(cellMs, Math.max(1, rows * result.series.intervalMs));
}

function heat(result: LoadResult, endMs: number): string {
  if (result.heat.rows.length === 0) return '';
  return heatMap({
    title: 'Response latency heat map',
    intervalMs: result.heat.intervalMs,
    endMs,
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
function statuses({ timeline }: LoadReport, endMs: number): string {
  if (timeline === undefined || timeline.statuses.rows.length === 0) return '';
  const { intervalMs, rows } = timeline.statuses;
  const cellMs = intervalMs * Math.max(1, Math.ceil(endMs / intervalMs / 300));
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
    unit: '/s',
    // Steps: each value holds from its begin to its end.
    x: cells.flatMap((_, i) => [i * cellMs, Math.min(endMs, i * cellMs + lengthMs(i))]),
    endMs,
    stacked: true,
    format: (value) => formatRate(value),
    lines,
  });
}

/** Services that get a line of their own; the others are in the table. */
const mostLines = 6;

function workloads({ timeline }: LoadReport, endMs: number): string {
  const rows = timeline?.workloads?.rows ?? [];
  if (rows.length < 2) return '';
  const names = [...new Set(rows.flatMap((row) => row.workloads.map(({ name }) => name)))].slice(0, mostLines);
  const chart = (
    title: string,
    format: (value: number) => string,
    pick: (usage: WorkloadUsage) => number | undefined,
    whole = false,
  ) => {
    const lines = names.flatMap((name, i) => {
      const values = rows.map((row) => {
        const usage = row.workloads.find((workload) => workload.name === name);
        return usage === undefined ? undefined : pick(usage);
      });
      return values.some((value) => value !== undefined) ? [{ name, className: `c-${i + 1}`, values }] : [];
    });
    if (lines.length === 0) return '';
    return lineChart({
      title,
      unit: '',
      x: rows.map(({ atMs }) => Math.min(atMs, endMs)),
      endMs,
      format,
      lines,
      whole,
    });
  };
  return [
    chart(
      'Services: CPU cores in use',
      (value) => formatCores(value),
      (usage) => usage.cpuCores,
    ),
    chart(
      'Services: memory',
      (value) => formatBytes(value),
      (usage) => usage.memoryBytes,
    ),
    chart(
      'Services: replicas ready',
      (value) => formatRate(value),
      (usage) => usage.replicasReady,
      true,
    ),
    chart(
      'Services: share of the time that the CPU limit held them back',
      (value) => formatShare(value),
      (usage) => usage.throttledShare,
    ),
  ].join('');
}
