import { Failure } from '../kernel/failure.js';
import type { Fault, Target } from './target.js';

type Place = 'local' | 'cluster';

/** What a place cannot do to a workload: why, and what to do instead. */
const impossible: Record<Place, Partial<Record<Fault['kind'], readonly [why: string, instead: string]>>> = {
  local: {
    scale: [
      'the local target runs one process of each workload, so nothing can be scaled there',
      'Scale on a cluster: --target minikube, kind or kube',
    ],
    'delete-pod': [
      'the local target runs processes and has no pods to delete',
      'Use restart (asked to end, then started again) or kill, or a cluster: --target minikube',
    ],
  },
  cluster: {
    stop: [
      'a container cannot be frozen from inside it, so stop is not possible on a cluster',
      'Use kill or restart there, or run this on the local target',
    ],
    continue: [
      'a container cannot be frozen from inside it, so continue is not possible on a cluster',
      'Use kill or restart there, or run this on the local target',
    ],
  },
};

/** Why a target cannot do such a thing to any workload, as Failure `fault-not-possible`; undefined where it can. */
export function faultRefusal(target: Target['name'], kind: Fault['kind']): Failure | undefined {
  const found = impossible[target === 'local' ? 'local' : 'cluster'][kind];
  return found === undefined
    ? undefined
    : new Failure({ code: 'fault-not-possible', message: found[0], hint: found[1] });
}
