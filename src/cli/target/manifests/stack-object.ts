import type { KubeObject } from './kube-object.js';

/** An object of the topology and the stacks that it belongs to. */
export interface StackObject {
  object: KubeObject;
  stacks: string[];
  /** `monitoring` is Prometheus and Grafana, in a namespace of their own; `application` is everything else. */
  part: 'application' | 'monitoring';
}
