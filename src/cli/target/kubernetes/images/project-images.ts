import type { StackObject } from '../../manifests/stack-object.js';
import type { PlannedStep } from '../../plan.js';
import type { ObjectSource } from '../../source.js';
import type { UpRequest } from '../../target.js';
import type { ClusterTargetOptions } from '../provider/cluster-access.js';
import type { StateFile } from '../provider/cluster-state.js';
import type { ClusterProvider } from '../provider/provider.js';
import { type HashedImage, type HashOptions, hashSources } from './content-tag.js';
import type { ImageSource } from './image-source.js';
import { type ImageWork, imageReferences, imageSteps } from './image-steps.js';
import { type ImageReference, neededSources, withBuiltImages } from './object-images.js';

/** The images of a project that are built here: which of them its objects need, what these are called then, how they get there. */
export class ProjectImages {
  /** What the objects are built for, where the cluster runs. */
  nodes: readonly { status?: unknown }[] = [];
  readonly #hashed = new Map<ImageSource, Promise<HashedImage>>();

  constructor(
    private readonly sources: readonly ImageSource[],
    private readonly work: ImageWork,
    private readonly options: Omit<HashOptions, 'cluster'>,
  ) {}

  /** A source whose objects call every image that is built by the name of its content; they throw Failure `image-source`. */
  named(source: ObjectSource): ObjectSource {
    return {
      asksCluster: source.asksCluster,
      images: source.images,
      ...(source.home !== undefined && { home: source.home }),
      ...(source.addons !== undefined && { addons: (entries) => source.addons!(entries) }),
      objects: async (...asked) => this.#inObjects(await source.objects(...asked)),
    };
  }

  async #inObjects(entries: readonly StackObject[]): Promise<StackObject[]> {
    if (this.sources.length === 0) return [...entries];
    const objects = entries.map(({ object }) => object);
    const references = await this.#references(neededSources(objects, this.sources).needed);
    const edited = withBuiltImages(objects, references).objects;
    return entries.map((entry, at) => ({ ...entry, object: edited[at]! }));
  }

  /** The steps that bring what the objects named until now to where the cluster gets it. Throws as `imageSteps`. */
  async steps(isInCluster: (name: string) => Promise<boolean>): Promise<PlannedStep[]> {
    return imageSteps(this.work, await Promise.all(this.#hashed.values()), isInCluster);
  }

  async #references(needed: readonly ImageSource[]): Promise<ImageReference[]> {
    const missing = needed.filter((source) => !this.#hashed.has(source));
    if (missing.length > 0) {
      // Together: what is wrong with several is told at once.
      const hashed = hashSources(missing, { ...this.options, cluster: { run: this.work.run, nodes: this.nodes } });
      for (const [at, source] of missing.entries())
        this.#hashed.set(
          source,
          hashed.then((all) => all[at]!),
        );
      await hashed;
    }
    return imageReferences(this.work, await Promise.all(needed.map((source) => this.#hashed.get(source)!)));
  }
}

/** The images of a request, with what they are built and brought with; what is done is written down in `state` first. */
export function projectImages(
  { environment, run }: ClusterTargetOptions,
  request: UpRequest,
  provider: ClusterProvider,
  state: StateFile,
): ProjectImages {
  const { cwd, clock } = environment;
  const registry = request.cluster?.registry;
  const work = {
    run,
    provider,
    registry,
    folder: state.folder,
    cwd,
    lane: 'image',
    note: (list: 'imagesBuilt' | 'imagesLoaded', image: string) => state.noteImage(list, image),
  };
  return new ProjectImages(request.source.images, work, { cwd, cacheFolder: state.folder, clock });
}
