import { formatDuration } from '../../kernel/duration.js';
import type { FaultDone, FaultOutcome, ObjectiveOutcome } from '../../load/measure/recovery.js';
import { formatCount, formatMoment } from '../format.js';
import { type HtmlRow, htmlTable } from './html-table.js';
import { escapeHtml } from './svg-chart.js';
import type { LoadReport } from './timeline.js';

/** Later than this a fault is told with how late it was. */
const toldLateMs = 100;

/** When a fault was begun, and how late: `3.0s`, `3.4s (0.4s late)`; when it was to be where it was not. */
function momentWords({ beganMs, wantedMs }: FaultDone): string {
  if (beganMs === undefined) return formatMoment(wantedMs);
  const lateMs = beganMs - wantedMs;
  return `${formatMoment(beganMs)}${lateMs < toldLateMs ? '' : ` (${formatDuration(lateMs)} late)`}`;
}

/** What came of a fault, in words. */
function outcomeWords(fault: FaultOutcome): string {
  const { failure, recoveryMs, unrecovered, watchedMs } = fault;
  if (failure !== undefined) return `failed: ${failure}`;
  if (unrecovered === 'it was not reached') return 'not carried out: the load ended before';
  const undo = fault.notUndone === undefined ? '' : `; it could not be undone: ${fault.notUndone}`;
  if (recoveryMs !== undefined)
    return `${recoveryMs === 0 ? 'the thresholds held throughout' : `recovered after ${formatDuration(recoveryMs)}`}${undo}`;
  if (unrecovered === 'no second tells') return `nothing was asked of the service afterwards${undo}`;
  return `not recovered in ${formatDuration(watchedMs)}, when ${unrecovered === 'the load ended before' ? 'the load ended' : 'the next fault came'}${undo}`;
}

/** What failed and what was late of a fault: `48 failed, 12 late`. */
function badWords({ failed, late }: FaultOutcome): string {
  return `${formatCount(failed)} failed${late === undefined ? '' : `, ${formatCount(late)} late`}`;
}

/** A fault on one line: `kill orders at 3.0s: recovered after 1.0s; 48 failed`. */
export function faultLine(fault: FaultOutcome): string {
  const bad = fault.beganMs === undefined || fault.failure !== undefined ? '' : `; ${badWords(fault)}`;
  return `${fault.text} at ${momentWords(fault)}: ${outcomeWords(fault)}${bad}`;
}

/** A fault under way on one line; undefined where there is nothing new to say. */
export function faultEvent({ text, beganMs, doneMs, failure, undoneMs, notUndone }: FaultDone): string | undefined {
  const at = (ms: number, words: string) => `${formatMoment(ms).padStart(6)}  fault: ${words}`;
  if (beganMs === undefined) return undefined;
  if (failure !== undefined) return at(beganMs, `${text} failed: ${failure}`);
  if (notUndone !== undefined) return at(beganMs, `${text} could not be undone: ${notUndone}`);
  if (undoneMs !== undefined) return at(undoneMs, `${text} is undone`);
  if (doneMs === undefined) return at(beganMs, text);
  // What takes its time, as a restart does, ends with a line of its own.
  return doneMs - beganMs >= 1000 ? at(doneMs, `${text} is done`) : undefined;
}

/** What of the faults of a run is no pass, a sentence each. */
export function faultTrouble({ faults }: LoadReport): string[] {
  if (faults === undefined) return [];
  const { outcomes, objectives } = faults;
  const lost = outcomes.filter(({ failure }) => failure !== undefined);
  const listed = (of: readonly ObjectiveOutcome[]) => of.map(({ text, message }) => `${text} (${message})`).join('; ');
  const [broken, unknown] = (['failed', 'unknown'] as const).map((state) =>
    objectives.filter((one) => one.state === state),
  );
  return [
    ...(lost.length === 0 ? [] : [`${lost.length} of ${outcomes.length} faults could not be carried out.`]),
    ...(broken!.length === 0
      ? []
      : [`${broken!.length} of ${objectives.length} objectives failed: ${listed(broken!)}.`]),
    ...(unknown!.length === 0
      ? []
      : [`${unknown!.length} of ${objectives.length} objectives cannot be told: ${listed(unknown!)}.`]),
  ];
}

/** `✓`, `✗` or `?` of an objective. */
export function objectiveMark({ state }: ObjectiveOutcome): string {
  return { held: '✓', failed: '✗', unknown: '?' }[state];
}

/** Where faults were begun, and where the thresholds held again, for every chart. */
export function faultMarks({ faults }: LoadReport): { atMs: number; label: string; isFault: boolean }[] {
  return (faults?.outcomes ?? []).flatMap((fault) => {
    const { beganMs, recoveryMs = 0, text } = fault;
    if (beganMs === undefined) return [];
    const label = `fault: ${faultLine(fault)}`;
    const began = { atMs: beganMs, label, isFault: true };
    return recoveryMs === 0
      ? [began]
      : [began, { atMs: beganMs + recoveryMs, label: `recovered from ${text}`, isFault: false }];
  });
}

/** Every fault and objective as tables. */
export function faultSection({ faults, seconds }: LoadReport): string {
  if (faults === undefined) return '';
  const rows = faults.outcomes.map((fault): HtmlRow => {
    const { beganMs, doneMs, wantedMs, recoveryMs } = fault;
    const moment = (ms: number | undefined) => (ms === undefined ? '-' : `${(ms / 1000).toFixed(2)}s`);
    return {
      cells: [
        fault.text,
        ...[wantedMs, beganMs, doneMs].map(moment),
        recoveryMs === undefined ? '-' : formatDuration(recoveryMs),
        outcomeWords(fault),
        formatCount(fault.failed),
        fault.late === undefined ? '-' : formatCount(fault.late),
      ],
      mood: recoveryMs === undefined ? 'bad' : undefined,
    };
  });
  const head = ['fault', 'asked for', 'begun', 'done', 'recovery', 'what came of it', 'failed', 'late'];
  const objectives = faults.objectives.map((one): HtmlRow => {
    const word = { held: 'holds', failed: 'failed', unknown: 'unknown' }[one.state];
    return {
      cells: [`${objectiveMark(one)} ${word}`, one.text, one.message],
      mood: one.state === 'held' ? 'good' : 'bad',
    };
  });
  const asked = objectives.length === 0 ? '' : htmlTable(['', 'objective', 'seen'], objectives, 'text');
  return `<section><h2>Faults</h2>${htmlTable(head, rows, 'text')}${asked}<p>${escapeHtml(howJudged(seconds))}</p></section>`;
}

/** By what a recovery was told, in a sentence or two. */
export function howJudged(seconds: LoadReport['seconds']): string {
  if (seconds === undefined) return '';
  const { judgedBy, untold, lateAfterMs } = seconds;
  const late = lateAfterMs === undefined ? '' : ` Late is what took ${formatDuration(lateAfterMs)} or more.`;
  const rest = untold.length === 0 ? '' : ` A second cannot tell ${untold.join(', ')}.`;
  return `Recovered: from the first second from which ${judgedBy.join(', ')} held in every second, until the end or the next fault.${late}${rest}`;
}
