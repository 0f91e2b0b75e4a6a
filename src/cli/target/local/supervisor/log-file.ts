import { closeSync, copyFileSync, openSync, rmSync, statSync, truncateSync } from 'node:fs';
import { join } from 'node:path';

/** A log file is turned over at this size; the one before it is kept as `NAME.log.1`. */
const maxLogBytes = 10 * 1024 * 1024;

/** The file that a process writes its output to. */
export function logPath(logs: string, name: string): string {
  return join(logs, `${name}.log`);
}

/** Opens a log for a child to append to; the child holds it itself, so that it outlives whoever started it. */
export function openLog(logs: string, name: string): number {
  return openSync(logPath(logs, name), 'a', 0o600);
}

/**
 * Turns a log over where it has grown beyond the cap: its content becomes `NAME.log.1`, and the file, which its writer
 * holds open in append mode, starts at zero again. Lines written between the copy and the cut are lost.
 */
export function turnOver(logs: string, name: string, maxBytes = maxLogBytes): boolean {
  const path = logPath(logs, name);
  try {
    if (statSync(path).size <= maxBytes) return false;
    try {
      copyFileSync(path, `${path}.1`);
    } catch {
      // On a full disk the lines that are there are worth less than the room that they take.
      rmSync(`${path}.1`, { force: true });
    }
    truncateSync(path, 0);
    return true;
  } catch {
    return false;
  }
}

/** Closes a descriptor that a child has taken over. */
export function closeLog(descriptor: number): void {
  closeSync(descriptor);
}
