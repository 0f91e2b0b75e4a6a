import { Text } from 'ink';
import type { ReactNode } from 'react';
import type { LoadSnapshot } from '../../load/metrics.js';
import { formatLatency } from '../format.js';
import { binSeries, type Cell, sparkline } from '../series.js';

interface Props {
  snapshot: LoadSnapshot;
  width: number;
}

const percentiles = ['p50', 'p95', 'p99'] as const;

/** Five rows: response latency by percentile, now, over the run and over time; then service and start lag. */
export function LatencyPanel({ snapshot, width }: Props): ReactNode {
  const { response, service, startLag } = snapshot.latencyMs;
  const { cells } = binSeries(snapshot.series, Math.max(10, width - 38), 500);
  return (
    <>
      <Text wrap="truncate-end">
        <Text bold>{'Response'.padEnd(10)}</Text>
        {'now'.padStart(8)}
        {'run'.padStart(9)}
        {'  over time'}
      </Text>
      {percentiles.map((key) => (
        <PercentileRow
          key={key}
          name={key}
          cells={cells}
          now={latency(snapshot.recentLatencyMs.response.count, snapshot.recentLatencyMs.response[key])}
          run={latency(response.count, response[key])}
        />
      ))}
      <Text wrap="truncate-end" dimColor>
        {'  service p99 '}
        {latency(service.count, service.p99)}
        {'   start lag p99 '}
        {latency(startLag.count, startLag.p99)}
        {'   slowest '}
        {latency(response.count, response.max)}
      </Text>
    </>
  );
}

function PercentileRow(props: {
  name: (typeof percentiles)[number];
  cells: Cell[];
  now: string;
  run: string;
}): ReactNode {
  const values = props.cells.map((cell) => cell[props.name]);
  const peak = values.reduce<number>((max, value) => Math.max(max, value ?? 0), 0);
  return (
    <Text wrap="truncate-end">
      {`  ${props.name}`.padEnd(10)}
      <Text bold>{props.now.padStart(8)}</Text>
      {props.run.padStart(9)}
      {'  '}
      <Text color="cyan">{sparkline(values, peak)}</Text>
      {peak > 0 ? ` ${formatLatency(peak)}` : ''}
    </Text>
  );
}

function latency(count: number, ms: number): string {
  return count === 0 ? '-' : formatLatency(ms);
}
