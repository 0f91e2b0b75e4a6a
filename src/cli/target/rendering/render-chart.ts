import { basename, isAbsolute } from 'node:path';
import { Failure } from '../../kernel/failure.js';
import type { RunOutcome } from '../../kernel/process.js';
import type { KubeObject } from '../manifests/kube-object.js';
import { chartUses, readChartFolder } from './chart-folder.js';
import { Gathering } from './gathering.js';
import type { HelmProgram } from './helm-program.js';
import { helmTrouble } from './helm-trouble.js';
import { readManifestText } from './manifest-text.js';
import { objectsOf } from './objects-of.js';
import { prepareChart } from './prepare-chart.js';
import { type ChartStore, pullChart, toldChart } from './pull-chart.js';
import { pathText, type SourcedObject, shownPath } from './read-manifests.js';
import type { Release, RenderingCluster } from './release.js';
import { varyingFields } from './varying-fields.js';

/** A release that is a chart. */
export type ChartRelease = Extract<Release, { kind: 'chart' }>;

/** What a chart is rendered with. */
export interface ChartRendering {
  helm: HelmProgram;
  store: ChartStore;
  /** Paths are shown relative to it. */
  base: string;
}

/** A chart with all that it depends on, on this machine. */
export interface ReadyChart {
  release: ChartRelease;
  /** Folder or archive that helm is given. */
  path: string;
  /** Its name in what helm prints, and the path that people open: the same for a chart of somebody else. */
  name: string;
  shown: string;
}

/** Fetches a chart, or what it depends on, where it is not there. Throws Failure `chart`. */
export async function readyChart(release: ChartRelease, { helm, store, base }: ChartRendering): Promise<ReadyChart> {
  const { chart, repository, version } = release;
  if (!isAbsolute(chart)) {
    const path = await pullChart(helm, { chart, repository, version }, store);
    return { release, path, name: basename(chart), shown: basename(chart) };
  }
  const name = readChartFolder(chart)?.name || basename(chart);
  const shown = /\.tgz$/.test(chart) ? name : shownPath(chart, base);
  return { release, path: await prepareChart(chart, { helm, store, base }), name, shown };
}

/** Where a chart is rendered to: its namespace, and what the cluster has and serves. */
export interface ChartTarget {
  namespace: string;
  cluster: RenderingCluster | undefined;
  /** What CRDs of earlier releases will have the cluster serve, too: `apps/v1` and `apps/v1/Deployment`. */
  apiVersions: readonly string[];
}

/**
 * The objects that a chart renders, CRDs and hooks among them, by `helm template`. Where a chart looks into the cluster and there
 * is one, helm asks it; where that fails, the chart is rendered without, with a note. One that makes values anew each time is
 * rendered twice, which shows the fields that vary. Throws Failure `chart` for what helm refuses.
 */
export async function renderChart(
  ready: ReadyChart,
  target: ChartTarget,
  { helm, base }: ChartRendering,
  gathering: Gathering,
): Promise<SourcedObject[]> {
  const uses = chartUses(ready.path);
  const { outcome, args } = await templated(ready, target, { helm, lookup: uses.lookup }, gathering);
  const told = toldRelease(ready);
  for (const line of outcome.stderr.split('\n')) {
    const warning = /\bwarning: (.+)$/i.exec(line)?.[1];
    if (warning !== undefined && !/CRDs\. Rendering may fail|symbolic link/.test(warning))
      gathering.note(`${told}: ${warning}`);
  }
  const objects = objectsOfOutput(outcome.stdout, ready, gathering);
  if (objects.length === 0)
    gathering.note(`${told} renders nothing with these values (${shownPath(ready.release.chart, base)})`);
  if (!uses.chance) return objects;
  const again = objectsOfOutput((await helm.run(args)).stdout, ready, new Gathering());
  return objects.map((each) => {
    const { metadata, kind } = each.object;
    // Of what is there twice (a hook before and after), or under another name each time, nobody can say.
    const [twin, ...more] = again.filter(
      ({ object }) => object.kind === kind && object.metadata.name === metadata.name,
    );
    const varying = twin === undefined || more.length > 0 ? [] : varyingFields(each.object, twin.object);
    return varying.length > 0 ? { ...each, varying } : each;
  });
}

/** What helm printed, and the words that it printed it for. */
async function templated(
  ready: ReadyChart,
  target: ChartTarget,
  { helm, lookup }: { helm: HelmProgram; lookup: boolean },
  gathering: Gathering,
): Promise<{ outcome: RunOutcome; args: string[] }> {
  const args = templateArguments(ready, target);
  const context = target.cluster?.context;
  const told = toldRelease(ready);
  const troubleOf = ({ stderr }: RunOutcome) => helmTrouble(stderr, (template) => shownTemplate(template, ready));
  let refused: RunOutcome | undefined;
  if (lookup && context !== undefined) {
    // Helm 4 checks on the server what it renders, where helm 3 only looks up.
    const unchecked = helm.major > 3 ? ['--take-ownership', '--disable-openapi-validation'] : [];
    const asking = [...args, '--dry-run=server', ...unchecked, '--kube-context', context];
    const outcome = await helm.run(asking);
    if (outcome.exitCode === 0) return { outcome, args: asking };
    refused = outcome;
  }
  const outcome = await helm.run(args);
  if (outcome.exitCode !== 0) {
    const { lines, hint } = troubleOf(outcome);
    throw new Failure({
      code: 'chart',
      message: `${told} does not render`,
      details: lines.length > 0 ? lines : [outcome.failure ?? 'helm says nothing'],
      hint,
    });
  }
  // What fails both ways is not about the cluster.
  if (refused !== undefined)
    gathering.note(
      `${told} finds nothing of what it looks up in the cluster: ${troubleOf(refused).lines[0] ?? 'helm says nothing'}`,
    );
  return { outcome, args };
}

/** `helm template NAME CHART ...`: every word is one of helm's own flags. */
function templateArguments({ release, path }: ReadyChart, target: ChartTarget): string[] {
  const { cluster, namespace, apiVersions } = target;
  const served = [...(cluster?.apiVersions ?? []), ...apiVersions];
  return [
    'template',
    release.release,
    path,
    '--namespace',
    namespace,
    '--include-crds',
    ...release.values.flatMap((file) => ['--values', file]),
    ...release.set.flatMap(({ flag, text }) => [flag, text]),
    ...(cluster === undefined ? [] : ['--kube-version', cluster.kubernetesVersion]),
    ...(served.length === 0 ? [] : ['--api-versions', served.join(',')]),
  ];
}

function toldRelease({ release, shown }: ReadyChart): string {
  const { chart, repository, version } = release;
  const what = isAbsolute(chart) ? `the chart ${shown}` : toldChart({ chart, repository, version });
  return `${what} (release ${release.release})`;
}

/** A template by the path that people open; those of a chart of somebody else as helm names them. */
function shownTemplate(template: string, { name, shown }: ReadyChart): string {
  if (template !== name && !template.startsWith(`${name}/`)) return template;
  const rest = template.slice(name.length);
  return shown === '.' ? rest.slice(1) : `${shown}${rest}`;
}

/** The objects of what helm printed: each document says by its `# Source:` line where it comes from. */
function objectsOfOutput(text: string, ready: ReadyChart, gathering: Gathering): SourcedObject[] {
  const sources = [...text.matchAll(/^# Source: (.+?)\r?$/gm)].map((match) => ({
    from: match.index,
    line: text.slice(0, match.index).split('\n').length,
    source: shownTemplate(match[1] ?? '', ready),
  }));
  const sourceAt = (offset: number) => sources.findLast(({ from }) => from <= offset);
  const place = ({ line, offset }: { line: number; offset: number }) => {
    const source = sourceAt(offset);
    return source === undefined
      ? `${ready.shown}: line ${line}`
      : `${source.source}: line ${line - source.line} of what it renders`;
  };
  const documents = readManifestText(text, {
    place,
    problem: (line) => gathering.problems.push(line),
    // Helm installs such charts, and there are many: of a chart of somebody else nobody here edits a line.
    duplicateKey: (line) => gathering.note(`${line}: the last one counts`),
  });
  return documents.flatMap((document) =>
    objectsOf(document, (path, message) =>
      gathering.problems.push(`${document.placeOf(path)}: ${pathText(path)}${message}`),
    ).map(({ object }): { object: KubeObject; source: string } => ({
      object,
      source: sourceAt(document.at.offset)?.source ?? ready.shown,
    })),
  );
}
