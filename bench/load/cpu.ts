// CPU per request, closed loop, 50 connections: hwctl beside its peers and beside a bare `net` client.
import { spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { peers } from '../peers.js';
import { median, onCore } from './nginx.js';

const connections = 50;

interface Generator {
  name: string;
  /** Why it is left out; undefined: it is here. */
  missing?: string;
  argv: (url: string, requests: number) => string[];
  /** Prints the last run, where the run itself does not. */
  report?: string[];
  count: (stdout: string) => number;
  bar?: number;
  /** Does so few requests that what they cost is its start; undefined where it cannot be told to. */
  canStartOnly: boolean;
}

/** What any generator in JavaScript costs at least: no latencies, no accounts, no parsing beyond counting reads. */
const bareClient = `const [url, requests] = process.argv.slice(1), { host, port } = new URL(url);
  const text = Buffer.from('GET / HTTP/1.1\\r\\nHost: ' + host + '\\r\\nUser-Agent: bare\\r\\nAccept: */*\\r\\n\\r\\n');
  const buffer = Buffer.allocUnsafeSlow(65536); let sent = 0, done = 0;
  for (let i = 0; i < ${connections}; i++) {
    const send = () => { if (sent < requests) { sent++; socket.write(text); } };
    const callback = () => { if (++done >= requests) { console.log(done); process.exit(); } send(); return true; };
    const socket = require('node:net').connect({ host: '127.0.0.1', port, noDelay: true, onread: { buffer, callback } }, send);
    socket.resume();
  }`;

/** Runs a program on core 0 and gives its CPU microseconds, user and system, of the whole process from its start to its end, and what it or `report` prints. */
function measure(argv: string[], report?: string[]): { cpuUs: number; stdout: string } {
  const script = 'TIMEFORMAT="cpu %U %S"; time "$@"';
  const [file = '', ...args] = onCore(0, ['bash', '-c', script, 'bash', ...argv]);
  const result = spawnSync(file, args, { encoding: 'utf8', maxBuffer: 1e9, timeout: 300_000 });
  const match = /cpu ([\d.]+) ([\d.]+)\s*$/.exec(result.stderr);
  if (match === null) throw new Error(`${argv.join(' ')}: ${result.stderr.slice(-500)}`);
  const cpuUs = (Number(match[1]) + Number(match[2])) * 1e6;
  if (report === undefined) return { cpuUs, stdout: result.stdout };
  const [program = '', ...words] = report;
  return { cpuUs, stdout: spawnSync(program, words, { encoding: 'utf8', maxBuffer: 1e9, timeout: 60_000 }).stdout };
}

function generators(bin: string, folder: string): Generator[] {
  const scenario = join(folder, 'one-step.yaml');
  writeFileSync(scenario, 'name: one-step\nwhy: The cost of a journey.\nsteps:\n  - name: get\n    request: GET /\n');
  const hwctl = (url: string, requests: number, more: string[]) => [
    ...[process.execPath, bin, 'load', '--url', url, '--requests', String(requests), '--concurrency', '50'],
    ...['--json', '--quiet', ...more],
  ];
  const ok = (stdout: string) => JSON.parse(stdout).ok;
  return [
    { name: 'hwctl load', argv: (url, n) => hwctl(url, n, []), count: ok, canStartOnly: true },
    {
      name: 'hwctl, flow',
      argv: (url, n) => hwctl(url, n, ['--scenario', scenario]),
      count: ok,
      canStartOnly: true,
    },
    {
      name: 'bare net',
      argv: (url, n) => [process.execPath, '-e', bareClient, url, String(n)],
      count: Number,
      canStartOnly: true,
    },
    ...peers
      .filter(({ closed, count }) => closed !== undefined && count !== undefined)
      .map(
        (peer): Generator => ({
          name: peer.name,
          missing: peer.program === undefined ? `not installed (${peer.cure})` : undefined,
          argv: (url, requests) => peer.closed!(peer.program!, { url, connections, requests }),
          report: peer.report?.(peer.program ?? peer.name),
          count: peer.count!,
          bar: peer.bar,
          // They know no number of requests, and start in no time.
          canStartOnly: !['wrk', 'vegeta'].includes(peer.name),
        }),
      ),
  ];
}

/** Prints the table. What the start of each costs is measured and taken off. */
export function cpuPerRequest(url: string, bin: string, folder: string, rounds: number, requests: number): void {
  const all = generators(bin, folder);
  const perRequest = new Map<string, number[]>();
  const startMs = new Map<string, number[]>();
  for (let round = 0; round < rounds; round++) {
    for (const { name, missing, argv, report, count, canStartOnly } of all) {
      if (missing !== undefined) continue;
      const start = canStartOnly ? measure(argv(url, connections)).cpuUs : 0;
      const { cpuUs, stdout } = measure(argv(url, requests), report);
      const done = count(stdout);
      if (!(done > 0)) throw new Error(`${name} did ${done} requests`);
      const less = canStartOnly ? connections : 0;
      perRequest.set(name, [...(perRequest.get(name) ?? []), (cpuUs - start) / (done - less)]);
      startMs.set(name, [...(startMs.get(name) ?? []), start / 1000]);
    }
  }
  const own = median(perRequest.get('hwctl load') ?? []);
  console.log(
    `closed loop, ${connections} connections, ${requests} requests, medians of ${rounds} rounds, CPU of the whole process:`,
  );
  console.log('generator     us/request    lowest ..  highest   its start, ms   hwctl is');
  for (const { name, missing, bar } of all) {
    const list = perRequest.get(name);
    if (list === undefined) {
      console.log(`${name.padEnd(13)} skipped: ${missing}`);
      continue;
    }
    const cells = [median(list), Math.min(...list), Math.max(...list)].map((value) => value.toFixed(2).padStart(8));
    const limit = bar === undefined ? '' : ` (bar ${bar})`;
    const start = median(startMs.get(name) ?? []).toFixed(0);
    const ratio = (own / median(list)).toFixed(2);
    console.log(
      `${name.padEnd(13)} ${cells[0]}   ${cells[1]} .. ${cells[2]}   ${start.padStart(10)}      ${ratio} x${limit}`,
    );
  }
  const flow = median(perRequest.get('hwctl, flow') ?? []);
  console.log(`a one-step scenario as a flow costs ${(flow / own).toFixed(2)} x a plain request (bar 1.5)`);
}
