import type { FileTree } from './file-tree.js';
import { findingsOfJson } from './find-json.js';
import { findingsOfText } from './find-text.js';
import { findingsOfYaml, valuesIn } from './find-yaml.js';
import type { Evidence, Finding, Findings } from './finding.js';
import { type FoundFile, folderOf, nameOf } from './found-file.js';
import { holdsShell, readShell, type ShellStep } from './read-shell.js';

/**
 * What a repository holds, by the contents of its files: charts, manifests, kustomizations, skaffold and compose files,
 * Dockerfiles, collections, environments, OpenAPI documents, scenarios, profiles, k6 and Locust scripts, dashboards, and the
 * shell lines of its pages. A function of the tree: nothing is executed, nothing outside the tree is asked.
 */
export function findIn(tree: FileTree): Findings {
  const paths = new Set(tree.files);
  const charts = [...paths].filter((path) => /(?:^|\/)Chart\.ya?ml$/.test(path)).map(folderOf);
  const found: Finding[] = [];
  const steps: ShellStep[] = [];
  const unreadable: (Evidence & { why: string })[] = [];
  const generated: string[] = [];
  for (const path of tree.files) {
    if (!mayHold(path) || isOfChart(path, charts)) continue;
    const text = tree.text(path);
    if (text === undefined) continue;
    const file: FoundFile = {
      path,
      text,
      paths,
      read: (other) => tree.text(other),
      unreadable: (line, why) => unreadable.push({ file: path, line, why }),
    };
    found.push(...findingsOf(file));
    if (!holdsShell(path)) continue;
    const read = readShell(path, text);
    // What is generated is no page, and its lines are held against each other.
    if (read.length > mostSteps) generated.push(`${path}: more than ${mostSteps} shell lines`);
    else steps.push(...read);
  }
  // Last: the tree leaves texts out while they are read.
  const leftOut = [...tree.leftOut, ...generated];
  const values = valuesOf(tree, { paths, charts, steps });
  return { root: tree.root, paths, folders: foldersOf(paths), found, steps, values, unreadable, leftOut };
}

/** The charts' own values, and those of each file of a name that a line gives to helm: where it lies, the plan tells. */
function valuesOf(
  tree: FileTree,
  { paths, charts, steps }: { paths: Set<string>; charts: readonly string[]; steps: readonly ShellStep[] },
): Findings['values'] {
  const own = new Set(charts.map((folder) => (folder === '' ? 'values.yaml' : `${folder}/values.yaml`)));
  const given = new Set(steps.flatMap(({ act }) => (act.kind === 'helm release' ? act.valuesFiles.map(nameOf) : [])));
  const files = tree.files.filter((path) => own.has(path) || (given.has(nameOf(path)) && /\.ya?ml$/i.test(path)));
  const read = (path: string) => tree.text(path);
  return new Map(files.flatMap((path) => [[path, valuesIn({ paths, read }, path)] as const]).filter(isRead));
}

type Values = Readonly<Record<string, unknown>>;

function isRead(entry: readonly [string, Values | undefined]): entry is readonly [string, Values] {
  return entry[1] !== undefined;
}

/** Shell lines of one file, far above what a person writes. */
const mostSteps = 5_000;

function foldersOf(paths: ReadonlySet<string>): Set<string> {
  const folders = new Set<string>(['.']);
  for (const path of paths)
    for (let folder = folderOf(path); folder !== '' && !folders.has(folder); folder = folderOf(folder))
      folders.add(folder);
  return folders;
}

function findingsOf(file: FoundFile): Finding[] {
  if (/\.ya?ml$/i.test(file.path)) return findingsOfYaml(file);
  if (/\.json$/i.test(file.path) || (isWithoutExtension(file.path) && /^\s*\{/.test(file.text)))
    return findingsOfJson(file);
  return findingsOfText(file);
}

/** Names whose contents are worth a look; the rest (sources, pictures, archives) is not read at all. */
function mayHold(path: string): boolean {
  return (
    /\.(?:ya?ml|json|js|mjs|ts|py)$/i.test(path) ||
    /docker|containerfile/i.test(nameOf(path)) ||
    holdsShell(path) ||
    isWithoutExtension(path)
  );
}

/** Templates, subcharts and CRDs belong to their chart: helm renders them, and as they stand they are often no YAML. */
function isOfChart(path: string, charts: readonly string[]): boolean {
  return charts.some((folder) => {
    const inside = folder === '' ? path : path.startsWith(`${folder}/`) ? path.slice(folder.length + 1) : undefined;
    return inside !== undefined && /^(?:templates|charts|crds)\//.test(inside);
  });
}

function isWithoutExtension(path: string): boolean {
  return !nameOf(path).includes('.');
}
