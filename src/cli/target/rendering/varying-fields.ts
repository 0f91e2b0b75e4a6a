import type { KubeObject } from '../manifests/kube-object.js';
import { isMapping } from './foreign-config.js';

/** Steps from the top of an object to a field. */
export type FieldPath = readonly (string | number)[];

/**
 * The fields by which two renderings of one object differ: passwords and certificates that a chart makes anew each time, and what
 * is a hash of them. A part that one of the two lacks is a field by itself.
 */
export function varyingFields(one: unknown, other: unknown, path: FieldPath = []): FieldPath[] {
  if (Object.is(one, other)) return [];
  const lists = Array.isArray(one) && Array.isArray(other) && one.length === other.length;
  if (!lists && !(isMapping(one) && isMapping(other))) return [path];
  const steps = lists
    ? [...one.keys()]
    : [...new Set([...Object.keys(one as object), ...Object.keys(other as object)])];
  return steps.flatMap((step) => varyingFields(stepInto(one, step), stepInto(other, step), [...path, step]));
}

/**
 * An object with these fields as the live one has them, so that a chart which makes a password each time it is rendered changes
 * none that is in use. What the live one does not have stays as it was rendered.
 */
export function keepLive(object: KubeObject, varying: readonly FieldPath[], live: KubeObject): KubeObject {
  const kept = structuredClone(object);
  for (const path of varying) {
    const value = liveValue(live, path);
    const last = path.at(-1);
    const parent = path.slice(0, -1).reduce<unknown>(stepInto, kept);
    if (value !== undefined && last !== undefined && stepInto(parent, last) !== undefined)
      (parent as Record<string, unknown>)[last] = value;
  }
  return kept;
}

/** The API server keeps what a Secret says in `stringData` in `data`. */
function liveValue(live: KubeObject, path: FieldPath): unknown {
  if (live.kind !== 'Secret' || path[0] !== 'stringData') return path.reduce<unknown>(stepInto, live);
  const encoded = ['data', ...path.slice(1)].reduce<unknown>(stepInto, live);
  return typeof encoded === 'string' ? Buffer.from(encoded, 'base64').toString() : undefined;
}

function stepInto(value: unknown, step: string | number): unknown {
  if (value === null || typeof value !== 'object' || !Object.hasOwn(value, step)) return undefined;
  return (value as Record<string, unknown>)[step];
}
