import { mkdirSync, statSync } from 'node:fs';
import { dirname } from 'node:path';

/**
 * Makes a folder and its parents. Not `recursive: true`: it says ENOENT of a full disk
 * (https://github.com/nodejs/node/issues/42808), and never returns where a parent exists but cannot hold children (below
 * /proc, a stale mount). Throws the system's error.
 */
export function makeFolders(path: string, mode = 0o777): void {
  for (let attempt = 1; ; attempt++) {
    try {
      mkdirSync(path, { mode });
      return;
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException;
      if (code === 'EEXIST' && statSync(path).isDirectory()) return;
      if (code !== 'ENOENT' || attempt > 1 || dirname(path) === path) throw error;
      makeFolders(dirname(path), mode);
    }
  }
}
