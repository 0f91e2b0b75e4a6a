import { formatDuration } from '../../kernel/duration.js';
import type { CaseResult, ProbeResult } from '../../scenario/probe/probe-result.js';
import { wrap } from '../format.js';
import type { Paint } from '../paint.js';

const labelWidth = 12;

/** What is probed, and what one request alone was seen to do. */
export function probeHead({ key, countedBy, unit }: Pick<ProbeResult, 'key' | 'countedBy' | 'unit'>): string[] {
  const by = `${unit > 0 ? '+' : ''}${unit}`;
  return [`key in ${key}; judged by ${countedBy}: one request alone changes it by ${by}`, ''];
}

/** One case as a person reads it: its outcome on one line where all is well, else all that is known. */
export function caseLines(result: CaseResult, paint: Paint, columns: number): string[] {
  const { state, title, sent, expected, happened, why, cure } = result;
  const head = `${title}: ${sent}`;
  switch (state) {
    case 'passed':
      return [...marked(paint.good('✓'), head, columns), ...labelled('happened', happened, columns)];
    case 'left-out':
      return marked('-', `${title}: left out, ${sent}`, columns);
    case 'warning':
    case 'failed':
      return [
        ...marked(state === 'failed' ? paint.bad('✗') : paint.warn('!'), head, columns),
        ...labelled('expected', expected, columns),
        ...labelled('happened', happened, columns),
        ...labelled('why', why ?? '', columns),
        ...labelled('cure', cure ?? '', columns, paint.cure),
      ];
  }
}

function marked(mark: string, text: string, columns: number): string[] {
  return wrap(text, Math.max(30, columns - 2)).map((line, i) => `${i === 0 ? mark : ' '} ${line}`);
}

function labelled(label: string, text: string, columns: number, paint: (text: string) => string = (same) => same) {
  const head = label.padEnd(labelWidth - 2);
  return wrap(text, Math.max(30, columns - labelWidth - 2)).map(
    (line, i) => `  ${i === 0 ? paint(head) : ' '.repeat(labelWidth - 2)}  ${line}`,
  );
}

/** What it comes to. */
export function verdictLines(result: ProbeResult, paint: Paint, columns: number): string[] {
  const { verdict, cases, requests, durationMs, reason, cure } = result;
  const count = (state: CaseResult['state']) => cases.filter((each) => each.state === state).length;
  const parts = [`${count('passed')} passed`, `${count('warning')} to think about`, `${count('failed')} failed`];
  if (count('left-out') > 0) parts.push(`${count('left-out')} left out`);
  const figures = `${parts.join(', ')}; ${requests} requests in ${formatDuration(durationMs)}`;
  if (verdict === 'void') {
    return [
      '',
      ...marked(paint.warn('VOID'), `nothing can be told: ${reason}`, columns),
      ...labelled('cure', cure ?? '', columns, paint.cure),
      figures,
    ];
  }
  const text =
    verdict === 'idempotent'
      ? paint.good('IDEMPOTENT: however often it comes, it happens once')
      : paint.bad('NOT IDEMPOTENT: what is wanted once can happen more often, or not at all');
  return ['', text, figures];
}
