import { copyFileSync, existsSync, mkdirSync, mkdtempSync, readdirSync, statSync, symlinkSync } from 'node:fs';
import { basename, join, resolve } from 'node:path';
import { Failure } from '../../kernel/failure.js';
import { type Dependency, missingDependencies, readChartFolder } from './chart-folder.js';
import type { HelmProgram } from './helm-program.js';
import { type ChartStore, pullChart } from './pull-chart.js';
import { shownPath } from './read-manifests.js';

const deepestChain = 10;

/**
 * A chart's folder with all that it depends on: the folder itself where charts/ has it, else one beside in which everything is
 * linked and charts/ is completed, since nothing is written into the user's repository. The versions are those of Chart.lock,
 * else what Chart.yaml asks for. Throws Failure `chart` with every dependency that cannot be had.
 */
export async function prepareChart(
  folder: string,
  { helm, store, base }: { helm: HelmProgram; store: ChartStore; base: string },
  parents: readonly string[] = [],
): Promise<string> {
  const chart = readChartFolder(folder);
  const missing = chart === undefined ? [] : missingDependencies(folder, chart);
  if (missing.length === 0) return folder;
  const shown = shownPath(folder, base);
  if (parents.includes(folder) || parents.length > deepestChain)
    throw new Failure({
      code: 'chart',
      message: `the chart ${shown} depends on itself by file:// dependencies`,
      hint: 'Take one of them out of Chart.yaml',
    });
  const got = await Promise.allSettled(
    missing.map((dependency) => fetchDependency(dependency, folder, { helm, store, base }, [...parents, folder])),
  );
  const failed = got.flatMap((each) => (each.status === 'rejected' ? [each.reason as unknown] : []));
  const bug = failed.find((reason) => !(reason instanceof Failure));
  if (bug !== undefined) throw bug;
  const failures = failed as Failure[];
  if (failures.length > 0)
    throw new Failure({
      code: 'chart',
      message: `${shown}/Chart.yaml: ${failures.length === 1 ? 'a dependency' : `${failures.length} dependencies`} of the chart cannot be had`,
      details: failures.flatMap(({ message, details }) => [message, ...details]),
      hint: [...new Set(failures.flatMap(({ hint }) => hint ?? []))].join('. '),
    });
  const paths = got.flatMap((each) => (each.status === 'fulfilled' ? [each.value] : []));
  return completed(folder, paths, store.temporary);
}

async function fetchDependency(
  { name, version, repository }: Dependency,
  folder: string,
  around: { helm: HelmProgram; store: ChartStore; base: string },
  parents: readonly string[],
): Promise<string> {
  if (repository === '')
    throw new Failure({
      code: 'chart',
      message: `${name} is in no repository, and charts/ does not hold it`,
      hint: `Put it into charts/${name} of the chart, or name its repository in Chart.yaml`,
    });
  if (/^file:\/\//.test(repository)) {
    const path = resolve(folder, repository.slice('file://'.length));
    if (!existsSync(join(path, 'Chart.yaml')))
      throw new Failure({
        code: 'chart',
        message: `${name}: there is no chart in ${shownPath(path, around.base)} (${repository})`,
        hint: 'Correct its repository in Chart.yaml',
      });
    return prepareChart(path, around, parents);
  }
  const { helm, store } = around;
  const asked = version === '' ? {} : { version };
  if (/^oci:\/\//.test(repository))
    return pullChart(helm, { chart: `${repository.replace(/\/$/, '')}/${name}`, ...asked }, store);
  // `@name` and `alias:name` are repositories that the user has added to helm.
  const alias = /^(?:@|alias:)(.+)$/.exec(repository)?.[1];
  if (alias !== undefined) return pullChart(helm, { chart: `${alias}/${name}`, ...asked }, store);
  return pullChart(helm, { chart: name, repository, ...asked }, store);
}

/** What no template reads, and what may be large. */
const leftOut = new Set(['charts', '.git', 'node_modules', '.terraform', 'requirements.lock', 'Chart.lock']);

/** A folder of links to all that a chart's folder holds, with the charts at these paths in its charts/. */
function completed(folder: string, charts: readonly string[], temporary: string): string {
  const whole = join(mkdtempSync(join(temporary, 'chart-')), basename(folder));
  mkdirSync(join(whole, 'charts'), { recursive: true });
  for (const entry of readdirSync(folder)) if (!leftOut.has(entry)) link(join(folder, entry), join(whole, entry));
  const vendored = join(folder, 'charts');
  if (existsSync(vendored))
    for (const entry of readdirSync(vendored)) link(join(vendored, entry), join(whole, 'charts', entry));
  for (const [index, path] of charts.entries()) {
    const name = path.endsWith('.tgz') ? basename(path) : `${index}-${basename(path)}`;
    if (!existsSync(join(whole, 'charts', name))) link(path, join(whole, 'charts', name));
  }
  return whole;
}

function link(from: string, to: string): void {
  const isFolder = statSync(from).isDirectory();
  try {
    symlinkSync(from, to, isFolder ? 'junction' : 'file');
  } catch (error) {
    // Windows asks for a privilege for links to files.
    if (isFolder) throw error;
    copyFileSync(from, to);
  }
}
