import { formatDuration } from '../kernel/duration.js';
import type { LatencySummary, LoadResult } from '../load/metrics.js';
import { formatBytes, formatCount, formatLatency, formatRate, formatShare } from './format.js';
import { style } from './html-style.js';
import { binSeries, type Cell } from './series.js';
import { escapeHtml, heatMap, lineChart } from './svg-chart.js';
import { errorList, type LoadHeading, statusList, verdictMeaning } from './words.js';

/** The report of a run as one HTML file: charts as inline SVG, no script, nothing from outside, light and dark. */
export function htmlReport(result: LoadResult, heading: LoadHeading): string {
  const title = `${heading.name}: ${heading.target}`;
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>${escapeHtml(title)} - hwctl load</title>
<style>${style}</style>
</head>
<body>
<main>
${head(result, heading)}
${cards(result)}
${thresholdTable(result)}
${charts(result)}
${latencyTable(result)}
${stepTable(result)}
${outcomes(result)}
${accounting(result)}
${howToRead()}
</main>
</body>
</html>
`;
}

function head(result: LoadResult, heading: LoadHeading): string {
  const { state, reasons } = result.verdict;
  const started = new Date(result.startedAtUnixMs).toISOString().replace('T', ' ').slice(0, 19);
  const items = reasons.map((reason) => `<li>${escapeHtml(reason.message)}</li>`).join('');
  return `<header>
<p class="eyebrow">hwctl load · ${started} UTC</p>
<h1>${escapeHtml(heading.name)}</h1>
<p class="target">${escapeHtml(heading.target)}</p>
<p>${escapeHtml(heading.model)}</p>
<div class="verdict ${state.toLowerCase()}"><strong>${state}</strong><span>${escapeHtml(verdictMeaning(result.verdict))}</span>${items === '' ? '' : `<ul>${items}</ul>`}</div>
</header>`;
}

function cards(result: LoadResult): string {
  const { response } = result.latencyMs;
  const bad = result.failed + result.timedOut;
  const done = result.ok + bad;
  const latency = (ms: number) => (response.count === 0 ? '-' : formatLatency(ms));
  const asked =
    result.targetPerSecond === undefined ? 'closed model' : `of ${formatRate(result.targetPerSecond)}/s asked`;
  const all: [string, string, string][] = [
    ['Rate', `${formatRate(result.achievedPerSecond, 2)}/s`, asked],
    ['Response p50', latency(response.p50), `mean ${latency(response.mean)}`],
    ['Response p95', latency(response.p95), `p90 ${latency(response.p90)}`],
    ['Response p99', latency(response.p99), `slowest ${latency(response.max)}`],
    ['Failed', done === 0 ? '-' : formatShare(bad / done), `${formatCount(bad)} of ${formatCount(done)}`],
    ['Dropped', formatCount(result.dropped), `of ${formatCount(result.scheduled)} scheduled`],
  ];
  const cell = ([name, value, note]: [string, string, string]) =>
    `<div class="card"><span>${name}</span><strong>${escapeHtml(value)}</strong><small>${escapeHtml(note)}</small></div>`;
  return `<section class="cards">${all.map(cell).join('')}</section>`;
}

function thresholdTable(result: LoadResult): string {
  if (result.thresholds.length === 0) return '';
  const rows = result.thresholds.map(
    ({ passed, text, message }) =>
      `<tr class="${passed ? 'good' : 'bad'}"><td>${passed ? '✓ holds' : '✗ failed'}</td><td><code>${escapeHtml(text)}</code></td><td>${escapeHtml(message)}</td></tr>`,
  );
  return `<section><h2>Thresholds</h2>${table(['', 'condition', 'seen'], rows, 'text')}</section>`;
}

function charts(result: LoadResult): string {
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
  const inFlight = lineChart({
    title: 'Requests in flight',
    unit: '',
    x,
    endMs,
    format: (value) => formatRate(value),
    lines: [{ name: 'in flight', className: 'c-1', values: of((cell) => cell.inFlight) }],
  });
  return `<section class="charts">${rate}${latency}${heat(result, endMs)}${outcome}${inFlight}</section>`;
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

const figures = ['min', 'p50', 'p75', 'p90', 'p95', 'p99', 'p999', 'max', 'mean', 'stdev'] as const;

function latencyCells(summary: LatencySummary): string {
  return figures.map((key) => `<td>${summary.count === 0 ? '-' : formatLatency(summary[key])}</td>`).join('');
}

function latencyTable(result: LoadResult): string {
  const { response, service, startLag } = result.latencyMs;
  const { connect, tls, firstByte } = result.timingsMs;
  const rows: [string, LatencySummary][] = [
    ['response', response],
    ['service', service],
    ['start lag', startLag],
    ['first byte', firstByte],
    ['connect', connect],
    ['TLS', tls],
  ];
  const lines = rows
    .filter(([, summary]) => summary.count > 0)
    .map(
      ([name, summary]) => `<tr><td>${name}</td><td>${formatCount(summary.count)}</td>${latencyCells(summary)}</tr>`,
    );
  const head = ['', 'samples', ...figures.map((key) => ({ p999: 'p99.9', stdev: 's.d.' })[key as string] ?? key)];
  return `<section><h2>Latency</h2>${table(head, lines)}</section>`;
}

function stepTable(result: LoadResult): string {
  if (result.steps.length < 2) return '';
  const rows = result.steps.map(
    (step) =>
      `<tr><td>${escapeHtml(step.step)}</td><td>${formatCount(step.count)}</td><td>${formatCount(step.failed)}</td>${latencyCells(step.response)}</tr>`,
  );
  const head = [
    '',
    'requests',
    'failed',
    ...figures.map((key) => ({ p999: 'p99.9', stdev: 's.d.' })[key as string] ?? key),
  ];
  return `<section><h2>Steps (response latency)</h2>${table(head, rows)}</section>`;
}

function outcomes(result: LoadResult): string {
  const statuses = statusList(result.statusCodes);
  const total = statuses.reduce((sum, { count }) => sum + count, 0);
  const statusRows = statuses.map(
    ({ code, count, good }) =>
      `<tr class="${good ? '' : 'bad'}"><td>${code}</td><td>${formatCount(count)}</td><td>${formatShare(count / total)}</td></tr>`,
  );
  const errors = errorList(result.errors);
  const errorRows = errors.map(
    ({ cause, count }) => `<tr class="bad"><td>${escapeHtml(cause)}</td><td>${formatCount(count)}</td></tr>`,
  );
  const checks = Object.entries(result.checks).map(
    ([name, { passed, failed }]) =>
      `<tr class="${failed > 0 ? 'bad' : ''}"><td>${failed > 0 ? '✗' : '✓'} ${escapeHtml(name)}</td><td>${formatCount(passed)}</td><td>${formatCount(failed)}</td></tr>`,
  );
  return `<section class="columns">
<div><h2>Status codes</h2>${statusRows.length > 0 ? table(['code', 'responses', 'share'], statusRows) : '<p>no response</p>'}</div>
<div><h2>Errors by cause</h2>${errorRows.length > 0 ? table(['cause', 'requests'], errorRows) : '<p>none</p>'}</div>
${checks.length > 0 ? `<div><h2>Checks</h2>${table(['check', 'passed', 'failed'], checks)}</div>` : ''}
</section>`;
}

function accounting(result: LoadResult): string {
  const { scheduled, sent, dropped, ok, failed, timedOut, inFlight, bytes } = result;
  const n = formatCount;
  return `<section><h2>Requests</h2>
<p class="sum">scheduled ${n(scheduled)} = sent ${n(sent)} + dropped ${n(dropped)}</p>
<p class="sum">sent ${n(sent)} = ok ${n(ok)} + failed ${n(failed)} + timed out ${n(timedOut)} + in flight at stop ${n(inFlight)}</p>
<p>${formatDuration(result.durationMs)} of arrivals, ${formatDuration(result.totalMs)} until the last response; received ${formatBytes(bytes.received)}, sent ${formatBytes(bytes.sent)}; ${n(result.connections.opened)} connections, ${n(result.connections.preopened)} of them opened before the start; at most ${n(result.peakInFlight)} in flight; ${n(result.workers)} I/O thread${result.workers === 1 ? '' : 's'}.</p>
</section>`;
}

function howToRead(): string {
  return `<section><h2>How to read it</h2>
<p><strong>Response</strong> latency counts from the moment a request was due, so it includes every wait that users would feel. <strong>Service</strong> latency counts from the write. <strong>Start lag</strong> is what the generator itself added; where it is large beside the response latency, the verdict says so. Dropped requests were never sent and are in no latency.</p>
</section>`;
}

function table(head: string[], rows: string[], kind = 'figures'): string {
  return `<div class="scroll"><table class="${kind}"><thead><tr>${head.map((text) => `<th>${escapeHtml(text)}</th>`).join('')}</tr></thead><tbody>${rows.join('')}</tbody></table></div>`;
}
