import { Text } from 'ink';
import type { ReactNode } from 'react';
import type { WorkloadUsage } from '../../../target/target.js';
import { fit, formatBytes, formatCores } from '../../format.js';
import type { LiveAxis } from '../live-axis.js';
import { binAt, sparkline } from '../series.js';
import { busiestFirst, type WorkloadRow } from '../timeline.js';

interface Props {
  rows: readonly WorkloadRow[];
  axis: LiveAxis;
  width: number;
  /** Rows of the panel, at least 2: the busiest services are shown. */
  lines: number;
}

/** CPU below a tenth of a core draws no full block, however idle the others are. */
const leastScaleCores = 0.1;

/**
 * A row for each service: replicas, CPU and memory as last seen, CPU over the same time as the rate, throttling. The busiest
 * over the whole run are shown, by name, so that a service keeps its row; all are drawn on one scale.
 */
export function WorkloadPanel({ rows, axis, width, lines }: Props): ReactNode {
  const names = busiestFirst(rows);
  const room = names.length > lines - 1 ? Math.max(1, lines - 2) : lines - 1;
  const shown = names.slice(0, room).toSorted();
  const hidden = names.slice(room);
  const most = rows
    .flatMap(({ workloads }) =>
      workloads.filter(({ name }) => shown.includes(name)).map(({ cpuCores = 0 }) => cpuCores),
    )
    .reduce((max, cores) => Math.max(max, cores), leastScaleCores);
  const head = `${'Services'.padEnd(axis.left - 17)}up    CPU memory`;
  return (
    <>
      <Text wrap="truncate-end">
        <Text bold>{head.padEnd(axis.left)}</Text>
        <Text dimColor>{`█ ${formatCores(most)} cores`}</Text>
      </Text>
      {shown.map((name) => (
        <Text key={name} wrap="truncate-end">
          <Usage name={name} usage={usageOf(rows.at(-1), name)} left={axis.left} />
          <Text color="cyan">{cpuLine(name, rows, axis, most).padEnd(width - axis.left - axis.tail)}</Text>
          <Throttled usage={usageOf(rows.at(-1), name)} />
        </Text>
      ))}
      {hidden.length > 0 && lines > 2 ? (
        <Text wrap="truncate-end" dimColor>
          {fit(`  and ${hidden.length} more, less busy: ${hidden.join(', ')}`, width)}
        </Text>
      ) : null}
    </>
  );
}

function usageOf(row: WorkloadRow | undefined, name: string): WorkloadUsage | undefined {
  return row?.workloads.find((workload) => workload.name === name);
}

/** `left` columns. */
function Usage({ name, usage, left }: { name: string; usage: WorkloadUsage | undefined; left: number }): ReactNode {
  const label = `  ${fit(name, left - 20)}`.padEnd(left - 17);
  if (usage === undefined) return `${label}gone`.padEnd(left);
  const { replicasReady, replicasWanted, cpuCores, memoryBytes } = usage;
  const memory = memoryBytes === undefined ? '-' : formatBytes(memoryBytes).replace(/\.\d+ /, ' ');
  return (
    <>
      {label}
      <Text color={replicasReady < replicasWanted ? 'yellow' : undefined}>
        {`${replicasReady}/${replicasWanted}`.padEnd(5)}
      </Text>
      {`${formatCores(cpuCores).padStart(4)}${memory.padStart(7)} `}
    </>
  );
}

function Throttled({ usage }: { usage: WorkloadUsage | undefined }): ReactNode {
  const share = usage?.throttledShare ?? 0;
  return share > 0 ? <Text color="yellow">{`  throttled ${Math.max(1, Math.round(share * 100))}%`}</Text> : null;
}

function cpuLine(name: string, rows: readonly WorkloadRow[], { cells, cellMs }: LiveAxis, most: number): string {
  const points = rows.map((row) => ({ atMs: row.atMs, value: usageOf(row, name)?.cpuCores }));
  return sparkline(binAt(points, cells * cellMs, cells), most);
}
