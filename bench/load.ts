// The generator's CPU per request beside its peers, and how punctual it is. nginx serves on the other core.
// Bars: <= 1.25 x wrk, <= 0.6 x autocannon; start lag p99 <= 0.5 ms at 5,000 rps; 100 arrivals +- 2 per 100 ms at 1,000 rps.
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import net from 'node:net';
import { cpus, tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { peers as benchPeers } from './peers.js';

const rounds = Number(process.env.ROUNDS ?? 5);
const requests = Number(process.env.REQUESTS ?? 200_000);
const root = fileURLToPath(new URL('..', import.meta.url));
const bin = join(root, 'bin', 'hwctl.js');

function has(program: string): boolean {
  return spawnSync('sh', ['-c', `command -v ${program}`]).status === 0;
}

/** `argv` kept to one core, where there is more than one. */
function onCore(core: number, argv: string[]): string[] {
  return has('taskset') && cpus().length > 1 ? ['taskset', '-c', String(core), ...argv] : argv;
}

async function freePort(): Promise<number> {
  const server = net.createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as net.AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}

async function startNginx(folder: string, port: number): Promise<ChildProcess> {
  const temp = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map(
    (name) => `${name}_temp_path ${folder}/${name};`,
  );
  const conf = `daemon off; worker_processes 1; pid ${folder}/pid; error_log ${folder}/error.log;
    events { worker_connections 4096; }
    http { access_log off; keepalive_requests 1000000000; ${temp.join(' ')}
      server { listen 127.0.0.1:${port}; location / { default_type text/plain; return 200 "hello from hwctl!"; } } }`;
  writeFileSync(join(folder, 'nginx.conf'), conf);
  const [file = '', ...args] = onCore(1, ['nginx', '-c', join(folder, 'nginx.conf'), '-p', folder]);
  const child = spawn(file, args, { stdio: 'inherit' });
  for (let i = 0; i < 100; i++) {
    const up = await new Promise<boolean>((resolve) => {
      const socket = net.connect(port, '127.0.0.1', () => resolve(socket.destroy() !== undefined));
      socket.on('error', () => resolve(false));
    });
    if (up) return child;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  throw new Error('nginx did not start');
}

/** Runs a program on core 0 and gives its CPU seconds, user and system, of the whole process from its start to its end. */
function measure(argv: string[]): { cpuSeconds: number; stdout: string } {
  const script = 'TIMEFORMAT="cpu %U %S"; time "$@"';
  const [file = '', ...args] = onCore(0, ['bash', '-c', script, 'bash', ...argv]);
  const result = spawnSync(file, args, { encoding: 'utf8', maxBuffer: 1e9, timeout: 120_000 });
  const match = /cpu ([\d.]+) ([\d.]+)\s*$/.exec(result.stderr);
  if (match === null) throw new Error(`${argv.join(' ')}: ${result.stderr.slice(-500)}`);
  return { cpuSeconds: Number(match[1]) + Number(match[2]), stdout: result.stdout };
}

interface Arm {
  name: string;
  available: boolean;
  cure?: string;
  argv: (url: string) => string[];
  /** Requests done, from its output. */
  count: (stdout: string) => number;
  bar?: number;
}

const peers: Arm[] = [
  {
    name: 'hwctl load',
    available: true,
    argv: (url) => [
      process.execPath,
      ...[bin, 'load', '--url', url, '--requests', String(requests), '--concurrency', '50', '--json', '--quiet'],
    ],
    count: (stdout) => JSON.parse(stdout).ok,
  },
  ...benchPeers.flatMap(({ name, program, cure, closed, count, bar }): Arm[] => {
    if (closed === undefined || count === undefined) return [];
    const argv = (url: string) => closed(program!, { url, connections: 50, requests });
    return [{ name, available: program !== undefined, cure, argv, count, bar }];
  }),
];

function median(values: number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)] ?? Number.NaN;
}

function cpuPerRequest(url: string): void {
  const samples = new Map<string, number[]>();
  for (let round = 0; round < rounds; round++) {
    for (const peer of peers) {
      if (!peer.available) continue;
      const { cpuSeconds, stdout } = measure(peer.argv(url));
      const list = samples.get(peer.name) ?? [];
      samples.set(peer.name, [...list, (cpuSeconds * 1e6) / peer.count(stdout)]);
    }
  }
  const own = median(samples.get('hwctl load') ?? []);
  console.log(`closed loop, 50 connections, CPU of the whole process per request, medians of ${rounds} rounds:`);
  console.log('generator     us/request     lowest ..  highest   hwctl is');
  for (const peer of peers) {
    const list = samples.get(peer.name);
    if (list === undefined) {
      console.log(`${peer.name.padEnd(13)} skipped: not installed (${peer.cure})`);
      continue;
    }
    const bar = peer.bar === undefined ? '' : ` (bar ${peer.bar})`;
    const cells = [median(list), Math.min(...list), Math.max(...list)].map((value) => value.toFixed(2).padStart(8));
    console.log(
      `${peer.name.padEnd(13)} ${cells[0]}   ${cells[1]} .. ${cells[2]}   ${(own / median(list)).toFixed(2)} x${bar}`,
    );
  }
}

const openRounds = 3;

/**
 * How late this machine wakes a bare thread that only sleeps (Atomics.wait) until the next of 200 moments a second: the
 * floor for any generator on it, measured in the same minute.
 */
function bareWakeUp(): { p50: number; p99: number; p999: number } {
  const script = `const w = new Int32Array(new SharedArrayBuffer(4)), late = [], begin = process.hrtime.bigint();
    const now = () => Number(process.hrtime.bigint() - begin) / 1e6;
    for (let i = 1; i <= 800; i++) { const wait = i * 5 - now(); if (wait > 0) Atomics.wait(w, 0, 0, wait); late.push(now() - i * 5); }
    late.sort((a, b) => a - b);
    console.log(JSON.stringify({ p50: late[399], p99: late[791], p999: late[799] }));`;
  return JSON.parse(spawnSync(process.execPath, ['-e', script], { encoding: 'utf8', timeout: 30_000 }).stdout);
}

function punctuality(url: string): void {
  console.log(`\nopen loop for 8 s, one I/O thread, medians of ${openRounds} rounds, milliseconds:`);
  console.log('rate      start lag p50  p99    p99.9  bare wake-up p50  p99    max     slots within 2 %  verdicts');
  for (const rate of [100, 1000, 5000, 10_000]) {
    const bare: ReturnType<typeof bareWakeUp>[] = [];
    const runs = Array.from({ length: openRounds }, () => {
      bare.push(bareWakeUp());
      const args = [bin, 'load', '--url', url, '--rps', String(rate), '--duration', '8s', '--json', '--quiet'];
      const result = spawnSync(process.execPath, args, { encoding: 'utf8', maxBuffer: 1e9, timeout: 120_000 });
      return JSON.parse(result.stdout);
    });
    const within = (run: { series: { rows: { atMs: number; scheduled: number }[] } }) => {
      const rows = run.series.rows.filter(({ atMs }) => atMs < 8000);
      return rows.filter(({ scheduled }) => Math.abs(scheduled / (rate / 10) - 1) <= 0.02).length / rows.length;
    };
    const slots = `${(100 * median(runs.map(within))).toFixed(0)} %`;
    const lag = ['p50', 'p99', 'p999'].map((name) =>
      median(runs.map((run) => run.latencyMs.startLag[name])).toFixed(3),
    );
    const floor = (['p50', 'p99', 'p999'] as const).map((name) => median(bare.map((one) => one[name])).toFixed(3));
    const verdicts = runs.map((run) => run.verdict.state).join(' ');
    console.log(
      `${String(rate).padEnd(14)} ${lag.map((cell) => cell.padEnd(6)).join(' ')}       ${floor.map((cell) => cell.padEnd(6)).join(' ')}      ${slots.padEnd(12)} ${verdicts}`,
    );
  }
}

if (!has('nginx')) {
  console.log('skipped: nginx is not installed (apt-get install nginx wrk)');
} else {
  const folder = mkdtempSync(join(tmpdir(), 'hwctl-bench-'));
  const port = await freePort();
  const nginx = await startNginx(folder, port);
  try {
    const url = `http://127.0.0.1:${port}/`;
    cpuPerRequest(url);
    punctuality(url);
  } finally {
    nginx.kill();
    rmSync(folder, { recursive: true, force: true });
  }
}
