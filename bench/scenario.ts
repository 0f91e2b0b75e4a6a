// hwctl test beside newman, in one run: the idempotency scenario end to end against the real server, what a request costs
// beyond the server's time, and the memory of 10,000 iterations. ROUNDS, REQUESTS and ITERATIONS for other counts.
// Bars: the idempotency scenario <= 150 ms beyond the server's own time; <= 400 ms with the program's start.
import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { createRequire } from 'node:module';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));
const hwctl = join(root, 'bin/hwctl.js');
const newman = createRequire(import.meta.url).resolve('newman/bin/newman.js');
const rounds = Number(process.env.ROUNDS ?? 9);
const requests = Number(process.env.REQUESTS ?? 4_500);
const iterations = Number(process.env.ITERATIONS ?? 10_000);
const folder = mkdtempSync(join(tmpdir(), 'hwctl-bench-'));

interface Cost {
  wallMs: number;
  cpuMs: number;
  peakMb: number;
}

/** One run of a program to its end; GNU time is not everywhere, so the child itself tells its CPU and its peak. */
function cost(argv: string[]): Promise<Cost> {
  const used = '["\\nUSED", u.maxRSS, u.userCPUTime + u.systemCPUTime].join(" ")';
  const hook = `data:text/javascript,process.on("exit",()=>{const u=process.resourceUsage();process.stderr.write(${used})})`;
  const started = performance.now();
  const child = spawn(process.execPath, ['--import', hook, ...argv], {
    cwd: folder,
    stdio: ['ignore', 'ignore', 'pipe'],
    timeout: 1_200_000,
  });
  let stderr = '';
  child.stderr.on('data', (chunk: Buffer) => {
    stderr = (stderr + chunk.toString('utf8')).slice(-4000);
  });
  return new Promise((done, fail) =>
    child.on('close', (code) => {
      const wallMs = performance.now() - started;
      const [, peakKb, cpuUs] = /USED (\d+) (\d+)/.exec(stderr) ?? [];
      if (code === 0) done({ wallMs, cpuMs: Number(cpuUs) / 1000, peakMb: Number(peakKb) / 1024 });
      else fail(new Error(`${argv.join(' ')} exited with ${code}: ${stderr}`));
    }),
  );
}

function median(values: number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN;
}

function table(head: string[], rows: string[][]): void {
  const line = (cells: string[]) => `| ${cells.join(' | ')} |\n`;
  process.stdout.write(`${line(head)}${line(head.map(() => '---'))}${rows.map(line).join('')}\n`);
}

const ms = (value: number, digits = 0) => `${value.toFixed(digits)} ms`;

/** The bundled platform's services of the idempotency stack in one process. */
async function startServer(): Promise<{ url: string; server: ChildProcess }> {
  const env = { PATH: process.env.PATH, PORT: '0', HOST: '127.0.0.1', STORE: 'sqlite', SQLITE_DIR: folder };
  const server = spawn(process.execPath, [join(root, 'dist/server/main.js'), 'serve', 'auth', 'orders'], {
    env,
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  for await (const line of createInterface({ input: server.stdout! })) {
    const { msg, port } = JSON.parse(line) as { msg: string; port?: number };
    if (msg !== 'listening') continue;
    server.stdout!.resume();
    return { url: `http://127.0.0.1:${port}`, server };
  }
  throw new Error('the server did not start');
}

/** Milliseconds that the server spent on requests so far, by its own histogram; internal ones are part of those they serve. */
async function serverMs(url: string): Promise<number> {
  const text = await (await fetch(`${url}/metrics`)).text();
  const sums = text.matchAll(/^http_request_duration_seconds_sum\{([^}]*)\} (\S+)$/gm);
  let total = 0;
  for (const [, labels, seconds] of sums) if (!labels!.includes('route="/internal')) total += Number(seconds) * 1000;
  return total;
}

/** The idempotency scenario: hwctl with the YAML and with its export, newman with the export, in turn. */
async function endToEnd(): Promise<void> {
  const { url, server } = await startServer();
  try {
    const collection = join(folder, 'idempotency.json');
    await cost([hwctl, 'scenario', 'export', 'idempotency', '--to', 'postman', '--url', url, '-o', collection]);
    const report = join(folder, 'report.json');
    const programs: Record<string, string[]> = {
      'hwctl, YAML': [hwctl, 'test', 'idempotency', '--url', url, '--host', 'arch.homework', '-r', `json=${report}`],
      'hwctl, collection': [hwctl, 'test', collection, '-r', `json=${report}`],
      newman: [newman, 'run', collection, '--reporters', 'cli,json', '--reporter-json-export', report],
    };
    const samples = Object.keys(programs).map(() => ({
      wall: [] as number[],
      beyond: [] as number[],
      run: [] as number[],
    }));
    for (let round = 0; round < rounds; round++)
      for (const [i, argv] of Object.values(programs).entries()) {
        const before = await serverMs(url);
        const { wallMs } = await cost(argv);
        const own = (await serverMs(url)) - before;
        samples[i]!.wall.push(wallMs);
        samples[i]!.beyond.push(wallMs - own);
        samples[i]!.run.push(runMs(report) - own);
      }
    process.stdout.write(`The idempotency scenario, nine requests; medians of ${rounds}.\n\n`);
    table(
      ['program', 'start to end', 'beyond the server’s own time', 'the run alone, beyond the server’s own time'],
      Object.keys(programs).map((name, i) => {
        const { wall, beyond, run } = samples[i]!;
        return [name, ms(median(wall)), ms(median(beyond)), ms(median(run))];
      }),
    );
    const { beyond, run } = samples[0]!;
    const verdict = (value: number, bar: number) => `${ms(value)}, bar ${bar} ms: ${value <= bar ? 'holds' : 'MISSED'}`;
    process.stdout.write(
      `The run alone: ${verdict(median(run), 150)}. With the start: ${verdict(median(beyond), 400)}.\n\n`,
    );
  } finally {
    server.kill('SIGKILL');
  }
}

/** Milliseconds of the run itself, by the JSON report of either program. */
function runMs(file: string): number {
  const report = JSON.parse(readFileSync(file, 'utf8')) as {
    scenarios?: { durationMs: number }[];
    run?: { timings: { started: number; completed: number } };
  };
  if (report.scenarios !== undefined) return report.scenarios[0]!.durationMs;
  return report.run!.timings.completed - report.run!.timings.started;
}

/** What a further request costs, and what many iterations take of memory, against a server that does nothing. */
async function manyRequests(): Promise<void> {
  const server = createServer((_request, response) => response.end('{"ok":true}'));
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  writeFileSync(
    join(folder, 'one.yaml'),
    'name: one\nsteps:\n  - { name: a, request: GET /, check: [{ name: ok, status: 200 }] }\n',
  );
  const exec = ["pm.test('ok', () => pm.response.to.have.status(200));"];
  const schema = 'https://schema.getpostman.com/json/collection/v2.1.0/collection.json';
  const item = [{ name: 'a', request: `${url}/`, event: [{ listen: 'test', script: { exec } }] }];
  writeFileSync(join(folder, 'one.json'), JSON.stringify({ info: { name: 'one', schema }, item }));
  const programs: Record<string, (n: number) => string[]> = {
    'hwctl, YAML': (n) => [hwctl, 'test', './one.yaml', '--url', url, '-n', String(n)],
    'hwctl, collection': (n) => [hwctl, 'test', './one.json', '-n', String(n)],
    newman: (n) => [newman, 'run', 'one.json', '-n', String(n)],
  };
  const rows: string[][] = [];
  for (const [name, argv] of Object.entries(programs)) {
    const once: Cost[] = [];
    for (let i = 0; i < Math.min(rounds, 5); i++) once.push(await cost(argv(1)));
    const start = median(once.map(({ wallMs }) => wallMs));
    const startCpu = median(once.map(({ cpuMs }) => cpuMs));
    const many = await cost(argv(requests));
    const lots = iterations === requests ? many : await cost(argv(iterations));
    rows.push([
      name,
      ms(start),
      ms((many.wallMs - start) / (requests - 1), 2),
      ms((many.cpuMs - startCpu) / (requests - 1), 2),
      `${median(once.map(({ peakMb }) => peakMb)).toFixed(0)} MB`,
      `${lots.peakMb.toFixed(0)} MB`,
    ]);
  }
  server.closeAllConnections();
  server.close();
  process.stdout.write(`One request with one assertion; a further request by ${requests} of them.\n\n`);
  table(
    [
      'program',
      'one iteration, start to end',
      'a further request',
      'its CPU',
      'peak memory',
      `of ${iterations} iterations`,
    ],
    rows,
  );
}

try {
  await endToEnd();
  await manyRequests();
} finally {
  rmSync(folder, { recursive: true, force: true });
}
