import { existsSync } from 'node:fs';
import { join, relative, resolve } from 'node:path';
import { Failure } from '../../kernel/failure.js';
import { notWritten, readText } from '../../kernel/files.js';
import { run } from '../../kernel/process.js';
import { replaceFile } from '../../kernel/replacement.js';
import { stateHome } from '../../kernel/state-home.js';
import type { Project } from '../../project/project.js';
import type { StackFile } from '../../project/project-shape.js';
import { isRemote } from '../../project/shell-step.js';
import { editsYaml } from '../../target/preflight/edits-yaml.js';
import { ProjectSource, type ProjectStack } from '../../target/project/project-source.js';
import type { Release } from '../../target/rendering/release.js';
import type { BuiltImage } from '../../target/source.js';
import type { Context } from '../context/context.js';

/** Milliseconds for each program and request of a rendering: charts may have to be fetched. */
const renderingMs = 120_000;

/** The objects of a project, from its hwctl.yaml. */
export function sourceOf(project: Project, context: Context, { fix = false, writes = true } = {}): ProjectSource {
  const told = new Set<string>();
  const stacks = [...project.stacks].map(([name, stack]) => stackOf(name, stack, project.folder));
  return new ProjectSource(project.name, project.folder, stacks, {
    run,
    signal: context.signal,
    timeoutMs: renderingMs,
    charts: join(stateHome(context.env), 'charts'),
    onNote: (note) => {
      if (!told.has(note)) context.note(`Note: ${note}`);
      told.add(note);
    },
    ...(fix && {
      onEdits: (stack, edits) => {
        if (writes) writeEdits(project, stack, edits, context);
        else context.note(`Not written (--dry-run): ${editsText(edits)}`);
      },
    }),
  });
}

/** Writes edits into the hwctl.yaml of a project, which may be yet to be written. Throws what writing it throws. */
function writeEdits(
  { file, text, isNamed }: Project,
  stack: string,
  edits: Readonly<Record<string, unknown>>,
  context: Context,
): void {
  const shown = relative(context.cwd, file) || file;
  const before = existsSync(file) ? readText(file, { shown }) : text;
  try {
    replaceFile(file, editsYaml(before, edits, isNamed ? { stack } : {}));
  } catch (error) {
    throw error instanceof Failure ? error : notWritten(error, { shown });
  }
  context.note(`Written to ${shown}: ${editsText(edits)}`);
}

function editsText(edits: Readonly<Record<string, unknown>>): string {
  const names = Object.keys(edits);
  return `${names.length} ${names.length === 1 ? 'edit' : 'edits'} (${names.join(', ')})`;
}

function stackOf(name: string, stack: StackFile, folder: string): ProjectStack {
  return {
    name,
    namespace: stack.namespace ?? 'default',
    addons: stack.addons ?? [],
    releases: (stack.releases ?? []).map((release) => releaseOf(release, folder)),
    images: (stack.images ?? []).map((image) => imageOf(image, folder)),
    edits: stack.edits ?? {},
  };
}

function imageOf(
  { at, image, context, dockerfile, target, platform, arguments: given }: ImageFile,
  folder: string,
): BuiltImage {
  return {
    image,
    context: resolve(folder, context ?? '.'),
    ...(dockerfile !== undefined && { dockerfile: resolve(folder, dockerfile) }),
    ...(target !== undefined && { target }),
    ...(platform !== undefined && { platform }),
    arguments: given ?? {},
    where: `hwctl.yaml:${at.line}`,
  };
}

type ImageFile = NonNullable<StackFile['images']>[number];

type ReleaseFile = NonNullable<StackFile['releases']>[number];

function releaseOf(release: ReleaseFile, folder: string): Release {
  const { manifests, kustomize, chart = '', namespace, repository, version } = release;
  const here = (path: string) => (isRemote(path) ? path : resolve(folder, path));
  const common = namespace === undefined ? {} : { namespace };
  if (manifests !== undefined)
    return { ...common, kind: 'manifests', path: here(manifests), recursive: release.recursive === true };
  if (kustomize !== undefined) return { ...common, kind: 'kustomize', path: here(kustomize) };
  const flags = ['set', 'set-string', 'set-json', 'set-file'] as const;
  return {
    ...common,
    kind: 'chart',
    release: release.release ?? chartName(chart),
    chart: repository === undefined ? here(chart) : chart,
    ...(repository !== undefined && { repository }),
    ...(version !== undefined && { version }),
    values: (release.values ?? []).map(here),
    set: flags.flatMap((flag) =>
      (release[flag] ?? []).map((text) => ({
        flag: `--${flag}` as const,
        text: flag === 'set-file' ? inFolder(text, here) : text,
      })),
    ),
  };
}

/** `name=path`: the path as of the project's folder. */
function inFolder(text: string, here: (path: string) => string): string {
  const at = text.indexOf('=');
  return `${text.slice(0, at + 1)}${here(text.slice(at + 1))}`;
}

/** The name of a chart by its folder or archive: `charts/shop-1.2.0.tgz` is `shop`. */
function chartName(chart: string): string {
  const last = chart.replace(/\/+$/, '').split('/').at(-1) ?? '';
  return (
    last
      .replace(/-\d+\.\d+.*\.tgz$|\.tgz$/, '')
      .toLowerCase()
      .replaceAll(/[^a-z0-9-]+/g, '-') || 'release'
  );
}
