import type { LatencySummary, LoadResult } from '../../../load/measure/metrics.js';
import {
  badStatuses,
  completed,
  concurrencyOf,
  firstRequest,
  type Layout,
  type LayoutInput,
  responses,
} from './layout.js';

const percentages = [50, 66, 75, 80, 90, 95, 98, 99, 100];

/** ApacheBench's report (with keep-alive, which is how hwctl sends). Latencies are whole milliseconds, as ab's are. */
export const abLayout: Layout = (input) => {
  const { result, plan } = input;
  const url = new URL(plan.endpoint.url);
  const seconds = result.totalMs / 1000;
  const done = completed(result);
  const perSecond = seconds > 0 ? done / seconds : 0;
  const concurrency = concurrencyOf(input);
  const bodyBytes = (result.server.bodyBytes ?? 0) * responses(result);
  const field = (name: string, value: string) => `${`${name}:`.padEnd(24)}${value}`;
  const lines = [
    `This is hwctl, in the layout of ApacheBench, Version 2.3`,
    '',
    `Benchmarking ${url.hostname} (be patient).....done`,
    '',
    '',
    field('Server Software', result.server.software ?? ''),
    field('Server Hostname', url.hostname),
    field('Server Port', url.port || (url.protocol === 'https:' ? '443' : '80')),
    '',
    field('Document Path', firstRequest(plan).path),
    field('Document Length', `${result.server.bodyBytes ?? 0} bytes`),
    '',
    field('Concurrency Level', String(concurrency)),
    field('Time taken for tests', `${seconds.toFixed(3)} seconds`),
    field('Complete requests', String(done)),
    ...failedLines(result, field),
    field('Keep-Alive requests', String(Math.max(0, responses(result) - opened(result)))),
    field('Total transferred', `${result.bytes.received} bytes`),
    field('HTML transferred', `${bodyBytes} bytes`),
    field('Requests per second', `${perSecond.toFixed(2)} [#/sec] (mean)`),
    field('Time per request', `${(done > 0 ? (concurrency * result.totalMs) / done : 0).toFixed(3)} [ms] (mean)`),
    field(
      'Time per request',
      `${(done > 0 ? result.totalMs / done : 0).toFixed(3)} [ms] (mean, across all concurrent requests)`,
    ),
    field(
      'Transfer rate',
      `${(seconds > 0 ? result.bytes.received / 1024 / seconds : 0).toFixed(2)} [Kbytes/sec] received`,
    ),
    '',
    ...connectionTimes(input),
    '',
    ...percentageLines(input),
  ];
  return `${lines.join('\n')}\n`;
};

function failedLines(result: LoadResult, field: (name: string, value: string) => string): string[] {
  const wire = result.failed + result.timedOut - badStatusFailures(result);
  const lines = [field('Failed requests', String(Math.max(0, wire)))];
  if (wire > 0)
    lines.push(
      `   (Connect: ${count(result, /connect|refused/i)}, Receive: ${count(result, /reset|closed|incomplete|body/i)}, Length: 0, Exceptions: ${result.timedOut})`,
    );
  const bad = badStatuses(result);
  if (bad > 0) lines.push(field('Non-2xx responses', String(bad)));
  return lines;
}

/** Failures that are complete responses with a bad status; ab does not call these failed. */
function badStatusFailures(result: LoadResult): number {
  return Math.min(result.failed, badStatuses(result));
}

function count(result: LoadResult, pattern: RegExp): number {
  return Object.entries(result.errors).reduce((sum, [cause, times]) => (pattern.test(cause) ? sum + times : sum), 0);
}

/** Connections that were opened for a request during the run, not before it. */
function opened(result: LoadResult): number {
  return Math.max(0, result.connections.opened - result.connections.preopened);
}

interface Row {
  min: number;
  mean: number;
  sd: number;
  median: number;
  max: number;
}

function connectionTimes({ result }: LayoutInput): string[] {
  const rows: [string, Row][] = [
    ['Connect', connectRow(result)],
    ['Processing', rowOf(result.latencyMs.service)],
    ['Waiting', rowOf(result.timingsMs.firstByte)],
    ['Total', rowOf(result.latencyMs.response)],
  ];
  const cell = (value: number, width: number) => String(Math.round(value)).padStart(width);
  return [
    'Connection Times (ms)',
    '              min  mean[+/-sd] median   max',
    ...rows.map(
      ([name, { min, mean, sd, median, max }]) =>
        `${`${name}:`.padEnd(12)}${cell(min, 5)} ${cell(mean, 4)} ${sd.toFixed(1).padStart(5)} ${cell(median, 6)} ${cell(max, 7)}`,
    ),
  ];
}

function rowOf(summary: LatencySummary): Row {
  const { min, mean, stdev: sd, p50: median, max } = summary;
  return { min, mean, sd, median, max };
}

/** Most requests find a connection open: their connect time is 0. */
function connectRow(result: LoadResult): Row {
  const all = responses(result);
  const connects = Math.min(opened(result), all);
  if (connects === 0) return { min: 0, mean: 0, sd: 0, median: 0, max: 0 };
  const { mean, stdev, max, min, p50 } = result.timingsMs.connect;
  const share = connects / all;
  const overall = mean * share;
  const sd = Math.sqrt(Math.max(0, share * (stdev ** 2 + mean ** 2) - overall ** 2));
  return { min: share === 1 ? min : 0, mean: overall, sd, median: share > 0.5 ? p50 : 0, max };
}

function percentageLines({ result, response }: LayoutInput): string[] {
  if (result.latencyMs.response.count === 0) return [];
  const value = (percent: number) =>
    Math.round(percent === 100 ? result.latencyMs.response.max : response.percentileMs(percent));
  return [
    'Percentage of the requests served within a certain time (ms)',
    ...percentages.map(
      (percent) =>
        `${String(percent).padStart(4)}%  ${String(value(percent)).padStart(5)}${percent === 100 ? ' (longest request)' : ''}`,
    ),
  ];
}
