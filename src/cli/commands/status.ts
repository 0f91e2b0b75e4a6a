import { formatDuration } from '../kernel/duration.js';
import { createPaint } from '../report/paint.js';
import type { ServiceStatus, StatusReport } from '../target/target.js';
import type { Context } from './context/context.js';
import { formatEndpoints } from './context/endpoint-text.js';
import { defineCommand } from './options/define-command.js';
import { toggle } from './options/option.js';
import { type TargetOptions, targetFromOptions, targetOptions } from './options/target-options.js';

const watchPeriodMs = 1000;

/** `hwctl status [--watch]`. */
export const define = defineCommand({
  options: {
    ...targetOptions,
    watch: toggle('--watch', 'again every second, until Ctrl-C'),
    all: toggle('--all', 'every project that is up, here and on the cluster'),
  },
  endsWithReader: ({ watch }) => watch === true,
  async run(_, options, context) {
    if (options.all) return printAll(options, context);
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

/** Every project on this machine, and on the cluster that is asked for or is there. */
async function printAll(options: TargetOptions & { json?: boolean }, context: Context): Promise<void> {
  const { target } = await targetFromOptions(options, context);
  const targets = [target];
  if (options.target === 'auto') {
    const others = target.name === 'local' ? (['minikube'] as const) : (['local'] as const);
    for (const name of others) {
      // A cluster that is not there has nothing that is up.
      const other = await targetFromOptions({ ...options, target: name }, context).catch(() => undefined);
      if (other !== undefined) targets.push(other.target);
    }
  }
  const projects = (
    await Promise.all(
      targets.map(async (one) => (await one.projects()).map((project) => ({ ...project, target: one.name }))),
    )
  ).flat();
  if (options.json) return context.json({ projects });
  if (projects.length === 0) return context.print('nothing is up (hwctl up)');
  const header = ['PROJECT', 'TARGET', 'STACKS'];
  const rows = projects.map(({ project, target: name, stacks }) => [project, name, stacks.join(', ')]);
  const widths = header.map((title, column) => Math.max(title.length, ...rows.map((row) => row[column]!.length)));
  context.print(
    [header, ...rows].map((row) =>
      row
        .map((cell, column) => cell.padEnd(widths[column]!))
        .join('  ')
        .trimEnd(),
    ),
  );
}

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
