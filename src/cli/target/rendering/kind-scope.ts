import { groupOf } from '../manifests/kube-object.js';

/** Kinds of one API group: the version to write, those in a namespace, those of the whole cluster. */
interface Group {
  version: string;
  namespaced: string;
  cluster?: string;
}

/** The kinds that every API server has, as of Kubernetes 1.34, and those that were removed since 1.16. */
const groups = new Map<string, Group>([
  [
    '',
    {
      version: 'v1',
      namespaced:
        'Binding ConfigMap Endpoints Event LimitRange PersistentVolumeClaim Pod PodTemplate ReplicationController ResourceQuota Secret ServiceAccount Service',
      cluster: 'ComponentStatus Namespace Node PersistentVolume',
    },
  ],
  ['apps', { version: 'v1', namespaced: 'ControllerRevision DaemonSet Deployment ReplicaSet StatefulSet' }],
  ['batch', { version: 'v1', namespaced: 'CronJob Job' }],
  ['autoscaling', { version: 'v2', namespaced: 'HorizontalPodAutoscaler' }],
  ['policy', { version: 'v1', namespaced: 'PodDisruptionBudget', cluster: 'PodSecurityPolicy' }],
  ['extensions', { version: 'v1beta1', namespaced: 'DaemonSet Deployment Ingress NetworkPolicy ReplicaSet' }],
  [
    'networking.k8s.io',
    { version: 'v1', namespaced: 'Ingress NetworkPolicy', cluster: 'IngressClass IPAddress ServiceCIDR' },
  ],
  [
    'rbac.authorization.k8s.io',
    { version: 'v1', namespaced: 'Role RoleBinding', cluster: 'ClusterRole ClusterRoleBinding' },
  ],
  [
    'storage.k8s.io',
    {
      version: 'v1',
      namespaced: 'CSIStorageCapacity',
      cluster: 'CSIDriver CSINode StorageClass VolumeAttachment VolumeAttributesClass',
    },
  ],
  [
    'admissionregistration.k8s.io',
    {
      version: 'v1',
      namespaced: '',
      cluster:
        'MutatingAdmissionPolicy MutatingAdmissionPolicyBinding MutatingWebhookConfiguration ValidatingAdmissionPolicy ValidatingAdmissionPolicyBinding ValidatingWebhookConfiguration',
    },
  ],
  ['apiextensions.k8s.io', { version: 'v1', namespaced: '', cluster: 'CustomResourceDefinition' }],
  ['apiregistration.k8s.io', { version: 'v1', namespaced: '', cluster: 'APIService' }],
  ['certificates.k8s.io', { version: 'v1', namespaced: '', cluster: 'CertificateSigningRequest ClusterTrustBundle' }],
  ['coordination.k8s.io', { version: 'v1', namespaced: 'Lease LeaseCandidate' }],
  ['discovery.k8s.io', { version: 'v1', namespaced: 'EndpointSlice' }],
  ['events.k8s.io', { version: 'v1', namespaced: 'Event' }],
  ['flowcontrol.apiserver.k8s.io', { version: 'v1', namespaced: '', cluster: 'FlowSchema PriorityLevelConfiguration' }],
  ['node.k8s.io', { version: 'v1', namespaced: '', cluster: 'RuntimeClass' }],
  [
    'resource.k8s.io',
    { version: 'v1', namespaced: 'ResourceClaim ResourceClaimTemplate', cluster: 'DeviceClass ResourceSlice' },
  ],
  ['scheduling.k8s.io', { version: 'v1', namespaced: '', cluster: 'PriorityClass' }],
]);

const scopes = new Map<string, boolean>();
const versions = new Map<string, string>();
for (const [group, { version, namespaced, cluster = '' }] of groups) {
  for (const [kinds, isNamespaced] of [
    [namespaced, true],
    [cluster, false],
  ] as const)
    for (const kind of kinds.split(' ').filter((word) => word !== '')) {
      scopes.set(`${group}/${kind}`, isNamespaced);
      if (group !== 'extensions' && kind !== 'PodSecurityPolicy' && !versions.has(kind))
        versions.set(kind, group === '' ? version : `${group}/${version}`);
    }
}

/** The `apiVersion` of each kind that every API server has. */
export const builtInVersions: ReadonlyMap<string, string> = versions;

/** Whether a kind that every API server has lives in a namespace; undefined for all others. */
export function builtInScope(apiVersion: string, kind: string): boolean | undefined {
  return scopes.get(`${groupOf(apiVersion)}/${kind}`);
}
