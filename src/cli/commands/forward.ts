import { Failure } from '../kernel/failure.js';
import type { Context } from './context/context.js';
import { formatEndpoints } from './context/endpoint-text.js';
import { defineCommand } from './options/define-command.js';
import { type OptionsOf, option, toggle } from './options/option.js';
import { targetFromOptions, targetOptions } from './options/target-options.js';
import { address } from './options/values.js';

const options = {
  ...targetOptions,
  address: option('--address <address>', 'where the ports listen', address, '127.0.0.1'),
  stop: toggle('--stop', 'end the port-forward daemon'),
};

type Options = OptionsOf<typeof options> & { json?: boolean };

/** `hwctl forward`. */
export const define = defineCommand({ options, run: (_, options, context) => forward(options, context) });

async function forward(options: Options, context: Context): Promise<void> {
  const { target } = await targetFromOptions(options, context);
  const { stacks, endpoints: ways } = await target.status();
  if (stacks.length === 0) {
    throw new Failure({
      code: 'nothing-is-up',
      message: `nothing is up on the ${target.name} target`,
      hint: 'hwctl up',
    });
  }
  const request = { address: options.address, stop: options.stop === true, signal: context.signal };
  const endpoints = (await target.forward?.(request)) ?? ways;
  if (options.stop) {
    if (options.json) context.json({ target: target.name, endpoints });
    else context.print('nothing is forwarded any more');
    return;
  }
  if (options.json) context.json({ target: target.name, endpoints });
  else {
    const head = 'nothing to forward: everything listens on this machine already';
    context.print([...(target.name === 'local' ? [head] : []), ...formatEndpoints(endpoints)]);
  }
}
