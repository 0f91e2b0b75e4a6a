/** Anybody's project in a cluster: its order, what is somebody else's, two of them at once. */
import t, { type Test } from 'tap';
import { Failure } from '../../../src/cli/kernel/failure.js';
import { createClusterTarget } from '../../../src/cli/target/kubernetes/target.js';
import type { KubeObject } from '../../../src/cli/target/manifests/kube-object.js';
import type { ObjectWave, StackObject } from '../../../src/cli/target/manifests/stack-object.js';
import type { ObjectSource } from '../../../src/cli/target/source.js';
import type { DownReport, TargetEvent } from '../../../src/cli/target/target.js';
import { FakeCluster } from './fake-cluster.js';

const object = (apiVersion: string, kind: string, name: string, more: object = {}): KubeObject => ({
  apiVersion,
  kind,
  ...more,
  metadata: { name, namespace: 'shop', ...(more as { metadata?: object }).metadata },
});
const namespace: KubeObject = { apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'shop' } };
const deployment = (name: string, image = 'a') =>
  object('apps/v1', 'Deployment', name, { spec: { template: { spec: { containers: [{ name: 'c', image }] } } } });
const job = (name: string, image = 'a') =>
  object('batch/v1', 'Job', name, { spec: { template: { spec: { containers: [{ name: 'c', image }] } } } });

/** A source of these waves, in one stack or in several. */
function sourceOf(
  waves: { objects: KubeObject[]; awaited?: boolean; settles?: boolean }[],
  stack = 'shop',
): ObjectSource {
  const entries = waves.flatMap(({ objects, awaited = false, settles = false }, index) => {
    const wave: ObjectWave = { index, isAwaited: awaited, settlesBefore: settles };
    return objects.map((one): StackObject => ({ object: one, stacks: [stack], part: 'application', wave }));
  });
  return {
    asksCluster: true,
    images: [],
    home: 'default',
    objects: async () => structuredClone(entries),
    addons: () => [],
  };
}

async function up(cluster: FakeCluster, project: string, source: ObjectSource, more: object = {}): Promise<string[]> {
  const target = createClusterTarget(cluster.optionsOf(project));
  const lines: string[] = [];
  const onEvent = (event: TargetEvent) => {
    if (event.type === 'step' && event.state === 'started') lines.push(`${event.step.verb} ${event.step.ref}`);
  };
  const wait = { timeoutMs: 20_000, signal: new AbortController().signal, onEvent };
  await target.up({ source, stacks: ['shop'], values: {}, ...more }, wait);
  return lines;
}

function down(cluster: FakeCluster, project: string): Promise<DownReport> {
  const wait = { timeoutMs: 20_000, signal: new AbortController().signal, onEvent: () => undefined };
  return createClusterTarget(cluster.optionsOf(project)).down({ stacks: [], keepData: false }, wait);
}

async function running(t: Test): Promise<FakeCluster> {
  const cluster = await FakeCluster.start(t, 'running');
  for (const name of ['default', 'elsewhere'])
    cluster.objects.set(`Namespace//${name}`, {
      apiVersion: 'v1',
      kind: 'Namespace',
      metadata: { name, uid: name, resourceVersion: '1' },
    });
  return cluster;
}

t.test('the order is that of releases and hooks, not that of kinds; a hook waits, and is waited for', async (t) => {
  const cluster = await running(t);
  const source = sourceOf([
    { objects: [namespace] },
    { objects: [deployment('postgres'), object('v1', 'ConfigMap', 'late')] },
    { objects: [job('migrate')], awaited: true, settles: true },
    { objects: [object('v1', 'Secret', 'after'), deployment('api')] },
  ]);
  const lines = await up(cluster, 'shop', source);
  t.strictSame(lines, [
    'create Namespace/shop',
    'create ConfigMap/default/hwctl-applyset-shop',
    'create ConfigMap/shop/late',
    'create Deployment/shop/postgres',
    'wait Deployment',
    'create Job/shop/migrate',
    'wait Job',
    'create Secret/shop/after',
    'create Deployment/shop/api',
    'wait Deployment, Job',
  ]);
  t.ok(cluster.objects.has('Job/shop/migrate'), 'a Job keeps its name: others may ask for it by that');
  t.strictSame(await up(cluster, 'shop', source), [], 'nothing to do, no hook runs again');
  const report = await down(cluster, 'shop');
  t.strictSame(report.remaining, []);
  t.strictSame([...cluster.objects.keys()].sort(), ['Namespace//default', 'Namespace//elsewhere', 'Node//fake']);
});

t.test('what somebody else made is told and left; with --force-conflicts it is taken', async (t) => {
  const cluster = await running(t);
  cluster.objects.set('Namespace//shop', {
    ...namespace,
    metadata: { name: 'shop', uid: 'n', resourceVersion: '1' },
  });
  const theirs = {
    ...deployment('api', 'theirs'),
    metadata: {
      name: 'api',
      namespace: 'shop',
      uid: 'u',
      resourceVersion: '1',
      annotations: { 'meta.helm.sh/release-name': 'api', 'meta.helm.sh/release-namespace': 'shop' },
    },
  };
  cluster.objects.set('Deployment/shop/api', theirs);
  const source = sourceOf([{ objects: [namespace, deployment('api'), deployment('web')] }]);
  const refused = {
    code: 'not-ours',
    details: ['Deployment/shop/api: it is of the helm release api'],
    hint: /helm uninstall api -n shop/,
    exitCode: 2,
  };
  await t.rejects(up(cluster, 'shop', source), refused);
  t.strictSame(cluster.objects.get('Deployment/shop/api'), theirs);
  t.notOk(cluster.objects.has('Deployment/shop/web'), 'nothing else was made');
  await up(cluster, 'shop', source, { cluster: { forceConflicts: true } });
  const report = await down(cluster, 'shop');
  t.ok(report.deleted.includes('Deployment/shop/api'));
  t.match(report.kept, [{ ref: 'Namespace/shop' }], 'the namespace was there before');
});

t.test(
  'two projects at once, in one namespace: each down removes its own, the namespace goes with the last',
  async (t) => {
    const cluster = await running(t);
    const a = sourceOf([{ objects: [namespace, deployment('a')] }]);
    const b = sourceOf([{ objects: [namespace, deployment('b')] }]);
    await up(cluster, 'one', a);
    await up(cluster, 'two', b);
    const status = await createClusterTarget(cluster.optionsOf('two')).status();
    t.strictSame(
      status.services.map(({ name }) => name),
      ['b'],
    );
    const first = await down(cluster, 'one');
    t.strictSame(first.remaining, []);
    t.notOk(cluster.objects.has('Deployment/shop/a'));
    t.ok(cluster.objects.has('Deployment/shop/b'));
    t.ok(cluster.objects.has('Namespace//shop'), 'it holds objects of the other');
    const second = await down(cluster, 'two');
    t.strictSame(second.remaining, []);
    t.notOk(cluster.objects.has('Deployment/shop/b'));
    t.notOk(cluster.objects.has('Namespace//shop'), 'whichever of the two made it');
  },
);

t.test('what cannot be rendered, or would not work, ends a plan and an up with that and nothing else', async (t) => {
  const cluster = await running(t);
  const source = {
    ...sourceOf([]),
    objects: async () => {
      throw new Failure({ code: 'bad-manifests', message: 'no chart', hint: 'Write one' });
    },
  };
  // A promise that nobody waits for ends the process with a stack trace.
  const unhandled: unknown[] = [];
  const note = (reason: unknown) => unhandled.push(reason);
  process.on('unhandledRejection', note);
  t.teardown(() => process.off('unhandledRejection', note));
  const target = createClusterTarget(cluster.optionsOf('shop'));
  await t.rejects(target.plan({ source, stacks: ['shop'], values: {} }), { code: 'bad-manifests' });
  await t.rejects(target.diff({ source, stacks: ['shop'], values: {} }), { code: 'bad-manifests' });
  await t.rejects(up(cluster, 'shop', source), { code: 'bad-manifests' });
  await new Promise(setImmediate);
  t.strictSame(unhandled, []);
});

t.test('what its chart keeps stays', async (t) => {
  const cluster = await running(t);
  const kept = object('v1', 'PersistentVolumeClaim', 'data', {
    metadata: { annotations: { 'helm.sh/resource-policy': 'keep' } },
  });
  await up(cluster, 'shop', sourceOf([{ objects: [namespace, kept, deployment('api')] }]));
  const report = await down(cluster, 'shop');
  t.match(report.kept[0], { ref: 'PersistentVolumeClaim/shop/data', reason: /keep/ });
  t.ok(cluster.objects.has('PersistentVolumeClaim/shop/data'));
  t.ok(cluster.objects.has('Namespace//shop'), 'and what it is in');
  t.strictSame(report.remaining, []);
});

t.test('what keeps a project from being rendered ends the command, once', async (t) => {
  const cluster = await running(t);
  const source: ObjectSource = {
    ...sourceOf([]),
    objects: async () => {
      throw new Failure({ code: 'preflight', message: 'it would not work' });
    },
  };
  await t.rejects(up(cluster, 'shop', source), { code: 'preflight' });
  await t.rejects(createClusterTarget(cluster.optionsOf('shop')).diff({ source, stacks: ['shop'], values: {} }), {
    code: 'preflight',
  });
});

t.test(
  'a definition of a kind: used where somebody brought it, shared by two projects, gone with the last',
  async (t) => {
    const cluster = await running(t);
    const crd = {
      apiVersion: 'apiextensions.k8s.io/v1',
      kind: 'CustomResourceDefinition',
      metadata: { name: 'things.example.org' },
      spec: { group: 'example.org', names: { kind: 'Thing', plural: 'things' } },
    };
    const source = (name: string) =>
      sourceOf([{ objects: [namespace, structuredClone(crd)], awaited: true }, { objects: [deployment(name)] }]);
    const key = 'CustomResourceDefinition//things.example.org';
    await up(cluster, 'one', source('a'));
    t.strictSame(await up(cluster, 'one', source('a')), [], 'nothing to do');
    const label = JSON.stringify(cluster.objects.get(key)?.metadata.labels);
    await up(cluster, 'two', source('b'));
    t.equal(JSON.stringify(cluster.objects.get(key)?.metadata.labels), label, 'it stays that of the first');
    t.strictSame(await up(cluster, 'two', source('b')), [], 'nothing to do');
    await down(cluster, 'two');
    t.ok(cluster.objects.has(key));
    await down(cluster, 'one');
    t.notOk(cluster.objects.has(key));
    cluster.objects.set(key, { ...crd, metadata: { ...crd.metadata, uid: 'u', resourceVersion: '1' } });
    await up(cluster, 'one', source('a'));
    await down(cluster, 'one');
    t.ok(cluster.objects.has(key), 'one of somebody else');
  },
);
