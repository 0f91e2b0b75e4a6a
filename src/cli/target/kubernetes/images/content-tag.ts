import { createHash, hash } from 'node:crypto';
import { closeSync, existsSync, openSync, readFileSync, readSync } from 'node:fs';
import { join } from 'node:path';
import { setImmediate } from 'node:timers/promises';
import type { Clock } from '../../../kernel/clock.js';
import { type ContextEntry, listContext, sizeNote, unreadable } from './context-files.js';
import { readDockerignore } from './dockerignore.js';
import { HashCache } from './hash-cache.js';
import { checkSources, dockerfileOf, type ImageSource, shownPath, sourceFailure } from './image-source.js';
import { buildPlatforms, type ClusterNodes } from './platform.js';

/** A source, and the tag of what it is now. */
export interface HashedImage {
  source: ImageSource;
  /** Absolute. */
  dockerfile: string;
  /** Hexadecimal: the same content gives the same tag on every machine. */
  tag: string;
  /** What is to be told of its context: a large one, links that lead out. */
  notes: string[];
}

export interface HashOptions {
  /** The current folder: paths in messages are relative to it. */
  cwd: string;
  /** Folder in which the hashes of large contexts are remembered; absolute. */
  cacheFolder: string;
  clock: Clock;
  /** Where the nodes are known: what they are is built for. */
  cluster?: ClusterNodes;
  signal?: AbortSignal;
}

/**
 * Gives each source its tag: a hash over what docker would send (paths, contents, executable bits, links as links; the
 * .dockerignore respected), the Dockerfile's text, target, arguments and platform. Throws Failure `image-source` with all
 * that cannot be built.
 */
export async function hashSources(sources: readonly ImageSource[], options: HashOptions): Promise<HashedImage[]> {
  checkSources(sources, options.cwd);
  const hashed: HashedImage[] = [];
  const problems: string[] = [];
  const platforms = await buildPlatforms(options.cluster, sources);
  for (const [at, given] of sources.entries()) {
    const { platform, note } = platforms[at]!;
    const source = platform === undefined ? given : { ...given, platform };
    const one = await hashSource(source, options);
    if (note !== undefined) one.notes.unshift(note);
    const place = source.where === undefined ? '' : `${source.where}: `;
    problems.push(...one.problems.map((problem) => `${place}image ${source.image}: ${problem}`));
    hashed.push(one);
  }
  if (problems.length > 0) throw sourceFailure(problems);
  return hashed.map(({ source, dockerfile, tag, notes }) => ({ source, dockerfile, tag, notes }));
}

async function hashSource(
  source: ImageSource,
  { cwd, cacheFolder, clock, signal }: HashOptions,
): Promise<HashedImage & { problems: string[] }> {
  const dockerfile = dockerfileOf(source);
  const ignoreFile = ignoreFileOf(source.context, dockerfile);
  const ignored = readDockerignore(ignoreFile === undefined ? undefined : readFileSync(ignoreFile, 'utf8'));
  const shown = ignoreFile === undefined ? '' : shownPath(ignoreFile, cwd);
  const wrong = ignored.problems.map(({ line, message }) => `${shown}:${line}: ${message}`);
  const listing = await listContext(source.context, ignored.patterns, signal);
  const problems = [...wrong, ...listing.problems];
  const cache = new HashCache(cacheFolder, source.context, clock.now());
  const digest = createHash('sha256').update(headOf(source, readFileSync(dockerfile, 'utf8')));
  if (problems.length === 0)
    for (const entry of listing.entries) {
      signal?.throwIfAborted();
      try {
        digest.update(await lineOf(source.context, entry, cache, signal));
      } catch (error) {
        signal?.throwIfAborted();
        problems.push(unreadable(entry.path, error));
      }
    }
  cache.save();
  const large = sizeNote(listing);
  const notes = [...(large === undefined ? [] : [large]), ...few(listing.notes)];
  return { source, dockerfile, tag: digest.digest('hex').slice(0, 16), notes, problems: few(problems) };
}

/** A Dockerfile's own ignore file stands before that of the context (BuildKit, podman). */
function ignoreFileOf(context: string, dockerfile: string): string | undefined {
  return [`${dockerfile}.dockerignore`, join(context, '.dockerignore')].find((file) => existsSync(file));
}

function headOf({ target, platform, arguments: given }: ImageSource, dockerfile: string): string {
  const named = Object.entries(given).sort(([a], [b]) => (a < b ? -1 : 1));
  return JSON.stringify({ version: 1, dockerfile, target, platform, arguments: named });
}

/** What of an entry is in the image: lengths keep its parts from running into each other. */
async function lineOf(
  context: string,
  { path, kind, link, stat }: ContextEntry,
  cache: HashCache,
  signal: AbortSignal | undefined,
): Promise<string> {
  const named = `\n${kind} ${Buffer.byteLength(path)}:${path} `;
  if (kind === 'link') return `${named}${link}`;
  if (kind !== 'file') return named;
  let content = cache.get(path, stat);
  if (content === undefined) {
    content = await hashFile(join(context, path), stat.size, signal);
    cache.set(path, stat, content);
  }
  // Of the mode, only this is the same wherever a repository is checked out.
  return `${named}${(stat.mode & 0o111) === 0 ? '-' : 'x'} ${content}`;
}

const chunkBytes = 4 * 1024 * 1024;

async function hashFile(file: string, bytes: number, signal: AbortSignal | undefined): Promise<string> {
  if (bytes <= chunkBytes) return hash('sha256', readFileSync(file));
  const descriptor = openSync(file, 'r');
  try {
    const digest = createHash('sha256');
    const chunk = Buffer.allocUnsafe(chunkBytes);
    for (let got = -1; got !== 0; ) {
      got = readSync(descriptor, chunk);
      digest.update(chunk.subarray(0, got));
      await setImmediate();
      signal?.throwIfAborted();
    }
    return digest.digest('hex');
  } finally {
    closeSync(descriptor);
  }
}

/** The first of many that are alike. */
function few(lines: readonly string[], most = 5): string[] {
  return lines.length <= most ? [...lines] : [...lines.slice(0, most), `and ${lines.length - most} more of this kind`];
}
