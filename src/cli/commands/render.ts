import { mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { isAbsolute, join } from 'node:path';
import type { Command } from 'commander';
import { Failure } from '../kernel/failure.js';
import { readObjects } from '../target/manifests.js';
import { renderFolder, renderYaml } from '../target/render.js';
import { chooseStacks } from '../target/stacks.js';
import type { Context } from './context.js';
import { addValueOptions, manifestsFolder, type ValueOptions, valuesOf } from './value-options.js';

interface Options extends ValueOptions {
  json?: boolean;
  output?: string;
}

/** `hwctl render [STACK...]`. */
export function define(command: Command, context: Context): void {
  command.argument('[stack...]', 'stacks to render; `all` for every one (default: idempotency hello)');
  addValueOptions(command)
    .option('-o, --output <folder>', 'write a folder for `kubectl apply -k` instead of printing')
    .action(async (words: string[], options: Options) => {
      const manifests = manifestsFolder(options, context);
      const stacks = chooseStacks(words, manifests);
      const values = await valuesOf(options, context);
      const objects = readObjects({ manifests, stacks, values }).map((entry) => entry.object);
      if (options.output !== undefined) {
        const folder = isAbsolute(options.output) ? options.output : join(context.cwd, options.output);
        writeFolder(folder, renderFolder(objects));
        if (options.json) context.print(JSON.stringify({ folder, objects: objects.length }));
        else context.print(`${objects.length} objects written: kubectl apply -k ${folder}`);
      } else if (options.json) context.print(JSON.stringify({ stacks, values, objects }));
      else context.print(renderYaml(objects));
    });
}

/** Writes into a new or empty folder: what else is there is not ours to mix with. */
function writeFolder(folder: string, files: Record<string, string>): void {
  try {
    mkdirSync(folder, { recursive: true });
    if (readdirSync(folder).length > 0) {
      throw new Failure({
        code: 'not-empty',
        message: `${folder} is not empty`,
        hint: 'Name a folder that is empty or not there yet',
      });
    }
    for (const [name, text] of Object.entries(files)) writeFileSync(join(folder, name), text);
  } catch (error) {
    if (error instanceof Failure) throw error;
    throw new Failure({
      code: 'unwritable',
      message: `${folder} cannot be written: ${(error as NodeJS.ErrnoException).code}`,
      hint: 'Name a folder that you may write',
      cause: error,
    });
  }
}
