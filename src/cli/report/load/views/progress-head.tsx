import { Text } from 'ink';
import type { ReactNode } from 'react';
import { formatDuration } from '../../../kernel/duration.js';
import type { LoadSnapshot } from '../../../load/measure/metrics.js';
import { fit } from '../../format.js';
import { progressBar } from '../series.js';
import { type LoadHeading, phaseWords } from '../words.js';

interface Props {
  snapshot: LoadSnapshot;
  heading: LoadHeading;
  width: number;
  finishing: boolean;
}

/** Three rows: what runs, how far it is, and what the stage does. */
export function ProgressHead({ snapshot, heading, width, finishing }: Props): ReactNode {
  const { progress, elapsedMs } = snapshot;
  const phase = finishing && progress.phase !== 'done' ? 'finishing' : phaseWords(progress.phase);
  const title = `${heading.name}  ${heading.target}`;
  const percent = `${String(Math.floor(progress.fraction * 100)).padStart(3)}%`;
  const left = Number.isFinite(progress.remainingMs) ? `, ${clock(progress.remainingMs)} left` : '';
  const time = `${clock(elapsedMs)}${progress.phase === 'done' ? '' : left}`;
  const barWidth = Math.max(10, width - percent.length - time.length - 3);
  const stage = progress.stages > 1 ? `stage ${progress.stage + 1} of ${progress.stages}: ` : '';
  const stageLeft =
    progress.stages > 1 && Number.isFinite(progress.stageRemainingMs)
      ? `, ${clock(progress.stageRemainingMs)} left of it`
      : '';
  const warn = progress.phase === 'paused' || finishing;
  return (
    <>
      <Text bold wrap="truncate-end">
        {fit(title, width)}
      </Text>
      <Text wrap="truncate-end">
        {progressBar(progress.fraction, barWidth)} {percent} {time}
      </Text>
      <Text wrap="truncate-end">
        <Text bold color={warn ? 'yellow' : undefined}>
          {phase}
        </Text>
        {progress.stageLabel === '' ? '' : `  ${stage}${progress.stageLabel}${stageLeft}`}
      </Text>
    </>
  );
}

/** Whole seconds below a minute (`7s`), so that the line does not flicker. */
function clock(ms: number): string {
  const seconds = Math.max(0, Math.round(ms / 1000));
  return seconds < 60 ? `${seconds}s` : formatDuration(seconds * 1000);
}
