import { existsSync, watch } from 'node:fs';
import { join } from 'node:path';
import type { Command } from 'commander';
import { formatDuration } from '../kernel/duration.js';
import { Failure } from '../kernel/failure.js';
import { run } from '../kernel/process.js';
import type { Target, UpRequest } from '../target/target.js';
import type { Context } from './context.js';
import { formatEndpoints } from './endpoint-text.js';
import { printLine } from './logs.js';
import { addTargetOptions, type TargetOptions, targetFromOptions } from './target-options.js';
import { formatEvent, parseTimeoutMs } from './up.js';
import { addValueOptions, requestFrom, type ValueOptions } from './value-options.js';

interface Options extends TargetOptions, ValueOptions {
  json?: boolean;
  timeout: string;
}

/** Milliseconds of quiet after a change before anything is built: editors write a file in several steps. */
const quietMs = 150;
const buildTimeoutMs = 300_000;

/** `hwctl dev [STACK...]`. */
export function define(command: Command, context: Context): void {
  command.argument('[stack...]', 'stacks to bring up first (default: idempotency hello)');
  addValueOptions(addTargetOptions(command))
    .option('--timeout <duration>', 'how long each deployment may take', '5m')
    .action(async (words: string[], options: Options) => dev(words, options, context));
}

async function dev(words: string[], options: Options, context: Context): Promise<void> {
  const sources = join(context.root, 'src', 'server');
  if (!existsSync(sources)) {
    throw new Failure({
      code: 'no-sources',
      message: `${sources} is not there: this is an installed package, and it has no sources to watch`,
      hint: 'Clone the repository, npm ci, and run hwctl dev there',
    });
  }
  context.endsWithReader = true;
  const timeoutMs = parseTimeoutMs(options.timeout);
  const request = await requestFrom(words, options, context);
  const { target, reason } = await targetFromOptions(options, context);
  const say = options.json ? context.note : context.print;
  say(`target ${target.name}: ${reason}`);
  await deploy(target, request, timeoutMs, context, say);
  const changes = watchSources(sources, context.signal);
  void followLogs(target, context, options.json === true);
  say(`watching ${sources}; Ctrl-C ends it and leaves the platform up`);
  for await (const file of changes) {
    say(`${file} changed: building`);
    const startedMs = context.clock.monotonic();
    const build = await run([process.execPath, join(context.root, 'scripts', 'build.mjs')], {
      timeoutMs: buildTimeoutMs,
      cwd: context.root,
      signal: context.signal,
    });
    context.signal.throwIfAborted();
    if (build.exitCode !== 0) {
      say(`${build.stdout}${build.stderr}`.trim().split('\n'));
      say('the build failed: what ran before runs on');
      continue;
    }
    say(`built in ${formatDuration(context.clock.monotonic() - startedMs)}`);
    try {
      await deploy(target, request, timeoutMs, context, say);
    } catch (error) {
      if (!(error instanceof Failure)) throw error;
      say([error.message, ...error.details, 'mend it: the next change is deployed again']);
    }
  }
}

async function deploy(
  target: Target,
  request: UpRequest,
  timeoutMs: number,
  context: Context,
  say: Context['print'],
): Promise<void> {
  const report = await target.up(request, {
    timeoutMs,
    signal: context.signal,
    onEvent: (event) => {
      const line = formatEvent(event);
      if (line !== undefined) context.note(line);
    },
  });
  const what = report.actions.length === 0 ? 'unchanged' : 'ready';
  say([`${what} in ${formatDuration(report.durationMs)}`, ...formatEndpoints(report.endpoints)]);
}

/** Gives a file name for each burst of changes; a burst during a build is not lost. Ends when the signal aborts. */
async function* watchSources(folder: string, signal: AbortSignal): AsyncGenerator<string> {
  let changed: string | undefined;
  let wake: () => void = () => undefined;
  let quiet: NodeJS.Timeout | undefined;
  const watcher = watch(folder, { recursive: true, signal }, (_event, file) => {
    clearTimeout(quiet);
    quiet = setTimeout(() => {
      changed = String(file ?? folder);
      wake();
    }, quietMs);
  });
  watcher.on('error', () => wake());
  signal.addEventListener('abort', () => wake(), { once: true });
  try {
    while (!signal.aborted) {
      if (changed === undefined) {
        await new Promise<void>((resolve) => {
          wake = resolve;
        });
      }
      const file = changed;
      changed = undefined;
      if (file !== undefined) yield file;
    }
  } finally {
    clearTimeout(quiet);
    watcher.close();
  }
}

async function followLogs(target: Target, context: Context, json: boolean): Promise<void> {
  try {
    for await (const line of target.logs({ services: [], follow: true, tail: 0, signal: context.signal })) {
      printLine(line, json, context);
    }
  } catch (error) {
    if (!context.signal.aborted) context.note(`the logs ended: ${(error as Error).message}`);
  }
}
