import { createHash } from 'node:crypto';
import { cpSync, existsSync, mkdtempSync, readdirSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { Failure } from '../../kernel/failure.js';
import { makeFolders } from '../../kernel/folders.js';
import { shownUrl } from '../../kernel/secrets.js';
import type { HelmProgram } from './helm-program.js';
import { helmTrouble } from './helm-trouble.js';

/** A chart that is somewhere else: a name in a repository, or an `oci://` reference. */
export interface RemoteChart {
  chart: string;
  repository?: string;
  version?: string;
}

/** Where charts come to lie: `temporary` for this rendering, `kept` (if any) for the next ones. */
export interface ChartStore {
  temporary: string;
  kept?: string;
}

/**
 * Has the user's helm fetch a chart, and gives the path of its archive. An exact version is fetched once where charts are kept: it
 * does not change. No repository needs to be added before. Throws Failure `chart` with what helm says, and the cure.
 */
export async function pullChart(helm: HelmProgram, remote: RemoteChart, store: ChartStore): Promise<string> {
  const { chart, repository, version } = remote;
  const key = createHash('sha256')
    .update(JSON.stringify([chart, repository, version]))
    .digest('hex')
    .slice(0, 24);
  const isExact = /^v?\d+\.\d+\.\d+[\w.+-]*$/.test(version ?? '');
  const kept = isExact && store.kept !== undefined ? join(store.kept, key) : undefined;
  const there = kept === undefined ? undefined : archiveIn(kept);
  if (there !== undefined) return there;
  const into = mkdtempSync(join(store.temporary, 'pull-'));
  const outcome = await helm.run([
    'pull',
    chart,
    ...(repository === undefined ? [] : ['--repo', repository]),
    ...(version === undefined || version === '' ? [] : ['--version', version]),
    '--destination',
    into,
  ]);
  const archive = archiveIn(into);
  if (outcome.exitCode !== 0 || archive === undefined) {
    const { lines, hint } = helmTrouble(outcome.stderr, (template) => template);
    throw new Failure({
      code: 'chart',
      message: `${toldChart(remote)} cannot be fetched: ${lines[0] ?? 'helm says nothing'}`,
      details: lines.slice(1),
      hint,
    });
  }
  return kept === undefined ? archive : keep(into, kept);
}

/** `postgresql 10.1.0 of https://...`: how messages name a chart. */
export function toldChart({ chart, repository, version }: RemoteChart): string {
  return `the chart ${chart}${version ? ` ${version}` : ''}${repository === undefined ? '' : ` of ${shownUrl(repository)}`}`;
}

function archiveIn(folder: string): string | undefined {
  if (!existsSync(folder)) return undefined;
  const name = readdirSync(folder).find((entry) => entry.endsWith('.tgz'));
  return name === undefined ? undefined : join(folder, name);
}

/** Puts a fetched archive where the next rendering finds it: whole or not at all, whoever else does the same. */
function keep(from: string, kept: string): string {
  const beside = `${kept}.${process.pid}.new`;
  try {
    makeFolders(join(kept, '..'));
    cpSync(from, beside, { recursive: true });
    renameSync(beside, kept);
  } catch {
    rmSync(beside, { recursive: true, force: true });
  }
  return archiveIn(kept) ?? (archiveIn(from) as string);
}
