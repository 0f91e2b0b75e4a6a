import t from 'tap';
import { plainCures } from '../../../../src/cli/target/kubernetes/api/cluster-cures.js';
import { parseDiscovery } from '../../../../src/cli/target/kubernetes/api/discovery.js';
import type { LiveObject } from '../../../../src/cli/target/kubernetes/api/live-object.js';
import { parseLogLine } from '../../../../src/cli/target/kubernetes/logs.js';
import { planObjects } from '../../../../src/cli/target/kubernetes/objects/apply.js';
import { emptyApplySet, parentObject, parseParent } from '../../../../src/cli/target/kubernetes/objects/apply-set.js';
import {
  appliedAnnotation,
  applySetId,
  desiredObjects,
  isWithin,
  partOfLabel,
} from '../../../../src/cli/target/kubernetes/objects/desired.js';
import { whyTerminating } from '../../../../src/cli/target/kubernetes/objects/namespaces.js';
import { isForeign } from '../../../../src/cli/target/kubernetes/objects/removal.js';
import { contentTag, imageName } from '../../../../src/cli/target/kubernetes/provider/image.js';
import { chooseIngressClass } from '../../../../src/cli/target/kubernetes/provider/provision.js';
import { appEndpoints } from '../../../../src/cli/target/kubernetes/reach/endpoints.js';
import { quantity } from '../../../../src/cli/target/kubernetes/status.js';
import { waveOf } from '../../../../src/cli/target/manifests/apply-order.js';
import { configAnnotation, digest } from '../../../../src/cli/target/manifests/derived-fields.js';
import type { KubeObject } from '../../../../src/cli/target/manifests/kube-object.js';

const object = (kind: string, name: string, more: object = {}): KubeObject => ({
  apiVersion: kind === 'Deployment' ? 'apps/v1' : kind === 'Job' ? 'batch/v1' : 'v1',
  kind,
  metadata: { name, namespace: 'n' },
  ...more,
});
const workload = (kind: string, name: string, image: string) =>
  object(kind, name, {
    spec: { template: { spec: { containers: [{ name, image, envFrom: [{ configMapRef: { name: 'c' } }] }] } } },
  });
const live = (base: KubeObject, more: object = {}): LiveObject =>
  ({ ...base, metadata: { ...base.metadata, uid: 'u', resourceVersion: '1', ...more } }) as LiveObject;
/** An applied object as these tests read it. */
interface Applied {
  metadata: { name: string; labels: Record<string, string>; annotations: Record<string, string> };
  spec: {
    ingressClassName: string;
    template: { metadata: { annotations: Record<string, string> }; spec: { containers: { image: string }[] } };
  };
}
const entry = (of: KubeObject) => ({ object: of, stacks: ['b', 'a'] });
const options = { image: 'hwctl-server:abc', ingressClass: 'nginx', project: 'hwctl', applySetId: 'applyset-x-v1' };

t.test('ids as KEP 3659 makes them', async (t) => {
  const id = applySetId({ name: 'my-set', namespace: 'ns', kind: 'Secret', group: '' });
  t.match(id, /^applyset-[\w-]{43}-v1$/);
  t.not(id, applySetId({ name: 'my-set', namespace: 'other', kind: 'Secret', group: '' }));
});

t.test('content tags', async (t) => {
  const file = (path: string, text: string) => ({ path, bytes: Buffer.from(text) });
  const tag = contentTag([file('a/x.js', '1'), file('b.js', '2')]);
  t.equal(contentTag([file('b.js', '2'), file('a/x.js', '1')]), tag, 'the order of reading does not matter');
  t.not(contentTag([file('c/x.js', '1'), file('b.js', '2')]), tag, 'a moved file is another image');
  t.not(contentTag([file('a/x.js', '12'), file('b.js', '')]), tag, 'content does not run into the next file');
  t.equal(imageName('t', 'localhost:5000/'), 'localhost:5000/hwctl-server:t');
  t.equal(imageName('t', undefined), 'hwctl-server:t');
});

t.test('what is applied: image, class, labels, names of Jobs, configuration hashes', async (t) => {
  const config = object('ConfigMap', 'c', { data: { A: '1' } });
  const make = (data: string) =>
    desiredObjects(
      [
        entry(object('ConfigMap', 'c', { data: { A: data } })),
        entry(workload('Deployment', 'orders', 'hwctl-server:dev')),
        entry(workload('Job', 'migrate', 'localhost:5000/hwctl-server:dev')),
        entry(workload('Deployment', 'grafana', 'grafana/grafana:13.0.0')),
        entry(object('Ingress', 'i', { spec: {} })),
        entry(object('Namespace', 'n')),
      ],
      options,
    ) as unknown as Applied[];
  const [map, orders, job, grafana, ingress, namespace] = make('1') as [
    Applied,
    Applied,
    Applied,
    Applied,
    Applied,
    Applied,
  ];
  t.equal(map.metadata.labels[partOfLabel], options.applySetId);
  t.equal(namespace.metadata.labels[partOfLabel], undefined, 'a namespace is not a member');
  t.equal(orders.spec.template.spec.containers[0]?.image, 'hwctl-server:abc');
  t.equal(grafana.spec.template.spec.containers[0]?.image, 'grafana/grafana:13.0.0');
  t.equal(ingress.spec.ingressClassName, 'nginx');
  t.match(job.metadata.name, /^migrate-[0-9a-f]{8}$/);
  t.equal(map.metadata.annotations['hwctl.dev/stacks'], 'a,b');
  const [, changed, otherJob] = make('2') as [Applied, Applied, Applied];
  const hash = (of: Applied) => of.spec.template.metadata.annotations[configAnnotation];
  t.not(hash(changed), hash(orders), 'pods start anew where their configuration changed');
  t.not(otherJob.metadata.name, job.metadata.name);
  t.same(make('1'), make('1'), 'the same in, the same out');
  t.notOk(config.metadata.labels, 'the given objects are left alone');
});

t.test('plans: create, update, keep, prune; the last applied goes first', async (t) => {
  const wanted = desiredObjects(
    [entry(object('ConfigMap', 'c', { data: { A: '1' } })), entry(object('Service', 's'))],
    options,
  );
  const [map, service] = wanted as [KubeObject, KubeObject];
  t.same(
    planObjects(wanted, []).changes.map(({ verb }) => verb),
    ['create', 'create'],
  );
  const stale = live(map, { annotations: { ...map.metadata.annotations, [appliedAnnotation]: 'old' } });
  const old = [live(object('Deployment', 'gone')), live(object('ConfigMap', 'gone'))];
  const plan = planObjects(wanted, [stale, live(service), ...old]);
  t.same(
    plan.changes.map(({ verb, why }) => [verb, why]),
    [
      ['update', 'its description changed'],
      ['keep', 'it is as wanted'],
    ],
  );
  t.same(
    plan.prune.map(({ kind }) => kind),
    ['Deployment', 'ConfigMap'],
  );
  const edited = { ...live(map), data: { A: '2' } };
  t.equal(planObjects([map], [edited]).changes[0]?.why, 'somebody changed it');
});

t.test('waves and comparison', async (t) => {
  const order = ['Namespace', 'ConfigMap', 'StatefulSet', 'Job', 'Deployment'].map((kind) => waveOf({ kind }));
  t.same(order, [0, 1, 2, 3, 4]);
  t.ok(isWithin({ a: [{ b: 1 }] }, { a: [{ b: 1, c: 2 }], d: 3 }), 'what the server adds is no difference');
  t.notOk(isWithin({ a: [1, 2] }, { a: [2, 1] }));
  t.notOk(isWithin({ a: [1] }, { a: [1, 2] }));
  t.ok(isWithin({ e: {} }, {}), 'an empty map may be dropped');
  t.equal(digest({ a: 1, b: 2 }), digest({ b: 2, a: 1 }));
});

t.test('the parent records and is read back', async (t) => {
  const set = {
    ...emptyApplySet('n', 'hwctl'),
    groupKinds: ['Service', 'Deployment.apps'],
    namespaces: ['n', 'm'],
    stacks: ['b', 'a'],
  };
  const parent = parentObject({ ...set, values: { replicas: 2 } });
  t.match(parent.metadata.annotations, {
    'applyset.kubernetes.io/contains-group-kinds': 'Deployment.apps,Service',
    'applyset.kubernetes.io/additional-namespaces': 'm',
  });
  t.match(parseParent(live(parent)), {
    id: set.id,
    stacks: ['a', 'b'],
    namespaces: ['n', 'm'],
    values: { replicas: 2 },
  });
});

t.test('discovery: preferred versions, stale groups left out', async (t) => {
  const version = (name: string, freshness = 'Current') => ({
    version: name,
    freshness,
    resources: [
      { resource: 'deployments', responseKind: { kind: 'Deployment' }, scope: 'Namespaced', verbs: ['list'] },
    ],
  });
  const found = parseDiscovery({
    items: [
      { metadata: { name: 'apps' }, versions: [version('v1'), version('v1beta1')] },
      { metadata: { name: 'metrics.k8s.io' }, versions: [version('v1beta1', 'Stale')] },
    ],
  });
  t.same(found, [
    { apiVersion: 'apps/v1', kind: 'Deployment', plural: 'deployments', namespaced: true, verbs: ['list'] },
  ]);
});

t.test('whose an object is', async (t) => {
  const set = { id: 'applyset-x-v1' };
  t.ok(isForeign(live(object('ConfigMap', 'theirs')), set));
  t.notOk(isForeign(live(object('ConfigMap', 'kube-root-ca.crt')), set));
  t.notOk(isForeign(live(object('ServiceAccount', 'default')), set));
  t.notOk(isForeign(live(object('Pod', 'p'), { ownerReferences: [{ kind: 'ReplicaSet', name: 'r', uid: 'v' }] }), set));
  t.notOk(isForeign(live(object('Service', 's'), { labels: { [partOfLabel]: set.id } }), set));
  t.ok(isForeign(live(object('Service', 's'), { labels: { [partOfLabel]: 'applyset-other-v1' } }), set));
});

t.test('the class of the Ingresses', async (t) => {
  const one = (name: string, isDefault = false) =>
    live(object('IngressClass', name), {
      annotations: isDefault ? { 'ingressclass.kubernetes.io/is-default-class': 'true' } : {},
    });
  t.equal(chooseIngressClass([one('a'), one('b', true)], undefined, plainCures('c')), 'b');
  t.equal(chooseIngressClass([one('a')], undefined, plainCures('c')), 'a');
  t.equal(chooseIngressClass([one('a'), one('b')], 'a', plainCures('c')), 'a');
  t.throws(() => chooseIngressClass([], undefined, plainCures('c')), { code: 'no-ingress-class' });
  t.throws(() => chooseIngressClass([one('a'), one('b')], undefined, plainCures('c')), { message: /no default/ });
  t.throws(() => chooseIngressClass([one('a')], 'z', plainCures('c')), { message: /no IngressClass "z"/ });
});

t.test('a stuck namespace says why', async (t) => {
  const stuck = (type: string, message: string) => ({
    ...live(object('Namespace', 'n'), { deletionTimestamp: 'now' }),
    status: { conditions: [{ type, status: 'True', message }] },
  });
  t.match(
    whyTerminating(stuck('NamespaceDeletionDiscoveryFailure', 'metrics.k8s.io/v1beta1')).reason,
    /aggregated API/,
  );
  t.match(whyTerminating(stuck('NamespaceFinalizersRemaining', 'x')).reason, /finalizers/);
  t.match(whyTerminating(stuck('NamespaceContentRemaining', 'pods')).reason, /still holds/);
});

t.test('endpoints: one for each host, the simplest load path', async (t) => {
  const ingress = (name: string, path: string, address?: string): LiveObject => ({
    ...live(object('Ingress', name), { annotations: { 'hwctl.dev/load-path': path, 'hwctl.dev/stacks': name } }),
    spec: { rules: [{ host: 'arch.homework' }] },
    status: address === undefined ? {} : { loadBalancer: { ingress: [{ ip: address }] } },
  });
  t.same(appEndpoints([ingress('orders', '/orders/health'), ingress('hello', '/', '192.168.49.2')]), [
    { name: 'app', stacks: ['hello', 'orders'], url: 'http://192.168.49.2', host: 'arch.homework', loadPath: '/' },
  ]);
  t.same(appEndpoints([ingress('hello', '/')]), []);
  const [through] = appEndpoints([ingress('hello', '/', '192.168.49.2')], 'http://127.0.0.1:9');
  t.equal(through?.url, 'http://127.0.0.1:9', 'a way that is given goes before the address that is published');
});

t.test('log lines and quantities', async (t) => {
  t.same(parseLogLine('2026-01-02T03:04:05.000000001Z hello there'), {
    at: '2026-01-02T03:04:05.000000001Z',
    text: 'hello there',
  });
  t.same(parseLogLine('no stamp'), { at: '', text: 'no stamp' });
  t.equal(quantity('250m'), 0.25);
  t.equal(quantity('1Ki'), 1024);
  t.equal(quantity('500000000n'), 0.5);
  t.ok(Number.isNaN(quantity('x')));
});

t.test('what a Secret says in stringData is applied as data, over it, as the API server keeps it', async (t) => {
  const metadata = { name: 'a', namespace: 'n' };
  const secret = {
    apiVersion: 'v1',
    kind: 'Secret',
    metadata,
    data: { a: 'MQ==', b: 'Mg==' },
    stringData: { b: 'ü', c: '' },
  };
  const options = { image: 'i', applySetId: 'set', project: 'p' };
  const [wanted] = desiredObjects([{ object: secret as never, stacks: ['s'] }], options);
  t.same(wanted?.data, { a: 'MQ==', b: 'w7w=', c: '' });
  t.notOk('stringData' in wanted!);
  const odd = { ...secret, stringData: { port: 1 } };
  const [left] = desiredObjects([{ object: odd as never, stacks: ['s'] }], options);
  t.match(
    left,
    { stringData: { port: 1 }, data: { b: 'Mg==' } },
    'what is no text is left for the API server to refuse',
  );
  const map = { ...secret, kind: 'ConfigMap' };
  t.ok('stringData' in desiredObjects([{ object: map as never, stacks: ['s'] }], options)[0]!);
});
