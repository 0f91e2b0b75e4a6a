import { join } from 'node:path';
import { formatDuration } from '../kernel/duration.js';
import { describeStack, listStacks } from '../target/manifests/stacks.js';
import type { Step, TargetEvent, UpReport, UpRequest } from '../target/target.js';
import { type ClusterFlag, clustersWith } from '../target/target-names.js';
import type { Context } from './context/context.js';
import { formatEndpoints } from './context/endpoint-text.js';
import { formatEvent, formatStep } from './context/event-text.js';
import { defineCommand, operand } from './options/define-command.js';
import { helpList } from './options/help-list.js';
import { type OptionsOf, option, toggle } from './options/option.js';
import { type TargetOptions, targetFromOptions, targetOptions } from './options/target-options.js';
import type { ValueKind } from './options/value-kind.js';
import { requestFrom, valueOptions } from './options/value-options.js';
import { cpus, duration, name, size } from './options/values.js';
import { adviceFor, openProject } from './project/open-project.js';

/** A release of Kubernetes as minikube names it. */
const kubernetesVersion: ValueKind<string> = {
  code: 'bad-version',
  wanted: 'a version of Kubernetes, stable or latest',
  example: 'v1.34.0',
  read: (text) => (/^(v?\d{1,4}\.\d{1,4}(\.\d{1,4})?(-[\w.]{1,40})?|stable|latest)$/.test(text) ? text : undefined),
};

/** Where images are pushed. */
const registry: ValueKind<string> = {
  code: 'bad-registry',
  wanted: 'the host of a registry, perhaps with a port and a path',
  example: 'localhost:5000',
  read: (text) => (/^[a-z0-9][\w.-]{0,252}(:\d{1,5})?(\/[\w.-]{1,128}){0,8}$/i.test(text) ? text : undefined),
  near: (text) => [text.replace(/^https?:\/\//, '').replace(/\/$/, '')],
};

/** The targets on which a flag of whoever makes the cluster means something, for help. */
const takers = (flag: ClusterFlag) => clustersWith(flag).join(', ');

const options = {
  ...targetOptions,
  ...valueOptions,
  timeout: option('--timeout <duration>', 'how long everything may take', duration, '5m'),
  dryRun: toggle('--dry-run', 'print the steps and take none'),
  cpus: option('--cpus <number>', `CPUs of a cluster that is made or started (${takers('cpus')})`, cpus),
  memory: option('--memory <size>', `memory of a cluster that is made or started, e.g. 4g (${takers('memory')})`, size),
  kubernetesVersion: option(
    '--kubernetes-version <version>',
    `Kubernetes of a cluster that is made (${takers('kubernetesVersion')})`,
    kubernetesVersion,
  ),
  registry: option(
    '--registry <host>',
    'push the image there instead of loading it into the nodes, e.g. localhost:5000',
    registry,
  ),
  fix: toggle('--fix', 'write the edits that cure what would stop a project into its hwctl.yaml, then go on'),
  forceConflicts: toggle('--force-conflicts', 'take over fields of objects that others own'),
  setNamespace: toggle('--set-namespace', "make the namespace the context's default one; down undoes it"),
};

type Options = OptionsOf<typeof options> & { json?: boolean };

/** `hwctl up [STACK...]`. */
export const define = defineCommand({
  operands: [
    operand(
      '[stack...]',
      'stacks to bring up besides what is up; `all` for every one (default: idempotency hello; of a project its only one)',
      name,
    ),
  ],
  options,
  help(context) {
    const manifests = join(context.root, 'manifests');
    const stacks = listStacks(manifests).map((name) => ({ name, what: describeStack(manifests, name) }));
    return helpList('Stacks', stacks, context.columns);
  },
  run: ([stacks], options, context) => up(stacks, options, context),
});

async function up(words: string[], options: Options, context: Context): Promise<void> {
  if (words.length === 0) await adviseProject(options, context);
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
      return await target.up(request, { timeoutMs: options.timeout, signal: context.signal, onEvent });
    } catch (error) {
      // What was started does not end with us.
      if (context.signal.aborted) context.note(whatGoesOn(target.name, options));
      throw error;
    }
  };
  const report = await bringUp();
  if (options.json) context.json({ ...report, reason });
  else context.print(formatReport(report));
}

/** Whoever stands in a project that says nothing of itself is told how it is brought up: what comes is the bundled platform. */
async function adviseProject(options: Options, context: Context): Promise<void> {
  const { project } = await openProject(options, context);
  const advice = project === undefined && !options.manifests ? adviceFor(context.cwd, context.root) : undefined;
  if (advice !== undefined) context.note(advice);
}

function whatGoesOn(name: string, { context, allowContext, profile }: TargetOptions): string {
  const given = { context, 'allow-context': allowContext, profile };
  const where = [['target', name], ...Object.entries(given)].flatMap(([flag, word]) =>
    word === undefined ? [] : [`--${flag} ${word}`],
  );
  const words = where.join(' ');
  return `What was begun goes on without hwctl up: hwctl status ${words} shows it, hwctl down ${words} ends it`;
}

function formatPlan(steps: Step[]): string[] {
  if (steps.length === 0) return ['nothing to do: everything is as it shall be'];
  return steps.map((step) => `  ${formatStep(step)}`);
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
