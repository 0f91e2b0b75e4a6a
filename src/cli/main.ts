import { readFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';
import { guardOutput, isReaderGone, ReaderLeft } from './kernel/output.js';
import { systemTrouble } from './kernel/system-trouble.js';

// React's development build costs twice the CPU and keeps a trace of every render.
process.env.NODE_ENV ??= 'production';

const root = dirname(dirname(dirname(fileURLToPath(import.meta.url))));

function packageVersion(): string {
  return (JSON.parse(readFileSync(`${root}/package.json`, 'utf8')) as { version: string }).version;
}

/** The first Ctrl-C or SIGTERM asks the command to end well; a second one ends the process where it stands. */
function interruption(): AbortController {
  const controller = new AbortController();
  for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
    process.on(name, () => {
      if (controller.signal.aborted) process.exit(130);
      controller.abort(new Error(`interrupted by ${name}`));
    });
  }
  // A write beyond the limit on the size of files fails then (EFBIG), as one on a full disk does; else it ends the process.
  process.on('SIGXFSZ', () => undefined);
  return controller;
}

/**
 * Who reads may leave (`hwctl ... | head`): the work goes on to its end and the exit code is the true one. Output that
 * cannot be written (a full disk) lets the work end, too, and is then a run that failed: exit code 2, whatever it found.
 */
class Outputs {
  /** Whether output was lost that nobody gave up on his own. */
  broken = false;

  constructor(private readonly onLoss: (reason: ReaderLeft) => void) {
    guardOutput(process.stdout, (error) => this.lost('stdout', error));
    guardOutput(process.stderr, (error) => this.lost('stderr', error));
  }

  private lost(name: 'stdout' | 'stderr', error: NodeJS.ErrnoException): void {
    if (!isReaderGone(error)) {
      this.broken = true;
      if (name === 'stdout') {
        process.stderr.write(`error: stdout cannot be written: ${systemTrouble(error)}\n`);
        process.stderr.write('cure:  Make room there, or send the output to another place\n');
      }
    }
    if (name === 'stdout') this.onLoss(new ReaderLeft('nobody reads the output any more'));
  }
}

async function main(argv: string[]): Promise<number> {
  let controller: AbortController | undefined;
  let endsWithReader = false;
  const outputs = new Outputs((reason) => {
    if (endsWithReader) controller?.abort(reason);
  });
  // Some streams tell of a loss only after the last command of the program.
  process.on('exit', (code) => {
    if (outputs.broken && code < 70) process.exitCode = 2;
  });
  if (argv.length === 1 && ['--version', '-V', '-v', 'version'].includes(argv[0]!)) {
    process.stdout.write(`${packageVersion()}\n`);
    return 0;
  }
  controller = interruption();
  const { runCommand } = await import('./commands/program.js');
  const { makeContext } = await import('./commands/context/make-context.js');
  const { env, stdin, stdout, stderr } = process;
  const { signal } = controller;
  const context = makeContext({
    argv,
    env,
    cwd: process.cwd(),
    signal,
    root,
    version: packageVersion(),
    stdin,
    stdout,
    stderr,
  });
  try {
    return await runCommand(argv, context, () => {
      endsWithReader = true;
    });
  } finally {
    context.endReport();
  }
}

process.exitCode = await main(process.argv.slice(2));
