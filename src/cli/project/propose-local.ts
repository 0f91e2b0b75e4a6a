import { posix } from 'node:path';
import { type Evidence, type Findings, foundOf } from './finding.js';
import { folderOf } from './found-file.js';
import type { Guess, Piece, PlannedImage, PlannedLocal } from './piece.js';
import { type DockerStage, readDockerfile } from './read-dockerfile.js';

/** The text of a file of the repository; undefined where there is none. */
type ReadText = (path: string) => string | undefined;

const workloads = new Set(['Deployment', 'StatefulSet', 'DaemonSet', 'Pod', 'Job']);

/**
 * A piece with how its workloads run without a cluster: the command of each image that is built here, in the folder that the
 * image is made of. A function of what was found and the texts; what cannot be told is a guess, with what to do.
 */
export function withLocal(piece: Piece, findings: Findings, text: ReadText): Piece {
  const local: PlannedLocal[] = [];
  const guesses: Guess[] = [];
  for (const image of piece.images) {
    const names = workloadsOf(image, piece, findings);
    const program = names.length === 0 ? undefined : programOf(image, findings, text, guesses);
    if (program === undefined) continue;
    for (const name of names)
      if (!local.some((one) => one.workload === name)) local.push({ ...program, workload: name });
  }
  return { ...piece, local, guesses: [...piece.guesses, ...guesses] };
}

/** The workloads that run an image: as manifests say; of a chart by the name that its release usually makes. */
function workloadsOf({ image }: PlannedImage, piece: Piece, findings: Findings): string[] {
  const plain = withoutTag(image);
  const named = foundOf(findings, 'manifest').flatMap(({ objects }) =>
    objects
      .filter(({ kind, images }) => workloads.has(kind) && images.some((one) => withoutTag(one) === plain))
      .flatMap(({ name }) => name ?? []),
  );
  if (named.length > 0) return named;
  const charts = piece.releases.flatMap((release) =>
    release.kind === 'chart' && release.chart.kind === 'folder' ? [release] : [],
  );
  const [only] = charts;
  if (charts.length !== 1 || only === undefined || piece.images.length !== 1) return [];
  const chart =
    foundOf(findings, 'chart').find(({ folder }) => (folder || '.') === only.chart.name)?.name ?? only.release;
  // As `helm create` has it.
  return [only.release.includes(chart) ? only.release : `${only.release}-${chart}`];
}

function withoutTag(image: string): string {
  return image
    .replace(/@.*$/, '')
    .replace(/:[^/]*$/, '')
    .replace(/^docker\.io\/(?:library\/)?/, '');
}

type Program = Omit<PlannedLocal, 'workload'>;

function programOf(image: PlannedImage, findings: Findings, text: ReadText, guesses: Guess[]): Program | undefined {
  const context = posix.normalize(image.context);
  const path = image.dockerfile ?? posix.join(context, 'Dockerfile');
  const found = foundOf(findings, 'dockerfile').find(({ file }) => file === posix.normalize(path));
  const source = found === undefined ? undefined : text(found.file);
  const stage = source === undefined ? undefined : readDockerfile(source);
  const tell = (said: string, from: Evidence | undefined) => guesses.push({ about: 'local', text: said, from });
  const from = { file: found?.file ?? path, line: stage?.line ?? 1 };
  const read = commandOf(context, stage, { findings, text, from });
  if (read === undefined) {
    tell(
      `no local entry for ${image.image}: neither its Dockerfile nor its folder says how it runs without a container`,
      from,
    );
    return undefined;
  }
  for (const need of read.needs) tell(`local ${image.image}: ${need.text}`, need.from);
  const port = listening(read, stage, found?.ports ?? [], { findings, text });
  if (port === undefined && (found?.ports.length ?? 0) > 0)
    tell(
      `local ${image.image}: it listens on ${found?.ports[0]} whatever it is told, as far as its sources show`,
      from,
    );
  const environment = { ...imageVariables(stage), ...port?.environment };
  return {
    command: port?.command ?? read.command,
    folder: read.folder,
    environment,
    from: read.from,
  };
}

interface Reading {
  findings: Findings;
  text: ReadText;
}

interface ReadCommand {
  command: string[];
  folder: string;
  from: Evidence;
  needs: { text: string; from: Evidence }[];
}

function commandOf(
  context: string,
  stage: DockerStage | undefined,
  { findings, text, from }: Reading & { from: Evidence },
): ReadCommand | undefined {
  const { paths } = findings;
  const has = (folder: string, name: string) => paths.has(posix.join(folder, name));
  const needs: ReadCommand['needs'] = [];
  const need = (folder: string, name: string, said: string) =>
    void (has(folder, name) && needs.push({ text: said, from: { file: posix.join(folder, name), line: 1 } }));
  const given = stage?.command;
  const candidates = foldersOf(context, stage, findings);
  const go = candidates.find((folder) => has(folder, 'go.mod'));
  if (go !== undefined) {
    const place = { file: posix.join(go, 'go.mod'), line: 1 };
    return { command: ['go', 'run', mainPackageOf(stage, go, findings)], folder: go, from: place, needs };
  }
  const folder =
    candidates.find((one) => (given ?? []).some((word) => namesFile(word, one, stage, paths))) ??
    candidates[0] ??
    context;
  const java = ['pom.xml', 'build.gradle', 'build.gradle.kts'].find((name) => candidates.some((one) => has(one, name)));
  if (java !== undefined) {
    const home = candidates.find((one) => has(one, java)) ?? context;
    const command =
      java === 'pom.xml'
        ? ['mvn', '-q', 'spring-boot:run']
        : [has(home, 'gradlew') ? './gradlew' : 'gradle', '-q', 'bootRun'];
    const place = { file: posix.join(home, java), line: 1 };
    const said = `needs a JDK${java === 'pom.xml' ? ' and Maven' : ''}; the command is that of Spring Boot`;
    return { command, folder: home, from: place, needs: [{ text: said, from: place }] };
  }
  if (has(folder, 'package.json')) {
    const manifest = packageOf(text(posix.join(folder, 'package.json')));
    const place = { file: posix.join(folder, 'package.json'), line: 1 };
    if (manifest.needsInstall) needs.push({ text: `needs its packages: npm ci in ${folder}`, from: place });
    if (given !== undefined) {
      const built = given.find((word) => /^(?:\.\/)?(?:dist|build|out)\//.test(word) && !has(folder, word));
      if (built !== undefined) needs.push({ text: `needs ${built}: npm run build in ${folder}`, from });
      return { command: onThisMachine(given, stage), folder, from, needs };
    }
    if (manifest.start !== undefined) return { command: ['npm', 'start'], folder, from: place, needs };
    return manifest.main === undefined ? undefined : { command: ['node', manifest.main], folder, from: place, needs };
  }
  const isPython = given?.some((word) =>
    /^(?:python[\d.]*|uvicorn|gunicorn|flask|hypercorn|fastapi|poetry|pipenv|uv)$/.test(posix.basename(word)),
  );
  if (isPython !== true || given === undefined)
    return given === undefined ? undefined : interpreted(given, folder, from);
  const packages = 'needs its packages: a virtual environment that is activated when hwctl runs, and pip install';
  need(folder, 'requirements.txt', `${packages} -r requirements.txt in ${folder}`);
  need(folder, 'pyproject.toml', `${packages} . in ${folder}`);
  return { command: onThisMachine(given, stage), folder, from, needs };
}

/** Programs that run as they are where their language is there; what was compiled for the image does not. */
function interpreted(given: string[], folder: string, from: Evidence): ReadCommand | undefined {
  return /^(?:node|npm|npx|yarn|pnpm|bun|deno|php|ruby|bundle|dotnet|sh|bash)$/.test(posix.basename(given[0] ?? ''))
    ? { command: given, folder, from, needs: [] }
    : undefined;
}

/** Folders that may be the program's here, the likeliest first: what is copied to where it runs in the image. */
function foldersOf(context: string, stage: DockerStage | undefined, { paths, folders }: Findings): string[] {
  const { workdir, copies } = stage ?? { workdir: '/', copies: [] };
  const copied = copies.flatMap(({ from, to }) =>
    from.flatMap((source) => {
      const here = posix.join(context, source.replace(/^\/+|\/+$/g, ''));
      const isFolder = folders.has(here) || here === '.';
      const file = paths.has(here) || /[*?]/.test(source);
      if (to === workdir) return isFolder ? [here] : file ? [folderOf(here) || '.'] : [];
      const below = posix.relative(workdir, to);
      return isFolder && below !== '' && !below.startsWith('..') && `${here}/`.endsWith(`/${below}/`)
        ? [here.slice(0, -below.length).replace(/\/$/, '') || '.']
        : [];
    }),
  );
  const all = [...new Set([...copied, context])].map((folder) => posix.normalize(folder));
  return all.filter((folder) => folder === '.' || folders.has(folder));
}

function namesFile(word: string, folder: string, stage: DockerStage | undefined, paths: ReadonlySet<string>): boolean {
  const own = word.startsWith('/') ? posix.relative(stage?.workdir ?? '/', word) : word;
  if (own === '' || own.startsWith('..')) return false;
  const module = /^([\w.]+):\w+/.exec(own)?.[1]?.replaceAll('.', '/');
  return paths.has(posix.join(folder, own)) || (module !== undefined && paths.has(posix.join(folder, `${module}.py`)));
}

/** Paths of the image as those of the folder; `python` by the name that every system has. */
function onThisMachine(given: readonly string[], stage: DockerStage | undefined): string[] {
  return given.map((word, at) => {
    if (at === 0 && word === 'python') return 'python3';
    const within = word.startsWith('/') ? posix.relative(stage?.workdir ?? '/', word) : '..';
    return within.startsWith('..') || within === '' ? word : `./${within}`;
  });
}

/** The package that `go build` makes the program of. */
function mainPackageOf(stage: DockerStage | undefined, folder: string, { paths, folders }: Findings): string {
  for (const run of stage?.runs ?? []) {
    const words = /\bgo\s+build\s+([^&|;]*)/.exec(run)?.[1]?.trim().split(/\s+/) ?? [];
    const last = words.at(-1) ?? '';
    if (words.at(-2) === '-o' || last.startsWith('-') || last === '') continue;
    const at = posix.join(folder, last);
    if (folders.has(at) || paths.has(at)) return last.startsWith('.') ? last : `./${last}`;
  }
  if (paths.has(posix.join(folder, 'main.go'))) return '.';
  const main = [...paths].find(
    (path) => path.startsWith(folder === '.' ? 'cmd/' : `${folder}/cmd/`) && path.endsWith('/main.go'),
  );
  return main === undefined ? '.' : `./${posix.relative(folder, folderOf(main))}`;
}

function packageOf(text: string | undefined): { start?: string; main?: string; needsInstall: boolean } {
  try {
    const { scripts, main, dependencies } = JSON.parse(text ?? '{}') as {
      scripts?: { start?: unknown };
      main?: unknown;
      dependencies?: object;
    };
    return {
      ...(typeof scripts?.start === 'string' ? { start: scripts.start } : {}),
      ...(typeof main === 'string' ? { main } : {}),
      needsInstall: Object.keys(dependencies ?? {}).length > 0,
    };
  } catch {
    return { needsInstall: false };
  }
}

/** Variables of the image that are the program's own: not those of the image's tools, and no paths of the image. */
function imageVariables(stage: DockerStage | undefined): Record<string, string> {
  return Object.fromEntries(
    Object.entries(stage?.env ?? {}).filter(
      ([name, value]) =>
        !/^(?:PATH|HOME|LANG|LC_\w+|TZ|PYTHON\w*|PIP_\w+|POETRY_\w+|GO\w*|CGO_ENABLED|NODE_PATH|NPM_\w+|JAVA_HOME|DEBIAN_FRONTEND|\w*PORT|\w+_VERSION|VIRTUAL_ENV)$/.test(
          name,
        ) && !/[$]|^\//.test(value),
    ),
  );
}

/** How it is told where to listen: a port in its command, or a variable that its sources read. */
function listening(
  { command, folder }: ReadCommand,
  stage: DockerStage | undefined,
  exposed: readonly number[],
  { findings, text }: Reading,
): { command?: string[]; environment?: Record<string, string> } | undefined {
  const fitted = withPort(command, exposed);
  if (fitted !== undefined) return { command: fitted };
  const own = Object.keys(stage?.env ?? {}).find((name) => /PORT$/.test(name) && !ofOthers.test(name));
  if (own !== undefined) return { environment: { [own]: '{port}' } };
  for (const path of sourcesIn(folder, findings)) {
    const name = portVariableIn(text(path) ?? '');
    if (name !== undefined) return { environment: { [name]: '{port}' } };
  }
  return undefined;
}

const ofOthers = /DB|DATABASE|POSTGRES|^PG|SQL|REDIS|RABBIT|AMQP|KAFKA|MONGO|SMTP|MAIL|METRICS|PROM|GRPC|DEBUG/;

function portVariableIn(source: string): string | undefined {
  const read =
    /(?:process\.env\.|process\.env\[\s*['"]|os\.environ(?:\.get)?[([]\s*['"]|os\.getenv\(\s*['"]|os\.(?:Getenv|LookupEnv)\(\s*"|getenv\(\s*['"]|ENV\[['"]|GetEnvironmentVariable\(\s*")((?:[A-Z][A-Z0-9]*_)*PORT)\b/g;
  return [...source.matchAll(read)].map(([, name = '']) => name).find((name) => !ofOthers.test(name));
}

function sourcesIn(folder: string, { paths }: Findings): string[] {
  const below = folder === '.' ? '' : `${folder}/`;
  return [...paths]
    .filter(
      (path) =>
        path.startsWith(below) &&
        path.slice(below.length).split('/').length <= 4 &&
        /\.(?:js|mjs|cjs|ts|py|go|rb|php|cs)$/.test(path) &&
        !/(?:^|\/)(?:tests?|spec|node_modules|migrations)\/|[._](?:test|spec)\./.test(path),
    )
    .sort((a, b) => a.split('/').length - b.split('/').length || (a < b ? -1 : 1))
    .slice(0, 60);
}

/** `--port 8000`, `-p 8000`, `--bind 0.0.0.0:8000` with the port that hwctl chooses, on this machine alone. */
function withPort(command: readonly string[], exposed: readonly number[]): string[] | undefined {
  let changed = false;
  const words = command.map((word, at) => {
    const before = command[at - 1] ?? '';
    const isPort =
      /^(?:--?(?:port|p|http-port|listen|bind|b)|runserver)$/.test(before) ||
      exposed.some((port) => word.endsWith(`:${port}`));
    const [, head, number] =
      /^(--(?:port|bind|listen)=|)(?:(?:0\.0\.0\.0|\[::\]|\*|127\.0\.0\.1|localhost)?:)?(\d{2,5})$/.exec(word) ?? [];
    if (number === undefined || head === undefined || !(isPort || head !== '')) return word;
    changed = true;
    return `${head}${word.includes(':') ? '127.0.0.1:' : ''}{port}`;
  });
  if (!changed) return undefined;
  return words.map((word, at) =>
    words[at - 1] === '--host' && word === '0.0.0.0'
      ? '127.0.0.1'
      : word.replace(/^--host=0\.0\.0\.0$/, '--host=127.0.0.1'),
  );
}
