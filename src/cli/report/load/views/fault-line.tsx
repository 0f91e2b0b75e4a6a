import { Text } from 'ink';
import type { ReactNode } from 'react';
import type { FaultDone } from '../../../load/measure/recovery.js';
import { fit, formatMoment } from '../../format.js';
import type { LiveAxis } from '../live-axis.js';

interface Props {
  /** In the order of their moments, at least one. */
  faults: readonly FaultDone[];
  axis: LiveAxis;
}

/** One row: the last fault, or the first to come, and a ▼ for each on the axis that all sparklines share. */
export function FaultLine({ faults, axis }: Props): ReactNode {
  const begun = faults.filter(({ beganMs }) => beganMs !== undefined);
  const last = begun.at(-1) ?? faults[0]!;
  const has = last.failure ?? last.notUndone;
  const when = last.beganMs === undefined ? `at ${formatMoment(last.wantedMs)}` : formatMoment(last.beganMs);
  const words = `  ${has === undefined ? '' : '✗ '}${last.text} ${when}`;
  return (
    <Text wrap="truncate-end">
      <Text color={has === undefined ? undefined : 'red'}>{fit(words, axis.left - 1).padEnd(axis.left)}</Text>
      <Text color="red">{marksOf(begun, axis)}</Text>
    </Text>
  );
}

function marksOf(begun: readonly FaultDone[], { cellMs, cells }: LiveAxis): string {
  const places = new Set(begun.map(({ beganMs = 0 }) => Math.min(cells - 1, Math.floor(beganMs / cellMs))));
  return Array.from({ length: Math.max(0, cells) }, (_, i) => (places.has(i) ? '▼' : ' ')).join('');
}
