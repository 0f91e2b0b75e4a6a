import {
  closeSync,
  fchmodSync,
  fchownSync,
  fstatSync,
  fsyncSync,
  openSync,
  realpathSync,
  renameSync,
  rmSync,
  type Stats,
  statSync,
  writeSync,
} from 'node:fs';
import { dirname } from 'node:path';

export interface ReplaceOptions {
  /** Permissions of the new file; where absent those of the old one, else what the system gives a new file. */
  mode?: number;
  /** Whether the new file also survives a power cut. */
  durable?: boolean;
}

/**
 * A file that is written beside its place and put there in one step when it is whole: a reader sees the old one or the new
 * one, and a disk that gets full leaves the old one as it is. A link is followed. Throws the system's errors.
 */
export class Replacement {
  readonly #path: string;
  readonly #draft: string;
  readonly #durable: boolean;
  #fd: number | undefined;

  constructor(path: string, { mode, durable = false }: ReplaceOptions = {}) {
    this.#path = realPath(path);
    const old = statSync(this.#path, { throwIfNoEntry: false });
    // A folder would be found only when the file is put in its place.
    if (old?.isDirectory()) throw Object.assign(new Error('a folder'), { code: 'EISDIR' });
    this.#draft = `${this.#path}.${process.pid}.${process.hrtime.bigint().toString(36)}.tmp`;
    this.#durable = durable;
    const wanted = mode ?? (old === undefined ? undefined : old.mode & 0o777);
    // A name of its own, and no file or link that is there already: nobody else's draft, and no place that others chose.
    this.#fd = openSync(this.#draft, 'wx', wanted);
    settle(this.#fd, wanted, old);
  }

  /** Appends. */
  write(text: string): void {
    const bytes = Buffer.from(text);
    // A write may take only the beginning, where space runs out in its middle.
    for (let at = 0; at < bytes.length; ) at += writeSync(this.#open(), bytes, at);
  }

  /** Puts it in its place. */
  commit(): void {
    const fd = this.#open();
    if (this.#durable) fsyncSync(fd);
    this.#fd = undefined;
    closeSync(fd);
    renameSync(this.#draft, this.#path);
    if (this.#durable) syncFolder(dirname(this.#path));
  }

  /** Leaves nothing behind of what is not in its place. */
  discard(): void {
    if (this.#fd !== undefined) closeSync(this.#fd);
    this.#fd = undefined;
    try {
      rmSync(this.#draft, { force: true });
    } catch {
      // A disk that became read-only: whoever wrote has been told.
    }
  }

  #open(): number {
    if (this.#fd === undefined) throw new Error(`${this.#path} is in its place already`);
    return this.#fd;
  }
}

/** Replaces a file in one step. Throws the system's error, with nothing left behind. */
export function replaceFile(path: string, text: string, options: ReplaceOptions = {}): void {
  const replacement = new Replacement(path, options);
  try {
    replacement.write(text);
    replacement.commit();
  } catch (error) {
    replacement.discard();
    throw error;
  }
}

/** Where a link leads; the path itself where nothing is there yet. */
function realPath(path: string): string {
  try {
    return realpathSync(path);
  } catch {
    return path;
  }
}

/** Gives a draft the permissions that the umask took off, and the owner of what root replaces. A file system may know neither. */
function settle(fd: number, mode: number | undefined, old: Stats | undefined): void {
  const draft = fstatSync(fd);
  if (!draft.isFile()) return;
  try {
    if (mode !== undefined && (draft.mode & 0o777) !== mode) fchmodSync(fd, mode);
    if (old !== undefined && process.getuid?.() === 0) fchownSync(fd, old.uid, old.gid);
  } catch {
    // What was opened is never wider than what was wanted.
  }
}

function syncFolder(path: string): void {
  const folder = openSync(path, 'r');
  try {
    fsyncSync(folder);
  } finally {
    closeSync(folder);
  }
}
