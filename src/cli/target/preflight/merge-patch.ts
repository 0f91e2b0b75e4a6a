import { type Fields, isMap, same } from './fields.js';

/**
 * Lists whose entries have an identity, by the name of the field, and the fields that make it: the first that an entry of the patch
 * has is what it is found by. As in Kubernetes' strategic merge patch, and the templates of claims beside it; every other list is
 * one value.
 */
const listKeys: Readonly<Record<string, readonly string[]>> = {
  containers: ['name'],
  initContainers: ['name'],
  ephemeralContainers: ['name'],
  env: ['name'],
  volumes: ['name'],
  volumeMounts: ['mountPath', 'name'],
  volumeDevices: ['devicePath'],
  imagePullSecrets: ['name'],
  hostAliases: ['ip'],
  secrets: ['name'],
  webhooks: ['name'],
  ports: ['containerPort', 'port', 'name'],
  volumeClaimTemplates: ['metadata.name'],
};

/**
 * As in Kubernetes: `delete` in an entry of a keyed list takes it out, `replace` in a map has the patch's map stand for the whole,
 * and an entry that is nothing but `replace` does so for its list.
 */
const directive = '$patch';

/** A patch that cannot be applied: where, and why. */
export class PatchProblem extends Error {}

/**
 * The value that a patch makes of another (RFC 7386: null takes a field out, maps are merged, all else is replaced), with keyed
 * lists merged entry by entry. Neither is changed. Throws PatchProblem for an entry of a keyed list without its key.
 */
export function applyPatch(to: unknown, patch: unknown, field = ''): unknown {
  if (Array.isArray(patch)) return patchList(to, patch, field);
  if (!isMap(patch)) return patch;
  const { [directive]: what, ...fields } = patch;
  const result: Fields = isMap(to) && what !== 'replace' ? { ...to } : {};
  for (const [name, value] of Object.entries(fields)) {
    if (value === null) delete result[name];
    else set(result, name, applyPatch(Object.hasOwn(result, name) ? result[name] : undefined, value, name));
  }
  return result;
}

/** As an assignment, and `__proto__` is a field as any other. */
function set(fields: Fields, name: string, value: unknown): void {
  Object.defineProperty(fields, name, { value, writable: true, enumerable: true, configurable: true });
}

function patchList(to: unknown, patch: readonly unknown[], field: string): unknown[] {
  const keys = keysOf(field);
  const plain = () => patch.map((item) => applyPatch(undefined, item));
  if (keys === undefined || !patch.every(isMap) || patch.length === 0) return plain();
  if (patch.some(isWhole) || !Array.isArray(to) || !to.every(isMap)) {
    const kept = patch.filter((item) => !isWhole(item) && item[directive] !== 'delete');
    return kept.map((item) => applyPatch(undefined, item));
  }
  const result: Fields[] = [...to];
  for (const item of patch) {
    const place = placeOf(item, result, keys);
    if (place === undefined)
      throw new PatchProblem(`an entry of ${field} needs ${keys.join(' or ')}, so that it is clear which one is meant`);
    if (item[directive] === 'delete') {
      if (place >= 0) result.splice(place, 1);
    } else if (place < 0) result.push(applyPatch(undefined, item) as Fields);
    else result[place] = applyPatch(result[place], item) as Fields;
  }
  return result;
}

/** Says that the list of a patch is the whole list. */
function isWhole(item: Fields): boolean {
  return item[directive] === 'replace' && Object.keys(item).length === 1;
}

function keysOf(field: string): readonly string[] | undefined {
  return Object.hasOwn(listKeys, field) ? listKeys[field] : undefined;
}

function keyed(item: Fields, key: string): unknown {
  return key === 'metadata.name' ? (item.metadata as Fields | undefined)?.name : item[key];
}

/** The place of the entry that one of a patch means: -1 for a new one, undefined where it says nothing to go by. */
function placeOf(item: Fields, among: readonly Fields[], keys: readonly string[]): number | undefined {
  const given = keys.filter((key) => keyed(item, key) !== undefined);
  if (given.length === 0) return undefined;
  for (const key of given) {
    const fits = (other: Fields) =>
      keyed(other, key) === keyed(item, key) && (item.protocol === undefined || protocolOf(other) === item.protocol);
    const place = among.findIndex(fits);
    if (place >= 0) return place;
    // A mount elsewhere of the same volume is another mount; a port of the same name is the same port.
    if (key === 'mountPath') return -1;
  }
  return -1;
}

function protocolOf(port: Fields): unknown {
  return port.protocol ?? 'TCP';
}

/**
 * The smallest patch that makes `after` of `before`; undefined where they do not differ. A null in either means that the field is
 * not there, as it does to Kubernetes.
 */
export function patchBetween(before: unknown, after: unknown, field = ''): unknown {
  if (same(before, after)) return undefined;
  if (Array.isArray(before) && Array.isArray(after)) return listPatch(before, after, field);
  if (!isMap(before) || !isMap(after)) return after;
  const patch: Fields = {};
  for (const name of Object.keys(before)) {
    const value = after[name] ?? null;
    if (value === null && before[name] !== null) set(patch, name, null);
  }
  for (const [name, value] of Object.entries(after)) {
    const was = Object.hasOwn(before, name) ? before[name] : undefined;
    if (value === null || value === undefined || same(was, value)) continue;
    const part = was === undefined || was === null ? fresh(value, name) : patchBetween(was, value, name);
    if (part !== undefined) set(patch, name, part);
  }
  return Object.keys(patch).length === 0 ? undefined : patch;
}

/** A value that stands where none was: nulls are left out of it, since they would be taken for removals. */
function fresh(value: unknown, field: string): unknown {
  return isMap(value) ? (patchBetween({}, value, field) ?? {}) : value;
}

function listPatch(before: readonly unknown[], after: readonly unknown[], field: string): unknown {
  const keys = keysOf(field);
  if (keys === undefined || !before.every(isMap) || !after.every(isMap)) return after;
  const whole = after.length === 0 ? [] : [...after, { [directive]: 'replace' }];
  const [key = ''] = keys.filter((name) => [...before, ...after].every((item) => keyed(item, name) !== undefined));
  const names = (items: readonly Fields[]) => items.map((item) => keyed(item, key));
  const isUnique = (items: readonly Fields[]) => new Set(names(items)).size === items.length;
  if (key === '' || !isUnique(before) || !isUnique(after)) return whole;
  const patch: Fields[] = [];
  for (const item of before) {
    if (!names(after).includes(keyed(item, key))) patch.push({ ...identity(item, key), [directive]: 'delete' });
  }
  for (const item of after) {
    const was = before.find((other) => keyed(other, key) === keyed(item, key));
    const part = was === undefined ? item : patchBetween(was, item);
    if (part !== undefined) patch.push({ ...identity(item, key), ...(part as Fields) });
  }
  // Order is said by nothing but the whole list.
  return same(patchList(before, patch, field), after) ? patch : whole;
}

function identity(item: Fields, key: string): Fields {
  return key === 'metadata.name' ? { metadata: { name: keyed(item, key) } } : { [key]: item[key] };
}

/** One patch for two that are applied one after the other. */
export function mergePatches(first: unknown, second: unknown, field = ''): unknown {
  if (first === undefined) return second;
  if (second === undefined) return first;
  if (Array.isArray(second)) return Array.isArray(first) ? mergeLists(first, second, field) : wholeList(second, field);
  if (!isMap(second)) return second;
  // What the first took away or replaced the second makes anew.
  if (!isMap(first) || first[directive] === 'delete') return { ...second, [directive]: 'replace' };
  const merged: Fields = { ...first };
  for (const [name, value] of Object.entries(second))
    set(merged, name, Object.hasOwn(merged, name) ? mergePatches(merged[name], value, name) : value);
  return merged;
}

function wholeList(list: readonly unknown[], field: string): unknown[] {
  if (keysOf(field) === undefined || list.length === 0 || list.some((item) => isMap(item) && isWhole(item)))
    return [...list];
  return [...list, { [directive]: 'replace' }];
}

function mergeLists(first: readonly unknown[], second: readonly unknown[], field: string): unknown[] {
  const keys = keysOf(field);
  if (keys === undefined || second.length === 0 || !second.every(isMap) || second.some(isWhole)) return [...second];
  // An empty list, or one of other things, replaced what was there.
  if (first.length === 0 || !first.every(isMap)) return wholeList(second, field);
  const merged: Fields[] = [...first];
  for (const item of second) {
    const place = placeOf(item, merged, keys) ?? -1;
    if (place < 0) merged.push(item);
    else merged[place] = mergePatches(merged[place], item) as Fields;
  }
  return merged;
}
