import { htmlText, oneLine } from '../../kernel/text.js';
import { formatMoment } from '../format.js';

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

/** A moment on a chart; its label is a tooltip. */
interface Mark {
  atMs: number;
  label: string;
  /** True of a fault, false of a recovery from one. */
  isFault?: boolean;
}

export interface ChartOptions {
  title: string;
  /** Milliseconds of each point. */
  x: number[];
  /** End of the time axis in milliseconds. */
  endMs: number;
  lines: Line[];
  /** Stands beside the legend. */
  note?: string;
  /** Draw the areas under the lines, stacked, instead of the lines. */
  stacked?: boolean;
  /** A logarithmic axis, for latencies that span decades. */
  logarithmic?: boolean;
  /** Values are counts: no gridline between two whole numbers. */
  whole?: boolean;
  /** Levels drawn across: what a threshold asks for. */
  levels?: { value: number; label: string }[];
  /** Moments drawn from top to bottom: where a stage begins, where a fault was. */
  marks?: Mark[];
  format(value: number): string;
}

/** A chart is drawn twice, for screens of two widths, and the style sheet shows one: text stays legible on a phone. */
interface Frame {
  className: 'wide' | 'narrow';
  width: number;
  /** Of the plot itself. */
  left: number;
  right: number;
  /** Marks on the time axis at most; columns of a heat map at most; stretches with a tooltip of their own at most. */
  ticks: number;
  columns: number;
  hovers: number;
}

const frames: Frame[] = [
  { className: 'wide', width: 960, left: 64, right: 944, ticks: 10, columns: 240, hovers: 120 },
  { className: 'narrow', width: 400, left: 56, right: 392, ticks: 4, columns: 70, hovers: 40 },
];
const height = 230;
const plot = { top: 14, bottom: 34 };
const plotHeight = height - plot.top - plot.bottom;

function xScale(frame: Frame, endMs: number): (ms: number) => number {
  return (ms) => round(frame.left + (ms / Math.max(1, endMs)) * (frame.right - frame.left));
}

/** A time chart as inline SVG: gridlines with values, a time axis, a legend in words. Needs no script. */
export function lineChart(options: ChartOptions): string {
  const { lines, x, endMs } = options;
  const totals = options.stacked ? x.map((_, i) => lines.reduce((sum, line) => sum + (line.values[i] ?? 0), 0)) : [];
  const highest = options.stacked
    ? maximum(totals)
    : maximum([
        ...lines.flatMap((line) => line.values.filter((value) => value !== undefined)),
        ...(options.levels ?? []).map(({ value }) => value),
      ]);
  const scale = options.logarithmic ? logScale(lines, highest) : linearScale(highest, options.whole === true ? 1 : 0);
  return figure(options.title, legend(options), (frame) => {
    const px = xScale(frame, endMs);
    const shapes = options.stacked
      ? stackedAreas(options, px, scale.y)
      : lines.map((line) => path(line, x, px, scale.y));
    return [
      ...grid(scale, options, frame),
      ...timeAxis(endMs, px, frame),
      ...marks(options, px),
      ...shapes,
      ...levels(options, scale.y, frame),
      ...hovers(options, px, frame),
    ];
  });
}

/** Boundaries of stages, faults, recoveries; their labels are in the tooltip and in a table. */
function marks({ marks = [] }: Pick<ChartOptions, 'marks'>, px: (ms: number) => number): string[] {
  return marks.map(
    ({ atMs, label, isFault }) =>
      `<path class="mark${isFault === undefined ? '' : isFault ? ' fault' : ' recovery'}" d="M${px(atMs)} ${plot.top}V${height - plot.bottom}"><title>${escapeHtml(label)}</title></path>${isFault === true ? `<path class="fault-head" d="M${round(px(atMs) - 5)} ${plot.top - 9}h10l-5 9z"><title>${escapeHtml(label)}</title></path>` : ''}`,
  );
}

function levels({ levels = [] }: ChartOptions, py: (value: number) => number, frame: Frame): string[] {
  return levels.map(
    ({ value, label }) =>
      `<path class="level" d="M${frame.left} ${py(value)}H${frame.right}"/><text class="tick level-text" x="${frame.right - 4}" y="${Math.max(plot.top + 10, round(py(value) - 4))}" text-anchor="end">${escapeHtml(label)}</text>`,
  );
}

/** The values under the cursor, without a script: a transparent column a point, or several points where they are many. */
function hovers({ lines, x, endMs, format }: ChartOptions, px: (ms: number) => number, frame: Frame): string[] {
  const every = Math.max(1, Math.ceil(x.length / frame.hovers));
  return x.flatMap((ms, i) => {
    if (i % every !== 0) return [];
    const left = i === 0 ? px(0) : px((x[i - 1]! + ms) / 2);
    const right = i + every >= x.length ? px(endMs) : px((x[i + every - 1]! + x[i + every]!) / 2);
    const values = lines.flatMap(({ name, values }) => (values[i] === undefined ? [] : `${name} ${format(values[i])}`));
    if (right <= left || values.length === 0) return [];
    return `<rect class="hover" x="${left}" y="${plot.top}" width="${round(right - left)}" height="${plotHeight}"><title>${formatMoment(ms)}: ${escapeHtml(values.join(', '))}</title></rect>`;
  });
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
  marks?: Mark[];
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
  const used = options.rows.flatMap((row) => row.flatMap((count, bucket) => (count > 0 ? [bucket] : [])));
  const first = Math.max(0, used.reduce((min, bucket) => Math.min(min, bucket), bounds.length) - 1);
  const last = used.reduce((max, bucket) => Math.max(max, bucket), 0) + 1;
  const rowHeight = plotHeight / Math.max(1, last - first + 1);
  const py = (bucket: number) => round(plot.top + plotHeight - (bucket - first) * rowHeight);
  const every = Math.max(1, Math.ceil((last - first) / 6));
  const ticks = Array.from({ length: Math.floor((last - first) / every) + 1 }, (_, i) => first + i * every);
  const key = Array.from({ length: shades }, (_, i) => `<span class="swatch heat-key h${i + 1}"></span>`).join('');
  const words = `<span>few</span>${key}<span>many responses at once</span>`;
  return figure(options.title, words, (frame) => {
    // A long run is drawn with fewer columns: neighbours are added up.
    const group = Math.max(1, Math.ceil(options.rows.length / frame.columns));
    const rows = grouped(options.rows, group);
    const most = maximum(rows.flat());
    const px = xScale(frame, endMs);
    const cells = rows.flatMap((row, i) => {
      const left = px(i * group * intervalMs);
      const right = Math.min(px((i + 1) * group * intervalMs), frame.right);
      return row.flatMap((count, bucket) => {
        if (count === 0 || right <= left) return [];
        const shade = Math.max(1, Math.ceil(Math.sqrt(count / most) * shades));
        const range = `${format(bucket === 0 ? 0 : bounds[bucket - 1]!)} to ${bounds[bucket] === undefined ? 'more' : format(bounds[bucket])}`;
        return [
          `<rect class="heat h${shade}" x="${left}" y="${py(bucket + 1)}" width="${round(right - left)}" height="${round(rowHeight)}"><title>${formatMoment(i * group * intervalMs)}: ${count} responses in ${range}</title></rect>`,
        ];
      });
    });
    const labels = ticks.flatMap((bucket) => {
      const bound = bounds[bucket];
      return bound === undefined ? [] : [tickText(frame, py(bucket + 1), format(bound))];
    });
    return [...labels, ...timeAxis(endMs, px, frame), ...cells, ...marks(options, px)];
  });
}

function tickText(frame: Frame, y: number, text: string): string {
  return `<text class="tick" x="${frame.left - 8}" y="${y + 4}" text-anchor="end">${escapeHtml(text)}</text>`;
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

function figure(title: string, caption: string, draw: (frame: Frame) => string[]): string {
  const label = escapeHtml(title);
  const pictures = frames.map(
    (frame) =>
      `<svg class="${frame.className}" viewBox="0 0 ${frame.width} ${height}" role="img" aria-label="${label}">${draw(frame).join('')}</svg>`,
  );
  return `<figure><h3>${label}</h3>${pictures.join('')}<figcaption>${caption}</figcaption></figure>`;
}

function legend({ lines, note }: ChartOptions): string {
  const keys = lines.map(
    (line) => `<span class="key"><span class="swatch ${line.className}"></span>${escapeHtml(line.name)}</span>`,
  );
  return `${keys.join('')}${note === undefined ? '' : `<span>${escapeHtml(note)}</span>`}`;
}

function grid(scale: Scale, options: ChartOptions, frame: Frame): string[] {
  return scale.ticks.map((tick) => {
    const y = scale.y(tick);
    return `<path class="grid" d="M${frame.left} ${y}H${frame.right}"/>${tickText(frame, y, options.format(tick))}`;
  });
}

function timeAxis(endMs: number, px: (ms: number) => number, frame: Frame): string[] {
  const steps = [
    100, 200, 500, 1000, 2000, 5000, 10_000, 30_000, 60_000, 120_000, 300_000, 600_000, 1_800_000, 3_600_000,
  ];
  const step =
    steps.find((candidate) => endMs / candidate <= frame.ticks) ??
    Math.ceil(endMs / (frame.ticks * 3_600_000)) * 3_600_000;
  const y = height - plot.bottom;
  const ticks = Array.from({ length: Math.floor(endMs / step) + 1 }, (_, i) => i * step);
  return [
    `<path class="axis" d="M${frame.left} ${y}H${frame.right}"/>`,
    ...ticks.map(
      (ms) =>
        `<path class="axis" d="M${px(ms)} ${y}v4"/><text class="tick" x="${px(ms)}" y="${y + 18}" text-anchor="middle">${formatMoment(ms)}</text>`,
    ),
  ];
}

function maximum(values: number[]): number {
  return values.reduce((max, value) => Math.max(max, value), 0);
}

function round(value: number): number {
  return Math.round(value * 10) / 10;
}
