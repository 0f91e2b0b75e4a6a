import { existsSync, readFileSync } from 'node:fs';
import * as nodeModule from 'node:module';
import { dirname, isAbsolute, join, relative, resolve, sep } from 'node:path';
import { problemLine } from '../document/problem.js';
import { Failure } from '../kernel/failure.js';
import { readText } from '../kernel/files.js';
import { type ModuleTree, specifiersOf } from './language/module-tree.js';
import { BadSyntax, parseModule } from './language/parse-module.js';
import { openedKey } from './script-run.js';

/** Modules of one script at most. */
const mostModules = 200;
/** Bytes of all files that a script reads with `open`. */
const mostOpenedBytes = 64 * 1024 * 1024;

/** The files of a script: its modules with their texts, and what it opens. */
export interface ScriptFiles {
  modules: ModuleTree[];
  texts: string[];
  /** Where each module is, absolute. */
  paths: string[];
}

/**
 * Reads a script (`given`: its text, where it stands in another file) and the files that it imports, which must lie in its repository (or its folder, where there is none). Throws
 * Failure for what cannot be read, and `not-javascript` with line and column.
 */
export function readScriptFiles(file: string, shown: string, given?: string): ScriptFiles {
  const root = repositoryOf(dirname(file));
  const found: ScriptFiles = { modules: [], texts: [], paths: [] };
  const read = (path: string, called: string): number => {
    const known = found.paths.indexOf(path);
    if (known >= 0) return known;
    if (found.paths.length >= mostModules)
      throw new Failure({
        code: 'too-many-files',
        message: `${shown} imports more than ${mostModules} files`,
        hint: 'Load a smaller script',
      });
    const index = found.paths.push(path) - 1;
    const text =
      given !== undefined && index === 0
        ? given
        : readText(path, { shown: called, hint: 'Give the path of a k6 script (.js)' });
    const tree = parsed(plain(text, called), called, index);
    found.modules[index] = tree;
    found.texts[index] = text;
    for (const { specifier } of specifiersOf(tree.body)) {
      if (!/^\.{1,2}\//.test(specifier) && !isAbsolute(specifier)) continue;
      const target = within(root, resolve(dirname(path), specifier), specifier, called);
      const next = existsSync(target) || !existsSync(`${target}.js`) ? target : `${target}.js`;
      tree.imports[specifier] = read(next, join(dirname(called), specifier));
    }
    return index;
  };
  read(file, shown);
  return found;
}

/** The folder above that holds `.git`, else the folder itself: what a script of it may read. */
export function repositoryOf(folder: string): string {
  for (let at = folder; ; at = dirname(at)) {
    if (existsSync(join(at, '.git'))) return at;
    if (dirname(at) === at) return folder;
  }
}

function within(root: string, path: string, named: string, by: string): string {
  const way = relative(root, path);
  if (way !== '..' && !way.startsWith(`..${sep}`) && !isAbsolute(way)) return path;
  throw new Failure({
    code: 'outside',
    message: `${by} reads ${named}, which is outside of ${root}`,
    hint: 'A script reads the files of its own repository: put the file there',
  });
}

function parsed(text: string, shown: string, index: number): ModuleTree {
  try {
    return parseModule(text, shown, index);
  } catch (error) {
    if (!(error instanceof BadSyntax)) throw error;
    throw new Failure({
      code: 'not-javascript',
      message: `${shown} is not JavaScript that can be read`,
      details: [problemLine(shown, { at: error.at, message: error.message })],
      hint: 'k6 scripts are ES modules: import, export default function',
    });
  }
}

/** TypeScript without its types, where this Node.js can take them away (22.13 and later): all else keeps its place. */
function plain(text: string, shown: string): string {
  if (!/\.[cm]?ts$/.test(shown)) return text;
  const { stripTypeScriptTypes } = nodeModule as unknown as { stripTypeScriptTypes?: (text: string) => string };
  const cure = `npx esbuild ${shown} --bundle --format=esm --platform=neutral '--external:k6*' '--external:https:*' --outfile=${shown.replace(/\.[cm]?ts$/, '.js')}`;
  if (stripTypeScriptTypes === undefined) {
    throw new Failure({
      code: 'typescript',
      message: `${shown} is TypeScript, and Node.js ${process.versions.node} cannot take its types away (22.13 and later can)`,
      hint: `${cure}, then load that`,
    });
  }
  try {
    return stripTypeScriptTypes(text);
  } catch (error) {
    throw new Failure({
      code: 'typescript',
      message: `${shown}: ${(error as Error).message}`,
      hint: `${cure}, then load that`,
    });
  }
}

/** The files that a script opens, read as they are asked for; `texts` holds what was asked for: base64. */
export class OpenedFiles {
  readonly texts: Record<string, string> = {};
  private bytes = 0;

  constructor(private readonly script: ScriptFiles) {}

  /** The bytes of a file, by its path as the module says it. Throws Failure. */
  read(module: number, path: string): Buffer {
    const folder = dirname(this.script.paths[module]!);
    const target = within(
      repositoryOf(dirname(this.script.paths[0]!)),
      resolve(folder, path),
      path,
      this.script.modules[module]!.file,
    );
    let data: Buffer;
    try {
      data = readFileSync(target);
    } catch (error) {
      throw new Failure({
        code: 'no-such-file',
        message: `${this.script.modules[module]!.file} opens ${path}, which cannot be read: ${(error as Error).message}`,
        hint: 'Put the file where the script says it is',
      });
    }
    this.bytes += data.length;
    if (this.bytes > mostOpenedBytes)
      throw new Failure({
        code: 'too-large',
        message: `the files that the script opens are more than ${mostOpenedBytes >> 20} MB together`,
        hint: 'Load with less data',
      });
    this.texts[openedKey(module, path)] = data.toString('base64');
    return data;
  }
}
