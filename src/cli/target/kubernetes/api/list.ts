import { Failure } from '../../../kernel/failure.js';
import { ApiError } from './api-error.js';
import type { KubeClient } from './client.js';
import type { ApiResource } from './discovery.js';
import type { LiveObject } from './live-object.js';

/** Where pods are listed. */
export const podResource: ApiResource = {
  apiVersion: 'v1',
  kind: 'Pod',
  plural: 'pods',
  namespaced: true,
  verbs: ['list'],
};
/** Where events are listed. */
export const eventResource: ApiResource = {
  apiVersion: 'v1',
  kind: 'Event',
  plural: 'events',
  namespaced: true,
  verbs: ['list'],
};

/** Lists, or says which permission is missing. */
export async function listOrFail(
  client: KubeClient,
  resource: ApiResource,
  options: { namespace?: string; labelSelector?: string },
): Promise<LiveObject[]> {
  try {
    return await client.list(resource, options);
  } catch (error) {
    if (!(error instanceof ApiError) || (error.status !== 403 && error.status !== 401)) throw error;
    throw new Failure({
      code: error.status === 401 ? 'unauthorized' : 'forbidden',
      message: `the user of context ${client.context} may not list ${resource.plural}${options.namespace === undefined ? ' in all namespaces' : ` in namespace ${options.namespace}`}: ${error.message}`,
      hint: 'Use a context whose user may, or have an administrator grant it (kubectl auth can-i --list)',
      cause: error,
    });
  }
}
