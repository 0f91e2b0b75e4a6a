import { builtInApi } from './built-in-kinds.js';
import { kubeFields } from './kube-fields.js';

/** What may stand in a field. `port` is a number or a text, `quantity` an amount such as 500m or 1Gi. */
export type FieldType =
  | { is: 'text' | 'integer' | 'number' | 'boolean' | 'port' | 'quantity' | 'any' }
  | { is: 'object'; name: string }
  | { is: 'map'; of: FieldType }
  /** `keys`: what tells its entries apart. */
  | { is: 'list'; of: FieldType; keys: readonly string[] };

/** The fields of a type of Kubernetes' API. */
export interface ObjectType {
  name: string;
  fields: ReadonlyMap<string, { type: FieldType; needed: boolean }>;
}

let types: ReadonlyMap<string, ObjectType> | undefined;

function readTypes(): ReadonlyMap<string, ObjectType> {
  const read = new Map<string, ObjectType>();
  for (const line of kubeFields.trim().split('\n')) {
    const [name = '', ...words] = line.split(' ');
    const fields = words.map((word): [string, { type: FieldType; needed: boolean }] => {
      const colon = word.indexOf(':');
      const needed = word[colon - 1] === '!';
      return [word.slice(0, needed ? colon - 1 : colon), { type: readType(word.slice(colon + 1)), needed }];
    });
    read.set(name, { name, fields: new Map(fields) });
  }
  return read;
}

function readType(text: string): FieldType {
  if (text.endsWith('{}')) return { is: 'map', of: readType(text.slice(0, -2)) };
  const list = /^(.*)\[([^[\]]*)\]$/.exec(text);
  if (list)
    return { is: 'list', of: readType(list[1] as string), keys: (list[2] as string).split(',').filter(Boolean) };
  if (/^[A-Z]/.test(text)) return { is: 'object', name: text };
  return { is: text } as FieldType;
}

/** A type by its name. */
export function objectType(name: string): ObjectType | undefined {
  types ??= readTypes();
  return types.get(name);
}

/** The type of the objects of a kind that Kubernetes brings; undefined for all others. */
export function typeOfKind(apiVersion: string, kind: string): ObjectType | undefined {
  if (apiVersion === 'autoscaling/v2' && kind === 'HorizontalPodAutoscaler')
    return objectType('AutoscalingV2HorizontalPodAutoscaler');
  const own = builtInApi(kind);
  return own === apiVersion || (apiVersion === 'autoscaling/v1' && kind === 'HorizontalPodAutoscaler')
    ? objectType(kind)
    : undefined;
}

/** Where in an object of this type a field stands that is not where it was written: `spec.template.spec.containers`. */
export function placeOfField(root: ObjectType, field: string): string | undefined {
  const queue: { type: ObjectType; path: string }[] = [{ type: root, path: '' }];
  const seen = new Set([root.name]);
  for (let next = queue.shift(); next !== undefined; next = queue.shift()) {
    if (next.path !== '' && next.type.fields.has(field)) return next.path;
    for (const [name, { type }] of next.type.fields) {
      const inner = type.is === 'list' || type.is === 'map' ? type.of : type;
      const found = inner.is === 'object' && !seen.has(inner.name) ? objectType(inner.name) : undefined;
      if (found === undefined) continue;
      seen.add(found.name);
      queue.push({ type: found, path: next.path === '' ? name : `${next.path}.${name}` });
    }
  }
  return undefined;
}
