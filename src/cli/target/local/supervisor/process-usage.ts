import { readFileSync } from 'node:fs';

/** Resident memory of a process, where /proc tells it. */
export function usageOf(pid: number): { memoryBytes?: number } {
  try {
    const match = /^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'latin1'));
    return match === null ? {} : { memoryBytes: Number(match[1]) * 1024 };
  } catch {
    return {};
  }
}
