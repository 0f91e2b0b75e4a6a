// The load generators that hwctl is compared with: where each is found, how it is asked, how its output is read.
import { accessSync, constants, mkdtempSync, writeFileSync } from 'node:fs';
import { homedir, tmpdir } from 'node:os';
import { delimiter, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));
const cache =
  process.env.HWCTL_BENCH_CACHE ?? join(process.env.XDG_CACHE_HOME ?? join(homedir(), '.cache'), 'hwctl-bench');

/** What a generator says of its run; milliseconds. A figure that it does not print is undefined. */
export interface Reading {
  p50: number | undefined;
  p90: number | undefined;
  p99: number | undefined;
  max: number | undefined;
  /** Responses that it counts as good. */
  ok: number;
  /** Requests that it counts as failed. */
  errors: number;
  /** What else it says of its own run: drops, a verdict. */
  note?: string;
}

export interface ClosedRun {
  url: string;
  connections: number;
  requests: number;
}

export interface RateRun {
  url: string;
  perSecond: number;
  seconds: number;
}

/** One generator. */
export interface Peer {
  name: string;
  /** Its program, or undefined where it is not installed. */
  program: string | undefined;
  /** How to get it. */
  cure: string;
  /** Closed loop with keep-alive: `connections` at once, `requests` in all (wrk and vegeta know no number: 4 s). */
  closed?(program: string, run: ClosedRun): string[];
  /** What prints the last run, where the run itself prints nothing to be read. */
  report?(program: string): string[];
  /** Requests done, from what is printed of `closed`. */
  count?(stdout: string): number;
  /** What its users would write for so many requests a second; closed generators have no such thing. */
  rate?(program: string, run: RateRun): string[];
  /** What the rate mode is, where its name does not say. */
  rateNote?: string;
  /** Reads the output of `rate`, or of `closed` where there is no rate. Throws where it is not what it should be. */
  read(stdout: string): Reading;
  /** hwctl's CPU per request may be at most so many times this one's. */
  bar?: number;
}

function find(name: string): string | undefined {
  const folders = [join(cache, 'bin'), ...(process.env.PATH ?? '').split(delimiter)];
  return folders.map((folder) => join(folder, name)).find(executable);
}

function executable(file: string): boolean {
  try {
    accessSync(file, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

const autocannonFile = join(root, 'node_modules', 'autocannon', 'autocannon.js');
const installed = (peer: string) => `node scripts/bench-peers.mjs ${peer}`;

function one(text: string, pattern: RegExp): number | undefined {
  const value = pattern.exec(text)?.[1];
  return value === undefined ? undefined : Number(value);
}

/** `1.25ms`, `830.00us`, `4.01s` as wrk writes them. */
function wrkMs(text: string, percent: number): number | undefined {
  const match = new RegExp(`${percent}%\\s+([\\d.]+)(us|ms|s|m)`).exec(text);
  return match === null ? undefined : Number(match[1]) * { us: 0.001, ms: 1, s: 1000, m: 60_000 }[match[2]!]!;
}

const wrk: Peer = {
  name: 'wrk',
  program: find('wrk'),
  cure: 'apt-get install wrk',
  closed: (program, { url, connections }) => [program, '-t1', `-c${connections}`, '-d4s', '--latency', url],
  count: (stdout) => one(stdout, /(\d+) requests in/) ?? Number.NaN,
  rate: (program, { url, seconds }) => [program, '-t1', '-c10', `-d${seconds}s`, '--latency', url],
  rateNote: 'closed, 10 connections: it has no rate',
  read: (text) => ({
    p50: wrkMs(text, 50),
    p90: wrkMs(text, 90),
    p99: wrkMs(text, 99),
    max: undefined,
    ok: (one(text, /(\d+) requests in/) ?? Number.NaN) - (one(text, /Non-2xx or 3xx responses: (\d+)/) ?? 0),
    errors:
      (one(text, /Non-2xx or 3xx responses: (\d+)/) ?? 0) +
      ['connect', 'read', 'write', 'timeout'].reduce(
        (sum, kind) => sum + (one(text, new RegExp(`Socket errors:.*${kind} (\\d+)`)) ?? 0),
        0,
      ),
  }),
  bar: 1,
};

const ab: Peer = {
  name: 'ab',
  program: find('ab'),
  cure: 'apt-get install apache2-utils',
  closed: (program, { url, connections, requests }) => [
    ...[program, '-q', '-k', '-c', String(connections), '-n', String(requests), url],
  ],
  count: (stdout) => one(stdout, /Complete requests:\s+(\d+)/) ?? Number.NaN,
  // -r: go on after a reset; -s: wait 30 s for a response; -n after -t, which sets it.
  rate: (program, { url, seconds }) => [
    ...[program, '-q', '-k', '-r', '-s', '30', '-c', '10', '-t', String(seconds), '-n', '2000000', url],
  ],
  rateNote: 'closed, 10 at a time: it has no rate',
  read: (text) => {
    const at = (percent: number) => one(text, new RegExp(`\\b${percent}%\\s+(\\d+)`));
    const failed = one(text, /Failed requests:\s+(\d+)/) ?? Number.NaN;
    // It counts one reset several times, under each of (Connect: 0, Receive: 5, Length: 5, Exceptions: 5).
    const kinds = [...(/\(Connect: [^)]*\)/.exec(text)?.[0] ?? '').matchAll(/\d+/g)].map(Number);
    return {
      p50: at(50),
      p90: at(90),
      p99: at(99),
      max: at(100),
      ok: (one(text, /Complete requests:\s+(\d+)/) ?? Number.NaN) - Math.max(0, ...kinds),
      errors: failed,
    };
  },
};

const autocannon: Peer = {
  name: 'autocannon',
  program: executable(process.execPath) ? process.execPath : undefined,
  cure: 'npm ci',
  closed: (program, { url, connections, requests }) => [
    ...[program, autocannonFile, '-c', String(connections), '-a', String(requests), '--json', '--no-progress', url],
  ],
  count: (stdout) => JSON.parse(stdout)['2xx'],
  rate: (program, { url, perSecond, seconds }) => [
    ...[program, autocannonFile, '-c', '10', '-R', String(perSecond), '-d', String(seconds), '--json', '-n', url],
  ],
  rateNote: '-R, 10 connections',
  read: (text) => {
    const { latency, errors, timeouts, non2xx, ...rest } = JSON.parse(text);
    const { p50, p90, p99, max } = latency;
    return { p50, p90, p99, max, ok: rest['2xx'], errors: errors + timeouts + non2xx };
  },
  bar: 0.6,
};

const hey: Peer = {
  name: 'hey',
  program: find('hey'),
  cure: installed('hey'),
  closed: (program, { url, connections, requests }) => [
    ...[program, '-c', String(connections), '-n', String(requests), url],
  ],
  count: (stdout) => one(stdout, /\[200\]\s+(\d+) responses/) ?? Number.NaN,
  // -q is the rate of each of the -c workers.
  rate: (program, { url, perSecond, seconds }) => [
    ...[program, '-c', '10', '-q', String(perSecond / 10), '-z', `${seconds}s`, url],
  ],
  rateNote: '-q, 10 workers: the rate of each, waiting for responses',
  read: (text) => {
    const at = (percent: number) => {
      const seconds = one(text, new RegExp(`${percent}%+ in ([\\d.]+) secs`));
      return seconds === undefined ? undefined : seconds * 1000;
    };
    const slowest = one(text, /Slowest:\s+([\d.]+) secs/);
    const failures = [...(text.split('Error distribution:')[1] ?? '').matchAll(/\[(\d+)\]/g)];
    return {
      p50: at(50),
      p90: at(90),
      p99: at(99),
      max: slowest === undefined ? undefined : slowest * 1000,
      ok: one(text, /\[200\]\s+(\d+) responses/) ?? 0,
      errors: failures.reduce((sum, [, count]) => sum + Number(count), 0),
    };
  },
  bar: 0.4,
};

const oha: Peer = {
  name: 'oha',
  program: find('oha'),
  cure: installed('oha'),
  closed: (program, { url, connections, requests }) => [
    ...[program, '-c', String(connections), '-n', String(requests), '--no-tui', '--output-format', 'json', url],
  ],
  count: (stdout) => JSON.parse(stdout).statusCodeDistribution['200'] ?? 0,
  // -w: wait for what is under way at the deadline instead of leaving it out.
  rate: (program, { url, perSecond, seconds }) => [
    ...[program, '-c', '50', '-q', String(perSecond), '-z', `${seconds}s`, '-w', '--latency-correction'],
    ...['--no-tui', '--output-format', 'json', url],
  ],
  rateNote: '-q with --latency-correction, 50 connections',
  read: (text) => {
    const { latencyPercentiles: at, summary, statusCodeDistribution, errorDistribution } = JSON.parse(text);
    const ms = (seconds: number | null | undefined) => (seconds == null ? undefined : seconds * 1000);
    const errors = Object.values((errorDistribution ?? {}) as Record<string, number>);
    return {
      p50: ms(at?.p50),
      p90: ms(at?.p90),
      p99: ms(at?.p99),
      max: ms(summary?.slowest),
      ok: statusCodeDistribution?.['200'] ?? 0,
      errors: errors.reduce((sum, count) => sum + count, 0),
    };
  },
  bar: 1,
};

const nsToMs = (ns: number) => ns / 1e6;
let folder: string | undefined;
/** vegeta writes its results as records; a report is made of them afterwards, and is no part of what it costs. */
const vegetaResults = (): string => {
  folder ??= mkdtempSync(join(tmpdir(), 'hwctl-bench-vegeta-'));
  return join(folder, 'results.bin');
};

function vegetaAttack(program: string, url: string, flags: string[]): string[] {
  const results = vegetaResults();
  const targets = join(dirname(results), 'targets');
  writeFileSync(targets, `GET ${url}\n`);
  return [program, 'loadRun', `-targets=${targets}`, `-output=${results}`, ...flags];
}

const vegeta: Peer = {
  name: 'vegeta',
  program: find('vegeta'),
  cure: installed('vegeta'),
  // -rate=0: as fast as so many workers are answered.
  closed: (program, { url, connections }) =>
    vegetaAttack(program, url, [
      ...['-rate=0', `-max-workers=${connections}`, `-workers=${connections}`, `-connections=${connections}`],
      '-duration=4s',
    ]),
  report: (program) => [program, 'report', '-type=json', vegetaResults()],
  count: (stdout) => JSON.parse(stdout).status_codes['200'] ?? 0,
  rate: (program, { url, perSecond, seconds }) =>
    vegetaAttack(program, url, [`-rate=${perSecond}/1s`, `-duration=${seconds}s`, '-max-workers=1000']),
  rateNote: '-rate, at most 1000 workers',
  read: (text) => {
    const { latencies, status_codes: codes, requests } = JSON.parse(text);
    const ok = codes['200'] ?? 0;
    return {
      p50: nsToMs(latencies['50th']),
      p90: nsToMs(latencies['90th']),
      p99: nsToMs(latencies['99th']),
      max: nsToMs(latencies.max),
      ok,
      errors: requests - ok,
    };
  },
  bar: 1,
};

/** Every peer, in the order of the tables. */
export const peers: readonly Peer[] = [wrk, ab, autocannon, hey, oha, vegeta];
