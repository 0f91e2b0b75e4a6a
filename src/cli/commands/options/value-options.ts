import { isAbsolute, join } from 'node:path';
import type { Command } from 'commander';
import { chooseStacks } from '../../target/manifests/stacks.js';
import type { Values } from '../../target/manifests/values-schema.js';
import type { UpRequest } from '../../target/target.js';
import type { Context } from '../context/context.js';

/** What commander gives for the options of `addValueOptions`. */
export interface ValueOptions {
  set?: string[];
  values?: string[];
  manifests?: string;
}

/** Adds `--set`, `--values` and `--manifests`: what changes the objects before they are used. */
export function addValueOptions(command: Command): Command {
  const collect = (word: string, before: string[] = []) => [...before, word];
  return command
    .option('--set <name=value>', 'one typed edit, e.g. replicas=2, host=shop.test (repeatable)', collect)
    .option('--values <file>', 'YAML file of such edits (repeatable; --set wins)', collect)
    .option('--manifests <folder>', 'folder of stacks, instead of the bundled one');
}

/** The folder of the stacks, absolute. */
export function manifestsFolder(options: ValueOptions, context: Context): string {
  const { manifests } = options;
  if (manifests === undefined) return join(context.root, 'manifests');
  return isAbsolute(manifests) ? manifests : join(context.cwd, manifests);
}

/** The stacks, values and manifests that a command's words and options ask for. Throws Failure. */
export async function requestFrom(words: string[], options: ValueOptions, context: Context): Promise<UpRequest> {
  const folder = manifestsFolder(options, context);
  return {
    stacks: chooseStacks(words, folder),
    values: await valuesOf(options, context),
    manifests: options.manifests === undefined ? undefined : folder,
  };
}

/** The values that the options give. Without any, no YAML and no schema is loaded: an `up` that changes nothing is quick. */
export async function valuesOf(options: ValueOptions, context: Context): Promise<Values> {
  if (options.set === undefined && options.values === undefined) return {};
  const { readValues } = await import('../../target/manifests/values.js');
  return readValues(options, context.cwd);
}
