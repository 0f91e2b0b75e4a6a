import { createHash } from 'node:crypto';
import { readFileSync, rmSync, type Stats } from 'node:fs';
import { join } from 'node:path';
import { makeFolders } from '../../../kernel/folders.js';
import { replaceFile } from '../../../kernel/replacement.js';

/** What tells that a file is as it was: size, both times in milliseconds, inode; and its SHA-256. */
type Known = [size: number, mtimeMs: number, ctimeMs: number, inode: number, hash: string];

/** A file may change twice within what its times can tell apart: one that is younger is not remembered. */
const settledMs = 2_000;
/** Below this, reading the files is as quick as reading what is known of them. */
const worthFiles = 64;

/** The hashes of a context's files as they were last seen, so that who looks again need not read them. */
export class HashCache {
  readonly #file: string;
  readonly #before: Map<string, Known>;
  readonly #now = new Map<string, Known>();
  #isChanged = false;

  constructor(
    folder: string,
    context: string,
    private readonly nowMs: number,
  ) {
    this.#file = join(folder, `${createHash('sha256').update(context).digest('hex').slice(0, 16)}.json`);
    this.#before = read(this.#file);
  }

  /** The hash of a file that is as it was. */
  get(path: string, { size, mtimeMs, ctimeMs, ino }: Stats): string | undefined {
    const known = this.#before.get(path);
    if (known === undefined || known[0] !== size || known[1] !== mtimeMs || known[2] !== ctimeMs || known[3] !== ino)
      return undefined;
    this.#now.set(path, known);
    return known[4];
  }

  set(path: string, { size, mtimeMs, ctimeMs, ino }: Stats, hash: string): void {
    if (this.nowMs - Math.max(mtimeMs, ctimeMs) < settledMs) return;
    this.#now.set(path, [size, mtimeMs, ctimeMs, ino, hash]);
    this.#isChanged = true;
  }

  /** Remembers what was seen, and forgets the rest. It is never needed: a disk that refuses it is no trouble. */
  save(): void {
    if (!this.#isChanged && this.#now.size === this.#before.size) return;
    try {
      if (this.#now.size < worthFiles) {
        rmSync(this.#file, { force: true });
        return;
      }
      makeFolders(join(this.#file, '..'), 0o700);
      replaceFile(this.#file, JSON.stringify({ version: 1, files: Object.fromEntries(this.#now) }), { mode: 0o600 });
    } catch {
      // The next one reads the files again.
    }
  }
}

function read(file: string): Map<string, Known> {
  try {
    const { version, files }: { version?: unknown; files?: unknown } = JSON.parse(readFileSync(file, 'utf8'));
    if (version !== 1 || typeof files !== 'object' || files === null) return new Map();
    return new Map(Object.entries(files).filter((entry): entry is [string, Known] => isKnown(entry[1])));
  } catch {
    return new Map();
  }
}

function isKnown(value: unknown): value is Known {
  if (!Array.isArray(value) || value.length !== 5) return false;
  return value.slice(0, 4).every((item) => typeof item === 'number') && /^[0-9a-f]{64}$/.test(String(value[4]));
}
