import { LineCounter, parseAllDocuments } from 'yaml';
import type { KubeObject } from '../../../src/cli/target/manifests/kube-object.js';
import { builtInApi } from '../../../src/cli/target/preflight/built-in-kinds.js';
import type { ClusterView, NodeView } from '../../../src/cli/target/preflight/cluster-view.js';
import type { SourcedObject } from '../../../src/cli/target/preflight/problem.js';

/** The objects of a YAML text as `up` would hand them on: each with its line, in the namespace `default` where it says none. */
export function objectsOf(yaml: string, file = 'k8s/app.yaml'): SourcedObject[] {
  const lines = new LineCounter();
  return parseAllDocuments(yaml, { lineCounter: lines }).flatMap((document) => {
    if (!('contents' in document) || document.contents === null) return [];
    const object = document.toJS() as KubeObject;
    return [{ object, source: `${file}:${lines.linePos(document.contents.range[0]).line}` }];
  });
}

export const node: NodeView = {
  name: 'minikube',
  allocatable: { cpu: '2', memory: '8Gi', pods: '110', 'ephemeral-storage': '100Gi' },
  labels: { 'kubernetes.io/arch': 'amd64', 'kubernetes.io/os': 'linux', 'kubernetes.io/hostname': 'minikube' },
  taints: [],
  images: [],
};

const builtIn =
  'ConfigMap Endpoints LimitRange Namespace PersistentVolume PersistentVolumeClaim Pod ReplicationController ResourceQuota Secret Service ServiceAccount DaemonSet Deployment ReplicaSet StatefulSet HorizontalPodAutoscaler CronJob Job EndpointSlice Ingress IngressClass NetworkPolicy PodDisruptionBudget Role RoleBinding ClusterRole ClusterRoleBinding CustomResourceDefinition APIService MutatingWebhookConfiguration ValidatingWebhookConfiguration PriorityClass StorageClass CSIDriver RuntimeClass';

/** A minikube of Kubernetes 1.34 with the addons ingress and metrics-server, and nothing else in it. */
export const minikube: ClusterView = {
  version: 'v1.34.4',
  served: new Set([
    ...builtIn.split(' ').map((kind) => `${builtInApi(kind)}/${kind}`),
    'autoscaling/v1/HorizontalPodAutoscaler',
    'metrics.k8s.io/v1beta1/PodMetrics',
  ]),
  ingressClasses: [{ name: 'nginx', controller: 'k8s.io/ingress-nginx', isDefault: true }],
  nodes: [node],
  storageClasses: [{ name: 'standard', provisioner: 'k8s.io/minikube-hostpath', isDefault: true }],
  namespaces: ['default', 'kube-system', 'ingress-nginx'].map((name) => ({ name, isTerminating: false })),
  nodePorts: [],
  provider: 'minikube',
  loadBalancers: false,
  lookup: () => undefined,
};
