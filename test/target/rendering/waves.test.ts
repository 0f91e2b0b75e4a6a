import fc from 'fast-check';
import t from 'tap';
import { hookOf, isKept, type RenderedObject } from '../../../src/cli/target/rendering/rendered-object.js';
import { type Wave, wavesOf } from '../../../src/cli/target/rendering/waves.js';

/** `Kind/name` of a release, with `event@weight` where it is a hook. */
function rendered(text: string, release = 0, policy?: string): RenderedObject {
  const [, kind = '', name = '', events, weight] = /^(\w+)\/([\w-]+)(?: ([\w,-]+)@(-?\d+))?$/.exec(text) ?? [];
  const annotations = events
    ? {
        'helm.sh/hook': events,
        'helm.sh/hook-weight': weight ?? '0',
        ...(policy && { 'helm.sh/hook-delete-policy': policy }),
      }
    : {};
  const object = { apiVersion: 'v1', kind, metadata: { name, annotations } };
  const hook = hookOf(object);
  return { object, defaultNamespace: 'shop', source: `${name}.yaml`, release, ...(hook && { hook }) };
}

const shown = (waves: Wave[]) =>
  waves.map(({ objects, wait, settleBefore }) =>
    [
      ...(settleBefore ? ['settle'] : []),
      ...objects.map(({ object }) => `${object.kind}/${object.metadata.name}`),
      ...(wait === 'complete' ? ['wait'] : []),
    ].join(' '),
  );

t.test(
  'namespaces and CRDs of all, then each release: its hooks before, its objects in the order of helm, its hooks after',
  async (t) => {
    const objects = [
      rendered('Deployment/api', 0),
      rendered('ConfigMap/api', 0),
      rendered('Ingress/api', 0),
      rendered('Strange/b', 0),
      rendered('Another/a', 0),
      rendered('Namespace/shop', 0),
      rendered('CustomResourceDefinition/late', 1),
      rendered('Job/migrate pre-install,pre-upgrade@0', 1),
      rendered('ConfigMap/sql pre-install,pre-upgrade@-5', 1),
      rendered('Job/before pre-install@-5', 1),
      rendered('Job/after post-install,post-upgrade@1', 1),
      rendered('Pod/check test@0', 1),
      rendered('Deployment/app', 1),
    ];
    t.same(shown(wavesOf(objects)), [
      'Namespace/shop CustomResourceDefinition/late wait',
      'ConfigMap/api Deployment/api Ingress/api Another/a Strange/b',
      'settle ConfigMap/sql Job/before wait',
      'Job/migrate wait',
      'Deployment/app',
      'Job/after wait',
    ]);
    t.same(
      shown(wavesOf(objects, (release) => release === 1)),
      [
        'Namespace/shop CustomResourceDefinition/late wait',
        'ConfigMap/api Deployment/api Ingress/api Another/a Strange/b',
        'ConfigMap/sql',
        'settle Job/migrate wait',
        'Deployment/app',
        'Job/after wait',
      ],
      'an upgrade',
    );
    t.same(wavesOf([]), []);
  },
);

t.test('hooks run one after the other: by weight, kind and name; a Job ends a wave', async (t) => {
  const objects = ['Job/b', 'Job/a', 'ServiceAccount/z', 'Role/y'].map((name) => rendered(`${name} pre-install@3`));
  t.same(shown(wavesOf([...objects, rendered('Job/first pre-install@-1')])), [
    'Job/first wait',
    'ServiceAccount/z Role/y Job/a wait',
    'Job/b wait',
  ]);
});

t.test('what succeeded is deleted after the last hook of its event, in the opposite order', async (t) => {
  const waves = wavesOf([
    rendered('Job/one pre-install@1', 0, 'before-hook-creation,hook-succeeded'),
    rendered('Job/two pre-install@2', 0, 'hook-succeeded'),
    rendered('Job/three pre-install@3', 0, 'hook-failed'),
    rendered('Job/four post-install@3', 0, 'hook-succeeded'),
  ]);
  t.same(
    waves.map(({ deleteAfter }) => deleteAfter.map(({ object }) => object.metadata.name)),
    [[], [], ['two', 'one'], ['four']],
  );
});

t.test('a hook as its annotations say it', async (t) => {
  const hook = (annotations: Record<string, string>) =>
    hookOf({ apiVersion: 'v1', kind: 'Pod', metadata: { name: 'a', annotations } });
  t.equal(hook({}), undefined);
  t.equal(hook({ 'helm.sh/hook': ' , ' }), undefined);
  t.same(hook({ 'helm.sh/hook': 'Pre-Install, test-success', 'helm.sh/hook-weight': '-3' }), {
    events: ['pre-install', 'test'],
    weight: -3,
    deletePolicies: ['before-hook-creation'],
  });
  t.match(
    hook({ 'helm.sh/hook': 'test', 'helm.sh/hook-weight': '1.5', 'helm.sh/hook-delete-policy': 'hook-failed,x' }),
    {
      weight: 0,
      deletePolicies: ['hook-failed'],
    },
  );
  const kept = (policy: string) =>
    isKept({
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: { name: 'a', annotations: { 'helm.sh/resource-policy': policy } },
    });
  t.equal(kept('keep'), true);
  t.equal(kept('delete'), false);
});

t.test(
  'whatever the releases hold: every object that an installation applies is in one wave for each of its events',
  async () => {
    const kind = fc.constantFrom(
      'Job',
      'Pod',
      'ConfigMap',
      'Deployment',
      'Namespace',
      'CustomResourceDefinition',
      'Strange',
    );
    const events = fc.subarray(['pre-install', 'post-install', 'pre-upgrade', 'pre-delete']);
    const one = fc.tuple(kind, events, fc.integer({ min: -2, max: 2 }), fc.integer({ min: 0, max: 3 }));
    fc.assert(
      fc.property(fc.array(one, { maxLength: 30 }), (list) => {
        const objects = list.map(([kind, on, weight, release], index) =>
          rendered(`${kind}/n${index}${on.length > 0 ? ` ${on.join(',')}@${weight}` : ''}`, release),
        );
        const waves = wavesOf(objects);
        for (const each of objects) {
          const times = waves.filter((wave) => wave.objects.includes(each)).length;
          const wanted = each.hook?.events.filter((event) => event.endsWith('-install')).length ?? 1;
          if (times !== wanted) return false;
        }
        // Nothing of a release is applied before an earlier one is, but for what comes first of all.
        const order = waves
          .flatMap(({ objects }) => objects)
          .filter(({ object, hook }) => hook || !/^(Namespace|Custom)/.test(object.kind));
        return order.every(({ release }, index) => index === 0 || (order[index - 1]?.release ?? 0) <= release);
      }),
      { seed: 7, numRuns: 200 },
    );
  },
);
