import type { SeriesRow } from '../../load/measure/metrics.js';

/** A stretch of the run: what one column of a chart shows. */
export interface Cell {
  /** Milliseconds since the first arrival was due, of its begin. */
  atMs: number;
  scheduledPerSecond: number;
  sentPerSecond: number;
  /** ok, failed and timed out. */
  donePerSecond: number;
  /** Failed and timed out. */
  failed: number;
  dropped: number;
  /** Highest in the stretch. */
  inFlight: number;
  /** Milliseconds; undefined where nothing came in. The median is averaged over the slots, the others are the worst slot's. */
  p50: number | undefined;
  p95: number | undefined;
  p99: number | undefined;
  max: number | undefined;
}

const cellSteps = [
  100, 200, 500, 1000, 2000, 5000, 10_000, 15_000, 30_000, 60_000, 120_000, 300_000, 600_000, 1_800_000,
];

/** The smallest round cell length (ms) with which `durationMs` fits into `columns`; at least the series' own slot. */
export function cellLengthMs(durationMs: number, columns: number, slotMs: number): number {
  const fits = cellSteps.find((step) => step >= slotMs && step * columns >= durationMs);
  return fits ?? Math.ceil(durationMs / columns / 1_800_000) * 1_800_000;
}

/** The largest round cell length (ms) that is not above `ms`; the smallest one where all are. */
export function roundCellMs(ms: number): number {
  return cellSteps.findLast((step) => step <= ms) ?? cellSteps[0]!;
}

/** The length of one slot of the series in milliseconds (100 where there is only one). */
function slotLengthMs(rows: readonly SeriesRow[]): number {
  return rows.length > 1 ? rows[1]!.atMs - rows[0]!.atMs : 100;
}

/**
 * Sums the series up into at most `columns` cells of one length, at least `leastCellMs`, oldest first; the last one may be a
 * part.
 */
export function binSeries(
  rows: readonly SeriesRow[],
  columns: number,
  leastCellMs = 0,
): { cellMs: number; cells: Cell[] } {
  const slotMs = slotLengthMs(rows);
  const last = rows.at(-1);
  if (last === undefined) return { cellMs: slotMs, cells: [] };
  const cellMs = cellLengthMs(last.atMs + slotMs, columns, Math.max(slotMs, leastCellMs));
  const cells: Cell[] = [];
  let from = 0;
  while (from < rows.length) {
    const index = Math.floor(rows[from]!.atMs / cellMs);
    let to = from + 1;
    while (to < rows.length && Math.floor(rows[to]!.atMs / cellMs) === index) to++;
    cells.push(sumUp(rows, from, to, index * cellMs, slotMs));
    from = to;
  }
  return { cellMs, cells };
}

function sumUp(rows: readonly SeriesRow[], from: number, to: number, atMs: number, slotMs: number): Cell {
  let scheduled = 0;
  let sent = 0;
  let done = 0;
  let medianWeight = 0;
  let medianSum = 0;
  const cell: Cell = {
    atMs,
    scheduledPerSecond: 0,
    sentPerSecond: 0,
    donePerSecond: 0,
    failed: 0,
    dropped: 0,
    inFlight: 0,
    p50: undefined,
    p95: undefined,
    p99: undefined,
    max: undefined,
  };
  for (let i = from; i < to; i++) {
    const row = rows[i]!;
    const finished = row.ok + row.failed + row.timedOut;
    scheduled += row.scheduled;
    sent += row.sent;
    done += finished;
    cell.failed += row.failed + row.timedOut;
    cell.dropped += row.dropped;
    cell.inFlight = Math.max(cell.inFlight, row.inFlight);
    if (row.p50 !== undefined) {
      medianWeight += Math.max(1, finished);
      medianSum += row.p50 * Math.max(1, finished);
    }
    cell.p95 = larger(cell.p95, row.p95);
    cell.p99 = larger(cell.p99, row.p99);
    cell.max = larger(cell.max, row.max);
  }
  const seconds = ((to - from) * slotMs) / 1000;
  cell.scheduledPerSecond = scheduled / seconds;
  cell.sentPerSecond = sent / seconds;
  cell.donePerSecond = done / seconds;
  if (medianWeight > 0) cell.p50 = medianSum / medianWeight;
  return cell;
}

function larger(a: number | undefined, b: number | undefined): number | undefined {
  if (a === undefined) return b;
  return b === undefined ? a : Math.max(a, b);
}

/** The last known value at each of `columns` equal stretches of a run that is `endMs` long; undefined before the first. */
export function binAt(
  points: readonly { atMs: number; value: number | undefined }[],
  endMs: number,
  columns: number,
): (number | undefined)[] {
  const cells: (number | undefined)[] = [];
  let next = 0;
  let value: number | undefined;
  for (let column = 1; column <= columns; column++) {
    while (next < points.length && points[next]!.atMs <= (endMs * column) / columns) value = points[next++]!.value;
    cells.push(value);
  }
  return cells;
}

const bars = '▁▂▃▄▅▆▇█';

/** One character a value, from ▁ (0) to █ (`top`, the largest where not given); a space where there is none. */
export function sparkline(values: readonly (number | undefined)[], top?: number): string {
  const highest = top ?? values.reduce<number>((max, value) => Math.max(max, value ?? 0), 0);
  return values
    .map((value) => {
      if (value === undefined) return ' ';
      if (highest <= 0) return bars[0];
      return bars[Math.min(bars.length - 1, Math.max(0, Math.ceil((value / highest) * bars.length) - 1))];
    })
    .join('');
}

/** The same on a logarithmic scale from `low` (▁) to `high` (█), for latencies, which span decades. */
export function logSparkline(values: readonly (number | undefined)[], low: number, high: number): string {
  const span = Math.log(high / low);
  const share = (value: number) => (span > 0 ? Math.log(Math.max(value, low) / low) / span : 0);
  return values
    .map((value) =>
      value === undefined ? ' ' : bars[Math.min(bars.length - 1, Math.floor(share(value) * bars.length))],
    )
    .join('');
}

/** A bar of `width` columns, `fraction` (0..1) of it filled. */
export function progressBar(fraction: number, width: number): string {
  const filled = Math.round(Math.min(1, Math.max(0, fraction)) * width);
  return '█'.repeat(filled) + '░'.repeat(Math.max(0, width - filled));
}
