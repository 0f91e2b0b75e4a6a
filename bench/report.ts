// What the live report costs: the program itself in a terminal of its own (script(1)), with the live view and with --quiet in
// turn. Open loop: start lag, which is what the engine suffers, and the view's CPU. Closed loop: CPU per request.
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const rounds = Number(process.env.ROUNDS ?? 5);
const ratePerSecond = 1000;
const seconds = 6;
const requests = Number(process.env.REQUESTS ?? 20_000);
const root = fileURLToPath(new URL('..', import.meta.url));
const bin = join(root, 'bin', 'hwctl.js');
const folder = mkdtempSync(join(tmpdir(), 'hwctl-bench-'));

interface Run {
  lagP50Ms: number;
  lagP99Ms: number;
  cpuSeconds: number;
  doneSeconds: number;
  sent: number;
  state: string;
}

function quoted(argv: string[]): string {
  return argv.map((part) => `'${part}'`).join(' ');
}

/** One run in a terminal of 120 x 40; CPU is the whole process's, from its start to its end. */
function runOnce(url: string, live: boolean, arrivals: string[]): Run {
  const json = join(folder, 'run.json');
  const times = join(folder, 'times');
  const argv = [process.execPath, bin, 'load', '--url', url, ...arrivals, '--out', json, ...(live ? [] : ['--quiet'])];
  const timed = `stty cols 120 rows 40; TIMEFORMAT='%U %S'; { time ${quoted(argv)}; } 2> '${times}'`;
  const { CI: _, NO_COLOR: __, ...env } = process.env;
  const result = spawnSync('script', ['-qec', `bash -c "${timed.replaceAll('"', '\\"')}"`, '/dev/null'], {
    env: { ...env, TERM: 'xterm-256color' },
    encoding: 'utf8',
    timeout: 120_000,
    maxBuffer: 1e9,
  });
  const match = /([\d.]+) ([\d.]+)\s*$/.exec(readFileSync(times, 'utf8'));
  const frames = result.stdout.split('q finish with a report').length - 1;
  if (match === null || live !== frames > 2) throw new Error(`no such run: ${result.stdout.slice(-800)}`);
  const { latencyMs, totalMs, sent, verdict } = JSON.parse(readFileSync(json, 'utf8'));
  return {
    lagP50Ms: latencyMs.startLag.p50,
    lagP99Ms: latencyMs.startLag.p99,
    cpuSeconds: Number(match[1]) + Number(match[2]),
    doneSeconds: totalMs / 1000,
    sent,
    state: verdict.state,
  };
}

function median(values: number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN;
}

function compare(title: string, url: string, arrivals: string[], figures: [string, (run: Run) => number][]): void {
  const runs = { quiet: [] as Run[], live: [] as Run[] };
  for (let i = 0; i < rounds; i++) {
    // In turn, and each first in every other pair.
    for (const live of i % 2 === 0 ? [false, true] : [true, false])
      runs[live ? 'live' : 'quiet'].push(runOnce(url, live, arrivals));
  }
  console.log(`${title}, ${rounds} pairs in turn; medians, lowest .. highest`);
  for (const [name, pick] of figures) {
    const cells = Object.entries(runs).map(([arm, list]) => {
      const values = list.map(pick);
      const [low, high] = [Math.min(...values), Math.max(...values)].map((value) => value.toFixed(3));
      return `${arm} ${median(values).toFixed(3)} (${low} .. ${high})`;
    });
    const [quiet, live] = [runs.quiet, runs.live].map((list) => median(list.map(pick)));
    console.log(`  ${name.padEnd(34)} ${cells.join('   ')}   ${(live! / quiet!).toFixed(2)} x`);
  }
  console.log(`  verdicts: ${[...runs.quiet, ...runs.live].map((run) => run.state).join(' ')}\n`);
}

const serverFile = join(root, 'dist', 'server', 'main.js');
const server = spawn(process.execPath, [serverFile, 'serve', 'hello'], {
  env: { PATH: process.env.PATH, PORT: '0', HOST: '127.0.0.1', LOG_LEVEL: 'info' },
  stdio: ['ignore', 'pipe', 'inherit'],
});
try {
  const url = await new Promise<string>((resolve, reject) => {
    let text = '';
    server.once('exit', () => reject(new Error('the server did not start')));
    server.stdout.on('data', (chunk: Buffer) => {
      text += chunk;
      const port = /"port":(\d+)/.exec(text)?.[1];
      if (port !== undefined) resolve(`http://127.0.0.1:${port}/`);
    });
  });
  compare(
    `open loop, ${ratePerSecond} a second for ${seconds} s`,
    url,
    ['--rps', String(ratePerSecond), '--duration', `${seconds}s`],
    [
      ['start lag p50, ms', (run) => run.lagP50Ms],
      ['start lag p99, ms', (run) => run.lagP99Ms],
      ['CPU of the process, s', (run) => run.cpuSeconds],
    ],
  );
  compare(
    `closed loop, 50 at a time, ${requests} requests`,
    url,
    ['--requests', String(requests), '--concurrency', '50'],
    [
      ['CPU per request, us', (run) => (run.cpuSeconds * 1e6) / run.sent],
      ['requests a second', (run) => run.sent / run.doneSeconds],
    ],
  );
} finally {
  server.kill('SIGTERM');
  await once(server, 'exit');
  rmSync(folder, { recursive: true, force: true });
}
