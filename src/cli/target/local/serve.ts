import { spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { isAbsolute, join } from 'node:path';
import { exitCodes, Failure } from '../../kernel/failure.js';
import { systemTrouble } from '../../kernel/system-trouble.js';

export interface ServeOptions {
  /** Package root. */
  root: string;
  cwd: string;
  /** Passed on to the server, so that its other settings (STORE, POSTGRES_URL, LOG_LEVEL, ...) can be given as it reads them. */
  env: Readonly<Record<string, string | undefined>>;
  signal: AbortSignal;
  /** Gets what the server writes: its reader may leave without the server's knowledge. */
  stdout: NodeJS.WritableStream;
  services: string[];
  host: string;
  port: number;
  /** Folder of the databases; a temporary one where absent. */
  data?: string;
}

/** The services of the bundled platform: what its manifests let the server run, so that the two cannot disagree. */
export function bundledServices(root: string): string[] {
  const shared = join(root, 'manifests', 'shared');
  return readdirSync(shared).flatMap((folder) => {
    const file = join(shared, folder, 'deployment.yaml');
    if (!existsSync(file)) return [];
    return /^ *args: \[serve, ([a-z-]+)\]$/m.exec(readFileSync(file, 'utf8'))?.[1] ?? [];
  });
}

/** Milliseconds that the server has to drain after a Ctrl-C before it is killed. */
const graceMs = 15_000;

/** Runs the built server in the foreground until it ends or `signal` aborts; gives its exit code. */
export async function serveForeground(options: ServeOptions): Promise<number> {
  const entry = join(options.root, 'dist', 'server', 'main.js');
  if (!existsSync(entry)) {
    throw new Failure({
      code: 'no-server-build',
      message: `the built server ${entry} is not there`,
      hint: 'npm run build',
    });
  }
  const temporary = options.data === undefined ? temporaryFolder() : undefined;
  const data = temporary ?? (isAbsolute(options.data ?? '') ? options.data : join(options.cwd, options.data ?? ''));
  try {
    return await runServer(entry, { ...options, data });
  } finally {
    if (temporary !== undefined) rmSync(temporary, { recursive: true, force: true });
  }
}

function temporaryFolder(): string {
  try {
    return mkdtempSync(join(tmpdir(), 'hwctl-serve-'));
  } catch (error) {
    throw new Failure({
      code: 'no-temporary-folder',
      message: `no folder for the databases can be made in ${tmpdir()}: ${systemTrouble(error)}`,
      hint: 'Give one with --data, or set TMPDIR to a folder that can be written',
      cause: error,
    });
  }
}

function runServer(entry: string, options: ServeOptions): Promise<number> {
  const { env, host, port, data, root, services, signal } = options;
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [entry, 'serve', ...services], {
      cwd: options.cwd,
      env: {
        PRICES_URL: join(root, 'manifests', 'shared', 'prices', 'prices.txt'),
        SQLITE_DIR: data,
        ...env,
        HOST: host,
        PORT: String(port),
      },
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    child.stdout.pipe(options.stdout, { end: false });
    let killTimer: NodeJS.Timeout | undefined;
    const end = () => {
      child.kill('SIGTERM');
      killTimer = setTimeout(() => child.kill('SIGKILL'), graceMs);
    };
    if (signal.aborted) end();
    signal.addEventListener('abort', end, { once: true });
    child.on('error', reject);
    child.on('close', (code, killedBy) => {
      clearTimeout(killTimer);
      signal.removeEventListener('abort', end);
      resolve(code ?? (killedBy === 'SIGINT' ? exitCodes.interrupted : exitCodes.failed));
    });
  });
}
