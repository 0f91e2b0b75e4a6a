import { Failure } from '../../../kernel/failure.js';
import type { KubeObject } from '../../manifests/kube-object.js';
import { ApiError } from '../api/api-error.js';
import type { KubeClient } from '../api/client.js';
import { type LiveObject, liveRef } from '../api/live-object.js';
import { partOfLabel } from './desired.js';

/** Kinds that whoever came first brings for all. */
const sharedKinds = new Set(['CustomResourceDefinition']);

/**
 * Of objects that are to be made, those that are there already and were not made by hwctl: definitions of kinds, which are used
 * as they are. Throws Failure `not-ours` for any other: applying it would take it from its owner, and `down` would delete it.
 */
export async function findForeign(
  client: KubeClient,
  wanted: readonly KubeObject[],
  applySetId: string,
): Promise<LiveObject[]> {
  const found = (await Promise.all(wanted.map((object) => look(client, object)))).filter(
    (live) => live !== undefined && live.metadata.labels?.[partOfLabel] !== applySetId,
  ) as LiveObject[];
  const taken = found.filter(({ kind }) => !sharedKinds.has(kind));
  if (taken.length === 0) return found;
  const releases = [...new Set(taken.flatMap((object) => helmRelease(object) ?? []))];
  throw new Failure({
    code: 'not-ours',
    message: `${taken.length === 1 ? 'an object is' : `${taken.length} objects are`} in the cluster already, and hwctl did not make ${taken.length === 1 ? 'it' : 'them'}`,
    details: taken.map((object) => `${liveRef(object)}: ${ownerOf(object)}`),
    hint:
      releases.length > 0
        ? `Uninstall it (${releases.join('; ')}), or give it to hwctl with --force-conflicts: hwctl down deletes it then`
        : 'Delete it, or give it to hwctl with --force-conflicts: hwctl down deletes it then',
  });
}

async function look(client: KubeClient, object: KubeObject): Promise<LiveObject | undefined> {
  try {
    return await client.get(object);
  } catch (error) {
    // A kind that nobody serves yet.
    if (error instanceof ApiError && error.status === 404) return undefined;
    throw error;
  }
}

function helmRelease({ metadata }: LiveObject): string | undefined {
  const name = metadata.annotations?.['meta.helm.sh/release-name'];
  const namespace = metadata.annotations?.['meta.helm.sh/release-namespace'];
  return name === undefined ? undefined : `helm uninstall ${name}${namespace === undefined ? '' : ` -n ${namespace}`}`;
}

function ownerOf(object: LiveObject): string {
  const release = object.metadata.annotations?.['meta.helm.sh/release-name'];
  if (object.metadata.labels?.[partOfLabel] !== undefined) return 'it is of another project of hwctl';
  if (release !== undefined) return `it is of the helm release ${release}`;
  const managers = [...new Set((object.metadata.managedFields ?? []).map(({ manager }) => manager))];
  return managers.length === 0 ? 'somebody made it' : `${managers.join(', ')} made it`;
}
