import { Failure } from '../kernel/failure.js';
import { defineCommand, operand } from './options/define-command.js';
import { option } from './options/option.js';
import { targetFromOptions, targetOptions } from './options/target-options.js';
import type { ValueKind } from './options/value-kind.js';
import { duration, text } from './options/values.js';

/** An image by its name, as a registry has it. */
const image: ValueKind<string> = {
  code: 'bad-image',
  wanted: 'the name of an image',
  example: 'busybox:1.35',
  read: (text) => (/^[a-z0-9][\w./:@-]{0,500}$/i.test(text) ? text : undefined),
};

/** `hwctl debug [-- COMMAND...]`: its exit code is the command's. */
export const define = defineCommand({
  operands: [operand('[command...]', 'what to run there, after `--` (default: a shell)', text)],
  options: {
    ...targetOptions,
    image: option('--image <name>', 'image of the pod', image, 'busybox:1.35'),
    timeout: option('--timeout <duration>', 'how long the pod may take to start', duration, '1m'),
  },
  async run([words], options, context) {
    const { target } = await targetFromOptions(options, context);
    if (target.debug === undefined) {
      throw new Failure({
        code: 'no-pods',
        message: `there are no pods on the ${target.name} target`,
        hint: 'Everything listens on this machine: hwctl forward prints where. On a cluster: --target minikube',
      });
    }
    const { stdin, stdout, stderr, signal } = context;
    let told = '';
    return target.debug({
      command: words,
      image: options.image,
      stdin,
      stdout,
      stderr,
      tty: stdin.isTTY === true && stdout.isTTY === true,
      timeoutMs: options.timeout,
      signal,
      onWaiting: (reason) => {
        if (reason !== told) context.note(`waiting for the debug pod: ${reason}`);
        told = reason;
      },
    });
  },
});
