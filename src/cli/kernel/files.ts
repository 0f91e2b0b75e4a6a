import { isUtf8 } from 'node:buffer';
import {
  closeSync,
  fchmodSync,
  fchownSync,
  fstatSync,
  fsyncSync,
  openSync,
  readdirSync,
  readSync,
  realpathSync,
  renameSync,
  rmSync,
  type Stats,
  statSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { basename, dirname } from 'node:path';
import { Failure } from './failure.js';
import { didYouMean } from './nearest.js';
import { systemTrouble } from './system-trouble.js';

/** A file, as messages name it. */
export interface NamedFile {
  /** Its name as the user gave it. */
  shown: string;
  /** What named it, where it was not the command's own argument: a flag, a field. Messages begin with it. */
  by?: string;
  /** The cure where it is not there, or is something else than what is wanted. */
  hint?: string;
}

/** What is read, and how much of it. */
export interface ReadOptions extends NamedFile {
  /** What is read at most: 256 MiB unless told. */
  maxBytes?: number;
  /** Bytes that are no UTF-8 are ISO 8859-1, as newman has it; else they are refused. */
  latin?: boolean;
}

const mostBytes = 256 * 1024 * 1024;

/**
 * The text of a file, without a byte order mark: UTF-8, or UTF-16 (little endian) that is marked as that. Throws Failure
 * `no-such-file` or `unreadable`, in the one form that all commands share: `BY: SHOWN cannot be read: WHY`.
 */
export function readText(path: string, options: ReadOptions): string {
  const bytes = readBytes(path, options);
  const encoding = bytes[0] === 0xff && bytes[1] === 0xfe ? 'utf16le' : isUtf8(bytes) ? 'utf8' : 'latin1';
  if (encoding === 'latin1' && options.latin !== true)
    throw notRead(path, new NotAsWanted('it is not text in UTF-8', 'Save it as UTF-8, or name another file'), options);
  return bytes.toString(encoding).replace(/^\ufeff/, '');
}

/** The bytes of a file, of a pipe or device up to its end. Throws as `readText` does. */
export function readBytes(path: string, options: ReadOptions): Buffer {
  try {
    if (options.shown === '') throw new NotAsWanted('the name is empty', options.hint);
    return boundedBytes(path, options.maxBytes ?? mostBytes);
  } catch (error) {
    throw notRead(path, error, options);
  }
}

function boundedBytes(path: string, maxBytes: number): Buffer {
  const fd = openSync(path, 'r');
  try {
    const tooLarge = new NotAsWanted(`it is larger than ${size(maxBytes)}`, `Give a file of ${size(maxBytes)} at most`);
    const found = fstatSync(fd);
    const sizeBytes = found.isFile() ? found.size : 0;
    if (sizeBytes > maxBytes) throw tooLarge;
    const chunks: Buffer[] = [];
    for (let total = 0; ; ) {
      // A byte more than the file says it has: one read tells whether that is all. Devices and /proc say 0.
      const chunk = Buffer.allocUnsafe(Math.max(65_536, sizeBytes - total + 1));
      const bytes = readSync(fd, chunk);
      if (bytes === 0) return chunks.length === 1 ? chunks[0]! : Buffer.concat(chunks);
      total += bytes;
      if (total > maxBytes) throw tooLarge;
      chunks.push(chunk.subarray(0, bytes));
    }
  } finally {
    closeSync(fd);
  }
}

function size(bytes: number): string {
  const mib = 1024 * 1024;
  return bytes >= mib ? `${Math.floor(bytes / mib)} MiB` : `${bytes} bytes`;
}

/** Not what the system says of a file, but what is wrong with what it holds. */
class NotAsWanted extends Error {
  constructor(
    message: string,
    readonly cure: string | undefined,
  ) {
    super(message);
  }
}

const readingCures: Record<string, string> = {
  EACCES: 'Give yourself the right to read it, or name another file',
  EPERM: 'Give yourself the right to read it, or name another file',
  EMFILE: 'Raise the limit on open files (ulimit -n)',
};

/** Why a file is not read, as every command says it. */
export function notRead(path: string, error: unknown, { shown, by, hint }: NamedFile): Failure {
  const { code = '' } = error as NodeJS.ErrnoException;
  const cure = (error instanceof NotAsWanted ? error.cure : readingCures[code]) ?? hint;
  return new Failure({
    code: code === 'ENOENT' || code === 'ENOTDIR' || shown === '' ? 'no-such-file' : 'unreadable',
    message: `${named(shown, by)} cannot be read: ${reason(error)}${code === 'ENOENT' ? nearFile(path) : ''}`,
    hint: cure ?? 'Give the path of a file that is there',
    cause: error,
  });
}

function reason(error: unknown): string {
  return error instanceof NotAsWanted ? error.message : systemTrouble(error);
}

/** `. Did you mean "x"?`, of the files beside one that is not there. */
export function nearFile(path: string): string {
  try {
    return didYouMean(basename(path), readdirSync(dirname(path)));
  } catch {
    return '';
  }
}

function named(shown: string, by: string | undefined): string {
  return `${by === undefined ? '' : `${by}: `}${shown === '' ? '""' : shown}`;
}

/**
 * Writes what the user asked for where the user asked for it, also to a pipe or device. `mode` is that of a file that is
 * made. Throws Failure `unwritable`: `BY: SHOWN cannot be written: WHY`.
 */
export function writeText(path: string, text: string, { mode, ...file }: NamedFile & { mode?: number }): void {
  try {
    if (file.shown === '') throw new NotAsWanted('the name is empty', file.hint);
    writeFileSync(path, text, { mode });
  } catch (error) {
    throw notWritten(error, file);
  }
}

const writingCures: Record<string, string> = {
  ENOSPC: 'Make room on that disk, or name a file on another one',
  EDQUOT: 'Make room within the quota, or name a file on another disk',
  EFBIG: 'Raise the limit on the size of files (ulimit -f), or name a file on a disk that takes larger ones',
};

/** Why a file is not written, as every command says it. */
export function notWritten(error: unknown, { shown, by, hint }: NamedFile): Failure {
  const { code = '' } = error as NodeJS.ErrnoException;
  const why = code === 'ENOENT' ? 'its folder is not there' : reason(error);
  return new Failure({
    code: 'unwritable',
    message: `${named(shown, by)} cannot be written: ${why}`,
    hint: writingCures[code] ?? hint ?? 'Name a file in a folder that is there and can be written',
    cause: error,
  });
}

export interface ReplaceOptions {
  /** Permissions of the new file; where absent those of the old one, else what the system gives a new file. */
  mode?: number;
  /** It also survives a power cut. */
  durable?: boolean;
  /** How the draft's name ends; else each draft has a name of its own. */
  suffix?: string;
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

  constructor(path: string, { mode, durable = false, suffix }: ReplaceOptions = {}) {
    this.#path = realPath(path);
    const old = statSync(this.#path, { throwIfNoEntry: false });
    // A folder would be found only when the file is put in its place.
    if (old?.isDirectory()) throw Object.assign(new Error('a folder'), { code: 'EISDIR' });
    this.#draft = `${this.#path}${suffix ?? `.${process.pid}.${process.hrtime.bigint().toString(36)}.tmp`}`;
    this.#durable = durable;
    const wanted = mode ?? (old === undefined ? undefined : old.mode & 0o777);
    this.#fd = openSync(this.#draft, suffix === undefined ? 'wx' : 'w', wanted);
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
