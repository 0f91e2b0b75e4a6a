import { Command } from 'commander';
import type { Context } from '../../src/cli/commands/context/context.js';
import { type LoadOptions, loadOptions } from '../../src/cli/commands/load/flags.js';
import { addOptions } from '../../src/cli/commands/options/define-command.js';
import { gathered } from '../../src/cli/commands/options/option.js';

/** What `hwctl load` gets where these flags are given: `{ url: 'http://h', header: ['A: b'] }`. Throws the refusal. */
export function givenOptions(flags: Record<string, string | string[]>, context: Context): LoadOptions {
  const command = new Command().exitOverride();
  addOptions(command, loadOptions, context);
  const words = Object.entries(flags).flatMap(([name, values]) => [values].flat().map((value) => `--${name}=${value}`));
  command.parse(words, { from: 'user' });
  return gathered(loadOptions, command.opts()) as LoadOptions;
}
