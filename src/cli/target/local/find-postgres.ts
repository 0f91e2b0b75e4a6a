import { accessSync, constants, readdirSync, readFileSync } from 'node:fs';
import { delimiter, isAbsolute, join } from 'node:path';
import { noPostgres, type PostgresHere } from './plan/postgres.js';
import type { StateFolder } from './state/state-folder.js';

/** Folders below which each version has its own `bin`. */
const versioned = [
  '/usr/lib/postgresql',
  '/usr/local/lib/postgresql',
  '/opt/homebrew/opt',
  '/usr/local/opt',
  '/home/linuxbrew/.linuxbrew/opt',
  '/Applications/Postgres.app/Contents/Versions',
];
const plain = ['/usr/pgsql/bin', '/usr/local/pgsql/bin', '/usr/libexec/postgresql'];

/** This machine's Postgres, or why one cannot be run. Asks the file system alone. */
export function findPostgres(
  env: Readonly<Record<string, string | undefined>>,
  folder: StateFolder,
): PostgresHere | string {
  const inPath = (env.PATH ?? '').split(delimiter).filter(isAbsolute);
  const bin = [...inPath, ...versioned.flatMap(versionsIn), ...plain].find(isWhole);
  if (bin === undefined) return noPostgres;
  if (process.getuid?.() !== 0) return { bin, folder: join(folder.volumes, '.postgres') };
  const as = userOf('postgres') ?? userOf('nobody');
  if (as === undefined)
    return 'it is a Postgres, which refuses to run as root, and there is no user postgres or nobody here';
  return { bin, folder: folder.lent, as };
}

/** The newest version first. */
function versionsIn(folder: string): string[] {
  try {
    return readdirSync(folder)
      .filter((name) => /^(?:postgresql(?:@\d+)?|\d+(?:\.\d+)?)$/.test(name))
      .sort((a, b) => versionOf(b) - versionOf(a))
      .map((name) => join(folder, name, 'bin'));
  } catch {
    return [];
  }
}

function versionOf(name: string): number {
  return Number(/[\d.]+$/.exec(name)?.[0] ?? 1000);
}

function isWhole(folder: string): boolean {
  return ['initdb', 'postgres', 'pg_ctl', 'pg_isready'].every((name) => {
    try {
      accessSync(join(folder, name), constants.X_OK);
      return true;
    } catch {
      return false;
    }
  });
}

function userOf(name: string): { uid: number; gid: number } | undefined {
  try {
    const line = readFileSync('/etc/passwd', 'utf8')
      .split('\n')
      .find((one) => one.startsWith(`${name}:`));
    const [, , uid, gid] = (line ?? '').split(':').map(Number);
    return uid !== undefined && gid !== undefined && uid > 0 && gid > 0 ? { uid, gid } : undefined;
  } catch {
    return undefined;
  }
}
