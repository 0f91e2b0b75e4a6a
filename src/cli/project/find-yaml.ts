import { posix } from 'node:path';
import { type Document, isMap, LineCounter, parseAllDocuments } from 'yaml';
import { resolveAliases } from '../document/aliases.js';
import { syntaxMessage } from '../kernel/json.js';
import type { Finding, FindingOf, FoundBuild, FoundDependency, FoundObject, SkaffoldChart } from './finding.js';
import { type FoundFile, folderOf, lineAt, nameOf } from './found-file.js';
import { namedIn } from './release-values.js';

type Mapping = Record<string, unknown>;

/** A document of a YAML file as a value, and the line of its first key. */
interface Read {
  value: Mapping;
  line: number;
}

/** What a YAML file is by its content; several documents of manifests are one finding. */
export function findingsOfYaml(file: FoundFile): Finding[] {
  const { path, text } = file;
  if (
    !/^(?:- )?["']?(?:apiVersion|services|openapi|swagger|steps|arrivals|stages|name|version|dependencies|kind|resources|bases)["']?\s*:/m.test(
      text,
    )
  )
    return [];
  const documents = read(file);
  const objects = documents.flatMap(objectsOf);
  const first = documents[0];
  const single = first === undefined ? undefined : singleOf(file, first);
  // Several modules of skaffold in one file are deployed one after another.
  if (single?.kind === 'skaffold')
    return [documents.slice(1).reduce((all, one) => joined(all, singleOf(file, one)), single)];
  if (single !== undefined) return [single];
  const boards = objects.flatMap(({ value }) => dashboardsIn(value, path, text));
  if (objects.length === 0) return [];
  return [{ kind: 'manifest', file: path, line: objects[0]!.line, objects: objects.map(named) }, ...boards];
}

function joined(all: FindingOf<'skaffold'>, more: Finding | undefined): FindingOf<'skaffold'> {
  if (more?.kind !== 'skaffold') return all;
  return {
    ...all,
    builds: [...all.builds, ...more.builds],
    manifests: [...all.manifests, ...more.manifests],
    charts: [...all.charts, ...more.charts],
    requires: [...all.requires, ...more.requires],
  };
}

/** Documents of one file: each costs some thousand bytes, however short it is. */
const mostDocuments = 5_000;

function read(file: FoundFile): Read[] {
  if ((file.text.match(/^---/gm)?.length ?? 0) > mostDocuments) {
    file.unreadable(1, `it holds more than ${mostDocuments} documents`);
    return [];
  }
  const lines = new LineCounter();
  let documents: Document.Parsed[];
  try {
    const parsed = parseAllDocuments(file.text, { lineCounter: lines, uniqueKeys: false, logLevel: 'silent' });
    documents = Array.isArray(parsed) ? parsed : [];
  } catch (error) {
    file.unreadable(1, `it is no YAML: ${syntaxMessage((error as Error).message)}`);
    return [];
  }
  return documents.flatMap((document): Read[] => {
    const trouble = document.errors[0];
    const line = document.contents === null ? 1 : lines.linePos(document.contents.range[0]).line;
    if (trouble !== undefined) {
      const why = syntaxMessage(trouble.message.split('\n')[0]!);
      // What another program fills in first is no broken YAML.
      const filled = /\{\{|\$\{|<%/.test(file.text) ? ' (a template of another program?)' : '';
      file.unreadable(trouble.linePos?.[0].line ?? line, `it is no YAML: ${why}${filled}`);
      return [];
    }
    if (!isMap(document.contents)) return [];
    try {
      // Bounded, and without an alias inside of its own anchor: what walks through the value would have no end.
      const [unsound] = resolveAliases(document);
      if (unsound === undefined) return [{ value: document.toJS({ maxAliasCount: -1 }) as Mapping, line }];
      file.unreadable(lines.linePos(unsound.node.range?.[0] ?? 0).line, `it cannot be read: ${unsound.message}`);
      return [];
    } catch (error) {
      file.unreadable(line, `it cannot be read: ${syntaxMessage((error as Error).message)}`);
      return [];
    }
  });
}

/** A file that is one thing by its first document. */
function singleOf(file: FoundFile, { value, line }: Read): Finding | undefined {
  const at = { file: file.path, line };
  const name = nameOf(file.path);
  if (/^Chart\.ya?ml$/.test(name)) return chartOf(file, value, at);
  const apiVersion = text(value.apiVersion);
  if (/^skaffold\//.test(apiVersion)) return skaffoldOf(file, value, at, apiVersion);
  if (/^kustomization(?:\.ya?ml)?$/i.test(name) || /^kustomize\.config\.k8s\.io\//.test(apiVersion))
    return kustomizationOf(file.path, value, at);
  if (/^hwctl\.ya?ml$/.test(name)) return { kind: 'project', ...at };
  if (apiVersion !== '') return undefined;
  const openapi = openapiOf(value);
  if (openapi !== undefined) return { kind: 'openapi', ...at, ...openapi };
  if (
    isMapping(value.services) &&
    Object.values(value.services).some((each) => isMapping(each) && ('image' in each || 'build' in each))
  )
    return composeOf(file, value.services, at);
  if (
    Array.isArray(value.steps) &&
    value.steps.some((step) => isMapping(step) && ('request' in step || 'parallel' in step || 'wait' in step))
  )
    return { kind: 'scenario', ...at, name: text(value.name) };
  if ('arrivals' in value && 'work' in value) return { kind: 'profile', ...at, name: text(value.name) };
  return undefined;
}

/** The values that a file holds for a chart; undefined where it holds none. */
export function valuesIn(file: Pick<FoundFile, 'paths' | 'read'>, path: string): Mapping | undefined {
  const source = file.read(path);
  if (source === undefined) return undefined;
  return read({ ...file, path, text: source, unreadable: () => undefined })[0]?.value;
}

function chartOf(file: FoundFile, value: Mapping, at: { file: string; line: number }): Finding {
  const { path, paths, text: source } = file;
  const folder = folderOf(path);
  const below = (name: string) => (folder === '' ? name : `${folder}/${name}`);
  const listed = Array.isArray(value.dependencies) ? value.dependencies : [];
  const dependencies = listed.filter(isMapping).map((each): FoundDependency => {
    const name = text(each.name);
    const vendored = [...paths].some(
      (one) =>
        one.startsWith(below(`charts/${name}/`)) || (one.startsWith(below(`charts/${name}-`)) && one.endsWith('.tgz')),
    );
    return { name, version: text(each.version), repository: text(each.repository) || undefined, vendored };
  });
  const valuesFiles = [...paths].filter((one) => folderOf(one) === folder && /values?.*\.ya?ml$/i.test(nameOf(one)));
  valuesFiles.sort(
    (a, b) => Number(nameOf(b) === 'values.yaml') - Number(nameOf(a) === 'values.yaml') || (a < b ? -1 : 1),
  );
  const line = lineAt(source, source.search(/^name:/m) + 1);
  const own = below('values.yaml');
  return {
    kind: 'chart',
    ...at,
    line,
    name: text(value.name),
    version: text(value.version),
    folder,
    dependencies,
    valuesFiles,
    library: value.type === 'library',
    ...namedIn(file.paths.has(own) ? (valuesIn(file, own) ?? {}) : {}),
  };
}

function kustomizationOf(path: string, value: Mapping, at: { file: string; line: number }): Finding {
  const folder = folderOf(path);
  const used = [value.resources, value.bases, value.components].flatMap(list).map(text);
  const uses = used.filter((one) => one !== '' && !one.includes('://')).map((one) => below(folder, one));
  return { kind: 'kustomization', ...at, folder, uses };
}

function skaffoldOf(
  { path }: FoundFile,
  value: Mapping,
  at: { file: string; line: number },
  apiVersion: string,
): Finding {
  const folder = folderOf(path);
  const artifacts = list(mapping(value.build).artifacts).filter(isMapping);
  const builds = artifacts.map((artifact): FoundBuild => {
    const command = text(mapping(artifact.custom).buildCommand);
    return {
      image: text(artifact.image) || undefined,
      context: below(folder, text(artifact.context) || '.'),
      dockerfile: text(mapping(artifact.docker).dockerfile) || undefined,
      ...buildOptions(mapping(artifact.docker).target, mapping(artifact.docker).buildArgs),
      ...(command !== '' && { command }),
    };
  });
  const deploy = mapping(value.deploy);
  const manifests = mapping(value.manifests);
  const raw = [...list(manifests.rawYaml), ...list(mapping(deploy.kubectl).manifests)].map((each) =>
    below(folder, text(each)),
  );
  const releases = [...list(mapping(deploy.helm).releases), ...list(mapping(manifests.helm).releases)].filter(
    isMapping,
  );
  const charts = releases.map(
    (release): SkaffoldChart => ({
      release: text(release.name),
      chart: text(release.remoteChart) || below(folder, text(release.chartPath)),
      ...(text(release.namespace) !== '' && { namespace: text(release.namespace) }),
      ...(text(release.repo) !== '' && { repositoryUrl: text(release.repo) }),
      ...(text(release.version) !== '' && { version: text(release.version) }),
      valuesFiles: list(release.valuesFiles).map((each) => below(folder, text(each))),
      set: settings(mapping(release.setValues)),
      templates: Object.keys(mapping(release.setValueTemplates)),
    }),
  );
  const requires = list(value.requires)
    .filter(isMapping)
    .map((each) => below(folder, text(each.path) || '.'))
    .map((one) => (/\.ya?ml$/.test(one) ? one : below(one, 'skaffold.yaml')));
  return { kind: 'skaffold', ...at, apiVersion, builds, manifests: raw, charts, requires };
}

/** Values as helm's --set takes them: what is nested by its path, a comma that parts nothing after a backslash. */
function settings(values: Mapping, path = ''): string[] {
  return Object.entries(values).flatMap(([name, value]) => {
    const at = path === '' ? name : `${path}.${name}`;
    if (isMapping(value)) return settings(value, at);
    if (Array.isArray(value)) return value.map((item, index) => `${at}[${index}]=${escaped(item)}`);
    return `${at}=${escaped(value)}`;
  });
}

function escaped(value: unknown): string {
  return text(value).replaceAll(/[\\,{}]/g, '\\$&');
}

/** Stage and arguments of a build, as a mapping or as a list of `NAME=value`. */
function buildOptions(target: unknown, given: unknown): Pick<FoundBuild, 'target' | 'buildArguments'> {
  const named = Array.isArray(given)
    ? given.map(text)
    : Object.entries(mapping(given)).map((pair) => pair.map(text).join('='));
  const buildArguments = named.filter((one) => one.includes('='));
  return {
    ...(text(target) !== '' && { target: text(target) }),
    ...(buildArguments.length > 0 && { buildArguments }),
  };
}

function composeOf({ path }: FoundFile, services: Mapping, at: { file: string; line: number }): Finding {
  const folder = folderOf(path);
  const builds = Object.values(services)
    .filter(isMapping)
    .flatMap((service): FoundBuild[] => {
      if (service.build === undefined) return [];
      const build = typeof service.build === 'string' ? { context: service.build } : mapping(service.build);
      return [
        {
          image: text(service.image) || undefined,
          context: below(folder, text(build.context) || '.'),
          dockerfile: text(build.dockerfile) || undefined,
          ...buildOptions(build.target, build.args),
        },
      ];
    });
  return { kind: 'compose', ...at, services: Object.keys(services), builds };
}

/** Title, version and paths of an OpenAPI 3 or Swagger 2 document; undefined for other documents. */
export function openapiOf(value: Mapping): { title: string; version: string; paths: number } | undefined {
  const version = text(value.openapi) || text(value.swagger);
  if (!/^(?:3|2)(?:\.|$)/.test(version) || !(isMapping(value.paths) || isMapping(value.webhooks))) return undefined;
  return { title: text(mapping(value.info).title), version, paths: Object.keys(mapping(value.paths)).length };
}

/** The objects of a document: itself, or the items of a List. A Kubernetes kind that no API server has is no object. */
function objectsOf({ value, line }: Read): Read[] {
  const apiVersion = text(value.apiVersion);
  if (apiVersion === '' || text(value.kind) === '') return [];
  // Configuration files that look like objects: kind's, k3d's, kubeadm's, skaffold's, kustomize's.
  if (
    /^(?:kind\.x-k8s\.io|k3d\.io|kubeadm\.k8s\.io|kubelet\.config\.k8s\.io|skaffold|kustomize\.config\.k8s\.io|ctlptl\.dev|eksctl\.io)\//.test(
      apiVersion,
    )
  )
    return [];
  if (value.kind === 'List' && Array.isArray(value.items))
    return value.items.filter(isMapping).flatMap((item) => objectsOf({ value: item, line }));
  return [{ value, line }];
}

function named({ value, line }: Read): FoundObject {
  const metadata = mapping(value.metadata);
  const containers = containersOf(value);
  const spec = mapping(value.spec);
  const rules = list(spec.rules)
    .filter(isMapping)
    .map((rule) => text(rule.host));
  return {
    images: containers.map(({ image }) => text(image)).filter((image) => image !== ''),
    neverPulled: containers.some(({ imagePullPolicy }) => imagePullPolicy === 'Never'),
    hosts: [...rules, ...list(spec.hostnames).map(text)].filter((host) => host !== ''),
    apiVersion: text(value.apiVersion),
    kind: text(value.kind),
    name: text(metadata.name) || undefined,
    namespace: text(metadata.namespace) || undefined,
    line,
  };
}

/** The containers of the pod that an object makes: a Pod, its controllers, a CronJob. */
function containersOf(value: Mapping): Mapping[] {
  const spec = mapping(value.spec);
  const pods = [
    spec,
    mapping(mapping(spec.template).spec),
    mapping(mapping(mapping(mapping(spec.jobTemplate).spec).template).spec),
  ];
  return pods.flatMap((pod) => [...list(pod.initContainers), ...list(pod.containers)]).filter(isMapping);
}

/** Dashboards that a ConfigMap carries, as Grafana's sidecar finds them. */
function dashboardsIn(value: Mapping, path: string, source: string): Finding[] {
  if (value.kind !== 'ConfigMap') return [];
  // A ConfigMap is 1 MiB at most; each key is looked for in the file.
  return Object.entries(mapping(value.data))
    .slice(0, 200)
    .flatMap(([key, content]): Finding[] => {
      if (!key.endsWith('.json') || typeof content !== 'string' || !content.includes('"panels"')) return [];
      const title =
        /"title"\s*:\s*"([^"]*)"/.exec(content.slice(Math.max(0, content.lastIndexOf('"schemaVersion"'))))?.[1] ?? key;
      return [
        {
          kind: 'dashboard',
          file: path,
          line: lineAt(source, source.indexOf(key) + 1),
          title,
          panels: (content.match(/"targets"/g) ?? []).length,
        },
      ];
    });
}

function below(folder: string, path: string): string {
  const joined = posix.normalize(posix.join(folder, path));
  return joined === './' || joined === '.' ? '.' : joined.replace(/\/$/, '');
}

function isMapping(value: unknown): value is Mapping {
  return value !== null && typeof value === 'object' && !Array.isArray(value);
}

const mapping = (value: unknown): Mapping => (isMapping(value) ? value : {});
const list = (value: unknown): unknown[] => (Array.isArray(value) ? value : []);
const text = (value: unknown): string =>
  typeof value === 'string' ? value : typeof value === 'number' ? String(value) : '';
