import type { KubeObject } from './kube-object.js';

/** An object of the topology and the stacks that it belongs to. */
export interface StackObject {
  object: KubeObject;
  stacks: string[];
  /** `monitoring` is Prometheus and Grafana, in a namespace of their own; `application` is everything else. */
  part: 'application' | 'monitoring';
  /** When it is applied; by its kind where absent. */
  wave?: ObjectWave;
}

/** A wave that a project's order of releases and hooks makes. */
export interface ObjectWave {
  /** Waves are applied in this order, from 0. */
  index: number;
  /** It is ready (a Job complete, a definition of kinds established) before the next one begins. */
  isAwaited: boolean;
  /** What was applied before is given time to become ready first: a person would have waited. */
  settlesBefore: boolean;
}
