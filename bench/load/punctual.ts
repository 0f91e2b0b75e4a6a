// How punctual the open loop is, beside what this machine lets any thread be in the same seconds.
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { peers } from '../peers.js';
import { median } from './nginx.js';

interface Lag {
  p50: number;
  p99: number;
  p999: number;
}

/** A thread that only sleeps (Atomics.wait) until the next of 200 moments a second; prints how late it woke. */
const sleeper = `const w = new Int32Array(new SharedArrayBuffer(4)), late = [], begin = process.hrtime.bigint();
  const now = () => Number(process.hrtime.bigint() - begin) / 1e6, count = Number(process.argv[1]) * 200;
  for (let i = 1; i <= count; i++) { const wait = i * 5 - now(); if (wait > 0) Atomics.wait(w, 0, 0, wait); late.push(now() - i * 5); }
  late.sort((a, b) => a - b);
  const at = (share) => late[Math.ceil(share * count) - 1];
  console.log(JSON.stringify({ p50: at(0.5), p99: at(0.99), p999: at(0.999) }));`;

/** A thread that never sleeps; prints the share of its time in gaps over 0.2 ms, in which it cannot have run, and the longest. */
const spinner = `const end = process.hrtime.bigint() + 1000000000n; let last = process.hrtime.bigint(), lost = 0, longest = 0;
  while (last < end) { const now = process.hrtime.bigint(), gap = Number(now - last) / 1e6; last = now;
    if (gap > 0.2) { lost += gap; longest = Math.max(longest, gap); } }
  console.log(JSON.stringify({ lostShare: lost / 1000, longest }));`;

/** Output of a program. */
async function output(argv: string[]): Promise<string> {
  const [file = '', ...args] = argv;
  const child = spawn(file, args, { stdio: ['ignore', 'pipe', 'ignore'], timeout: 120_000 });
  let text = '';
  child.stdout.on('data', (data) => {
    text += data;
  });
  await once(child, 'close');
  return text;
}

interface OpenRun {
  latencyMs: { startLag: Lag };
  series: { rows: { atMs: number; scheduled: number }[] };
  machine: { wakeUpMs: Lag };
  connections: { opened: number; preopened: number };
  verdict: { state: string };
}

/** Prints the table of start lag; with the bar of the specification where it has one. */
export async function punctuality(url: string, bin: string, rounds: number, seconds: number): Promise<void> {
  console.log(
    `\nopen loop for ${seconds} s, one I/O thread, medians of ${rounds} rounds, milliseconds (p50 p99 p99.9):`,
  );
  console.log(
    'rate    start lag               sleeping thread beside   in excess at p99   spinning thread before    slots within 2 %  verdicts',
  );
  for (const rate of [100, 1000, 5000, 10_000]) {
    const sleeping: Lag[] = [];
    const spinning: { lostShare: number; longest: number }[] = [];
    const runs: OpenRun[] = [];
    for (let round = 0; round < rounds; round++) {
      spinning.push(JSON.parse(spawnSync(process.execPath, ['-e', spinner], { encoding: 'utf8' }).stdout));
      const args = ['load', '--url', url, '--rps', String(rate), '--duration', `${seconds}s`, '--json', '--quiet'];
      const [run, beside] = await Promise.all([
        output([process.execPath, bin, ...args]),
        output([process.execPath, '-e', sleeper, String(seconds)]),
      ]);
      runs.push(JSON.parse(run));
      sleeping.push(JSON.parse(beside));
    }
    const within = ({ series }: OpenRun) => {
      const rows = series.rows.filter(({ atMs }) => atMs < seconds * 1000);
      return rows.filter(({ scheduled }) => Math.abs(scheduled / (rate / 10) - 1) <= 0.02).length / rows.length;
    };
    const lags = runs.map(({ latencyMs }) => latencyMs.startLag);
    const excess = median(lags.map(({ p99 }, i) => p99 - sleeping[i]!.p99));
    const lost = median(spinning.map(({ lostShare }) => lostShare));
    const longest = median(spinning.map((one) => one.longest));
    const cells = [
      String(rate).padEnd(7),
      three(lags).padEnd(23),
      three(sleeping).padEnd(24),
      excess.toFixed(2).padEnd(18),
      `${(100 * lost).toFixed(1)} % lost, ${longest.toFixed(1)} max`.padEnd(25),
      `${(100 * median(runs.map(within))).toFixed(0)} %`.padEnd(17),
      runs.map(({ verdict }) => verdict.state).join(' '),
    ];
    console.log(cells.join(' '));
  }
}

function three(lags: Lag[]): string {
  return (['p50', 'p99', 'p999'] as const).map((name) => median(lags.map((lag) => lag[name])).toFixed(2)).join(' ');
}

/** How late the peers' requests reach the wire cannot be read from their output: what they print of latency is beside ours. */
export async function peersAtRate(url: string, bin: string, seconds: number): Promise<void> {
  console.log(`\nthe same server at 5,000 a second for ${seconds} s: latency as each prints it, milliseconds`);
  const args = ['load', '--url', url, '--rps', '5000', '--duration', `${seconds}s`, '--json', '--quiet'];
  const { latencyMs, ok, verdict } = JSON.parse(await output([process.execPath, bin, ...args]));
  const { p50, p99, max } = latencyMs.response;
  console.log(`hwctl      p50 ${p50}, p99 ${p99}, max ${max}; ${ok} ok; ${verdict.state}`);
  for (const { name, program, cure, rate, report, read } of peers) {
    if (!['vegeta', 'oha'].includes(name) || rate === undefined) continue;
    if (program === undefined) {
      console.log(`${name.padEnd(10)} skipped: not installed (${cure})`);
      continue;
    }
    const printed = await output(rate(program, { url, perSecond: 5000, seconds }));
    const said = read(report === undefined ? printed : await output(report(program)));
    const figure = (value: number | undefined) => value?.toFixed(2) ?? '-';
    console.log(
      `${name.padEnd(10)} p50 ${figure(said.p50)}, p99 ${figure(said.p99)}, max ${figure(said.max)}; ${said.ok} ok${said.note === undefined ? '' : `; ${said.note}`}`,
    );
  }
}
