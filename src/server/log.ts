import { destination, type Logger, pino } from 'pino';

export type Log = Logger;

/** Characters of lines that may wait for a disk with room; what comes after them is dropped. */
const maxWaiting = 1024 * 1024;

/**
 * JSON lines on stdout. Written without blocking the loop: lines wait only while the one before is being written. Lines
 * that cannot be written (a full disk, a reader that left) are lost, and the service goes on.
 */
export function createLog(level: string, services: readonly string[]): Log {
  const stream = destination({ dest: 1, sync: false, maxLength: maxWaiting });
  stream.on('error', () => undefined);
  for (const each of [process.stdout, process.stderr]) each.on('error', () => undefined);
  return pino({ level, base: { service: services.join(',') }, timestamp: pino.stdTimeFunctions.isoTime }, stream);
}
