import { isAbsolute, join } from 'node:path';
import { oneLine } from '../../kernel/text.js';
import { bundledSource } from '../../target/bundled-source.js';
import { chooseStacks } from '../../target/manifests/stacks.js';
import type { Values } from '../../target/manifests/values-shape.js';
import type { UpRequest } from '../../target/target.js';
import type { Context } from '../context/context.js';
import { chooseProjectStacks } from '../project/choose-stacks.js';
import { openProject } from '../project/open-project.js';
import { type OptionsOf, option, repeated } from './option.js';
import type { ValueKind } from './value-kind.js';
import { assignment, file, folder } from './values.js';

/** A typed edit as it was given: what it sets is checked with all the others. */
const edit: ValueKind<string> = {
  ...assignment,
  example: 'replicas=2',
  read: (text, ...place) => (Array.isArray(assignment.read(text, ...place)) ? text : undefined),
};

/** Lines of what was left out of a plan that are shown: a page of another trade may have hundreds. */
const mostNotes = 20;

/** What changes the objects before they are used. */
export const valueOptions = {
  set: repeated('--set <name=value>', 'one typed edit, e.g. replicas=2, host=shop.test (repeatable)', edit),
  values: repeated('--values <file>', 'YAML file of such edits (repeatable; --set wins)', file),
  manifests: option('--manifests <folder>', 'folder of stacks, instead of the bundled one', folder),
};

/** What `valueOptions` give. */
export type ValueOptions = OptionsOf<typeof valueOptions>;

/** The folder of the stacks, absolute. */
export function manifestsFolder(options: Pick<ValueOptions, 'manifests'>, context: Context): string {
  const { manifests } = options;
  if (manifests === undefined) return join(context.root, 'manifests');
  return isAbsolute(manifests) ? manifests : join(context.cwd, manifests);
}

/** The stacks, values and manifests that a command's words and options ask for. Throws Failure. */
export async function requestFrom(
  words: string[],
  options: ValueOptions & { file?: string; fix?: boolean; dryRun?: boolean },
  context: Context,
): Promise<UpRequest> {
  const { project, notes = [] } = await openProject(options, context);
  if (project !== undefined) {
    for (const note of notes.slice(0, mostNotes)) context.note(`Note: ${oneLine(note)}`);
    if (notes.length > mostNotes)
      context.note(`Note: ${notes.length - mostNotes} more such lines: hwctl init --dry-run has them`);
    const { sourceOf } = await import('../project/project-request.js');
    return {
      source: sourceOf(project, context, { fix: options.fix === true, writes: options.dryRun !== true }),
      stacks: chooseProjectStacks(words, project),
      values: await valuesOf(options, context),
    };
  }
  const folder = manifestsFolder(options, context);
  return {
    source: bundledSource(context.root, folder),
    stacks: chooseStacks(words, folder),
    values: await valuesOf(options, context),
    manifests: options.manifests === undefined ? undefined : folder,
  };
}

/** The values that the options give. Without any, no YAML and no schema is loaded: an `up` that changes nothing is quick. */
export async function valuesOf(options: Pick<ValueOptions, 'set' | 'values'>, context: Context): Promise<Values> {
  if (options.set.length === 0 && options.values.length === 0) return {};
  const { readValues } = await import('../../target/manifests/values.js');
  return readValues(options, context.cwd);
}
