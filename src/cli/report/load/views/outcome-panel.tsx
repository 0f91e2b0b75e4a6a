import { Text } from 'ink';
import type { ReactNode } from 'react';
import type { LoadSnapshot } from '../../../load/measure/metrics.js';
import { fit, formatCount } from '../../format.js';
import { errorList, statusList } from '../words.js';

interface Props {
  snapshot: LoadSnapshot;
  width: number;
  /** Rows for errors, at least 1. */
  errorRows: number;
}

/** Three rows and the errors: requests, their outcome, status codes, errors by cause. */
export function OutcomePanel({ snapshot, width, errorRows }: Props): ReactNode {
  const { sent, inFlight, dropped, ok, failed, timedOut } = snapshot;
  const statuses = statusList(snapshot.statusCodes);
  const errors = errorList(snapshot.errors);
  const shown = errors.length > errorRows ? errors.slice(0, Math.max(0, errorRows - 1)) : errors;
  const hidden = errors.slice(shown.length).reduce((sum, error) => sum + error.count, 0);
  return (
    <>
      <Text wrap="truncate-end">
        <Text bold>{'Requests'.padEnd(10)}</Text>
        {`sent ${formatCount(sent)}   in flight ${formatCount(inFlight)}   `}
        <Text color={dropped > 0 ? 'yellow' : undefined}>{`dropped ${formatCount(dropped)}`}</Text>
      </Text>
      <Text wrap="truncate-end">
        <Text bold>{'Outcome'.padEnd(10)}</Text>
        {`ok ${formatCount(ok)}   `}
        <Text color={failed > 0 ? 'red' : undefined}>{`failed ${formatCount(failed)}`}</Text>
        {'   '}
        <Text color={timedOut > 0 ? 'red' : undefined}>{`timed out ${formatCount(timedOut)}`}</Text>
      </Text>
      <Text wrap="truncate-end">
        <Text bold>{'Status'.padEnd(10)}</Text>
        {statuses.length === 0 ? 'no response yet' : ''}
        {statuses.map(({ code, count, good }) => (
          <Text key={code} color={good ? 'green' : 'red'}>{`${code} x${formatCount(count)}   `}</Text>
        ))}
      </Text>
      {errors.length === 0 ? (
        <Text wrap="truncate-end">
          <Text bold>{'Errors'.padEnd(10)}</Text>none
        </Text>
      ) : (
        shown.map(({ cause, count }, index) => (
          <Text key={cause} wrap="truncate-end">
            <Text bold>{(index === 0 ? 'Errors' : '').padEnd(10)}</Text>
            <Text color="red">{fit(`${formatCount(count)} x ${cause}`, width - 10)}</Text>
          </Text>
        ))
      )}
      {hidden > 0 ? (
        <Text wrap="truncate-end">
          {(shown.length === 0 ? 'Errors' : '').padEnd(10)}
          <Text color="red">{`${formatCount(hidden)} of ${errors.length - shown.length} other causes`}</Text>
        </Text>
      ) : (
        ''
      )}
    </>
  );
}
