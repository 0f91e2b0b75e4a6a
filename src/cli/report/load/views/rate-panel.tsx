import { Text } from 'ink';
import type { ReactNode } from 'react';
import type { LoadSnapshot } from '../../../load/measure/metrics.js';
import { formatRate } from '../../format.js';
import type { LiveAxis } from '../live-axis.js';
import { binSeries, sparkline } from '../series.js';

interface Props {
  snapshot: LoadSnapshot;
  width: number;
  axis: LiveAxis;
  rateFactor: number;
}

/** Two rows: target, now and over the run; and the rate over time. */
export function RatePanel({ snapshot, width, axis, rateFactor }: Props): ReactNode {
  const { unit, targetIterationsPerSecond: target, recentRequestsPerSecond } = snapshot;
  const single = unit === 'requests';
  const now = single ? recentRequestsPerSecond : snapshot.recentIterationsPerSecond;
  const run = single ? snapshot.achievedRequestsPerSecond : snapshot.achievedIterationsPerSecond;
  const { cells } = binSeries(snapshot.series, axis.cells, axis.cellMs);
  const sent = cells.map((cell) => cell.sentPerSecond);
  const peak = sent.reduce((max, value) => Math.max(max, value), 0);
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
        {(peak > 0 ? `  █ ${formatRate(peak)} requests/s` : '').padEnd(axis.left)}
        <Text color="cyan">{sparkline(sent, peak)}</Text>
      </Text>
    </>
  );
}
