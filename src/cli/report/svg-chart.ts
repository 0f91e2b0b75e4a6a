import { htmlText, oneLine } from '../kernel/text.js';

/** Text made safe for HTML and SVG, in content and in attributes. */
export function escapeHtml(text: string): string {
  return htmlText(oneLine(text));
}

export interface Line {
  name: string;
  /** CSS class that gives the stroke its colour. */
  className: string;
  /** One value a point of `x`; undefined leaves a gap. */
  values: (number | undefined)[];
  dashed?: boolean;
}

export interface ChartOptions {
  title: string;
  /** What a value is, for the axis: `ms`, `requests/s`. */
  unit: string;
  /** Milliseconds of each point. */
  x: number[];
  /** End of the time axis in milliseconds. */
  endMs: number;
  lines: Line[];
  /** Draw the areas under the lines, stacked, instead of the lines. */
  stacked?: boolean;
  /** A logarithmic axis, for latencies that span decades. */
  logarithmic?: boolean;
  /** Values are counts: no gridline between two whole numbers. */
  whole?: boolean;
  format(value: number): string;
}

const width = 960;
const height = 230;
const plot = { left: 64, right: 16, top: 14, bottom: 34 };
const plotWidth = width - plot.left - plot.right;
const plotHeight = height - plot.top - plot.bottom;

/** A time chart as inline SVG: gridlines with values, a time axis, a legend in words. Needs no script. */
export function lineChart(options: ChartOptions): string {
  const { lines, x, endMs } = options;
  const totals = options.stacked ? x.map((_, i) => lines.reduce((sum, line) => sum + (line.values[i] ?? 0), 0)) : [];
  const highest = options.stacked
    ? maximum(totals)
    : maximum(lines.flatMap((line) => line.values.filter((value) => value !== undefined)));
  const scale = options.logarithmic ? logScale(lines, highest) : linearScale(highest, options.whole === true ? 1 : 0);
  const px = (ms: number) => round(plot.left + (ms / Math.max(1, endMs)) * plotWidth);
  const shapes = options.stacked ? stackedAreas(options, px, scale.y) : lines.map((line) => path(line, x, px, scale.y));
  return figure(options.title, legend(lines), [...grid(scale, options), ...timeAxis(endMs, px), ...shapes]);
}

interface Scale {
  y(value: number): number;
  ticks: number[];
}

function linearScale(highest: number, leastStep: number): Scale {
  const step = Math.max(leastStep, niceStep(Math.max(highest, 1e-9) / 4));
  const top = Math.max(step, Math.ceil(highest / step - 1e-9) * step);
  const ticks = Array.from({ length: Math.round(top / step) + 1 }, (_, i) => i * step);
  return { y: (value) => round(plot.top + plotHeight * (1 - Math.min(1, value / top))), ticks };
}

function logScale(lines: Line[], highest: number): Scale {
  const values = lines.flatMap((line) => line.values.filter((value) => value !== undefined && value > 0)) as number[];
  const low = 10 ** Math.floor(Math.log10(values.reduce((min, value) => Math.min(min, value), highest || 1)));
  const high = Math.max(low * 10, 10 ** Math.ceil(Math.log10(Math.max(highest, low)) - 1e-9));
  const decades = Math.round(Math.log10(high / low));
  const ticks = Array.from({ length: decades + 1 }, (_, i) => low * 10 ** i);
  const y = (value: number) => {
    const share = Math.log10(Math.max(value, low) / low) / decades;
    return round(plot.top + plotHeight * (1 - Math.min(1, share)));
  };
  return { y, ticks };
}

function niceStep(rough: number): number {
  const power = 10 ** Math.floor(Math.log10(rough));
  const digit = rough / power;
  return (digit <= 1 ? 1 : digit <= 2 ? 2 : digit <= 5 ? 5 : 10) * power;
}

function path(line: Line, x: number[], px: (ms: number) => number, py: (value: number) => number): string {
  let d = '';
  let pen = 'M';
  line.values.forEach((value, i) => {
    if (value === undefined) {
      pen = 'M';
      return;
    }
    d += `${pen}${px(x[i]!)} ${py(value)}`;
    // A point between two gaps shows as a dot.
    if (pen === 'M' && line.values[i + 1] === undefined) d += 'h.01';
    pen = 'L';
  });
  return `<path class="line ${line.className}"${line.dashed ? ' stroke-dasharray="4 4"' : ''} d="${d}"/>`;
}

function stackedAreas({ lines, x }: ChartOptions, px: (ms: number) => number, py: (value: number) => number): string[] {
  const base = x.map(() => 0);
  return lines.map((line) => {
    const upper = x.map((ms, i) => {
      const from = base[i]!;
      base[i] = from + (line.values[i] ?? 0);
      return { ms, from, to: base[i]! };
    });
    const there = upper.map(({ ms, to }) => `${px(ms)} ${py(to)}`).join('L');
    const back = upper
      .toReversed()
      .map(({ ms, from }) => `${px(ms)} ${py(from)}`)
      .join('L');
    return upper.length === 0 ? '' : `<path class="area ${line.className}" d="M${there}L${back}Z"/>`;
  });
}

export interface HeatOptions {
  title: string;
  intervalMs: number;
  endMs: number;
  /** Upper bounds of the buckets, ascending; a last row of counts may lie beyond them. */
  bounds: number[];
  rows: number[][];
  format(value: number): string;
}

const shades = 8;

/** Latency against time, each cell shaded by its share of the busiest cell (square root, so that rare ones show). */
export function heatMap(options: HeatOptions): string {
  const { bounds, intervalMs, endMs, format } = options;
  // A long run is drawn with at most 240 columns: neighbours are added up.
  const group = Math.max(1, Math.ceil(options.rows.length / 240));
  const rows = grouped(options.rows, group);
  const used = rows.flatMap((row) => row.flatMap((count, bucket) => (count > 0 ? [bucket] : [])));
  const first = Math.max(0, used.reduce((min, bucket) => Math.min(min, bucket), bounds.length) - 1);
  const last = used.reduce((max, bucket) => Math.max(max, bucket), 0) + 1;
  const most = maximum(rows.flat());
  const px = (ms: number) => round(plot.left + (ms / Math.max(1, endMs)) * plotWidth);
  const rowHeight = plotHeight / Math.max(1, last - first + 1);
  const py = (bucket: number) => round(plot.top + plotHeight - (bucket - first) * rowHeight);
  const cells = rows.flatMap((row, i) => {
    const left = px(i * group * intervalMs);
    const right = Math.min(px((i + 1) * group * intervalMs), width - plot.right);
    return row.flatMap((count, bucket) => {
      if (count === 0 || right <= left) return [];
      const shade = Math.max(1, Math.ceil(Math.sqrt(count / most) * shades));
      const range = `${format(bucket === 0 ? 0 : bounds[bucket - 1]!)} to ${bounds[bucket] === undefined ? 'more' : format(bounds[bucket])}`;
      return [
        `<rect class="heat h${shade}" x="${left}" y="${py(bucket + 1)}" width="${round(right - left)}" height="${round(rowHeight)}"><title>${seconds(i * group * intervalMs)}: ${count} responses in ${range}</title></rect>`,
      ];
    });
  });
  const every = Math.max(1, Math.ceil((last - first) / 6));
  const labels = Array.from({ length: Math.floor((last - first) / every) + 1 }, (_, i) => first + i * every).flatMap(
    (bucket) => {
      const bound = bounds[bucket];
      if (bound === undefined) return [];
      const y = py(bucket + 1);
      return [
        `<text class="tick" x="${plot.left - 8}" y="${y + 4}" text-anchor="end">${escapeHtml(format(bound))}</text>`,
      ];
    },
  );
  const key = Array.from({ length: shades }, (_, i) => `<span class="swatch heat-key h${i + 1}"></span>`).join('');
  const words = `<span>few</span>${key}<span>many responses (most in one cell: ${most})</span>`;
  return figure(options.title, words, [...labels, ...timeAxis(endMs, px), ...cells]);
}

function grouped(rows: number[][], group: number): number[][] {
  if (group === 1) return rows;
  const result: number[][] = [];
  rows.forEach((row, i) => {
    const into = Math.floor(i / group);
    result[into] ??= [];
    row.forEach((count, bucket) => {
      result[into]![bucket] = (result[into]![bucket] ?? 0) + count;
    });
  });
  return result;
}

function figure(title: string, caption: string, parts: string[]): string {
  return `<figure><h3>${escapeHtml(title)}</h3><div class="chart"><svg viewBox="0 0 ${width} ${height}" role="img" aria-label="${escapeHtml(title)}">${parts.join('')}</svg></div><figcaption>${caption}</figcaption></figure>`;
}

function legend(lines: Line[]): string {
  return lines
    .map((line) => `<span class="key"><span class="swatch ${line.className}"></span>${escapeHtml(line.name)}</span>`)
    .join('');
}

function grid(scale: Scale, options: ChartOptions): string[] {
  return scale.ticks.map((tick) => {
    const y = scale.y(tick);
    return `<path class="grid" d="M${plot.left} ${y}H${width - plot.right}"/><text class="tick" x="${plot.left - 8}" y="${y + 4}" text-anchor="end">${escapeHtml(options.format(tick))}</text>`;
  });
}

function timeAxis(endMs: number, px: (ms: number) => number): string[] {
  const steps = [
    100, 200, 500, 1000, 2000, 5000, 10_000, 30_000, 60_000, 120_000, 300_000, 600_000, 1_800_000, 3_600_000,
  ];
  const step = steps.find((candidate) => endMs / candidate <= 10) ?? Math.ceil(endMs / 36_000_000) * 3_600_000;
  const y = height - plot.bottom;
  const ticks = Array.from({ length: Math.floor(endMs / step) + 1 }, (_, i) => i * step);
  return [
    `<path class="axis" d="M${plot.left} ${y}H${width - plot.right}"/>`,
    ...ticks.map(
      (ms) =>
        `<path class="axis" d="M${px(ms)} ${y}v4"/><text class="tick" x="${px(ms)}" y="${y + 18}" text-anchor="middle">${seconds(ms)}</text>`,
    ),
  ];
}

/** A moment of the run: `2.5s`, `90s` as `1:30`, hours as `1:02:00`. */
function seconds(ms: number): string {
  const total = ms / 1000;
  if (total < 60) return `${Number(total.toFixed(1))}s`;
  const parts = [Math.floor(total / 3600), Math.floor(total / 60) % 60, Math.round(total % 60)];
  const [h, m, s] = parts as [number, number, number];
  const two = (value: number) => String(value).padStart(2, '0');
  return h > 0 ? `${h}:${two(m)}:${two(s)}` : `${m}:${two(s)}`;
}

function maximum(values: number[]): number {
  return values.reduce((max, value) => Math.max(max, value), 0);
}

function round(value: number): number {
  return Math.round(value * 10) / 10;
}
