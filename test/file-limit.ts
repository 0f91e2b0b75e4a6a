import { execFileSync } from 'node:child_process';

// Heard, the signal that comes with the error does not end the process; it may come late.
process.on('SIGXFSZ', () => undefined);

/** Gives this process a limit on the size of its files, in bytes, while `act` runs: a write beyond it fails with EFBIG, as one on a full disk does with ENOSPC. */
export async function withFileLimit<T>(bytes: number, act: () => T | Promise<T>): Promise<T> {
  const set = (limit: number | 'unlimited') =>
    execFileSync('prlimit', ['--pid', String(process.pid), `--fsize=${limit}:`]);
  set(bytes);
  try {
    return await act();
  } finally {
    set('unlimited');
  }
}
