import { formatDuration } from '../../kernel/duration.js';
import { markdownCode, markdownText } from '../../kernel/text.js';
import type { LatencySummary, LoadResult } from '../../load/measure/metrics.js';
import { formatBytes, formatCores, formatCount, formatLatency, formatRate, formatShare } from '../format.js';
import { codeCell, type MarkdownBlocks, markdownTable } from '../markdown.js';
import { comparisonBlocks } from './compare-markdown.js';
import { faultLine, howJudged, objectiveMark } from './faults.js';
import { commandLine, outcomeOf } from './outcome.js';
import { type LoadReport, summarizeWorkloads } from './timeline.js';
import { endedWords, errorList, type LoadHeading, rateWords, statusList, verdictMeaning } from './words.js';

/** The report of a run in GitHub's Markdown: what came of it and whether it can be trusted first, then what was measured. `level`: of its heading. */
export function loadMarkdown(result: LoadReport, heading: LoadHeading, level = '##'): MarkdownBlocks {
  return [
    ...head(result, heading, level),
    ...thresholdTable(result),
    ...faults(result),
    ...(result.comparison === undefined ? [] : comparisonBlocks(result.comparison, `${level}# Against the baseline`)),
    ...ratesTried(result),
    ...latencyTable(result.latencyMs),
    ...stepTable(result),
    ...requests(result),
    ...outcomes(result),
    ...services(result),
    ...howItRan(result),
  ];
}

const marks = { PASSED: '✅ PASS', FAILED: '❌ FAIL', VOID: '❌ VOID', INTERRUPTED: '⚠️ INTERRUPTED' };

function head(result: LoadReport, heading: LoadHeading, level: string): string[] {
  const { word, sentence } = outcomeOf(result);
  const { state, reasons } = result.verdict;
  // A run that passed with figures that are marred says so where it is read first.
  const mark = word === 'PASSED' && state === 'DEGRADED' ? '⚠️ PASS, DEGRADED' : marks[word];
  const exit = result.exitCode === undefined ? '' : `Exit code ${result.exitCode}. `;
  const { unit } = result.arrivals;
  const target = result.targetIterationsPerSecond;
  const asked = target === undefined || result.findMax !== undefined ? '' : `asked ${formatRate(target)} ${unit}/s, `;
  const iterations = result.achievedIterationsPerSecond;
  const achieved = rateWords({ unit, iterations, requests: result.achievedRequestsPerSecond }, 2);
  const ended = result.ended === 'completed' ? '' : ` (${endedWords(result.ended)})`;
  return [
    `${level} ${mark}: load ${codeCell(heading.name)}`,
    `${exit}${markdownText(sentence)}`,
    `**${state}**: ${verdictMeaning(result.verdict)}.`,
    ...(reasons.length === 0 ? [] : [reasons.map(({ message }) => `- ${markdownText(message)}`).join('\n')]),
    `${codeCell(heading.target)} · ${markdownText(heading.model)} · ${asked}achieved ${achieved} over ${formatDuration(result.durationMs)}${ended}`,
  ];
}

/** What was asked of the run, and what was seen. */
export function thresholdTable({ thresholds }: Pick<LoadResult, 'thresholds'>): string[] {
  if (thresholds.length === 0) return [];
  const rows = thresholds.map(({ passed, text, message }) => [
    passed ? '✅ holds' : '❌ failed',
    codeCell(text),
    markdownText(message),
  ]);
  return [markdownTable(['Thresholds', 'condition', 'seen'], rows, 3)];
}

/** What was broken on purpose, what came of it, and what was to come of it. */
function faults({ faults, seconds }: LoadReport): string[] {
  if (faults === undefined) return [];
  const rows = faults.objectives.map((one) => [objectiveMark(one), codeCell(one.text), markdownText(one.message)]);
  return [
    ['**Faults**', '', ...faults.outcomes.map((fault) => `- ${markdownText(faultLine(fault))}`)].join('\n'),
    markdownText(howJudged(seconds)),
    ...(rows.length === 0 ? [] : [markdownTable(['', 'objective', 'seen'], rows, 3)]),
  ];
}

const figures = ['min', 'p50', 'p90', 'p95', 'p99', 'max', 'mean', 'stdev'] as const;

/** A table of latencies; what is not known of a run is left out of it. */
export function latencyTable({ response, service, startLag }: Partial<LoadResult['latencyMs']>): string[] {
  if (response === undefined || response.count === 0) return ['No response came in.'];
  const all: [string, LatencySummary | undefined][] = [
    ['**response**', response],
    ['service', service],
    ['start lag', startLag],
  ];
  const rows = all.flatMap(([name, summary]) =>
    summary === undefined ? [] : [[name, ...figures.map((key) => formatLatency(summary[key]))]],
  );
  return [markdownTable(['Latency', ...figures.map((name) => (name === 'stdev' ? 's.d.' : name))], rows)];
}

function stepTable({ steps }: LoadResult): string[] {
  return steps.length < 2 ? [] : [stepRows('Steps', steps)];
}

/** The parts of a run, a row each: requests, failures, response latency. */
export function stepRows(
  title: string,
  steps: readonly { step: string; count: number; failed: number; response: LatencySummary }[],
): string {
  const rows = steps.map(({ step, count, failed, response }) => [
    codeCell(step),
    formatCount(count),
    formatCount(failed),
    ...[response.p50, response.p95, response.p99].map((ms) => (response.count === 0 ? '-' : formatLatency(ms))),
  ]);
  return markdownTable([title, 'requests', 'failed', 'p50', 'p95', 'p99'], rows);
}

function requests(result: LoadResult): string[] {
  const { scheduled, sent, dropped, ok, failed, timedOut, inFlight, bytes } = result;
  const counts = { scheduled, dropped, sent, ok, failed, 'timed out': timedOut, 'in flight at stop': inFlight };
  const head = ['Requests', ...Object.keys(counts), 'received'];
  return [markdownTable(head, [['', ...Object.values(counts).map(formatCount), formatBytes(bytes.received)]])];
}

/** What came in: status codes, errors by cause, checks. */
export function outcomes(result: Pick<LoadResult, 'statusCodes' | 'errors'> & Partial<Pick<LoadResult, 'checks'>>) {
  const statuses = statusList(result.statusCodes);
  const total = statuses.reduce((sum, { count }) => sum + count, 0);
  const tables: [string[], string[][]][] = [
    [
      ['Status codes', 'responses', 'share'],
      statuses.map(({ code, count, good }) => [
        `${good ? '' : '❌ '}${codeCell(code)}`,
        formatCount(count),
        formatShare(count / total),
      ]),
    ],
    [
      ['Errors by cause', 'requests'],
      errorList(result.errors).map(({ cause, count }) => [codeCell(cause), formatCount(count)]),
    ],
    [
      ['Checks', 'passed', 'failed'],
      Object.entries(result.checks ?? {}).map(([name, { passed, failed }]) => [
        `${failed > 0 ? '❌' : '✅'} ${codeCell(name)}`,
        formatCount(passed),
        formatCount(failed),
      ]),
    ],
  ];
  return tables.filter(([, rows]) => rows.length > 0).map(([head, rows]) => markdownTable(head, rows));
}

function services({ timeline }: LoadReport): string[] {
  if (timeline?.workloads === undefined) return [];
  const { rows, missing } = timeline.workloads;
  const lines = summarizeWorkloads(rows).map(({ name, replicas, cpuCores, memoryBytes, throttledShare }) => [
    codeCell(name),
    replicas.least === replicas.most ? String(replicas.most) : `${replicas.least} to ${replicas.most}`,
    formatCores(cpuCores?.mean),
    formatCores(cpuCores?.most),
    memoryBytes === undefined ? '-' : formatBytes(memoryBytes),
    throttledShare === undefined ? '-' : formatShare(throttledShare),
  ]);
  const head = ['Services', 'replicas', 'CPU cores, mean', 'highest', 'memory, highest', 'throttled, highest'];
  return [
    ...(lines.length === 0 ? [] : [markdownTable(head, lines)]),
    ...(missing.length === 0 ? [] : [`Not told of the services: ${markdownText(missing.join('; '))}.`]),
  ];
}

/** The probes of a search in the order of their time: what it is that the answer rests on. */
function ratesTried({ findMax }: LoadReport): string[] {
  if (findMax === undefined || findMax.probes.length === 0) return [];
  const rows = findMax.probes.map((probe) => [
    `${{ held: '✅', broke: '❌', 'not offered': '⚠️' }[probe.outcome]} ${formatRate(probe.ratePerSecond)}/s`,
    `${probe.outcome}${probe.kind === 'confirmation' ? ' (confirmation)' : ''}`,
    formatLatency(probe.durationMs),
    formatLatency(probe.p50Ms),
    formatLatency(probe.p95Ms),
    formatCount(probe.failed + probe.timedOut + probe.dropped),
  ]);
  return [
    markdownTable(['Rates tried', 'outcome', 'for', 'p50', 'p95', 'failed'], rows, 2),
    `What had to hold: ${markdownCode(findMax.limits.join(', '))}; nothing dropped; no backlog that grows.`,
  ];
}

function howItRan({ command, hwctl, startedAtUnixMs }: LoadReport): string[] {
  const started = new Date(startedAtUnixMs).toISOString().replace('T', ' ').slice(0, 19);
  const version = hwctl === undefined ? '' : ` ${markdownCode(hwctl.version)}`;
  const call = command === undefined ? '' : `: ${codeCell(commandLine(command), 2000)}`;
  return [
    `hwctl${version}, ${started} UTC${call}`,
    'Response counts from the moment a request was due, so it includes every wait that users would feel; service counts from the write; start lag is what the generator itself added. Dropped requests were never sent and are in no latency.',
  ];
}
