import { Text } from 'ink';
import type { ReactNode } from 'react';
import type { WorkloadUsage } from '../../target/target.js';
import { fit, formatBytes, formatCores } from '../format.js';
import { binAt, sparkline } from '../series.js';
import type { WorkloadRow } from '../timeline.js';

interface Props {
  rows: readonly WorkloadRow[];
  elapsedMs: number;
  width: number;
  /** Rows of the panel, at least 1: the busiest services are shown. */
  lines: number;
}

/** A row for each service: replicas, CPU, memory, throttling as last seen, and CPU over the same time as the rate. */
export function WorkloadPanel({ rows, elapsedMs, width, lines }: Props): ReactNode {
  const last = rows.at(-1)?.workloads ?? [];
  const busiest = last.toSorted((a, b) => (b.cpuCores ?? 0) - (a.cpuCores ?? 0));
  const shown = busiest.slice(0, busiest.length > lines ? Math.max(1, lines - 1) : lines);
  const hidden = lines > 1 ? busiest.length - shown.length : 0;
  const throttling = shown.some(({ throttledShare }) => (throttledShare ?? 0) > 0);
  const columns = width - (throttling ? 60 : 45);
  return (
    <>
      {shown.map((usage, index) => (
        <Text key={usage.name} wrap="truncate-end">
          <Text bold>{(index === 0 ? 'Services' : '').padEnd(10)}</Text>
          <Usage usage={usage} throttling={throttling} />
          <Text color="cyan">{cpuLine(usage.name, rows, elapsedMs, columns)}</Text>
        </Text>
      ))}
      {hidden > 0 ? <Text>{`${' '.repeat(10)}and ${hidden} more, less busy`}</Text> : null}
    </>
  );
}

/** 33 columns, 48 where some service was throttled. */
function Usage({ usage, throttling }: { usage: WorkloadUsage; throttling: boolean }): ReactNode {
  const { name, replicasReady, replicasWanted, cpuCores, memoryBytes, throttledShare = 0 } = usage;
  const memory = memoryBytes === undefined ? '-' : formatBytes(memoryBytes).replace(/\.\d+ /, ' ');
  return (
    <>
      {fit(name, 11).padEnd(12)}
      <Text color={replicasReady < replicasWanted ? 'yellow' : undefined}>{`${replicasReady}/${replicasWanted}`}</Text>
      {`  CPU ${formatCores(cpuCores).padStart(4)}${memory.padStart(8)}`}
      {throttling ? <Text color="yellow">{throttledWords(throttledShare).padEnd(15)}</Text> : ''}
    </>
  );
}

function throttledWords(share: number): string {
  return share > 0 ? `  throttled ${Math.max(1, Math.round(share * 100))}%` : '';
}

function cpuLine(name: string, rows: readonly WorkloadRow[], elapsedMs: number, columns: number): string {
  if (columns < 8) return '';
  const of = (row: WorkloadRow) => row.workloads.find((workload) => workload.name === name)?.cpuCores;
  return `  ${sparkline(
    binAt(
      rows.map((row) => ({ atMs: row.atMs, value: of(row) })),
      elapsedMs,
      columns,
    ),
  )}`;
}
