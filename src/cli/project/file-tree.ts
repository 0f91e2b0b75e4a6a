import { closeSync, fstatSync, openSync, readdirSync, readSync, realpathSync, statSync } from 'node:fs';
import { join, relative, sep } from 'node:path';
import { Failure } from '../kernel/failure.js';

/** A repository as it is looked at: names at once, texts when they are asked for. */
export interface FileTree {
  /** Absolute. */
  root: string;
  /** Paths of its files, relative to the root, with `/`; in order. */
  files: readonly string[];
  /** What was left out, and why: links that lead out, folders that are too deep, files beyond the bound. */
  leftOut: readonly string[];
  /** False where it holds more files than are looked at. */
  isWhole: boolean;
  /** The text of a file in UTF-8, with or without its byte order mark; undefined where it is binary, too large or cannot be read. */
  text(path: string): string | undefined;
}

export interface TreeBounds {
  files: number;
  depth: number;
  /** Longest text that is read. */
  textBytes: number;
  /** All texts together. */
  allBytes: number;
}

/** Far above what a repository of a person holds, and far below what would exhaust a machine. */
const treeBounds: TreeBounds = {
  files: 20_000,
  depth: 24,
  textBytes: 4 * 1024 * 1024,
  allBytes: 256 * 1024 * 1024,
};

/** Folders in which nobody keeps what they deploy. */
const skipped = new Set([
  '.git',
  '.hg',
  '.svn',
  '.idea',
  '.vscode',
  '.gradle',
  '.mvn',
  '.venv',
  'venv',
  '.tox',
  '.terraform',
  '.cache',
  '.next',
  'node_modules',
  'bower_components',
  '__pycache__',
  'site-packages',
]);

/**
 * Reads the names below a folder. Links are followed where they end within it, once each; a link that leads out is left out
 * and told. Throws Failure `project-folder` where there is no such folder.
 */
export function readTree(folder: string, bounds: TreeBounds = treeBounds): FileTree {
  const root = rootOf(folder);
  const files: string[] = [];
  const leftOut: string[] = [];
  const visited = new Set<string>([root]);
  const visit = (path: string, depth: number): void => {
    for (const entry of entriesOf(join(root, path), path, leftOut)) {
      if (files.length >= bounds.files) return;
      const below = path === '' ? entry.name : `${path}/${entry.name}`;
      const kind = kindOf(root, below, entry, leftOut);
      if (kind === undefined) continue;
      if (kind === 'file') files.push(below);
      else if (!skipped.has(entry.name) && enter(root, below, visited)) {
        if (depth >= bounds.depth) leftOut.push(`${below}: more than ${bounds.depth} folders deep`);
        else visit(below, depth + 1);
      }
    }
  };
  visit('', 1);
  const isWhole = files.length < bounds.files;
  if (!isWhole) leftOut.push(`more than ${bounds.files} files: what follows ${files.at(-1)}`);
  files.sort();
  let leftBytes = bounds.allBytes;
  const text = (path: string) => {
    if (leftBytes <= 0) return undefined;
    const large = () => {
      const line = `${path}: more than ${bounds.textBytes} bytes`;
      if (!leftOut.includes(line)) leftOut.push(line);
    };
    const found = textOf(root, path, bounds.textBytes, large);
    leftBytes -= found?.length ?? 0;
    if (leftBytes <= 0) leftOut.push(`more than ${bounds.allBytes} bytes: what follows ${path}`);
    return found;
  };
  return { root, files, leftOut, isWhole, text };
}

function rootOf(folder: string): string {
  try {
    const root = realpathSync(folder);
    if (statSync(root).isDirectory()) return root;
  } catch {
    // Told below.
  }
  throw new Failure({
    code: 'project-folder',
    message: `${folder} is not a folder`,
    hint: 'Name the folder that holds the project, for example: hwctl init .',
  });
}

function entriesOf(absolute: string, path: string, leftOut: string[]) {
  try {
    return readdirSync(absolute, { withFileTypes: true }).sort((a, b) => (a.name < b.name ? -1 : 1));
  } catch (error) {
    leftOut.push(`${path === '' ? '.' : path}: ${(error as NodeJS.ErrnoException).code}`);
    return [];
  }
}

interface Entry {
  name: string;
  isFile(): boolean;
  isDirectory(): boolean;
  isSymbolicLink(): boolean;
}

/** What an entry is, links resolved; undefined for what is neither, and for a link that leads out or nowhere. */
function kindOf(root: string, path: string, entry: Entry, leftOut: string[]): 'file' | 'folder' | undefined {
  if (entry.isFile()) return 'file';
  if (entry.isDirectory()) return 'folder';
  // Devices, sockets and pipes: nobody's manifest, and a pipe would never end.
  if (!entry.isSymbolicLink()) return undefined;
  try {
    const end = realpathSync(join(root, path));
    if (isOutside(root, end)) {
      leftOut.push(`${path}: a link that leads out of the repository`);
      return undefined;
    }
    const found = statSync(end);
    return found.isFile() ? 'file' : found.isDirectory() ? 'folder' : undefined;
  } catch {
    leftOut.push(`${path}: a link to nothing`);
    return undefined;
  }
}

/** Whether a path, both absolute and links resolved, is not below the root. */
export function isOutside(root: string, path: string): boolean {
  const way = relative(root, path);
  return way === '..' || way.startsWith(`..${sep}`);
}

/** True the first time: two links to one folder, or one to a folder above, would have it twice or for ever. */
function enter(root: string, path: string, visited: Set<string>): boolean {
  const end = realpathSync(join(root, path));
  if (visited.has(end)) return false;
  visited.add(end);
  return true;
}

function textOf(root: string, path: string, mostBytes: number, onLarge: () => void): string | undefined {
  let descriptor: number | undefined;
  try {
    const end = realpathSync(join(root, path));
    if (isOutside(root, end)) return undefined;
    descriptor = openSync(end, 'r');
    const found = fstatSync(descriptor);
    if (found.isFile() && found.size > mostBytes) onLarge();
    if (!found.isFile() || found.size > mostBytes) return undefined;
    const bytes = Buffer.alloc(found.size);
    let read = 0;
    for (let got = -1; read < bytes.length && got !== 0; read += got)
      got = readSync(descriptor, bytes, read, bytes.length - read, read);
    // A NUL stands in no text: git and grep tell by the same sign.
    if (bytes.subarray(0, Math.min(read, 8_000)).includes(0)) return undefined;
    return bytes.toString('utf8', 0, read).replace(/^\uFEFF/, '');
  } catch {
    return undefined;
  } finally {
    if (descriptor !== undefined) closeSync(descriptor);
  }
}
