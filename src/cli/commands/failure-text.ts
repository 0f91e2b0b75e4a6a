import type { Failure } from '../kernel/failure.js';
import { createPaint } from '../report/paint.js';
import type { Context } from './context.js';

/** A failure as people read it: what happened, all details, the cure. */
export function formatFailure(failure: Failure, context: Pick<Context, 'color'>): string {
  const paint = createPaint(context.color);
  const lines = [`${paint.bad('error:')} ${failure.message}`];
  for (const detail of failure.details) lines.push(`  ${detail.replaceAll('\n', '\n  ')}`);
  if (failure.hint !== undefined) lines.push(`${paint.cure('cure:')}  ${failure.hint}`);
  return lines.join('\n');
}
