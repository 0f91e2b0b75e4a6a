import { readdirSync, rmdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import type { Clock } from '../../kernel/clock.js';
import type { DownReport } from '../target.js';
import { endEverything } from './launch.js';
import { isFree } from './ports.js';
import { findMarked } from './process-identity.js';
import { readRuntime, type StateFolder, stateFailure } from './state-folder.js';

/** Ends every process of this folder, removes its files, and looks again. */
export async function removeEverything(
  folder: StateFolder,
  keepData: boolean,
  wait: { clock: Clock; signal: AbortSignal; timeoutMs: number },
): Promise<DownReport> {
  const runtime = readRuntime(folder);
  const names = new Map(runtime?.processes.map(({ name, pid }) => [pid, name]));
  if (runtime !== undefined) names.set(runtime.supervisor.pid, 'supervisor');
  const ended = await endEverything(folder, wait);
  const deleted = ended.map(({ pid }) => `process/${names.get(pid) ?? pid}`);
  // Only a port that a process of ours held until now can be left over by us.
  const ports = ended.flatMap(({ pid }) => runtime?.ports[names.get(pid) ?? ''] ?? []);
  const kept: DownReport['kept'] = [];
  for (const entry of entriesOf(folder.path)) {
    const path = join(folder.path, entry);
    if (keepData && (path === folder.volumes || path === folder.secrets)) {
      kept.push({ ref: path, reason: 'asked for with --keep-data' });
      continue;
    }
    try {
      rmSync(path, { recursive: true, force: true });
    } catch (error) {
      throw stateFailure(path, error, 'removed');
    }
    deleted.push(path);
  }
  removeEmpty(folder.path);
  return { deleted, kept, remaining: await findRemaining(folder, kept, ports) };
}

/** A second look, at the machine and not at our own record: processes by their marker, ports, files. */
async function findRemaining(
  folder: StateFolder,
  kept: DownReport['kept'],
  ports: readonly number[],
): Promise<DownReport['remaining']> {
  const remaining: DownReport['remaining'] = [];
  for (const { pid } of findMarked(folder.path)) remaining.push({ ref: `process/${pid}`, reason: 'it still runs' });
  for (const port of ports) {
    if (!(await isFree(port))) remaining.push({ ref: `port/${port}`, reason: 'somebody still listens there' });
  }
  for (const entry of entriesOf(folder.path)) {
    const ref = join(folder.path, entry);
    if (!kept.some((file) => file.ref === ref)) remaining.push({ ref, reason: 'it is still there' });
  }
  return remaining;
}

function entriesOf(path: string): string[] {
  try {
    return readdirSync(path).sort();
  } catch {
    return [];
  }
}

/** Removes a folder that is empty; leaves any other alone. */
export function removeEmpty(path: string): void {
  try {
    rmdirSync(path);
  } catch {
    // Not empty, or not there: both are fine.
  }
}
