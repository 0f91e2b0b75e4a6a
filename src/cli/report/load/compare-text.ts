import { shown } from '../../kernel/text.js';
import type { Change, Comparison } from '../../load/measure/compare.js';
import { formatLatency, formatRate, formatShare, wrap } from '../format.js';
import { createPaint } from '../paint.js';

/** The comparison of two runs as text, at most 80 columns wide. */
export function comparisonText(compared: Comparison, options: { color: boolean; columns: number }): string {
  const comparison = shown(compared);
  const paint = createPaint(options.color);
  const width = Math.max(60, Math.min(80, options.columns));
  const plain = (text: string) => text;
  const colors = { worse: paint.bad, better: paint.good, same: plain, unclear: paint.warn };
  const header = `${'Compared'.padEnd(12)}${'before'.padStart(10)}${'after'.padStart(10)}${'change'.padStart(10)}  ${'99 % interval'.padEnd(20)}`;
  const rows = comparison.changes.map((change) => {
    const cells = `${change.figure.padEnd(12)}${changeAmount(change, change.before).padStart(10)}${changeAmount(change, change.after).padStart(10)}${changeDelta(change, change.change).padStart(10)}`;
    const interval = `${changeDelta(change, change.low)} .. ${changeDelta(change, change.high)}`;
    return colors[change.verdict](`${cells}  ${interval.padEnd(20)}${change.verdict}`.trimEnd());
  });
  const sentences = [
    `${comparisonSentence(comparison)}`,
    rankTestSentence(comparison),
    'A figure is judged by its distribution-free 99 % interval (order statistics; latencies that resemble their neighbours count as fewer samples).',
    ...comparison.notes.map((note) => `Note: ${note}.`),
  ];
  const conclusion = comparison.passed ? (comparison.state === 'UNCLEAR' ? paint.warn : paint.good) : paint.bad;
  const [first, ...rest] = sentences.map((sentence) => wrap(sentence, width));
  return `${[
    paint.strong(header.trimEnd()),
    ...rows,
    '',
    ...first!.map((line) => conclusion(line)),
    ...rest.flat(),
  ].join('\n')}\n`;
}

/** How often a response of the second run was slower, and by what chance that is none. */
export function rankTestSentence({ rankTest: { slowerShare, p } }: Comparison): string {
  return `Mann-Whitney U: a random response after is slower than one before in ${formatShare(slowerShare)} of pairs (p ${p < 0.001 ? '< 0.001' : `= ${p.toFixed(3)}`}).`;
}

/** What the comparison comes to, in a sentence or two. */
export function comparisonSentence({ state, tolerance, changes }: Comparison): string {
  const named = (verdict: Change['verdict']) =>
    changes
      .filter((change) => change.verdict === verdict)
      .map((change) => change.figure)
      .join(', ');
  const looksWorse = changes.filter((change) => change.looksWorse).map((change) => change.figure);
  const unclear = named('unclear') === '' ? '' : ` ${sentence(named('unclear'), looksWorse.join(', '))}`;
  const limit = `${Number((tolerance * 100).toFixed(2))}%`;
  switch (state) {
    case 'REGRESSION':
      return `REGRESSION: ${named('worse')} worse by more than ${limit} with 99 % confidence.`;
    case 'IMPROVED':
      return `IMPROVED: ${named('better')} better by more than ${limit} with 99 % confidence, nothing shown to be worse.${unclear}`;
    case 'SAME':
      return `SAME: no figure changed by more than ${limit} with 99 % confidence.`;
    case 'UNCLEAR':
      return `UNCLEAR: no change by more than ${limit} was shown, nor that there is none.${unclear}`;
    case 'VOID':
      return 'VOID: one of the runs proves nothing, so neither does their comparison.';
  }
}

function sentence(unclear: string, looksWorse: string): string {
  const likely = looksWorse === '' ? '' : ` ${looksWorse} may well be worse: this is no pass.`;
  return `Not shown either way: ${unclear}.${likely} Longer runs make the intervals narrower; --tolerance sets what counts.`;
}

/** A figure with its unit. */
export function changeAmount(change: Change, value: number): string {
  if (change.unit === 'ms') return formatLatency(value);
  return change.unit === 'share' ? formatShare(value) : `${formatRate(value)}/s`;
}

/** A change as a share, or of a share in points. */
export function changeDelta(change: Change, value: number): string {
  const percent = value * 100;
  const digits = Math.abs(percent) < 10 ? 1 : 0;
  const sign = percent > 0 ? '+' : '';
  return `${sign}${percent.toFixed(digits)}${change.unit === 'share' ? ' pt' : '%'}`;
}
