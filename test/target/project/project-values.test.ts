/** What `--set` does to the objects of anybody's project, and what it says where it would do nothing. */
import t from 'tap';
import type { KubeObject } from '../../../src/cli/target/manifests/kube-object.js';
import type { StackObject } from '../../../src/cli/target/manifests/stack-object.js';
import type { Values } from '../../../src/cli/target/manifests/values-shape.js';
import { applyProjectValues } from '../../../src/cli/target/project/project-values.js';

const object = (apiVersion: string, kind: string, name: string, more: object = {}): KubeObject => ({
  apiVersion,
  kind,
  metadata: { name },
  ...more,
});
const workload = (kind: string, name: string, spec: object = {}) =>
  object('apps/v1', kind, name, { spec: { ...spec, template: { spec: { containers: [{ name: 'c', image: 'a' }] } } } });
const ingress = (name: string, annotations?: Record<string, string>): KubeObject => ({
  ...object('networking.k8s.io/v1', 'Ingress', name, { spec: { rules: [{ host: 'arch.homework' }, {}] } }),
  metadata: { name, ...(annotations && { annotations }) },
});
const scaler = (name: string, of: string) =>
  object('autoscaling/v2', 'HorizontalPodAutoscaler', name, {
    spec: { minReplicas: 1, maxReplicas: 5, scaleTargetRef: { kind: 'Deployment', name: of } },
  });

function apply(objects: KubeObject[], values: Values): KubeObject[] {
  const given = objects.map((one): StackObject => ({ object: one, stacks: ['s'], part: 'application' }));
  const before = JSON.stringify(given);
  const edited = applyProjectValues(given, values);
  t.equal(JSON.stringify(given), before, 'what was given is left alone');
  return edited.map((entry) => entry.object);
}

const all = () => [
  workload('Deployment', 'api', { replicas: 1 }),
  workload('Deployment', 'web'),
  workload('StatefulSet', 'db'),
  scaler('web', 'web'),
  ingress('new'),
  ingress('old', { 'kubernetes.io/ingress.class': 'nginx' }),
  object('v1', 'ConfigMap', 'c'),
];

t.test('what changes', async (t) => {
  const spec = (objects: KubeObject[], kind: string, name: string) =>
    objects.find((one) => one.kind === kind && one.metadata.name === name)?.spec as Record<string, unknown>;
  t.strictSame(apply(all(), {}), all(), 'nothing without values');
  const three = apply(all(), { replicas: 3 });
  t.equal(spec(three, 'Deployment', 'api').replicas, 3);
  t.equal(spec(three, 'StatefulSet', 'db').replicas, 3);
  t.equal(spec(three, 'Deployment', 'web').replicas, undefined, 'an autoscaler owns the number');
  t.equal(spec(three, 'HorizontalPodAutoscaler', 'web').minReplicas, 3);
  t.equal(spec(apply(all(), { replicas: { web: 0 } }), 'HorizontalPodAutoscaler', 'web').minReplicas, 1);
  const one = apply(all(), { replicas: { api: 2 } });
  t.equal(spec(one, 'Deployment', 'api').replicas, 2);
  t.equal(spec(one, 'StatefulSet', 'db').replicas, undefined);
  const hosted = apply(all(), { host: 'shop.test', ingressClass: 'traefik' });
  for (const name of ['new', 'old']) {
    t.strictSame(spec(hosted, 'Ingress', name).rules, [{ host: 'shop.test' }, { host: 'shop.test' }]);
    t.equal(spec(hosted, 'Ingress', name).ingressClassName, 'traefik');
  }
  t.notMatch(JSON.stringify(hosted), 'kubernetes.io/ingress.class', 'not both ways of naming a class');
  t.notMatch(JSON.stringify(apply(all(), { ingress: false })), '"Ingress"');
  const bounded = apply(all(), { resources: { db: { limits: { memory: '64Mi' } } } });
  t.match(JSON.stringify(spec(bounded, 'StatefulSet', 'db')), '"resources":{"limits":{"memory":"64Mi"}}');
});

t.test('what would change nothing is told', async (t) => {
  const told = (values: Values, objects = all()) => {
    try {
      apply(objects, values);
      return 'nothing';
    } catch (error) {
      return (error as Error).message;
    }
  };
  for (const values of [{ image: 'x:1' }, { store: 'sqlite' }, { namespace: 'n' }, { monitoring: false }] as const)
    t.match(told(values), / is a value of the bundled platform, not of a project/);
  t.match(told({ host: 'a.b' }, [workload('Deployment', 'api')]), /host: there is no Ingress/);
  t.match(told({ replicas: { apis: 2 } }), /there is no apis in these stacks. Did you mean "api"\?/);
  t.match(told({ resources: { c: {} } }), /there is no c in these stacks/);
  t.match(told({ replicas: 2 }, [object('apps/v1', 'Deployment', 'bare')]), 'nothing', 'an object without a spec');
});
