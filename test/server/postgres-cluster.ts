import { execFile, execFileSync } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { chownSync, existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import pg from 'pg';

const run = promisify(execFile);

/** A real PostgreSQL of the suite's own, in a temporary folder, on a free loopback port. */
export interface PostgresCluster {
  /** Makes an empty database and gives its URL. */
  createDatabase(): Promise<string>;
  /** Shuts it down as `mode` says (`immediate` is a crash: it recovers from its log) and starts it again on the same port. */
  restart(mode: 'fast' | 'immediate'): Promise<void>;
  stop(): Promise<void>;
}

/** Starts it; a string says why there is none here. Postgres refuses root, so a root user lends it to `postgres`. */
export async function startPostgres(): Promise<PostgresCluster | string> {
  const bin = binaries();
  if (bin === undefined) return 'PostgreSQL is not installed (Debian: apt-get install postgresql)';
  const folder = mkdtempSync(join(tmpdir(), 'hwctl-pg-'));
  const asOwner = ownerCommand(folder);
  if (asOwner === undefined) return 'PostgreSQL refuses to run as root, and there is no user postgres';
  const port = await freePort();
  const data = join(folder, 'data');
  const start = [
    '-c',
    `unix_socket_directories=${folder}`,
    '-c',
    'listen_addresses=127.0.0.1',
    '-p',
    String(port),
    '-c',
    'max_connections=300',
  ];
  await run(
    ...asOwner(join(bin, 'initdb'), ['-D', data, '-U', 'hwctl', '-A', 'trust', '-N', '-E', 'UTF8', '--locale=C']),
  );
  const control = (...args: string[]) => run(...asOwner(join(bin, 'pg_ctl'), ['-D', data, '-w', '-t', '60', ...args]));
  const startArguments = ['-l', join(folder, 'log'), '-o', start.join(' ')];
  await control(...startArguments, 'start');
  // A suite that throws runs no teardown: what it started must not outlive it. SIGQUIT is Postgres' immediate shutdown.
  const abandon = () => {
    const record = join(data, 'postmaster.pid');
    if (existsSync(record)) process.kill(Number(readFileSync(record, 'utf8').split('\n')[0]), 'SIGQUIT');
    rmSync(folder, { recursive: true, force: true });
  };
  process.once('exit', abandon);
  return {
    async createDatabase() {
      const name = `t${randomUUID().replaceAll('-', '')}`;
      const client = new pg.Client({ connectionString: `postgres://hwctl@127.0.0.1:${port}/postgres` });
      await client.connect();
      await client.query(`CREATE DATABASE ${name}`);
      await client.end();
      return `postgres://hwctl@127.0.0.1:${port}/${name}`;
    },
    async restart(mode) {
      await control(...startArguments, '-m', mode, 'restart');
    },
    async stop() {
      process.off('exit', abandon);
      await control('-m', 'immediate', 'stop');
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

function binaries(): string | undefined {
  const root = '/usr/lib/postgresql';
  const versions = existsSync(root) ? readdirSync(root).sort((a, b) => Number(b) - Number(a)) : [];
  return versions.map((version) => join(root, version, 'bin')).find((bin) => existsSync(join(bin, 'initdb')));
}

type Command = (file: string, args: string[]) => [string, string[], { timeout: number }];

function ownerCommand(folder: string): Command | undefined {
  const limit = { timeout: 90_000 };
  if (process.getuid?.() !== 0) return (file, args) => [file, args, limit];
  try {
    const [uid, gid] = ['-u', '-g'].map((flag) => Number(execFileSync('id', [flag, 'postgres'], { stdio: 'pipe' })));
    chownSync(folder, uid!, gid!);
    return (file, args) => ['setpriv', [`--reuid=${uid}`, `--regid=${gid}`, '--clear-groups', file, ...args], limit];
  } catch {
    return undefined;
  }
}

/** A port that was free a moment ago. */
export function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const { port } = server.address() as AddressInfo;
      server.close(() => resolve(port));
    });
  });
}
