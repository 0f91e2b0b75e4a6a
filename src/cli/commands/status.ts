import { formatDuration } from '../kernel/duration.js';
import { createPaint } from '../report/paint.js';
import type { ServiceStatus, StatusReport } from '../target/target.js';
import type { Context } from './context/context.js';
import { formatEndpoints } from './context/endpoint-text.js';
import { defineCommand } from './options/define-command.js';
import { toggle } from './options/option.js';
import { targetFromOptions, targetOptions } from './options/target-options.js';

const watchPeriodMs = 1000;

/** `hwctl status [--watch]`. */
export const define = defineCommand({
  options: { ...targetOptions, watch: toggle('--watch', 'again every second, until Ctrl-C') },
  endsWithReader: ({ watch }) => watch === true,
  async run(_, options, context) {
    const { target, reason } = await targetFromOptions(options, context);
    for (;;) {
      const status = await target.status();
      if (options.json) context.json({ ...status, reason });
      else {
        // On a terminal each look takes the place of the one before.
        if (options.watch && context.interactive) context.stdout.write('\u001b[H\u001b[2J');
        context.print([`target ${target.name}: ${reason}`, ...formatStatus(status, context)]);
      }
      if (!options.watch) return;
      await context.clock.sleep(watchPeriodMs, context.signal);
    }
  },
});

function formatStatus(status: StatusReport, context: Pick<Context, 'color' | 'columns'>): string[] {
  if (status.stacks.length === 0) return ['nothing is up (hwctl up)'];
  const header = ['SERVICE', 'STATE', 'RESTARTS', 'UP', 'MEMORY', 'INSTANCE'];
  const rows = status.services.map((service) => [
    service.name,
    service.state,
    String(service.restarts),
    service.uptimeMs === undefined ? '-' : formatDuration(service.uptimeMs),
    service.memoryBytes === undefined ? '-' : `${Math.round(service.memoryBytes / 1024 / 1024)} MiB`,
    service.instances.join(' ') || '-',
  ]);
  const widths = header.map((title, column) => Math.max(title.length, ...rows.map((row) => row[column]?.length ?? 0)));
  const format = (row: string[]) =>
    row
      .map((cell, column) => cell.padEnd(widths[column] ?? 0))
      .join('  ')
      .trimEnd();
  const lines = [`stacks: ${status.stacks.join(', ')}`, format(header)];
  for (const [index, row] of rows.entries()) {
    const service = status.services[index];
    lines.push(paintState(format(row), service, context));
    if (service?.reason !== undefined) lines.push(`  ${service.reason}`);
  }
  return [...lines, ...formatEndpoints(status.endpoints)];
}

function paintState(line: string, service: ServiceStatus | undefined, context: Pick<Context, 'color'>): string {
  if (service === undefined) return line;
  const { good, warn, bad } = createPaint(context.color);
  const paint = { ready: good, starting: warn, restarting: warn, failed: bad, stopped: bad }[service.state];
  return line.replace(` ${service.state} `, ` ${paint(service.state)} `);
}
