import { isLocalName, readImageName, sameImage, sameRepository } from '../../../kernel/image-name.js';
import type { KubeObject } from '../../manifests/kube-object.js';
import type { ImageSource } from './image-source.js';

/** A name in objects, and the one that it becomes. */
export interface ImageReference {
  /** The source's name of it. */
  image: string;
  /** With the tag of its content, or the digest that its registry gives it. */
  reference: string;
  /** A registry has it; else it is loaded into the nodes. */
  isPushed: boolean;
}

/** A change of an object that building its image brings. */
export interface ImageEdit {
  /** `Deployment/app/orders`. */
  ref: string;
  /** `spec.template.spec.containers[0].image`. */
  path: string;
  from: string;
  to: string;
}

/** An image that an object names. */
export interface NamedImage {
  image: string;
  ref: string;
  path: string;
  pullPolicy: string | undefined;
}

type Json = Record<string, unknown>;

/** Top-level fields that hold no pods, whatever they hold. */
const notOfPods = new Set(['apiVersion', 'kind', 'metadata', 'status', 'data', 'stringData', 'binaryData']);
/** Far deeper than a pod stands in any kind. */
const mostDepth = 40;

/**
 * Gives every image that is built the name under which the nodes find it, wherever an object of whatever kind says
 * `image: NAME`. A pull policy that could not find it there is changed, too. Pure: what is not changed is the same value.
 */
export function withBuiltImages(
  objects: readonly KubeObject[],
  references: readonly ImageReference[],
): { objects: KubeObject[]; edits: ImageEdit[] } {
  const edits: ImageEdit[] = [];
  const edited = objects.map((object) => {
    const edit = (holder: Json, path: string): Json => {
      const image = String(holder.image);
      const meant = sourceFor(image, references);
      if (meant === undefined) return holder;
      const copy: Json = { ...holder, image: meant.reference };
      const note = (field: string, from: string, to: string) =>
        from !== to && edits.push({ ref: refIn(object), path: `${path}.${field}`, from, to });
      note('image', image, meant.reference);
      // Always asks a registry that does not have it; Never does not ask the one that does.
      const wrong = meant.isPushed ? 'Never' : 'Always';
      if (holder.imagePullPolicy === wrong) {
        copy.imagePullPolicy = 'IfNotPresent';
        note('imagePullPolicy', wrong, 'IfNotPresent');
      }
      return copy;
    };
    return mapHolders(object, edit);
  });
  return { objects: edited, edits };
}

/** Every image that the objects name, in their order. */
export function imagesIn(objects: readonly KubeObject[]): NamedImage[] {
  const found: NamedImage[] = [];
  for (const object of objects)
    mapHolders(object, (holder, path) => {
      const policy = holder.imagePullPolicy;
      const pullPolicy = typeof policy === 'string' ? policy : undefined;
      found.push({ image: String(holder.image), ref: refIn(object), path: `${path}.image`, pullPolicy });
      return holder;
    });
  return found;
}

/** Which sources the objects need, and which nobody names: those need not be built. */
export function neededSources<T extends Pick<ImageSource, 'image'>>(
  objects: readonly KubeObject[],
  sources: readonly T[],
): { needed: T[]; unused: T[] } {
  const used = new Set(imagesIn(objects).map(({ image }) => sourceFor(image, sources)));
  return {
    needed: sources.filter((source) => used.has(source)),
    unused: sources.filter((source) => !used.has(source)),
  };
}

/** Images that no registry can have (never pulled, or a name without registry and owner) and that nothing builds: each once. */
export function missingSources(
  objects: readonly KubeObject[],
  sources: readonly Pick<ImageSource, 'image'>[],
): NamedImage[] {
  const missing = imagesIn(objects).filter(
    ({ image, pullPolicy }) =>
      image !== '' && (pullPolicy === 'Never' || isLocalName(image)) && sourceFor(image, sources) === undefined,
  );
  return missing.filter(({ image }, at) => missing.findIndex((other) => other.image === image) === at);
}

/** The source that makes an image: the very name before the same repository with no tag. */
function sourceFor<T extends { image: string }>(image: string, sources: readonly T[]): T | undefined {
  return (
    sources.find((source) => sameImage(source.image, image)) ??
    sources.find((source) => readImageName(source.image).tag === undefined && sameRepository(source.image, image))
  );
}

function refIn({ kind, metadata }: KubeObject): string {
  const name = metadata.name ?? (metadata as Json).generateName ?? '';
  return [kind, ...(metadata.namespace === undefined ? [] : [metadata.namespace]), name].join('/');
}

/** Puts what `edit` gives in the place of each map with an `image` that is text. */
function mapHolders(object: KubeObject, edit: (holder: Json, path: string) => Json): KubeObject {
  const visit = (value: unknown, path: string, depth: number): unknown => {
    if (depth > mostDepth || value === null || typeof value !== 'object') return value;
    if (Array.isArray(value)) {
      const items = value.map((item, at) => visit(item, `${path}[${at}]`, depth + 1));
      return items.every((item, at) => item === value[at]) ? value : items;
    }
    const holder = typeof (value as Json).image === 'string' ? edit(value as Json, path) : (value as Json);
    return mapFields(holder, (field, item) => visit(item, path === '' ? field : `${path}.${field}`, depth + 1));
  };
  return mapFields(object, (field, item) => (notOfPods.has(field) ? item : visit(item, field, 1)));
}

function mapFields<T extends Json>(given: T, map: (field: string, item: unknown) => unknown): T {
  const entries = Object.entries(given).map(([field, item]) => [field, map(field, item)] as const);
  return entries.every(([field, item]) => item === given[field]) ? given : (Object.fromEntries(entries) as T);
}
