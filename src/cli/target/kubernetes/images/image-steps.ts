import { availableParallelism } from 'node:os';
import { Failure } from '../../../kernel/failure.js';
import { readImageName, withoutTag } from '../../../kernel/image-name.js';
import type { RunProgram } from '../../../kernel/process.js';
import { leftMs, type PlannedStep, planned, type StepContext } from '../../plan.js';
import {
  type Engine,
  findEngine,
  hasImage,
  loadImage,
  pushImage,
  registryDigest,
  registryHasImage,
} from '../provider/image.js';
import type { ClusterProvider, Deadline } from '../provider/provider.js';
import type { HashedImage } from './content-tag.js';
import { buildWithEngine } from './engine-build.js';
import type { ImageReference } from './object-images.js';

/** What images are built and brought to the cluster with. */
export interface ImageWork {
  run: RunProgram;
  provider: ClusterProvider;
  /** Pushed there (`localhost:5000`) instead of loaded into the nodes. */
  registry: string | undefined;
  /** Where an archive may stand for a while; absolute. */
  folder: string;
  /** The current folder, for messages. */
  cwd: string;
  /** Writes down what `down` has to remove, before it is there. */
  note(list: 'imagesBuilt' | 'imagesLoaded', image: string): void;
  /** Name of the lane of the steps. */
  lane: string;
  /** How many builds this machine carries at once: half its cores where absent. */
  lanes?: number;
}

/** The name under which a built image is found: the source's, with the tag of its content, below a registry where one is given. */
export function builtName(
  { source, tag }: Pick<HashedImage, 'tag'> & { source: { image: string } },
  registry?: string,
): string {
  if (registry === undefined) return `${withoutTag(source.image)}:${tag}`;
  // A registry's own host does not stand in a name of another registry; a repository's path does.
  const { path } = readImageName(source.image);
  return `${registry.replace(/\/+$/, '')}/${path.replace(/^library\//, '')}:${tag}`;
}

/**
 * The names that objects are given. By the digest that a registry gives it, so that nobody can put another one behind its tag;
 * by the tag alone where no registry has it (yet).
 */
export async function imageReferences(
  { run, registry }: Pick<ImageWork, 'run' | 'registry'>,
  images: readonly HashedImage[],
): Promise<ImageReference[]> {
  const engine = registry === undefined ? undefined : await findEngine(run).catch(() => undefined);
  return Promise.all(
    images.map(async (one) => {
      const name = builtName(one, registry);
      const digest = engine === undefined ? undefined : await registryDigest(run, engine, name);
      const reference = digest === undefined ? name : `${name}@${digest}`;
      return { image: one.source.image, reference, isPushed: registry !== undefined };
    }),
  );
}

/** Who builds. */
type Builder = { builder: 'engine'; engine: Engine } | { builder: 'node' };

/** The engine of this machine; a machine whose cluster is a virtual machine may have none of its own: then the node builds. */
async function findBuilder({ run, registry, provider }: ImageWork): Promise<Builder> {
  try {
    return { builder: 'engine', engine: await findEngine(run) };
  } catch (error) {
    if (error instanceof Failure && registry === undefined && provider.buildsImages) return { builder: 'node' };
    throw error;
  }
}

/**
 * The steps that bring images to where the cluster gets them: those of one image one after another, of several side by side
 * where the machine carries it. None for an image that is already there. Each deed is written down before it is done. Throws
 * Failure `no-engine` where nothing can build, `no-registry` where nothing can bring them into the cluster.
 */
export async function imageSteps(
  work: ImageWork,
  images: readonly HashedImage[],
  isInCluster: (name: string) => Promise<boolean>,
): Promise<PlannedStep[]> {
  const { provider, registry } = work;
  if (images.length === 0) return [];
  if (registry === undefined && !provider.loadsImages) throw noRegistry(provider, images);
  const due: HashedImage[] = [];
  for (const one of images) {
    const name = builtName(one, registry);
    // Two names of one content are one image.
    if (due.some((other) => builtName(other, registry) === name)) continue;
    if (registry !== undefined || !(await isInCluster(name))) due.push(one);
  }
  if (due.length === 0) return [];
  const builder = await findBuilder(work);
  const lanes = Math.max(1, work.lanes ?? Math.floor(availableParallelism() / 2));
  const steps = await Promise.all(
    due.map((one, at) => {
      const lane = at % lanes === 0 ? work.lane : `${work.lane} ${at % lanes}`;
      return builder.builder === 'node' ? nodeSteps(work, one, lane) : engineSteps(work, builder.engine, one, lane);
    }),
  );
  return steps.flat();
}

function nodeSteps(work: ImageWork, one: HashedImage, lane: string): PlannedStep[] {
  const image = builtName(one);
  const build = async (step: StepContext) => {
    for (const note of one.notes) step.onProgress(`${image}: ${note}`);
    work.note('imagesLoaded', image);
    await work.provider.buildImage({ ...one.source, dockerfile: one.dockerfile }, image, deadlineOf(step));
  };
  const why = 'neither docker nor podman answers here: the node builds it';
  return [planned({ verb: 'build', ref: `image/${image}`, why: `${why}${forPlatform(one)}` }, build, { lane })];
}

async function engineSteps(work: ImageWork, engine: Engine, one: HashedImage, lane: string): Promise<PlannedStep[]> {
  const { run, registry, provider, folder, cwd } = work;
  const image = builtName(one, registry);
  const ref = `image/${image}`;
  if (registry !== undefined && (await registryHasImage(run, engine, image))) return [];
  const steps: PlannedStep[] = [];
  if (!(await hasImage(run, engine, image))) {
    const build = async (step: StepContext) => {
      for (const note of one.notes) step.onProgress(`${image}: ${note}`);
      work.note('imagesBuilt', image);
      const onProgress = (message: string) => step.onProgress(message);
      await buildWithEngine(run, engine, one, image, { ...deadlineOf(step), cwd, onProgress });
    };
    steps.push(planned({ verb: 'build', ref, why: `${engine} does not have it${forPlatform(one)}` }, build, { lane }));
  }
  const bring = async (step: StepContext) => {
    if (registry !== undefined) return pushImage(run, engine, image, deadlineOf(step));
    work.note('imagesLoaded', image);
    return loadImage({ run, engine, provider, folder }, image, deadlineOf(step));
  };
  steps.push(planned({ verb: 'load', ref, why: `${registry ?? 'the cluster'} does not have it` }, bring, { lane }));
  return steps;
}

function forPlatform({ source }: HashedImage): string {
  return source.platform === undefined ? '' : `; for ${source.platform}`;
}

function deadlineOf(step: StepContext): Deadline {
  return { timeoutMs: leftMs(step), signal: step.signal };
}

function noRegistry({ noun, profile }: ClusterProvider, images: readonly HashedImage[]): Failure {
  const names = images.map(({ source }) => source.image).join(', ');
  return new Failure({
    code: 'no-registry',
    message: `${names} ${images.length === 1 ? 'is' : 'are'} built here, and nothing brings ${images.length === 1 ? 'it' : 'them'} into the ${noun} ${profile}`,
    hint: 'Name a registry that you may push to and its nodes pull from: --registry HOST',
  });
}
