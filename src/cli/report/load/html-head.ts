import { formatDuration } from '../../kernel/duration.js';
import { formatCount, formatRate } from '../format.js';
import { type HtmlRow, htmlTable } from './html-table.js';
import { commandLine, outcomeOf } from './outcome.js';
import { escapeHtml } from './svg-chart.js';
import type { LoadReport } from './timeline.js';
import { endedWords, type LoadHeading, verdictMeaning } from './words.js';

/** The top of the report: what ran, what came of it, and whether its numbers can be trusted. */
export function htmlHead(result: LoadReport, heading: LoadHeading): string {
  const { state, reasons } = result.verdict;
  const started = new Date(result.startedAtUnixMs).toISOString().replace('T', ' ').slice(0, 19);
  const version = result.hwctl === undefined ? '' : ` ${escapeHtml(result.hwctl.version)}`;
  const items = reasons.map((reason) => `<li>${escapeHtml(reason.message)}</li>`).join('');
  const { word, sentence, mood } = outcomeOf(result);
  const exit = result.exitCode === undefined ? '' : `<small>exit code ${result.exitCode}</small>`;
  return `<header>
<p class="eyebrow">hwctl${version} load · ${started} UTC</p>
<h1>${escapeHtml(heading.name)}</h1>
<p class="target">${escapeHtml(heading.target)}</p>
<p>${escapeHtml(heading.model)}</p>
<div class="outcome ${mood}"><strong>${word}</strong><span>${escapeHtml(sentence)}</span>${exit}</div>
<div class="verdict ${state.toLowerCase()}"><span>Can the numbers be trusted?</span> <strong>${state}</strong><span>${escapeHtml(verdictMeaning(result.verdict))}</span>${items === '' ? '' : `<ul>${items}</ul>`}</div>
</header>`;
}

/** How the run came to be, so that it can be repeated: the command, the version, the stages. */
export function howItRan(result: LoadReport, heading: LoadHeading): string {
  const { arrivals } = result;
  const facts: [string, string][] = [
    ...(result.command === undefined ? [] : [['Command', commandLine(result.command)] as [string, string]]),
    ...(result.hwctl === undefined ? [] : [['Version', `hwctl ${result.hwctl.version}`] as [string, string]]),
    ['Target', heading.target],
    ['Arrivals', heading.model],
    ['Ended', `${endedWords(result.ended)}, after ${formatDuration(result.durationMs)}`],
  ];
  const list = facts.map(([name, value]) => `<dt>${name}</dt><dd>${escapeHtml(value)}</dd>`).join('');
  let atMs = 0;
  const stages = arrivals.stages.map(({ label, durationMs }): HtmlRow => {
    const from = formatDuration(atMs);
    atMs += durationMs ?? 0;
    return { cells: [label, from, durationMs === undefined ? '-' : formatDuration(durationMs)] };
  });
  const table = stages.length > 1 ? htmlTable(['stage', 'begins at', 'lasts'], stages) : '';
  return `<section><h2>How it ran</h2><dl>${list}</dl>${table}</section>`;
}

/** What was asked of the run, and what was seen. */
export function thresholdTable({ thresholds }: LoadReport): string {
  if (thresholds.length === 0) return '';
  const rows = thresholds.map(
    ({ passed, text, message }): HtmlRow => ({
      cells: [passed ? '✓ holds' : '✗ failed', text, message],
      mood: passed ? 'good' : 'bad',
    }),
  );
  return `<section><h2>Thresholds</h2>${htmlTable(['', 'condition', 'seen'], rows, 'text')}</section>`;
}

/** What a search for the highest rate found, and each rate that it tried. */
export function findMaxSection({ findMax }: LoadReport): string {
  if (findMax === undefined) return '';
  const { sentence, limits, probes, unit } = findMax;
  const ms = (value: number | undefined) => (value === undefined ? '-' : `${Number(value.toPrecision(3))} ms`);
  const rows = probes.map((probe): HtmlRow => {
    const { outcome } = probe;
    return {
      cells: [
        `${outcome === 'held' ? '✓' : outcome === 'broke' ? '✗' : '?'} ${formatRate(probe.ratePerSecond)}`,
        `${outcome}${probe.kind === 'confirmation' ? ' (confirmation)' : ''}`,
        `${formatDuration(probe.atMs)}, ${formatDuration(probe.durationMs)} long`,
        ...[probe.scheduled, probe.ok, probe.failed + probe.timedOut, probe.dropped].map(formatCount),
        ms(probe.p95Ms),
        probe.why.join('; '),
      ],
      mood: outcome === 'held' ? 'good' : outcome === 'broke' ? 'bad' : undefined,
    };
  });
  const head = [`${unit}/s`, 'outcome', 'when', 'due', 'ok', 'failed', 'dropped', 'p95', 'why'];
  const asked = [...limits, 'nothing is dropped, and no backlog grows']
    .map((limit) => `<li>${escapeHtml(limit)}</li>`)
    .join('');
  return `<section><h2>Highest rate</h2><p><strong>${escapeHtml(sentence)}</strong></p>
<p>A rate holds where all of this does:</p><ul>${asked}</ul>${htmlTable(head, rows, 'text')}</section>`;
}
