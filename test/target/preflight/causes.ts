import type { ClusterView } from '../../../src/cli/target/preflight/cluster-view.js';
import type { PreflightInput } from '../../../src/cli/target/preflight/scene.js';
import { minikube, node, objectsOf } from './objects.js';

/** One cause, in objects as people write them. */
export interface Cause {
  code: string;
  yaml: string;
  /** The object that is named; the first one of the code where it is left out. */
  ref?: string;
  /** Part of the cause and of the cure. */
  cause: string;
  cure: string;
  /** True unless it is only told. */
  stops?: false;
  /** An edit comes with it. */
  edit?: true;
  addon?: string;
  cluster?: Partial<ClusterView> | 'none';
  input?: Partial<PreflightInput>;
}

const deployment = (spec: string, more = '') => `apiVersion: apps/v1
kind: Deployment
metadata: {name: orders}
spec:
  ${more}
  selector: {matchLabels: {app: orders}}
  template:
    metadata: {labels: {app: orders}}
    spec: ${spec}
`;
const service = (
  spec = '{selector: {app: orders}, ports: [{name: http, port: 80, targetPort: 8080}]}',
  name = 'orders',
) => `---\napiVersion: v1\nkind: Service\nmetadata: {name: ${name}}\nspec: ${spec}\n`;
const ingress = (paths: string, more = '', annotations = '') => `---
apiVersion: networking.k8s.io/v1
kind: Ingress
metadata: {name: web, annotations: {${annotations}}}
spec: {${more} rules: [{host: orders.test, http: {paths: [${paths}]}}]}
`;
const path = (text: string, type = 'Prefix', port = '{number: 80}', to = 'orders') =>
  `{path: '${text}', pathType: ${type}, backend: {service: {name: ${to}, port: ${port}}}}`;
const oldIngress = (api: string) => `apiVersion: ${api}
kind: Ingress
metadata: {name: web, annotations: {kubernetes.io/ingress.class: nginx}}
spec:
  rules: [{host: orders.test, http: {paths: [{path: /, backend: {serviceName: orders, servicePort: 80}}]}}]
${deployment('{containers: [{name: orders, image: me/orders:1}]}').replace(/^/, '---\n')}${service()}`;
const run = (more: string) => deployment(`{containers: [{name: orders, image: me/orders:1, ${more}}]}`);
const image = (name: string, more = '') => deployment(`{containers: [{name: orders, image: '${name}'${more}}]}`);
const scaler = (api: string, spec: string) => `${run('resources: {requests: {cpu: 100m}}')}---
apiVersion: ${api}
kind: HorizontalPodAutoscaler
metadata: {name: orders}
spec: {minReplicas: 1, maxReplicas: 3, ${spec}}
`;
const target = 'scaleTargetRef: {apiVersion: apps/v1, kind: Deployment, name: orders}';
const claim = (spec: string) =>
  `apiVersion: v1\nkind: PersistentVolumeClaim\nmetadata: {name: data}\nspec: {${spec}}\n`;
const job = (pod: string) =>
  `apiVersion: batch/v1\nkind: Job\nmetadata: {name: migrate}\nspec: {template: {spec: ${pod}}}\n`;
const live = (yaml: string): Partial<ClusterView> => {
  const objects = objectsOf(yaml).map(({ object }) => object);
  return {
    lookup: (_api, kind, _namespace, name) => objects.find((one) => one.kind === kind && one.metadata.name === name),
  };
};
const custom = (apiVersion: string, kind: string) =>
  `apiVersion: ${apiVersion}\nkind: ${kind}\nmetadata: {name: it}\nspec: {}\n`;
const chart = (chartName: string, repository: string, version?: string) => ({
  releases: [
    { kind: 'chart' as const, chart: chartName, repository, where: 'README.md:12', ...(version && { version }) },
  ],
});

const versions: Cause[] = [
  {
    code: 'removed-api',
    yaml: oldIngress('networking.k8s.io/v1beta1'),
    cause: 'removed in Kubernetes 1.22',
    cure: 'networking.k8s.io/v1',
    edit: true,
  },
  {
    code: 'removed-api',
    yaml: oldIngress('extensions/v1beta1'),
    cause: 'Ingress of extensions/v1beta1',
    cure: 'networking.k8s.io/v1',
    edit: true,
  },
  {
    code: 'removed-api',
    yaml: oldIngress('extensions/v1beta1'),
    cluster: 'none',
    cause: 'removed in Kubernetes 1.22',
    cure: 'networking.k8s.io/v1',
    edit: true,
  },
  {
    code: 'wrong-api-version',
    yaml: oldIngress('extensions/v1'),
    cause: 'there is no Ingress of extensions/v1',
    cure: 'networking.k8s.io/v1',
    edit: true,
  },
  {
    code: 'wrong-api-version',
    yaml: run('').replace('apps/v1', 'v1'),
    cause: 'there is no Deployment of v1',
    cure: 'apps/v1',
    edit: true,
  },
  {
    code: 'removed-api',
    yaml: run('').replace('apps/v1', 'apps/v1beta1').replace('selector: {matchLabels: {app: orders}}', ''),
    cause: 'removed in Kubernetes 1.16',
    cure: 'apps/v1',
    edit: true,
  },
  {
    code: 'removed-api',
    yaml: run('').replace('apps/v1', 'extensions/v1beta1').replace('kind: Deployment', 'kind: DaemonSet'),
    cause: 'DaemonSet of extensions/v1beta1',
    cure: 'apps/v1',
    edit: true,
  },
  {
    code: 'removed-api',
    yaml: scaler(
      'autoscaling/v2beta1',
      `${target}, metrics: [{type: Resource, resource: {name: cpu, targetAverageUtilization: 60}}]`,
    ),
    cause: 'removed in Kubernetes 1.25',
    cure: 'autoscaling/v2',
    edit: true,
  },
  {
    code: 'removed-api',
    yaml: scaler(
      'autoscaling/v2beta2',
      `${target}, metrics: [{type: Resource, resource: {name: cpu, target: {type: Utilization, averageUtilization: 60}}}]`,
    ),
    cause: 'removed in Kubernetes 1.26',
    cure: 'autoscaling/v2',
    edit: true,
  },
  {
    code: 'removed-api',
    yaml: 'apiVersion: policy/v1beta1\nkind: PodDisruptionBudget\nmetadata: {name: orders}\nspec: {minAvailable: 1, selector: {matchLabels: {app: orders}}}\n',
    cause: 'removed in Kubernetes 1.25',
    cure: 'policy/v1',
    edit: true,
  },
  ...['batch/v1beta1', 'batch/v2alpha1'].map(
    (api): Cause => ({
      code: 'removed-api',
      yaml: `apiVersion: ${api}\nkind: CronJob\nmetadata: {name: report}\nspec: {schedule: '0 * * * *', jobTemplate: {spec: {template: {spec: {restartPolicy: Never, containers: [{name: a, image: me/a:1}]}}}}}\n`,
      cause: `CronJob of ${api}`,
      cure: 'batch/v1',
      edit: true,
    }),
  ),
  {
    code: 'removed-api',
    yaml: 'apiVersion: rbac.authorization.k8s.io/v1beta1\nkind: ClusterRole\nmetadata: {name: reader}\nrules: [{apiGroups: [""], resources: [pods], verbs: [get]}]\n',
    cause: 'removed in Kubernetes 1.22',
    cure: 'rbac.authorization.k8s.io/v1',
    edit: true,
  },
  {
    code: 'removed-api',
    yaml: 'apiVersion: apiextensions.k8s.io/v1beta1\nkind: CustomResourceDefinition\nmetadata: {name: shops.example.com}\nspec: {group: example.com, version: v1, scope: Namespaced, names: {kind: Shop, plural: shops}}\n',
    cause: 'removed in Kubernetes 1.22',
    cure: 'apiextensions.k8s.io/v1',
    edit: true,
  },
  {
    code: 'removed-api',
    yaml: 'apiVersion: admissionregistration.k8s.io/v1beta1\nkind: ValidatingWebhookConfiguration\nmetadata: {name: it}\nwebhooks: [{name: a.example.com, clientConfig: {url: "https://a.example.com"}}]\n',
    cause: 'removed in Kubernetes 1.22',
    cure: 'admissionregistration.k8s.io/v1',
    edit: true,
  },
  {
    code: 'removed-kind',
    yaml: 'apiVersion: policy/v1beta1\nkind: PodSecurityPolicy\nmetadata: {name: restricted}\nspec: {privileged: false}\n',
    cause: 'nothing took its place',
    cure: 'Pod Security admission',
    edit: true,
  },
  {
    code: 'no-object',
    yaml: 'apiVersion: kind.x-k8s.io/v1alpha4\nkind: Cluster\nmetadata: {name: kind}\nnodes: [{role: control-plane}]\n',
    cause: 'is a file of kind',
    cure: 'Leave it out',
    edit: true,
  },
  {
    code: 'no-object',
    yaml: 'apiVersion: skaffold/v4beta6\nkind: Config\nmetadata: {name: app}\n',
    cause: 'is a file of skaffold',
    cure: 'releases',
    edit: true,
  },
  {
    code: 'unserved-kind',
    yaml: custom('networking.istio.io/v1alpha3', 'VirtualService'),
    cause: 'comes with Istio',
    cure: 'istioctl install',
  },
  {
    code: 'unserved-kind',
    yaml: custom('networking.istio.io/v1alpha3', 'VirtualService'),
    cluster: 'none',
    stops: false,
    cause: 'comes with Istio',
    cure: 'istioctl install',
  },
  {
    code: 'unserved-kind',
    yaml: custom('traefik.io/v1alpha1', 'Middleware'),
    cause: 'comes with Traefik',
    cure: 'https://traefik.github.io/charts',
  },
  {
    code: 'removed-api',
    yaml: custom('traefik.containo.us/v1alpha1', 'Middleware'),
    cluster: { served: new Set(['traefik.io/v1alpha1/Middleware']) },
    cause: 'API of Traefik 2',
    cure: 'traefik.io/v1alpha1',
    edit: true,
  },
  {
    code: 'unserved-kind',
    yaml: custom('cert-manager.io/v1', 'Certificate'),
    cause: 'comes with cert-manager',
    cure: 'https://charts.jetstack.io',
  },
  {
    code: 'unserved-kind',
    yaml: custom('keda.sh/v1alpha1', 'TriggerAuthentication'),
    cause: 'comes with KEDA',
    cure: 'kedacore',
  },
  {
    code: 'unserved-kind',
    yaml: custom('k6.io/v1alpha1', 'TestRun'),
    cause: 'comes with k6-operator',
    cure: 'hwctl load runs its script',
  },
  {
    code: 'unserved-kind',
    yaml: custom('argoproj.io/v1alpha1', 'Application'),
    cause: 'comes with Argo',
    cure: 'Argo CD',
  },
  {
    code: 'unserved-kind',
    yaml: custom('serving.knative.dev/v1', 'Service'),
    cause: 'comes with Knative',
    cure: 'Knative',
  },
  {
    code: 'unserved-kind',
    yaml: custom('shop.example.com/v1', 'Shop'),
    cause: 'no kind Shop',
    cure: 'shop.example.com',
  },
  {
    code: 'unserved-kind',
    yaml: custom('monitoring.coreos.com/v1', 'Alertmanager'),
    cause: 'Prometheus Operator',
    cure: 'a Prometheus of its own',
    edit: true,
  },
  {
    code: 'unserved-kind',
    yaml: custom('autoscaling.k8s.io/v1', 'VerticalPodAutoscaler'),
    cause: 'VerticalPodAutoscaler',
    cure: 'edit of null',
    edit: true,
  },
  {
    code: 'monitoring-crds',
    yaml: custom('monitoring.coreos.com/v1', 'ServiceMonitor'),
    stops: false,
    cause: 'no Prometheus Operator',
    cure: 'Nothing to do',
  },
];

const fields: Cause[] = [
  {
    code: 'unknown-field',
    yaml: run('imagePullpolicy: Always'),
    cause: 'spec.template.spec.containers[0].imagePullpolicy is no field',
    cure: 'Write imagePullPolicy',
    edit: true,
  },
  {
    code: 'unknown-field',
    yaml: deployment('{containers: [{name: orders, image: me/orders:1}], envFrom: []}'),
    cause: 'envFrom is no field',
    cure: 'belongs in spec.template.spec.containers',
    edit: true,
  },
  {
    code: 'wrong-type',
    yaml: run('env: [{name: PORT, value: 8080}]'),
    cause: 'env[0].value must be text, and is the number 8080',
    cure: 'Write "8080", with the quotes',
    edit: true,
  },
  {
    code: 'wrong-type',
    yaml: run('').replace('labels: {app: orders}', 'labels: {app: orders, version: 1}'),
    cause: 'must be text, and is the number 1',
    cure: '"1"',
    edit: true,
  },
  {
    code: 'wrong-type',
    yaml: 'apiVersion: v1\nkind: ConfigMap\nmetadata: {name: settings}\ndata: {DEBUG: true}\n',
    cause: 'data.DEBUG must be text, and is the value true',
    cure: '"true"',
    edit: true,
  },
  {
    code: 'wrong-type',
    yaml: deployment('{containers: [{name: orders, image: me/orders:1}]}', "replicas: '2'"),
    cause: 'must be a whole number, and is the text "2"',
    cure: 'Write 2',
    edit: true,
  },
  {
    code: 'wrong-type',
    yaml: run('command: start'),
    cause: 'must be a list, and is the text "start"',
    cure: '["start"]',
    edit: true,
  },
  {
    code: 'wrong-type',
    yaml: image('x').replace("'x'", '{{ image }}'),
    cause: 'a placeholder in braces',
    cure: 'Write text',
  },
  {
    code: 'bad-quantity',
    yaml: run('resources: {limits: {memory: 256mb}}'),
    cause: 'must be an amount',
    cure: '256Mi',
    edit: true,
  },
  {
    code: 'missing-field',
    yaml: `${run('')}${service()}${ingress(path('/orders').replace('pathType: Prefix, ', ''))}`,
    cause: 'pathType is missing',
    cure: 'pathType: Prefix',
    edit: true,
  },
  {
    code: 'wrong-value',
    yaml: run('imagePullPolicy: always'),
    cause: 'must be Always, IfNotPresent or Never',
    cure: 'Write Always',
    edit: true,
  },
  {
    code: 'twin-entry',
    yaml: run('env: [{name: A, value: "1"}, {name: A, value: "2"}]'),
    cause: 'has name A twice',
    cure: 'Keep the last',
    edit: true,
  },
  {
    code: 'twin-entry',
    yaml: run('ports: [{containerPort: 80}, {containerPort: 80}]'),
    cause: 'containerPort 80',
    cure: 'repetition',
    edit: true,
  },
  {
    code: 'bad-name',
    yaml: 'apiVersion: v1\nkind: ConfigMap\nmetadata: {name: App_Settings}\n',
    cause: '"App_Settings" is no name',
    cure: 'Name it app-settings',
  },
  {
    code: 'bad-name',
    yaml: service('{ports: [{port: 80}]}', '1st'),
    cause: '"1st" is no name for a Service',
    cure: 'another name',
  },
  {
    code: 'bad-label',
    yaml: run('').replace('labels: {app: orders}', 'labels: {app: orders, owner: "Ann Lee"}'),
    cause: 'cannot be "Ann Lee"',
    cure: 'annotation',
  },
  { code: 'twin-object', yaml: `${run('')}---\n${run('args: [x]')}`, cause: 'it is there twice', cure: 'Keep one' },
];

const pods: Cause[] = [
  {
    code: 'selector-mismatch',
    yaml: run('').replace('metadata: {labels: {app: orders}}', 'metadata: {labels: {app: order}}'),
    cause: 'app=orders (the template has order)',
    cure: 'labels of the selector',
    edit: true,
  },
  {
    code: 'no-selector',
    yaml: run('').replace('selector: {matchLabels: {app: orders}}', 'selector: {}'),
    cause: 'no selector',
    cure: 'matchLabels',
    edit: true,
  },
  {
    code: 'restart-policy',
    yaml: job('{containers: [{name: a, image: me/a:1}]}'),
    cause: 'needs restartPolicy OnFailure or Never, and has none',
    cure: 'OnFailure',
    edit: true,
  },
  {
    code: 'restart-policy',
    yaml: deployment('{restartPolicy: Never, containers: [{name: orders, image: me/orders:1}]}'),
    cause: 'takes restartPolicy Always alone',
    cure: 'Always',
    edit: true,
  },
  {
    code: 'no-volume',
    yaml: run('volumeMounts: [{name: data, mountPath: /data}]'),
    cause: 'mounts the volume "data"',
    cure: 'Write the volume',
  },
  {
    code: 'twin-name',
    yaml: run('ports: [{name: http, containerPort: 80}, {name: http, containerPort: 81}]'),
    cause: 'two ports',
    cure: 'another name',
  },
  {
    code: 'bad-probe',
    yaml: run('livenessProbe: {periodSeconds: 5}'),
    cause: 'says nothing to try',
    cure: 'Write one',
  },
  {
    code: 'probe-port',
    yaml: run('ports: [{name: http, containerPort: 8080}], readinessProbe: {httpGet: {path: /, port: web}}'),
    cause: 'asks port web, which it does not declare',
    cure: 'http',
    edit: true,
  },
  {
    code: 'probe-port',
    yaml: run('ports: [{containerPort: 8080}], readinessProbe: {tcpSocket: {port: 8000}}'),
    stops: false,
    cause: 'asks port 8000',
    cure: '8080',
  },
  {
    code: 'request-over-limit',
    yaml: run('resources: {requests: {cpu: "1"}, limits: {cpu: 500m}}'),
    cause: 'beyond its limit of 500m',
    cure: 'Raise',
    edit: true,
  },
  {
    code: 'no-config-map',
    yaml: run('envFrom: [{configMapRef: {name: settings}}]'),
    cause: 'no ConfigMap "settings" in the namespace default',
    cure: 'kubectl -n default create configmap settings',
  },
  {
    code: 'no-config-map',
    yaml: run('envFrom: [{configMapRef: {name: settings}}]'),
    input: {
      handmade: [
        {
          kind: 'ConfigMap',
          name: 'settings',
          command: 'kubectl create configmap settings --from-file=a',
          source: 'README.md:7',
        },
      ],
    },
    cause: 'no ConfigMap',
    cure: 'README.md:7 makes it by hand',
  },
  {
    code: 'no-secret',
    yaml: run('env: [{name: P, valueFrom: {secretKeyRef: {name: db, key: password}}}]'),
    cause: 'no Secret "db"',
    cure: 'create secret generic db',
  },
  {
    code: 'no-secret',
    yaml: `${run('envFrom: [{secretRef: {name: db}}]')}---\napiVersion: v1\nkind: Secret\nmetadata: {name: db, namespace: shop}\nstringData: {a: b}\n`,
    cause: 'no Secret "db" in the namespace default',
    cure: 'It is in the namespace shop',
  },
  {
    code: 'no-key',
    yaml: `${run('env: [{name: P, valueFrom: {secretKeyRef: {name: db, key: pasword}}}]')}---\napiVersion: v1\nkind: Secret\nmetadata: {name: db}\nstringData: {password: b}\n`,
    cause: 'no key "pasword". Did you mean "password"?',
    cure: 'password',
  },
  {
    code: 'no-claim',
    yaml: deployment(
      '{volumes: [{name: d, persistentVolumeClaim: {claimName: data}}], containers: [{name: orders, image: me/orders:1}]}',
    ),
    cause: 'no PersistentVolumeClaim "data"',
    cure: 'Add it',
  },
  {
    code: 'no-service-account',
    yaml: deployment('{serviceAccountName: orders, containers: [{name: orders, image: me/orders:1}]}'),
    cause: 'no ServiceAccount "orders"',
    cure: 'create serviceaccount orders',
  },
  {
    code: 'no-pull-secret',
    yaml: deployment('{imagePullSecrets: [{name: regcred}], containers: [{name: orders, image: me/orders:1}]}'),
    stops: false,
    cause: 'without a password',
    cure: 'regcred',
  },
];

const images: Cause[] = [
  {
    code: 'bitnami-image',
    yaml: image('bitnami/postgresql:11.11.0-debian-10-r31'),
    cause: 'docker.io has no bitnami/postgresql:11.11.0-debian-10-r31',
    cure: 'bitnamilegacy/postgresql:11.11.0-debian-10-r31',
    edit: true,
  },
  {
    code: 'bitnami-image',
    yaml: image('docker.io/bitnami/redis:7.0.5'),
    cause: '2025',
    cure: 'docker.io/bitnamilegacy/redis:7.0.5',
    edit: true,
  },
  {
    code: 'bitnami-image',
    yaml: image('bitnami/kafka'),
    stops: false,
    cause: 'may be gone',
    cure: 'bitnamilegacy/kafka',
    edit: true,
  },
  {
    code: 'image-moved',
    yaml: image('k8s.gcr.io/pause:3.9'),
    stops: false,
    cause: 'closed to what is new',
    cure: 'registry.k8s.io/pause:3.9',
    edit: true,
  },
  {
    code: 'image-never',
    yaml: image('orders-app', ', imagePullPolicy: Never'),
    cause: 'forbids to pull orders-app',
    cure: 'folder of its Dockerfile',
  },
  {
    code: 'image-never',
    yaml: image('me/orders:1', ', imagePullPolicy: Never'),
    cause: 'forbids to pull',
    cure: 'IfNotPresent',
    edit: true,
  },
  {
    code: 'image-local',
    yaml: image('orders-app:latest'),
    stops: false,
    cause: 'no official image orders-app',
    cure: 'images of hwctl.yaml',
  },
  {
    code: 'image-local',
    yaml: image('localhost:5000/orders:1'),
    stops: false,
    cause: 'registry of this machine',
    cure: 'images of hwctl.yaml',
  },
  { code: 'bad-image', yaml: image('me/orders:<TAG>'), cause: 'placeholder', cure: 'Fill it in' },
  { code: 'bad-image', yaml: image('Me/Orders:1'), cause: 'no name of an image', cure: 'me/orders:1', edit: true },
  { code: 'no-image', yaml: deployment('{containers: [{name: orders}]}'), cause: 'has no image', cure: 'Write image' },
  {
    code: 'image-architecture',
    yaml: image('me/orders:1.0-arm64'),
    stops: false,
    cause: 'is for arm64 by its tag',
    cure: 'linux/amd64',
  },
  {
    code: 'image-architecture',
    yaml: image('me/orders:1'),
    input: { images: new Map([['me/orders:1', { state: 'yes', architectures: ['arm64'] }]]) },
    cause: 'is for arm64, and the nodes are amd64',
    cure: 'linux/amd64',
  },
  {
    code: 'image-missing',
    yaml: image('me/orders:9'),
    input: { images: new Map([['me/orders:9', { state: 'no' }]]) },
    cause: 'docker.io has no image me/orders:9',
    cure: 'push it',
  },
];

const routes: Cause[] = [
  {
    code: 'no-service',
    yaml: `${run('')}${service()}${ingress(path('/', 'Prefix', '{number: 80}', 'order'))}`,
    cause: 'the Service "order", which is not in the namespace default. Did you mean "orders"?',
    cure: 'orders',
  },
  {
    code: 'no-service-port',
    yaml: `${run('')}${service()}${ingress(path('/', 'Prefix', '{number: 8080}'))}`,
    cause: 'which has 80 (http)',
    cure: 'number: 80',
    edit: true,
  },
  {
    code: 'no-service',
    yaml: `${run('')}${service()}---\napiVersion: gateway.networking.k8s.io/v1\nkind: HTTPRoute\nmetadata: {name: web}\nspec: {rules: [{backendRefs: [{name: nothing, port: 80}]}]}\n`,
    cluster: { served: new Set([...minikube.served, 'gateway.networking.k8s.io/v1/HTTPRoute']) },
    cause: 'the Service "nothing"',
    cure: 'orders',
  },
  {
    code: 'selects-nothing',
    yaml: `${run('')}${service('{selector: {app: order}, ports: [{port: 80}]}')}`,
    cause: 'app=order, and no workload',
    cure: 'app=orders: write these',
    edit: true,
  },
  {
    code: 'no-target-port',
    yaml: `${run('ports: [{name: http, containerPort: 8080}]')}${service('{selector: {app: orders}, ports: [{port: 80, targetPort: web}]}')}`,
    cause: 'goes to the port web',
    cure: '8080',
    edit: true,
  },
  {
    code: 'no-target-port',
    yaml: `${run('ports: [{containerPort: 8080}]')}${service('{selector: {app: orders}, ports: [{port: 80}]}')}`,
    stops: false,
    cause: 'goes to the port 80 of its pods, which declare 8080',
    cure: 'targetPort: 8080',
  },
  {
    code: 'port-without-name',
    yaml: `${run('')}${service('{selector: {app: orders}, ports: [{port: 80}, {port: 81}]}')}`,
    cause: 'must name each',
    cure: 'name',
    edit: true,
  },
  {
    code: 'node-port',
    yaml: `${run('')}${service('{type: NodePort, selector: {app: orders}, ports: [{port: 80, nodePort: 8080}]}')}`,
    cause: 'outside 30000 to 32767',
    cure: 'Leave it out',
    edit: true,
  },
  {
    code: 'node-port',
    yaml: `${run('')}${service('{selector: {app: orders}, ports: [{port: 80, nodePort: 30080}]}')}`,
    cause: 'this one is ClusterIP',
    cure: 'type: NodePort',
    edit: true,
  },
  {
    code: 'node-port-clash',
    yaml: `${run('')}${service('{type: NodePort, selector: {app: orders}, ports: [{port: 80, nodePort: 30080}]}')}${service('{type: NodePort, selector: {app: orders}, ports: [{port: 80, nodePort: 30080}]}', 'other')}`,
    cause: 'taken by Service/orders',
    cure: 'Leave it out',
    edit: true,
  },
  {
    code: 'node-port-clash',
    yaml: `${run('')}${service('{type: NodePort, selector: {app: orders}, ports: [{port: 80, nodePort: 30080}]}')}`,
    cluster: { nodePorts: [{ port: 30080, ref: 'Service/lab/web' }] },
    cause: 'taken by Service/lab/web',
    cure: 'chooses one',
    edit: true,
  },
  {
    code: 'load-balancer-pending',
    yaml: `${run('')}${service('{type: LoadBalancer, selector: {app: orders}, ports: [{port: 80}]}')}`,
    stops: false,
    cause: 'stays pending',
    cure: 'minikube tunnel',
  },
  {
    code: 'no-ingress-class',
    yaml: `${run('')}${service()}${ingress(path('/'), 'ingressClassName: nginx,')}`,
    cluster: { ingressClasses: [] },
    cause: 'no ingress-nginx',
    cure: 'addons: [ingress]',
    addon: 'ingress',
  },
  {
    code: 'no-ingress-class',
    yaml: `${run('')}${service()}${ingress(path('/'), 'ingressClassName: traefik,')}`,
    cause: 'nothing serves the Ingress class "traefik"',
    cure: 'ingressClassName: nginx',
    edit: true,
  },
  {
    code: 'no-ingress-class',
    yaml: `${run('')}${service()}${ingress(path('/'), '', 'kubernetes.io/ingress.class: kong')}`,
    cause: 'nothing serves the Ingress class "kong"',
    cure: 'ingressClassName: nginx',
    edit: true,
  },
  {
    code: 'no-ingress-class',
    yaml: `${run('')}${service()}${ingress(path('/'))}`,
    cluster: { ingressClasses: [{ name: 'nginx', controller: 'k8s.io/ingress-nginx', isDefault: false }] },
    cause: 'it names no class',
    cure: 'ingressClassName: nginx',
    edit: true,
  },
  {
    code: 'class-twice',
    yaml: `${run('')}${service()}${ingress(path('/'), 'ingressClassName: nginx,', 'kubernetes.io/ingress.class: public')}`,
    cause: 'refuses two classes',
    cure: 'annotation',
    edit: true,
  },
  {
    code: 'snippet-refused',
    yaml: `${run('')}${service()}${ingress(path('/'), '', "nginx.ingress.kubernetes.io/configuration-snippet: 'x'")}`,
    cause: 'configuration-snippet',
    cure: 'allow-snippet-annotations',
  },
  {
    code: 'pattern-path',
    yaml: `${run('')}${service()}${ingress(path('/otusapp/(.*)'))}`,
    cause: '/otusapp/(.*) is a pattern',
    cure: 'ImplementationSpecific',
    edit: true,
  },
  {
    code: 'twin-route',
    yaml: `${run('')}${service()}${ingress(path('/'))}${ingress(path('/')).replace('name: web', 'name: web2')}`,
    cause: 'is a route of Ingress/web',
    cure: 'another path',
  },
  {
    code: 'bad-path',
    yaml: `${run('')}${service()}${ingress(path('orders'))}`,
    cause: 'not absolute',
    cure: '/orders',
    edit: true,
  },
  {
    code: 'bad-host',
    yaml: `${run('')}${service()}${ingress(path('/')).replace('host: orders.test', "host: 'http://orders.test:80/'")}`,
    cause: 'no host name',
    cure: 'orders.test',
    edit: true,
  },
  {
    code: 'host-not-in-dns',
    yaml: `${run('')}${service()}${ingress(path('/')).replace('orders.test', 'arch.homework')}`,
    stops: false,
    cause: 'no DNS has the name arch.homework',
    cure: 'hwctl routes it',
  },
  {
    code: 'no-tls-secret',
    yaml: `${run('')}${service()}${ingress(path('/'), 'tls: [{hosts: [orders.test], secretName: cert}],')}`,
    stops: false,
    cause: 'no Secret "cert"',
    cure: 'create secret tls cert',
  },
];

const placing: Cause[] = [
  {
    code: 'too-large',
    yaml: run('resources: {requests: {cpu: "4", memory: 1Gi}}'),
    cause: 'asks for 4 cpu, and no node has more than 2',
    cure: 'at most 1',
    edit: true,
  },
  {
    code: 'too-large',
    yaml: run('resources: {limits: {memory: 16Gi}}'),
    cause: 'asks for 16Gi memory, and no node has more than 8Gi',
    cure: 'at most 4Gi',
    edit: true,
  },
  {
    code: 'too-large',
    yaml: run('resources: {limits: {nvidia.com/gpu: 1}}'),
    cause: 'nvidia.com/gpu',
    cure: 'Leave nvidia.com/gpu out',
  },
  {
    code: 'too-much-together',
    yaml: deployment(
      '{containers: [{name: orders, image: me/orders:1, resources: {requests: {cpu: 500m}}}]}',
      'replicas: 5',
    ),
    stops: false,
    cause: 'ask for 2.5 cpu, and the nodes have 2',
    cure: 'Deployment/orders',
  },
  {
    code: 'no-node',
    yaml: deployment('{nodeSelector: {disk: ssd}, containers: [{name: orders, image: me/orders:1}]}'),
    cause: 'nodeSelector asks for: disk=ssd',
    cure: 'kubectl label node NODE disk=ssd',
    edit: true,
  },
  {
    code: 'no-node',
    yaml: deployment(
      '{affinity: {nodeAffinity: {requiredDuringSchedulingIgnoredDuringExecution: {nodeSelectorTerms: [{matchExpressions: [{key: zone, operator: In, values: [a]}]}]}}}, containers: [{name: orders, image: me/orders:1}]}',
    ),
    cause: 'zone In a',
    cure: 'nodeAffinity',
    edit: true,
  },
  {
    code: 'no-node',
    yaml: run(''),
    cluster: { nodes: [{ ...node, taints: [{ key: 'gpu', value: 'yes', effect: 'NoSchedule' }] }] },
    cause: 'does not tolerate: gpu=yes',
    cure: 'kubectl taint nodes NODE gpu-',
    edit: true,
  },
  {
    code: 'too-few-nodes',
    yaml: deployment(
      '{affinity: {podAntiAffinity: {requiredDuringSchedulingIgnoredDuringExecution: [{topologyKey: kubernetes.io/hostname, labelSelector: {matchLabels: {app: orders}}}]}}, containers: [{name: orders, image: me/orders:1}]}',
      'replicas: 3',
    ),
    cause: '3 pods must be on nodes of their own, and the cluster has one',
    cure: 'Prefer it',
    edit: true,
  },
  {
    code: 'too-few-nodes',
    yaml: deployment(
      '{containers: [{name: orders, image: me/orders:1, ports: [{containerPort: 80, hostPort: 80}]}]}',
      'replicas: 2',
    ),
    cause: 'takes port 80 of its node',
    cure: 'Leave hostPort out',
    edit: true,
  },
  {
    code: 'no-storage-class',
    yaml: claim('storageClassName: gp2, accessModes: [ReadWriteOnce], resources: {requests: {storage: 1Gi}}'),
    cause: 'no storage class "gp2"',
    cure: 'standard',
    edit: true,
  },
  {
    code: 'no-storage-class',
    yaml: claim('accessModes: [ReadWriteOnce], resources: {requests: {storage: 1Gi}}'),
    cluster: { storageClasses: [] },
    cause: 'no default one',
    cure: 'storage-provisioner',
  },
  {
    code: 'claim-mode',
    yaml: claim('accessModes: [ReadWriteMany], resources: {requests: {storage: 1Gi}}'),
    cluster: {
      provider: 'kind',
      storageClasses: [{ name: 'standard', provisioner: 'rancher.io/local-path', isDefault: true }],
    },
    cause: 'asks for ReadWriteMany',
    cure: 'ReadWriteOnce',
    edit: true,
  },
  {
    code: 'missing-field',
    yaml: claim('resources: {requests: {storage: 1Gi}}'),
    cause: 'no accessModes',
    cure: 'ReadWriteOnce',
    edit: true,
  },
  {
    code: 'host-path',
    yaml: deployment(
      '{volumes: [{name: d, hostPath: {path: /Users/ann/data}}], containers: [{name: orders, image: me/orders:1}]}',
    ),
    stops: false,
    cause: 'looks like a folder of this machine',
    cure: 'minikube mount',
  },
  {
    code: 'host-path-type',
    yaml: deployment(
      '{volumes: [{name: d, hostPath: {path: /data, type: Directory}}], containers: [{name: orders, image: me/orders:1}]}',
    ),
    stops: false,
    cause: 'nobody makes it',
    cure: 'DirectoryOrCreate',
    edit: true,
  },
  {
    code: 'no-scale-target',
    yaml: scaler('autoscaling/v2', 'scaleTargetRef: {apiVersion: apps/v1, kind: Deployment, name: order}'),
    cause: 'the Deployment "order", which is not in the namespace default. Did you mean "orders"?',
    cure: 'orders',
    edit: true,
  },
  {
    code: 'bad-bounds',
    yaml: scaler('autoscaling/v2', target).replace('minReplicas: 1', 'minReplicas: 9'),
    cause: 'maxReplicas 3 is below minReplicas 9',
    cure: '9',
    edit: true,
  },
  {
    code: 'share-of-nothing',
    yaml: scaler('autoscaling/v2', target).replace('resources: {requests: {cpu: 100m}}', ''),
    ref: 'Deployment/orders',
    stops: false,
    cause: 'it never scales',
    cure: 'cpu: 100m',
    edit: true,
  },
  {
    code: 'no-metrics-server',
    yaml: scaler('autoscaling/v2', target),
    cluster: { served: new Set([...minikube.served].filter((kind) => !kind.startsWith('metrics'))) },
    stops: false,
    cause: 'no metrics-server',
    cure: 'addons: [metrics-server]',
    addon: 'metrics-server',
  },
  {
    code: 'no-custom-metrics',
    yaml: scaler(
      'autoscaling/v2',
      `${target}, metrics: [{type: Pods, pods: {metric: {name: rps}, target: {type: AverageValue, averageValue: '10'}}}]`,
    ),
    stops: false,
    cause: 'custom.metrics.k8s.io',
    cure: 'prometheus-adapter',
  },
  {
    code: 'no-mesh',
    yaml: run('').replace(
      'metadata: {labels: {app: orders}}',
      "metadata: {labels: {app: orders}, annotations: {sidecar.istio.io/inject: 'true'}}",
    ),
    stops: false,
    cause: 'sidecar of Istio',
    cure: 'istioctl install',
  },
  {
    code: 'no-mesh',
    yaml: 'apiVersion: v1\nkind: Namespace\nmetadata: {name: shop, annotations: {linkerd.io/inject: enabled}}\n',
    stops: false,
    cause: 'sidecar of Linkerd',
    cure: 'linkerd install',
  },
];

const there: Cause[] = [
  {
    code: 'immutable',
    yaml: run(''),
    cluster: live(run('').replaceAll('app: orders', 'app: old')),
    cause: 'spec.selector of the Deployment that is in the cluster',
    cure: 'kubectl -n default delete deployment orders',
  },
  {
    code: 'job-changed',
    yaml: job('{restartPolicy: Never, containers: [{name: a, image: me/a:2}]}'),
    cluster: live(job('{restartPolicy: Never, dnsPolicy: ClusterFirst, containers: [{name: a, image: me/a:1}]}')),
    cause: 'spec.template of the Job',
    cure: 'delete job migrate',
  },
  {
    code: 'immutable',
    yaml: claim('accessModes: [ReadWriteOnce], resources: {requests: {storage: 1Gi}}'),
    cluster: live(claim('accessModes: [ReadWriteOnce], resources: {requests: {storage: 2Gi}}')),
    cause: 'cannot become smaller',
    cure: '2Gi',
  },
  {
    code: 'namespace-terminating',
    yaml: 'apiVersion: v1\nkind: Namespace\nmetadata: {name: shop}\n',
    cluster: { namespaces: [{ name: 'shop', isTerminating: true }] },
    cause: 'is being deleted',
    cure: 'kubectl wait --for=delete',
  },
  {
    code: 'no-namespace',
    yaml: 'apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a, namespace: shop}\n',
    input: { namespaces: [] },
    cause: 'no namespace shop',
    cure: 'Add a Namespace shop',
  },
  {
    code: 'chart-repository',
    yaml: '',
    input: chart('prometheus-operator', 'https://kubernetes-charts.storage.googleapis.com/'),
    ref: 'chart/prometheus-operator',
    cause: 'is gone',
    cure: 'kube-prometheus-stack',
  },
  {
    code: 'chart-repository',
    yaml: '',
    input: chart('stable/prometheus-operator', 'https://charts.helm.sh/stable'),
    ref: 'chart/prometheus-operator',
    stops: false,
    cause: 'an archive since 2020',
    cure: 'kube-prometheus-stack',
  },
  {
    code: 'chart-version',
    yaml: '',
    input: chart('bitnami/postgresql', 'https://charts.bitnami.com/bitnami', '10.3.18'),
    ref: 'chart/postgresql',
    cause: 'postgresql 10.3.18',
    cure: 'oci://registry-1.docker.io/bitnamicharts/postgresql',
  },
];

/** Every cause that preflight knows, each at least once. */
export const causes: readonly Cause[] = [...versions, ...fields, ...pods, ...images, ...routes, ...placing, ...there];
