import { join } from 'node:path';
import { Failure } from '../../../kernel/failure.js';
import type { RunProgram } from '../../../kernel/process.js';
import type { TargetEnvironment } from '../../environment.js';
import { leftMs, type PlannedStep, planned, type StepContext } from '../../plan.js';
import type { UpRequest } from '../../target.js';
import type { ClusterTargetOptions } from './cluster-access.js';
import type { StateFile } from './cluster-state.js';
import {
  buildImage,
  contentTag,
  type Engine,
  findEngine,
  hasImage,
  imageName,
  loadImage,
  pushImage,
  readContext,
  registryDigest,
  registryHasImage,
} from './image.js';
import type { ClusterProvider, Deadline } from './provider.js';

export interface ImageDeps {
  environment: TargetEnvironment;
  run: RunProgram;
  provider: ClusterProvider;
  registry: string | undefined;
  state: StateFile;
  /** The user named an image: it is used as it is. */
  given: boolean;
}

/** What the image is found, built and loaded with. */
export function imageDeps(
  options: ClusterTargetOptions,
  request: UpRequest,
  provider: ClusterProvider,
  state: StateFile,
): ImageDeps {
  const { environment, run } = options;
  const given = request.values.image !== undefined;
  return { environment, run, provider, registry: request.cluster?.registry, state, given };
}

/** The folder that `npm run build` leaves for the image. */
function imageFolder({ root }: TargetEnvironment): string {
  return join(root, 'dist', 'image');
}

/** The server's image by its content. */
export function serverImage({ environment, registry }: Pick<ImageDeps, 'environment' | 'registry'>): string {
  return imageName(contentTag(readContext(imageFolder(environment))), registry);
}

/**
 * The image as objects name it: by the digest that the registry gives it, so that nobody can put another one behind its
 * tag. The tag alone where no registry has it (yet), or the user named the image.
 */
export async function imageReference(deps: ImageDeps, image: string): Promise<string> {
  if (deps.given || deps.registry === undefined) return image;
  const engine = await findEngine(deps.run).catch(() => undefined);
  const digest = engine === undefined ? undefined : await registryDigest(deps.run, engine, image);
  return digest === undefined ? image : `${image}@${digest}`;
}

/** Who builds the image. */
type Builder = { builder: 'engine'; engine: Engine } | { builder: 'node' };

/** The engine of this machine; a machine whose cluster is a virtual machine may have none of its own: then the node builds. */
async function findBuilder({ run, registry, provider }: ImageDeps): Promise<Builder> {
  try {
    return { builder: 'engine', engine: await findEngine(run) };
  } catch (error) {
    if (error instanceof Failure && registry === undefined && provider.buildsImages) return { builder: 'node' };
    throw error;
  }
}

/**
 * The steps that bring the image to where the cluster gets it, one after another in `lane`; none where it is already there.
 * Each deed is written down before it is done. Throws Failure `no-engine` where nothing can build it.
 */
export async function imageSteps(
  deps: ImageDeps,
  image: string,
  inCluster: () => Promise<boolean>,
  lane: string,
): Promise<PlannedStep[]> {
  const { provider, registry, run, state } = deps;
  if (deps.given || (registry === undefined && !provider.loadsImages)) return [];
  if (registry === undefined && (await inCluster())) return [];
  const ref = `image/${image}`;
  const note = (list: 'imagesBuilt' | 'imagesLoaded') =>
    state.change((draft) => {
      if (!draft[list].includes(image)) draft[list].push(image);
    });
  const found = await findBuilder(deps);
  if (found.builder === 'node') {
    const build = async (work: StepContext) => {
      note('imagesLoaded');
      await provider.buildImage(imageFolder(deps.environment), image, deadlineOf(work));
    };
    const why = 'neither docker nor podman answers here: the node builds it';
    return [planned({ verb: 'build', ref, why }, build, { lane })];
  }
  const { engine } = found;
  if (registry !== undefined && (await registryHasImage(run, engine, image))) return [];
  const steps: PlannedStep[] = [];
  if (!(await hasImage(run, engine, image))) {
    const build = async (work: StepContext) => {
      note('imagesBuilt');
      await buildImage(run, engine, imageFolder(deps.environment), image, deadlineOf(work));
    };
    steps.push(planned({ verb: 'build', ref, why: `${engine} does not have it` }, build, { lane }));
  }
  const bring = async (work: StepContext) => {
    if (registry !== undefined) return pushImage(run, engine, image, deadlineOf(work));
    note('imagesLoaded');
    return loadImage({ run, engine, provider, folder: state.folder }, image, deadlineOf(work));
  };
  const why = `${registry ?? 'the cluster'} does not have it`;
  steps.push(planned({ verb: 'load', ref, why }, bring, { lane }));
  return steps;
}

function deadlineOf(work: StepContext): Deadline {
  return { timeoutMs: leftMs(work), signal: work.signal };
}
