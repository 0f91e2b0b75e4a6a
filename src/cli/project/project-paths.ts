import { existsSync, realpathSync } from 'node:fs';
import { isAbsolute, join } from 'node:path';
import type { Position, Problem } from '../document/problem.js';
import { isOutside } from './file-tree.js';
import type { ProjectFile, StackFile } from './project-shape.js';
import { isRemote } from './shell-step.js';

/** What is wrong with the paths of a hwctl.yaml: not there, or out of the project, by name or by a link. */
export function checkPaths(file: ProjectFile, folder: string): Problem[] {
  const problems: Problem[] = [];
  const root = realpathSync(folder);
  const check = (at: Position, about: string, path: string | undefined) => {
    const wrong = path === undefined || isRemote(path) ? undefined : pathProblem(path, root);
    if (wrong !== undefined) problems.push({ at, message: `${about}: ${wrong}` });
  };
  for (const stack of [file, ...Object.values(file.stacks ?? {})]) checkStack(stack, check);
  return problems;
}

type Check = (at: Position, about: string, path: string | undefined) => void;

function checkStack(stack: StackFile, check: Check): void {
  for (const { at, manifests, kustomize, chart, values, repository, 'set-file': set } of stack.releases ?? []) {
    check(at, 'manifests', manifests);
    check(at, 'kustomize', kustomize);
    for (const file of values ?? []) check(at, 'values', file);
    for (const pair of set ?? []) check(at, 'set-file', pair.slice(pair.indexOf('=') + 1));
    if (repository === undefined) check(at, 'chart', chart);
  }
  for (const { at, context, dockerfile } of stack.images ?? []) {
    check(at, 'context', context);
    check(at, 'dockerfile', dockerfile);
  }
  for (const { at, collection, environment, scenario } of stack.tests ?? []) {
    check(at, 'collection', collection);
    check(at, 'environment', environment);
    check(at, 'scenario', scenario);
  }
  for (const file of stack.load?.files ?? []) check(stack.load!.at, 'files', file);
  for (const file of stack.monitoring?.dashboards ?? []) check(stack.monitoring!.at, 'dashboards', file);
  for (const { at, folder } of Object.values(stack.local ?? {})) check(at, 'folder', folder);
}

function pathProblem(path: string, root: string): string | undefined {
  if (isAbsolute(path)) return `${path} is absolute: write it relative to hwctl.yaml`;
  const absolute = join(root, path);
  if (isOutside(root, absolute)) return `${path} leads out of the project`;
  if (!existsSync(absolute)) return `${path} is not there`;
  return isOutside(root, realpathSync(absolute)) ? `${path} is a link that leads out of the project` : undefined;
}
