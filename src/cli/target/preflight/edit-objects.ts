import { didYouMean } from '../../kernel/nearest.js';
import type { KubeObject } from '../manifests/kube-object.js';
import { isMap, same } from './fields.js';
import { applyPatch, mergePatches, PatchProblem } from './merge-patch.js';
import { nameOf, type PreflightProblem, placedRef, type SourcedObject } from './problem.js';

/** What an edit is meant for, as its key says it. */
interface EditTarget {
  apiVersion?: string;
  kind: string;
  namespace?: string;
  name: string;
}

/** Objects as the edits leave them, and what is wrong with the edits. */
export interface EditedObjects<T extends SourcedObject> {
  objects: T[];
  problems: PreflightProblem[];
}

/**
 * Applies `edits:` of hwctl.yaml: each key names one object (`Kind/name`, `Kind/namespace/name`, or either after an apiVersion),
 * each value is a merge patch of it (RFC 7386, lists such as containers and env entry by entry), or null to leave it out. An
 * edit that means no object or several, changes nothing or makes another object of it is a problem, and is not applied.
 * `placeOf` says where an edit stands.
 */
export function applyEdits<T extends SourcedObject>(
  objects: readonly T[],
  edits: Readonly<Record<string, unknown>>,
  placeOf: (ref: string) => string = () => 'hwctl.yaml',
): EditedObjects<T> {
  let edited = [...objects];
  const problems: PreflightProblem[] = [];
  for (const [ref, patch] of Object.entries(edits)) {
    // What an edit means is looked for in the objects as they came: no edit hides an object from the next.
    const outcome = applyEdit(objects, edited, ref, patch);
    if ('objects' in outcome) edited = outcome.objects;
    else problems.push({ ref, source: placeOf(ref), ...outcome });
  }
  return { objects: edited, problems };
}

type Outcome<T> = { objects: T[] } | Omit<PreflightProblem, 'ref' | 'source'>;

function applyEdit<T extends SourcedObject>(
  given: readonly T[],
  now: readonly T[],
  ref: string,
  patch: unknown,
): Outcome<T> {
  const target = readRef(ref);
  if (target === undefined)
    return wrong(
      'edit-reference',
      `${JSON.stringify(ref)} names no object`,
      'Write Kind/name, or Kind/namespace/name: "Deployment/orders"',
    );
  if (patch !== null && !isMap(patch))
    return wrong('edit-value', 'an edit is a map of fields', 'Write the fields that change, or null to leave it out');
  const places = given.flatMap((item, i) => (isMeant(target, item.object) ? [i] : []));
  const [place] = places;
  if (place === undefined) return unmatched(ref, given);
  if (places.length > 1) {
    const refs = places.map((i) => editRef((given[i] as T).object, given));
    const which = [...new Set(refs)].join(' or ');
    return wrong('edit-ambiguous', `it means ${places.length} objects`, `Write which one: ${which}`);
  }
  const item = now.find(({ object }) => isMeant(target, object));
  if (item === undefined) return idle('another edit leaves the object out');
  if (patch === null) return { objects: now.filter((one) => one !== item) };
  try {
    const object = applyPatch(item.object, patch) as KubeObject;
    if (same(object, item.object)) return idle('the object is so already');
    if (object.kind !== item.object.kind || nameOf(object) !== nameOf(item.object) || !isText(object.apiVersion))
      return wrong(
        'edit-identity',
        'it makes another object of it',
        'Leave apiVersion, kind and metadata.name as texts',
      );
    return { objects: now.map((one) => (one === item ? { ...item, object } : one)) };
  } catch (error) {
    if (!(error instanceof PatchProblem)) throw error;
    return wrong('edit-value', error.message, 'Give the entry its key, as the manifest has it');
  }
}

function wrong(code: string, cause: string, cure: string) {
  return { code, stops: true, cause, cure };
}

function idle(why: string) {
  return { code: 'edit-idle', stops: false, cause: `the edit changes nothing: ${why}`, cure: 'Take it out' };
}

/** What the objects of another stack are meant by is no reason to stop. */
function unmatched(ref: string, among: readonly SourcedObject[]) {
  const refs = among.map(({ object }) => editRef(object, among));
  const near = didYouMean(ref, refs);
  return {
    code: 'edit-unmatched',
    stops: false,
    cause: `the edit changes nothing: there is no ${ref}${near}`,
    cure: near === '' ? 'Take it out, or name an object as hwctl render does' : 'Write the name as the manifest has it',
  };
}

function isText(value: unknown): boolean {
  return typeof value === 'string' && value !== '';
}

/** Kinds begin with a capital; groups, versions and namespaces have none. */
function readRef(ref: string): EditTarget | undefined {
  const parts = ref.split('/');
  const at = parts.findIndex((part) => /^[A-Z]/.test(part));
  const [kind, ...rest] = parts.slice(at);
  if (at < 0 || at > 2 || kind === undefined || rest.length < 1 || rest.length > 2 || parts.includes(''))
    return undefined;
  const [namespace, name] = rest.length === 2 ? rest : [undefined, rest[0]];
  const apiVersion = at === 0 ? undefined : parts.slice(0, at).join('/');
  return { kind, name: name as string, ...(apiVersion && { apiVersion }), ...(namespace && { namespace }) };
}

function isMeant({ apiVersion, kind, namespace, name }: EditTarget, object: KubeObject): boolean {
  return (
    object.kind === kind &&
    nameOf(object) === name &&
    (namespace === undefined || (object.metadata.namespace ?? 'default') === namespace) &&
    (apiVersion === undefined || object.apiVersion === apiVersion)
  );
}

/** The shortest key of `edits:` that means this object and none of the others. */
export function editRef(object: KubeObject, among: readonly SourcedObject[]): string {
  const short = `${object.kind}/${nameOf(object)}`;
  const refs = [short, placedRef(object), `${object.apiVersion}/${short}`];
  const isUnique = (ref: string) => {
    const target = readRef(ref);
    return target !== undefined && among.filter((other) => isMeant(target, other.object)).length <= 1;
  };
  return refs.find(isUnique) ?? `${object.apiVersion}/${placedRef(object)}`;
}

/** The edits that problems offer, as `edits:` holds them: several of one object are one, in the order of the problems. */
export function editsOf(problems: readonly PreflightProblem[]): Record<string, unknown> {
  const edits = new Map<string, unknown>();
  for (const { edit } of problems) {
    if (edit !== undefined)
      edits.set(edit.ref, edits.has(edit.ref) ? mergePatches(edits.get(edit.ref), edit.patch) : edit.patch);
  }
  return Object.fromEntries(edits);
}
