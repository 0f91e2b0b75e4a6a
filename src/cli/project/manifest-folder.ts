import { type Findings, foundOf } from './finding.js';
import { folderOf, nameOf } from './found-file.js';

/** Names that people give to the folder of what is deployed. */
const usual = /^(?:k8s|kube|kubernetes|manifests?|deploy(?:ment)?)$/i;

/**
 * The folder that is meant by one in which there are no objects, as `kubectl apply -f .` says after a sentence that names the
 * folder to go to: the only one below it with objects, or the only one of a usual name. Undefined where it is as it is said.
 */
export function meantFolder(path: string, findings: Findings): string | undefined {
  if (!findings.folders.has(path) && path !== '.' && path !== '') return undefined;
  const own = path === '.' ? '' : path;
  const holding = new Set(foundOf(findings, 'manifest').map(({ file }) => folderOf(file)));
  if (holding.has(own)) return undefined;
  const below = [...holding].filter((folder) => own === '' || folder.startsWith(`${own}/`));
  const [only, ...others] = below.length > 1 ? below.filter((folder) => usual.test(nameOf(folder))) : below;
  return others.length === 0 ? only : undefined;
}

/** Whether a folder has no file in it that `kubectl apply -f` would read. */
export function isBare(path: string, { paths, folders }: Findings): boolean {
  if (!folders.has(path) && path !== '.' && path !== '') return false;
  const own = path === '.' ? '' : path;
  return ![...paths].some((file) => folderOf(file) === own && /\.(?:ya?ml|json)$/.test(file));
}
