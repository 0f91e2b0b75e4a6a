import { Failure } from '../../kernel/failure.js';
import { withoutUrlSecrets } from '../../kernel/secrets.js';
import { createPaint } from '../../report/paint.js';
import type { Context } from './context.js';

/** A failure as it may be shown: it tells what was given, and that may have been a URL with a password in it. */
export function withoutSecrets(failure: Failure): Failure {
  const { code, message, hint, details, cause, exitCode } = failure;
  return new Failure({
    code,
    message: withoutUrlSecrets(message),
    hint: hint === undefined ? undefined : withoutUrlSecrets(hint),
    details: details.map(withoutUrlSecrets),
    cause,
    exitCode,
  });
}

/** A failure as people read it: what happened, all details, the cure. */
export function formatFailure(told: Failure, context: Pick<Context, 'color'>): string[] {
  const failure = withoutSecrets(told);
  const paint = createPaint(context.color);
  const lines = [`${paint.bad('error:')} ${failure.message}`];
  for (const detail of failure.details) lines.push(`  ${detail}`);
  if (failure.hint !== undefined) lines.push(`${paint.cure('cure:')}  ${failure.hint}`);
  return lines;
}
