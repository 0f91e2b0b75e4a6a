// The server of the bench: nginx with one process, kept to one core, answering 17 bytes.
import { spawn, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import net from 'node:net';
import { cpus, tmpdir } from 'node:os';
import { join } from 'node:path';

/** Whether a program is installed. */
export function has(program: string): boolean {
  return spawnSync('sh', ['-c', `command -v ${program}`]).status === 0;
}

/** `argv` kept to one core, where there is more than one. */
export function onCore(core: number, argv: string[]): string[] {
  return has('taskset') && cpus().length > 1 ? ['taskset', '-c', String(core), ...argv] : argv;
}

async function freePort(): Promise<number> {
  const server = net.createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as net.AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}

/** Starts it on core 1; undefined where nginx is not installed. */
export async function startNginx(): Promise<{ url: string; stop: () => void } | undefined> {
  if (!has('nginx')) return undefined;
  const folder = mkdtempSync(join(tmpdir(), 'hwctl-bench-'));
  const port = await freePort();
  const temp = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map(
    (name) => `${name}_temp_path ${folder}/${name};`,
  );
  const conf = `daemon off; worker_processes 1; worker_rlimit_nofile 20000; pid ${folder}/pid; error_log ${folder}/error.log;
    events { worker_connections 16384; }
    http { access_log off; keepalive_requests 1000000000; ${temp.join(' ')}
      server { listen 127.0.0.1:${port} backlog=4096; location / { default_type text/plain; return 200 "hello from hwctl!"; } } }`;
  writeFileSync(join(folder, 'nginx.conf'), conf);
  const [file = '', ...args] = onCore(1, ['nginx', '-c', join(folder, 'nginx.conf'), '-p', folder]);
  const child = spawn(file, args, { stdio: 'inherit' });
  const stop = () => {
    child.kill();
    rmSync(folder, { recursive: true, force: true });
  };
  for (let i = 0; i < 100; i++) {
    const up = await new Promise<boolean>((resolve) => {
      const socket = net.connect(port, '127.0.0.1', () => resolve(socket.destroy() !== undefined));
      socket.on('error', () => resolve(false));
    });
    if (up) return { url: `http://127.0.0.1:${port}/`, stop };
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  stop();
  throw new Error('nginx did not start');
}

/** The middle one. */
export function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN;
}
