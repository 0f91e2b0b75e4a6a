import { join } from 'node:path';
import type { Command } from 'commander';
import { formatDuration, parseDurationMs } from '../kernel/duration.js';
import { Failure } from '../kernel/failure.js';
import { describeStack, listStacks } from '../target/manifests/stacks.js';
import type { Step, TargetEvent, UpReport, UpRequest } from '../target/target.js';
import { type ClusterFlag, clustersWith } from '../target/target-names.js';
import type { Context } from './context/context.js';
import { formatEndpoints } from './context/endpoint-text.js';
import { helpList } from './options/help-list.js';
import { addTargetOptions, type TargetOptions, targetFromOptions } from './options/target-options.js';
import { addValueOptions, requestFrom, type ValueOptions } from './options/value-options.js';

interface Options extends TargetOptions, ValueOptions {
  json?: boolean;
  dryRun?: boolean;
  timeout: string;
  cpus?: string;
  memory?: string;
  kubernetesVersion?: string;
  registry?: string;
  forceConflicts?: boolean;
  setNamespace?: boolean;
}

/** `hwctl up [STACK...]`. */
export function define(command: Command, context: Context): void {
  command.argument(
    '[stack...]',
    'stacks to bring up besides what is up; `all` for every one (default: idempotency hello)',
  );
  command.addHelpText('after', () => {
    const manifests = join(context.root, 'manifests');
    const stacks = listStacks(manifests).map((name) => ({ name, what: describeStack(manifests, name) }));
    return helpList('Stacks', stacks, context.columns);
  });
  addValueOptions(addTargetOptions(command))
    .option('--timeout <duration>', 'how long everything may take', '5m')
    .option('--dry-run', 'print the steps and take none')
    .option('--cpus <number>', `CPUs of a cluster that is made or started (${takers('cpus')})`)
    .option('--memory <size>', `memory of a cluster that is made or started, e.g. 4g (${takers('memory')})`)
    .option('--kubernetes-version <version>', `Kubernetes of a cluster that is made (${takers('kubernetesVersion')})`)
    .option('--registry <host>', 'push the image there instead of loading it into the nodes, e.g. localhost:5000')
    .option('--force-conflicts', 'take over fields of objects that others own')
    .option('--set-namespace', "make the namespace the context's default one; down undoes it")
    .action(async (stacks: string[], options: Options) => up(stacks, options, context));
}

/** The targets on which a flag of whoever makes the cluster means something, for help. */
const takers = (flag: ClusterFlag) => clustersWith(flag).join(', ');

async function up(words: string[], options: Options, context: Context): Promise<void> {
  const timeoutMs = parseTimeoutMs(options.timeout);
  const request: UpRequest = {
    ...(await requestFrom(words, options, context)),
    cluster: {
      cpus: options.cpus,
      memory: options.memory,
      kubernetesVersion: options.kubernetesVersion,
      registry: options.registry,
      forceConflicts: options.forceConflicts,
      setNamespace: options.setNamespace,
    },
  };
  const { target, reason } = await targetFromOptions(options, context, 'deploy');
  if (options.dryRun) {
    const steps = await target.plan(request);
    if (options.json) context.json({ target: target.name, reason, plan: steps });
    else context.print([`target ${target.name}: ${reason}`, ...formatPlan(steps)]);
    return;
  }
  if (!options.json) context.print(`target ${target.name}: ${reason}`);
  const onEvent = (event: TargetEvent) => {
    const line = options.json ? undefined : formatEvent(event);
    if (line !== undefined) context.note(line);
  };
  const bringUp = async () => {
    try {
      return await target.up(request, { timeoutMs, signal: context.signal, onEvent });
    } catch (error) {
      // What was started does not end with us.
      if (context.signal.aborted) context.note(whatGoesOn(target.name, options));
      throw error;
    }
  };
  const report: UpReport = { ...(await bringUp()), reason };
  if (options.json) context.json(report);
  else context.print(formatReport(report));
}

function whatGoesOn(name: string, { context, allowContext, profile }: TargetOptions): string {
  const given = { context, 'allow-context': allowContext, profile };
  const where = [['target', name], ...Object.entries(given)].flatMap(([flag, word]) =>
    word === undefined ? [] : [`--${flag} ${word}`],
  );
  const words = where.join(' ');
  return `What was begun goes on without hwctl up: hwctl status ${words} shows it, hwctl down ${words} ends it`;
}

/** Reads `--timeout`: more than nothing. Throws Failure `bad-duration` or `usage`. */
export function parseTimeoutMs(text: string): number {
  const timeoutMs = parseDurationMs(text, '--timeout');
  if (timeoutMs > 0) return timeoutMs;
  throw new Failure({ code: 'usage', message: '--timeout: must be more than 0', hint: 'For example --timeout 30s' });
}

function formatPlan(steps: Step[]): string[] {
  if (steps.length === 0) return ['nothing to do: everything is as it shall be'];
  return steps.map((step) => `  ${formatStep(step)}`);
}

function formatStep({ verb, ref, why }: Step): string {
  return `${verb.padEnd(8)}${ref}  (${why})`;
}

/** One plain line for an event that people want to see; undefined for the others. */
export function formatEvent(event: TargetEvent): string | undefined {
  switch (event.type) {
    case 'step':
      if (event.state === 'started') return `  ${formatStep(event.step)}`;
      // What has no meaning here is told by --dry-run alone.
      if (event.state !== 'skipped' || event.step.verb === 'skip') return undefined;
      return `  ${formatStep({ verb: 'skip', ref: event.step.ref, why: event.reason })}`;
    case 'progress':
      return event.message;
    case 'waiting': {
      // A few are told with their reasons; of many, the names fit a line.
      const { notReady } = event;
      const names = notReady.map(({ ref, reason }) => (notReady.length > 2 ? baseName(ref) : `${ref} (${reason})`));
      return `waiting for ${names.join(', ')}, ${formatDuration(event.elapsedMs)}`;
    }
  }
}

function baseName(ref: string): string {
  return ref.slice(ref.lastIndexOf('/') + 1);
}

function formatReport(report: UpReport): string[] {
  const took = formatDuration(report.durationMs);
  const head = report.actions.length === 0 ? `unchanged, ready (${took})` : `ready in ${took}`;
  const pending = (report.pending ?? []).flatMap(({ ref, reason, hint }) => [
    `${ref}: ${reason}`,
    ...(hint === undefined ? [] : [`  ${hint}`]),
  ]);
  return [head, ...pending, ...formatEndpoints(report.endpoints)];
}
