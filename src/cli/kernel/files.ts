import { isUtf8 } from 'node:buffer';
import {
  accessSync,
  closeSync,
  constants,
  fstatSync,
  openSync,
  readdirSync,
  readSync,
  type Stats,
  statSync,
  writeFileSync,
} from 'node:fs';
import { basename, dirname } from 'node:path';
import { Failure } from './failure.js';
import { makeFolders } from './folders.js';
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
  /** The cure where it is a folder, if that is another one. */
  folderHint?: string;
}

/** What is read, and how much of it. */
export interface ReadOptions extends NamedFile {
  /** What is read at most: 256 MiB unless told. */
  maxBytes?: number;
  /** Bytes that are no UTF-8 are ISO 8859-1, as newman has it; else they are refused. */
  latin?: boolean;
  /** It is UTF-8 to the last byte, a byte order mark included: what is sent as it is. */
  exact?: boolean;
}

const mostBytes = 256 * 1024 * 1024;

/**
 * The text of a file, without a byte order mark: UTF-8, or UTF-16 (little endian) that is marked as that. Throws Failure
 * `no-such-file` or `unreadable`, in the one form that all commands share: `BY: SHOWN cannot be read: WHY`.
 */
export function readText(path: string, options: ReadOptions): string {
  const bytes = readBytes(path, options);
  if (options.exact === true && isUtf8(bytes)) return bytes.toString();
  const isUtf16 = bytes[0] === 0xff && bytes[1] === 0xfe && options.exact !== true;
  const encoding = isUtf16 ? 'utf16le' : isUtf8(bytes) ? 'utf8' : 'latin1';
  if (encoding === 'latin1' && options.latin !== true)
    throw notRead(path, new NotAsWanted('it is not text in UTF-8', 'Save it as UTF-8, or name another file'), options);
  return bytes.toString(encoding).replace(/^\ufeff/, '');
}

/** The bytes of a file, of a pipe or device up to its end. Throws as `readText` does. */
export function readBytes(path: string, options: ReadOptions): Buffer {
  try {
    refuseEmptyName(options);
    return boundedBytes(path, options.maxBytes ?? mostBytes);
  } catch (error) {
    throw notRead(path, error, options);
  }
}

/** What is there under this path; undefined where nothing is, or nothing can be: below a file, in a circle of links. Never throws. */
export function statOf(path: string): Stats | undefined {
  try {
    return statSync(path);
  } catch {
    return undefined;
  }
}

/** Looks before it is read whether there is a file that can be. Throws as `readText` does. */
export function checkFile(path: string, file: NamedFile): void {
  try {
    refuseEmptyName(file);
    if (statSync(path).isDirectory()) throw Object.assign(new Error('a folder'), { code: 'EISDIR' });
    accessSync(path, constants.R_OK);
  } catch (error) {
    throw notRead(path, error, file);
  }
}

/** As `checkFile`, for a folder. */
export function checkFolder(path: string, folder: NamedFile): void {
  try {
    refuseEmptyName(folder);
    if (!statSync(path).isDirectory()) throw new NotAsWanted('it is a file, not a folder', folder.hint);
    accessSync(path, constants.R_OK | constants.X_OK);
  } catch (error) {
    const isMissing = (error as NodeJS.ErrnoException).code === 'ENOENT';
    throw notRead(path, error, folder, isMissing ? 'there is no such folder' : undefined);
  }
}

function refuseEmptyName({ shown, hint }: NamedFile): void {
  if (shown === '') throw new NotAsWanted('the name is empty', hint);
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
function notRead(path: string, error: unknown, file: NamedFile, why = reason(error)): Failure {
  const { shown, by, folderHint = file.hint } = file;
  const { code = '' } = error as NodeJS.ErrnoException;
  const cure =
    (error instanceof NotAsWanted ? error.cure : readingCures[code]) ?? (code === 'EISDIR' ? folderHint : file.hint);
  return new Failure({
    code: code === 'ENOENT' || code === 'ENOTDIR' || shown === '' ? 'no-such-file' : 'unreadable',
    message: `${named(shown, by)} cannot be read: ${why}${code === 'ENOENT' ? nearFile(path) : ''}`,
    hint: cure ?? 'Give the path of a file that is there',
    cause: error,
  });
}

function reason(error: unknown): string {
  return error instanceof NotAsWanted ? error.message : systemTrouble(error);
}

/** `. Did you mean "x"?`, of the files beside one that is not there. */
function nearFile(path: string): string {
  try {
    return didYouMean(basename(path), readdirSync(dirname(path)));
  } catch {
    return '';
  }
}

function named(shown: string, by: string | undefined): string {
  return `${by === undefined ? '' : `${by}: `}${shown === '' ? '""' : shown}`;
}

/** What is written where the user asked for it. */
export interface WriteOptions extends NamedFile {
  /** Permissions of a file that is made. */
  mode?: number;
  /** The folders that it is in are made where they are not there. */
  folders?: boolean;
}

/** Writes a file whole, or to a pipe or device. Throws Failure `unwritable`: `BY: SHOWN cannot be written: WHY`. */
export function writeText(path: string, text: string, { mode, folders, ...file }: WriteOptions): void {
  try {
    refuseEmptyName(file);
    if (folders === true) makeFolders(dirname(path));
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
