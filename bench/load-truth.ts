// Lie detectors: servers whose latency is known by construction, and what hwctl and its peers print about each. The table is
// docs/LOAD.md's. `npm run bench load-truth`; of it alone `npx tsx bench/load-truth.ts [WORD...]`, cases by a word of their names.
// Each run is 10 s at 100 a second, each generator against a server of its own; TOGETHER=N runs N of them at a time.
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { peers, type RateRun, type Reading } from './peers.js';

const root = fileURLToPath(new URL('..', import.meta.url));
const bin = join(root, 'bin', 'hwctl.js');
const perSecond = 100;
const seconds = 10;
/** Generators that run at a time. */
const together = Math.max(1, Number(process.env.TOGETHER ?? 1));
/** A generator that has not ended by then is ended. */
const limitMs = 60_000;

interface Case {
  name: string;
  /** p50, p99, good responses and failures of 1,000 requests, one every 10 ms, as users meet them. */
  truth: [string, string, string, string];
  /** Body of the listener of a `net` server's connections. */
  onSocket: string;
  /** Milliseconds after the server said that requests come in at which it is stopped, for five seconds. */
  stopAfterMs?: number;
}

// Connection: keep-alive for ab, which speaks HTTP/1.0 and else waits for the end of the connection.
const reply = "'HTTP/1.1 200 OK\\r\\nConnection: keep-alive\\r\\nContent-Length: 2\\r\\n\\r\\nok'";
const lastReply = "'HTTP/1.1 200 OK\\r\\nConnection: close\\r\\nContent-Length: 2\\r\\n\\r\\nok'";
const cases: Case[] = [
  {
    name: 'answers after 50 ms',
    truth: ['50', '50', '1000', '0'],
    onSocket: `socket.on('data', () => setTimeout(() => socket.write(${reply}), 50));`,
  },
  {
    name: 'stopped (SIGSTOP) for 5 s of the 10',
    truth: ['0 .. 10', '4900', '1000', '0'],
    onSocket: `socket.on('data', () => {
      global.seen = (global.seen ?? 0) + 1;
      if (global.seen === 20) process.stdout.write('requests come in');
      socket.write(${reply}); });`,
    stopAfterMs: 2000,
  },
  {
    name: 'serves at most 80 a second',
    truth: ['1250', '2475', '1000', '0'],
    // One response is due every 12.5 ms, in the order of the requests; time without a request is not made up for.
    onSocket: `global.queue ??= [];
      global.timer ??= ((begin, served = 0) => setInterval(() => {
        const due = (performance.now() - begin) / 12.5;
        if (global.queue.length === 0) served = Math.max(served, due - 1);
        for (; served + 1 <= due; served++) global.queue.shift()?.();
      }, 2))(performance.now());
      socket.on('data', () => global.queue.push(() => socket.write(${reply})));`,
  },
  {
    name: 'resets every 10th connection, a request each',
    truth: ['0', '< 5', '900', '100'],
    onSocket: `const nth = global.n = (global.n ?? 0) + 1;
      socket.on('data', () => { if (nth % 10 === 0) socket.resetAndDestroy(); else socket.end(${lastReply}); });`,
  },
  {
    name: 'trickles 64 bytes, one every 2 ms',
    truth: ['128', '128 .. 130', '1000', '0'],
    onSocket: `socket.on('data', () => { let at = 0; const text = ${reply}, begin = performance.now();
      const timer = setInterval(() => {
        for (; at < text.length && performance.now() - begin >= 2 * (at + 1); at++) socket.write(text[at]);
        if (at === text.length || socket.destroyed) clearInterval(timer);
      }, 1); });`,
  },
  {
    name: 'takes a connection up after 200 ms, a request each',
    truth: ['200', '200', '1000', '0'],
    onSocket: `socket.pause(); setTimeout(() => socket.resume(), 200);
      socket.on('data', () => socket.end(${lastReply}));`,
  },
];

async function start(onSocket: string): Promise<{ child: ChildProcess; port: number }> {
  const script = `const server = require('node:net').createServer({ noDelay: true }, (socket) => {
      socket.on('error', () => undefined); ${onSocket} });
    server.listen(0, '127.0.0.1', 4096, () => process.stdout.write(server.address().port + '\\n'));`;
  const child = spawn(process.execPath, ['-e', script], { stdio: ['ignore', 'pipe', 'inherit'] });
  const [chunk] = await once(child.stdout!, 'data');
  return { child, port: Number(String(chunk)) };
}

async function output(argv: string[], server: ChildProcess, stopAfterMs: number | undefined): Promise<string> {
  const [file = '', ...args] = argv;
  const generator = spawn(file, args, { stdio: ['ignore', 'pipe', 'ignore'], timeout: limitMs, killSignal: 'SIGKILL' });
  let text = '';
  generator.stdout.on('data', (data) => {
    text += data;
  });
  if (stopAfterMs !== undefined) {
    server.stdout!.once('data', () => {
      setTimeout(() => server.kill('SIGSTOP'), stopAfterMs);
      setTimeout(() => server.kill('SIGCONT'), stopAfterMs + 5000);
    });
  }
  await once(generator, 'close');
  return text;
}

interface Generator {
  name: string;
  argv: ((run: RateRun) => string[]) | undefined;
  /** Prints the run, where the run itself does not. */
  report?: string[];
  cure: string;
  read(text: string): Reading;
}

const generators: Generator[] = [
  ...[1, 2].map((workers) => ({
    name: `hwctl, ${workers} thread${workers > 1 ? 's' : ''}`,
    cure: 'npm run build',
    argv: (run: RateRun) => [
      ...[process.execPath, bin, 'load', '--url', run.url, '--rps', String(run.perSecond)],
      ...['--duration', `${run.seconds}s`, '--workers', String(workers), '--json', '--quiet'],
    ],
    read: (text: string) => {
      const { latencyMs, ok, failed, timedOut, dropped, verdict } = JSON.parse(text);
      const { p50, p90, p99, max } = latencyMs.response;
      const note = `${verdict.state}${dropped > 0 ? `, ${dropped} dropped` : ''}`;
      return { p50, p90, p99, max, ok, errors: failed + timedOut, note };
    },
  })),
  ...peers.map(({ name, program, rate, rateNote, report, cure, read }) => ({
    name: `${name}${rateNote?.startsWith('closed') ? ' (closed)' : ''}`,
    cure,
    argv: program === undefined || rate === undefined ? undefined : (run: RateRun) => rate(program, run),
    report: report?.(program ?? name),
    read,
  })),
];

function row(cells: string[]): string {
  const [name = '', ...rest] = cells;
  return `| ${name.padEnd(19)} | ${rest.map((cell) => cell.padStart(8)).join(' | ')} |`;
}

const ms = (value: number | undefined) => {
  if (value === undefined || !Number.isFinite(value)) return '-';
  return value < 10 ? value.toFixed(1) : value.toFixed(0);
};

async function show({ name, truth, onSocket, stopAfterMs }: Case): Promise<void> {
  console.log(`\n${name}\n`);
  console.log(row(['', 'p50 ms', 'p99 ms', 'ok', 'failed', 'it says']));
  console.log('|---|--:|--:|--:|--:|--:|');
  console.log(row(['**true for users**', ...truth, '']));
  for (let at = 0; at < generators.length; at += together) {
    const some = generators.slice(at, at + together).map((generator) => measured(generator, onSocket, stopAfterMs));
    for (const cells of await Promise.all(some)) console.log(row(cells));
  }
}

async function measured(generator: Generator, onSocket: string, stopAfterMs: number | undefined): Promise<string[]> {
  const { name, argv, report, cure, read } = generator;
  if (argv === undefined) return [name, '', '', '', '', `skipped: not installed (${cure})`];
  const { child, port } = await start(onSocket);
  try {
    const text = await output(argv({ url: `http://127.0.0.1:${port}/`, perSecond, seconds }), child, stopAfterMs);
    return describe(name, report === undefined ? text : await output(report, child, undefined), read);
  } finally {
    child.kill('SIGKILL');
  }
}

function describe(name: string, text: string, read: Generator['read']): string[] {
  try {
    const { p50, p99, ok, errors, note } = read(text);
    return [name, ms(p50), ms(p99), String(ok), String(errors), note ?? ''];
  } catch {
    return [name, '-', '-', '-', '-', text.trim() === '' ? 'nothing' : text.trim().split('\n').at(-1)!.slice(0, 80)];
  }
}

const wanted = process.argv.slice(2);
for (const one of cases) if (wanted.length === 0 || wanted.some((word) => one.name.includes(word))) await show(one);
