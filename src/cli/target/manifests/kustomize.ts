import { existsSync, realpathSync, statSync } from 'node:fs';
import { basename, join, normalize, relative, sep } from 'node:path';
import { readText } from '../../kernel/files.js';
import type { ConfigMap, KubeObject, PodTemplate } from './kube-object.js';
import { checkShape, type ManifestShape } from './shape.js';
import { type FieldPath, type Problems, readYaml, type YamlSource } from './yaml-source.js';

/** An object, and where its text is. */
export interface SourcedObject {
  object: KubeObject;
  source: YamlSource;
}

/**
 * The part of kustomize that hwctl reads itself (https://kubectl.docs.kubernetes.io/references/kustomize/kustomization/):
 * `resources` (files and folders), `namespace`, `labels` (with `includeTemplates`), and `configMapGenerator` without a
 * name suffix. Everything else is refused, so that what hwctl does and what `kubectl apply -k` does never part.
 */
const kustomizationShape: ManifestShape = {
  'apiVersion?': 'string',
  'kind?': 'string',
  'metadata?': 'any',
  'namespace?': 'string',
  'resources?': ['string'],
  'labels?': [{ pairs: { '*': 'string' }, 'includeTemplates?': 'boolean', 'includeSelectors?': 'boolean' }],
  'generatorOptions?': { 'disableNameSuffixHash?': 'boolean', 'labels?': { '*': 'string' } },
  'configMapGenerator?': [
    {
      name: 'string',
      'files?': ['string'],
      'literals?': ['string'],
      'options?': { 'disableNameSuffixHash?': 'boolean', 'labels?': { '*': 'string' } },
    },
  ],
};

interface Kustomization {
  namespace?: string;
  resources?: string[];
  labels?: { pairs: Record<string, string>; includeTemplates?: boolean; includeSelectors?: boolean }[];
  generatorOptions?: GeneratorOptions;
  configMapGenerator?: { name: string; files?: string[]; literals?: string[]; options?: GeneratorOptions }[];
}

interface GeneratorOptions {
  disableNameSuffixHash?: boolean;
  labels?: Record<string, string>;
}

const objectShape: ManifestShape = {
  apiVersion: 'string',
  kind: 'string',
  metadata: { name: 'string', '*': 'any' },
  '*': 'any',
};

/** Kinds that live in no namespace. */
const clusterScoped = new Set([
  'Namespace',
  'ClusterRole',
  'ClusterRoleBinding',
  'PersistentVolume',
  'StorageClass',
  'IngressClass',
  'PriorityClass',
  'CustomResourceDefinition',
]);

/** Whether objects of this kind live in a namespace. */
function isNamespaced(kind: string): boolean {
  return !clusterScoped.has(kind);
}

/**
 * The objects that `kubectl kustomize FOLDER` prints, each with its place. Files are named relative to `base` in
 * messages. What is wrong goes to `problems`; throws Failure `unreadable` for a file that is not there.
 */
export function buildKustomization(folder: string, base: string, problems: Problems): SourcedObject[] {
  return build(folder, base, problems, []);
}

function build(folder: string, base: string, problems: Problems, parents: string[]): SourcedObject[] {
  const path = join(folder, 'kustomization.yaml');
  const source = readYaml(path, { shown: relative(base, path) }, problems)[0];
  if (source === undefined || !checkShape(source.value, kustomizationShape, source, [], problems)) return [];
  const kustomization = source.value as Kustomization;
  const objects: SourcedObject[] = [];
  for (const [index, resource] of (kustomization.resources ?? []).entries()) {
    const at: FieldPath = ['resources', index];
    const target = normalize(join(folder, resource));
    if (!existsSync(target)) problems.add(source, at, `there is no file or folder ${JSON.stringify(resource)}`);
    else if (!statSync(target).isDirectory()) {
      if (isBelow(folder, target)) objects.push(...readObjects(target, base, problems));
      else problems.add(source, at, outside);
    } else if ([...parents, folder].includes(target)) problems.add(source, at, `${resource} includes itself`);
    else objects.push(...build(target, base, problems, [...parents, folder]));
  }
  objects.push(...generateConfigMaps(kustomization, folder, source, problems));
  refuseTwins(objects, problems);
  for (const { object } of objects) applyNamespace(object, kustomization.namespace);
  for (const [index, label] of (kustomization.labels ?? []).entries()) {
    if (label.includeSelectors === true) {
      problems.add(
        source,
        ['labels', index, 'includeSelectors'],
        'hwctl does not edit selectors: set them in the file',
      );
    }
    for (const { object } of objects) applyLabels(object, label.pairs, label.includeTemplates === true);
  }
  return objects;
}

function readObjects(path: string, base: string, problems: Problems): SourcedObject[] {
  return readYaml(path, { shown: relative(base, path) }, problems).flatMap((source) =>
    checkShape(source.value, objectShape, source, [], problems) ? [{ object: source.value as KubeObject, source }] : [],
  );
}

/** As kustomize does by default: files of another folder (or what a link leads to) are none of this kustomization's. */
const outside = 'is not in this folder or below it';

function isBelow(folder: string, path: string): boolean {
  return realpathSync(path).startsWith(`${realpathSync(folder)}${sep}`);
}

/** As kustomize does: one kustomization holds no object twice. */
function refuseTwins(objects: SourcedObject[], problems: Problems): void {
  const seen = new Map<string, YamlSource>();
  for (const { object, source } of objects) {
    const id = `${object.kind}/${object.metadata.namespace ?? ''}/${object.metadata.name}`;
    const first = seen.get(id);
    if (first !== undefined) {
      problems.add(
        source,
        ['metadata', 'name'],
        `${object.kind} ${object.metadata.name} is also in ${first.placeOf([])}`,
      );
    }
    seen.set(id, source);
  }
}

function applyNamespace(object: KubeObject, namespace: string | undefined): void {
  if (namespace === undefined) return;
  if (object.kind === 'Namespace') object.metadata.name = namespace;
  else if (isNamespaced(object.kind)) object.metadata.namespace = namespace;
}

function applyLabels(object: KubeObject, pairs: Record<string, string>, includeTemplates: boolean): void {
  object.metadata.labels = { ...object.metadata.labels, ...pairs };
  if (!includeTemplates) return;
  const spec = object.spec as
    | { template?: PodTemplate; volumeClaimTemplates?: Pick<PodTemplate, 'metadata'>[] }
    | undefined;
  for (const template of [...(spec?.template ? [spec.template] : []), ...(spec?.volumeClaimTemplates ?? [])]) {
    template.metadata = { ...template.metadata, labels: { ...template.metadata?.labels, ...pairs } };
  }
}

function generateConfigMaps(
  kustomization: Kustomization,
  folder: string,
  source: YamlSource,
  problems: Problems,
): SourcedObject[] {
  return (kustomization.configMapGenerator ?? []).map((generator, index) => {
    const at: FieldPath = ['configMapGenerator', index];
    const options = { ...kustomization.generatorOptions, ...generator.options };
    if (options.disableNameSuffixHash !== true) {
      problems.add(source, at, 'options.disableNameSuffixHash: true is needed: hwctl keeps names as they are written');
    }
    const data: Record<string, string> = {};
    for (const [line, entry] of (generator.files ?? []).entries()) {
      const [key, file] = entry.includes('=') ? splitOnce(entry) : [basename(entry), entry];
      const path = join(folder, file);
      if (existsSync(path)) {
        if (isBelow(folder, path)) data[key] = readText(path, { shown: file });
        else problems.add(source, [...at, 'files', line], outside);
      } else problems.add(source, [...at, 'files', line], `there is no file ${JSON.stringify(file)}`);
    }
    for (const literal of generator.literals ?? []) {
      const [key, value] = splitOnce(literal);
      data[key] = value;
    }
    const object: ConfigMap = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: generator.name }, data };
    if (options.labels !== undefined) object.metadata.labels = { ...options.labels };
    return { object, source: { ...source, placeOf: () => source.placeOf(at) } };
  });
}

function splitOnce(entry: string): [string, string] {
  const at = entry.indexOf('=');
  return at < 0 ? [entry, ''] : [entry.slice(0, at), entry.slice(at + 1)];
}
