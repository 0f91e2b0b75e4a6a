/** Software that brings kinds of its own, and how it is installed; `cure` completes a sentence of its own. */
export interface Operator {
  name: string;
  cure: string;
}

const helm = (release: string, chart: string, repository: string) =>
  `Install it before: a release of the chart ${chart} (repository: ${repository}, release: ${release}) in hwctl.yaml`;
const manifest = (url: string) =>
  `Install it before: kubectl apply --server-side -f ${url}, or the same under releases of hwctl.yaml`;
const only = (where: string) => `It exists on ${where} alone: leave the object out (an edit of null)`;

/** By the API group, or its end (`*.k8s.elastic.co`). */
const byGroup: Readonly<Record<string, Operator>> = {
  'istio.io': {
    name: 'Istio',
    cure: 'Install it before: istioctl install, the addons istio-provisioner and istio of minikube, or the charts base and istiod (repository: https://istio-release.storage.googleapis.com/charts)',
  },
  'traefik.io': { name: 'Traefik', cure: helm('traefik', 'traefik', 'https://traefik.github.io/charts') },
  'traefik.containo.us': { name: 'Traefik 2', cure: 'Write apiVersion: traefik.io/v1alpha1, and install Traefik 3' },
  'cert-manager.io': { name: 'cert-manager', cure: helm('cert-manager', 'cert-manager', 'https://charts.jetstack.io') },
  'certmanager.k8s.io': {
    name: 'cert-manager before 0.11',
    cure: 'Write apiVersion: cert-manager.io/v1, and install cert-manager',
  },
  'keda.sh': { name: 'KEDA', cure: helm('keda', 'keda', 'https://kedacore.github.io/charts') },
  'k6.io': {
    name: 'k6-operator',
    cure: `hwctl load runs its script without it; or ${helm('k6-operator', 'k6-operator', 'https://grafana.github.io/helm-charts').replace('Install', 'install')}`,
  },
  'argoproj.io': {
    name: 'Argo',
    cure: 'Install it before: Argo CD (Application), Argo Rollouts (Rollout) or Argo Workflows (Workflow)',
  },
  'kafka.strimzi.io': { name: 'Strimzi', cure: helm('strimzi', 'strimzi-kafka-operator', 'https://strimzi.io/charts') },
  'getambassador.io': {
    name: 'Emissary (Ambassador)',
    cure: helm('emissary-ingress', 'emissary-ingress', 'https://app.getambassador.io'),
  },
  'cilium.io': {
    name: 'Cilium',
    cure: 'Start the cluster with it (minikube start --cni=cilium), or leave the object out (an edit of null)',
  },
  'autoscaling.k8s.io': {
    name: 'VerticalPodAutoscaler',
    cure: 'Install it (kubernetes/autoscaler, vertical-pod-autoscaler), or leave the object out (an edit of null)',
  },
  'gateway.networking.k8s.io': {
    name: 'Gateway API',
    cure:
      manifest('https://github.com/kubernetes-sigs/gateway-api/releases/latest/download/standard-install.yaml') +
      ', and a controller that serves it',
  },
  'knative.dev': { name: 'Knative', cure: 'Install Knative Serving or Eventing before' },
  'bitnami.com': {
    name: 'Sealed Secrets',
    cure:
      helm('sealed-secrets', 'sealed-secrets', 'https://bitnami-labs.github.io/sealed-secrets') +
      '; its key is another one, so make plain Secrets',
  },
  'external-secrets.io': {
    name: 'External Secrets',
    cure: helm('external-secrets', 'external-secrets', 'https://charts.external-secrets.io'),
  },
  'secrets-store.csi.x-k8s.io': {
    name: 'Secrets Store CSI driver',
    cure: helm(
      'csi-secrets-store',
      'secrets-store-csi-driver',
      'https://kubernetes-sigs.github.io/secrets-store-csi-driver/charts',
    ),
  },
  'secrets.hashicorp.com': {
    name: 'Vault Secrets Operator',
    cure: helm('vault-secrets-operator', 'vault-secrets-operator', 'https://helm.releases.hashicorp.com'),
  },
  'consul.hashicorp.com': { name: 'Consul', cure: helm('consul', 'consul', 'https://helm.releases.hashicorp.com') },
  'postgresql.cnpg.io': {
    name: 'CloudNativePG',
    cure: helm('cnpg', 'cloudnative-pg', 'https://cloudnative-pg.github.io/charts'),
  },
  'acid.zalan.do': {
    name: 'Postgres Operator (Zalando)',
    cure: helm(
      'postgres-operator',
      'postgres-operator',
      'https://opensource.zalando.com/postgres-operator/charts/postgres-operator',
    ),
  },
  'postgres-operator.crunchydata.com': { name: 'Crunchy Postgres Operator', cure: 'Install PGO before' },
  'rabbitmq.com': {
    name: 'RabbitMQ Cluster Operator',
    cure: manifest('https://github.com/rabbitmq/cluster-operator/releases/latest/download/cluster-operator.yml'),
  },
  'mongodb.com': {
    name: 'MongoDB Operator',
    cure: helm('mongodb', 'mongodb-kubernetes', 'https://mongodb.github.io/helm-charts'),
  },
  'percona.com': { name: 'Percona operator', cure: 'Install the operator of Percona for this database before' },
  'mysql.oracle.com': {
    name: 'MySQL Operator',
    cure: helm('mysql-operator', 'mysql-operator', 'https://mysql.github.io/mysql-operator'),
  },
  'k8s.elastic.co': {
    name: 'Elastic Cloud on Kubernetes',
    cure: helm('elastic-operator', 'eck-operator', 'https://helm.elastic.co'),
  },
  'jaegertracing.io': {
    name: 'Jaeger Operator',
    cure: helm('jaeger-operator', 'jaeger-operator', 'https://jaegertracing.github.io/helm-charts'),
  },
  'opentelemetry.io': {
    name: 'OpenTelemetry Operator',
    cure: helm(
      'opentelemetry-operator',
      'opentelemetry-operator',
      'https://open-telemetry.github.io/opentelemetry-helm-charts',
    ),
  },
  'linkerd.io': { name: 'Linkerd', cure: 'Install it before: linkerd install --crds, then linkerd install' },
  'split.smi-spec.io': {
    name: 'a mesh with SMI',
    cure: 'Install the mesh before, or leave the object out (an edit of null)',
  },
  'grafana.integreatly.org': {
    name: 'Grafana Operator',
    cure: 'Install the Grafana Operator before, or give the dashboards as JSON (monitoring: dashboards)',
  },
  'toolkit.fluxcd.io': {
    name: 'Flux',
    cure: 'Name what it would install under releases of hwctl.yaml, and leave the object out (an edit of null)',
  },
  'helm.cattle.io': {
    name: 'the helm controller of k3s',
    cure: 'Name its chart under releases of hwctl.yaml, and leave the object out (an edit of null)',
  },
  'tekton.dev': {
    name: 'Tekton',
    cure: manifest('https://storage.googleapis.com/tekton-releases/pipeline/latest/release.yaml'),
  },
  'metallb.io': {
    name: 'MetalLB',
    cure: 'Enable the addon metallb of minikube, or leave the object out (an edit of null): hwctl reaches Services without it',
  },
  'snapshot.storage.k8s.io': { name: 'the snapshot controller', cure: 'Enable the addon volumesnapshots of minikube' },
  'projectcontour.io': { name: 'Contour', cure: 'Install Contour before' },
  'konghq.com': { name: 'Kong', cure: helm('kong', 'ingress', 'https://charts.konghq.com') },
  'solo.io': { name: 'Gloo', cure: 'Install Gloo before' },
  'envoyproxy.io': {
    name: 'Envoy Gateway',
    cure: 'Install Envoy Gateway before (oci://docker.io/envoyproxy/gateway-helm)',
  },
  'nginx.org': {
    name: "NGINX's own Ingress Controller",
    cure: helm('nginx-ingress', 'nginx-ingress', 'https://helm.nginx.com/stable'),
  },
  'chaos-mesh.org': { name: 'Chaos Mesh', cure: helm('chaos-mesh', 'chaos-mesh', 'https://charts.chaos-mesh.org') },
  'litmuschaos.io': { name: 'LitmusChaos', cure: helm('chaos', 'litmus', 'https://litmuschaos.github.io/litmus-helm') },
  'kyverno.io': { name: 'Kyverno', cure: helm('kyverno', 'kyverno', 'https://kyverno.github.io/kyverno') },
  'gatekeeper.sh': {
    name: 'Gatekeeper',
    cure: 'Enable the addon gatekeeper of minikube, or leave the object out (an edit of null)',
  },
  'min.io': { name: 'MinIO Operator', cure: helm('operator', 'operator', 'https://operator.min.io') },
  'flink.apache.org': { name: 'Flink Operator', cure: 'Install the Flink Kubernetes Operator before' },
  'sparkoperator.k8s.io': {
    name: 'Spark Operator',
    cure: helm('spark-operator', 'spark-operator', 'https://kubeflow.github.io/spark-operator'),
  },
  'kubevirt.io': { name: 'KubeVirt', cure: 'Enable the addon kubevirt of minikube' },
  'velero.io': { name: 'Velero', cure: 'Install Velero before, or leave the object out (an edit of null)' },
  'longhorn.io': { name: 'Longhorn', cure: 'Leave the object out (an edit of null)' },
  'crossplane.io': {
    name: 'Crossplane',
    cure: helm('crossplane', 'crossplane', 'https://charts.crossplane.io/stable'),
  },
  'kiali.io': {
    name: 'Kiali Operator',
    cure: helm('kiali-operator', 'kiali-operator', 'https://kiali.org/helm-charts'),
  },
  'openshift.io': { name: 'OpenShift', cure: only('OpenShift') },
  'gke.io': { name: 'Google Kubernetes Engine', cure: only('GKE') },
  'cloud.google.com': { name: 'Google Kubernetes Engine', cure: only('GKE') },
  'k8s.aws': { name: 'Amazon EKS', cure: only('EKS') },
  'karpenter.sh': { name: 'Karpenter', cure: only('a cloud') },
  'monitoring.coreos.com': {
    name: 'Prometheus Operator',
    cure: 'Leave the object out (an edit of null): hwctl runs a Prometheus of its own, which reads ServiceMonitor, PodMonitor and PrometheusRule; or install kube-prometheus-stack before (repository: https://prometheus-community.github.io/helm-charts)',
  },
};

/** Who brings the kinds of an API group: the entry of the group, or of the domain it is under. */
export function operatorOf(group: string): Operator | undefined {
  for (let name = group; name.includes('.'); name = name.slice(name.indexOf('.') + 1)) {
    if (Object.hasOwn(byGroup, name)) return byGroup[name];
  }
  return undefined;
}

/** Documents that look like objects and are files of a tool: by the API version, what they belong to. */
const toolFiles: readonly (readonly [pattern: RegExp, tool: string])[] = [
  [/^kind\.(x-k8s|sigs\.k8s)\.io\//, 'kind'],
  [/^skaffold\//, 'skaffold'],
  [/^kustomize\.config\.k8s\.io\//, 'kustomize'],
  [/^kubeadm\.k8s\.io\//, 'kubeadm'],
  [/^kubelet\.config\.k8s\.io\//, 'the kubelet'],
  [/^kubeproxy\.config\.k8s\.io\//, 'kube-proxy'],
  [/^k3d\.io\//, 'k3d'],
  [/^eksctl\.io\//, 'eksctl'],
  [/^install\.istio\.io\//, 'istioctl'],
  [/^(audit|apiserver\.config|client\.authentication|config)\.k8s\.io\//, 'the API server'],
  [/^backstage\.io\//, 'Backstage'],
  [/^tilt\.dev\//, 'Tilt'],
];

/** The tool whose file a document is, where its API version says that it is no object of a cluster. */
export function toolOf({ apiVersion, kind }: { apiVersion: string; kind: string }): string | undefined {
  if (apiVersion === 'v1' && kind === 'Config') return 'kubectl (a kubeconfig)';
  return toolFiles.find(([pattern]) => pattern.test(apiVersion))?.[1];
}
