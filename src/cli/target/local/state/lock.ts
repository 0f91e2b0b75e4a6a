import { randomBytes } from 'node:crypto';
import { linkSync, readdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import type { Clock } from '../../../kernel/clock.js';
import { formatDuration } from '../../../kernel/duration.js';
import { Failure } from '../../../kernel/failure.js';
import { stateFailure } from '../../../kernel/state-home.js';
import { identityOf, isRunning } from './process-identity.js';
import { isUnwritable, makeFolder, removeFile } from './state-folder.js';
import { isLockOwner } from './state-shape.js';

interface Owner {
  pid: number;
  identity: string;
  /** Differs for every acquisition, also by the same process. */
  nonce: string;
}

export interface LockOptions {
  clock: Clock;
  signal: AbortSignal;
  /** Milliseconds to wait for another owner. */
  timeoutMs: number;
  /** Called once when somebody else holds it. */
  onWait?(ownerPid: number): void;
  /** Goes on without the lock on a disk that takes no new file, once nobody holds it: what frees the room needs none. */
  evenUnwritable?: boolean;
}

/**
 * Holds a lock file while `body` runs. A lock whose owner no longer runs is taken over; one whose owner runs is waited for.
 * Throws Failure `locked` at the deadline.
 */
export async function withLock<T>(path: string, options: LockOptions, body: () => Promise<T>): Promise<T> {
  const nonce = await acquire(path, options);
  try {
    return await body();
  } finally {
    if (nonce !== undefined) release(path, nonce);
  }
}

async function acquire(path: string, options: LockOptions): Promise<string | undefined> {
  const { clock, signal, timeoutMs, onWait } = options;
  const deadline = clock.monotonic() + timeoutMs;
  for (let told = false; ; told = true) {
    try {
      makeFolder(dirname(path));
      const nonce = tryAcquire(path);
      if (nonce !== undefined) {
        sweep(path);
        return nonce;
      }
    } catch (error) {
      if (options.evenUnwritable !== true || !isUnwritable(error)) throw error;
      const holder = readOwner(path);
      if (holder === undefined || !isRunning(holder)) return undefined;
    }
    const owner = readOwner(path);
    if (!told && owner !== undefined) onWait?.(owner.pid);
    if (clock.monotonic() >= deadline) {
      throw new Failure({
        code: 'locked',
        message: `another hwctl${owner === undefined ? '' : ` (process ${owner.pid})`} is still at work here after ${formatDuration(timeoutMs)}`,
        hint: `Wait for it to end, or give a longer --timeout; it holds ${path}`,
      });
    }
    await clock.sleep(25, signal);
  }
}

/**
 * One attempt. `link` fails where the name exists, so exactly one process makes the file, complete with its content.
 * A dead owner's lock is replaced only by the holder of a second lock named after the dead owner's nonce: the file can
 * then change no more under the one who replaces it. That second lock is an ordinary one, so it can be taken over as well.
 */
function tryAcquire(path: string): string | undefined {
  const nonce = randomBytes(8).toString('hex');
  const temporary = `${path}.${process.pid}.${nonce}.tmp`;
  const owner: Owner = { pid: process.pid, identity: identityOf(process.pid) ?? '', nonce };
  try {
    writeFileSync(temporary, JSON.stringify(owner), { flag: 'wx', mode: 0o600 });
    try {
      linkSync(temporary, path);
      return nonce;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    }
    const current = readLock(path);
    if (current === undefined || (current !== 'damaged' && isRunning(current))) return undefined;
    const breaker = `${path}.${nameOf(current)}`;
    const breakerNonce = tryAcquire(breaker);
    if (breakerNonce === undefined) return undefined;
    try {
      if (nameOf(readLock(path)) !== nameOf(current)) return undefined;
      renameSync(temporary, path);
      return nonce;
    } finally {
      release(breaker, breakerNonce);
    }
  } catch (error) {
    // `down` removes the folder around the lock where nothing is left in it: whoever waited makes it anew.
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw stateFailure(path, error, 'written');
  } finally {
    removeFile(temporary);
  }
}

/**
 * Removes what processes that were killed in the midst of an attempt left beside the lock. Only its holder may: while it
 * is held, a second lock named after a dead owner has nothing left to guard.
 */
function sweep(path: string): void {
  const prefix = `${basename(path)}.`;
  for (const name of readdirSync(dirname(path))) {
    if (!name.startsWith(prefix)) continue;
    const file = join(dirname(path), name);
    // One that was not yet written through names its process all the same.
    const pid = Number(/\.(\d+)\.[0-9a-f]+\.tmp$/.exec(name)?.[1]);
    const owner = readOwner(file) ?? { pid, identity: identityOf(pid) };
    if (owner.identity === undefined || !isRunning({ pid: owner.pid, identity: owner.identity })) {
      removeFile(file);
    }
  }
}

/**
 * Who made this lock; undefined where there is none. A lock appears whole, by one `link`, so one that is not whole was
 * damaged since (a power cut, say) and belongs to nobody who still runs.
 */
function readLock(path: string): Owner | 'damaged' | undefined {
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT') return undefined;
    throw error;
  }
  try {
    const owner: unknown = JSON.parse(text);
    return isLockOwner(owner) ? (owner as Owner) : 'damaged';
  } catch {
    return 'damaged';
  }
}

/** Tells one lock from the next at the same path. */
function nameOf(lock: Owner | 'damaged' | undefined): string | undefined {
  return typeof lock === 'object' ? lock.nonce : lock;
}

function readOwner(path: string): Owner | undefined {
  try {
    const lock = readLock(path);
    return lock === 'damaged' ? undefined : lock;
  } catch {
    return undefined;
  }
}

function release(path: string, nonce: string): void {
  if (readOwner(path)?.nonce === nonce) removeFile(path);
}
