import { dirname, join } from 'node:path';
import { problemLine, problemsFailure } from '../document/problem.js';
import { readDocument } from '../document/read-document.js';
import { readText } from '../kernel/files.js';
import { checkPaths } from './project-paths.js';
import { type ProjectFile, projectFile, type StackFile } from './project-shape.js';

/** A project: a folder, what its hwctl.yaml says, and its stacks by name. */
export interface Project {
  name: string;
  /** Absolute; every path of the file is relative to it. */
  folder: string;
  /** Absolute. */
  file: string;
  stacks: ReadonlyMap<string, StackFile>;
  /** Its stacks have names of their own in the file. */
  isNamed: boolean;
  /** The file's text. */
  text: string;
}

/** Cure of every problem of a hwctl.yaml. */
const about = { code: 'bad-project', hint: 'Edit the lines above, or write the file anew: hwctl init --force' };

/**
 * Reads a hwctl.yaml; what is wrong with it is told all at once, each with its line and column: fields, types, paths that are
 * not there or lead out of the project. Throws Failure `bad-project`, and what readText throws.
 */
export function readProject(file: string, shown = file): Project {
  return projectOf(readText(file, { shown, maxBytes: 4 * 1024 * 1024, hint: 'Write one: hwctl init' }), file, shown);
}

/** As `readProject`, of the text that stands in `file`, or is to. */
export function projectOf(source: string, file: string, shown = file): Project {
  const folder = dirname(file);
  const { value, problems } = readDocument(source, { name: 'project', shape: projectFile }, { file });
  const all = value === undefined ? problems : [...problems, ...checkPaths(value, folder)];
  if (value === undefined || all.length > 0)
    throw problemsFailure(
      shown,
      all.map((problem) => problemLine(shown, problem)),
      about,
    );
  const { name = nameFrom(folder), stacks } = value;
  return { name, folder, file, stacks: stacksOf(value, folder), isNamed: stacks !== undefined, text: source };
}

/** The stacks of a project: those that are named, or the file itself as the one stack of the project's name. */
function stacksOf(file: ProjectFile, folder: string): Map<string, StackFile> {
  const { name, stacks, ...own } = file;
  if (stacks === undefined) return new Map([[name ?? nameFrom(folder), own]]);
  // What stands beside the stacks holds for each that says nothing of its own.
  return new Map(Object.entries(stacks).map(([stack, { at, ...given }]) => [stack, { ...own, ...given, at }]));
}

/** A folder's name as Kubernetes takes names (RFC 1123 label). */
export function nameFrom(folder: string): string {
  const last = join(folder).split(/[\\/]/).at(-1) ?? '';
  const plain = last
    .toLowerCase()
    .replaceAll(/[^a-z0-9]+/g, '-')
    .replaceAll(/^-+|-+$/g, '');
  return plain.slice(0, 63).replace(/-+$/, '') || 'project';
}
