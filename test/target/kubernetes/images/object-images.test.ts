import t from 'tap';
import {
  imagesIn,
  missingSources,
  neededSources,
  withBuiltImages,
} from '../../../../src/cli/target/kubernetes/images/object-images.js';
import type { KubeObject } from '../../../../src/cli/target/manifests/kube-object.js';

const pod = (image: string, more: object = {}) => ({
  containers: [{ name: 'app', image, unknownField: { kept: true }, ...more }],
  initContainers: [{ name: 'wait', image: 'busybox:1.35' }],
});

const object = (kind: string, fields: object, name = kind.toLowerCase()): KubeObject => ({
  apiVersion: 'x/v1',
  kind,
  metadata: { name, namespace: 'app' },
  ...fields,
});

/** Every kind that holds pods, and where. */
const bearers: [string, (spec: object) => object, string][] = [
  ['Pod', (spec) => ({ spec }), 'spec.containers[0].image'],
  ...['Deployment', 'StatefulSet', 'DaemonSet', 'ReplicaSet', 'ReplicationController', 'Job', 'Rollout', 'Service'].map(
    (kind): [string, (spec: object) => object, string] => [
      kind,
      (spec) => ({ spec: { replicas: 1, template: { metadata: { labels: { a: 'b' } }, spec } } }),
      'spec.template.spec.containers[0].image',
    ],
  ),
  [
    'CronJob',
    (spec) => ({ spec: { jobTemplate: { spec: { template: { spec } } } } }),
    'spec.jobTemplate.spec.template.spec.containers[0].image',
  ],
  [
    'ScaledJob',
    (spec) => ({ spec: { jobTargetRef: { template: { spec } } } }),
    'spec.jobTargetRef.template.spec.containers[0].image',
  ],
  ['PodTemplate', (spec) => ({ template: { spec } }), 'template.spec.containers[0].image'],
  ['PodList', (spec) => ({ items: [object('Pod', { spec })] }), 'items[0].spec.containers[0].image'],
];

t.test('every kind that holds pods is given the name, in every list of containers', async (t) => {
  const reference = { image: 'me/orders', reference: 'me/orders:0123456789abcdef', isPushed: false };
  for (const [kind, wrap, path] of bearers) {
    const given = object(kind, wrap(pod('me/orders:v1')));
    const before = structuredClone(given);
    const { objects, edits } = withBuiltImages([given], [reference]);
    t.same(given, before, `${kind}: what is given stays as it is`);
    t.same(objects, [JSON.parse(JSON.stringify(given).replace('me/orders:v1', reference.reference))], kind);
    const ref = `${kind}/app/${kind.toLowerCase()}`;
    t.same(edits, [{ ref, path, from: 'me/orders:v1', to: reference.reference }]);
  }
  const lists = ['containers', 'initContainers', 'ephemeralContainers'];
  for (const list of lists) {
    const given = object('Pod', { spec: { [list]: [{ image: 'x' }, { image: 'me/orders' }] } });
    t.match(withBuiltImages([given], [reference]).edits, [{ path: `spec.${list}[1].image` }], list);
  }
  const run = object('TestRun', { spec: { runner: { image: 'me/orders' } } });
  t.match(withBuiltImages([run], [reference]).edits, [{ path: 'spec.runner.image' }], 'a field of a foreign kind');
});

t.test('what names no image of ours is the very same value, and what only looks so is left', async (t) => {
  const reference = { image: 'me/orders', reference: 'me/orders:1', isPushed: false };
  const others = [
    object('Deployment', { spec: { template: { spec: pod('me/billing:v1') } } }),
    object('ConfigMap', { data: { image: 'me/orders' } }),
    object('Secret', { stringData: { image: 'me/orders' } }),
    object('Pod', { spec: { containers: [{ image: 'other/orders' }, { image: 'ghcr.io/me/orders' }, { image: 7 }] } }),
    object('Pod', { status: { image: 'me/orders' }, spec: { containers: null } }),
    object('Pod', { spec: { containers: [{ env: [{ name: 'image', value: 'me/orders' }] }] } }),
  ];
  const { objects, edits } = withBuiltImages(others, [reference]);
  for (const [at, one] of objects.entries()) t.equal(one, others[at]);
  t.same(edits, []);
});

t.test('which name means which source', async (t) => {
  const rows: [source: string, named: string, boolean][] = [
    ['orders', 'orders', true],
    ['orders', 'orders:v1', true],
    ['orders', 'docker.io/library/orders:latest', true],
    ['orders:v1', 'orders:v1', true],
    ['orders:v1', 'orders:v2', false],
    ['orders:latest', 'orders', true],
    ['orders:v1', 'orders', false],
    ['me/orders', 'me/orders@sha256:ab', true],
    ['localhost:5000/orders', 'localhost:5000/orders:1', true],
    ['localhost:5000/orders', 'orders', false],
  ];
  for (const [image, named, expected] of rows) {
    const { edits } = withBuiltImages(
      [object('Pod', { spec: pod(named) })],
      [{ image, reference: 'r:1', isPushed: true }],
    );
    t.equal(edits.length === 1, expected, `${image} for ${named}`);
  }
  const many = ['me/course', 'me/course:v3-auth', 'me/course:v3-users'].map((image) => ({
    image,
    reference: `of ${image}`,
    isPushed: true,
  }));
  const named = ['me/course:v3-users', 'me/course:v3-auth', 'me/course:v2'];
  const { edits } = withBuiltImages(
    named.map((image) => object('Pod', { spec: pod(image) })),
    many,
  );
  t.same(
    edits.map(({ to }) => to),
    ['of me/course:v3-users', 'of me/course:v3-auth', 'of me/course'],
    'the very name before the one without a tag',
  );
});

t.test('pull policies that could not find it are changed, and told', async (t) => {
  const rows: [policy: string | undefined, isPushed: boolean, string | undefined][] = [
    ['Always', false, 'IfNotPresent'],
    ['Always', true, 'Always'],
    ['Never', false, 'Never'],
    ['Never', true, 'IfNotPresent'],
    ['IfNotPresent', false, 'IfNotPresent'],
    [undefined, false, undefined],
  ];
  for (const [imagePullPolicy, isPushed, expected] of rows) {
    const given = object('Pod', { spec: pod('x', { imagePullPolicy }) });
    const { objects, edits } = withBuiltImages([given], [{ image: 'x', reference: 'x:1', isPushed }]);
    const { containers } = objects[0]!.spec as { containers: { imagePullPolicy?: string }[] };
    t.equal(containers[0]?.imagePullPolicy, expected, `${imagePullPolicy} ${isPushed}`);
    t.equal(edits.length, imagePullPolicy === expected ? 1 : 2);
  }
});

t.test('what the objects need, what nobody needs, and what nothing builds', async (t) => {
  const objects = [
    object('Deployment', { spec: { template: { spec: pod('me/orders:v1') } } }),
    object('Job', { spec: { template: { spec: pod('migrations', { imagePullPolicy: 'Never' }) } } }),
    object('Pod', { spec: pod('gateway:1') }),
    object('Pod', { spec: pod('gateway:1') }),
    object('Pod', { spec: pod('ghcr.io/me/x:1', { imagePullPolicy: 'Never' }) }),
    object('Pod', { spec: pod('postgres:15') }),
  ];
  const sources = [{ image: 'me/orders' }, { image: 'me/unused' }];
  t.same(neededSources(objects, sources), { needed: [{ image: 'me/orders' }], unused: [{ image: 'me/unused' }] });
  t.same(
    missingSources(objects, sources).map(({ image, ref, pullPolicy }) => [image, ref, pullPolicy]),
    [
      ['migrations', 'Job/app/job', 'Never'],
      ['gateway:1', 'Pod/app/pod', undefined],
      ['ghcr.io/me/x:1', 'Pod/app/pod', 'Never'],
    ],
  );
  t.equal(imagesIn(objects).length, 12);
  t.equal(missingSources(objects, [...sources, { image: 'migrations' }, { image: 'gateway' }]).length, 1);
});
