import { existsSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { Failure } from '../../kernel/failure.js';
import type { RunOutcome } from '../../kernel/process.js';
import { buildKustomization } from '../manifests/kustomize.js';
import { Problems } from '../manifests/yaml-source.js';
import type { Gathering } from './gathering.js';
import type { ProgramOptions } from './helm-program.js';
import { readManifestText } from './manifest-text.js';
import { objectsOf } from './objects-of.js';
import { pathText, type SourcedObject, shownPath } from './read-manifests.js';

const names = ['kustomization.yaml', 'kustomization.yml', 'Kustomization'];

/**
 * The objects of a kustomization, by the user's kubectl or kustomize; where neither is installed, by hwctl's own reader of a part
 * of kustomize. Throws Failure `kustomize` with what kustomize says, or with what is needed.
 */
export async function renderKustomization(
  folder: string,
  { base, ...options }: ProgramOptions & { base: string },
  gathering: Gathering,
): Promise<SourcedObject[]> {
  const shown = shownPath(folder, base);
  const file =
    existsSync(folder) && statSync(folder).isDirectory()
      ? names.find((name) => existsSync(join(folder, name)))
      : undefined;
  if (file === undefined)
    throw new Failure({
      code: 'kustomize',
      message: `${shown}: there is no kustomization.yaml in this folder`,
      hint: 'Give the folder of one (kustomize:), or write manifests: for plain YAML',
    });
  const source = shown === '.' ? file : `${shown}/${file}`;
  const outcome = await kustomized(folder, options);
  if (outcome === undefined) return ownReading(folder, file, { base, source });
  if (outcome.exitCode !== 0)
    throw new Failure({
      code: 'kustomize',
      message: `${source} cannot be built`,
      details: troubleOf(outcome, base),
      hint: 'Edit what is named, and try it: kubectl kustomize',
    });
  const place = ({ line }: { line: number }) => `${source}: line ${line} of what it builds`;
  const documents = readManifestText(outcome.stdout, {
    place,
    problem: (line) => gathering.problems.push(line),
    duplicateKey: (line) => gathering.problems.push(line),
  });
  const objects = documents.flatMap((document) =>
    objectsOf(document, (path, message) =>
      gathering.problems.push(`${document.placeOf(path)}: ${pathText(path)}${message}`),
    ),
  );
  if (documents.length === 0) gathering.note(`${source} builds no objects`);
  return objects.map(({ object }) => ({ object, source }));
}

/** What the first of these programs that is installed says; undefined where none is. */
async function kustomized(
  folder: string,
  { run, cwd, timeoutMs, signal }: ProgramOptions,
): Promise<RunOutcome | undefined> {
  for (const argv of [
    ['kubectl', 'kustomize', folder],
    ['kustomize', 'build', folder],
  ] as [string, ...string[]][]) {
    const outcome = await run(argv, { cwd, timeoutMs, signal });
    signal?.throwIfAborted();
    if (outcome.failure === 'timeout')
      throw new Failure({
        code: 'kustomize',
        message: `${argv.slice(0, 2).join(' ')} did not end within ${Math.round(timeoutMs / 1000)} s`,
        hint: 'Check the network, if it names what is elsewhere',
      });
    if (outcome.failure !== 'ENOENT') return outcome;
  }
  return undefined;
}

function ownReading(folder: string, file: string, { base, source }: { base: string; source: string }): SourcedObject[] {
  const problems = new Problems();
  const objects = file === 'kustomization.yaml' ? buildKustomization(folder, base, problems) : [];
  if (file !== 'kustomization.yaml' || problems.details.length > 0)
    throw new Failure({
      code: 'kustomize',
      message: `${source} needs kustomize, and neither kubectl nor kustomize is installed`,
      details: problems.details,
      hint: 'Install kubectl, which has it: https://kubernetes.io/docs/tasks/tools/',
    });
  return objects.map(({ object, source: { placeOf } }) => ({ object, source: placeOf([]).replace(/:\d+$/, '') }));
}

/** Kustomize says on one line how it came to a file, the cause last, and tries each path as a repository, too. */
function troubleOf({ stderr, failure }: RunOutcome, base: string): string[] {
  const lines = stderr
    .split('\n')
    .map((line) =>
      line
        .replace(/^error: /i, '')
        .replaceAll(`${base}/`, '')
        .trim(),
    )
    .filter((line) => line !== '' && !line.startsWith('#'));
  return lines.length === 0 ? [failure ?? 'kustomize says nothing'] : lines.slice(0, 10);
}
