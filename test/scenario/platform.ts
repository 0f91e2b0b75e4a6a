import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { Test } from 'tap';
import { root } from '../golden.js';

/** The real server with all its services on a free port. */
export async function platform(t: Test): Promise<string> {
  const folder = mkdtempSync(join(tmpdir(), 'hwctl-server-'));
  writeFileSync(join(folder, 'prices.txt'), '1 199.90\n2 5\n');
  const env = {
    PATH: process.env.PATH,
    PORT: '0',
    HOST: '127.0.0.1',
    STORE: 'sqlite',
    SQLITE_DIR: folder,
    PRICES_URL: join(folder, 'prices.txt'),
  };
  const services = ['auth', 'billing', 'orders', 'notifications', 'users', 'prices', 'hello'];
  const server = spawn(process.execPath, [join(root, 'dist/server/main.js'), 'serve', ...services], {
    env,
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  t.teardown(async () => {
    const ended = new Promise((done) => server.once('close', done));
    server.kill('SIGKILL');
    await ended;
    rmSync(folder, { recursive: true, force: true });
  });
  for await (const line of createInterface({ input: server.stdout })) {
    const { msg, port } = JSON.parse(line) as { msg: string; port?: number };
    if (msg === 'listening' && port !== undefined) {
      server.stdout.resume();
      return `http://127.0.0.1:${port}`;
    }
  }
  throw new Error('the server did not start');
}
