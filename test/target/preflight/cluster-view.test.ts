import t from 'tap';
import { builtInApi, isOlder, removedApis } from '../../../src/cli/target/preflight/built-in-kinds.js';
import { clusterViewOf } from '../../../src/cli/target/preflight/cluster-view.js';
import { typeOfKind } from '../../../src/cli/target/preflight/field-types.js';
import { fieldsVersion } from '../../../src/cli/target/preflight/kube-fields.js';

t.test('what a cluster has, from the answers of its API server', async (t) => {
  const named = (name: string, rest: object) => ({ metadata: { name }, ...rest });
  const kind = (version: string, ...kinds: string[]) => ({
    version,
    resources: kinds.map((one) => ({ resource: one, responseKind: { kind: one }, scope: 'Namespaced' })),
  });
  const view = clusterViewOf({
    version: { gitVersion: 'v1.34.4' },
    discovery: [
      { items: [{ metadata: {}, versions: [kind('v1', 'Pod')] }] },
      {
        items: [
          named('autoscaling', {
            versions: [kind('v2', 'HorizontalPodAutoscaler'), kind('v1', 'HorizontalPodAutoscaler')],
          }),
        ],
      },
    ],
    nodes: {
      items: [
        named('a', {
          spec: { taints: [{ key: 'k', effect: 'NoSchedule' }] },
          status: { allocatable: { cpu: '2' }, images: [{ names: ['a:1', 'a@sha256:0'] }] },
        }),
      ],
    },
    ingressClasses: {
      items: [
        {
          metadata: { name: 'nginx', annotations: { 'ingressclass.kubernetes.io/is-default-class': 'true' } },
          spec: { controller: 'k8s.io/ingress-nginx' },
        },
      ],
    },
    namespaces: { items: [named('old', { status: { phase: 'Terminating' } })] },
    services: {
      items: [
        { metadata: { name: 'web', namespace: 'lab' }, spec: { ports: [{ port: 80, nodePort: 30080 }, { port: 81 }] } },
      ],
    },
  });
  t.strictSame(
    [...view.served],
    ['v1/Pod', 'autoscaling/v2/HorizontalPodAutoscaler', 'autoscaling/v1/HorizontalPodAutoscaler'],
  );
  t.strictSame(view.nodes, [
    {
      name: 'a',
      allocatable: { cpu: '2' },
      labels: {},
      taints: [{ key: 'k', effect: 'NoSchedule' }],
      images: ['a:1', 'a@sha256:0'],
    },
  ]);
  t.strictSame(view.ingressClasses, [{ name: 'nginx', controller: 'k8s.io/ingress-nginx', isDefault: true }]);
  t.strictSame(view.namespaces, [{ name: 'old', isTerminating: true }]);
  t.strictSame(view.nodePorts, [{ port: 30080, ref: 'Service/lab/web' }]);
  t.strictSame(view.storageClasses, [], 'what may not be read is nothing');
  t.equal(view.lookup('v1', 'Secret', 'lab', 'a'), 'unknown');
});

t.test('every API that was removed has one that took its place, but for the two that have none', async (t) => {
  const none = removedApis.filter(({ replacement }) => replacement === undefined).map(({ kind }) => kind);
  t.strictSame([...new Set(none)].sort(), ['PodPreset', 'PodSecurityPolicy']);
  for (const { apiVersion, kind, removedIn, replacement } of removedApis) {
    t.not(replacement, apiVersion, `${apiVersion} ${kind}`);
    t.notOk(isOlder('1.34', removedIn), 'nothing is told of what is still to be removed');
  }
  t.ok(isOlder('v1.9.3', '1.22') && isOlder('1.21', '1.22') && !isOlder('v1.22.0', '1.22'));
});

t.test('the fields of the kinds that people write are known', async (t) => {
  for (const kind of 'Deployment StatefulSet DaemonSet Job CronJob Pod Service Ingress ConfigMap Secret PersistentVolumeClaim PersistentVolume HorizontalPodAutoscaler PodDisruptionBudget NetworkPolicy Role RoleBinding ClusterRole ClusterRoleBinding ServiceAccount Namespace StorageClass CustomResourceDefinition'.split(
    ' ',
  ))
    t.ok(typeOfKind(builtInApi(kind) ?? '', kind)?.fields.has('metadata'), kind);
  t.match(fieldsVersion, /^1\.\d+$/);
});
