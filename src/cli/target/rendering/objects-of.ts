import { createHash } from 'node:crypto';
import { didYouMean } from '../../kernel/nearest.js';
import type { KubeObject } from '../manifests/kube-object.js';
import { isMapping } from './foreign-config.js';
import { builtInVersions } from './kind-scope.js';
import type { ManifestDocument } from './manifest-text.js';
import type { FieldPath } from './varying-fields.js';

/** An object, and the steps from the top of its document to it. */
export interface FoundObject {
  object: KubeObject;
  path: FieldPath;
}

type Problem = (path: FieldPath, message: string) => void;

const deepestList = 10;

/**
 * The objects of a document: itself, or the items of a list (`kind: List`, or any kind with `items`, as kubectl has it). What is
 * no object, or has a name, a namespace, a label that is not text, goes to `problem`. Nothing else of an object is looked at,
 * and nothing is taken away.
 */
export function objectsOf({ value }: Pick<ManifestDocument, 'value'>, problem: Problem): FoundObject[] {
  return objectsIn(value, [], problem);
}

function objectsIn(value: unknown, path: FoundObject['path'], problem: Problem): FoundObject[] {
  if (!isMapping(value)) {
    problem(path, `no object of Kubernetes: ${Array.isArray(value) ? 'a list' : `${JSON.stringify(value)} alone`}`);
    return [];
  }
  const { apiVersion, kind } = value;
  if (typeof kind !== 'string' || kind === '' || typeof apiVersion !== 'string' || apiVersion === '') {
    problem(path, incomplete(value));
    return [];
  }
  if ('items' in value) return itemsOf(value, apiVersion, kind, path, problem);
  const before = [...nameProblems(value, kind)];
  if (!/^(?:[a-z0-9]([-a-z0-9.]*[a-z0-9])?\/)?[a-z][a-z0-9]*$/.test(apiVersion))
    before.push([['apiVersion'], `${JSON.stringify(apiVersion)} is no version of an API, such as v1 or apps/v1`]);
  if (!/^[A-Za-z][A-Za-z0-9]*$/.test(kind)) before.push([['kind'], `${JSON.stringify(kind)} is no kind`]);
  for (const [below, message] of before) problem([...path, ...below], message);
  return before.length > 0 ? [] : [{ object: named(value as KubeObject), path }];
}

function itemsOf(
  value: Record<string, unknown>,
  apiVersion: string,
  kind: string,
  path: FoundObject['path'],
  problem: Problem,
): FoundObject[] {
  const { items } = value;
  if (items === null) return [];
  if (!Array.isArray(items) || path.length >= 2 * deepestList) {
    problem([...path, 'items'], Array.isArray(items) ? 'lists within lists without end' : 'items must be a list');
    return [];
  }
  return items.flatMap((item, index) => {
    // Items of a ConfigMapList say neither: the API server leaves it out of what `kubectl get` prints.
    const derived = kind !== 'List' && kind.endsWith('List') && isMapping(item) && !(item.kind && item.apiVersion);
    const whole = derived ? { ...item, apiVersion, kind: kind.slice(0, -'List'.length) } : item;
    return objectsIn(whole, [...path, 'items', index], problem);
  });
}

/** What a document without `apiVersion` or `kind` lacks, and what it may be. */
function incomplete({ apiVersion, kind }: Record<string, unknown>): string {
  if (kind !== undefined && kind !== null && typeof kind !== 'string') return `kind: must be text, is ${shown(kind)}`;
  if (apiVersion !== undefined && apiVersion !== null && typeof apiVersion !== 'string')
    return `apiVersion: must be text, is ${shown(apiVersion)}`;
  if (typeof kind !== 'string' || kind === '')
    return `no object of Kubernetes: there is no ${apiVersion ? 'kind' : 'apiVersion and no kind'}`;
  const version = builtInVersions.get(kind);
  const near = version === undefined ? didYouMean(kind, builtInVersions.keys()) : `: add apiVersion: ${version}`;
  return `${kind} has no apiVersion${near}`;
}

type Finding = [(string | number)[], string];

function nameProblems(value: Record<string, unknown>, kind: string): Finding[] {
  const { metadata } = value;
  if (metadata === undefined || metadata === null) return [[[], `${kind} has no metadata, and so no name`]];
  if (!isMapping(metadata)) return [[['metadata'], `must be a map, is ${shown(metadata)}`]];
  const { name, generateName, namespace } = metadata;
  const problems: Finding[] = [];
  const add = (field: string, message: string) => problems.push([['metadata', field], message]);
  if (given(name)) {
    const wrong = typeof name === 'string' ? wrongName(name, value) : `must be text, is ${shown(name)}`;
    if (wrong !== undefined) add('name', wrong);
  } else if (!given(generateName)) problems.push([['metadata'], `${kind} has no name`]);
  else if (typeof generateName !== 'string') add('generateName', `must be text, is ${shown(generateName)}`);
  else {
    const wrong = wrongName(`${generateName}0`, value);
    if (wrong !== undefined) add('generateName', wrong);
  }
  if (given(namespace) && typeof namespace !== 'string') add('namespace', `must be text, is ${shown(namespace)}`);
  else if (given(namespace) && !isLabel(namespace as string))
    add('namespace', `${JSON.stringify(namespace)} is no name of a namespace: a to z, 0 to 9 and -, at most 63`);
  for (const field of ['labels', 'annotations']) problems.push(...textMapProblems(metadata[field], field));
  return problems;
}

function textMapProblems(map: unknown, field: string): Finding[] {
  if (map === undefined || map === null) return [];
  if (!isMapping(map)) return [[['metadata', field], `must be a map of texts, is ${shown(map)}`]];
  return Object.entries(map).flatMap(([key, value]): Finding[] =>
    value === null || typeof value === 'string' ? [] : [[['metadata', field, key], `must be text, is ${shown(value)}`]],
  );
}

/** Names of these kinds are anything that a path of the API can hold (`system:reader`). */
const pathNamed = new Set(['Role', 'ClusterRole', 'RoleBinding', 'ClusterRoleBinding']);

function wrongName(name: string, { kind, apiVersion }: Record<string, unknown>): string | undefined {
  const told = JSON.stringify(name);
  if (pathNamed.has(kind as string))
    return name === '.' || name === '..' || /[/%]/.test(name) ? `${told} is no name: no / and no %` : undefined;
  if (kind === 'Namespace')
    return isLabel(name) ? undefined : `${told} is no name of a namespace: a to z, 0 to 9 and -, at most 63`;
  if (kind === 'Service' && apiVersion === 'v1' && !/^[a-z]([-a-z0-9]{0,61}[a-z0-9])?$/.test(name))
    return `${told} is no name of a Service: a to z, 0 to 9 and -, a letter first, at most 63`;
  if (name.length <= 253 && /^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$/.test(name))
    return undefined;
  return `${told} is no name: a to z, 0 to 9, - and ., a letter or digit at both ends, at most 253`;
}

function isLabel(text: string): boolean {
  return /^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$/.test(text);
}

function given(value: unknown): boolean {
  return value !== undefined && value !== null && value !== '';
}

/** What stands where a text should: numbers and booleans are most often texts without their quotes (`name: on`). */
function shown(value: unknown): string {
  if (Array.isArray(value)) return 'a list';
  if (typeof value === 'object' && value !== null) return 'a map';
  return `the ${typeof value} ${String(value)}: quote it`;
}

/**
 * The object with a name, and without what means nothing: an empty namespace, empty labels. `generateName` asks the server for
 * a name, which nobody could find again: the name is made of the content, so that what is the same keeps it.
 */
function named(object: KubeObject): KubeObject {
  const { name, generateName, namespace, labels, annotations, ...rest } = object.metadata as Record<string, unknown>;
  const hash = createHash('sha256').update(JSON.stringify(object)).digest('hex').slice(0, 8);
  const metadata = {
    name: given(name) ? name : `${generateName}${hash}`,
    ...(given(generateName) ? { generateName } : {}),
    ...(given(namespace) ? { namespace } : {}),
    ...(isMapping(labels) ? { labels: texts(labels) } : {}),
    ...(isMapping(annotations) ? { annotations: texts(annotations) } : {}),
    ...rest,
  };
  return { ...object, metadata: metadata as KubeObject['metadata'] };
}

/** A label without a value is empty to the API server. */
function texts(map: Record<string, unknown>): Record<string, string> {
  return Object.fromEntries(Object.entries(map).map(([key, value]) => [key, (value as string | null) ?? '']));
}
