// Lie detectors: servers whose latency is known by construction, and what hwctl and its peers print about them.
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));
const bin = join(root, 'bin', 'hwctl.js');
const autocannon = join(root, 'node_modules', 'autocannon', 'autocannon.js');
const seconds = 10;

interface Case {
  name: string;
  truth: string;
  /** Body of the listener of a `net` server's connections. */
  onSocket: string;
  /** Milliseconds after the start at which the server is stopped, for five seconds. */
  stopAfterMs?: number;
}

const reply = "'HTTP/1.1 200 OK\\r\\nContent-Length: 2\\r\\n\\r\\nok'";
const cases: Case[] = [
  {
    name: 'fixed 50 ms',
    truth: 'p50 50, p99 50',
    onSocket: `socket.on('data', () => setTimeout(() => socket.write(${reply}), 50));`,
  },
  {
    name: 'stopped for 5 s of 10',
    truth: '500 of 1000 delayed up to 5 s: p50 0 .. 10, p90 4000, p99 4900',
    onSocket: `socket.on('data', () => socket.write(${reply}));`,
    stopAfterMs: 3000,
  },
  {
    name: 'serves 80 a second',
    truth: 'the queue grows by 20 a second: p50 1250, p99 2475',
    onSocket: `global.queue ??= [];
      global.timer ??= ((begin, served = 0) => setInterval(() => {
        const due = (performance.now() - begin) / 12.5;
        if (global.queue.length === 0) served = Math.max(served, due - 1);
        for (; served + 1 <= due; served++) global.queue.shift()?.();
      }, 2))(performance.now());
      socket.on('data', () => global.queue.push(() => socket.write(${reply})));`,
  },
  {
    name: 'resets every 10th request',
    truth: '100 of 1000 fail',
    onSocket: `socket.on('data', () => { global.n = (global.n ?? 0) + 1;
      if (global.n % 10 === 0) socket.resetAndDestroy(); else socket.write(${reply}); });`,
  },
  {
    name: 'trickles a byte every 2 ms',
    truth: 'about 40 bytes: p50 80 or more',
    onSocket: `socket.on('data', () => { let at = 0; const text = ${reply};
      const timer = setInterval(() => { socket.write(text[at++]); if (at === text.length || socket.destroyed) clearInterval(timer); }, 2); });`,
  },
];

async function start(onSocket: string): Promise<{ child: ChildProcess; port: number }> {
  const script = `const server = require('node:net').createServer({ noDelay: true }, (socket) => {
      socket.on('error', () => undefined); ${onSocket} });
    server.listen(0, '127.0.0.1', () => process.stdout.write(server.address().port + '\\n'));`;
  const child = spawn(process.execPath, ['-e', script], { stdio: ['ignore', 'pipe', 'inherit'] });
  const [chunk] = await once(child.stdout!, 'data');
  return { child, port: Number(String(chunk)) };
}

async function output(argv: string[], child: ChildProcess, stopAfterMs: number | undefined): Promise<string> {
  const [file = '', ...args] = argv;
  const generator = spawn(file, args, { stdio: ['ignore', 'pipe', 'ignore'] });
  let text = '';
  generator.stdout.on('data', (data) => {
    text += data;
  });
  if (stopAfterMs !== undefined) {
    setTimeout(() => child.kill('SIGSTOP'), stopAfterMs);
    setTimeout(() => child.kill('SIGCONT'), stopAfterMs + 5000);
  }
  await once(generator, 'close');
  return text;
}

const generators: { name: string; argv: (url: string) => string[]; line: (text: string) => string }[] = [
  ...[1, 2].map((workers) => ({
    name: `hwctl, ${workers} thread${workers > 1 ? 's' : ''}`,
    argv: (url: string) => [
      process.execPath,
      ...[bin, 'load', '--url', url, '--rps', '100', '--duration', `${seconds}s`, '--workers', String(workers)],
      ...['--json', '--quiet'],
    ],
    line: (text: string) => {
      const { latencyMs, ok, failed, timedOut, verdict } = JSON.parse(text);
      const { p50, p90, p99, max } = latencyMs.response;
      return `p50 ${p50}, p90 ${p90}, p99 ${p99}, max ${max}; ${ok} ok, ${failed} failed, ${timedOut} timed out; ${verdict.state}`;
    },
  })),
  {
    name: 'autocannon -R 100',
    argv: (url) => [process.execPath, autocannon, '-c', '20', '-R', '100', '-d', String(seconds), '--json', '-n', url],
    line: (text) => {
      const { latency, requests, errors } = JSON.parse(text);
      return `p50 ${latency.p50}, p90 ${latency.p90}, p99 ${latency.p99}, max ${latency.max}; ${requests.total} ok, ${errors} failed`;
    },
  },
  {
    name: 'wrk (closed, 1 connection)',
    argv: (url) => ['wrk', '-t1', '-c1', `-d${seconds}s`, '--latency', url],
    line: (text) => {
      const at = (percent: number) => new RegExp(`${percent}%\\s+(\\S+)`).exec(text)?.[1] ?? '-';
      return `p50 ${at(50)}, p90 ${at(90)}, p99 ${at(99)}; ${/(\d+) requests in/.exec(text)?.[1]} requests`;
    },
  },
];

for (const { name, truth, onSocket, stopAfterMs } of cases) {
  console.log(`${name}. True at 100 a second for ${seconds} s: ${truth}`);
  for (const generator of generators) {
    if (generator.name.startsWith('wrk') && spawnSync('sh', ['-c', 'command -v wrk']).status !== 0) {
      console.log(`  ${generator.name.padEnd(28)} skipped: not installed`);
      continue;
    }
    const { child, port } = await start(onSocket);
    try {
      const text = await output(generator.argv(`http://127.0.0.1:${port}/`), child, stopAfterMs);
      console.log(`  ${generator.name.padEnd(28)} ${text === '' ? 'printed nothing' : generator.line(text)}`);
    } finally {
      child.kill('SIGKILL');
    }
  }
}
