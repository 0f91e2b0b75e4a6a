import { readFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Context } from './commands/context.js';

// React's development build costs twice the CPU and keeps a trace of every render.
process.env.NODE_ENV ??= 'production';

const root = dirname(dirname(dirname(fileURLToPath(import.meta.url))));

function packageVersion(): string {
  return (JSON.parse(readFileSync(`${root}/package.json`, 'utf8')) as { version: string }).version;
}

function isSet(value: string | undefined): boolean {
  return value !== undefined && value !== '' && value !== '0' && value !== 'false';
}

async function makeContext(argv: readonly string[], signal: AbortSignal): Promise<Context> {
  const { systemClock } = await import('./kernel/clock.js');
  const { createOutput } = await import('./commands/output.js');
  const { env, stdin, stdout, stderr } = process;
  // https://no-color.org: any non-empty value turns colours off.
  const color = env.NO_COLOR ? false : isSet(env.FORCE_COLOR) || (stdout.isTTY === true && env.TERM !== 'dumb');
  return {
    argv,
    env,
    cwd: process.cwd(),
    clock: systemClock,
    signal,
    root,
    version: packageVersion(),
    stdin,
    stdout,
    stderr,
    interactive: stdout.isTTY === true && !isSet(env.CI) && env.TERM !== 'dumb',
    color,
    columns: stdout.columns || Number(env.COLUMNS) || 80,
    mustFinish: false,
    exitCode: 0,
    ...createOutput({ stdout, stderr }, env),
  };
}

/** The first Ctrl-C or SIGTERM asks the command to end well; a second one ends the process where it stands. */
function interruption(): AbortSignal {
  const controller = new AbortController();
  for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
    process.on(name, () => {
      if (controller.signal.aborted) process.exit(130);
      controller.abort(new Error(`interrupted by ${name}`));
    });
  }
  return controller.signal;
}

async function main(argv: string[]): Promise<number> {
  let context: Context | undefined;
  // The reader of a pipe may leave early (`hwctl ... | head`): that is no error.
  process.stdout.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code !== 'EPIPE') throw error;
    if (context?.mustFinish !== true) process.exit(0);
  });
  if (argv.length === 1 && (argv[0] === '--version' || argv[0] === '-V')) {
    process.stdout.write(`${packageVersion()}\n`);
    return 0;
  }
  const signal = interruption();
  const { runCommand } = await import('./commands/program.js');
  context = await makeContext(argv, signal);
  try {
    return await runCommand(argv, context);
  } finally {
    context.endReport();
  }
}

process.exitCode = await main(process.argv.slice(2));
