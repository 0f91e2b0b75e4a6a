import { existsSync, lstatSync, readdirSync, rmdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { systemTrouble } from '../../kernel/system-trouble.js';
import type { DownReport } from '../target.js';
import { isFree } from './state/ports.js';
import { type ProcessTable, systemProcesses } from './state/process-identity.js';
import { readRuntime, type StateFolder } from './state/state-folder.js';
import { type EndOptions, endEverything } from './supervisor/launch.js';

/** Ends every process of this folder, removes its files, and looks again. */
export async function removeEverything(
  folder: StateFolder,
  keepData: boolean,
  options: EndOptions,
): Promise<DownReport> {
  const table = options.table ?? systemProcesses;
  const runtime = readRuntime(folder);
  const names = new Map(runtime?.processes.map(({ name, pid }) => [pid, name]));
  if (runtime !== undefined) names.set(runtime.supervisor.pid, 'supervisor');
  const ended = await endEverything(folder, options);
  const deleted = ended.map(({ pid }) => `process/${names.get(pid) ?? pid}`);
  // Only a port that a process of ours held until now can be left over by us.
  const ports = ended.flatMap(({ pid }) => runtime?.ports[names.get(pid) ?? ''] ?? []);
  const kept: DownReport['kept'] = [];
  const stuck = new Map<string, string>();
  for (const entry of entriesOf(folder.path)) {
    const path = join(folder.path, entry);
    if (keepData && (path === folder.volumes || path === folder.secrets)) {
      kept.push({ ref: path, reason: 'asked for with --keep-data' });
      continue;
    }
    try {
      rmSync(path, { recursive: true, force: true });
    } catch (error) {
      // The processes have ended all the same, and the files that can go shall go.
      stuck.set(path, `it cannot be removed: ${systemTrouble(error)}`);
      continue;
    }
    deleted.push(path);
  }
  if (existsSync(folder.lent)) {
    if (keepData) kept.push({ ref: folder.lent, reason: 'asked for with --keep-data' });
    else if (isOurs(folder.lent)) removeLent(folder.lent, deleted, stuck);
  }
  removeEmpty(folder.path);
  return { deleted, kept, remaining: await findRemaining(folder, { kept, ports, stuck, table }) };
}

/** A folder that anybody may make is ours where nobody else has made it. */
function isOurs(path: string): boolean {
  const found = lstatSync(path);
  return found.isDirectory() && found.uid === process.getuid?.();
}

function removeLent(path: string, deleted: string[], stuck: Map<string, string>): void {
  try {
    rmSync(path, { recursive: true, force: true });
    deleted.push(path);
  } catch (error) {
    stuck.set(path, `it cannot be removed: ${systemTrouble(error)}`);
  }
}

/** A second look, at the machine and not at our own record: processes by their marker, ports, files. */
async function findRemaining(
  folder: StateFolder,
  {
    kept,
    ports,
    stuck,
    table,
  }: {
    kept: DownReport['kept'];
    ports: readonly number[];
    stuck: ReadonlyMap<string, string>;
    table: ProcessTable;
  },
): Promise<DownReport['remaining']> {
  const remaining: DownReport['remaining'] = [];
  for (const { pid } of table.findMarked(folder.path))
    remaining.push({ ref: `process/${pid}`, reason: 'it still runs' });
  for (const port of ports) {
    if (!(await isFree(port))) remaining.push({ ref: `port/${port}`, reason: 'somebody still listens there' });
  }
  const lent = existsSync(folder.lent) && isOurs(folder.lent) ? [folder.lent] : [];
  for (const ref of [...entriesOf(folder.path).map((entry) => join(folder.path, entry)), ...lent]) {
    if (!kept.some((file) => file.ref === ref)) {
      remaining.push({ ref, reason: stuck.get(ref) ?? 'it is still there' });
    }
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
