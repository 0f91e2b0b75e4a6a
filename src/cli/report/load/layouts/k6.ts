import type { LatencySummary, LoadResult } from '../../../load/measure/metrics.js';
import { concurrencyOf, type Distribution, type Layout } from './layout.js';

type Metric =
  | { type: 'trend'; values: string[] }
  | { type: 'counter' | 'gauge' | 'rate'; value: string; extras: string[] };

const statNames = ['avg', 'min', 'med', 'max', 'p(90)', 'p(95)'];

/**
 * k6's end-of-test summary (its internal/js/summary.js describes it): thresholds, checks, then HTTP, EXECUTION and NETWORK.
 * `vus` are requests under way, since an open model has no users.
 */
export const k6Layout: Layout = ({ result, response, atOnce }) => {
  const lines: string[] = [];
  if (result.thresholds.length > 0) lines.push('  █ THRESHOLDS', '', ...thresholdLines(result, response), '');
  lines.push('  █ TOTAL RESULTS', '');
  const seconds = result.durationMs / 1000;
  const checks = Object.entries(result.checks);
  if (checks.length > 0) lines.push(...checkLines(checks, seconds), '');
  const peak = concurrencyOf({ result, atOnce });
  const http = httpMetrics(result, seconds);
  const execution = executionMetrics(result, seconds, peak);
  const network = networkMetrics(result, seconds);
  // One set of column widths for the three sections.
  const columns = columnsOf({ ...http, ...execution, ...network });
  lines.push('    HTTP', ...metricLines(http, columns), '');
  lines.push('    EXECUTION', ...metricLines(execution, columns), '');
  lines.push('    NETWORK', ...metricLines(network, columns), '');
  return `\n${lines.map((line) => line.trimEnd()).join('\n')}\n`;
};

function httpMetrics(result: LoadResult, seconds: number): Record<string, Metric> {
  const metrics: Record<string, Metric> = { http_req_duration: trend(result.latencyMs.response) };
  const bad = result.failed + result.timedOut;
  // The durations of the good responses alone are known where all are good.
  if (bad === 0 && result.ok > 0)
    metrics['http_req_duration{expected_response:true}'] = trend(result.latencyMs.response);
  metrics.http_req_failed = rate(bad, result.ok + bad);
  metrics.http_reqs = counter(result.ok + bad, seconds);
  return metrics;
}

function executionMetrics(result: LoadResult, seconds: number, peak: number): Record<string, Metric> {
  const { ok, failed } = result.iterations;
  const metrics: Record<string, Metric> = {};
  if (result.dropped > 0) metrics.dropped_iterations = counter(result.dropped, seconds);
  // One request an iteration: its duration is the iteration's.
  if (result.steps.length === 1) metrics.iteration_duration = trend(result.latencyMs.response);
  metrics.iterations = counter(ok + failed, seconds);
  const rows = result.series.rows;
  const lowest = rows.reduce((min, row) => Math.min(min, row.inFlight), peak);
  metrics.vus = gauge(rows.at(-1)?.inFlight ?? 0, lowest, result.peakInFlight);
  metrics.vus_max = gauge(peak, peak, peak);
  return metrics;
}

function networkMetrics(result: LoadResult, seconds: number): Record<string, Metric> {
  const data = (bytes: number): Metric => ({
    type: 'counter',
    value: humanBytes(bytes),
    extras: [`${humanBytes(perSecond(bytes, seconds))}/s`],
  });
  return { data_received: data(result.bytes.received), data_sent: data(result.bytes.sent) };
}

function checkLines(checks: [string, { passed: number; failed: number }][], seconds: number): string[] {
  const passed = checks.reduce((sum, [, check]) => sum + check.passed, 0);
  const failed = checks.reduce((sum, [, check]) => sum + check.failed, 0);
  const metrics = {
    checks_total: counter(passed + failed, seconds),
    checks_succeeded: rate(passed, passed + failed),
    checks_failed: rate(failed, passed + failed),
  };
  const lines = metricLines(metrics, columnsOf(metrics));
  const named = checks.flatMap(([name, check]) => {
    if (check.failed === 0) return [`    ✓ ${name}`];
    const share = Math.floor((100 * check.passed) / (check.passed + check.failed));
    return [`    ✗ ${name}`, `      ↳  ${share}% — ✓ ${check.passed} / ✗ ${check.failed}`];
  });
  return [...lines, '', ...named];
}

interface Columns {
  name: number;
  trend: number[];
  value: number;
  extras: number[];
}

function columnsOf(metrics: Record<string, Metric>): Columns {
  const all = Object.values(metrics);
  const plain = all.filter((metric) => metric.type !== 'trend');
  const widest = (lengths: number[]) => Math.max(0, ...lengths);
  return {
    // k6 measures a name together with its display name, which is why its dots run so far.
    name: widest(Object.keys(metrics).map((name) => indentOf(name).length + name.length + displayName(name).length)),
    trend: statNames.map((_, i) =>
      widest(all.map((metric) => (metric.type === 'trend' ? metric.values[i]!.length : 0))),
    ),
    value: widest(plain.map((metric) => metric.value.length)),
    extras: [0, 1].map((i) => widest(plain.map((metric) => metric.extras[i]?.length ?? 0))),
  };
}

/** Names with dots to one column, values aligned; a submetric shows its tags alone, under its parent. */
function metricLines(metrics: Record<string, Metric>, columns: Columns): string[] {
  return Object.entries(metrics).map(([name, metric]) => {
    const shown = `${indentOf(name)}${displayName(name)}`;
    // The name column includes the deepest indent; 3 more dots always.
    return `${shown}${'.'.repeat(columns.name - shown.length + 3)}: ${values(metric, columns)}`;
  });
}

function indentOf(name: string): string {
  return name.includes('{') ? '      ' : '    ';
}

function values(metric: Metric, columns: Columns): string {
  if (metric.type === 'trend')
    return metric.values.map((value, i) => `${statNames[i]}=${value.padEnd(columns.trend[i]!)}`).join(' ');
  const [only, ...more] = metric.extras;
  const extras = more.length === 0 ? only! : metric.extras.map((text, i) => text.padEnd(columns.extras[i]!)).join(' ');
  return `${metric.value.padEnd(columns.value)} ${extras}`;
}

function displayName(name: string): string {
  const brace = name.indexOf('{');
  return brace < 0 ? name : `{ ${name.slice(brace + 1, -1)} }`;
}

function trend(summary: LatencySummary): Metric {
  const { mean, min, p50, max, p90, p95 } = summary;
  return { type: 'trend', values: [mean, min, p50, max, p90, p95].map(humanDuration) };
}

function counter(count: number, seconds: number): Metric {
  return { type: 'counter', value: String(count), extras: [`${sixDigits(perSecond(count, seconds))}/s`] };
}

function rate(part: number, whole: number): Metric {
  return { type: 'rate', value: percent(whole === 0 ? 0 : part / whole), extras: [`${part} out of ${whole}`] };
}

function gauge(now: number, min: number, max: number): Metric {
  return { type: 'gauge', value: String(now), extras: [`min=${min}`, `max=${max}`] };
}

function perSecond(count: number, seconds: number): number {
  return seconds > 0 ? count / seconds : 0;
}

function percent(share: number): string {
  return `${(Math.trunc(share * 100 * 100) / 100).toFixed(2)}%`;
}

function sixDigits(value: number): string {
  return String(Number(value.toFixed(6)));
}

function truncated(value: number, digits: number): string {
  return String(Math.trunc(value * 10 ** digits) / 10 ** digits);
}

/** k6 cuts, it does not round: `6.19ms`, `335.11µs`, `1m30s`. */
function humanDuration(ms: number): string {
  if (ms === 0) return '0s';
  if (ms < 0.001) return `${Math.trunc(ms * 1e6)}ns`;
  if (ms < 1) return `${truncated(ms * 1000, 2)}µs`;
  if (ms < 1000) return `${truncated(ms, 2)}ms`;
  const seconds = `${truncated((ms % 60_000) / 1000, ms > 60_000 ? 0 : 2)}s`;
  const minutes = Math.trunc(ms / 60_000);
  if (minutes < 1) return seconds;
  const hours = Math.trunc(minutes / 60);
  return `${hours < 1 ? '' : `${hours}h`}${minutes % 60}m${seconds}`;
}

function humanBytes(bytes: number): string {
  if (bytes < 10) return `${sixDigits(bytes)} B`;
  const units = ['B', 'kB', 'MB', 'GB', 'TB', 'PB'];
  const exponent = Math.min(units.length - 1, Math.floor(Math.log10(bytes) / 3));
  const value = Math.floor((bytes / 1000 ** exponent) * 10 + 0.5) / 10;
  return `${value.toFixed(value < 10 ? 1 : 0)} ${units[exponent]}`;
}

const k6Names: Record<string, string> = {
  response: 'http_req_duration',
  latency: 'http_req_duration',
  service: 'http_req_waiting',
  error_rate: 'http_req_failed',
  errors: 'http_req_failed',
  dropped: 'dropped_iterations',
};
const thresholdParts = /^(?:([a-z_]+)\s*:\s*)?([a-z_]+(?:\([\d.\s]+\))?)\s*([<>=!]=?=?)\s*(.+)$/i;

function thresholdLines(result: LoadResult, response: Distribution): string[] {
  const byMetric = new Map<string, string[]>();
  for (const outcome of result.thresholds) {
    const [, metricName, subject = '', operator = '', bound = ''] = thresholdParts.exec(outcome.text) ?? [];
    const isStatistic = /^(p\(|avg$|mean$|min$|med$|max$)/.test(subject);
    const ours = metricName ?? (isStatistic ? 'response' : subject);
    const metric = k6Names[ours] ?? ours;
    const statistic = metricName === undefined && !isStatistic ? defaultStatistic(metric) : subject;
    const source = `${statistic}${operator}${k6Bound(metric, bound)}`;
    const lines = byMetric.get(metric) ?? [];
    lines.push(
      `    ${outcome.passed ? '✓' : '✗'} '${source}' ${statistic}=${actualValue(metric, statistic, outcome.actual, response)}`,
    );
    byMetric.set(metric, lines);
  }
  return [...byMetric]
    .sort(([a], [b]) => a.localeCompare(b))
    .flatMap(([metric, lines]) => [`    ${metric}`, ...lines, '']);
}

function defaultStatistic(metric: string): string {
  return metric === 'http_req_failed' || metric === 'checks' ? 'rate' : 'count';
}

function k6Bound(metric: string, bound: string): string {
  const value = Number.parseFloat(bound);
  if (bound.endsWith('%')) return String(value / 100);
  if (metric.startsWith('http_req_') && metric !== 'http_req_failed') {
    if (bound.endsWith('us')) return String(value / 1000);
    if (bound.endsWith('s') && !bound.endsWith('ms')) return String(value * 1000);
  }
  return String(value);
}

function actualValue(metric: string, statistic: string, actual: number | undefined, response: Distribution): string {
  const percentile = /^p\(([\d.]+)\)$/.exec(statistic);
  if (actual === undefined) return '0';
  if (metric === 'http_req_failed' || metric === 'checks') return percent(actual);
  if (metric === 'http_req_duration' && percentile !== null)
    return humanDuration(response.percentileMs(Number(percentile[1])));
  if (metric.startsWith('http_req_') || metric === 'start_lag') return humanDuration(actual);
  return statistic === 'rate' ? `${sixDigits(actual)}/s` : sixDigits(actual);
}
