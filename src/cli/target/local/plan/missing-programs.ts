import { accessSync, constants, statSync } from 'node:fs';
import { delimiter, isAbsolute, join } from 'node:path';
import { Failure } from '../../../kernel/failure.js';
import type { ProcessSpec } from './process-spec.js';

/** Throws Failure `no-program` where a folder or program of an entry is not there: nothing has been started then. */
export function refuseMissing(processes: readonly ProcessSpec[], path: string | undefined): void {
  const details = processes.flatMap(({ name, kind, ours, cwd, command: [program = ''] }) => {
    if (kind === 'gateway' || ours === true) return [];
    if (cwd !== undefined && !isFolder(cwd)) return [`${name}: there is no folder ${cwd}`];
    if (isThere(program, cwd ?? '/', path)) return [];
    return [
      program.includes('/')
        ? `${name}: there is no program ${program} in ${cwd}`
        : `${name}: ${program} is not in PATH`,
    ];
  });
  if (details.length === 0) return;
  throw new Failure({
    code: 'no-program',
    message: 'what a local entry runs is not on this machine',
    details,
    hint: 'Install it (a virtual environment counts where it is activated), or write another command under local: in hwctl.yaml',
  });
}

function isFolder(path: string): boolean {
  try {
    return statSync(path).isDirectory();
  } catch {
    return false;
  }
}

function isThere(program: string, cwd: string, path: string | undefined): boolean {
  // Windows has endings of its own for what can be run.
  if (process.platform === 'win32') return true;
  if (program.includes('/')) return canRun(isAbsolute(program) ? program : join(cwd, program));
  return (path ?? '').split(delimiter).some((folder) => folder !== '' && canRun(join(folder, program)));
}

function canRun(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return statSync(path).isFile();
  } catch {
    return false;
  }
}
