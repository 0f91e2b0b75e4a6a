import type { LatencySummary, LoadResult, StepFigures } from '../../../load/measure/metrics.js';
import { completed, type Layout, type LayoutInput } from './layout.js';

const typeWidth = 8;
const nameWidth = 80;
const percentiles = [50, 66, 75, 80, 90, 95, 98, 99, 99.9, 99.99, 100];

/** Locust's summary: requests, percentiles, errors. Whole milliseconds as Locust prints them, but not rounded to two digits. */
export const locustLayout: Layout = (input) => {
  const { result } = input;
  const seconds = result.durationMs / 1000;
  const steps = [...result.steps].filter((step) => step.count > 0).sort((a, b) => (a.step < b.step ? -1 : 1));
  const rule = `${'-'.repeat(typeWidth)}|${'-'.repeat(nameWidth - typeWidth + 4)}|${'-'.repeat(7)}|${'-'.repeat(13)}|${`${'-'.repeat(7)}|`.repeat(4)}${'-'.repeat(8)}|${'-'.repeat(11)}`;
  const bad = result.failed + result.timedOut;
  const lines = [
    row('Type', 'Name', '# reqs', '# fails', ['Avg', 'Min', 'Max', 'Med'], 'req/s', 'failures/s'),
    rule,
    ...steps.map((step) => requestRow(step.step, step.count, step.failed, step.response, seconds)),
    rule,
    requestRow('Aggregated', completed(result), bad, result.latencyMs.response, seconds),
    '',
    ...percentileTable(input, steps),
    '',
    ...errorReport(result, steps),
  ];
  return `${lines.join('\n')}\n`;
};

function row(
  type: string,
  name: string,
  count: string,
  fails: string,
  [avg, min, max, med]: [string, string, string, string],
  rate: string,
  failRate: string,
): string {
  const right = (text: string, width: number) => text.padStart(width);
  return `${type.padEnd(typeWidth)} ${name.padEnd(nameWidth - typeWidth + 4)} ${right(count, 7)} ${right(fails, 12)} |${right(avg, 7)} ${right(min, 7)} ${right(max, 7)}${right(med, 7)} | ${right(rate, 7)} ${right(failRate, 11)}`;
}

function requestRow(name: string, count: number, failed: number, latency: LatencySummary, seconds: number): string {
  const { type, rest } = splitName(name);
  const whole = (ms: number) => String(Math.trunc(ms));
  const share = count > 0 ? (failed / count) * 100 : 0;
  const rate = (times: number) => (seconds > 0 ? times / seconds : 0).toFixed(2);
  return row(
    type === '' ? '' : `${type} `,
    rest,
    String(count),
    `${failed}(${share.toFixed(2)}%)`,
    [whole(latency.mean), whole(latency.min), whole(latency.max), whole(latency.p50)],
    rate(count),
    rate(failed),
  );
}

function splitName(name: string): { type: string; rest: string } {
  const match = /^([A-Z]{3,7}) (.+)$/.exec(name);
  return match === null ? { type: '', rest: name } : { type: match[1]!, rest: match[2]! };
}

function percentileTable({ result, response }: LayoutInput, steps: StepFigures[]): string[] {
  const head = percentiles.map((percent) => `${percent}%`);
  const rule = `${'-'.repeat(typeWidth)}|${'-'.repeat(nameWidth)}|${'-'.repeat(8)}|${`${'-'.repeat(6)}|`.repeat(percentiles.length).slice(0, -1)}`;
  const line = (type: string, name: string, cells: string[]) =>
    `${type.padEnd(typeWidth)} ${name.padEnd(nameWidth)} ${cells[0]!.padStart(8)} ${cells
      .slice(1)
      .map((cell) => cell.padStart(6))
      .join(' ')}`;
  const all = percentiles.map((percent) =>
    String(Math.trunc(percent === 100 ? result.latencyMs.response.max : response.percentileMs(percent))),
  );
  const rows = steps.map((step) => {
    const { type, rest } = splitName(step.step);
    const cells = steps.length === 1 ? all : stepPercentiles(step.response);
    return line(type, rest, [...cells, String(step.count)]);
  });
  return [
    'Response time percentiles (approximated)',
    line('Type', 'Name', [...head, '# reqs']),
    rule,
    ...rows,
    rule,
    ...(result.latencyMs.response.count > 0 ? [line('', 'Aggregated', [...all, String(completed(result))])] : []),
  ];
}

/** Of several steps only the usual percentiles are kept; the others are N/A, as Locust writes what it does not know. */
function stepPercentiles(latency: LatencySummary): string[] {
  const known: Record<number, number> = {
    50: latency.p50,
    75: latency.p75,
    90: latency.p90,
    95: latency.p95,
    99: latency.p99,
    99.9: latency.p999,
    100: latency.max,
  };
  return percentiles.map((percent) => (known[percent] === undefined ? 'N/A' : String(Math.trunc(known[percent]))));
}

function errorReport(result: LoadResult, steps: StepFigures[]): string[] {
  const errors = Object.entries(result.errors).filter(([, count]) => count > 0);
  if (errors.length === 0) return [];
  const rule = `${'-'.repeat(18)}|${'-'.repeat(80 + nameWidth - 19)}`;
  const prefix = steps.length === 1 ? `${steps[0]!.step}: ` : '';
  return [
    'Error report',
    `${'# occurrences'.padEnd(18)} ${'Error'.padEnd(100)}`,
    rule,
    ...errors.map(([cause, count]) => `${String(count).padEnd(18)} ${`${prefix}${cause}`.padEnd(100)}`),
    rule,
    '',
  ];
}
