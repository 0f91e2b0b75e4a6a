import { Text } from 'ink';
import type { ReactNode } from 'react';
import type { LoadSnapshot } from '../../../load/measure/metrics.js';
import { formatLatency } from '../../format.js';
import { axisLabels, type LiveAxis } from '../live-axis.js';
import { binSeries, logSparkline } from '../series.js';

interface Props {
  snapshot: LoadSnapshot;
  axis: LiveAxis;
}

const percentiles = ['p50', 'p95', 'p99'] as const;

/**
 * Six rows: response latency by percentile, now, over the run and over time, on one scale; the time that all sparklines of
 * the view share; then service and start lag.
 */
export function LatencyPanel({ snapshot, axis }: Props): ReactNode {
  const { response, service, startLag } = snapshot.latencyMs;
  const { cells } = binSeries(snapshot.series, axis.cells, axis.cellMs);
  const all = cells.flatMap(({ p50, p99 }) => [p50, p99]).filter((value) => value !== undefined && value > 0);
  const [low, high] = [Math.min(...(all as number[])), Math.max(...(all as number[]))];
  const recent = snapshot.recentLatencyMs.response;
  const scale = all.length === 0 ? '' : `  ▁ ${formatLatency(low)} █ ${formatLatency(high)} log`;
  return (
    <>
      <Text wrap="truncate-end">
        <Text bold>{'Response'.padEnd(10)}</Text>
        {'now'.padStart(8)}
        {'run'.padStart(9)}
      </Text>
      {percentiles.map((key) => (
        <Text key={key} wrap="truncate-end">
          {`  ${key}`.padEnd(10)}
          <Text bold>{latency(recent.count, recent[key]).padStart(8)}</Text>
          {latency(response.count, response[key])
            .padStart(9)
            .padEnd(axis.left - 18)}
          <Text color="cyan">
            {logSparkline(
              cells.map((cell) => cell[key]),
              low,
              high,
            )}
          </Text>
        </Text>
      ))}
      <Text wrap="truncate-end" dimColor>
        {scale.padEnd(axis.left)}
        {axisLabels(axis)}
      </Text>
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

function latency(count: number, ms: number): string {
  return count === 0 ? '-' : formatLatency(ms);
}
