import { didYouMean } from '../../kernel/nearest.js';
import { groupOf, type KubeObject } from '../manifests/kube-object.js';
import { builtInScope } from './kind-scope.js';
import type { RenderedObject } from './rendered-object.js';

/** Whether a kind lives in a namespace; undefined where nobody knows it. */
export type ScopeOf = (apiVersion: string, kind: string) => boolean | undefined;

/** Objects in their namespaces, and those of kinds that nobody knows, which are taken to live in one. */
export interface PlacedObjects {
  objects: RenderedObject[];
  unknown: RenderedObject[];
}

/**
 * Every object where it will live: with the namespace of its release where it names none, without one where its kind has none. A
 * kind is looked up among those that every API server has, then among the CRDs of the objects themselves, then asked for.
 */
export function placeObjects(objects: readonly RenderedObject[], isNamespaced: ScopeOf): PlacedObjects {
  const scope = scopeAmong(objects, isNamespaced);
  const unknown: RenderedObject[] = [];
  const placed = objects.map((rendered): RenderedObject => {
    const { object, defaultNamespace } = rendered;
    const scoped = scope(object.apiVersion, object.kind);
    if (scoped === undefined) unknown.push(rendered);
    const { namespace, ...metadata } = object.metadata;
    if (scoped === false) return { ...rendered, object: { ...object, metadata } };
    return {
      ...rendered,
      object: { ...object, metadata: { ...metadata, namespace: namespace ?? defaultNamespace } },
    };
  });
  return { objects: placed, unknown };
}

/** The scope of kinds by the table, by the CRDs among these objects, then by whoever is asked. */
export function scopeAmong(objects: readonly RenderedObject[], isNamespaced: ScopeOf): ScopeOf {
  const defined = new Map<string, boolean>();
  for (const { object } of objects) {
    if (object.kind !== 'CustomResourceDefinition') continue;
    const { group, names, scope } = (object.spec ?? {}) as {
      group?: unknown;
      names?: { kind?: unknown };
      scope?: unknown;
    };
    if (typeof group === 'string' && typeof names?.kind === 'string')
      defined.set(`${group}/${names.kind}`, scope !== 'Cluster');
  }
  return (apiVersion, kind) =>
    builtInScope(apiVersion, kind) ?? defined.get(`${groupOf(apiVersion)}/${kind}`) ?? isNamespaced(apiVersion, kind);
}

/** A namespace that nobody makes, and an object that is to live in it. */
export interface MissingNamespace {
  name: string;
  /** The first object that needs it. */
  needed: RenderedObject;
  /** ` Did you mean "x"?` of those that are declared, or nothing. */
  near: string;
}

/** The namespaces of placed objects that neither they nor `declared` (those that are there) have, in the order of need. */
export function missingNamespaces(objects: readonly RenderedObject[], declared: Iterable<string>): MissingNamespace[] {
  const known = new Set([
    ...declared,
    ...objects.flatMap(({ object }) => (isNamespace(object) ? object.metadata.name : [])),
  ]);
  const missing = new Map<string, MissingNamespace>();
  for (const needed of objects) {
    const name = needed.object.metadata.namespace;
    if (name === undefined || known.has(name) || missing.has(name)) continue;
    missing.set(name, { name, needed, near: didYouMean(name, known) });
  }
  return [...missing.values()];
}

/** Namespaces for what nobody declares, to be applied before everything else. */
export function createNamespaces(missing: readonly MissingNamespace[]): RenderedObject[] {
  return missing.map(({ name, needed }) => ({
    object: { apiVersion: 'v1', kind: 'Namespace', metadata: { name } },
    defaultNamespace: name,
    source: needed.source,
    release: needed.release,
  }));
}

function isNamespace({ apiVersion, kind }: KubeObject): boolean {
  return apiVersion === 'v1' && kind === 'Namespace';
}
