import { join } from 'node:path';
import t from 'tap';
import type { Failure } from '../../../src/cli/kernel/failure.js';
import type { Ingress, Workload } from '../../../src/cli/target/manifests/kube-object.js';
import { readObjects } from '../../../src/cli/target/manifests/manifests.js';
import type { StackObject } from '../../../src/cli/target/manifests/stack-object.js';
import { readValues } from '../../../src/cli/target/manifests/values.js';
import type { Values } from '../../../src/cli/target/manifests/values-shape.js';
import { root } from '../../golden.js';

const manifests = join(root, 'manifests');

t.test('values files and --set, the later over the earlier, maps merged', async (t) => {
  const cwd = t.testdir({
    'a.yaml': 'host: a.test\nreplicas: {auth: 3, orders: 2}\n',
    'b.yaml': 'host: b.test\nreplicas: {orders: 4}\n',
  });
  t.strictSame(readValues({ values: ['a.yaml', 'b.yaml'], set: ['replicas.hello=1', 'ingress=false'] }, cwd), {
    host: 'b.test',
    replicas: { auth: 3, orders: 4, hello: 1 },
    ingress: false,
  });
  t.strictSame(readValues({ set: ['image=localhost:5000/hwctl-server:a1'] }, cwd), {
    image: 'localhost:5000/hwctl-server:a1',
  });
  t.strictSame(readValues({}, cwd), {});
});

const bad: [set: string, message: RegExp][] = [
  ['replicas', /--set replicas: must be name=value/],
  ['=1', /must be name=value/],
  ['a..b=1', /is not a name, nor names joined by dots/],
  ['replcas=2', /unknown field "replcas" in the values\. Did you mean "replicas"\?/],
  ['replicas=-1', /replicas: expected a whole number from 0 to 100, found the number -1$/],
  ['replicas=two', /replicas: expected a whole number from 0 to 100, found the text "two"$/],
  ['store=mysql', /store: expected postgres or sqlite, found the text "mysql"$/],
  ['ingress=maybe', /ingress: expected true or false, found the text "maybe"$/],
  ['grafana=no-thanks', /grafana: expected true or false/],
  ['host=A B', /host: expected a host name in small letters, found the text "A B"$/],
  ['namespace=My_Space', /namespace: expected a name of small letters/],
  ['resources.auth.limits.cpu=lots', /cpu: expected an amount such as 250m, 1 or 512Mi, found the text "lots"$/],
  ['resources.auth.limit.cpu=1', /unknown field "limit" in resources\. Did you mean "limits"\?/],
];
for (const [set, message] of bad) {
  t.test(`--set ${set}`, async (t) => {
    t.match(
      failureOf(() => readValues({ set: [set] }, '/')),
      { code: 'bad-values', details: [message] },
    );
  });
}

t.test('a values file: file, line and column of each problem', async (t) => {
  const cwd = t.testdir({ 'v.yaml': 'host: ok.test\nreplicas:\n  auth: 1000\nstor: x\n' });
  const failure = failureOf(() => readValues({ values: ['v.yaml'] }, cwd));
  t.strictSame(failure.details.length, 2);
  t.match(failure.details.join('\n'), /^v\.yaml:4:1: unknown field "stor" in the values\. Did you mean "store"\?$/m);
  t.match(
    failure.details.join('\n'),
    /^v\.yaml:3:9: auth: expected a whole number from 0 to 100, found the number 1000$/m,
  );
  t.throws(() => readValues({ values: ['nope.yaml'] }, cwd), {
    code: 'no-such-file',
    message: '--values: nope.yaml cannot be read: there is no such file',
  });
});

const edit = (values: Values, stacks = ['idempotency', 'prices']) => readObjects({ manifests, stacks, values });
const find = (objects: StackObject[], kind: string, name: string) =>
  objects.find(({ object }) => object.kind === kind && object.metadata.name === name)?.object;

t.test('edits are structural, and the objects that were given stay as they are', async (t) => {
  const plain = JSON.stringify(edit({}));
  const edited = edit({
    namespace: 'shop',
    host: 'shop.test',
    image: 'r/hwctl-server:1',
    ingressClass: 'nginx',
    replicas: { auth: 5, prices: 4 },
    resources: { auth: { limits: { memory: '1Gi' } } },
  });
  const auth = find(edited, 'Deployment', 'auth') as Workload;
  t.match(auth, { metadata: { namespace: 'shop' }, spec: { replicas: 5 } });
  const container = auth.spec.template.spec.containers[0];
  t.match(container, { image: 'r/hwctl-server:1', resources: { limits: { memory: '1Gi', cpu: '1' } } });
  t.match(find(edited, 'Ingress', 'auth') as Ingress, {
    spec: { ingressClassName: 'nginx', rules: [{ host: 'shop.test' }] },
  });
  t.ok(find(edited, 'Namespace', 'shop'));
  t.match(find(edited, 'HorizontalPodAutoscaler', 'prices'), { spec: { minReplicas: 4 } });
  t.equal((find(edited, 'Deployment', 'prices') as Workload).spec.replicas, undefined, 'the autoscaler owns it');
  t.match(find(edited, 'StatefulSet', 'postgres'), {
    spec: { template: { spec: { containers: [{ image: 'postgres:15-bookworm' }] } } },
  });
  t.equal(JSON.stringify(edit({})), plain);
});

t.test('store=sqlite leaves Postgres out; each service that keeps something is there once', async (t) => {
  const edited = edit({ store: 'sqlite', replicas: 3 });
  t.notOk(edited.some(({ object }) => object.metadata.name.startsWith('postgres') || object.kind === 'Job'));
  t.match(find(edited, 'ConfigMap', 'hwctl'), { data: { STORE: 'sqlite' } });
  const auth = find(edited, 'Deployment', 'auth') as Workload;
  t.equal(auth.spec.replicas, 1);
  t.notOk(JSON.stringify(auth).includes('POSTGRES'));
  t.throws(() => edit({ store: 'sqlite', replicas: { auth: 2 } }), {
    message: /2 replicas cannot share one SQLite file/,
  });
});

t.test('ingress=false, monitoring=false and grafana=false leave them out; an unknown service is refused', async (t) => {
  t.notOk(edit({ ingress: false }).some(({ object }) => object.kind === 'Ingress'));
  t.ok(edit({}).some(({ part }) => part === 'monitoring'));
  t.notOk(edit({ monitoring: false }).some(({ part }) => part === 'monitoring'));
  t.ok(find(edit({}), 'Deployment', 'grafana'));
  const alone = edit({ grafana: false }).filter(({ part }) => part === 'monitoring');
  t.ok(find(alone, 'Deployment', 'prometheus'), 'grafana=false is Prometheus alone');
  t.strictSame(
    alone.filter(({ object }) => object.metadata.name.startsWith('grafana')),
    [],
  );
  try {
    edit({ replicas: { oders: 2 } });
    t.fail('must throw');
  } catch (error) {
    t.match((error as Failure).message, /there is no oders in these stacks\. Did you mean "orders"\?/);
  }
});

function failureOf(read: () => unknown): Failure {
  try {
    read();
  } catch (error) {
    return error as Failure;
  }
  throw new Error('nothing was thrown');
}
