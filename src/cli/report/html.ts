import { formatDuration } from '../kernel/duration.js';
import type { LatencySummary, LoadResult } from '../load/metrics.js';
import { formatBytes, formatCores, formatCount, formatLatency, formatRate, formatShare } from './format.js';
import { charts } from './html-charts.js';
import { style } from './html-style.js';
import { escapeHtml } from './svg-chart.js';
import { type LoadReport, summarizeWorkloads } from './timeline.js';
import { errorList, type LoadHeading, statusList, verdictMeaning } from './words.js';

/** The report of a run as one HTML file: charts as inline SVG, no script, nothing from outside, light and dark. */
export function htmlReport(result: LoadReport, heading: LoadHeading): string {
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
${workloadTable(result)}
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
    result.targetIterationsPerSecond === undefined
      ? 'closed model'
      : `of ${formatRate(result.targetIterationsPerSecond)}/s asked`;
  const all: [string, string, string][] = [
    ['Rate', `${formatRate(result.achievedRequestsPerSecond, 2)}/s`, asked],
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

function workloadTable({ timeline }: LoadReport): string {
  if (timeline?.workloads === undefined) return '';
  const { rows, missing } = timeline.workloads;
  const lines = summarizeWorkloads(rows).map(
    ({ name, replicas, cpuCores, memoryBytes, throttledShare }) =>
      `<tr><td>${escapeHtml(name)}</td><td>${replicas.least === replicas.most ? replicas.most : `${replicas.least} to ${replicas.most}`}</td><td>${formatCores(cpuCores?.mean)}</td><td>${formatCores(cpuCores?.most)}</td><td>${memoryBytes === undefined ? '-' : formatBytes(memoryBytes)}</td><td>${throttledShare === undefined ? '-' : formatShare(throttledShare)}</td></tr>`,
  );
  const head = ['service', 'replicas', 'CPU cores, mean', 'highest', 'memory, highest', 'throttled, highest'];
  const words = missing.length === 0 ? '' : `<p>Not told: ${escapeHtml(missing.join('; '))}.</p>`;
  return `<section><h2>Services</h2>${lines.length > 0 ? table(head, lines) : '<p>The run was too short to look.</p>'}${words}</section>`;
}

function accounting(result: LoadResult): string {
  const { scheduled, sent, dropped, ok, failed, timedOut, inFlight, bytes } = result;
  const n = formatCount;
  return `<section><h2>Requests</h2>
<p class="sum">scheduled ${n(scheduled)} = sent ${n(sent)} + dropped ${n(dropped)}</p>
<p class="sum">sent ${n(sent)} = ok ${n(ok)} + failed ${n(failed)} + timed out ${n(timedOut)} + in flight at stop ${n(inFlight)}</p>
<p>${formatDuration(result.durationMs)} of arrivals, ${formatDuration(result.totalMs)} until the last response; received ${formatBytes(bytes.received)}, sent ${formatBytes(bytes.sent)}; ${n(result.connections.opened)} connections, ${n(result.connections.preopened)} of them opened before the start; at most ${n(result.peakInFlight)} in flight; ${n(result.workers)} I/O thread${result.workers === 1 ? '' : 's'}${result.pods === undefined ? '' : ` in each of ${n(result.pods)} pods`}.</p>
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
