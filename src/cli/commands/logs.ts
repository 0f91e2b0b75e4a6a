import { Failure } from '../kernel/failure.js';
import { painted } from '../kernel/text.js';
import { createPaint } from '../report/paint.js';
import type { LogLine } from '../target/target.js';
import type { Context } from './context/context.js';
import { prettyLog } from './context/log-text.js';
import { defineCommand, operand } from './options/define-command.js';
import { option, toggle } from './options/option.js';
import { longProjectOption, targetFromOptions, targetOptions } from './options/target-options.js';
import { count, name } from './options/values.js';

/** `hwctl logs [SERVICE...] [-f]`. */
export const define = defineCommand({
  operands: [operand('[service...]', 'services (default: all)', name)],
  options: {
    ...targetOptions,
    file: longProjectOption,
    follow: toggle('-f, --follow', 'keep printing what is added, until Ctrl-C'),
    tail: option('--tail <lines>', 'newest lines of each service to begin with', count(0, 1_000_000, 20), '100'),
  },
  endsWithReader: ({ follow }) => follow === true,
  async run([services], options, context) {
    const { target } = await targetFromOptions(options, context);
    if (!services.includes('supervisor') && (await target.status()).stacks.length === 0) {
      throw new Failure({
        code: 'nothing-is-up',
        message: `nothing is up on the ${target.name} target, so there are no logs`,
        hint: 'hwctl up',
      });
    }
    const lines = target.logs({
      services,
      follow: options.follow === true,
      tail: options.tail,
      signal: context.signal,
    });
    for await (const line of lines) {
      printLine(line, options.json === true, context);
    }
  },
});

/** One log line: NDJSON, or `service | text`; structured lines as people read them where a terminal shows them. */
export function printLine(line: LogLine, json: boolean, context: Context): void {
  if (json) context.json(line);
  else
    context.print(
      `${paintName(line.service, context)} | ${context.stdout.isTTY === true ? prettyLog(line.text, createPaint(context.color)) : line.text}`,
    );
}

const colors = [36, 35, 33, 32, 34];

/** The same service gets the same colour in every run. */
function paintName(name: string, context: Pick<Context, 'color'>): string {
  if (!context.color) return name;
  const sum = [...name].reduce((total, letter) => total + letter.charCodeAt(0), 0);
  return painted(name, colors[sum % colors.length]!, 39);
}
