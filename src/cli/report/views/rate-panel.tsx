import { Text } from 'ink';
import type { ReactNode } from 'react';
import type { LoadSnapshot } from '../../load/metrics.js';
import { formatRate } from '../format.js';
import { binSeries, sparkline } from '../series.js';

interface Props {
  snapshot: LoadSnapshot;
  width: number;
  rateFactor: number;
}

/** Two rows: target, now and over the run; and the rate over time. */
export function RatePanel({ snapshot, width, rateFactor }: Props): ReactNode {
  const { unit, targetIterationsPerSecond: target, recentRequestsPerSecond } = snapshot;
  const single = unit === 'requests';
  const now = single ? recentRequestsPerSecond : snapshot.recentIterationsPerSecond;
  const run = single ? snapshot.achievedRequestsPerSecond : snapshot.achievedIterationsPerSecond;
  // In shorter cells a low rate would look as if it jumped: 7 and 8 arrivals in turn are 75 a second.
  const { cells } = binSeries(snapshot.series, Math.max(10, width - 33), 500);
  const peak = cells.reduce((max, cell) => Math.max(max, cell.sentPerSecond), 0);
  const factor = `x${rateFactor.toFixed(2)}`;
  const live = rateFactor === 1 ? '' : width < 80 ? ` ${factor}` : ` (${factor} live)`;
  return (
    <>
      <Text wrap="truncate-end">
        <Text bold>{'Rate'.padEnd(10)}</Text>
        {target === undefined ? '' : `target ${formatRate(target)}${live}   `}
        now <Text bold>{formatRate(now)}</Text>
        {`   run ${formatRate(run)} ${unit}/s`}
        {single ? '' : ` (${formatRate(recentRequestsPerSecond)} requests/s)`}
      </Text>
      <Text wrap="truncate-end">
        {' '.repeat(10)}
        <Text color="cyan">
          {sparkline(
            cells.map((cell) => cell.sentPerSecond),
            peak,
          )}
        </Text>
        {peak > 0 ? ` peak ${formatRate(peak)} requests/s` : ''}
      </Text>
    </>
  );
}
