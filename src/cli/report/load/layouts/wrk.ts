import type { LoadResult } from '../../../load/measure/metrics.js';
import { badStatuses, concurrencyOf, type Layout, type LayoutInput, responses } from './layout.js';

/** wrk's report with --latency. */
export const wrkLayout: Layout = (input) => {
  const { result, response } = input;
  const seconds = result.totalMs / 1000;
  // A broken request is a socket error to wrk, and no request.
  const done = responses(result);
  const latency = result.latencyMs.response;
  const rates = perThreadRates(result);
  const lines = [
    `Running ${timeSeconds(Math.max(1, Math.round(result.durationMs / 1000)))} test @ ${result.url}`,
    `  ${result.workers} threads and ${Math.max(concurrencyOf(input), 1)} connections`,
    `  Thread Stats${'Avg'.padStart(6)}${'Stdev'.padStart(11)}${'Max'.padStart(8)}${'+/- Stdev'.padStart(12)}`,
    statsLine('Latency', latency.mean * 1000, latency.stdev * 1000, latency.max * 1000, latencyWithin(input), time),
    statsLine('Req/Sec', rates.mean, rates.stdev, rates.max, rates.within, metric),
    '  Latency Distribution',
    ...[50, 75, 90, 99].map((percent) => {
      const us = latency.count === 0 ? 0 : response.percentileMs(percent) * 1000;
      return `${String(percent).padStart(7)}%${units(time(us), 10)}`;
    }),
    `  ${done} requests in ${time(result.totalMs * 1000)}, ${binary(result.bytes.received)}B read`,
    ...socketErrors(result),
    ...(badStatuses(result) > 0 ? [`  Non-2xx or 3xx responses: ${badStatuses(result)}`] : []),
    `Requests/sec: ${(seconds > 0 ? done / seconds : 0).toFixed(2).padStart(9)}`,
    `Transfer/sec: ${binary(seconds > 0 ? result.bytes.received / seconds : 0).padStart(10)}B`,
  ];
  return `${lines.join('\n')}\n`;
};

function statsLine(
  name: string,
  mean: number,
  stdev: number,
  max: number,
  within: number,
  format: (value: number) => string,
): string {
  return `    ${name.padEnd(10)}${units(format(mean), 8)}${units(format(stdev), 10)}${units(format(max), 9)}${within.toFixed(2).padStart(8)}%`;
}

/** Share of the samples within one standard deviation of the mean, in per cent. */
function latencyWithin({ result, response }: LayoutInput): number {
  const { mean, stdev, count } = result.latencyMs.response;
  if (count === 0) return 0;
  const inside = response.countUpTo(mean + stdev) - response.countUpTo(Math.max(0, mean - stdev));
  return (inside / count) * 100;
}

/** wrk samples each thread's rate ten times a second; the series has the same slots. */
function perThreadRates(result: LoadResult): { mean: number; stdev: number; max: number; within: number } {
  const { rows, intervalMs } = result.series;
  const rates = rows
    .map((row) => ((row.ok + row.failed + row.timedOut) * 1000) / intervalMs / result.workers)
    .filter((rate) => rate > 0);
  if (rates.length === 0) return { mean: 0, stdev: 0, max: 0, within: 0 };
  const mean = rates.reduce((sum, rate) => sum + rate, 0) / rates.length;
  const variance = rates.reduce((sum, rate) => sum + (rate - mean) ** 2, 0) / Math.max(1, rates.length - 1);
  const stdev = Math.sqrt(variance);
  const inside = rates.filter((rate) => Math.abs(rate - mean) <= stdev).length;
  return {
    mean,
    stdev,
    max: rates.reduce((max, rate) => Math.max(max, rate), 0),
    within: (inside / rates.length) * 100,
  };
}

function socketErrors(result: LoadResult): string[] {
  const wire = result.failed - Math.min(result.failed, badStatuses(result));
  if (wire + result.timedOut <= 0) return [];
  let connect = 0;
  for (const [cause, count] of Object.entries(result.errors)) if (/connect|refused/i.test(cause)) connect += count;
  connect = Math.min(connect, wire);
  return [`  Socket errors: connect ${connect}, read ${wire - connect}, write 0, timeout ${result.timedOut}`];
}

/** Right-aligned so that the digits line up whether the unit has none, one or two letters. */
function units(text: string, width: number): string {
  const letters = /[a-z]{1,2}$/i.exec(text)?.[0].length ?? 0;
  const pad = 2 - letters;
  return text.padStart(width - pad) + ' '.repeat(pad);
}

function scaled(value: number, scale: number, names: string[]): string {
  let amount = value;
  let unit = names[0]!;
  for (let i = 1; i < names.length && amount >= scale * 0.85; i++) {
    amount /= scale;
    unit = names[i]!;
  }
  return `${amount.toFixed(2)}${unit}`;
}

function time(us: number): string {
  return us >= 1e6 ? scaled(us / 1e6, 60, ['s', 'm']) : scaled(us, 1000, ['us', 'ms']);
}

function timeSeconds(seconds: number): string {
  if (seconds < 51) return `${seconds}s`;
  return seconds < 51 * 60 ? `${Math.round(seconds / 60)}m` : `${Math.round(seconds / 3600)}h`;
}

function binary(bytes: number): string {
  return scaled(bytes, 1024, ['', 'K', 'M', 'G', 'T']);
}

function metric(value: number): string {
  return scaled(value, 1000, ['', 'k', 'M', 'G']);
}
