import { posix } from 'node:path';
import type { Evidence, Findings } from './finding.js';
import { foundOf } from './finding.js';
import { nameOf } from './found-file.js';
import type { Piece, PlannedImage } from './piece.js';
import type { ShellStep } from './read-shell.js';

/** An image that the piece's objects name, and where. */
interface Used {
  image: string;
  from: Evidence;
  neverPulled: boolean;
}

/**
 * The images that are built: which Dockerfile makes which is said, in this order, by a `docker build -t` line, skaffold, compose,
 * and by a folder that is named as the image is. An image that nothing here makes is the registry's.
 */
export function imagesOf(piece: Piece, findings: Findings, steps: readonly ShellStep[]): PlannedImage[] {
  const used = usedImages(piece, findings);
  const there = (all: readonly PlannedImage[]) => all.filter((made) => isThere(made, findings, piece));
  const byLines = there(builtByLines(steps));
  const bySkaffold = there(builtByFiles(findings, 'skaffold'));
  const known = [...byLines, ...bySkaffold, ...there(builtByFiles(findings, 'compose'))];
  const planned: PlannedImage[] = [];
  for (const one of used) {
    const isShared = used.some(({ image }) => image !== one.image && sameImage(image, one.image));
    const made =
      known.find(({ image }) => image === one.image) ??
      (isShared ? byTag(one, findings) : known.find(({ image }) => sameImage(image, one.image))) ??
      (isShared ? undefined : byFolder(one, findings, piece, used));
    if (made === undefined) {
      if (one.neverPulled || isLocal(one.image)) {
        piece.guesses.push({
          about: 'images',
          text: `${one.image} ${one.neverPulled ? 'is never pulled' : 'names no owner'}, and nothing here says what makes it`,
          from: one.from,
        });
      }
    } else if (!planned.some(({ image }) => image === one.image)) planned.push({ ...made, image: one.image });
  }
  // skaffold writes the name of what it built into the objects itself: charts have a value for it, often under another name.
  for (const made of bySkaffold) {
    if (!planned.some(({ context, image }) => sameImage(image, made.image) || context === made.context))
      planned.push(made);
  }
  return planned;
}

/** Whether what is to be built is in the repository; a build of what is not is told. */
function isThere({ image, context, dockerfile, from }: PlannedImage, findings: Findings, piece: Piece): boolean {
  const missing = [
    ...(findings.folders.has(context) || /^https?:\/\//.test(context) ? [] : [context]),
    ...(dockerfile === undefined || findings.paths.has(posix.normalize(dockerfile)) ? [] : [dockerfile]),
  ];
  if (missing.length > 0)
    piece.guesses.push({
      about: 'images',
      text: `left out: ${missing.join(' and ')}, of which ${image} is built, ${missing.length === 1 ? 'is' : 'are'} not in the repository`,
      from,
    });
  return missing.length === 0;
}

/** Images that are looked at, far above what a repository of a person names: each is held against all others. */
const mostImages = 1_000;

function usedImages(piece: Piece, findings: Findings): Used[] {
  const used: Used[] = [];
  const add = (image: string, from: Evidence, neverPulled: boolean) => {
    if (used.length < mostImages && !used.some((one) => one.image === image))
      used.push({ image, from: { file: from.file, line: from.line }, neverPulled });
  };
  for (const { file, objects } of foundOf(findings, 'manifest')) {
    for (const { images, line, neverPulled } of objects)
      for (const image of images) add(image, { file, line }, neverPulled);
  }
  for (const chart of foundOf(findings, 'chart')) {
    if (piece.releases.some((one) => one.kind === 'chart' && one.chart.name === chart.folder))
      for (const image of chart.images) add(image, { file: chart.valuesFiles[0] ?? chart.file, line: 1 }, false);
  }
  if (used.length === mostImages) {
    const text = `no more than ${mostImages} images were looked at`;
    piece.guesses.push({ about: 'images', text, from: undefined });
  }
  return used;
}

function builtByLines(steps: readonly ShellStep[]): PlannedImage[] {
  return steps.flatMap(({ act, file, line }) =>
    act.kind !== 'image build'
      ? []
      : act.tags.map((image) => ({
          image,
          context: act.context,
          dockerfile: act.dockerfile,
          ...(act.target !== undefined && { target: act.target }),
          ...(act.platform !== undefined && { platform: act.platform }),
          buildArguments: act.buildArguments,
          from: { file, line },
        })),
  );
}

/** What skaffold or compose files build with a Dockerfile; a command of skaffold's own is the user's. */
function builtByFiles(findings: Findings, kind: 'skaffold' | 'compose'): PlannedImage[] {
  return foundOf(findings, kind).flatMap(({ builds, file, line }) =>
    builds.flatMap(({ image, context, dockerfile, command }) => {
      if (image === undefined || command !== undefined) return [];
      const from = { file, line };
      return [{ image, context, dockerfile: dockerfile && within(context, dockerfile), buildArguments: [], from }];
    }),
  );
}

/** A Dockerfile in a folder of the image's name, or the only one for the only image that could be made. */
function byFolder(used: Used, findings: Findings, piece: Piece, all: readonly Used[]): PlannedImage | undefined {
  const dockerfiles = foundOf(findings, 'dockerfile').filter(
    ({ file }) => !/(?:^|[/.])(?:dev|test|local|debug)(?:[./]|$)/i.test(nameOf(file)),
  );
  const name = plainName(used.image);
  const named = dockerfiles.filter(
    ({ folder, file }) =>
      isNamed(folder, name) || isNamed(nameOf(file).replace(/^Dockerfile[.-]|\.Dockerfile$/i, ''), name),
  );
  const ours = all.filter(({ image }) => !isThirdParty(image));
  const only = dockerfiles.length === 1 && ours.length === 1 && ours[0] === used ? dockerfiles : [];
  const [found, second] = named.length > 0 ? named : only;
  if (found === undefined || isThirdParty(used.image)) return undefined;
  if (second !== undefined)
    piece.guesses.push({
      about: 'images',
      text: `${used.image}: ${found.file} rather than ${second.file}`,
      from: found,
    });
  else
    piece.guesses.push({
      about: 'images',
      text: `${used.image} is built from ${found.file}: ${named.length > 0 ? 'the names agree' : 'there is no other'}`,
      from: found,
    });
  const context = found.folder === '' ? '.' : found.folder;
  return {
    image: used.image,
    context,
    dockerfile: nameOf(found.file) === 'Dockerfile' ? undefined : found.file,
    buildArguments: [],
    from: { file: found.file, line: found.line },
  };
}

/** Where one name has many tags, the tag says which: `me/course:v3-auth-service` of the folder `auth-service`. */
function byTag(used: Used, findings: Findings): PlannedImage | undefined {
  const tag = /:([^/]*)$/.exec(used.image)?.[1] ?? '';
  const named = foundOf(findings, 'dockerfile')
    .filter(({ folder }) => folder !== '' && tag.includes(nameOf(folder)))
    .sort((a, b) => nameOf(b.folder).length - nameOf(a.folder).length);
  const [found] = named;
  if (found === undefined) return undefined;
  return {
    image: used.image,
    context: found.folder,
    dockerfile: nameOf(found.file) === 'Dockerfile' ? undefined : found.file,
    buildArguments: [],
    from: { file: found.file, line: found.line },
  };
}

/** `shop/orders-api:v1` and a folder `orders-api`, `orders` or `orders_api`; `me/shop-orders` and a folder `orders`. */
function isNamed(folder: string, image: string): boolean {
  const plain = (text: string) =>
    text
      .toLowerCase()
      .replace(/[-_.](?:api|app|service|svc|server|backend|image)$/, '')
      .replaceAll(/[^a-z0-9]/g, '');
  return folder.split('/').some((part) => {
    const name = plain(part);
    return (
      name !== '' && (name === plain(image) || (name.length > 2 && /[-_.]/.test(image) && plain(image).endsWith(name)))
    );
  });
}

/** The last part of an image's name: no registry, owner, tag or digest. */
function plainName(image: string): string {
  return nameOf(image.replace(/@.*$/, '').replace(/:[^/]*$/, ''));
}

function sameImage(a: string, b: string): boolean {
  const plain = (image: string) =>
    image
      .replace(/@.*$/, '')
      .replace(/:[^/]*$/, '')
      .replace(/^docker\.io\/(?:library\/)?/, '');
  return plain(a) === plain(b);
}

/** A name that only a machine of its own can have: no registry and no owner. Official images have such names too. */
function isLocal(image: string): boolean {
  return !image.includes('/') && !isThirdParty(image);
}

/** Software of others, by the names that Docker Hub's official images and the usual vendors have. */
function isThirdParty(image: string): boolean {
  return (
    /^(?:docker\.io\/)?(?:library\/)?(?:postgres|mysql|mariadb|redis|mongo|rabbitmq|nginx|busybox|alpine|debian|ubuntu|node|python|golang|openjdk|eclipse-temurin|memcached|traefik|httpd|kafka|zookeeper|nats|consul|vault|elasticsearch|kibana|logstash|cassandra|influxdb|haproxy|caddy|wordpress|registry|php|ruby|rust|maven|gradle|amazoncorretto|adminer|clickhouse|minio|hello-world)(?::|$|@|-)/.test(
      image,
    ) ||
    /^(?:docker\.io\/)?(?:bitnami|bitnamilegacy|prom|grafana|confluentinc|rancher|istio|jaegertracing|wurstmeister|curlimages|groundnuty|flyway|liquibase|migrate|dpage|provectuslabs)\//.test(
      image,
    ) ||
    /^(?:quay\.io|gcr\.io|k8s\.gcr\.io|registry\.k8s\.io|mcr\.microsoft\.com|docker\.elastic\.co)\//.test(image)
  );
}

function within(context: string, dockerfile: string): string {
  return context === '.' || context === '' ? dockerfile : `${context}/${dockerfile}`.replace(/\/\.\//g, '/');
}
