import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Failure } from '../../kernel/failure.js';
import type { HttpClientOptions } from '../../kernel/http/http.js';
import type { RunProgram } from '../../kernel/process.js';
import { fetchManifests, isUrl } from './fetch-manifest.js';
import { Gathering } from './gathering.js';
import { findHelm } from './helm-program.js';
import { readManifests, type SourcedObject } from './read-manifests.js';
import { refuseTwins } from './refuse-twins.js';
import type { Release, RenderingCluster } from './release.js';
import { type ChartRelease, type ChartRendering, type ReadyChart, readyChart, renderChart } from './render-chart.js';
import { renderKustomization } from './render-kustomization.js';
import { hookOf, type RenderedObject, toldOf } from './rendered-object.js';

/** What rendering is given beside the releases. */
export interface RenderingOptions {
  run: RunProgram;
  /** Folder of the project: paths are shown relative to it, and relative paths of `--set-file` begin there. */
  folder: string;
  /** Namespace of releases that name none. */
  namespace: string;
  cluster: RenderingCluster | undefined;
  /** Of each program and each request. */
  timeoutMs: number;
  signal?: AbortSignal;
  /** Proxies and certificates for manifests that are fetched; helm and kubectl read their own of the environment. */
  http?: HttpClientOptions;
  /** Folder in which charts of exact versions are kept for the next time. */
  charts?: string;
  /** Told in words what takes its time. */
  onProgress?(text: string): void;
}

/** What releases render to. */
export interface Rendering {
  /** In the order of the releases, each as its source has them. */
  objects: RenderedObject[];
  /** Hooks for `helm test`. */
  tests: RenderedObject[];
  /** What is to be told, and keeps nothing from being applied. */
  notes: string[];
}

/**
 * Every object of the releases: plain YAML, kustomizations, and charts by the user's own helm. All that is wrong with any of them
 * is told at once. Throws Failure `bad-manifests`, `chart`, `kustomize` or `no-helm`, or the signal's reason.
 */
export async function renderReleases(releases: readonly Release[], options: RenderingOptions): Promise<Rendering> {
  const gathering = new Gathering();
  const temporary = mkdtempSync(join(tmpdir(), 'hwctl-render-'));
  try {
    const charts = releases.filter((release) => release.kind === 'chart');
    const rendering = await withHelm(charts, { ...options, temporary }, gathering);
    // Repositories answer side by side; the charts are rendered in order, each knowing what the earlier ones bring.
    const ready = await Promise.all(
      releases.map((release) => attempt(gathering, () => fetched(release, rendering, options, gathering))),
    );
    const objects: RenderedObject[] = [];
    for (const [index, release] of releases.entries()) {
      options.signal?.throwIfAborted();
      const found = await attempt(gathering, () =>
        rendered(release, ready[index], rendering, { options, objects, gathering }),
      );
      const isChart = release.kind === 'chart';
      for (const { object, source, varying } of found ?? []) {
        const hook = isChart ? hookOf(object) : undefined;
        const defaultNamespace = release.namespace ?? options.namespace;
        objects.push({
          object,
          defaultNamespace,
          source,
          release: index,
          ...(hook && { hook }),
          ...(varying && { varying }),
        });
      }
    }
    const whole = withoutIdle(refuseTwins(objects, gathering), gathering);
    gathering.throwIfAny();
    const isTest = ({ hook }: RenderedObject) => hook?.events.every((event) => event === 'test') === true;
    return { objects: whole.filter((each) => !isTest(each)), tests: whole.filter(testing), notes: gathering.notes };
  } finally {
    rmSync(temporary, { recursive: true, force: true });
  }
}

function testing({ hook }: RenderedObject): boolean {
  return hook?.events.includes('test') === true;
}

/** Helm, where a chart is among the releases and helm is there; undefined, told once, where it is not. */
async function withHelm(
  [first]: readonly ChartRelease[],
  { run, folder, timeoutMs, signal, temporary, charts }: RenderingOptions & { temporary: string },
  gathering: Gathering,
): Promise<ChartRendering | undefined> {
  if (first === undefined) return undefined;
  const helm = await attempt(gathering, () =>
    findHelm({ run, cwd: folder, timeoutMs, signal }, `the release ${first.release}`),
  );
  return helm && { helm, store: { temporary, ...(charts === undefined ? {} : { kept: charts }) }, base: folder };
}

type Fetched = { chart: ReadyChart } | { objects: SourcedObject[] };

/** What of a release is elsewhere, brought here. */
async function fetched(
  release: Release,
  rendering: ChartRendering | undefined,
  { http, timeoutMs, signal, onProgress }: RenderingOptions,
  gathering: Gathering,
): Promise<Fetched | undefined> {
  if (release.kind === 'manifests' && isUrl(release.path)) {
    onProgress?.(`fetching ${release.path}`);
    return { objects: await fetchManifests(release.path, { http, timeoutMs, signal }, gathering) };
  }
  if (release.kind !== 'chart' || rendering === undefined) return undefined;
  onProgress?.(`reading the chart of ${release.release}`);
  return { chart: await readyChart(release, rendering) };
}

async function rendered(
  release: Release,
  ready: Fetched | undefined,
  rendering: ChartRendering | undefined,
  {
    options,
    objects,
    gathering,
  }: { options: RenderingOptions; objects: readonly RenderedObject[]; gathering: Gathering },
): Promise<SourcedObject[]> {
  const { folder, run, timeoutMs, signal, cluster } = options;
  switch (release.kind) {
    case 'manifests':
      if (ready !== undefined && 'objects' in ready) return ready.objects;
      return isUrl(release.path)
        ? []
        : readManifests(release.path, { recursive: release.recursive, base: folder }, gathering);
    case 'kustomize':
      return renderKustomization(release.path, { run, cwd: folder, timeoutMs, signal, base: folder }, gathering);
    case 'chart': {
      if (rendering === undefined || ready === undefined || !('chart' in ready)) return [];
      options.onProgress?.(`rendering ${release.release}`);
      const namespace = release.namespace ?? options.namespace;
      return renderChart(ready.chart, { namespace, cluster, apiVersions: servedBy(objects) }, rendering, gathering);
    }
  }
}

/** The API versions that CRDs among these objects bring. */
function servedBy(objects: readonly RenderedObject[]): string[] {
  return objects.flatMap(({ object }) => {
    if (object.kind !== 'CustomResourceDefinition') return [];
    const { group, names, versions } = (object.spec ?? {}) as {
      group?: unknown;
      names?: { kind?: unknown };
      versions?: { name?: unknown; served?: unknown }[];
    };
    if (typeof group !== 'string' || !Array.isArray(versions)) return [];
    return versions
      .filter((version) => typeof version?.name === 'string' && version.served !== false)
      .flatMap(({ name }) => [
        `${group}/${name}`,
        ...(typeof names?.kind === 'string' ? [`${group}/${name}/${names.kind}`] : []),
      ]);
  });
}

/** Runs a part; what fails in it is told with all the rest. */
async function attempt<T>(gathering: Gathering, work: () => Promise<T>): Promise<T | undefined> {
  try {
    return await work();
  } catch (error) {
    if (!(error instanceof Failure)) throw error;
    gathering.failures.push(error);
    return undefined;
  }
}

/** Without the hooks of events that no command of hwctl brings about. */
function withoutIdle(objects: readonly RenderedObject[], gathering: Gathering): RenderedObject[] {
  return objects.filter((rendered) => {
    const isIdle = rendered.hook?.events.every((event) => /^(?:pre|post)-rollback$/.test(event)) === true;
    if (isIdle) gathering.note(`${rendered.source}: ${toldOf(rendered)} is left out: hwctl rolls nothing back`);
    return !isIdle;
  });
}
