import type { Failure } from '../kernel/failure.js';
import type { Context } from './context.js';

/** A failure as people read it: what happened, all details, the cure. */
export function formatFailure(failure: Failure, context: Pick<Context, 'color'>): string {
  const paint = (code: number, text: string) => (context.color ? `\u001b[${code}m${text}\u001b[0m` : text);
  const lines = [`${paint(31, 'error:')} ${failure.message}`];
  for (const detail of failure.details) lines.push(`  ${detail.replaceAll('\n', '\n  ')}`);
  if (failure.hint !== undefined) lines.push(`${paint(36, 'cure:')}  ${failure.hint}`);
  return lines.join('\n');
}
