import { Box, Text } from 'ink';
import type { ReactNode } from 'react';
import type { LoadSnapshot } from '../../load/metrics.js';
import type { WorkloadRow } from '../timeline.js';
import type { LoadHeading } from '../words.js';
import { LatencyPanel } from './latency-panel.js';
import { OutcomePanel } from './outcome-panel.js';
import { ProgressHead } from './progress-head.js';
import { RatePanel } from './rate-panel.js';
import { VerdictPanel } from './verdict-panel.js';
import { WorkloadPanel } from './workload-panel.js';

export interface LoadViewProps {
  snapshot: LoadSnapshot;
  heading: LoadHeading;
  /** Size of the terminal. */
  columns: number;
  rows: number;
  /** The factor that `+` and `-` have set on the planned rate. */
  rateFactor: number;
  /** The user asked for the end, and the last responses are awaited. */
  finishing: boolean;
  /** What the workloads used so far; empty where the server is none that hwctl deployed. */
  workloads: readonly WorkloadRow[];
}

/** The whole live report of a load run: as many rows as the terminal has, less one, at most; 60 columns are enough. */
export function LoadView(props: LoadViewProps): ReactNode {
  const { snapshot, heading, columns, rows, rateFactor, finishing, workloads } = props;
  const width = Math.max(40, Math.min(columns, 120) - 1);
  const { gap, errorRows, thresholdRows, reasonRows, workloadRows } = rowBudget(snapshot, workloads, rows);
  return (
    <Box flexDirection="column" width={width}>
      <ProgressHead snapshot={snapshot} heading={heading} width={width} finishing={finishing} />
      <Box marginTop={gap} flexDirection="column">
        <RatePanel snapshot={snapshot} width={width} rateFactor={rateFactor} />
      </Box>
      <Box marginTop={gap} flexDirection="column">
        <LatencyPanel snapshot={snapshot} width={width} />
      </Box>
      <Box marginTop={gap} flexDirection="column">
        <OutcomePanel snapshot={snapshot} width={width} errorRows={errorRows} />
      </Box>
      {workloadRows > 0 ? (
        <Box marginTop={gap} flexDirection="column">
          <WorkloadPanel rows={workloads} elapsedMs={snapshot.elapsedMs} width={width} lines={workloadRows} />
        </Box>
      ) : null}
      <Box marginTop={gap} flexDirection="column">
        <VerdictPanel snapshot={snapshot} width={width} reasonRows={reasonRows} thresholdRows={thresholdRows} />
      </Box>
      <Text dimColor wrap="truncate-end">
        {keyLine(snapshot, finishing)}
      </Text>
    </Box>
  );
}

function keyLine(snapshot: LoadSnapshot, finishing: boolean): string {
  if (snapshot.progress.phase === 'done') return ' ';
  if (finishing) return 'Finishing; Ctrl-C ends at once';
  const pause = snapshot.progress.phase === 'paused' ? 'p resume' : 'p pause';
  return `+ - rate   ${pause}   q finish with a report   Ctrl-C stop`;
}

/** Rows that are always there: head 3, rate 2, latency 5, outcome 3, verdict 1, keys 1. */
const fixedRows = 15;

interface RowBudget {
  /** Blank rows between the panels: 1 or 0. */
  gap: number;
  errorRows: number;
  thresholdRows: number;
  reasonRows: number;
  workloadRows: number;
}

/** Shares the terminal's rows out: gaps go first where room is short, then long lists are cut. */
function rowBudget(snapshot: LoadSnapshot, workloads: readonly WorkloadRow[], rows: number): RowBudget {
  const free = rows - 1 - fixedRows;
  const errors = Math.max(1, Object.keys(snapshot.errors).length);
  const thresholds = snapshot.thresholds.length;
  const reasons = snapshot.verdict?.reasons.length ?? 0;
  const services = Math.min(workloads.at(-1)?.workloads.length ?? 0, 6);
  const gaps = services > 0 ? 5 : 4;
  if (Math.min(errors, 8) + thresholds + reasons + services + gaps <= free) {
    const errorRows = Math.min(errors, 8);
    return { gap: 1, errorRows, thresholdRows: thresholds, reasonRows: reasons, workloadRows: services };
  }
  const reasonRows = Math.min(reasons, Math.max(1, Math.floor(free / 3)));
  const thresholdRows = Math.min(thresholds, Math.max(1, Math.floor((free - reasonRows) / 2)));
  const rest = free - reasonRows - thresholdRows;
  const workloadRows = Math.min(services, Math.max(0, Math.floor(rest / 2)));
  const errorRows = Math.max(1, Math.min(errors, rest - workloadRows));
  return { gap: 0, reasonRows, thresholdRows, workloadRows, errorRows };
}
