// The built process: its first line, its exit codes, and how it ends while it is busy.
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import t from 'tap';

const entry = fileURLToPath(new URL('../../dist/server/main.js', import.meta.url));
const folder = mkdtempSync(join(tmpdir(), 'hwctl-main-'));
t.teardown(() => rmSync(folder, { recursive: true, force: true }));
t.setTimeout(100_000);

function run(args: string[], env: Record<string, string> = {}): ChildProcess & { lines: string[]; errors: string[] } {
  const child = spawn(process.execPath, [entry, ...args], {
    env: { PATH: process.env.PATH, HOST: '127.0.0.1', PORT: '0', SQLITE_DIR: folder, ...env },
  });
  const lines: string[] = [];
  const errors: string[] = [];
  createInterface({ input: child.stdout! }).on('line', (line) => {
    lines.push(line);
    child.emit('line');
  });
  child.stderr!.on('data', (data) => errors.push(String(data)));
  return Object.assign(child, { lines, errors });
}

async function listening(child: ReturnType<typeof run>): Promise<string> {
  if (child.lines.length === 0) await once(child, 'line');
  const first = JSON.parse(child.lines[0]!);
  t.equal(first.msg, 'listening', 'the first line');
  return `http://127.0.0.1:${first.port}`;
}

await t.test('says all that is wrong with its configuration and exits 2', { timeout: 60_000 }, async (t) => {
  const child = run(['serve', 'nope'], { PORT: 'x' });
  const [code] = await once(child, 'close');
  t.equal(code, 2);
  t.match(child.errors.join(''), /error: there is no service "nope".*\nerror: PORT must be/);
  const [usage] = await once(run(['dance']), 'close');
  t.equal(usage, 2);
});

await t.test('exits 2 where its port is taken', { timeout: 60_000 }, async (t) => {
  const holder = run(['serve', 'hello']);
  const url = await listening(holder);
  const second = run(['serve', 'hello'], { PORT: new URL(url).port });
  const [code] = await once(second, 'close');
  t.equal(code, 2);
  t.match(second.errors.join(''), /EADDRINUSE/);
  holder.kill('SIGTERM');
  t.same(await once(holder, 'exit'), [0, null]);
});

await t.test('SIGTERM lets the request in flight finish, then exits 0', { timeout: 80_000 }, async (t) => {
  // A password that takes long to hash is the request that is in flight.
  const child = run(['serve', 'auth'], { PASSWORD_COST: '15', SHUTDOWN_TIMEOUT_MS: '50000' });
  const url = await listening(child);
  const answer = fetch(`${url}/registration`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ login: 'late', password: 'p' }),
  });
  await new Promise((resolve) => setTimeout(resolve, 150));
  const exited = once(child, 'exit');
  child.kill('SIGTERM');
  const { status, headers } = await answer;
  t.equal(status, 200);
  t.equal(headers.get('connection'), 'close');
  t.same(await exited, [0, null]);
  t.notOk(child.lines.some((line) => line.includes('"p"')));
});

await t.test('migrates and exits', { timeout: 60_000 }, async (t) => {
  const child = run(['migrate']);
  t.same(await once(child, 'close'), [0, null]);
  t.match(JSON.parse(child.lines.at(-1)!), { msg: 'schema is up to date' });
});
