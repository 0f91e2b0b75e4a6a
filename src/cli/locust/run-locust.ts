import { type ChildProcess, spawn } from 'node:child_process';
import { delimiter, dirname } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type LocustLine, type LocustRow, LocustTotals } from './locust-lines.js';

/** What a run of a locustfile is asked for. */
export interface LocustRun {
  /** locust, as it is called. */
  program: readonly [string, ...string[]];
  /** Absolute. */
  file: string;
  users: number;
  spawnRate: number;
  runTimeMs: number;
  processes: number | undefined;
  /** Base URL; undefined: the locustfile's own. */
  url: string | undefined;
  /** The Host header, where it differs from the URL's. */
  hostHeader: string | undefined;
  env: Readonly<Record<string, string | undefined>>;
}

/** How a run of locust ended. */
export interface LocustEnd {
  totals: LocustTotals;
  durationMs: number;
  /** In order: it said its own totals. Else what ended it, in words. */
  ended: 'completed' | 'interrupted' | { broken: string };
  /** The last lines that locust wrote. */
  said: string[];
}

/** Past the run time, for workers to start and to end. */
const graceMs = 60_000;
/** After a Ctrl-C, until locust is ended by force. */
const stopMs = 15_000;
const mostLines = 20;

/** Runs the user's locust with hwctl's listener beside the locustfile, which stays as it is. `onRow`: once a second. */
export function runLocust(asked: LocustRun, signal: AbortSignal, onRow: (row: LocustRow) => void): Promise<LocustEnd> {
  const [program, ...head] = asked.program;
  const child = spawn(program, [...head, ...argumentsOf(asked)], {
    cwd: dirname(asked.file),
    // A group of its own: a Ctrl-C is hwctl's to pass on, once.
    detached: true,
    stdio: ['ignore', 'ignore', 'pipe', 'pipe'],
    env: {
      ...asked.env,
      HWCTL_LISTENER_FD: '3',
      ...(asked.hostHeader === undefined ? {} : { HWCTL_HOST_HEADER: asked.hostHeader }),
      PYTHONUNBUFFERED: '1',
      PYTHONPATH: [dirname(asked.file), asked.env.PYTHONPATH].filter(Boolean).join(delimiter),
    },
  });
  const totals = new LocustTotals();
  const said: string[] = [];
  let startedAt: number | undefined;
  let lastAt = performance.now();
  lines(child.stdio[3] as NodeJS.ReadableStream, (text) => {
    const line = parsed(text);
    if (line === undefined) return;
    lastAt = performance.now();
    startedAt ??= lastAt - 1000;
    onRow(totals.add(line, lastAt - startedAt));
  });
  lines(child.stderr!, (text) => {
    said.push(text);
    if (said.length > mostLines) said.shift();
  });
  return new Promise((resolve) => {
    let interrupted = false;
    let overdue = false;
    const stop = () => {
      interrupted = true;
      end(child, 'SIGINT');
      setTimeout(() => end(child, 'SIGKILL'), stopMs).unref();
    };
    const deadline = setTimeout(() => {
      overdue = true;
      end(child, 'SIGKILL');
    }, asked.runTimeMs + graceMs);
    signal.addEventListener('abort', stop, { once: true });
    if (signal.aborted) stop();
    const over = (why: string | undefined) => {
      clearTimeout(deadline);
      signal.removeEventListener('abort', stop);
      const durationMs = startedAt === undefined ? 0 : lastAt - startedAt;
      const broken = overdue
        ? `it did not end within ${graceMs / 1000} s of its run time`
        : (why ?? 'it said no totals of its own');
      const ended =
        totals.own !== undefined
          ? interrupted
            ? 'interrupted'
            : 'completed'
          : interrupted
            ? 'interrupted'
            : { broken };
      resolve({ totals, durationMs, ended, said });
    };
    child.once('error', (error) => over(error.message));
    child.once('close', (code, by) =>
      over(by !== null ? `${by} ended it` : code === 0 ? undefined : `it exited with ${code}`),
    );
  });
}

function argumentsOf({ file, users, spawnRate, runTimeMs, processes, url }: LocustRun): string[] {
  // Beside this file in the sources and beside what is built of it.
  const listener = fileURLToPath(new URL('./hwctl_listener.py', import.meta.url));
  return [
    ...[
      '-f',
      `${file},${listener}`,
      '--headless',
      '--only-summary',
      '--loglevel',
      'WARNING',
      '--exit-code-on-error',
      '0',
    ],
    ...['-u', String(users), '-r', String(spawnRate), '-t', `${Math.max(1, Math.round(runTimeMs / 1000))}s`],
    ...(processes === undefined ? [] : ['--processes', String(processes)]),
    ...(url === undefined ? [] : ['-H', url]),
  ];
}

/** Ends locust and the processes that it has forked. */
function end(child: ChildProcess, by: 'SIGINT' | 'SIGKILL'): void {
  if (child.pid === undefined || child.exitCode !== null) return;
  try {
    if (by === 'SIGKILL') process.kill(-child.pid, by);
    else child.kill(by);
  } catch {}
}

function parsed(text: string): LocustLine | undefined {
  try {
    return JSON.parse(text) as LocustLine;
  } catch {
    return undefined;
  }
}

function lines(stream: NodeJS.ReadableStream, onLine: (line: string) => void): void {
  let rest = '';
  stream.on('data', (chunk: Buffer) => {
    const parts = (rest + chunk.toString('utf8')).split('\n');
    rest = parts.pop() ?? '';
    for (const part of parts) if (part.trim() !== '') onLine(part);
  });
}
