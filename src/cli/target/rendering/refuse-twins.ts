import { isDeepStrictEqual } from 'node:util';
import { groupOf } from '../manifests/kube-object.js';
import type { Gathering } from './gathering.js';
import { scopeAmong } from './place-objects.js';
import { type RenderedObject, toldOf } from './rendered-object.js';

/**
 * The objects without those that are there twice, word for word. Two that differ are a problem with both places: of what kubectl
 * is given twice the later wins without a word, and helm refuses it.
 */
export function refuseTwins(objects: readonly RenderedObject[], gathering: Gathering): RenderedObject[] {
  const scope = scopeAmong(objects, () => undefined);
  const seen = new Map<string, RenderedObject>();
  return objects.filter((rendered) => {
    const { object, defaultNamespace, hook, source } = rendered;
    // Hooks of one name follow each other: the one before is deleted first.
    if (hook !== undefined) return true;
    const { name, namespace = defaultNamespace } = object.metadata;
    const place = scope(object.apiVersion, object.kind) === false ? '' : namespace;
    const id = [groupOf(object.apiVersion), object.kind, place, name].join('/');
    const twin = seen.get(id);
    if (twin === undefined) {
      seen.set(id, rendered);
      return true;
    }
    if (!isDeepStrictEqual(twin.object, object))
      gathering.problems.push(
        `${source}: ${toldOf(rendered)} is also in ${twin.source}, and differs: keep one of them${twin.release === rendered.release ? '' : ', or leave one of the two releases out of hwctl.yaml'}`,
      );
    return false;
  });
}
