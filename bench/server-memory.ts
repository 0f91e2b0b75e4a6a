// Memory of the real server over a million durable, idempotent create_orders: of each ten requests eight have a key of
// their own, one is a retry and one is refused (a used key with another body). Keys live for a minute here, so that the
// sweeper has work all the while and all keys are gone at the end. Run it: npm run build && npx tsx bench/server-memory.ts
// BENCH_REQUESTS=N for another number than 1,000,000. The bar is a ratio of memory, so it may run beside other work.
import { type ChildProcess, spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import Database from 'better-sqlite3';
import { Agent, request } from 'undici';

const requests = Number(process.env.BENCH_REQUESTS ?? 1_000_000);
const connections = 50;
/** Shares of the whole at which memory is read; the bar compares the last with the first. */
const marks = [0.1, 0.25, 0.5, 0.75, 1].map((share) => Math.round(share * requests));
const bar = 1.1;
const keyTtlMs = 60_000;
/** The sweeper looks once a minute. */
const sweptWithinMs = keyTtlMs + 120_000;
/** A retry is sent when its original has been answered for sure. */
const retryAfter = 1_000;
const main = fileURLToPath(new URL('../dist/server/main.js', import.meta.url));
const folder = mkdtempSync(join(tmpdir(), 'hwctl-bench-'));
const agent = new Agent({ connections, pipelining: 1 });

interface Reading {
  rssMiB: number;
  heapMiB: number;
  keys: number;
}

let server: { url: string; child: ChildProcess } | undefined;
try {
  server = await start();
  await run(server.url);
} finally {
  server?.child.kill('SIGKILL');
  await agent.destroy();
  rmSync(folder, { recursive: true, force: true });
}

async function run(url: string): Promise<void> {
  const token = await logIn(url);
  process.stdout.write(
    `create_order, SQLite synchronous FULL, auth and orders in one process, ${connections} connections: npx tsx bench/server-memory.ts\n\n`,
  );
  print(['requests', 'RSS', 'heap', 'keys kept', 'orders.db', 'a second']);
  const readings: Reading[] = [];
  let sent = 0;
  for (const mark of marks) {
    const startedAt = performance.now();
    const count = mark - sent;
    await send(url, token, sent, mark);
    sent = mark;
    const perSecond = count / ((performance.now() - startedAt) / 1_000);
    readings.push(await report(url, String(sent), perSecond.toFixed(0)));
  }
  for (const endsAt = performance.now() + sweptWithinMs; keysKept() > 0; await sleep(1_000))
    if (performance.now() > endsAt) throw new Error(`${keysKept()} keys were not swept in ${sweptWithinMs} ms`);
  readings.push(await report(url, 'all keys swept', ''));
  const first = readings[0]!.rssMiB;
  const most = Math.max(...readings.slice(1).map(({ rssMiB }) => rssMiB));
  const ratio = most / first;
  process.stdout.write(
    `\nmost RSS after more requests / RSS after ${marks[0]}: ${ratio.toFixed(2)} (bar ${bar}: ${ratio <= bar ? 'met' : 'MISSED'})\n`,
  );
}

/** Requests number `from` to `to`, over all connections. */
async function send(url: string, token: string, from: number, to: number): Promise<void> {
  let next = from;
  async function client(): Promise<void> {
    while (next < to) {
      const n = next++;
      const kind = n < retryAfter ? 'new' : n % 10 === 8 ? 'retry' : n % 10 === 9 ? 'other body' : 'new';
      // What is sent again is a number that ends in 0: never itself a retry.
      const key = `key-${kind === 'new' ? n : n - (n % 10) - retryAfter}`;
      const expected = kind === 'other body' ? 422 : 200;
      const { statusCode, body } = await request(`${url}/create_order`, {
        dispatcher: agent,
        method: 'POST',
        headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json', 'idempotency-key': key },
        body: JSON.stringify({ address: 'Main Street 1', count: kind === 'other body' ? 2 : 1 }),
      });
      await body.dump();
      if (statusCode !== expected) throw new Error(`request ${n} was answered ${statusCode}, not ${expected}`);
    }
  }
  await Promise.all(Array.from({ length: connections }, client));
}

async function report(url: string, after: string, perSecond: string): Promise<Reading> {
  const { body } = await request(`${url}/metrics`, { dispatcher: agent });
  const text = await body.text();
  const mebibytes = (metric: string) => Number(new RegExp(`^${metric} (.+)$`, 'm').exec(text)?.[1]) / 2 ** 20;
  const reading = {
    rssMiB: mebibytes('process_resident_memory_bytes'),
    heapMiB: mebibytes('nodejs_heap_size_used_bytes'),
    keys: keysKept(),
  };
  const file = statSync(join(folder, 'orders.db')).size / 2 ** 20;
  const { rssMiB, heapMiB, keys } = reading;
  print([
    after,
    `${rssMiB.toFixed(0)} MiB`,
    `${heapMiB.toFixed(0)} MiB`,
    String(keys),
    `${file.toFixed(0)} MiB`,
    perSecond,
  ]);
  return reading;
}

function keysKept(): number {
  const database = new Database(join(folder, 'orders.db'), { readonly: true });
  try {
    return database.prepare('SELECT count(*) FROM idempotency_keys').pluck().get() as number;
  } finally {
    database.close();
  }
}

async function start(): Promise<{ url: string; child: ChildProcess }> {
  const child = spawn(process.execPath, [main, 'serve', 'auth', 'orders'], {
    env: {
      PATH: process.env.PATH,
      HOST: '127.0.0.1',
      PORT: '0',
      SQLITE_DIR: folder,
      INTERNAL_TOKEN: randomUUID(),
      IDEMPOTENCY_TTL_MS: String(keyTtlMs),
    },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const lines = createInterface({ input: child.stdout });
  const port = await new Promise<number>((resolve, reject) => {
    lines.once('line', (line) => resolve(JSON.parse(line).port));
    child.once('exit', (code) => reject(new Error(`the server ended with ${code}`)));
  });
  // The access log is written, as in service, and read away here.
  lines.close();
  child.stdout.resume();
  return { url: `http://127.0.0.1:${port}`, child };
}

async function logIn(url: string): Promise<string> {
  const init = {
    dispatcher: agent,
    method: 'POST' as const,
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ login: 'bench', password: 'bench' }),
  };
  await (await request(`${url}/registration`, init)).body.dump();
  return ((await (await request(`${url}/login`, init)).body.json()) as { token: string }).token;
}

function print([first = '', ...cells]: string[]): void {
  process.stdout.write(`${first.padEnd(16)}${cells.map((cell) => cell.padStart(11)).join('')}\n`);
}
