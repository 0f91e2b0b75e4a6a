import { posix } from 'node:path';
import { isLocalName, readImageName, sameImage, sameRepository } from '../kernel/image-name.js';
import { contextOf, missingIn } from './build-context.js';
import type { Evidence, FindingOf, Findings } from './finding.js';
import { foundOf } from './finding.js';
import { folderOf, nameOf } from './found-file.js';
import { isAlias, matchImages } from './match-images.js';
import type { Piece, PlannedImage } from './piece.js';
import type { ShellStep } from './read-shell.js';
import { namedByRelease } from './release-values.js';

/** An image that the piece's objects name, and where. */
interface Used {
  image: string;
  from: Evidence;
  neverPulled: boolean;
  /** It is of what the piece brings up. What lies beside it may be old, or an exercise: nothing is guessed for that. */
  released: boolean;
}

/** A line of a page, and what of its paths was found elsewhere. */
type Line = ShellStep & { moved?: readonly string[] };

/** A build that a file says, whether or not it says the image's name. */
type Build = Omit<PlannedImage, 'image'> & { image: string | undefined };

/**
 * The images that are built: which Dockerfile makes which is said, in this order, by a `docker build -t` line, skaffold, compose,
 * and by the words of their names. An image that nothing here makes is the registry's.
 */
export function imagesOf(piece: Piece, findings: Findings, steps: readonly Line[]): PlannedImage[] {
  const used = usedImages(piece, findings);
  const said = [
    ...builtByLines(steps, piece),
    ...builtByFiles(findings, 'skaffold'),
    ...builtByFiles(findings, 'compose'),
  ];
  const builds = said.filter((build) => isThere(build, findings, piece)).map((build) => withoutShell(build, piece));
  const known = builds.filter((build): build is PlannedImage => build.image !== undefined);
  const planned: PlannedImage[] = [];
  for (const { image } of used) {
    const isShared = used.some((other) => other.image !== image && sameRepository(image, other.image));
    const made =
      known.find((build) => sameImage(build.image, image)) ??
      known.find(
        (build) => sameRepository(build.image, image) && (!isShared || readImageName(build.image).tag === undefined),
      );
    if (made !== undefined && !planned.some((one) => one.image === image)) planned.push({ ...made, image });
  }
  planned.push(...byNames(used, planned, builds, findings, piece));
  const all = used.map(({ image }) => image);
  for (const { image } of used.filter(
    (one) => !planned.some((made) => made.image === one.image) && !isThirdParty(one.image),
  )) {
    const made = planned.find((one) => isAlias(image, one.image, all));
    if (made !== undefined) planned.push({ ...made, image });
  }
  // skaffold writes the name of what it built into the objects itself: charts have a value for it, often under another name.
  for (const made of known.filter(({ from }) => foundOf(findings, 'skaffold').some(({ file }) => file === from.file))) {
    const isThereBy = ({ image, context, dockerfile }: PlannedImage) =>
      sameRepository(image, made.image) || (context === made.context && dockerfile === made.dockerfile);
    if (!planned.some(isThereBy)) planned.push(made);
  }
  for (const { image, from, neverPulled, released } of used)
    if (released && (neverPulled || isLocalName(image)) && !planned.some((one) => one.image === image))
      guess(
        piece,
        `${image} ${neverPulled ? 'is never pulled' : 'names no owner'}, and nothing here says what makes it`,
        from,
      );
  for (const one of planned) tellMissing(one, findings, piece);
  const order = new Map(used.map(({ image }, at) => [image, at]));
  return planned.sort((a, b) => (order.get(a.image) ?? used.length) - (order.get(b.image) ?? used.length));
}

function guess(piece: Piece, text: string, { file, line }: Evidence): void {
  piece.guesses.push({ about: 'images', text, from: { file, line } });
}

/** Names that are looked for in a context where no Dockerfile is named. */
const usualNames = ['Dockerfile', 'dockerfile', 'Containerfile'];

/** The path of the Dockerfile of a build; undefined where there is none. */
function dockerfileOf({ context, dockerfile }: Omit<Build, 'image'>, findings: Findings): string | undefined {
  const names =
    dockerfile === undefined ? usualNames.map((name) => posix.join(context, name)) : [posix.normalize(dockerfile)];
  return names.find((path) => findings.paths.has(path));
}

/** Whether what is to be built is in the repository; a build of what is not is told. */
function isThere(build: Build, findings: Findings, piece: Piece): boolean {
  const { image = 'an image', context, dockerfile, from } = build;
  if (/^https?:\/\//.test(context)) return true;
  const missing = [
    ...(findings.folders.has(context) ? [] : [context]),
    ...(dockerfileOf(build, findings) !== undefined || (dockerfile === undefined && !findings.folders.has(context))
      ? []
      : [dockerfile ?? posix.join(context, 'Dockerfile')]),
  ];
  if (missing.length > 0)
    guess(
      piece,
      `left out: ${missing.join(' and ')}, of which ${image} is built, ${missing.length === 1 ? 'is' : 'are'} not in the repository`,
      from,
    );
  return missing.length === 0;
}

/** A build without the arguments whose values only a shell, or the environment, knows. */
function withoutShell<T extends Build>(build: T, piece: Piece): T {
  const isOpen = (argument: string) => /[$`]|\{\{/.test(argument);
  const open = build.buildArguments.filter(isOpen).map((argument) => argument.split('=')[0]);
  if (open.length === 0) return build;
  guess(
    piece,
    `${build.image ?? build.context}: left out: what only a shell knows, the build argument ${open.join(', ')}`,
    build.from,
  );
  return { ...build, buildArguments: build.buildArguments.filter((argument) => !isOpen(argument)) };
}

/** What a Dockerfile copies and the repository does not hold has to be made before. */
function tellMissing(build: PlannedImage, findings: Findings, piece: Piece): void {
  const path = dockerfileOf(build, findings);
  const found = foundOf(findings, 'dockerfile').find(({ file }) => file === path);
  const missing = found === undefined ? [] : missingIn(build.context, found, findings);
  if (found === undefined || missing.length === 0) return;
  const said = missing.slice(0, 3).join(', ');
  guess(
    piece,
    `${build.image}: ${found.file} copies ${said}, not in the repository below ${build.context}: make it first`,
    found,
  );
}

/** Images that no file says are built, by the words of their names and those of the Dockerfiles. */
function byNames(
  used: readonly Used[],
  planned: readonly PlannedImage[],
  builds: readonly Build[],
  findings: Findings,
  piece: Piece,
): PlannedImage[] {
  const taken = planned.map((one) => dockerfileOf(one, findings));
  const free = foundOf(findings, 'dockerfile').filter(({ file }) => !taken.includes(file));
  // One for a developer's machine stands beside the one that is meant.
  const meant = free.filter(({ file }) => !/(?:^|[._-])(?:dev|test|local|debug)(?:[._-]|$)/i.test(nameOf(file)));
  const open = used.filter(({ image }) => !isThirdParty(image) && !planned.some((one) => one.image === image));
  const known = planned.map(({ image }) => image);
  const namesOf = (isReleased: boolean) =>
    open.filter(({ released }) => released === isReleased).map(({ image }) => image);
  const matches = matchImages(namesOf(true), meant, { home: piece.folder, known });
  const rest = meant.filter((one) => !matches.some(({ dockerfile }) => dockerfile === one));
  const beside = matchImages(namesOf(false), rest, { home: piece.folder, known }).filter(({ by }) => by === 'name');
  return [...matches, ...beside].map(({ image, dockerfile, by, rival }) => {
    const why =
      rival !== undefined ? ` rather than ${rival.file}` : by === 'name' ? ': the names agree' : ': there is no other';
    guess(piece, `${image} is built from ${dockerfile.file}${why}`, dockerfile);
    return { image, ...buildOf(dockerfile, builds, findings) };
  });
}

/** How a Dockerfile is built: as a file says that builds it under another name, else of the folder that holds what it copies. */
function buildOf(
  found: FindingOf<'dockerfile'>,
  builds: readonly Build[],
  findings: Findings,
): Omit<PlannedImage, 'image'> {
  const said = builds.find((build) => dockerfileOf(build, findings) === found.file);
  const { context } = said ?? contextOf(found, findings);
  const usual = usualNames.map((name) => posix.join(context, name)).find((path) => findings.paths.has(path));
  return {
    context,
    dockerfile: usual === found.file ? undefined : found.file,
    ...(said?.target !== undefined && { target: said.target }),
    buildArguments: said?.buildArguments ?? [],
    from: { file: found.file, line: found.line },
  };
}

/** Images that are looked at, far above what a repository of a person names: each is held against all others. */
const mostImages = 1_000;

function usedImages(piece: Piece, findings: Findings): Used[] {
  const used: Used[] = [];
  const add = (one: Used) => {
    const before = used.find(({ image }) => image === one.image);
    if (before === undefined && used.length < mostImages) used.push(one);
    else if (before !== undefined && one.released && !before.released) Object.assign(before, one);
  };
  for (const { file, objects } of foundOf(findings, 'manifest')) {
    const released = isReleased(file, piece, findings);
    for (const { images, line, neverPulled } of objects)
      for (const image of images) add({ image, from: { file, line }, neverPulled, released });
  }
  for (const release of piece.releases) {
    if (release.kind !== 'chart' || release.chart.kind !== 'folder') continue;
    const { images, place } = namedByRelease(release, findings);
    for (const image of images) add({ image, from: place(image.split(':')[0]!), neverPulled: false, released: true });
  }
  if (used.length === mostImages) {
    const text = `no more than ${mostImages} images were looked at`;
    piece.guesses.push({ about: 'images', text, from: undefined });
  }
  return used;
}

/** Whether a file is of what the piece brings up. */
function isReleased(file: string, { releases }: Piece, findings: Findings): boolean {
  const isBelow = (folder: string) => folder === '.' || file.startsWith(`${folder}/`);
  const uses = foundOf(findings, 'kustomization').flatMap((one) => one.uses);
  return releases.some((one) => {
    if (one.kind === 'chart') return false;
    const path = posix.normalize(one.path).replace(/\/$/, '');
    if (one.kind === 'kustomize') return [path, ...uses].some((used) => used === file || isBelow(used));
    return path === file || path === (folderOf(file) || '.') || (one.recursive && isBelow(path));
  });
}

function builtByLines(steps: readonly Line[], piece: Piece): Build[] {
  return steps.flatMap(({ act, file, line, moved = [] }) => {
    if (act.kind !== 'image build') return [];
    const from = { file, line };
    for (const text of moved) guess(piece, text, from);
    const build = {
      context: act.context,
      dockerfile: act.dockerfile,
      ...(act.target !== undefined && { target: act.target }),
      ...(act.platform !== undefined && { platform: act.platform }),
      buildArguments: act.buildArguments,
      from,
    };
    return act.tags.map((tag) => ({ ...build, image: saidName(tag) }));
  });
}

/** A name as a line says it: without a tag that only a shell knows; undefined where the name itself is such. */
function saidName(tag: string): string | undefined {
  const name = tag.replace(/:[^:/]*[$`].*$/s, '');
  return /[$`]/.test(name) ? undefined : name;
}

/** What skaffold or compose files build with a Dockerfile; a command of skaffold's own is the user's. */
function builtByFiles(findings: Findings, kind: 'skaffold' | 'compose'): Build[] {
  return foundOf(findings, kind).flatMap(({ builds, file, line }) =>
    builds
      .filter(({ command }) => command === undefined)
      .map(({ image, context, dockerfile, target, buildArguments = [] }) => ({
        image,
        context,
        dockerfile: dockerfile && within(context, dockerfile),
        ...(target !== undefined && { target }),
        buildArguments,
        from: { file, line },
      })),
  );
}

/** Software of others: Docker Hub's own images, and those of the usual vendors. */
function isThirdParty(image: string): boolean {
  const { registry, path } = readImageName(image);
  if (
    /^(?:quay\.io|gcr\.io|k8s\.gcr\.io|registry\.k8s\.io|mcr\.microsoft\.com|docker\.elastic\.co|public\.ecr\.aws)$/.test(
      registry,
    )
  )
    return true;
  if (registry !== 'docker.io') return false;
  if (path.startsWith('library/')) return !isLocalName(image);
  return vendors.has(path.split('/')[0]!);
}

/** Owners on Docker Hub of what others use. */
const vendors = new Set(
  `bitnami bitnamilegacy prom grafana confluentinc rancher istio jaegertracing wurstmeister curlimages groundnuty flyway liquibase
  migrate dpage provectuslabs minio clickhouse apache axllent mailhog openzipkin hashicorp oryd keycloak vromero danielqsj oliver006
  prometheuscommunity kong traefik envoyproxy fluent gomicro mesosphere amazon google nginxinc redis elastic yandex percona
  testcontainers alpine`.split(/\s+/),
);

function within(context: string, dockerfile: string): string {
  return context === '.' || context === '' ? dockerfile : `${context}/${dockerfile}`.replace(/\/\.\//g, '/');
}
