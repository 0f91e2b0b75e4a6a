import type { Run } from '../../kernel/process.js';
import type { Endpoint } from '../target.js';
import type { StateFile } from './cluster-state.js';
import { accepts, appEndpoints } from './endpoints.js';
import type { LiveObject } from './live-object.js';

/** The ways in that answer from this machine: the Ingress addresses. */
export async function clusterEndpoints(
  _run: Run,
  members: readonly LiveObject[],
  _state: StateFile,
): Promise<Endpoint[]> {
  const ingresses = members.filter(({ kind }) => kind === 'Ingress');
  const candidates = appEndpoints(ingresses, undefined);
  const answers = await Promise.all(candidates.map(({ url }) => accepts(url)));
  return candidates.filter((_, index) => answers[index]);
}
