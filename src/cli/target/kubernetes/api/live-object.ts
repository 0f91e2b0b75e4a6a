import { groupOf, type KubeObject } from '../../manifests/kube-object.js';

/** The reference of an object that another one belongs to. */
interface OwnerReference {
  kind: string;
  name: string;
  uid: string;
  controller?: boolean;
}

export interface StatusCondition {
  type: string;
  status: string;
  reason?: string;
  message?: string;
  lastTransitionTime?: string;
}

/** An object as the API server gives it: its identity is certain, the rest is read field by field. */
export interface LiveObject extends KubeObject {
  metadata: KubeObject['metadata'] & {
    uid: string;
    resourceVersion: string;
    generation?: number;
    creationTimestamp?: string;
    deletionTimestamp?: string;
    finalizers?: string[];
    ownerReferences?: OwnerReference[];
    managedFields?: { manager: string; operation: string; subresource?: string }[];
  };
  spec?: Record<string, unknown>;
  status?: { conditions?: StatusCondition[]; observedGeneration?: number; [field: string]: unknown };
}

/** `Deployment/hwctl/orders`, `Namespace/hwctl`: how live objects are named in plans and reports. */
export function liveRef(object: KubeObject): string {
  const { namespace, name } = object.metadata;
  return `${object.kind}/${namespace === undefined ? '' : `${namespace}/`}${name}`;
}

/** `Deployment.apps`, `Service`: a kind across versions, as ApplySet parents write it. */
export function groupKindOf(object: { apiVersion: string; kind: string }): string {
  const group = groupOf(object.apiVersion);
  return group === '' ? object.kind : `${object.kind}.${group}`;
}

/** The condition of that type, where the object has one. */
export function conditionOf(object: LiveObject, type: string): StatusCondition | undefined {
  return object.status?.conditions?.find((condition) => condition.type === type);
}

/** A kind, a namespace and a name: what makes two objects the same one. */
export function keyOf(object: KubeObject): string {
  return `${groupKindOf(object)}/${object.metadata.namespace ?? ''}/${object.metadata.name}`;
}
