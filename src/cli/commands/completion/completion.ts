import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Failure } from '../../kernel/failure.js';
import { didYouMean } from '../../kernel/nearest.js';
import type { Define } from '../registry.js';

/** What `completion` takes. */
export const shells = ['bash', 'zsh', 'fish'] as const;

/** `hwctl completion bash|zsh|fish`: a script that asks hwctl itself at each key press, so that it is never behind. */
export const define: Define = (command, context) => {
  command
    .argument('<shell>', 'bash, zsh or fish')
    .addHelpText(
      'after',
      '\nbash: source <(hwctl completion bash)\nzsh:  source <(hwctl completion zsh)\nfish: hwctl completion fish | source',
    )
    .action((name: string, options: { json?: boolean }) => {
      const shell = shells.find((known) => known === name);
      if (shell === undefined) {
        throw new Failure({
          code: 'unknown-shell',
          message: `unknown shell ${JSON.stringify(name)}${didYouMean(name, shells)}`,
          hint: 'hwctl completion bash, hwctl completion zsh or hwctl completion fish',
        });
      }
      const script = readFileSync(join(context.root, 'completions', `hwctl.${shell}`), 'utf8').trimEnd();
      if (options.json) context.json({ shell, script });
      else context.document(`${script}\n`);
    });
};
