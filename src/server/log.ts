import { destination, type Logger, pino } from 'pino';

export type Log = Logger;

/** JSON lines on stdout. Written without blocking the loop: lines wait only while the one before is being written. */
export function createLog(level: string, services: readonly string[]): Log {
  return pino(
    { level, base: { service: services.join(',') }, timestamp: pino.stdTimeFunctions.isoTime },
    destination({ dest: 1, sync: false }),
  );
}
