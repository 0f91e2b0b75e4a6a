import { exitCodes } from '../kernel/failure.js';
import { createPaint, type Paint } from '../report/paint.js';
import type { ObjectDiff } from '../target/manifests/object-diff.js';
import { defineCommand, operand } from './options/define-command.js';
import { targetFromOptions, targetOptions } from './options/target-options.js';
import { requestFrom, valueOptions } from './options/value-options.js';
import { name } from './options/values.js';

/** `hwctl diff [STACK...]`: exit 0 where nothing differs, 1 where something does, as `kubectl diff`. */
export const define = defineCommand({
  operands: [
    operand(
      '[stack...]',
      'stacks to compare besides what is up; `all` for every one (default: idempotency hello; of a project its only one)',
      name,
    ),
  ],
  options: { ...targetOptions, ...valueOptions },
  async run([words], options, context) {
    const request = await requestFrom(words, options, context);
    const { target, reason } = await targetFromOptions(options, context, 'deploy');
    if (!options.json) context.note(`target ${target.name}: ${reason}`);
    const differences = await target.diff(request);
    if (options.json) context.json({ target: target.name, differences });
    else context.print(formatDifferences(differences, context.color));
    return differences.length > 0 ? exitCodes.failed : exitCodes.pass;
  },
});

function formatDifferences(differences: readonly ObjectDiff[], color: boolean): string[] {
  if (differences.length === 0) return ['no difference: up would change nothing'];
  const lines = differences.flatMap(({ patch }) => patch.trimEnd().split('\n'));
  const paint = createPaint(color);
  const counted = (['create', 'update', 'delete'] as const).map(
    (change) => `${differences.filter((difference) => difference.change === change).length} to ${change}`,
  );
  return [...lines.map((line) => paintLine(line, paint)), counted.join(', ')];
}

/** Heads, removals and additions as git paints them. */
function paintLine(line: string, paint: Paint): string {
  if (/^(---|\+\+\+) /.test(line)) return paint.strong(line);
  if (line.startsWith('@@')) return paint.faint(line);
  return line.startsWith('-') ? paint.bad(line) : line.startsWith('+') ? paint.good(line) : line;
}
