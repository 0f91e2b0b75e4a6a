import { formatDuration } from '../../kernel/duration.js';
import { shown } from '../../kernel/text.js';
import type { LatencySummary, LoadResult } from '../../load/measure/metrics.js';
import { fit, formatBytes, formatCores, formatCount, formatLatency, formatRate, formatShare, wrap } from '../format.js';
import { createPaint, type Paint } from '../paint.js';
import { faultLine, faultTrouble, howJudged, objectiveMark } from './faults.js';
import { type LoadReport, summarizeWorkloads } from './timeline.js';
import { endedWords, errorList, type LoadHeading, rateWords, statusList, verdictMeaning } from './words.js';

export interface SummaryOptions {
  color: boolean;
  /** Of the terminal. Below 76 some columns of the tables are left out; the layout is 60 to 80 wide. */
  columns: number;
  /** What the process will exit with; left out where more follows that decides it. */
  exitCode?: number;
  /** Replaces the sentence about the thresholds. */
  conclusion?: string;
}

/** The final summary in hwctl's own layout, at most 80 columns wide (error texts are wrapped). */
export function loadSummary(measured: LoadReport, about: LoadHeading, options: SummaryOptions): string {
  const result = shown(measured);
  const heading = shown(about);
  const paint = createPaint(options.color);
  const width = Math.max(60, Math.min(80, options.columns));
  const sections = [
    head(result, heading, width, paint),
    latencyTable(result, width, paint),
    stepTable(result, width, paint),
    accounting(result, width, paint),
    outcomes(result, width, paint),
    services(result, width, paint),
    thresholds(result, width, paint),
    faults(result, width, paint),
    ratesTried(result, width, paint),
    verdict(result, width, paint),
    conclusion(result, shown(options), width, paint),
    howToRead(width, paint),
  ];
  return `${sections
    .filter((lines) => lines.length > 0)
    .map((lines) => lines.join('\n'))
    .join('\n\n')}\n`;
}

function head(result: LoadReport, heading: LoadHeading, width: number, paint: Paint): string[] {
  const { unit } = result.arrivals;
  const target = result.targetIterationsPerSecond;
  const asked = target === undefined || result.findMax !== undefined ? '' : `asked ${formatRate(target)} ${unit}/s, `;
  const iterations = result.achievedIterationsPerSecond;
  const achieved = rateWords({ unit, iterations, requests: result.achievedRequestsPerSecond }, 2);
  const ended = result.ended === 'completed' ? '' : ` (${endedWords(result.ended)})`;
  return [
    paint.strong(fit(`${heading.name}  ${heading.target}`, width)),
    fit(
      `${heading.model}${result.pods === undefined ? '' : `, from ${result.pods} pod${result.pods === 1 ? '' : 's'}`}`,
      width,
    ),
    `${asked}achieved ${achieved} over ${formatDuration(result.durationMs)}${ended}`,
  ];
}

const latencyColumns = ['min', 'p50', 'p90', 'p95', 'p99', 'max', 'mean', 'stdev'] as const;
type LatencyColumn = (typeof latencyColumns)[number];

function latencyTable(result: LoadResult, width: number, paint: Paint): string[] {
  const columns = width < 76 ? latencyColumns.filter((name) => name !== 'mean' && name !== 'stdev') : latencyColumns;
  const header = `${'Latency'.padEnd(10)}${columns.map((name) => (name === 'stdev' ? 's.d.' : name).padStart(8)).join('')}`;
  if (result.latencyMs.response.count === 0) return [paint.strong('Latency'), '  no response came in'];
  return [
    paint.strong(header),
    paint.strong(latencyRow('response', result.latencyMs.response, columns)),
    latencyRow('service', result.latencyMs.service, columns),
    latencyRow('start lag', result.latencyMs.startLag, columns),
  ];
}

function latencyRow(name: string, summary: LatencySummary, columns: readonly LatencyColumn[]): string {
  return `${name.padEnd(10)}${columns.map((key) => formatLatency(summary[key]).padStart(8)).join('')}`;
}

function stepTable(result: LoadResult, width: number, paint: Paint): string[] {
  if (result.steps.length < 2) return [];
  const nameWidth = Math.min(width - 44, Math.max(4, ...result.steps.map((step) => step.step.length)) + 1);
  const columns = ['requests', 'failed', 'p50', 'p95', 'p99'];
  const header = `${'Step'.padEnd(nameWidth)}${columns.map((name) => name.padStart(8)).join(' ')}`;
  const rows = result.steps.map((step) => {
    const { p50, p95, p99 } = step.response;
    const cells = [
      formatCount(step.count),
      formatCount(step.failed),
      ...[p50, p95, p99].map((ms) => (step.response.count === 0 ? '-' : formatLatency(ms))),
    ];
    return `${fit(step.step, nameWidth - 1).padEnd(nameWidth)}${cells.map((cell) => cell.padStart(8)).join(' ')}`;
  });
  return [paint.strong(header), ...rows];
}

function accounting(result: LoadResult, width: number, paint: Paint): string[] {
  const { scheduled, sent, dropped, ok, failed, timedOut, inFlight } = result;
  const { maxInFlight, userBusy } = result.droppedBy;
  const accounts = [
    `scheduled ${formatCount(scheduled)} = sent ${formatCount(sent)} + dropped ${formatCount(dropped)}`,
    `sent ${formatCount(sent)} = ok ${formatCount(ok)} + failed ${formatCount(failed)} + timed out ${formatCount(timedOut)} + in flight at stop ${formatCount(inFlight)}`,
  ];
  if (maxInFlight > 0) {
    const most = formatCount(result.maxInFlight);
    accounts.push(`${formatCount(maxInFlight)} dropped: ${most} requests were under way (--max-in-flight)`);
  }
  if (userBusy > 0) accounts.push(`${formatCount(userBusy)} dropped: the user was still busy when due again`);
  if (result.steps.length > 1) {
    const { started, ok: whole, failed: broken } = result.iterations;
    accounts.push(
      `iterations: ${formatCount(started)} started, ${formatCount(whole)} ok, ${formatCount(broken)} failed`,
    );
  }
  accounts.push(`received ${formatBytes(result.bytes.received)}, sent ${formatBytes(result.bytes.sent)}`);
  const lines = accounts.flatMap((text) => wrap(text, width - 4).map((line, i) => `${i === 0 ? '  ' : '    '}${line}`));
  return [paint.strong('Requests'), ...lines];
}

function outcomes(result: LoadResult, width: number, paint: Paint): string[] {
  const lines: string[] = [];
  const statuses = statusList(result.statusCodes);
  const responses = statuses.reduce((sum, { count }) => sum + count, 0);
  const countWidth = Math.max(8, formatCount(result.sent).length);
  if (statuses.length > 0) lines.push(paint.strong('Status codes'));
  for (const { code, count, good } of statuses) {
    const line = `  ${code} ${formatCount(count).padStart(countWidth)}  ${formatShare(count / responses)}`;
    lines.push(good ? line : paint.warn(line));
  }
  const errors = errorList(result.errors);
  if (errors.length > 0) lines.push(paint.strong('Errors by cause'));
  for (const { cause, count } of errors) {
    const [first, ...rest] = wrap(cause, width - countWidth - 4);
    lines.push(paint.bad(`  ${formatCount(count).padStart(countWidth)}  ${first ?? ''}`));
    for (const line of rest) lines.push(paint.bad(`${' '.repeat(countWidth + 4)}${line}`));
  }
  const checks = Object.entries(result.checks);
  if (checks.length > 0) lines.push(paint.strong('Checks'));
  for (const [name, { passed, failed }] of checks) {
    const total = passed + failed;
    const line = `  ${failed === 0 ? '✓' : '✗'} ${fit(name, width - 30)}  ${formatCount(passed)} of ${formatCount(total)}`;
    lines.push(failed === 0 ? paint.good(line) : paint.bad(line));
  }
  return lines;
}

function services({ timeline }: LoadReport, width: number, paint: Paint): string[] {
  if (timeline?.workloads === undefined) return [];
  const { rows, missing } = timeline.workloads;
  const wide = width >= 66;
  const header = `${'Services'.padEnd(16)}replicas  CPU mean${wide ? '   highest' : ''}    memory  throttled`;
  const lines = summarizeWorkloads(rows).map(({ name, replicas, cpuCores, memoryBytes, throttledShare }) => {
    const { least, most } = replicas;
    const cells = [
      (least === most ? String(most) : `${least} to ${most}`).padStart(8),
      formatCores(cpuCores?.mean).padStart(10),
      wide ? formatCores(cpuCores?.most).padStart(10) : '',
      (memoryBytes === undefined ? '-' : formatBytes(memoryBytes)).padStart(10),
      (throttledShare === undefined ? '-' : formatShare(throttledShare)).padStart(11),
    ];
    return `  ${fit(name, 13).padEnd(14)}${cells.join('')}`;
  });
  if (lines.length === 0 && missing.length === 0) return [];
  const words =
    missing.length === 0 ? [] : wrap(`not told: ${missing.join('; ')}`, width - 2).map((line) => `  ${line}`);
  return [lines.length > 0 ? paint.strong(header) : paint.strong('Services'), ...lines, ...words];
}

function thresholds(result: LoadResult, width: number, paint: Paint): string[] {
  if (result.thresholds.length === 0) return [];
  const textWidth = Math.min(width - 30, Math.max(...result.thresholds.map((outcome) => outcome.text.length)));
  return [
    paint.strong('Thresholds'),
    ...result.thresholds.map((outcome) => {
      const line = `  ${outcome.passed ? '✓' : '✗'} ${outcome.text.padEnd(textWidth)}  ${outcome.message}`;
      return outcome.passed ? paint.good(line) : paint.bad(line);
    }),
  ];
}

function faults(result: LoadReport, width: number, paint: Paint): string[] {
  if (result.faults === undefined) return [];
  const { outcomes, objectives } = result.faults;
  const hanging = (text: string) => wrap(text, width - 4).map((line, i) => `${i === 0 ? '  ' : '    '}${line}`);
  const told = outcomes.flatMap((fault) => {
    const lines = hanging(faultLine(fault));
    return fault.recoveryMs === undefined ? lines.map(paint.bad) : lines;
  });
  const asked = objectives.flatMap((one) => {
    const lines = hanging(`${objectiveMark(one)} ${one.text}  ${one.message}`);
    return lines.map(one.state === 'held' ? paint.good : one.state === 'failed' ? paint.bad : paint.warn);
  });
  return [
    paint.strong('Faults'),
    ...told,
    ...wrap(howJudged(result.seconds), width - 2).map((line) => paint.faint(`  ${line}`)),
    ...(asked.length === 0 ? [] : [paint.strong('Objectives'), ...asked]),
  ];
}

/** The probes of a search in the order of their time: what it is that the answer rests on. */
function ratesTried({ findMax }: LoadReport, width: number, paint: Paint): string[] {
  if (findMax === undefined || findMax.probes.length === 0) return [];
  const header = `${'Rates tried'.padEnd(12)}${['for', 'p50', 'p95', 'failed', 'under way'].map((name) => name.padStart(9)).join('')}`;
  const rows = findMax.probes.map((probe) => {
    const cells = [
      formatLatency(probe.durationMs),
      formatLatency(probe.p50Ms),
      formatLatency(probe.p95Ms),
      formatCount(probe.failed + probe.timedOut + probe.dropped),
      formatCount(probe.inFlightAtEnd),
    ];
    const words = probe.outcome === 'held' && probe.kind === 'confirmation' ? 'held, confirmed' : probe.outcome;
    const line = `  ${formatRate(probe.ratePerSecond).padStart(8)}/s${cells.map((cell) => cell.padStart(9)).join('')}  ${words}`;
    return probe.outcome === 'held' ? paint.good(line) : probe.outcome === 'broke' ? paint.bad(line) : paint.warn(line);
  });
  const limits = wrap(
    `What had to hold: ${findMax.limits.join(', ')}; nothing dropped; no backlog that grows.`,
    width - 2,
  );
  return [paint.strong(header), ...rows, ...limits.map((line) => `  ${line}`)];
}

function verdict(result: LoadResult, width: number, paint: Paint): string[] {
  const { state, reasons } = result.verdict;
  const colors = { VALID: paint.good, DEGRADED: paint.warn, VOID: paint.bad };
  const lines = wrap(`Verdict ${state}: ${verdictMeaning(result.verdict)}.`, width).map((line) => colors[state](line));
  for (const reason of reasons) {
    const [first, ...rest] = wrap(reason.message, width - 4);
    lines.push(`  - ${first ?? ''}`, ...rest.map((line) => `    ${line}`));
  }
  return lines;
}

function conclusion(result: LoadReport, options: SummaryOptions, width: number, paint: Paint): string[] {
  const { exitCode } = options;
  const exit = exitCode === undefined ? '' : ` Exit code ${exitCode}.`;
  if (options.conclusion !== undefined) {
    const lines = wrap(`${options.conclusion}${exit}`, width);
    return lines.map((line) => (exitCode === 0 || exitCode === undefined ? paint.good(line) : paint.bad(line)));
  }
  const broken = result.thresholds.filter((outcome) => !outcome.passed).length;
  const of = `${broken} of ${result.thresholds.length} thresholds failed`;
  const isVoid = result.verdict.state === 'VOID';
  const trouble = faultTrouble(result);
  const brokenOff = result.ended === 'interrupted' || result.ended === 'aborted';
  const text = isVoid
    ? `VOID: these numbers prove nothing${broken > 0 ? ` (${of})` : ''}.`
    : brokenOff
      ? `INTERRUPTED: ${broken > 0 ? of : 'no threshold had failed'}.`
      : broken > 0
        ? `FAILED: ${of}.`
        : trouble.length > 0
          ? 'NOT PASSED.'
          : result.thresholds.length > 0
            ? 'Passed: all thresholds hold.'
            : 'Passed: no threshold was set.';
  const early = brokenOff || result.ended === 'finished';
  const how = [...trouble.map((one) => ` ${one}`), early ? ' The run was ended early; this is what it saw.' : ''].join(
    '',
  );
  const good = !isVoid && !brokenOff && broken === 0 && trouble.length === 0;
  return wrap(`${text}${how}${exit}`, width).map((line) => (good ? paint.good(line) : paint.bad(line)));
}

function howToRead(width: number, paint: Paint): string[] {
  const text =
    'How to read it: response counts from the moment a request was due, so it includes every wait your users would feel; service ' +
    'counts from the write; start lag is what the generator itself added. Dropped requests were never sent and are in no latency.';
  return wrap(text, width).map((line) => paint.faint(line));
}
