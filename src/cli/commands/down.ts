import type { Command } from 'commander';
import { exitCodes } from '../kernel/failure.js';
import type { DownReport } from '../target/target.js';
import { clustersWith } from '../target/target-names.js';
import type { Context } from './context/context.js';
import { addTargetOptions, type TargetOptions, targetFromOptions } from './options/target-options.js';
import { formatEvent, parseTimeoutMs } from './up.js';

interface Options extends TargetOptions {
  json?: boolean;
  keepData?: boolean;
  deleteCluster?: boolean;
  timeout: string;
}

/** `hwctl down [STACK...]`. */
export function define(command: Command, context: Context): void {
  command.argument('[stack...]', 'stacks to take down (default: everything)');
  addTargetOptions(command)
    .option('--keep-data', 'keep databases and generated secrets for the next up')
    .option(
      '--delete-cluster',
      `delete the cluster too, if hwctl made it (${clustersWith('deleteCluster').join(', ')})`,
    )
    .option('--timeout <duration>', 'how long everything may take', '2m')
    .action(async (stacks: string[], options: Options) => {
      const timeoutMs = parseTimeoutMs(options.timeout);
      const { target, reason } = await targetFromOptions(options, context);
      if (!options.json) context.print(`target ${target.name}: ${reason}`);
      const report = await target.down(
        {
          stacks: stacks.includes('all') ? [] : stacks,
          keepData: options.keepData === true,
          deleteCluster: options.deleteCluster === true,
        },
        {
          timeoutMs,
          signal: context.signal,
          onEvent: (event) => {
            const line = options.json ? undefined : formatEvent(event);
            if (line !== undefined) context.note(line);
          },
        },
      );
      if (options.json) context.json(report);
      else context.print(formatDown(report));
      if (report.remaining.length > 0) context.exitCode = exitCodes.failed;
    });
}

function formatDown({ deleted, kept, remaining }: DownReport): string[] {
  const lines = deleted.map((ref) => `  deleted    ${ref}`);
  for (const { ref, reason } of kept) lines.push(`  kept       ${ref}  (${reason})`);
  for (const { ref, reason } of remaining) lines.push(`  REMAINING  ${ref}  (${reason})`);
  if (lines.length === 0) return ['nothing was up: nothing to remove'];
  const counts = `${deleted.length} deleted, ${kept.length} kept, ${remaining.length} remaining`;
  return [...lines, remaining.length === 0 ? `down: ${counts}` : `NOT down: ${counts}`];
}
