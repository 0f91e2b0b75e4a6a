import { Box, Text } from 'ink';
import type { ReactNode } from 'react';
import type { LoadSnapshot } from '../../../load/measure/metrics.js';
import type { FaultDone } from '../../../load/measure/recovery.js';
import { liveAxis } from '../live-axis.js';
import { busiestFirst, type WorkloadRow } from '../timeline.js';
import type { LoadHeading } from '../words.js';
import { FaultLine } from './fault-line.js';
import { LatencyPanel } from './latency-panel.js';
import { OutcomePanel } from './outcome-panel.js';
import { ProgressHead } from './progress-head.js';
import { RatePanel } from './rate-panel.js';
import { reasonLines, VerdictPanel } from './verdict-panel.js';
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
  /** What is broken on purpose, in the order of its moments; empty where nothing is. */
  faults?: readonly FaultDone[];
}

/** The whole live report of a load run: as many rows as the terminal has, less one, at most; 60 columns are enough. */
export function LoadView(props: LoadViewProps): ReactNode {
  const { snapshot, heading, columns, rows, rateFactor, finishing, workloads, faults = [] } = props;
  const width = Math.max(40, Math.min(columns, widest) - 1);
  const axis = liveAxis(snapshot, workloads, width);
  const { gap, errorRows, thresholdRows, reasonRows, workloadRows } = rowBudget(
    snapshot,
    workloads,
    rows - (faults.length > 0 ? 1 : 0),
    width,
  );
  return (
    <Box flexDirection="column" width={width}>
      <ProgressHead snapshot={snapshot} heading={heading} width={width} finishing={finishing} />
      <Box marginTop={gap} flexDirection="column">
        <RatePanel snapshot={snapshot} width={width} axis={axis} rateFactor={rateFactor} />
      </Box>
      <Box marginTop={gap} flexDirection="column">
        <LatencyPanel snapshot={snapshot} axis={axis} />
        {faults.length > 0 ? <FaultLine faults={faults} axis={axis} /> : null}
      </Box>
      <Box marginTop={gap} flexDirection="column">
        <OutcomePanel snapshot={snapshot} width={width} errorRows={errorRows} />
      </Box>
      {workloadRows > 0 ? (
        <Box marginTop={gap} flexDirection="column">
          <WorkloadPanel rows={workloads} axis={axis} width={width} lines={workloadRows} />
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

/** Longer lines are hard to follow. */
const widest = 200;

/** Rows that are always there: head 3, rate 2, latency 6, outcome 3, verdict 1, keys 1. */
const fixedRows = 16;

interface RowBudget {
  /** Blank rows between the panels: 1 or 0. */
  gap: number;
  errorRows: number;
  thresholdRows: number;
  reasonRows: number;
  workloadRows: number;
}

/** Shares the terminal's rows out: gaps go first where room is short, then long lists are cut. */
function rowBudget(snapshot: LoadSnapshot, workloads: readonly WorkloadRow[], rows: number, width: number): RowBudget {
  const free = rows - 1 - fixedRows;
  const errors = Math.max(1, Object.keys(snapshot.errors).length);
  const thresholds = snapshot.thresholds.length;
  const reasons = snapshot.verdict?.reasons.length ?? 0;
  const wholeReasons = reasonLines(snapshot.verdict, width).length;
  const known = busiestFirst(workloads).length;
  // Their head takes a row.
  const services = known === 0 ? 0 : known + 1;
  const gaps = services > 0 ? 5 : 4;
  // Whole sentences come before blank rows, and as many services as there is room for.
  for (const gap of [1, 0]) {
    const others = Math.min(errors, 8) + thresholds + wholeReasons + gap * gaps;
    if (others + Math.min(services, 4) > free) continue;
    const lists = { errorRows: Math.min(errors, 8), thresholdRows: thresholds, reasonRows: wholeReasons };
    return { gap, ...lists, workloadRows: Math.min(services, free - others) };
  }
  const reasonRows = Math.min(reasons, Math.max(1, Math.floor(free / 3)));
  const thresholdRows = Math.min(thresholds, Math.max(1, Math.floor((free - reasonRows) / 2)));
  const rest = free - reasonRows - thresholdRows;
  const half = Math.min(services, Math.max(0, Math.floor(rest / 2)));
  const workloadRows = half < 2 ? 0 : half;
  const errorRows = Math.max(1, Math.min(errors, rest - workloadRows));
  const spare = Math.max(0, free - reasonRows - thresholdRows - workloadRows - errorRows);
  return { gap: 0, reasonRows: reasonRows + spare, thresholdRows, workloadRows, errorRows };
}
