import type { Command } from 'commander';
import { Failure } from '../kernel/failure.js';
import type { Context } from './context/context.js';
import { addTargetOptions, type TargetOptions, targetFromOptions } from './options/target-options.js';
import { parseTimeoutMs } from './up.js';

interface Options extends TargetOptions {
  json?: boolean;
  image: string;
  timeout: string;
}

/** `hwctl debug [-- COMMAND...]`: its exit code is the command's. */
export function define(command: Command, context: Context): void {
  command.argument('[command...]', 'what to run there, after `--` (default: a shell)');
  addTargetOptions(command)
    .option('--image <name>', 'image of the pod', 'busybox:1.35')
    .option('--timeout <duration>', 'how long the pod may take to start', '1m')
    .action(async (words: string[], options: Options) => {
      const timeoutMs = parseTimeoutMs(options.timeout);
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
      context.exitCode = await target.debug({
        command: words,
        image: options.image,
        stdin,
        stdout,
        stderr,
        tty: stdin.isTTY === true && stdout.isTTY === true,
        timeoutMs,
        signal,
        onWaiting: (reason) => {
          if (reason !== told) context.note(`waiting for the debug pod: ${reason}`);
          told = reason;
        },
      });
    });
}
