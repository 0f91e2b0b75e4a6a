import type { RunProgram } from '../../../kernel/process.js';
import type { Endpoint } from '../../target.js';
import type { LiveObject } from '../api/live-object.js';
import type { StateFile } from '../provider/cluster-state.js';
import { accepts, appEndpoints, isRoute } from './endpoints.js';
import { forwardEndpoints, readForwards } from './forward.js';

/** The ways in that answer from this machine: the Ingress addresses, and what the port-forward daemon listens on. */
export async function clusterEndpoints(
  run: RunProgram,
  members: readonly LiveObject[],
  state: StateFile,
): Promise<Endpoint[]> {
  const forwards = forwardEndpoints(await readForwards(run, state));
  const controller = forwards.find(({ name }) => name === 'ingress');
  const candidates = appEndpoints(members);
  const answers = await Promise.all(candidates.map(({ url }) => accepts(url)));
  const direct = candidates.filter((_, index) => answers[index]);
  const through = controller === undefined ? [] : appEndpoints(members, controller.url);
  const services = forwards.filter(({ name }) => name !== 'ingress');
  if (members.some(isRoute)) return [...(direct.length > 0 ? direct : through), ...services];
  const front = frontService(members);
  const app = services.find(({ service }) => service !== undefined && service.name === front?.metadata.name);
  return app === undefined ? services : [{ ...app, name: 'app' }, ...services];
}

/** Where no route leads in, the Service that is meant to be reached from outside: a LoadBalancer before a NodePort before the only one. */
function frontService(members: readonly LiveObject[]): LiveObject | undefined {
  const services = members.filter(({ kind }) => kind === 'Service');
  const ofType = (type: string) => services.find(({ spec }) => spec?.type === type);
  return ofType('LoadBalancer') ?? ofType('NodePort') ?? (services.length === 1 ? services[0] : undefined);
}
