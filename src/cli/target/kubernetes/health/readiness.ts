import { conditionOf, type LiveObject } from '../api/live-object.js';

/** Whether a live object is as wanted, by kstatus' rules with overrides where its rules say too little. */
export type Readiness =
  | { state: 'ready' }
  | { state: 'waiting'; reason: string }
  /** It will not become ready by itself. */
  | { state: 'failed'; reason: string };

const ready: Readiness = { state: 'ready' };

/** What the cluster offers, for objects whose readiness depends on it. */
export interface ReadinessContext {
  /** Something here gives LoadBalancer Services an address. */
  loadBalancers: boolean;
  /** Of an autoscaler no more is asked than its least number of pods, for which it needs no figures. */
  leastReplicas?: boolean;
}

/** Judges one object (https://github.com/kubernetes-sigs/cli-utils/tree/master/pkg/kstatus, and the overrides below). */
export function readinessOf(object: LiveObject, context: ReadinessContext): Readiness {
  if (object.metadata.deletionTimestamp !== undefined) return { state: 'waiting', reason: 'it is being deleted' };
  const observed = object.status?.observedGeneration;
  const generation = object.metadata.generation;
  if (observed !== undefined && generation !== undefined && observed < generation) {
    return { state: 'waiting', reason: 'the change is not yet noticed by its controller' };
  }
  switch (object.kind) {
    case 'Deployment':
      return deployment(object);
    case 'StatefulSet':
      return statefulSet(object);
    case 'DaemonSet':
      return daemonSet(object);
    case 'Job':
      return job(object);
    case 'Pod':
      return pod(object);
    case 'PersistentVolumeClaim':
      // Pending is fine: under WaitForFirstConsumer the pod decides, and the pod is waited for.
      return object.status?.phase === 'Lost' ? { state: 'failed', reason: 'its volume is lost' } : ready;
    case 'Service':
      return service(object, context);
    case 'HorizontalPodAutoscaler':
      return context.leastReplicas === true ? leastReplicas(object) : autoscaler(object);
    case 'CustomResourceDefinition':
      return conditionOf(object, 'Established')?.status === 'True'
        ? ready
        : { state: 'waiting', reason: conditionOf(object, 'NamesAccepted')?.message ?? 'its kind is not served yet' };
    case 'APIService':
      return byCondition(object, 'Available');
    default:
      return general(object);
  }
}

/** What kstatus says of a kind that it does not know: by the conditions Stalled, Reconciling and Ready, where the object has them. */
function general(object: LiveObject): Readiness {
  const told = (type: string) => conditionOf(object, type);
  const stalled = told('Stalled');
  if (stalled?.status === 'True')
    return { state: 'failed', reason: stalled.message ?? stalled.reason ?? 'it is stalled' };
  const reconciling = told('Reconciling');
  if (reconciling?.status === 'True')
    return { state: 'waiting', reason: reconciling.message ?? reconciling.reason ?? 'its controller is at work' };
  return told('Ready') === undefined ? ready : byCondition(object, 'Ready');
}

function byCondition(object: LiveObject, type: string): Readiness {
  const condition = conditionOf(object, type);
  if (condition?.status === 'True') return ready;
  return { state: 'waiting', reason: condition?.message ?? condition?.reason ?? `it is not ${type} yet` };
}

function count(value: unknown): number {
  return typeof value === 'number' ? value : 0;
}

function deployment(object: LiveObject): Readiness {
  const status = object.status ?? {};
  const wanted = count(object.spec?.replicas ?? 1);
  const progressing = conditionOf(object, 'Progressing');
  const replicaFailure = conditionOf(object, 'ReplicaFailure');
  if (status.observedGeneration === undefined) return { state: 'waiting', reason: 'no controller has noticed it yet' };
  if (replicaFailure?.status === 'True') {
    // It may tell of a revision that is being replaced, or of a quota that is being raised: its ReplicaSet knows.
    return { state: 'waiting', reason: replicaFailure.message ?? replicaFailure.reason ?? 'its pods cannot be made' };
  }
  const updated = count(status.updatedReplicas);
  if (updated < wanted) return late(progressing, `${updated} of ${wanted} pods are of the new version`);
  const surplus = count(status.replicas) - updated;
  if (surplus > 0) return late(progressing, `${surplus} ${surplus === 1 ? 'pod' : 'pods'} of the old version remain`);
  const available = count(status.availableReplicas);
  if (available < wanted) return late(progressing, `${available} of ${wanted} pods are available`);
  if (wanted > 0 && conditionOf(object, 'Available')?.status === 'False') {
    return { state: 'waiting', reason: 'it is not available' };
  }
  return ready;
}

function late(progressing: { reason?: string; message?: string } | undefined, reason: string): Readiness {
  if (progressing?.reason === 'ProgressDeadlineExceeded') {
    return { state: 'failed', reason: `${reason}, and nothing has moved for its progress deadline` };
  }
  return { state: 'waiting', reason };
}

function statefulSet(object: LiveObject): Readiness {
  const status = object.status ?? {};
  const wanted = count(object.spec?.replicas ?? 1);
  if (status.observedGeneration === undefined) return { state: 'waiting', reason: 'no controller has noticed it yet' };
  const available = Math.min(count(status.readyReplicas), count(status.availableReplicas ?? status.readyReplicas));
  if (available < wanted) return { state: 'waiting', reason: `${available} of ${wanted} pods are ready` };
  const strategy = (object.spec?.updateStrategy as { type?: string } | undefined)?.type;
  if (strategy !== 'OnDelete' && status.updateRevision !== status.currentRevision && wanted > 0) {
    return { state: 'waiting', reason: 'its pods are not all of the new version' };
  }
  return ready;
}

function daemonSet(object: LiveObject): Readiness {
  const status = object.status ?? {};
  const wanted = count(status.desiredNumberScheduled);
  const available = Math.min(count(status.numberAvailable), count(status.updatedNumberScheduled));
  if (status.observedGeneration === undefined) return { state: 'waiting', reason: 'no controller has noticed it yet' };
  return available < wanted ? { state: 'waiting', reason: `${available} of ${wanted} pods are available` } : ready;
}

/** kstatus calls a running Job current; here it is ready when it is complete. */
function job(object: LiveObject): Readiness {
  if (conditionOf(object, 'Complete')?.status === 'True') return ready;
  const failed = conditionOf(object, 'Failed') ?? conditionOf(object, 'FailureTarget');
  if (failed?.status === 'True') return { state: 'failed', reason: failed.message ?? failed.reason ?? 'it failed' };
  if (object.spec?.suspend === true) return { state: 'failed', reason: 'it is suspended' };
  const attempts = count(object.status?.failed);
  return { state: 'waiting', reason: attempts > 0 ? `it has failed ${attempts} times so far` : 'it is running' };
}

function pod(object: LiveObject): Readiness {
  if (object.status?.phase === 'Succeeded') return ready;
  if (object.status?.phase === 'Failed') {
    return { state: 'failed', reason: String(object.status.message ?? object.status.reason ?? 'it failed') };
  }
  if (conditionOf(object, 'Ready')?.status === 'True') return ready;
  return { state: 'waiting', reason: conditionOf(object, 'Ready')?.message ?? 'it is not ready' };
}

function service(object: LiveObject, { loadBalancers }: ReadinessContext): Readiness {
  if (object.spec?.type !== 'LoadBalancer' || !loadBalancers) return ready;
  const addresses = (object.status?.loadBalancer as { ingress?: unknown[] } | undefined)?.ingress ?? [];
  return addresses.length > 0 ? ready : { state: 'waiting', reason: 'it has no address yet' };
}

/** At its first look, some 15 s after it was made, it raises its target to the least number of pods. */
function leastReplicas(object: LiveObject): Readiness {
  const least = count(object.spec?.minReplicas ?? 1);
  if (conditionOf(object, 'ScalingActive')?.reason === 'ScalingDisabled') return ready;
  // One that gets no figures asks for nothing; what it would ask for at least may be there all the same.
  if (Math.max(count(object.status?.desiredReplicas), count(object.status?.currentReplicas)) >= least) return ready;
  const able = conditionOf(object, 'AbleToScale');
  const why = able?.status === 'False' ? able.message : undefined;
  return { state: 'waiting', reason: why ?? `it has not asked for its least number of pods (${least}) yet` };
}

function autoscaler(object: LiveObject): Readiness {
  const active = conditionOf(object, 'ScalingActive');
  const able = conditionOf(object, 'AbleToScale');
  if (able?.status === 'False') return { state: 'waiting', reason: able.message ?? 'it is not able to scale' };
  if (active === undefined) return { state: 'waiting', reason: 'it has not looked at its target yet' };
  // Scaled to zero by hand: disabled, not broken.
  if (active.status === 'True' || active.reason === 'ScalingDisabled') return ready;
  return { state: 'waiting', reason: active.message ?? 'it gets no metrics' };
}
