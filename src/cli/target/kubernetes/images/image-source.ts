import { existsSync, readdirSync, statSync } from 'node:fs';
import { basename, dirname, join, relative } from 'node:path';
import { Failure } from '../../../kernel/failure.js';
import { didYouMean } from '../../../kernel/nearest.js';
import type { BuiltImage } from '../../source.js';

/** An image that is built here. */
export type ImageSource = BuiltImage;

/** Names that engines look for where none is given, in their order (docker, then podman). */
const usualNames = ['Dockerfile', 'dockerfile', 'Containerfile'];

/** The Dockerfile of a source, absolute; where none is there, the one that was looked for. */
export function dockerfileOf({ context, dockerfile }: ImageSource): string {
  if (dockerfile !== undefined) return dockerfile;
  const there = usualNames.find((name) => existsSync(join(context, name)));
  return join(context, there ?? 'Dockerfile');
}

/** A path as messages name it: from the current folder where it is below that. */
export function shownPath(path: string, cwd: string): string {
  const way = relative(cwd, path);
  return way === '' ? '.' : way.startsWith('..') ? path : way;
}

/** Looks at all sources before anything is built. Throws Failure `image-source` with all that is wrong. */
export function checkSources(sources: readonly ImageSource[], cwd: string): void {
  const problems = sources.flatMap((source, at) => {
    const twice = sources.slice(0, at).some(({ image }) => image === source.image);
    const found = [...(twice ? ['it is built twice'] : []), ...sourceProblems(source, cwd)];
    const place = source.where === undefined ? '' : `${source.where}: `;
    return found.map((problem) => `${place}image ${source.image}: ${problem}`);
  });
  if (problems.length > 0) throw sourceFailure(problems);
}

/** What cannot be built, as all who look at sources say it. */
export function sourceFailure(problems: readonly string[]): Failure {
  const [first = '', ...more] = problems;
  return new Failure({
    code: 'image-source',
    message: more.length === 0 ? first : `${problems.length} problems with what images are built of`,
    ...(more.length > 0 && { details: [...problems] }),
    hint: 'Correct images: in hwctl.yaml (image, context, dockerfile), or write it anew: hwctl init --force',
  });
}

function sourceProblems(source: ImageSource, cwd: string): string[] {
  const problems: string[] = [];
  const bare = source.image.replace(/@.*$/s, '');
  if (!/^[a-z0-9][a-z0-9._/:-]*$/.test(bare.replace(/:[\w][\w.-]{0,127}$/, '').replace(/^[^/]*[.:][^/]*\//, 'x/')))
    problems.push('no image has such a name: a to z, 0 to 9, . _ - and / are what engines take');
  if (source.platform !== undefined && !/^[a-z0-9]+\/[a-z0-9_]+(?:\/[a-z0-9]+)?$/.test(source.platform))
    problems.push(`${JSON.stringify(source.platform)} is no platform: for example linux/amd64`);
  const folder = folderProblem(source.context, cwd);
  if (folder !== undefined) return [...problems, `its context ${folder}`];
  const dockerfile = dockerfileOf(source);
  const found = statSync(dockerfile, { throwIfNoEntry: false });
  if (found === undefined)
    problems.push(`its Dockerfile ${shownPath(dockerfile, cwd)} is not there${nearFile(dockerfile)}`);
  else if (!found.isFile()) problems.push(`its Dockerfile ${shownPath(dockerfile, cwd)} is a folder`);
  return problems;
}

function folderProblem(folder: string, cwd: string): string | undefined {
  const shown = shownPath(folder, cwd);
  if (/^[a-z]+:\/\//.test(folder)) return `${folder} is a URL: hwctl builds from folders, so clone it first`;
  const found = statSync(folder, { throwIfNoEntry: false });
  if (found === undefined) return `${shown} is not there${nearFile(folder)}`;
  return found.isDirectory() ? undefined : `${shown} is a file, not a folder`;
}

/** What is there and has nearly that name, or is a Dockerfile by its name. */
function nearFile(path: string): string {
  const names = namesIn(dirname(path));
  const near = didYouMean(basename(path), names);
  if (near !== '') return near;
  const others = names.filter((name) => /^(?:dockerfile|containerfile)\b|\.dockerfile$/i.test(name)).slice(0, 3);
  return others.length === 0 || !/file/i.test(basename(path)) ? '' : `, but ${others.join(', ')} is`;
}

function namesIn(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch {
    return [];
  }
}
