import { exitCodes } from '../kernel/failure.js';
import type { DownReport } from '../target/target.js';
import { clustersWith } from '../target/target-names.js';
import { formatEvent } from './context/event-text.js';
import { defineCommand, operand } from './options/define-command.js';
import { option, toggle } from './options/option.js';
import { targetFromOptions, targetOptions } from './options/target-options.js';
import { duration, name } from './options/values.js';

/** `hwctl down [STACK...]`. */
export const define = defineCommand({
  operands: [operand('[stack...]', 'stacks to take down (default: everything)', name)],
  options: {
    ...targetOptions,
    keepData: toggle('--keep-data', 'keep databases and generated secrets for the next up'),
    deleteCluster: toggle(
      '--delete-cluster',
      `delete the cluster too, if hwctl made it (${clustersWith('deleteCluster').join(', ')})`,
    ),
    timeout: option('--timeout <duration>', 'how long everything may take', duration, '2m'),
  },
  async run([stacks], options, context) {
    const { target, reason } = await targetFromOptions(options, context);
    if (!options.json) context.print(`target ${target.name}: ${reason}`);
    const report = await target.down(
      {
        stacks: stacks.includes('all') ? [] : stacks,
        keepData: options.keepData === true,
        deleteCluster: options.deleteCluster === true,
      },
      {
        timeoutMs: options.timeout,
        signal: context.signal,
        onEvent: (event) => {
          const line = options.json ? undefined : formatEvent(event);
          if (line !== undefined) context.note(line);
        },
      },
    );
    if (options.json) context.json(report);
    else context.print(formatDown(report));
    return report.remaining.length > 0 ? exitCodes.failed : exitCodes.pass;
  },
});

function formatDown({ deleted, kept, remaining }: DownReport): string[] {
  const lines = deleted.map((ref) => `  deleted    ${ref}`);
  for (const { ref, reason } of kept) lines.push(`  kept       ${ref}  (${reason})`);
  for (const { ref, reason } of remaining) lines.push(`  REMAINING  ${ref}  (${reason})`);
  if (lines.length === 0) return ['nothing was up: nothing to remove'];
  const counts = `${deleted.length} deleted, ${kept.length} kept, ${remaining.length} remaining`;
  return [...lines, remaining.length === 0 ? `down: ${counts}` : `NOT down: ${counts}`];
}
