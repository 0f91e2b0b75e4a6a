import { join } from 'node:path';
import type { RunProgram } from '../../../kernel/process.js';
import type { TargetEnvironment } from '../../environment.js';
import { serverImageName } from '../../manifests/kube-object.js';
import type { PlannedStep } from '../../plan.js';
import type { UpRequest } from '../../target.js';
import { imageSteps as bringImages } from '../images/image-steps.js';
import type { ClusterTargetOptions } from './cluster-access.js';
import type { StateFile } from './cluster-state.js';
import { contentTag, findEngine, imageName, readContext, registryDigest } from './image.js';
import type { ClusterProvider } from './provider.js';

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

/**
 * The steps that bring the image to where the cluster gets it; none where it is already there, where it is the user's own, and
 * where the cluster takes no images. Throws Failure `no-engine` where nothing can build it.
 */
export async function imageSteps(
  deps: ImageDeps,
  image: string,
  inCluster: () => Promise<boolean>,
  lane: string,
): Promise<PlannedStep[]> {
  const { environment, provider, registry, run, state } = deps;
  if (deps.given || (registry === undefined && !provider.loadsImages)) return [];
  const context = imageFolder(environment);
  const source = { image: serverImageName, context, arguments: {} };
  const tag = image.slice(image.lastIndexOf(':') + 1);
  const work = {
    run,
    provider,
    registry,
    folder: state.folder,
    cwd: environment.cwd,
    lane,
    note: (list: 'imagesBuilt' | 'imagesLoaded', image: string) => state.noteImage(list, image),
  };
  return bringImages(work, [{ source, dockerfile: join(context, 'Dockerfile'), tag, notes: [] }], inCluster);
}
