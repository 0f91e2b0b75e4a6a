import { Text } from 'ink';
import type { ReactNode } from 'react';
import type { LoadSnapshot } from '../../../load/measure/metrics.js';
import type { Verdict } from '../../../load/measure/verdict.js';
import type { ThresholdOutcome } from '../../../load/plan/thresholds.js';
import { fit, wrap } from '../../format.js';
import { verdictInBrief } from '../words.js';

interface Props {
  snapshot: LoadSnapshot;
  width: number;
  reasonRows: number;
  thresholdRows: number;
}

const colors = { VALID: 'green', DEGRADED: 'yellow', VOID: 'red' } as const;

/** Thresholds with ✓ and ✗, then the verdict so far with its reasons; failed thresholds come first where room is short. */
export function VerdictPanel({ snapshot, width, reasonRows, thresholdRows }: Props): ReactNode {
  const { verdict } = snapshot;
  const outcomes = [...snapshot.thresholds].sort((a, b) => Number(a.passed) - Number(b.passed));
  const shown = outcomes.length > thresholdRows ? outcomes.slice(0, Math.max(1, thresholdRows - 1)) : outcomes;
  const hidden = outcomes.length - shown.length;
  return (
    <>
      {shown.map((outcome, index) => (
        <Text key={outcome.text} wrap="truncate-end">
          <Text bold>{(index === 0 ? 'Limits' : '').padEnd(10)}</Text>
          <Text color={outcome.actual === undefined ? undefined : outcome.passed ? 'green' : 'red'}>
            {fit(
              `${mark(outcome)} ${outcome.text}  ${outcome.actual === undefined ? 'no samples yet' : outcome.message}${index === shown.length - 1 && hidden > 0 ? ` (and ${hidden} more)` : ''}`,
              width - 10,
            )}
          </Text>
        </Text>
      ))}
      <Text wrap="truncate-end">
        <Text bold>{'Verdict'.padEnd(10)}</Text>
        {verdict === undefined || snapshot.sent + snapshot.dropped === 0 ? (
          'nothing measured yet'
        ) : (
          <>
            <Text bold color={colors[verdict.state]}>
              {verdict.state}
            </Text>
            {` so far: ${verdictInBrief(verdict)}`}
          </>
        )}
      </Text>
      {reasonLines(verdict, width, reasonRows).map((line) => (
        <Text key={line} wrap="truncate-end">
          {' '.repeat(10)}
          {line}
        </Text>
      ))}
    </>
  );
}

/** The reasons of a verdict; where `rows` are not enough for whole sentences, each has a line and the first ones have more. */
export function reasonLines(verdict: Verdict | undefined, width: number, rows = Number.POSITIVE_INFINITY): string[] {
  const reasons = (verdict?.reasons ?? []).slice(0, rows);
  let spare = rows - reasons.length;
  return reasons.flatMap(({ message }) => {
    const lines = wrap(message, width - 12);
    const room = 1 + spare;
    const taken = lines.slice(0, room);
    spare -= taken.length - 1;
    if (room < lines.length)
      taken[room - 1] = `${fit(`${taken[room - 1]} ${lines[room]}`, width - 13).replace(/…$/, '')}…`;
    return taken.map((line, i) => `${i === 0 ? '- ' : '  '}${fit(line, width - 12)}`);
  });
}

/** Without a sample a threshold has not failed yet; at the end it has. */
function mark({ passed, actual }: ThresholdOutcome): string {
  if (actual === undefined) return '·';
  return passed ? '✓' : '✗';
}
