import type { WorkloadUsage } from '../../target/target.js';
import { formatBytes, formatCores, formatRate, formatShare } from '../format.js';
import { faultMarks } from './faults.js';
import { htmlTable } from './html-table.js';
import { escapeHtml, type Line, lineChart } from './svg-chart.js';
import { busiestFirst, type LoadReport, summarizeWorkloads } from './timeline.js';

/** Services that get a line of their own, the busiest; the others are in the table. */
const mostLines = 6;

/** What the services used over time: CPU, memory, replicas, and how long their limit held them back. */
export function workloadCharts(result: LoadReport, endMs: number): string {
  const { timeline } = result;
  const rows = timeline?.workloads?.rows ?? [];
  if (rows.length < 2) return '';
  const names = busiestFirst(rows);
  const drawn = names.slice(0, mostLines);
  const rest = names.slice(mostLines);
  const note =
    rest.length === 0 ? undefined : `the ${drawn.length} busiest of ${names.length}; not drawn: ${rest.join(', ')}`;
  const chart = (
    title: string,
    format: (value: number) => string,
    pick: (usage: WorkloadUsage) => number | undefined,
    whole = false,
  ) => {
    const lines = drawn.flatMap((name, i): Line[] => {
      const values = rows.map((row) => {
        const usage = row.workloads.find((workload) => workload.name === name);
        return usage === undefined ? undefined : pick(usage);
      });
      return values.some((value) => value !== undefined) ? [{ name, className: `c-${i + 1}`, values }] : [];
    });
    if (lines.length === 0) return '';
    const x = rows.map(({ atMs }) => Math.min(atMs, endMs));
    return lineChart({ title, x, endMs, format, lines, whole, note, marks: faultMarks(result) });
  };
  return [
    chart('Services: CPU cores in use', formatCores, (usage) => usage.cpuCores),
    chart('Services: memory', formatBytes, (usage) => usage.memoryBytes),
    chart('Services: replicas ready', formatRate, (usage) => usage.replicasReady, true),
    chart(
      'Services: share of the time that the CPU limit held them back',
      formatShare,
      (usage) => usage.throttledShare,
    ),
  ].join('');
}

/** Every service with its means and highest values, the busiest first. */
export function workloadTable({ timeline }: LoadReport): string {
  if (timeline?.workloads === undefined) return '';
  const { rows, missing } = timeline.workloads;
  const lines = summarizeWorkloads(rows).map(({ name, replicas, cpuCores, memoryBytes, throttledShare }) => ({
    cells: [
      name,
      replicas.least === replicas.most ? String(replicas.most) : `${replicas.least} to ${replicas.most}`,
      formatCores(cpuCores?.mean),
      formatCores(cpuCores?.most),
      memoryBytes === undefined ? '-' : formatBytes(memoryBytes),
      throttledShare === undefined ? '-' : formatShare(throttledShare),
    ],
  }));
  const head = ['service', 'replicas', 'CPU cores, mean', 'highest', 'memory, highest', 'throttled, highest'];
  const words = missing.length === 0 ? '' : `<p>Not told: ${escapeHtml(missing.join('; '))}.</p>`;
  return `<section><h2>Services</h2>${lines.length > 0 ? htmlTable(head, lines) : '<p>The run was too short to look.</p>'}${words}</section>`;
}
