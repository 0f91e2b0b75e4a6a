import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { Failure } from '../../../kernel/failure.js';
import { readImageName } from '../../../kernel/image-name.js';
import type { RunOutcome, RunProgram } from '../../../kernel/process.js';
import { serverImageName } from '../../manifests/kube-object.js';
import type { ClusterProvider, Deadline } from './provider.js';

const quickMs = 30_000;

/** A file of the image, by its path from the context's folder, with forward slashes. */
export interface ContextFile {
  path: string;
  bytes: Buffer;
}

/** Label on every layer of our images, so that what an interrupted build leaves can be found. */
const imageLabel = 'dev.hwctl.image=server';

/**
 * A tag made of the content: the same bytes at the same relative paths give the same tag on every machine. The path
 * counts, so a moved file is another image.
 */
export function contentTag(files: readonly ContextFile[]): string {
  const hash = createHash('sha256');
  for (const { path, bytes } of [...files].sort((a, b) => (a.path < b.path ? -1 : 1))) {
    // Lengths keep path and content from running into each other.
    hash.update(`${Buffer.byteLength(path)}:${path}:${bytes.length}:`).update(bytes);
  }
  return hash.digest('hex').slice(0, 16);
}

/** Reads the folder that `npm run build` leaves for the image: bundle and Dockerfile. Throws Failure `no-image-context`. */
export function readContext(folder: string): ContextFile[] {
  if (!existsSync(join(folder, 'Dockerfile'))) {
    throw new Failure({
      code: 'no-image-context',
      message: `the server's image cannot be built: ${folder}/Dockerfile is not there`,
      hint: 'npm run build',
    });
  }
  const walk = (prefix: string): ContextFile[] =>
    readdirSync(join(folder, prefix), { withFileTypes: true }).flatMap((entry) => {
      const path = prefix === '' ? entry.name : `${prefix}/${entry.name}`;
      return entry.isDirectory() ? walk(path) : [{ path, bytes: readFileSync(join(folder, path)) }];
    });
  return walk('');
}

/** `hwctl-server:TAG`, below a registry where one is given. */
export function imageName(tag: string, registry: string | undefined): string {
  return `${registry === undefined ? '' : `${registry.replace(/\/+$/, '')}/`}${serverImageName}:${tag}`;
}

export type Engine = 'docker' | 'podman';

/** What an engine calls an image: podman puts `localhost/` before what has no registry, and a node looks for `docker.io/library/`. */
export function engineName(engine: Engine, image: string): string {
  if (engine === 'docker') return image;
  const { registry, path, tag } = readImageName(image);
  return `${registry}/${path}${tag === undefined ? '' : `:${tag}`}`;
}

/** The container engine of this machine that answers. Throws Failure `no-engine` with what each says. */
export async function findEngine(run: RunProgram): Promise<Engine> {
  const reasons: string[] = [];
  for (const engine of ['docker', 'podman'] as const) {
    const outcome = await run([engine, 'version', '--format', '{{.Server.Version}}'], { timeoutMs: quickMs });
    if (outcome.exitCode === 0) return engine;
    reasons.push(
      outcome.failure === 'ENOENT'
        ? `${engine} is not installed`
        : `${engine}: ${outcome.stderr.trim().split('\n').at(-1)}`,
    );
  }
  throw new Failure({
    code: 'no-engine',
    message: 'no container engine answers, so no image can be built',
    details: reasons,
    hint: 'Install and start Docker or podman, or run hwctl up --target local',
  });
}

/** Whether the engine of this machine has the image. */
export async function hasImage(run: RunProgram, engine: Engine, image: string): Promise<boolean> {
  const outcome = await run([engine, 'image', 'inspect', '--format', '{{.Id}}', engineName(engine, image)], {
    timeoutMs: quickMs,
  });
  return outcome.exitCode === 0;
}

/** Where the archive of an image stands while it is loaded; a killed one leaves it there. */
export function archiveOf(folder: string, image: string): string {
  return join(folder, `${image.replace(/[^\w.-]+/g, '-')}.tar`);
}

/** Brings a built image into the nodes through an archive, which is much quicker than by name, and leaves no archive behind. */
export async function loadImage(
  deps: { run: RunProgram; engine: Engine; provider: ClusterProvider; folder: string },
  image: string,
  options: Deadline,
): Promise<void> {
  const archive = archiveOf(deps.folder, image);
  try {
    const saved = await deps.run([deps.engine, 'save', '--output', archive, engineName(deps.engine, image)], options);
    options.signal?.throwIfAborted();
    if (saved.exitCode !== 0) {
      throw new Failure({
        code: 'image-save',
        message: `${deps.engine} save ${image} failed: ${saved.stderr.trim().split('\n').at(-1)}`,
        hint: 'Is the disk full? df -h',
      });
    }
    await deps.provider.loadArchive(archive, image, options);
  } finally {
    rmSync(archive, { force: true });
  }
}

/** Pushes a built image to its registry. Throws Failure `image-push`. */
export async function pushImage(run: RunProgram, engine: Engine, image: string, options: Deadline): Promise<void> {
  const outcome = await run([engine, 'push', image], options);
  options.signal?.throwIfAborted();
  if (outcome.exitCode === 0) return;
  throw new Failure({
    code: 'image-push',
    message: `${engine} push ${image} failed: ${outcome.stderr.trim().split('\n').at(-1)}`,
    hint: 'Does the registry run, and may you push there? docker login',
  });
}

/** Whether a registry has the image (OCI distribution API through the engine). */
export async function registryHasImage(run: RunProgram, engine: Engine, image: string): Promise<boolean> {
  const outcome = await run([engine, 'manifest', 'inspect', '--insecure', image], { timeoutMs: quickMs });
  return outcome.exitCode === 0;
}

/** The digest (`sha256:...`) by which a registry knows the image; undefined where it has none or the engine does not tell. */
export async function registryDigest(run: RunProgram, engine: Engine, image: string): Promise<string | undefined> {
  const argv: [string, ...string[]] = [engine, 'manifest', 'inspect', '--insecure', '--verbose', image];
  const outcome = await run(argv, { timeoutMs: quickMs });
  return outcome.exitCode === 0 ? digestIn(outcome.stdout) : undefined;
}

/** The digest in what `docker manifest inspect --verbose` prints of one manifest; of an index it names only the parts. */
export function digestIn(text: string): string | undefined {
  try {
    const digest: unknown = JSON.parse(text)?.Descriptor?.digest;
    return typeof digest === 'string' && /^sha256:[0-9a-f]{64}$/.test(digest) ? digest : undefined;
  } catch {
    return undefined;
  }
}

/** Removes the image from this machine, and what interrupted builds of it left. Gives the reason where it stays, or where the engine does not tell. */
export async function removeLocalImage(run: RunProgram, engine: Engine, image: string): Promise<string | undefined> {
  const outcome = await run([engine, 'rmi', engineName(engine, image)], { timeoutMs: quickMs });
  await run([engine, 'image', 'prune', '--force', '--filter', `label=${imageLabel}`], { timeoutMs: quickMs });
  // An exit code tells what was tried, and one that was not there is not removed, either: what counts is what is left.
  const look = await run([engine, 'image', 'inspect', '--format', '{{.Id}}', engineName(engine, image)], {
    timeoutMs: quickMs,
  });
  if (look.exitCode !== 0 && /no such (?:image|object)|image not known/i.test(look.stderr)) return undefined;
  if (outcome.exitCode !== 0) return saidBy(`${engine} rmi`, outcome);
  if (look.exitCode === 0) return `${engine} rmi says that it removed it, but it is still there`;
  return `whether it is gone is not known: ${saidBy(`${engine} image inspect`, look)}`;
}

function saidBy(command: string, { stderr, failure, exitCode }: RunOutcome): string {
  return stderr.trim().split('\n').at(-1) || `${command}: ${failure ?? exitCode}`;
}
