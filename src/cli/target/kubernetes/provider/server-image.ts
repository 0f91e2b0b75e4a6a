import { join } from 'node:path';
import { Failure } from '../../../kernel/failure.js';
import type { Run } from '../../../kernel/process.js';
import type { TargetEnvironment } from '../../environment.js';
import type { Step } from '../../target.js';
import { leftMs, type Work } from '../api/work.js';
import type { StateFile } from './cluster-state.js';
import {
  buildImage,
  contentTag,
  findEngine,
  hasImage,
  imageName,
  imagesIn,
  loadImage,
  pushImage,
  readContext,
  registryDigest,
  registryHasImage,
} from './image.js';
import type { ClusterProvider } from './provider.js';

export interface ImageDeps {
  environment: TargetEnvironment;
  run: Run;
  provider: ClusterProvider;
  registry: string | undefined;
  state: StateFile;
  /** The user named an image: it is used as it is. */
  given: boolean;
}

const onNode = 'neither docker nor podman answers here: the node builds it';

/** The folder that `npm run build` leaves for the image. */
export function imageFolder({ root }: TargetEnvironment): string {
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

/** The steps that bring the image to where the cluster gets it; none where it is already there. */
export async function imageSteps(deps: ImageDeps, image: string, clusterRuns: boolean): Promise<Step[]> {
  const { provider, registry, run } = deps;
  if (deps.given || (registry === undefined && !provider.loadsImages)) return [];
  if (registry === undefined && clusterRuns && imagesIn(await provider.images(), [image]).length > 0) return [];
  const engine = await findEngine(run).catch((error: unknown) => {
    if (error instanceof Failure) return error;
    throw error;
  });
  if (engine instanceof Failure) {
    // A machine whose cluster is a virtual machine may have no engine of its own: then the node builds.
    if (registry !== undefined || !provider.buildsImages) throw engine;
    return [{ verb: 'build', ref: `image/${image}`, why: onNode }];
  }
  if (registry !== undefined && (await registryHasImage(run, engine, image))) return [];
  const steps: Step[] = [];
  if (!(await hasImage(run, engine, image))) {
    steps.push({ verb: 'build', ref: `image/${image}`, why: `${engine} does not have it` });
  }
  const where = registry === undefined ? 'the cluster does not have it' : `${registry} does not have it`;
  steps.push({ verb: 'load', ref: `image/${image}`, why: where });
  return steps;
}

/** Builds, loads or pushes the image, each written down before it is done. */
export async function executeImageSteps(deps: ImageDeps, image: string, steps: readonly Step[], work: Work) {
  if (steps.length === 0) return;
  const { state, provider, registry } = deps;
  const run = state.recording(deps.run);
  const options = () => ({ timeoutMs: leftMs(work), signal: work.signal });
  if (steps[0]?.why === onNode) {
    state.change((draft) => {
      if (!draft.imagesLoaded.includes(image)) draft.imagesLoaded.push(image);
    });
    await work.step(steps[0], () => provider.buildImage(imageFolder(deps.environment), image, options()));
    return;
  }
  const engine = await findEngine(run);
  for (const step of steps) {
    state.change((draft) => {
      const list = step.verb === 'build' ? draft.imagesBuilt : draft.imagesLoaded;
      if (!list.includes(image) && (step.verb === 'build' || registry === undefined)) list.push(image);
    });
    await work.step(step, async () => {
      if (step.verb === 'build') await buildImage(run, engine, imageFolder(deps.environment), image, options());
      else if (registry !== undefined) await pushImage(run, engine, image, options());
      else await loadImage({ run, engine, provider, folder: state.folder }, image, options());
    });
  }
}
