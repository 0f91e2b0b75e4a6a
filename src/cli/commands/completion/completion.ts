import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { defineCommand, operand } from '../options/define-command.js';
import { oneOf } from '../options/values.js';

/** `hwctl completion bash|zsh|fish`: a script that asks hwctl itself at each key press, so that it is never behind. */
export const define = defineCommand({
  operands: [operand('<shell>', 'whose script', oneOf(['bash', 'zsh', 'fish']))],
  help: () =>
    '\nbash: source <(hwctl completion bash)\nzsh:  source <(hwctl completion zsh)\nfish: hwctl completion fish | source',
  async run([shell], options, context) {
    const script = readFileSync(join(context.root, 'completions', `hwctl.${shell}`), 'utf8').trimEnd();
    if (options.json) context.json({ shell, script });
    else context.document(`${script}\n`);
  },
});
