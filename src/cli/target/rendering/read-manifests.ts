import { readdirSync, realpathSync, statSync } from 'node:fs';
import { basename, dirname, isAbsolute, join, relative, sep } from 'node:path';
import { Failure } from '../../kernel/failure.js';
import { readText } from '../../kernel/files.js';
import { systemTrouble } from '../../kernel/system-trouble.js';
import type { KubeObject } from '../manifests/kube-object.js';
import { readerOf } from './foreign-config.js';
import type { Gathering } from './gathering.js';
import { readManifestText } from './manifest-text.js';
import { objectsOf } from './objects-of.js';
import type { FieldPath } from './varying-fields.js';

/** An object, and the file and line where it begins. */
export interface SourcedObject {
  object: KubeObject;
  source: string;
  /** Fields that are another each time it is rendered. */
  varying?: FieldPath[];
}

/** A file of more than 16 MiB is none that anybody wrote; a cluster takes objects of 1.5 MiB. */
export const maxManifestBytes = 16 * 1024 * 1024;
const mostFiles = 5_000;

/**
 * The objects of a file or of a folder's .yaml, .yml and .json files in the order of their names, as `kubectl apply -f` (with
 * `-R` where `recursive`) takes them. Paths are shown relative to `base`. What is wrong goes to `gathering`.
 */
export function readManifests(
  path: string,
  { recursive, base }: { recursive: boolean; base: string },
  gathering: Gathering,
): SourcedObject[] {
  const shown = shownPath(path, base);
  let isFolder: boolean;
  try {
    isFolder = statSync(path).isDirectory();
  } catch (error) {
    gathering.problems.push(`${shown}: cannot be read: ${systemTrouble(error)}`);
    return [];
  }
  if (!isFolder) return readFile(path, { shown, alone: true }, gathering);
  const before = gathering.problems.length;
  const files = filesOf(path, { recursive, base }, gathering);
  if (files === undefined) return [];
  const objects = files.flatMap((file) => readFile(file, { shown: shownPath(file, base), alone: false }, gathering));
  if (objects.length === 0 && gathering.problems.length === before)
    gathering.problems.push(`${shown}: no objects in this folder${emptyBecause(path, files, recursive)}`);
  return objects;
}

/** A path as people read it: relative to the folder of the project where it is in it. */
export function shownPath(path: string, base: string): string {
  if (!isAbsolute(path)) return path;
  const inside = relative(base, path);
  if (inside === '') return '.';
  return inside.startsWith('..') || isAbsolute(inside) ? path : inside.split(sep).join('/');
}

function emptyBecause(path: string, files: readonly string[], recursive: boolean): string {
  if (files.length > 0) return `: none of its ${files.length === 1 ? 'one file' : `${files.length} files`} holds any`;
  if (readdirSync(path).some((name) => /^Chart\.ya?ml$/.test(name)))
    return ': it is a chart. Write chart: instead of manifests:';
  const below = readdirSync(path, { withFileTypes: true }).some((entry) => entry.isDirectory());
  return `: no .yaml, .yml or .json file${below && !recursive ? '. Add recursive: true for the folders below it' : ''}`;
}

const extension = /\.(?:ya?ml|json)$/;

/** Files to read, sorted as kubectl walks: by the whole path's names. Undefined where there are too many. */
function filesOf(
  folder: string,
  { recursive, base }: { recursive: boolean; base: string },
  gathering: Gathering,
): string[] | undefined {
  const found: string[] = [];
  const visit = (path: string): void => {
    for (const entry of readdirSync(path, { withFileTypes: true }).sort((a, b) => (a.name < b.name ? -1 : 1))) {
      const child = join(path, entry.name);
      // Links to folders are not followed, as kubectl does not.
      if (entry.isDirectory()) {
        if (recursive && found.length <= mostFiles) visit(child);
      } else if (extension.test(entry.name)) found.push(child);
    }
  };
  try {
    visit(folder);
  } catch (error) {
    gathering.problems.push(`${shownPath(folder, base)}: cannot be read: ${systemTrouble(error)}`);
    return undefined;
  }
  if (found.length > mostFiles) {
    gathering.problems.push(`${shownPath(folder, base)}: more than ${mostFiles} files`);
    return undefined;
  }
  return found.filter((file) => isSound(file, folder, base, gathering));
}

/** Whether a file of a folder is one, and leads nowhere else than into it or the project. */
function isSound(file: string, folder: string, base: string, gathering: Gathering): boolean {
  const shown = shownPath(file, base);
  try {
    if (statSync(file).isDirectory()) return false;
    const end = realpathSync(file);
    const roots = [realpathSync(folder), ...(isWithin(folder, base) ? [realpathSync(base)] : [])];
    if (!roots.some((root) => isWithin(end, root))) gathering.problems.push(`${shown}: leads out of the project`);
    else if (!statSync(file).isFile()) gathering.problems.push(`${shown}: no file, but a pipe or a device`);
    else return true;
  } catch (error) {
    gathering.problems.push(`${shown}: cannot be read: ${systemTrouble(error)}`);
  }
  return false;
}

function isWithin(path: string, folder: string): boolean {
  return path === folder || path.startsWith(folder.endsWith(sep) ? folder : `${folder}${sep}`);
}

function readFile(path: string, file: { shown: string; alone: boolean }, gathering: Gathering): SourcedObject[] {
  let text: string;
  try {
    text = readText(path, { shown: file.shown, maxBytes: maxManifestBytes });
  } catch (error) {
    if (!(error instanceof Failure)) throw error;
    gathering.problems.push(`${file.shown}: ${error.message.replace(`${file.shown} `, '')}`);
    return [];
  }
  return objectsOfText(text, { shown: file.shown, alone: file.alone, inChart: isTemplate(path) }, gathering);
}

function isTemplate(path: string): boolean {
  return basename(dirname(path)) === 'templates';
}

/**
 * The objects of a text. In a folder (`alone` is false) the configuration of another program is left out with a note; what is
 * named by itself is meant, and so a problem.
 */
export function objectsOfText(
  text: string,
  { shown, alone, inChart = false }: { shown: string; alone: boolean; inChart?: boolean },
  gathering: Gathering,
): SourcedObject[] {
  const problems: string[] = [];
  const documents = readManifestText(text, {
    place: ({ line, column }) => `${shown}:${line}:${column}`,
    problem: (line) => problems.push(line),
    duplicateKey: (line) => problems.push(`${line}: kubectl takes the last one`),
  });
  const readers = documents.map(({ value }) => readerOf(value, shown));
  // What another program reads is not ours to judge, nor is what kept a part of it from being read.
  if (!alone && documents.length > 0 && readers.every((reader) => reader !== undefined)) {
    gathering.note(`${shown} is left out: it is for ${readers[0]}, no object of Kubernetes`);
    return [];
  }
  const objects = documents.flatMap((document, index): SourcedObject[] => {
    const reader = readers[index];
    if (reader !== undefined && !alone) {
      gathering.note(`${shown}:${document.at.line} is left out: it is for ${reader}, no object of Kubernetes`);
      return [];
    }
    if (reader !== undefined) {
      problems.push(`${document.placeOf([])}: no object of Kubernetes: it is for ${reader}${cureFor(reader)}`);
      return [];
    }
    return objectsOf(document, (path, message) =>
      problems.push(`${document.placeOf(path)}: ${pathText(path)}${message}`),
    ).map(({ object, path }) => ({ object, source: lineOf(document.placeOf(path)) }));
  });
  if (alone && objects.length === 0 && problems.length === 0) problems.push(`${shown}: no objects in it`);
  const template = inChart && /\{\{/.test(text) ? '. This is a template of a chart: deploy it as one (chart:)' : '';
  gathering.problems.push(...problems.map((problem) => `${problem}${template}`));
  return objects;
}

function cureFor(reader: string): string {
  if (reader === 'kustomize') return '. Write kustomize: with its folder instead of manifests:';
  if (reader === 'helm') return '. Write chart: with its folder instead of manifests:';
  return '';
}

function lineOf(place: string): string {
  return place.replace(/:\d+$/, '');
}

/** `metadata.labels["app.kubernetes.io/name"]: `, or nothing for the top. */
export function pathText(path: readonly (string | number)[]): string {
  if (path.length === 0) return '';
  const steps = path.map((step, index) => {
    if (typeof step === 'number') return `[${step}]`;
    if (!/^[\w-]+$/.test(step)) return `[${JSON.stringify(step)}]`;
    return index === 0 ? step : `.${step}`;
  });
  return `${steps.join('')}: `;
}
