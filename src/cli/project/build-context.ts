import { posix } from 'node:path';
import type { FindingOf, Findings } from './finding.js';
import { folderOf } from './found-file.js';

/** The folder that a Dockerfile is built of, and what it copies that is not in the repository. */
export interface BuildContext {
  context: string;
  missing: string[];
}

/**
 * The folder in which everything is that a Dockerfile copies: its own, else the nearest above it. Where none holds all, its own,
 * with what is missing there: often what a build outside makes first (`build/libs/app.jar`).
 */
export function contextOf(dockerfile: FindingOf<'dockerfile'>, findings: Findings): BuildContext {
  const own = dockerfile.folder || '.';
  for (let folder = own; ; folder = folderOf(folder) || '.') {
    if (missingIn(folder, dockerfile, findings).length === 0) return { context: folder, missing: [] };
    if (folder === '.') return { context: own, missing: missingIn(own, dockerfile, findings) };
  }
}

/** What a Dockerfile copies from its context that is not in that folder. */
export function missingIn(folder: string, { copies }: FindingOf<'dockerfile'>, findings: Findings): string[] {
  return copies.filter((copied) => {
    const path = posix.join(folder, `./${copied}`).replace(/\/$/, '');
    if (path === '.' || path.startsWith('..') || findings.paths.has(path) || findings.folders.has(path)) return false;
    if (!/[*?[]/.test(path)) return true;
    const pattern = new RegExp(
      `^${path
        .replaceAll(/[.+^$(){}|\\]/g, '\\$&')
        .replaceAll('*', '[^/]*')
        .replaceAll('?', '[^/]')}$`,
    );
    return ![...findings.paths, ...findings.folders].some((one) => pattern.test(one));
  });
}
