/** What `--dry-run` prints is what `up` executes, whatever is there before: no profile, a stopped one, some of it, all of it. */
import t, { type Test } from 'tap';
import { bundledSource } from '../../../src/cli/target/bundled-source.js';
import { createClusterTarget } from '../../../src/cli/target/kubernetes/target.js';
import type { Values } from '../../../src/cli/target/manifests/values-shape.js';
import type { Step, Target, TargetEvent } from '../../../src/cli/target/target.js';
import { FakeCluster } from './fake-cluster.js';

const source = bundledSource(process.cwd());

type StepEvent = Extract<TargetEvent, { type: 'step' }>;

/** Without an Ingress: its address would be one of a real node. */
const plain: Values = { ingress: false, monitoring: false };

async function up(
  target: Target,
  stacks: string[],
  values: Values,
  options: { setNamespace?: boolean } = {},
  timeoutMs = 20_000,
) {
  const events: StepEvent[] = [];
  const report = await target.up(
    { source, stacks, values, cluster: options },
    {
      timeoutMs,
      signal: new AbortController().signal,
      onEvent: (event) => {
        if (event.type === 'step') events.push(event);
      },
    },
  );
  return { events, actions: report.actions };
}

/** Holds the two lists against each other; what a `plan` step added is not of the printed one. */
async function planAndUp(t: Test, cluster: FakeCluster, stacks: string[], values = plain, options = {}) {
  const target = createClusterTarget(cluster.options);
  const before = JSON.stringify([...cluster.objects]);
  const plan = await target.plan({ source, stacks, values, cluster: options });
  t.equal(JSON.stringify([...cluster.objects]), before, 'planning changes nothing');
  const { events, actions } = await up(target, stacks, values, options);
  const begun = events.filter(({ state }) => state === 'started' || state === 'skipped');
  const inOrder = (steps: Step[]) => steps.map(({ verb, ref, why }) => `${verb} ${ref} (${why})`);
  const printed = inOrder(plan);
  const executed = inOrder(begun.filter(({ plannedBy }) => plannedBy === undefined).map(({ step }) => step));
  // The addons and the image go side by side, so that of two lanes each has its own order.
  t.strictSame([...executed].sort(), [...printed].sort(), 'the same steps for the same reasons');
  const apart = (list: string[]) => list.filter((line) => !/ (addons?|image)\//.test(line));
  t.strictSame(apart(executed), apart(printed), 'in the same order');
  t.strictSame(
    events.filter(({ state }) => state === 'done').length,
    events.filter(({ state }) => state === 'started').length,
    'each came to its end',
  );
  const added = begun.filter(({ plannedBy }) => plannedBy !== undefined).map(({ step }) => step);
  return { plan, added, actions, events };
}

t.test('no profile: all that will be made is listed, and what the addons need is planned once it runs', async (t) => {
  const cluster = await FakeCluster.start(t, 'missing');
  const { plan, added, actions } = await planAndUp(t, cluster, ['hello']);
  const lines = plan.map(({ verb, ref }) => `${verb} ${ref}`);
  t.equal(lines[0], 'create profile/fake');
  t.ok(lines.includes('plan addons/fake'));
  t.ok(lines.includes('create Deployment/hwctl/hello'));
  t.ok(lines.some((line) => line.startsWith('load image/hwctl-server:')));
  t.strictSame(
    added.map(({ verb, ref }) => `${verb} ${ref}`),
    ['enable addon/ingress', 'enable addon/metrics-server', 'wait addon/ingress'],
  );
  t.strictSame(
    actions.map(({ ref }) => ref).filter((ref) => ref.startsWith('addon/')),
    ['addon/ingress', 'addon/metrics-server'],
  );
  // What was not enabled before, and only that, is for down to disable.
  const record = [...cluster.objects.keys()];
  t.ok(record.includes('ConfigMap/hwctl/hwctl-applyset'), 'the record is among what the plan made');
  t.ok(lines.includes('create ConfigMap/hwctl/hwctl-applyset'));
});

t.test('a stopped profile: what is in it is planned once it runs', async (t) => {
  const cluster = await FakeCluster.start(t, 'stopped');
  const { plan, added } = await planAndUp(t, cluster, ['hello']);
  t.strictSame(
    plan.map(({ verb, ref }) => `${verb} ${ref}`),
    ['start profile/fake', 'plan profile/fake'],
  );
  t.ok(added.some(({ verb, ref }) => verb === 'create' && ref === 'Deployment/hwctl/hello'));
});

t.test('a cluster that runs: first, again, more, other values, and what nobody wants any more', async (t) => {
  const cluster = await FakeCluster.start(t, 'running');
  cluster.enable('ingress');
  const first = await planAndUp(t, cluster, ['hello']);
  t.ok(first.plan.some(({ verb, ref }) => verb === 'enable' && ref === 'addon/metrics-server'));
  cluster.ran.length = 0;
  const again = await planAndUp(t, cluster, ['hello']);
  t.strictSame(again.plan, [], 'nothing to do');
  t.strictSame(cluster.ran, [], 'who runs, with all it needs, is not asked');
  await planAndUp(t, cluster, ['hello', 'prices']);
  const other = await planAndUp(t, cluster, ['hello'], { ...plain, replicas: { hello: 1 } });
  t.ok(other.plan.some(({ ref, why }) => ref === 'Deployment/hwctl/hello' && why === 'its description changed'));
  const context = await planAndUp(t, cluster, ['hello'], plain, { setNamespace: true });
  t.strictSame(
    context.plan.map(({ verb, ref }) => `${verb} ${ref}`),
    ['update context/fake'],
  );
  // Somebody's object under our label: the plan names why it goes, and so does the execution.
  const label = cluster.objects.get('Service/hwctl/hello')?.metadata.labels ?? {};
  const stray = {
    apiVersion: 'v1',
    kind: 'ConfigMap',
    metadata: { name: 'old', namespace: 'hwctl', labels: label, uid: 'u', resourceVersion: '1' },
  };
  cluster.objects.set('ConfigMap/hwctl/old', stray);
  const prune = await planAndUp(t, cluster, ['hello']);
  t.strictSame(
    prune.plan.map(({ verb, ref, why }) => [verb, ref, verb === 'delete' ? why : '']),
    [
      ['delete', 'ConfigMap/hwctl/old', 'no stack has it any more'],
      ['wait', 'ConfigMap', ''],
    ],
  );
  t.notOk(cluster.objects.has('ConfigMap/hwctl/old'));
  // What a finalizer holds is not gone: up says so, and the next one plans it again.
  cluster.objects.set('ConfigMap/hwctl/old', { ...stray, metadata: { ...stray.metadata, finalizers: ['x.org/y'] } });
  const refused = { code: 'not-gone', details: ['ConfigMap/hwctl/old: it waits for x.org/y'] };
  await t.rejects(up(createClusterTarget(cluster.options), ['hello'], plain, {}, 1_000), refused);
  const next = await createClusterTarget(cluster.options).plan({ source, stacks: ['hello'], values: plain });
  t.match(next[0], { verb: 'delete', ref: 'ConfigMap/hwctl/old' });
});

t.test(
  'what a cluster cannot have is refused alike by up, its dry run, diff and render, before anything is asked',
  async (t) => {
    for (const state of ['missing', 'stopped', 'running'] as const) {
      const cluster = await FakeCluster.start(t, state);
      const target = createClusterTarget(cluster.options);
      const request = { source, stacks: ['hello'], values: { store: 'sqlite' } as const };
      const refused = { code: 'bad-values', message: /holds no SQLite/, exitCode: 2 };
      await t.rejects(target.plan(request), refused, `${state}: --dry-run`);
      await t.rejects(up(target, ['hello'], { store: 'sqlite' }), refused, `${state}: up`);
      await t.rejects(target.diff(request), refused, `${state}: diff`);
      await t.rejects(Promise.resolve(target.objects?.(request)), refused, `${state}: render`);
      t.strictSame(cluster.ran, [], 'nothing was asked');
    }
  },
);

t.test(
  'whether an addon was enabled before is a fact of its own: down disables what up enabled, whatever it is called',
  async (t) => {
    const cluster = await FakeCluster.start(t, 'running');
    // Enabled, but nothing of it is there: it is enabled again, and is not ours to disable.
    cluster.enabled.add('ingress');
    const { plan } = await planAndUp(t, cluster, ['hello']);
    t.match(
      plan.filter(({ verb }) => verb === 'enable'),
      [
        { ref: 'addon/ingress', why: /not healthy/ },
        { ref: 'addon/metrics-server', why: /not enabled/ },
      ],
    );
    cluster.ran.length = 0;
    const target = createClusterTarget(cluster.options);
    const seen: StepEvent[] = [];
    const { deleted } = await target.down(
      { stacks: [], keepData: false },
      {
        timeoutMs: 20_000,
        signal: new AbortController().signal,
        onEvent: (event) => event.type === 'step' && seen.push(event),
      },
    );
    t.strictSame(
      cluster.ran.filter((line) => line.startsWith('addons')),
      ['addons disable metrics-server'],
    );
    const ended = seen.filter(({ state }) => state === 'done').map(({ step }) => step.ref);
    t.strictSame(
      deleted.filter((ref) => !ended.includes(ref)),
      [],
      'each deed of down is a step',
    );
    t.notOk(
      [...cluster.objects.values()].some(({ metadata }) => metadata.namespace === 'hwctl'),
      'nothing is left',
    );
  },
);
