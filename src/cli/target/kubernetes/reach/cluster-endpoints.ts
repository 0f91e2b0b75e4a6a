import type { RunProgram } from '../../../kernel/process.js';
import type { Endpoint } from '../../target.js';
import type { LiveObject } from '../api/live-object.js';
import type { StateFile } from '../provider/cluster-state.js';
import { accepts, appEndpoints } from './endpoints.js';
import { forwardEndpoints, readForwards } from './forward.js';

/** The ways in that answer from this machine: the Ingress addresses, and what the port-forward daemon listens on. */
export async function clusterEndpoints(
  run: RunProgram,
  members: readonly LiveObject[],
  state: StateFile,
): Promise<Endpoint[]> {
  const ingresses = members.filter(({ kind }) => kind === 'Ingress');
  const forwards = forwardEndpoints(await readForwards(run, state));
  const controller = forwards.find(({ name }) => name === 'ingress');
  const candidates = appEndpoints(ingresses);
  const answers = await Promise.all(candidates.map(({ url }) => accepts(url)));
  const direct = candidates.filter((_, index) => answers[index]);
  const through = controller === undefined ? [] : appEndpoints(ingresses, controller.url);
  return [...(direct.length > 0 ? direct : through), ...forwards.filter(({ name }) => name !== 'ingress')];
}
