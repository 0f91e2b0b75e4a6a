import { realpathSync } from 'node:fs';
import { resolve, sep } from 'node:path';

/** Which files a scenario or collection may send. */
export interface Uploads {
  /** Where relative paths begin: the folder of the file, or --working-dir. */
  folder: string;
  /** Nothing outside of the folder (newman's --no-insecure-file-read). */
  confined?: boolean;
  /** Told each path outside of the folder that is about to be read. */
  onOutside?(path: string): void;
}

/**
 * The whole path of a file to send. A path that says it leads out of the folder (`../x`, `/x`) is taken as in newman, unless
 * uploads are confined; one that only seems to be inside, by a symbolic link, never. Throws an Error that says so.
 */
export function uploadPath(path: string, { folder, confined = false, onOutside }: Uploads): string {
  const full = resolve(folder, path);
  if (isWithin(full, resolve(folder))) {
    const real = realPath(full);
    // Nothing there: reading it will say so.
    if (real === undefined) return full;
    if (isWithin(real, realPath(folder) ?? folder)) return real;
    throw new Error(`${path} is a link that leads out of ${folder}; copy the file into that folder`);
  }
  if (confined) throw new Error(`${path} is outside of ${folder}, where --no-insecure-file-read reads nothing`);
  onOutside?.(full);
  return full;
}

function isWithin(path: string, folder: string): boolean {
  return path === folder || path.startsWith(folder.endsWith(sep) ? folder : folder + sep);
}

/** Without symbolic links; undefined where there is no such file. */
function realPath(path: string): string | undefined {
  try {
    return realpathSync(path);
  } catch {
    return undefined;
  }
}
