import type { Command } from 'commander';
import { Failure } from '../kernel/failure.js';
import type { Context } from './context.js';
import { formatEndpoints } from './endpoint-text.js';
import { addTargetOptions, type TargetOptions, targetFromOptions } from './target-options.js';

interface Options extends TargetOptions {
  json?: boolean;
}

/** `hwctl forward`. */
export function define(command: Command, context: Context): void {
  addTargetOptions(command).action(async (options: Options) => {
    const { target } = await targetFromOptions(options, context);
    const { stacks, endpoints } = await target.status();
    if (stacks.length === 0) {
      throw new Failure({
        code: 'nothing-is-up',
        message: `nothing is up on the ${target.name} target`,
        hint: 'hwctl up',
      });
    }
    if (options.json) context.print(JSON.stringify({ target: target.name, endpoints }));
    else {
      const head = 'nothing to forward: everything listens on this machine already';
      context.print([...(target.name === 'local' ? [head] : []), ...formatEndpoints(endpoints)].join('\n'));
    }
  });
}
