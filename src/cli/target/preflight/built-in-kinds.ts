import { groupOf } from '../manifests/kube-object.js';

/** An API that Kubernetes served once, and what took its place (https://kubernetes.io/docs/reference/using-api/deprecation-guide/). */
export interface RemovedApi {
  apiVersion: string;
  kind: string;
  /** The first version without it. */
  removedIn: string;
  /** The API version that serves the kind today; undefined where none does. */
  replacement: string | undefined;
}

/** The kinds that Kubernetes itself serves, by the API version that they have today. */
const namespacedKinds: Readonly<Record<string, string>> = {
  v1: 'Binding ConfigMap Endpoints Event LimitRange PersistentVolumeClaim Pod PodTemplate ReplicationController ResourceQuota Secret Service ServiceAccount',
  'apps/v1': 'ControllerRevision DaemonSet Deployment ReplicaSet StatefulSet',
  'authorization.k8s.io/v1': 'LocalSubjectAccessReview',
  'autoscaling/v2': 'HorizontalPodAutoscaler',
  'batch/v1': 'CronJob Job',
  'coordination.k8s.io/v1': 'Lease',
  'discovery.k8s.io/v1': 'EndpointSlice',
  'networking.k8s.io/v1': 'Ingress NetworkPolicy',
  'policy/v1': 'PodDisruptionBudget',
  'rbac.authorization.k8s.io/v1': 'Role RoleBinding',
  'resource.k8s.io/v1': 'ResourceClaim ResourceClaimTemplate',
  'storage.k8s.io/v1': 'CSIStorageCapacity',
};

const clusterKinds: Readonly<Record<string, string>> = {
  v1: 'Namespace Node PersistentVolume',
  'admissionregistration.k8s.io/v1':
    'MutatingWebhookConfiguration ValidatingAdmissionPolicy ValidatingAdmissionPolicyBinding ValidatingWebhookConfiguration',
  'apiextensions.k8s.io/v1': 'CustomResourceDefinition',
  'apiregistration.k8s.io/v1': 'APIService',
  'authentication.k8s.io/v1': 'TokenReview',
  'authorization.k8s.io/v1': 'SelfSubjectAccessReview SelfSubjectRulesReview SubjectAccessReview',
  'certificates.k8s.io/v1': 'CertificateSigningRequest',
  'flowcontrol.apiserver.k8s.io/v1': 'FlowSchema PriorityLevelConfiguration',
  'networking.k8s.io/v1': 'IPAddress IngressClass ServiceCIDR',
  'node.k8s.io/v1': 'RuntimeClass',
  'rbac.authorization.k8s.io/v1': 'ClusterRole ClusterRoleBinding',
  'resource.k8s.io/v1': 'DeviceClass ResourceSlice',
  'scheduling.k8s.io/v1': 'PriorityClass',
  'storage.k8s.io/v1': 'CSIDriver CSINode StorageClass VolumeAttachment',
};

function byKind(table: Readonly<Record<string, string>>): [string, string][] {
  return Object.entries(table).flatMap(([api, kinds]) => kinds.split(' ').map((kind): [string, string] => [kind, api]));
}

const clusterScoped = new Set(byKind(clusterKinds).map(([kind]) => kind));
const apiByKind = new Map([...byKind(namespacedKinds), ...byKind(clusterKinds)]);

/** The API version of a kind that Kubernetes itself serves today; undefined for a kind that is somebody else's. */
export function builtInApi(kind: string): string | undefined {
  return apiByKind.get(kind);
}

/** Whether an object of a built-in kind is in no namespace. */
export function isClusterScoped(kind: string): boolean {
  return clusterScoped.has(kind);
}

/** Whether the object is of a kind that Kubernetes brings, whatever the version of its API: a Service of Knative is not. */
export function isBuiltIn({ apiVersion, kind }: { apiVersion: string; kind: string }): boolean {
  const today = apiByKind.get(kind);
  if (today === undefined) return false;
  return groupOf(today) === groupOf(apiVersion) || removedApi(apiVersion, kind) !== undefined;
}

/** API version, kinds, the first version without them; the replacement where it is not what the kinds have today. */
const removedRows: readonly (readonly [apiVersion: string, kinds: string, removedIn: string])[] = [
  ['extensions/v1beta1', 'DaemonSet Deployment NetworkPolicy PodSecurityPolicy ReplicaSet', '1.16'],
  ['apps/v1beta1', 'Deployment ReplicaSet StatefulSet', '1.16'],
  ['apps/v1beta2', 'DaemonSet Deployment ReplicaSet StatefulSet', '1.16'],
  ['settings.k8s.io/v1alpha1', 'PodPreset', '1.20'],
  ['batch/v2alpha1', 'CronJob', '1.21'],
  ['extensions/v1beta1', 'Ingress', '1.22'],
  ['networking.k8s.io/v1beta1', 'Ingress IngressClass', '1.22'],
  ['admissionregistration.k8s.io/v1beta1', 'MutatingWebhookConfiguration ValidatingWebhookConfiguration', '1.22'],
  ['apiextensions.k8s.io/v1beta1', 'CustomResourceDefinition', '1.22'],
  ['apiregistration.k8s.io/v1beta1', 'APIService', '1.22'],
  ['authentication.k8s.io/v1beta1', 'TokenReview', '1.22'],
  [
    'authorization.k8s.io/v1beta1',
    'LocalSubjectAccessReview SelfSubjectAccessReview SelfSubjectRulesReview SubjectAccessReview',
    '1.22',
  ],
  ['certificates.k8s.io/v1beta1', 'CertificateSigningRequest', '1.22'],
  ['coordination.k8s.io/v1beta1', 'Lease', '1.22'],
  ['rbac.authorization.k8s.io/v1alpha1', 'ClusterRole ClusterRoleBinding Role RoleBinding', '1.22'],
  ['rbac.authorization.k8s.io/v1beta1', 'ClusterRole ClusterRoleBinding Role RoleBinding', '1.22'],
  ['scheduling.k8s.io/v1alpha1', 'PriorityClass', '1.22'],
  ['scheduling.k8s.io/v1beta1', 'PriorityClass', '1.22'],
  ['storage.k8s.io/v1beta1', 'CSIDriver CSINode StorageClass VolumeAttachment', '1.22'],
  ['batch/v1beta1', 'CronJob', '1.25'],
  ['discovery.k8s.io/v1beta1', 'EndpointSlice', '1.25'],
  ['events.k8s.io/v1beta1', 'Event', '1.25'],
  ['autoscaling/v2beta1', 'HorizontalPodAutoscaler', '1.25'],
  ['policy/v1beta1', 'PodDisruptionBudget PodSecurityPolicy', '1.25'],
  ['node.k8s.io/v1beta1', 'RuntimeClass', '1.25'],
  ['autoscaling/v2beta2', 'HorizontalPodAutoscaler', '1.26'],
  ['flowcontrol.apiserver.k8s.io/v1beta1', 'FlowSchema PriorityLevelConfiguration', '1.26'],
  ['storage.k8s.io/v1beta1', 'CSIStorageCapacity', '1.27'],
  ['flowcontrol.apiserver.k8s.io/v1beta2', 'FlowSchema PriorityLevelConfiguration', '1.29'],
  ['flowcontrol.apiserver.k8s.io/v1beta3', 'FlowSchema PriorityLevelConfiguration', '1.32'],
  ['admissionregistration.k8s.io/v1beta1', 'ValidatingAdmissionPolicy ValidatingAdmissionPolicyBinding', '1.34'],
];

/** Every API that was removed, one row for each kind of it. */
export const removedApis: readonly RemovedApi[] = removedRows.flatMap(([apiVersion, kinds, removedIn]) =>
  kinds.split(' ').map((kind) => ({
    apiVersion,
    kind,
    removedIn,
    replacement: kind === 'Event' ? 'events.k8s.io/v1' : apiByKind.get(kind),
  })),
);

const removedByKind = new Map(removedApis.map((row) => [`${row.apiVersion}/${row.kind}`, row]));

/** What is known of an API that Kubernetes served once; undefined for one that it serves, or never did. */
export function removedApi(apiVersion: string, kind: string): RemovedApi | undefined {
  return removedByKind.get(`${apiVersion}/${kind}`);
}

/** Whether Kubernetes of this version (`1.34`, `v1.34.4`) is older than another. */
export function isOlder(version: string, than: string): boolean {
  const [a, b] = [version, than].map((text) => /^v?(\d+)\.(\d+)/.exec(text)?.slice(1).map(Number) ?? [0, 0]);
  return (a![0]! - b![0]! || a![1]! - b![1]!) < 0;
}
