import { existsSync, readdirSync } from 'node:fs';
import { basename, dirname, extname, isAbsolute, join, relative, resolve } from 'node:path';
import { inOrder, type Problem, problemLine } from '../../document/problem.js';
import { Failure } from '../../kernel/failure.js';
import { checkFile, readText, statOf } from '../../kernel/files.js';
import { didYouMean } from '../../kernel/nearest.js';
import { schemaProblems } from '../check/schemas.js';
import type { Scenario } from '../scenario.js';
import { readRows } from '../variables/data.js';
import { parseScenario, scenarioFailure } from './parse.js';
import { nameProblems } from './references.js';
import type { Uses } from './uses.js';

export interface ScenarioPlaces {
  /** Package root; built-in scenarios are under scenarios/. */
  root: string;
  cwd: string;
  /** Names of variables that the command line gives; they count as known. */
  variables?: readonly string[];
  /** A data file that replaces the scenario's own. */
  data?: string;
}

export interface ScenarioListing {
  name: string;
  file: string;
  stack: string | undefined;
  why: string | undefined;
  tags: string[];
  /** What is wrong with it; empty for a sound file. */
  problems: string[];
}

/** The built-in scenarios, by name. */
export function listScenarios(root: string): ScenarioListing[] {
  const folder = join(root, 'scenarios');
  if (!existsSync(folder)) return [];
  return readdirSync(folder)
    .filter((name) => /\.ya?ml$/.test(name))
    .sort()
    .map((name) => {
      const file = join(folder, name);
      const { scenario, problems } = parseScenario(readText(file, { shown: file }));
      return {
        name: basename(name, extname(name)),
        file,
        stack: scenario?.stack,
        why: scenario?.why,
        tags: scenario?.tags ?? [],
        problems: problems.map((problem) => problemLine(file, problem)),
      };
    });
}

/** The file of a built-in name or a path. Throws Failure with the nearest name. */
export function findScenarioFile(nameOrPath: string, { root, cwd }: Pick<ScenarioPlaces, 'root' | 'cwd'>): string {
  if (isPath(nameOrPath)) {
    const file = resolve(cwd, nameOrPath);
    const folderHint = `Give the files in it: ${nameOrPath.replace(/[\\/]+$/, '')}/*.yaml`;
    checkFile(file, { shown: nameOrPath, hint: pathHint, folderHint });
    return file;
  }
  const file = join(root, 'scenarios', `${nameOrPath}.yaml`);
  if (existsSync(file)) return file;
  // A collection without an ending.
  const own = resolve(cwd, nameOrPath);
  if (statOf(own)?.isFile()) return own;
  const names = readdirSync(join(root, 'scenarios'))
    .filter((name) => name.endsWith('.yaml'))
    .map((name) => basename(name, '.yaml'));
  throw new Failure({
    code: 'unknown-scenario',
    message: `unknown scenario ${JSON.stringify(nameOrPath)}${didYouMean(nameOrPath, names)}`,
    hint: `hwctl scenario list names them: ${names.join(', ')}. A file is given by its path${/^[\w-]+$/.test(nameOrPath) ? `: ./${nameOrPath}.yaml` : ', as in ./shop.yaml'}`,
  });
}

function isPath(nameOrPath: string): boolean {
  return /[\\/]|\.(ya?ml|json)$|^\.+$/.test(nameOrPath);
}

const pathHint =
  'Give the path of a scenario (YAML) or Postman collection (JSON), or one of the names of hwctl scenario list';

/** Reads a scenario by its built-in name or path. Throws one Failure with all problems of the file. */
export async function loadScenario(nameOrPath: string, places: ScenarioPlaces): Promise<Scenario> {
  const file = findScenarioFile(nameOrPath, places);
  const shown = shownPath(file, places);
  const source = readText(file, { shown: isPath(nameOrPath) ? nameOrPath : shown, hint: pathHint });
  const { scenario, problems, uses } = parseScenario(source);
  const rows = dataRows(uses, file, places, problems);
  const columns = new Set(rows?.flatMap((row) => Object.keys(row)));
  const all = inOrder([
    ...problems,
    ...nameProblems(uses, [...(places.variables ?? []), ...columns]),
    ...(await schemaProblems(uses, file)),
    ...fileProblems(uses, file),
  ]);
  if (scenario === undefined || all.length > 0) throw scenarioFailure(shown, all);
  const inline = Array.isArray(scenario.data) ? scenario.data : [];
  return { ...scenario, file: shown, data: rows ?? inline, dataIsText: rows !== undefined };
}

/** Rows of a data file, where there is one: that of the command line replaces the scenario's data. */
function dataRows(
  uses: Uses,
  file: string,
  places: ScenarioPlaces,
  problems: Problem[],
): Record<string, unknown>[] | undefined {
  if (places.data !== undefined) {
    uses.rows.length = 0;
    return readRows(resolve(places.cwd, places.data), { shown: places.data, by: '--iteration-data' });
  }
  if (uses.dataFile === undefined) return undefined;
  try {
    return readRows(resolve(dirname(file), uses.dataFile.path), { shown: uses.dataFile.path });
  } catch (error) {
    uses.complete = false;
    problems.push({ at: uses.dataFile.at, message: `data: ${(error as Error).message}` });
    return undefined;
  }
}

/** Files to send that cannot be; a path with a template in it is known only when it is sent. */
function fileProblems({ files }: Uses, scenario: string): Problem[] {
  return files.flatMap(({ path, at }) => {
    try {
      if (!path.includes('{{')) checkFile(resolve(dirname(scenario), path), { shown: path });
      return [];
    } catch (error) {
      return [{ at, message: (error as Error).message }];
    }
  });
}

/** Relative to the working directory where it is below it, as people type it. */
function shownPath(file: string, { cwd }: ScenarioPlaces): string {
  const short = relative(cwd, file);
  return short.startsWith('..') || isAbsolute(short) ? file : short;
}
