import { exitCodes } from '../kernel/failure.js';
import { run } from '../kernel/process.js';
import { createPaint } from '../report/paint.js';
import { checkPrerequisites, type Need, type Prerequisite } from '../target/doctor.js';
import { clustersWith } from '../target/target-names.js';
import type { Context } from './context/context.js';
import { defineCommand, operand } from './options/define-command.js';
import { oneOf } from './options/values.js';

/** What `doctor` takes. */
export const needs: readonly Need[] = ['local', ...clustersWith('profile')];

/** `hwctl doctor [TARGET]`: every prerequisite, what was found, and the cure for each that is missing. */
export const define = defineCommand({
  operands: [
    operand('[target]', 'check what this target needs (default: all, and only local must pass)', oneOf(needs)),
  ],
  async run([target], options, context) {
    const wanted = target ?? 'local';
    const { root, env } = context;
    const found = await checkPrerequisites({ run, root, env, nodeVersion: process.version });
    const listed =
      target === undefined ? found : found.filter((check) => check.neededFor.some((need) => need === wanted));
    const blocking = found.filter((check) => check.state === 'missing' && check.neededFor.includes(wanted));
    if (options.json) context.json({ target: wanted, ok: blocking.length === 0, checks: listed });
    else {
      printChecks(listed, context);
      context.print('');
      for (const need of target === undefined ? needs : [wanted]) context.print(readyLine(found, need));
    }
    return blocking.length > 0 ? exitCodes.failed : exitCodes.pass;
  },
});

function printChecks(checks: Prerequisite[], context: Context): void {
  const width = Math.max(...checks.map((check) => check.name.length));
  const paint = createPaint(context.color);
  for (const check of checks) {
    const mark = { ok: paint.good('✓ ok     '), warning: paint.warn('! warning'), missing: paint.bad('✗ missing') }[
      check.state
    ];
    context.print(`${mark}  ${check.name.padEnd(width)}  ${check.found}`);
    if (check.cure !== undefined) context.print(`${' '.repeat(11 + width)}  ${paint.cure('cure:')} ${check.cure}`);
  }
}

function readyLine(checks: Prerequisite[], need: Need): string {
  const missing = checks.filter((check) => check.state === 'missing' && check.neededFor.includes(need)).length;
  return missing === 0 ? `Ready for the ${need} target.` : `Not ready for the ${need} target: ${missing} missing.`;
}
