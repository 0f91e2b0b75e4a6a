import { Failure } from '../../kernel/failure.js';
import { ignoredStateHome, stateHome } from '../../kernel/state-home.js';
import type { Project } from '../../project/project.js';
import type { TargetChoice } from '../../target/choice.js';
import type { LocalProject } from '../../target/local/project.js';
import { type Purpose, type ResolvedTarget, resolveTarget } from '../../target/resolve.js';
import type { ObjectSource } from '../../target/source.js';
import type { Endpoint, StatusReport, Target } from '../../target/target.js';
import { profileHelp, targetNames } from '../../target/target-names.js';
import type { Context } from '../context/context.js';
import { openProject } from '../project/open-project.js';
import { type OptionsOf, option } from './option.js';
import { checkMeanings, withoutMeaningHere } from './option-meanings.js';
import { type ValueOptions, valuesOf } from './value-options.js';
import { name, oneOf, path } from './values.js';

/** Which cluster is meant. */
export const clusterOptions = {
  context: option('--context <name>', 'kubeconfig context (with --target kube)', name),
  allowContext: option('--allow-context <name>', 'allow this context although its server is not a local cluster', name),
  profile: option('--profile <name>', profileHelp(), name),
};

/** Which project is meant. */
const projectWhat = 'the project: its folder or hwctl.yaml (default: that of this folder, else the bundled platform)';

/** The flag of the project where `-f` is another one's. */
export const longProjectOption = option('--file <path>', projectWhat, path);

/** Where the platform runs, and which. */
export const targetOptions = {
  file: option('-f, --file <path>', projectWhat, path),
  target: option('--target <name>', 'where the platform runs', oneOf(targetNames), 'auto'),
  ...clusterOptions,
};

/** What `targetOptions` give. */
export type TargetOptions = OptionsOf<typeof targetOptions>;

/**
 * The target that the parsed options name, and why it is this one. Options that mean nothing there are refused, values of
 * that kind told. Throws Failure.
 */
export async function targetFromOptions(
  options: TargetOptions,
  context: Context,
  purpose: Purpose = 'find',
): Promise<ResolvedTarget> {
  const choice: TargetChoice = {
    target: options.target,
    context: options.context,
    allowContext: options.allowContext,
    profile: options.profile,
  };
  const ignored = ignoredStateHome(context.env);
  if (ignored !== undefined) context.note(`Note: ${ignored}; state is in ${stateHome(context.env)}`);
  const { name, project } = await openProject(options, context);
  const environment = {
    project: name,
    ...(project !== undefined && { local: await localOf(project, context) }),
    env: context.env,
    cwd: context.cwd,
    root: context.root,
    clock: context.clock,
  };
  // What is wrong with the target that was named is told before that target is asked for anything.
  if (options.target !== 'auto') checkMeanings(options, options.target);
  const resolved = await resolveTarget(choice, environment, purpose);
  checkMeanings(options, resolved.target.name);
  if (resolved.target.name === 'local') {
    const { set = [], values = [] } = options as Partial<ValueOptions>;
    for (const note of withoutMeaningHere(await valuesOf({ set, values }, context))) context.note(note);
  }
  return resolved;
}

/** How a project runs on this machine; what reads its objects is loaded where they are to be read. */
async function localOf(project: Project, context: Context): Promise<LocalProject> {
  const { sourcedLocal } = await import('../../target/local/project.js');
  const objects: ObjectSource['objects'] = async (...asked) => {
    const { sourceOf } = await import('../project/project-request.js');
    return sourceOf(project, context).objects(...asked);
  };
  return sourcedLocal({
    folder: project.folder,
    source: { asksCluster: true, images: [], objects },
    local: (stack) => project.stacks.get(stack)?.local ?? {},
  });
}

/** What is up, seen by a command that wants to talk to it. */
export interface UpTarget {
  target: Target;
  reason: string;
  status: StatusReport;
}

/** What is up, and the part of it that is meant. */
export interface UpPlatform extends UpTarget {
  endpoint: Endpoint;
}

/** What is up. Throws Failure `nothing-is-up` (exit 2) with the cure where nothing is. */
export async function findUp(options: TargetOptions, context: Context): Promise<UpTarget> {
  const { target, reason } = await targetFromOptions(options, context);
  const status = await target.status();
  if (status.stacks.length > 0) return { target, reason, status };
  throw new Failure({
    code: 'nothing-is-up',
    message: `nothing is up on the ${target.name} target`,
    hint: `hwctl up${options.target === 'auto' ? '' : ` --target ${options.target}`}`,
  });
}

/**
 * The endpoint `name` (`app` is the way in of the platform) of what is up, for commands that need a running platform.
 * Throws Failure `nothing-is-up` (exit 2) with the cure where nothing is.
 */
export async function findEndpoint(options: TargetOptions, context: Context, name = 'app'): Promise<UpPlatform> {
  const up = await findUp(options, context);
  return { ...up, endpoint: endpointNamed(name, up.status) };
}

/** The endpoint of a name. Throws Failure `no-endpoint`. */
export function endpointNamed(name: string, { endpoints }: StatusReport): Endpoint {
  const endpoint = endpoints.find((candidate) => candidate.name === name);
  if (endpoint !== undefined) return endpoint;
  throw new Failure({
    code: 'no-endpoint',
    message: `nothing that is up answers as ${JSON.stringify(name)}`,
    hint: `There is: ${endpoints.map((candidate) => candidate.name).join(', ') || 'no endpoint at all'}`,
  });
}
