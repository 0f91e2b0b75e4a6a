import { isAbsolute, join } from 'node:path';
import type { Command } from 'commander';
import type { Context } from './context.js';

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
