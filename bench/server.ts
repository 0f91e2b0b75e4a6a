// Durable, idempotent create_order per second on one core, against the same Express handler without a store; Postgres
// beside it. Run it: npm run build && npx tsx bench/server.ts
// The server has a core to itself (taskset); auth, Postgres and the generator share the other.
import { type ChildProcess, spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { cpus, tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import autocannon from 'autocannon';
import { startPostgres } from '../test/server/postgres-cluster.js';

const connections = 50;
const seconds = Number(process.env.BENCH_SECONDS ?? 4);
const rounds = Number(process.env.BENCH_ROUNDS ?? 3);
const bar = 0.5;

type Arm = 'bare' | 'none' | 'sqlite FULL' | 'sqlite NORMAL' | 'postgres';
interface Round {
  perSecond: number;
  perCpuSecond: number;
  p50Ms: number;
  p99Ms: number;
  errors: number;
}

const folder = mkdtempSync(join(tmpdir(), 'hwctl-bench-'));
const children: ChildProcess[] = [];
const internalToken = randomUUID();
const cluster = await startPostgres();
try {
  const auth = await start(['src/server/main.ts', 'serve', 'auth'], { SQLITE_DIR: folder, PASSWORD_COST: '10' }, 0);
  const token = await logIn(auth.url);
  const arms: Arm[] = ['bare', 'none', 'sqlite FULL', 'sqlite NORMAL'];
  if (typeof cluster === 'string') process.stdout.write(`postgres is left out: ${cluster}\n`);
  else arms.push('postgres');
  const results = new Map<Arm, Round[]>(arms.map((arm) => [arm, []]));
  // Round by round over all arms, so that whatever else the machine does falls on all of them alike.
  for (let round = 0; round < rounds; round++)
    for (const arm of arms) results.get(arm)!.push(await measure(arm, auth.url, token));
  print(results);
} finally {
  for (const child of children) child.kill('SIGKILL');
  if (typeof cluster !== 'string') await cluster.stop();
  rmSync(folder, { recursive: true, force: true });
}

async function measure(arm: Arm, authUrl: string, token: string): Promise<Round> {
  const [store, synchronous] = arm.split(' ');
  const server = await start(
    ['bench/server-child.mts', store!],
    {
      AUTH_URL: authUrl,
      SQLITE_DIR: join(folder, randomUUID()),
      ...(synchronous && { SQLITE_SYNCHRONOUS: synchronous }),
      ...(store === 'postgres' &&
        typeof cluster !== 'string' && { STORE: 'postgres', POSTGRES_URL: await cluster.createDatabase() }),
    },
    1,
  );
  try {
    await loadRun(server.url, token, 1);
    const cpuBefore = cpuSeconds(server.pid);
    const result = await loadRun(server.url, token, seconds);
    const cpu = cpuSeconds(server.pid) - cpuBefore;
    const good = result['2xx'];
    return {
      perSecond: good / result.duration,
      perCpuSecond: good / cpu,
      p50Ms: result.latency.p50,
      p99Ms: result.latency.p99,
      errors: result.non2xx + result.errors + result.timeouts,
    };
  } finally {
    server.child.kill('SIGKILL');
  }
}

function loadRun(url: string, token: string, duration: number): Promise<autocannon.Result> {
  const prefix = randomUUID();
  let n = 0;
  return autocannon({
    url,
    connections,
    duration,
    requests: [
      {
        method: 'POST',
        path: '/create_order',
        body: JSON.stringify({ address: 'Main Street 1', count: 1 }),
        headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
        setupRequest(request) {
          request.headers = { ...request.headers, 'idempotency-key': `${prefix}-${n++}` };
          return request;
        },
      },
    ],
  });
}

async function start(argv: string[], env: Record<string, string>, core: number) {
  const pinned = cpus().length > 1 ? ['taskset', '-c', String(core)] : [];
  const [file, ...args] = [...pinned, process.execPath, '--import', 'tsx', ...argv];
  const child = spawn(file!, args, {
    env: { ...process.env, HOST: '127.0.0.1', PORT: '0', INTERNAL_TOKEN: internalToken, LOG_LEVEL: 'info', ...env },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  children.push(child);
  const lines = createInterface({ input: child.stdout! });
  const port = await new Promise<number>((resolve, reject) => {
    lines.once('line', (line) => resolve(JSON.parse(line).port));
    child.once('exit', (code) => reject(new Error(`${argv.join(' ')} ended with ${code}`)));
  });
  // The access log is written, as in service, and read away here.
  lines.close();
  child.stdout!.resume();
  const url = `http://127.0.0.1:${port}`;
  await ready(url);
  return { url, child, pid: child.pid! };
}

async function ready(url: string): Promise<void> {
  const endsAt = Date.now() + 30_000;
  while (Date.now() < endsAt) {
    const { status } = await fetch(`${url}/ready`);
    if (status === 200 || status === 404) return;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  throw new Error(`${url} is not ready`);
}

async function logIn(url: string): Promise<string> {
  const init = {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ login: 'bench', password: 'bench' }),
  };
  await fetch(`${url}/registration`, init);
  return ((await (await fetch(`${url}/login`, init)).json()) as { token: string }).token;
}

/** Seconds of CPU that a process has used (proc(5): fields 14 and 15, in ticks of 10 ms). */
function cpuSeconds(pid: number): number {
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]!.split(' ');
  return (Number(fields[11]) + Number(fields[12])) / 100;
}

function median(values: number[]): number {
  return [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)]!;
}

function print(results: Map<Arm, Round[]>): void {
  const names: Record<Arm, string> = {
    bare: 'bare Express handler (no session, key, log)',
    none: 'same handler, no store',
    'sqlite FULL': 'SQLite, synchronous FULL (the default)',
    'sqlite NORMAL': 'SQLite, synchronous NORMAL',
    postgres: 'Postgres, 10 connections',
  };
  const base = results.get('none')!;
  const of = (list: Round[], key: keyof Round) => median(list.map((one) => one[key]));
  process.stdout.write(
    `create_order, ${connections} connections, server on one core, medians of ${rounds} rounds of ${seconds} s: npx tsx bench/server.ts\n\n`,
  );
  const columns = ['per second', 'of no store', 'per CPU second', 'of no store', 'p50', 'p99', 'errors'];
  process.stdout.write(`${''.padEnd(46)}${columns.map((column) => column.padStart(16)).join('')}\n`);
  for (const [arm, list] of results) {
    const percent = (key: keyof Round) => `${Math.round((100 * of(list, key)) / of(base, key))} %`;
    const cells = [
      of(list, 'perSecond').toFixed(0),
      percent('perSecond'),
      of(list, 'perCpuSecond').toFixed(0),
      percent('perCpuSecond'),
      `${of(list, 'p50Ms')} ms`,
      `${of(list, 'p99Ms')} ms`,
      String(list.reduce((sum, { errors }) => sum + errors, 0)),
    ];
    process.stdout.write(`${names[arm].padEnd(46)}${cells.map((cell) => cell.padStart(16)).join('')}\n`);
  }
  const ratio = of(results.get('sqlite FULL')!, 'perSecond') / of(base, 'perSecond');
  process.stdout.write(
    `\ndurable, idempotent create_order >= ${bar * 100} % of no store: ${ratio >= bar ? 'reached' : 'MISSED'}\n`,
  );
}
