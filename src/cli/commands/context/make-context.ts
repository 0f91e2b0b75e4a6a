import { systemClock } from '../../kernel/clock.js';
import type { Context } from './context.js';
import { createOutput } from './output.js';

/** What a process knows of its call. */
export type Call = Pick<
  Context,
  'argv' | 'env' | 'cwd' | 'signal' | 'root' | 'version' | 'stdin' | 'stdout' | 'stderr'
>;

/** A command's context, with what the environment and the streams say of colours, width and live views. */
export function makeContext(call: Call): Context {
  const { env, stdout, stderr } = call;
  // https://no-color.org: any non-empty value turns colours off.
  // FORCE_COLOR as Node reads it: 0 and false turn them off.
  const forced = env.FORCE_COLOR ? isSet(env.FORCE_COLOR) : undefined;
  const plain = isSet(env.HWCTL_PLAIN);
  const color = env.NO_COLOR || plain ? false : (forced ?? (stdout.isTTY === true && env.TERM !== 'dumb'));
  return {
    ...call,
    clock: systemClock,
    // The two variables that Ink looks at: where one is set it draws nothing.
    interactive:
      stdout.isTTY === true && !plain && !isSet(env.CI) && !isSet(env.CONTINUOUS_INTEGRATION) && env.TERM !== 'dumb',
    color,
    columns: stdout.columns || Number(env.COLUMNS) || 80,
    ...createOutput({ stdout, stderr }, env),
  };
}

function isSet(value: string | undefined): boolean {
  return value !== undefined && value !== '' && value !== '0' && value !== 'false';
}
