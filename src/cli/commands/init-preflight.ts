import type { FileTree } from '../project/file-tree.js';
import type { Piece, Release } from '../project/piece.js';
import type { KubeObject } from '../target/manifests/kube-object.js';
import { Problems, parseYaml } from '../target/manifests/yaml-source.js';
import { isBuiltIn, isClusterScoped } from '../target/preflight/built-in-kinds.js';
import { preflight } from '../target/preflight/preflight.js';
import type { PreflightProblem, SourcedObject } from '../target/preflight/problem.js';

/** What will not work of a piece, as far as its plain manifests tell it without a cluster. */
export function piecePreflight(tree: FileTree, piece: Piece): PreflightProblem[] {
  const objects: SourcedObject[] = [];
  const unrendered: string[] = [];
  for (const release of piece.releases) {
    const files = release.kind === 'manifests' ? filesOf(tree, release) : [];
    if (files.length === 0) unrendered.push(release.kind === 'chart' ? release.release : release.path);
    const namespace = release.namespace ?? piece.defaultNamespace;
    objects.push(...files.flatMap((file) => objectsIn(tree, file, namespace)));
  }
  return preflight({
    objects,
    built: piece.images.map(({ image }) => image),
    releases: piece.releases.map((release) => ({
      kind: release.kind,
      where: `${release.from.file}:${release.from.line}`,
      ...(release.kind === 'chart' && {
        chart: release.chart.name,
        repository: release.chart.repositoryUrl,
        version: release.chart.version,
      }),
    })),
    cluster: undefined,
    unrendered,
  });
}

/** The files of a release, in the order in which kubectl takes them. */
function filesOf(tree: FileTree, release: Release & { kind: 'manifests' }): string[] {
  const path = release.path.replace(/^\.\/|\/$/g, '');
  if (tree.files.includes(path)) return [path];
  const folder = path === '' || path === '.' ? '' : `${path}/`;
  return tree.files.filter(
    (file) =>
      file.startsWith(folder) &&
      /\.(ya?ml|json)$/.test(file) &&
      (release.recursive || !file.slice(folder.length).includes('/')),
  );
}

/** What is no object, or cannot be read, `init` has told of already. */
function objectsIn(tree: FileTree, file: string, namespace: string | undefined): SourcedObject[] {
  const sources = parseYaml(tree.text(file) ?? '', file, new Problems());
  return sources.flatMap(({ value, placeOf }) => {
    const list = value as { kind?: unknown; items?: unknown } | null;
    const items: unknown[] = list?.kind === 'List' && Array.isArray(list.items) ? list.items : [value];
    return items.filter(isObject).map((object) => ({
      object: placed(object, namespace),
      source: placeOf([]).replace(/:\d+$/, ''),
      ...(items[0] === value && {
        placeOf: (path: Parameters<typeof placeOf>[0]) => placeOf(path).replace(/:\d+$/, ''),
      }),
    }));
  });
}

function isObject(value: unknown): value is KubeObject {
  const { apiVersion, kind, metadata } = (value ?? {}) as Record<string, unknown>;
  return (
    typeof apiVersion === 'string' && typeof kind === 'string' && typeof metadata === 'object' && metadata !== null
  );
}

function placed(object: KubeObject, namespace: string | undefined): KubeObject {
  const isOutside = isBuiltIn(object) && isClusterScoped(object.kind);
  if (namespace === undefined || isOutside || object.metadata.namespace !== undefined) return object;
  return { ...object, metadata: { ...object.metadata, namespace } };
}
