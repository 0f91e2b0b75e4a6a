import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { formatDuration } from '../kernel/duration.js';
import { Failure } from '../kernel/failure.js';
import { run } from '../kernel/process.js';
import type { Endpoint, Target, UpRequest } from '../target/target.js';
import type { Context } from './context/context.js';
import { formatEndpoints } from './context/endpoint-text.js';
import { formatEvent } from './context/event-text.js';
import { printLine } from './logs.js';
import { defineCommand, operand } from './options/define-command.js';
import { type OptionsOf, option } from './options/option.js';
import { targetFromOptions, targetOptions } from './options/target-options.js';
import { requestFrom, valueOptions } from './options/value-options.js';
import { duration, name } from './options/values.js';
import { SourceWatch } from './source-watch.js';

const options = {
  ...targetOptions,
  ...valueOptions,
  timeout: option('--timeout <duration>', 'how long each deployment may take', duration, '5m'),
};

type Options = OptionsOf<typeof options> & { json?: boolean };

const buildTimeoutMs = 300_000;

/** `hwctl dev [STACK...]`. */
export const define = defineCommand({
  operands: [
    operand('[stack...]', 'stacks to bring up first (default: idempotency hello; of a project its only one)', name),
  ],
  options,
  endsWithReader: () => true,
  run: ([words], options, context) => dev(words, options, context),
});

async function dev(words: string[], options: Options, context: Context): Promise<void> {
  const sources = join(context.root, 'src', 'server');
  if (!existsSync(sources)) {
    throw new Failure({
      code: 'no-sources',
      message: `${sources} is not there: this is an installed package, and it has no sources to watch`,
      hint: 'Clone the repository, npm ci, and run hwctl dev there',
    });
  }
  const timeoutMs = options.timeout;
  const request = await requestFrom(words, options, context);
  const { target, reason } = await targetFromOptions(options, context, 'deploy');
  const tell = (event: DevEvent) => (options.json ? context.json(event) : context.print(wordsOf(event)));
  tell({ type: 'target', target: target.name, reason });
  await deploy(target, request, timeoutMs, context, tell);
  const changes = await SourceWatch.open(sources);
  try {
    void followLogs(target, context, options.json === true);
    tell({ type: 'watching', folder: sources });
    for (;;) {
      const files = await changes.next(context.signal);
      tell({ type: 'changed', files });
      const event = await build(target, changes, context);
      tell(event);
      if (event.type !== 'built') continue;
      try {
        await deploy(target, request, timeoutMs, context, tell);
      } catch (error) {
        if (!(error instanceof Failure)) throw error;
        tell({ type: 'failed', message: error.message, details: [...error.details], hint: error.hint });
      }
    }
  } finally {
    await changes.close();
  }
}

/** What happens, as `--json` prints it (one a line); durations in milliseconds, files below the watched folder. */
type DevEvent =
  | { type: 'target'; target: Target['name']; reason: string }
  | { type: 'watching'; folder: string }
  | { type: 'changed'; files: string[] }
  | { type: 'built'; durationMs: number }
  /** A newer change ended the build. */
  | { type: 'superseded' }
  | { type: 'build-failed'; lines: string[] }
  | { type: 'ready'; durationMs: number; unchanged: boolean; endpoints: Endpoint[] }
  | { type: 'failed'; message: string; details: string[]; hint?: string };

function wordsOf(event: DevEvent): string[] {
  switch (event.type) {
    case 'target':
      return [`target ${event.target}: ${event.reason}`];
    case 'watching':
      return [`watching ${event.folder}; Ctrl-C ends it and leaves the platform up`];
    case 'changed':
      return [`${event.files.join(', ')} changed: building`];
    case 'built':
      return [`built in ${formatDuration(event.durationMs)}`];
    case 'superseded':
      return ['a newer change: building again'];
    case 'build-failed':
      return [...event.lines, 'the build failed: what ran before runs on'];
    case 'ready':
      return [
        `${event.unchanged ? 'unchanged' : 'ready'} in ${formatDuration(event.durationMs)}`,
        ...formatEndpoints(event.endpoints),
      ];
    case 'failed':
      return [event.message, ...event.details, 'mend it: the next change is deployed again'];
  }
}

/** Builds what the target runs of the server, and nothing else; a newer change ends it. */
async function build({ name }: Target, changes: SourceWatch, context: Context): Promise<DevEvent> {
  const startedMs = context.clock.monotonic();
  const newer = new AbortController();
  changes.onChange = () => newer.abort();
  const what = name === 'local' ? 'local' : 'image';
  const outcome = await run([process.execPath, join(context.root, 'scripts', 'build-server.mjs'), what], {
    timeoutMs: buildTimeoutMs,
    cwd: context.root,
    signal: AbortSignal.any([context.signal, newer.signal]),
  });
  changes.onChange = () => undefined;
  context.signal.throwIfAborted();
  if (newer.signal.aborted) return { type: 'superseded' };
  if (outcome.exitCode === 0) return { type: 'built', durationMs: context.clock.monotonic() - startedMs };
  const lines = `${outcome.stdout}${outcome.stderr}`.trim().split('\n');
  return { type: 'build-failed', lines: outcome.failure === undefined ? lines : [...lines, `(${outcome.failure})`] };
}

async function deploy(
  target: Target,
  request: UpRequest,
  timeoutMs: number,
  context: Context,
  tell: (event: DevEvent) => void,
): Promise<void> {
  const report = await target.up(request, {
    timeoutMs,
    signal: context.signal,
    onEvent: (event) => {
      const line = formatEvent(event);
      if (line !== undefined) context.note(line);
    },
  });
  const { durationMs, endpoints } = report;
  tell({ type: 'ready', durationMs, unchanged: report.actions.length === 0, endpoints });
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
