import { existsSync } from 'node:fs';
import { homedir } from 'node:os';
import { dirname, join, relative, resolve } from 'node:path';
import { Failure } from '../../kernel/failure.js';
import { readText, statOf } from '../../kernel/files.js';
import type { Project } from '../../project/project.js';
import { bundledProject } from '../../target/project-name.js';
import type { Context } from '../context/context.js';

/** The file that says what a project is. */
const fileName = 'hwctl.yaml';

/** Folders above this one that are looked into, at most. */
const maxFoldersAbove = 32;

/** Which project a command is about. */
export interface OpenProject {
  /** Its name: what its state and its record in a cluster are kept by. */
  name: string;
  /** Absent for the bundled platform. */
  project?: Project;
  /** Of one that was read without a hwctl.yaml: what was left out of its plan, and what nobody could understand. */
  notes?: readonly string[];
}

/**
 * The project of a command: the one that `--file` names, else that of the hwctl.yaml in this folder or in one above it within
 * the repository, else the bundled platform. A folder without a hwctl.yaml that is named is read as `hwctl init` reads it,
 * and nothing is written. Throws Failure `bad-project`, and for a folder of which nothing can be made.
 */
export function openProject(
  { file, manifests }: { file?: string; manifests?: string },
  context: Context,
): Promise<OpenProject> {
  // A folder of stacks is in the form of the bundled platform's.
  if (manifests !== undefined) return Promise.resolve({ name: bundledProject });
  const known = opened.get(context) ?? new Map<string, Promise<OpenProject>>();
  opened.set(context, known);
  const key = file ?? '';
  const project = known.get(key) ?? read(file, context);
  known.set(key, project);
  return project;
}

/** What was read for a call of hwctl; several parts of a command ask for it. */
const opened = new WeakMap<Context, Map<string, Promise<OpenProject>>>();

async function read(given: string | undefined, context: Context): Promise<OpenProject> {
  const file = given === undefined ? fileAbove(context.cwd) : fileOf(resolve(context.cwd, given), given);
  // The one in the package describes the platform that comes with it.
  if (file === undefined || file === join(context.root, fileName)) return { name: bundledProject };
  const { projectOf, readProject } = await import('../../project/project.js');
  const shown = relative(context.cwd, file) || file;
  const planned = existsSync(file) ? undefined : await planOf(dirname(file), given ?? '.');
  const project = planned === undefined ? readProject(file, shown) : projectOf(planned.text, file, shown);
  if (project.name === bundledProject) throw nameTaken(shown);
  return { name: project.name, project, ...(planned !== undefined && { notes: planned.notes }) };
}

/** The text that `init` would write, and what it would say of what does not stand in it. */
async function planOf(folder: string, shown: string): Promise<{ text: string; notes: string[] }> {
  const { readTree } = await import('../../project/file-tree.js');
  const { findIn } = await import('../../project/find.js');
  const { piecesOf } = await import('../../project/plan-pieces.js');
  const { projectText } = await import('../../project/write-project.js');
  const tree = readTree(folder);
  // A part of a plan would bring up a part of the project, and take down the rest.
  if (!tree.isWhole)
    throw new Failure({
      code: 'project-large',
      message: `${shown} holds more files than are looked at without a hwctl.yaml`,
      details: [...tree.leftOut],
      hint: `Name the folder below it that is deployed, or write its hwctl.yaml and read it: hwctl init ${shown}`,
    });
  const findings = findIn(tree);
  const pieces = piecesOf(findings);
  if (pieces.length > 0) {
    const guesses = pieces.flatMap((piece) => piece.guesses.filter(({ about }) => about === 'releases'));
    const left = guesses.filter(({ text }) => /^(?:left out|not understood)[:,] /.test(text));
    return {
      text: projectText(tree.root, pieces),
      notes: [
        ...findings.leftOut.map((why) => `not looked into: ${why}`),
        ...left.map(({ text, from }) => (from === undefined ? text : `${from.file}:${from.line}: ${text}`)),
      ],
    };
  }
  throw new Failure({
    code: 'nothing-to-deploy',
    message: `nothing that can be deployed was found in ${shown}: no chart, manifest, kustomization or skaffold.yaml`,
    hint: 'hwctl init PATH shows what is found; name the folder that holds them with --file',
  });
}

function fileOf(path: string, shown: string): string {
  if (isFolder(path)) return join(path, fileName);
  // Whatever else it is, it is read as one, which tells what is wrong with it.
  readText(path, { shown, by: '--file', hint: 'Name the folder of the project, or its hwctl.yaml' });
  return path;
}

function isFolder(path: string): boolean {
  return statOf(path)?.isDirectory() === true;
}

/** The nearest hwctl.yaml, this folder's first: up to the root of the repository, or else of the user's files. */
function fileAbove(folder: string): string | undefined {
  const home = homedir();
  let at = folder;
  for (let above = 0; above < maxFoldersAbove; above += 1) {
    const file = join(at, fileName);
    if (existsSync(file)) return file;
    const up = dirname(at);
    if (existsSync(join(at, '.git')) || at === home || up === at) return undefined;
    at = up;
  }
  return undefined;
}

/** Signs of a project at first sight; `hwctl init` looks closer. */
const signs = [
  'Chart.yaml',
  'skaffold.yaml',
  'kustomization.yaml',
  'k8s',
  'kubernetes',
  'manifests',
  'deploy',
  'helm',
  'chart',
  'charts',
];

/** What a folder that looks like a project, and says nothing of it, is told; undefined where it does not. */
export function adviceFor(folder: string, root: string): string | undefined {
  if (folder === root || !signs.some((sign) => existsSync(join(folder, sign)))) return undefined;
  return 'Note: this folder looks like a project of its own: hwctl up -f . brings it up, hwctl init writes down how';
}

function nameTaken(shown: string): Failure {
  return new Failure({
    code: 'bad-project',
    message: `${shown}: the name ${bundledProject} is that of the platform that comes with hwctl`,
    hint: `Give the project another one: name: my-project`,
  });
}
