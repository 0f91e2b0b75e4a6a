import { basename, posix } from 'node:path';
import type { Evidence, Finding, FindingOf, Findings } from './finding.js';
import { foundOf } from './finding.js';
import { folderOf, nameOf } from './found-file.js';
import { isBare, meantFolder } from './manifest-folder.js';
import type { Piece, Release } from './piece.js';
import { imagesOf } from './plan-images.js';
import { hostOf, testsOf } from './plan-proof.js';
import type { ShellStep } from './read-shell.js';
import { namedByRelease } from './release-values.js';
import { control } from './shell-lines.js';
import { type ChartReference, isRemote, withFile } from './shell-step.js';

/** Folders of homework: one piece of work each, whatever else the repository holds. */
const homework = /^(?:hw|homework|home-?work|task|lesson|lab|dz|module|week|les|exercise|practice)s?[-_. ]?\d/i;
/** Folders that say how something beside them is brought up. */
const aside = /^(?:docs?|readme|scripts?|deploy|deployment|install|\.github|hack|tools)$/i;

/**
 * The pieces of work of a repository, each with its plan: what its pages, Makefiles and scripts say, in their order; where they
 * say nothing, what its charts and manifests are. Several pieces are several stacks, or several ways to deploy one thing.
 */
export function piecesOf(read: Findings): Piece[] {
  const places = placesOf(read);
  const findings: PlacedFindings = { ...read, steps: read.steps.map((step) => relocated(step, read, places)) };
  const homes = homesOf(findings);
  return homes.map((folder) => pieceIn(folder, findings, homes)).filter(({ releases }) => releases.length > 0);
}

/** The folder of a path that may be `.`. */
function plainFolder(path: string): string {
  return path === '.' ? '' : path;
}

function homesOf(findings: Findings): string[] {
  const homes = new Set<string>();
  for (const { file, act } of findings.steps) if (deploys(act)) homes.add(homeOf(placeOf(file, act)));
  for (const finding of findings.found) {
    const top = homeworkOf(finding.file);
    if (top !== undefined && (finding.kind === 'chart' || finding.kind === 'manifest' || finding.kind === 'skaffold'))
      homes.add(top);
  }
  if (homes.size === 0) for (const folder of separateWorks(findings)) homes.add(folder);
  // Where the whole says how, or no part does, there is one piece; what is below it is its parts.
  const separate = homes.size > 0 && findings.steps.every(({ act }) => !deploys(act));
  const within = [...homes].filter((folder) => !separate && homeworkOf(`${folder}/`) === undefined);
  if (within.includes('') || homes.size === 0) for (const folder of within) homes.delete(folder);
  if (within.includes('') || homes.size === 0) homes.add('');
  else if (within.length > 1) {
    for (const folder of within) homes.delete(folder);
    homes.add(commonFolder(within));
  }
  return [...homes].sort((a, b) => a.localeCompare(b, 'en', { numeric: true }));
}

/** Folders at the root that each hold something to deploy and the collection that proves it: works of their own. */
function separateWorks(findings: Findings): string[] {
  const topsOf = (...kinds: Finding['kind'][]) =>
    new Set(
      findings.found.flatMap(({ kind, file }) =>
        kinds.includes(kind) && file.includes('/') ? [file.slice(0, file.indexOf('/'))] : [],
      ),
    );
  const proven = topsOf('collection');
  const works = [...topsOf('manifest', 'chart', 'skaffold')].filter((folder) => proven.has(folder));
  return works.length > 1 ? works : [];
}

/** The path by which a step belongs to a homework folder: what it deploys, else the file that says so. */
function placeOf(file: string, act: ShellStep['act']): string {
  const path =
    act.kind === 'apply'
      ? act.files[0]
      : act.kind === 'helm release' && act.chart.kind === 'folder'
        ? act.chart.name
        : undefined;
  return path !== undefined && homeworkOf(`${path}/`) !== undefined ? `${path}/` : file;
}

function homeOf(file: string): string {
  const top = homeworkOf(file);
  if (top !== undefined) return top;
  let folder = folderOf(file);
  while (folder !== '' && aside.test(nameOf(folder))) folder = folderOf(folder);
  return folder;
}

/** The homework folder, at the root or one below it, in which a file lies; a folder is asked with a slash at its end. */
function homeworkOf(file: string): string | undefined {
  const folders = file.split('/').slice(0, -1);
  const at = folders.slice(0, 2).findIndex((part) => homework.test(part));
  return at === -1 ? undefined : folders.slice(0, at + 1).join('/');
}

function commonFolder(folders: readonly string[]): string {
  const [first = [], ...rest] = folders.map((folder) => folder.split('/'));
  const length = first.findIndex((part, index) => rest.some((parts) => parts[index] !== part));
  return first.slice(0, length === -1 ? first.length : length).join('/');
}

function deploys(act: ShellStep['act']): boolean {
  return act.kind === 'helm release' || act.kind === 'apply' || (act.kind === 'skaffold' && act.verb !== 'build');
}

/** True where a path lies in the folder and in no home below it. */
function belongs(path: string, folder: string, homes: readonly string[]): boolean {
  const inside = (home: string) => home === '' || path === home || path.startsWith(`${home}/`);
  return inside(folder) && !homes.some((home) => home.length > folder.length && inside(home));
}

function pieceIn(folder: string, findings: PlacedFindings, homes: readonly string[]): Piece {
  const piece: Piece = {
    name: folder === '' ? basename(findings.root) : nameOf(folder),
    folder,
    sources: [],
    namespaces: [],
    defaultNamespace: undefined,
    addons: [],
    releases: [],
    images: [],
    host: undefined,
    tests: [],
    load: [],
    dashboards: foundOf(findings, 'dashboard').filter(({ file }) => belongs(file, folder, homes)),
    guesses: [],
  };
  const mine = { ...findings, found: findings.found.filter(({ file }) => belongs(file, folder, homes)) };
  const steps = findings.steps.filter((step) =>
    belongs(deploys(step.act) ? placeOf(step.file, step.act) : step.file, folder, homes),
  );
  const followed = sourceOf(steps, findings, piece);
  for (const step of followed) follow(step, piece, findings);
  if (piece.releases.length === 0) fromContents(piece, mine);
  piece.images = imagesOf(piece, mine, steps);
  piece.host = hostOf(mine, piece);
  testsOf(piece, mine, steps);
  byHand(steps, mine, piece);
  addonsOf(piece, mine);
  return piece;
}

/** Whether an object is made of nothing but load scripts: what the k6 operator runs, and nothing that is up. */
function isScript(from: readonly string[], { load }: Piece): boolean {
  const named = from.map((one) => /^from-file=(?:[^=]*=)?(.+)$/.exec(one)?.[1]);
  return (
    named.length > 0 &&
    named.every((path) => load.some(({ file }) => path !== undefined && nameOf(file) === nameOf(path)))
  );
}

/** ConfigMaps and Secrets that a page makes by a command and no manifest holds: the command is told, its values are not. */
function byHand(steps: readonly Placed[], findings: Findings, piece: Piece): void {
  const held = new Set(
    foundOf(findings, 'manifest').flatMap(({ objects }) =>
      objects.map(({ kind, name }) => `${kind.toLowerCase()}/${name}`),
    ),
  );
  const told = new Set<string>();
  for (const { act, text, file, line } of steps) {
    if (act.kind !== 'generated object') continue;
    const id = `${act.object}/${act.name}`;
    if (held.has(id) || told.has(id) || isScript(act.from, piece)) continue;
    told.add(id);
    const kind =
      act.object === 'secret' ? `secret ${/\bsecret\s+([a-z-]+)/.exec(text)?.[1] ?? 'generic'}` : 'configmap';
    const given = act.from.map((one) => ` --${one.replace(/^(from-literal=[^=]*=).*/s, '$1...')}`).join('');
    const command = `kubectl create ${kind} ${act.name}${given}`;
    piece.guesses.push({
      about: 'releases',
      text: `left out, make it by hand before: ${command}`,
      from: { file, line },
    });
  }
}

/**
 * The steps of the files that say most of what is there: a README and a Makefile are two descriptions of one thing, and the
 * one that names what is gone is the older.
 */
function sourceOf(steps: readonly Placed[], findings: Findings, piece: Piece): Placed[] {
  const byFile = groupBy(steps, ({ file }) => file);
  const kinds = groupBy([...byFile], ([file]) =>
    /\.(?:sh|bash|ps1)$/.test(file) ? 'scripts' : /makefile|\.mk$/i.test(file) ? 'Makefile' : 'pages',
  );
  const scored = [...kinds].map(([kind, files]) => {
    const all = files.flatMap(([, each]) => each);
    const works = all.filter(({ act }) => deploys(act));
    const missing = works.filter(({ act }) => missingIn(act, findings).length > 0).length;
    // Pages first, then a Makefile, then scripts: what a reader is told to do.
    const rank = kind === 'pages' ? 0.5 : kind === 'Makefile' ? 0.25 : 0;
    return {
      kind,
      files: files.map(([file]) => file),
      all,
      deploying: works.length,
      score: works.length - 2 * missing + rank,
    };
  });
  const deploying = scored.filter(({ deploying }) => deploying > 0).sort((a, b) => b.score - a.score);
  const [best, ...others] = deploying;
  if (best === undefined) return [];
  piece.sources = best.files.filter((file) => best.all.some((step) => step.file === file && deploys(step.act)));
  for (const other of others) {
    piece.guesses.push({
      about: 'releases',
      text: `${other.files[0]} says how to deploy too; ${piece.sources[0]} was followed`,
      from: undefined,
    });
  }
  const more = steps.filter(
    ({ act, file }) =>
      !best.files.includes(file) &&
      (act.kind === 'helm repository' || act.kind === 'namespace' || act.kind === 'addon'),
  );
  return [...more, ...best.all];
}

/** Paths that a step names and the repository does not hold. */
function missingIn(act: ShellStep['act'], findings: Findings): string[] {
  if (act.kind === 'helm release' && act.chart.kind === 'folder' && findings.folders.has(act.chart.name)) {
    const chart = plainFolder(act.chart.name);
    if (!foundOf(findings, 'chart').some(({ folder }) => folder === chart)) return [`${act.chart.name}/Chart.yaml`];
  }
  const paths =
    act.kind === 'apply'
      ? act.files
      : act.kind === 'helm release'
        ? [...act.valuesFiles, ...setFiles(act), ...(act.chart.kind === 'folder' ? [act.chart.name] : [])]
        : act.kind === 'skaffold'
          ? [act.file]
          : [];
  const bare =
    act.kind !== 'apply' || act.kustomize || act.recursive ? [] : paths.filter((path) => isBare(path, findings));
  return [
    ...paths.filter((path) => !isRemote(path) && !holds(findings, path)),
    ...bare.map((path) => posix.join(path, '*.yaml')),
  ];
}

/** The files of `--set-file name=FILE`. */
function setFiles({ set }: Extract<ShellStep['act'], { kind: 'helm release' }>): string[] {
  return set.flatMap(({ flag, text }) => (flag === 'set-file' ? text.slice(text.indexOf('=') + 1) : []));
}

function holds(findings: Findings, path: string): boolean {
  return path === '.' || path === '' || findings.paths.has(path) || findings.folders.has(path);
}

/** A step whose paths have been looked for, and those that were found elsewhere than where they are said to be. */
interface Placed extends ShellStep {
  moved: readonly string[];
}

interface PlacedFindings extends Findings {
  steps: readonly Placed[];
}

/**
 * Pages often mean paths from the root, from a folder above, or from a folder that only a sentence names: where theirs is not
 * there, it is the one above, else the only one below that ends so.
 */
function relocated(given: ShellStep, findings: Findings, places: ReadonlyMap<string, string[]>): Placed {
  const own = folderOf(given.file);
  const moved: string[] = [];
  const find = (path: string, isValues = false): string => {
    if (holds(findings, path) || /^[a-z]+:\/\//.test(path)) return path;
    const rest = own === '' ? path : path.startsWith(`${own}/`) ? path.slice(own.length + 1) : undefined;
    if (rest === undefined) return path;
    const meant = above(rest, own, findings);
    // The values of a chart are its own: another's are not taken for them.
    const last = below(rest, own, places);
    const found = meant ?? (isValues && last !== undefined && isInChart(last, findings) ? undefined : last);
    if (meant === undefined && found !== undefined) moved.push(`${rest} is taken for ${found}`);
    return found ?? path;
  };
  const { act } = given;
  if (act.kind === 'apply') {
    const isPlain = !act.kustomize && !act.recursive;
    const files = act.files.map((path) => {
      const there = find(path);
      const meant = isPlain ? meantFolder(there, findings) : undefined;
      if (meant !== undefined) moved.push(`${there} has no objects, and is taken for ${meant}`);
      return meant ?? there;
    });
    return { ...given, act: { ...act, files }, moved };
  }
  if (act.kind === 'collection run') {
    const environment = act.environment === undefined ? {} : { environment: find(act.environment) };
    return { ...given, act: { ...act, collection: find(act.collection), ...environment }, moved };
  }
  if (act.kind === 'helm release') {
    const known = located(act.chart, findings);
    const asFolder = known.kind === 'repository' && known.repositoryUrl === undefined ? find(act.chart.path ?? '') : '';
    const chart: ChartReference = findings.folders.has(asFolder)
      ? { ...known, name: asFolder, kind: 'folder' }
      : known.kind === 'folder'
        ? { ...known, name: find(known.name) }
        : known;
    const set = act.set.map((one) => (one.flag === 'set-file' ? { ...one, text: withFile(one.text, find) } : one));
    return {
      ...given,
      act: { ...act, chart, valuesFiles: act.valuesFiles.map((path) => find(path, true)), set },
      moved,
    };
  }
  if (act.kind === 'image build') {
    const context = find(act.context);
    const built = holdsDockerfile(context, findings) ? context : builtBelow(context, own, places, findings);
    if (built !== undefined && built !== context) moved.push(`${context} is taken for ${built}`);
    const dockerfile = act.dockerfile === undefined ? {} : { dockerfile: find(act.dockerfile) };
    return { ...given, act: { ...act, context: built ?? context, ...dockerfile }, moved };
  }
  return { ...given, moved };
}

function holdsDockerfile(folder: string, { paths }: Findings): boolean {
  return ['Dockerfile', 'dockerfile', 'Containerfile'].some((name) => paths.has(posix.join(folder, name)));
}

/** The only folder with a Dockerfile whose path ends so, beside the page or below the folder that the page is about. */
function builtBelow(
  context: string,
  own: string,
  places: ReadonlyMap<string, string[]>,
  findings: Findings,
): string | undefined {
  if (holds(findings, context)) return undefined;
  let home = own;
  while (home !== '' && aside.test(nameOf(home))) home = folderOf(home);
  const rest = own === '' ? context : context.slice(own.length + 1);
  const found = (places.get(nameOf(rest)) ?? []).filter(
    (path) =>
      path.endsWith(`/${rest}`) && (home === '' || path.startsWith(`${home}/`)) && holdsDockerfile(path, findings),
  );
  return found.length === 1 ? found[0] : undefined;
}

function above(rest: string, own: string, findings: Findings): string | undefined {
  for (let folder = own; folder !== ''; ) {
    folder = folderOf(folder);
    const candidate = folder === '' ? rest : `${folder}/${rest}`;
    if (holds(findings, candidate)) return candidate;
  }
  return undefined;
}

function isInChart(path: string, findings: Findings): boolean {
  return foundOf(findings, 'chart').some(({ folder }) => folder === folderOf(path));
}

/** The only file or folder below `own` whose path ends in `rest`. */
function below(rest: string, own: string, places: ReadonlyMap<string, string[]>): string | undefined {
  const found = (places.get(nameOf(rest)) ?? []).filter(
    (path) => path.endsWith(`/${rest}`) && (own === '' || path.startsWith(`${own}/`)),
  );
  return found.length === 1 ? found[0] : undefined;
}

/** Files and folders by their last name; a chart's templates are its own. */
function placesOf({ paths, folders, found }: Findings): Map<string, string[]> {
  const templates = found.flatMap((one) =>
    one.kind === 'chart' ? [one.folder === '' ? 'templates' : `${one.folder}/templates`] : [],
  );
  const isTemplate = (path: string) => templates.some((folder) => path === folder || path.startsWith(`${folder}/`));
  return groupBy(
    [...folders, ...paths].filter((path) => !isTemplate(path)),
    nameOf,
  );
}

function follow(step: Placed, piece: Piece, findings: Findings): void {
  const { act } = step;
  const from: Evidence = { file: step.file, line: step.line };
  for (const text of step.moved)
    piece.guesses.push({ about: act.kind === 'collection run' ? 'tests' : 'releases', text, from });
  const missing = missingIn(act, findings);
  if (missing.length > 0 && deploys(act)) {
    piece.guesses.push({
      about: 'releases',
      text: `left out: ${missing.join(', ')} ${missing.length === 1 ? 'is' : 'are'} not in the repository (${step.text})`,
      from,
    });
    return;
  }
  if (act.kind === 'namespace') addNamespace(piece, act.name, from);
  else if (act.kind === 'default namespace') piece.defaultNamespace = act.name;
  else if (act.kind === 'addon') {
    if (!piece.addons.some(({ name }) => name === act.name)) piece.addons.push({ name: act.name, from });
  } else if (act.kind === 'helm release') {
    if (!isKnown(act.chart, piece, from)) return;
    const namespace = act.namespace ?? piece.defaultNamespace;
    if (act.createNamespace && namespace !== undefined) addNamespace(piece, namespace, from);
    addRelease(piece, {
      kind: 'chart',
      release: act.release,
      chart: act.chart,
      valuesFiles: act.valuesFiles,
      set: act.set,
      from,
      ...(namespace !== undefined && { namespace }),
    });
  } else if (act.kind === 'apply') {
    const namespace = act.namespace ?? piece.defaultNamespace;
    if (act.text !== undefined)
      piece.guesses.push({
        about: 'releases',
        text: 'left out: objects that stand in the page itself; put them into a file',
        from,
      });
    for (const path of act.files) {
      const found = foundOf(findings, 'manifest').find(({ file }) => file === path);
      if (found !== undefined && isLoad(found)) continue;
      const common = { path, from, ...(namespace !== undefined && { namespace }) };
      addRelease(
        piece,
        act.kustomize ? { kind: 'kustomize', ...common } : { kind: 'manifests', recursive: act.recursive, ...common },
      );
    }
  } else if (act.kind === 'skaffold' && act.verb !== 'build') followSkaffold(act.file, piece, findings);
  else if (act.kind === 'not understood' && !control.has(act.program))
    piece.guesses.push({ about: 'releases', text: `not understood: ${step.text} (${act.why.join('; ')})`, from });
}

function addNamespace(piece: Piece, name: string, from: Evidence): void {
  if (!piece.namespaces.some((namespace) => namespace.name === name)) piece.namespaces.push({ name, from });
}

/** One release a name: a page that installs and later upgrades says one thing twice, the second time as it should be. */
function addRelease(piece: Piece, release: Release): void {
  const at = piece.releases.findIndex((one) => isSame(one, release));
  if (at === -1) piece.releases.push(release);
  else piece.releases[at] = release;
}

function isSame(a: Release, b: Release): boolean {
  if (a.kind === 'chart') {
    if (b.kind !== 'chart' || a.release !== b.release) return false;
    // One chart under one name in two namespaces: of two lines of a page the reader takes one.
    const contents = ({ chart, valuesFiles, set }: typeof a) => JSON.stringify([chart, valuesFiles, set]);
    return a.namespace === b.namespace || contents(a) === contents(b);
  }
  return a.kind === b.kind && a.path === b.path;
}

/** helm looks for a path before it looks for a repository: `charts/app` is a folder where there is one. */
function located(given: ChartReference, findings: Findings): ChartReference {
  const { path, ...chart } = given;
  if (chart.kind !== 'repository' || chart.repositoryUrl !== undefined || isRemote(chart.name)) return chart;
  // An archive of it is a file.
  const there = [path, chart.name].find((one) => one !== undefined && holds(findings, one));
  if (there !== undefined) return { ...chart, name: there, kind: 'folder' };
  if (!chart.name.includes('/')) return chart;
  const alias = chart.name.split('/')[0]!;
  const added = findings.steps.find(({ act }) => act.kind === 'helm repository' && act.name === alias)?.act;
  const url = added?.kind === 'helm repository' ? added.url : wellKnown.get(alias);
  return url === undefined ? chart : { ...chart, name: chart.name.slice(alias.length + 1), repositoryUrl: url };
}

/** Whether it is said where the chart comes from; where not, that it is left out is told. */
function isKnown({ kind, name, repositoryUrl }: ChartReference, piece: Piece, from: Evidence): boolean {
  if (kind !== 'repository' || repositoryUrl !== undefined || isRemote(name)) return true;
  piece.guesses.push({
    about: 'releases',
    text: `left out: nothing says which repository the chart ${name} is in`,
    from,
  });
  return false;
}

/** Repositories that pages take for granted. */
const wellKnown = new Map([
  ['bitnami', 'https://charts.bitnami.com/bitnami'],
  ['prometheus-community', 'https://prometheus-community.github.io/helm-charts'],
  ['ingress-nginx', 'https://kubernetes.github.io/ingress-nginx'],
  ['grafana', 'https://grafana.github.io/helm-charts'],
]);

function followSkaffold(file: string, piece: Piece, findings: Findings, followed = new Set<string>()): void {
  const skaffold = foundOf(findings, 'skaffold').find((one) => one.file === file);
  if (skaffold === undefined || followed.has(file)) return;
  followed.add(file);
  // skaffold deploys what is required before what requires it.
  for (const required of skaffold.requires) followSkaffold(required, piece, findings, followed);
  const from: Evidence = { file, line: skaffold.line };
  for (const given of skaffold.manifests) {
    // A pattern of all files of a folder is the folder, as kubectl takes it.
    const named = given.replace(/(?:\/\*\*)?\/\*(?:\.ya?ml|\.\{?yaml,yml\}?)?$/, '') || '.';
    const recursive = given.includes('**');
    // `configs/*` is the folders in it, too.
    const path = (recursive ? undefined : meantFolder(named, findings)) ?? named;
    if (/^https?:/.test(path) || holds(findings, path)) addRelease(piece, { kind: 'manifests', path, recursive, from });
    else
      piece.guesses.push({
        about: 'releases',
        text: `left out: ${given} is a pattern or is not in the repository`,
        from,
      });
  }
  for (const { release, chart, namespace, repositoryUrl, version, valuesFiles, set, templates } of skaffold.charts) {
    const isFolder = repositoryUrl === undefined && findings.folders.has(chart);
    const named: ChartReference = {
      name: chart,
      kind: isFolder ? 'folder' : 'repository',
      ...(repositoryUrl !== undefined && { repositoryUrl }),
      ...(version !== undefined && { version }),
    };
    const reference = located(named, findings);
    const there = valuesFiles.filter((one) => holds(findings, one));
    const lost = valuesFiles.filter((one) => !there.includes(one));
    const about = { about: 'releases' as const, from };
    if (lost.length > 0)
      piece.guesses.push({ ...about, text: `${release} without ${lost.join(', ')}: not in the repository` });
    if (templates.length > 0)
      piece.guesses.push({
        ...about,
        text: `${release} without ${templates.join(', ')}: skaffold alone works out setValueTemplates`,
      });
    if (!isKnown(reference, piece, from)) continue;
    addRelease(piece, {
      kind: 'chart',
      release,
      chart: reference,
      valuesFiles: there,
      set: set.map((text) => ({ flag: 'set', text })),
      ...(namespace !== undefined && { namespace }),
      from,
    });
  }
}

/** Where no page says how: skaffold's own description, else every chart and every folder of manifests. */
function fromContents(piece: Piece, findings: Findings): void {
  const skaffolds = foundOf(findings, 'skaffold');
  const depth = (file: string) => file.split('/').length;
  const least = Math.min(...skaffolds.map(({ file }) => depth(file)));
  for (const { file } of skaffolds.filter((one) => depth(one.file) === least)) followSkaffold(file, piece, findings);
  if (piece.releases.length > 0) {
    piece.guesses.push({
      about: 'releases',
      text: 'no page says how it is deployed: taken from skaffold.yaml',
      from: skaffolds[0],
    });
    return;
  }
  for (const chart of foundOf(findings, 'chart').filter(({ library }) => !library)) {
    addRelease(piece, {
      kind: 'chart',
      release: chart.name,
      chart: { name: chart.folder === '' ? '.' : chart.folder, kind: 'folder' },
      valuesFiles: [],
      set: [],
      from: placeIn(chart),
    });
  }
  const kustomized = foundOf(findings, 'kustomization');
  // What others build on is brought by them.
  const used = new Set(kustomized.flatMap(({ uses }) => uses));
  for (const one of kustomized.filter(({ folder }) => !used.has(folder || '.'))) {
    addRelease(piece, { kind: 'kustomize', path: one.folder || '.', from: placeIn(one) });
  }
  const manifests = foundOf(findings, 'manifest')
    .filter((one) => !isLoad(one))
    .filter(({ file }) => !kustomized.some(({ folder }) => folder === folderOf(file)));
  const all = groupBy(
    [...findings.paths].filter((path) => /\.ya?ml$/i.test(path)),
    folderOf,
  );
  for (const [folder, files] of groupBy(manifests, ({ file }) => folderOf(file)))
    addManifests(piece, folder, files, all.get(folder)?.length === files.length);
  if (piece.releases.length > 0) {
    piece.guesses.push({
      about: 'releases',
      text: 'no page says how it is deployed: everything that can be, charts first',
      from: undefined,
    });
  }
}

/** Where a finding is, and nothing else of it. */
function placeIn({ file, line }: Evidence): Evidence {
  return { file, line };
}

/** A folder of nothing but manifests is one release; of others, each file is. */
function addManifests(piece: Piece, folder: string, files: readonly FindingOf<'manifest'>[], isAll: boolean): void {
  if (isAll) addRelease(piece, { kind: 'manifests', path: folder || '.', recursive: false, from: placeIn(files[0]!) });
  else
    for (const file of files)
      addRelease(piece, { kind: 'manifests', path: file.file, recursive: false, from: placeIn(file) });
}

/** What the objects need of a cluster and no page enables. */
function addonsOf(piece: Piece, findings: Findings): void {
  const objects = foundOf(findings, 'manifest').flatMap((one) =>
    one.objects.map((object) => ({ ...object, file: one.file })),
  );
  const controller = piece.releases.some((one) =>
    /ingress-nginx|nginx-ingress|traefik|ambassador|emissary|istio/.test(
      one.kind === 'chart' ? one.chart.name : one.path,
    ),
  );
  const ingress = objects.find(({ kind }) => kind === 'Ingress');
  const routed = piece.releases.flatMap((one) => (one.kind === 'chart' ? namedByRelease(one, findings) : []));
  const hosts = routed.find((one) => one.hosts.length > 0);
  const need = (name: string, from: Evidence | undefined, why: string) => {
    if (from === undefined || piece.addons.some((addon) => addon.name === name)) return;
    piece.addons.push({ name, from: { file: from.file, line: from.line } });
    piece.guesses.push({ about: 'addons', text: `${name}: ${why}`, from });
  };
  if (!controller)
    need('ingress', ingress ?? hosts?.place(hosts.hosts[0]!), 'there is an Ingress and nothing brings a controller');
  need(
    'metrics-server',
    objects.find(({ kind }) => kind === 'HorizontalPodAutoscaler'),
    'an autoscaler reads its figures',
  );
}

function groupBy<T>(items: readonly T[], key: (item: T) => string): Map<string, T[]> {
  const groups = new Map<string, T[]>();
  for (const item of items) {
    const group = groups.get(key(item));
    if (group === undefined) groups.set(key(item), [item]);
    else group.push(item);
  }
  return groups;
}

/** A file of nothing but runs of the k6 operator: it is applied to load what is up, not to bring it up. */
function isLoad({ objects }: FindingOf<'manifest'>): boolean {
  return objects.every(({ apiVersion, kind }) => apiVersion.startsWith('k6.io/') && /^(?:TestRun|K6)$/.test(kind));
}
