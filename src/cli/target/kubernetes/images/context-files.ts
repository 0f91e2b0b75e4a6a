import { lstatSync, readdirSync, readlinkSync, realpathSync, type Stats } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';
import { setImmediate } from 'node:timers/promises';
import { systemTrouble } from '../../../kernel/system-trouble.js';
import type { IgnoreMatch, IgnorePatterns } from './dockerignore.js';

/** A path that an engine is sent. */
export interface ContextEntry {
  /** Below the context, with `/`. */
  path: string;
  kind: 'file' | 'folder' | 'link' | 'other';
  /** Where a link leads. */
  link?: string;
  stat: Stats;
}

/** What a context holds, as docker would send it. */
export interface ContextListing {
  /** By path. */
  entries: ContextEntry[];
  /** What docker could not send either. */
  problems: string[];
  /** What is sent otherwise than one might think. */
  notes: string[];
}

/** Far above what anybody builds of: a folder that was not meant. */
const mostEntries = 500_000;
/** Paths between two looks at the signal. */
const stride = 2_000;

/** Lists what is sent of a context. Links are sent as links; sockets are not sent. */
export async function listContext(
  context: string,
  patterns: IgnorePatterns,
  signal?: AbortSignal,
): Promise<ContextListing> {
  const listing: ContextListing = { entries: [], problems: [], notes: [] };
  const root = realpathSync(context);
  let seen = 0;
  const visit = async (folder: string, parent: IgnoreMatch | undefined): Promise<void> => {
    for (const name of namesIn(root, folder, listing)) {
      if (listing.entries.length > mostEntries) return;
      seen += 1;
      if (seen % stride === 0) await setImmediate();
      signal?.throwIfAborted();
      const path = folder === '' ? name : `${folder}/${name}`;
      const stat = lstatSync(join(root, path), { throwIfNoEntry: false });
      // Gone since its folder was read.
      if (stat === undefined) continue;
      const match = patterns.match(path, parent);
      if (!match.ignored) add(root, path, stat, listing);
      if (stat.isDirectory() && (!match.ignored || patterns.mayReturnBelow(path))) await visit(path, match);
    }
  };
  await visit('', undefined);
  if (listing.entries.length > mostEntries)
    listing.problems.push(
      `it holds more than ${mostEntries} files: name the folder that is meant, or add a .dockerignore`,
    );
  listing.entries.sort((a, b) => (a.path < b.path ? -1 : 1));
  return listing;
}

function namesIn(root: string, folder: string, listing: ContextListing): string[] {
  try {
    return readdirSync(join(root, folder));
  } catch (error) {
    listing.problems.push(unreadable(folder === '' ? '.' : folder, error));
    return [];
  }
}

/** A file or folder of the context that cannot be read, and the cure. */
export function unreadable(path: string, error: unknown): string {
  return `${path} cannot be read: ${systemTrouble(error)}; add it to .dockerignore where the image needs it not`;
}

function add(root: string, path: string, stat: Stats, listing: ContextListing): void {
  if (stat.isFile()) listing.entries.push({ path, kind: 'file', stat });
  else if (stat.isDirectory()) listing.entries.push({ path, kind: 'folder', stat });
  else if (stat.isSymbolicLink()) {
    const link = readlinkSync(join(root, path));
    const end = relative(root, resolve(dirname(join(root, path)), link));
    if (end === '..' || end.startsWith('../'))
      listing.notes.push(`${path} is a link out of the context: ${link} is not sent`);
    listing.entries.push({ path, kind: 'link', link, stat });
  } else if (stat.isSocket()) listing.notes.push(`${path} is a socket: it is not sent`);
  else listing.entries.push({ path, kind: 'other', stat });
}

/** From here on a context is worth a word. */
const many = { bytes: 200_000_000, files: 20_000 };
/** Folders that are made anew in the image, or are of no use in it. */
const usualWaste = new Set(
  'node_modules .git .venv venv env target dist build out bin obj .gradle .idea .next .cache __pycache__ vendor coverage'.split(
    ' ',
  ),
);

/** What is said of a context that is large: its biggest folders, and that a .dockerignore leaves them out. */
export function sizeNote({ entries }: ContextListing): string | undefined {
  const files = entries.filter(({ kind }) => kind === 'file');
  const bytes = files.reduce((sum, { stat }) => sum + stat.size, 0);
  if (bytes < many.bytes && files.length < many.files) return undefined;
  const folders = new Map<string, { bytes: number; files: number }>();
  for (const { path, stat } of files) {
    const key = wasteIn(path) ?? path.split('/')[0]!;
    const sum = folders.get(key) ?? { bytes: 0, files: 0 };
    folders.set(key, { bytes: sum.bytes + stat.size, files: sum.files + 1 });
  }
  const weight = (sum: { bytes: number; files: number }) => sum.bytes / bytes + sum.files / files.length;
  const biggest = [...folders]
    .filter(([, sum]) => weight(sum) > 0.05)
    .sort(([, a], [, b]) => weight(b) - weight(a))
    .slice(0, 3);
  const said = biggest.map(([path, sum]) => `${path} (${mega(sum.bytes)}, ${sum.files} files)`).join(', ');
  const first = biggest[0]?.[0] ?? '';
  return `its context is ${mega(bytes)} in ${files.length} files, most of it in ${said}: add ${first} to .dockerignore where the image needs it not`;
}

function wasteIn(path: string): string | undefined {
  const parts = path.split('/').slice(0, -1);
  const at = parts.findIndex((part) => usualWaste.has(part));
  return at < 0 ? undefined : parts.slice(0, at + 1).join('/');
}

function mega(bytes: number): string {
  return `${Math.round(bytes / 1_000_000)} MB`;
}
