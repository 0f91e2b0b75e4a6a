import type { FindingOf } from './finding.js';
import { folderOf, nameOf } from './found-file.js';

/** An image and the Dockerfile that its name points to. */
export interface ImageMatch {
  image: string;
  dockerfile: FindingOf<'dockerfile'>;
  /** `name`: the words agree; `rest`: it is what is left, once all others have theirs. */
  by: 'name' | 'rest';
  /** One that agrees as well. */
  rival?: FindingOf<'dockerfile'>;
}

export interface MatchOptions {
  /** The folder of the piece: its own name says nothing of what is in it. */
  home: string;
  /** Images that are built here for certain: who owns them owns the others. */
  known: readonly string[];
}

/**
 * Which Dockerfile makes which image, by the words of both: `me/shop-orders` and `services/orders/Dockerfile`; where several
 * images are tags of one repository, the tag's words count too (`me/course:v3-auth`). Each Dockerfile makes one image; what is
 * left when all but one have theirs belongs together.
 */
export function matchImages(
  images: readonly string[],
  dockerfiles: readonly FindingOf<'dockerfile'>[],
  { home, known }: MatchOptions,
): ImageMatch[] {
  const pairs = images
    .flatMap((image) =>
      dockerfiles.map((dockerfile) => ({ image, dockerfile, ...agree(image, dockerfile, images, home) })),
    )
    .filter(({ words }) => words >= 1)
    .sort((a, b) => b.score - a.score);
  const matches: ImageMatch[] = [];
  for (const { image, dockerfile, score } of pairs) {
    const taken = matches.some((one) => one.dockerfile === dockerfile && !isVersionOf(image, one.image));
    if (taken || matches.some((one) => one.image === image)) continue;
    const rival = pairs.find((one) => one.image === image && one.dockerfile !== dockerfile && one.score === score);
    matches.push({ image, dockerfile, by: 'name', ...(rival !== undefined && { rival: rival.dockerfile }) });
  }
  const left = images.filter((image) => !matches.some((one) => one.image === image));
  const free = dockerfiles.filter((dockerfile) => !matches.some((one) => one.dockerfile === dockerfile));
  const owned = [...known, ...matches.map(({ image }) => image)].map(ownerOf);
  const ours = left.filter((image) => owned.length === 0 || owned.includes(ownerOf(image)));
  // The one of the piece's own folder is its program; what stands beside it helps.
  const [last, second] =
    free.filter(({ folder }) => folder === home).length === 1 ? free.filter(({ folder }) => folder === home) : free;
  if (ours.length === 1 && last !== undefined && second === undefined)
    matches.push({ image: ours[0]!, dockerfile: last, by: 'rest' });
  return matches;
}

/** Words that stand in names of every kind. */
const weak = new Set(
  'api app application service svc server backend image docker dockerfile container src source microservice build package cmd latest main project otus'.split(
    ' ',
  ),
);

function agree(
  image: string,
  { file, folder }: FindingOf<'dockerfile'>,
  images: readonly string[],
  home: string,
): { words: number; score: number } {
  const named = `${nameIn(image)} ${isShared(image, images) ? tagOf(image) : ''}`;
  const inImage = new Set(wordsOf(named));
  const joined = named.toLowerCase().replaceAll(/[^a-z0-9]/g, '');
  const way = home === '' ? folder : folder === home ? '' : folder.slice(home.length + 1);
  const suffix = nameOf(file).replace(/^(?:Docker|Container)file[.-]?|[.-]?(?:Docker|Container)file$/i, '');
  const parts = [...way.split('/'), suffix].filter((part) => part !== '');
  const inFile = new Set(parts.flatMap(wordsOf));
  const strong = [...inFile].filter((word) => !weak.has(word));
  const shared = [...inFile].filter((word) => inImage.has(word));
  // `userservice` holds `UserService` as one word.
  const whole = parts
    .filter((part) => wordsOf(part).some((word) => !weak.has(word)))
    .map((part) => part.toLowerCase().replaceAll(/[^a-z0-9]/g, ''))
    .filter((part) => part.length > 4);
  const words = Math.max(
    shared.filter((word) => !weak.has(word)).length,
    whole.some((part) => joined.includes(part)) ? 1 : 0,
  );
  const unshared = strong.filter((word) => !inImage.has(word)).length;
  const unsaid = [...inImage].filter((word) => !weak.has(word) && !inFile.has(word)).length;
  const weakShared = shared.length - shared.filter((word) => !weak.has(word)).length;
  return { words, score: words + 0.1 * weakShared - 0.01 * unshared - 0.001 * unsaid };
}

/** Whether a name says no more than that of an image that is built: another name of the same. */
export function isAlias(image: string, other: string, images: readonly string[]): boolean {
  const said = isShared(image, images) ? tagOf(image) : nameIn(image);
  const words = wordsOf(said).filter((word) => !weak.has(word));
  const known = wordsOf(`${nameIn(other)} ${tagOf(other)}`);
  return words.some((word) => !/^\d+$/.test(word)) && words.every((word) => known.includes(word));
}

/** Whether an image is one of several tags of a repository, so that its tag tells it from the others. */
function isShared(image: string, images: readonly string[]): boolean {
  return images.some((other) => other !== image && repositoryOf(other) === repositoryOf(image));
}

/** The name behind registry and owner. */
function nameIn(image: string): string {
  const repository = repositoryOf(image);
  return repository.split('/').slice(1).join('/') || repository;
}

/** The words of a name, each in the singular. */
function wordsOf(text: string): string[] {
  return text
    .replaceAll(/([a-z0-9])([A-Z])/g, '$1 $2')
    .toLowerCase()
    .split(/[^a-z0-9]+/)
    .filter((word) => word !== '')
    .map((word) => (word.length > 3 && /[^s]s$/.test(word) ? word.slice(0, -1) : word));
}

/** Whether two images are versions of one: tags of one repository that say no more than a version. */
function isVersionOf(image: string, other: string): boolean {
  const isVersion = (one: string) => /^(?:latest|v?\d[\d.]*)?$/.test(tagOf(one));
  return repositoryOf(image) === repositoryOf(other) && isVersion(image) && isVersion(other);
}

function repositoryOf(image: string): string {
  return image
    .replace(/@.*$/, '')
    .replace(/:[^/]*$/, '')
    .replace(/^docker\.io\/(?:library\/)?/, '');
}

function tagOf(image: string): string {
  return /:([^/@]*)(?:@.*)?$/.exec(image)?.[1] ?? '';
}

/** Everything before the name: registry and owner. */
function ownerOf(image: string): string {
  return folderOf(repositoryOf(image));
}
