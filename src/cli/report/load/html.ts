import { formatDuration } from '../../kernel/duration.js';
import type { LatencySummary, LoadResult } from '../../load/measure/metrics.js';
import { formatBytes, formatCount, formatLatency, formatRate, formatShare } from '../format.js';
import { faultSection } from './faults.js';
import { charts } from './html-charts.js';
import { findMaxSection, howItRan, htmlHead, thresholdTable } from './html-head.js';
import { style } from './html-style.js';
import { type HtmlRow, htmlTable } from './html-table.js';
import { workloadTable } from './html-workloads.js';
import { outcomeOf } from './outcome.js';
import { escapeHtml } from './svg-chart.js';
import type { LoadReport } from './timeline.js';
import { errorList, type LoadHeading, statusList } from './words.js';

/** The report of a run as one HTML file: charts as inline SVG, no script, nothing from outside, light and dark. */
export function htmlReport(result: LoadReport, heading: LoadHeading): string {
  const title = `${outcomeOf(result).word}: ${heading.name}, ${heading.target}`;
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
${htmlHead(result, heading)}
${cards(result)}
${findMaxSection(result)}
${thresholdTable(result)}
${faultSection(result)}
${charts(result)}
${latencyTable(result)}
${stepTable(result)}
${outcomes(result)}
${workloadTable(result)}
${accounting(result)}
${howItRan(result, heading)}
${howToRead()}
</main>
</body>
</html>
`;
}

function cards(result: LoadResult): string {
  const { response } = result.latencyMs;
  const bad = result.failed + result.timedOut;
  const done = result.ok + bad;
  const latency = (ms: number) => (response.count === 0 ? '-' : formatLatency(ms));
  const { unit } = result.arrivals;
  const target = result.targetIterationsPerSecond;
  const iterations = result.achievedIterationsPerSecond;
  const requests = result.achievedRequestsPerSecond;
  const rate = formatRate(unit === 'requests' ? requests : iterations, 2);
  const asked = target === undefined ? 'closed model' : `${formatRate(target)} asked`;
  const more = unit === 'requests' ? '' : `; ${formatRate(requests)} requests/s`;
  const all: [name: string, value: string, note: string, bad?: boolean][] = [
    [unit === 'requests' ? 'Requests/s' : 'Iterations/s', rate, `${asked}${more}`],
    ['Response p50', latency(response.p50), `mean ${latency(response.mean)}`],
    ['Response p95', latency(response.p95), `p90 ${latency(response.p90)}`],
    ['Response p99', latency(response.p99), `slowest ${latency(response.max)}`],
    ['Failed', done === 0 ? '-' : formatShare(bad / done), `${formatCount(bad)} of ${formatCount(done)}`, bad > 0],
    ['Dropped', formatCount(result.dropped), `of ${formatCount(result.scheduled)} scheduled`, result.dropped > 0],
  ];
  const cell = ([name, value, note, isBad]: (typeof all)[number]) =>
    `<div class="card${isBad ? ' bad' : ''}"><span>${name}</span><strong>${escapeHtml(value)}</strong><small>${escapeHtml(note)}</small></div>`;
  return `<section class="cards">${all.map(cell).join('')}</section>`;
}

const figures = ['min', 'p50', 'p75', 'p90', 'p95', 'p99', 'p999', 'max', 'mean', 'stdev'] as const;

const figureNames = figures.map((key) => ({ p999: 'p99.9', stdev: 's.d.' })[key as string] ?? key);

function latencyCells(summary: LatencySummary): string[] {
  return figures.map((key) => (summary.count === 0 ? '-' : formatLatency(summary[key])));
}

function latencyTable(result: LoadResult): string {
  const { response, service, startLag } = result.latencyMs;
  const { connect, tls, firstByte } = result.timingsMs;
  const all: [string, LatencySummary][] = [
    ['response', response],
    ['service', service],
    ['start lag', startLag],
    ['first byte', firstByte],
    ['connect', connect],
    ['TLS', tls],
  ];
  const rows = all
    .filter(([, summary]) => summary.count > 0)
    .map(([name, summary]) => ({ cells: [name, formatCount(summary.count), ...latencyCells(summary)] }));
  return `<section><h2>Latency</h2>${htmlTable(['', 'samples', ...figureNames], rows)}</section>`;
}

function stepTable({ steps }: LoadResult): string {
  if (steps.length < 2) return '';
  const rows = steps.map(({ step, count, failed, response }): HtmlRow => {
    const cells = [step, formatCount(count), formatCount(failed), ...latencyCells(response)];
    return { cells, mood: failed > 0 ? 'bad' : undefined };
  });
  return `<section><h2>Steps (response latency)</h2>${htmlTable(['', 'requests', 'failed', ...figureNames], rows)}</section>`;
}

function outcomes(result: LoadResult): string {
  const statuses = statusList(result.statusCodes);
  const total = statuses.reduce((sum, { count }) => sum + count, 0);
  const statusRows = statuses.map(
    ({ code, count, good }): HtmlRow => ({
      cells: [code, formatCount(count), formatShare(count / total)],
      mood: good ? undefined : 'bad',
    }),
  );
  const errorRows = errorList(result.errors).map(
    ({ cause, count }): HtmlRow => ({ cells: [cause, formatCount(count)], mood: 'bad' }),
  );
  const checks = Object.entries(result.checks).map(
    ([name, { passed, failed }]): HtmlRow => ({
      cells: [`${failed > 0 ? '✗' : '✓'} ${name}`, formatCount(passed), formatCount(failed)],
      mood: failed > 0 ? 'bad' : undefined,
    }),
  );
  return `<section class="columns">
<div><h2>Status codes</h2>${statusRows.length > 0 ? htmlTable(['code', 'responses', 'share'], statusRows) : '<p>no response</p>'}</div>
<div><h2>Errors by cause</h2>${errorRows.length > 0 ? htmlTable(['cause', 'requests'], errorRows) : '<p>none</p>'}</div>
${checks.length > 0 ? `<div><h2>Checks</h2>${htmlTable(['check', 'passed', 'failed'], checks)}</div>` : ''}
</section>`;
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
