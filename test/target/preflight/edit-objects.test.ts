import fc from 'fast-check';
import t from 'tap';
import { applyEdits, editRef, editsOf } from '../../../src/cli/target/preflight/edit-objects.js';
import { at, isMap, same } from '../../../src/cli/target/preflight/fields.js';
import { applyPatch, mergePatches, patchBetween } from '../../../src/cli/target/preflight/merge-patch.js';
import type { PreflightProblem } from '../../../src/cli/target/preflight/problem.js';
import { objectsOf } from './objects.js';

const objects = objectsOf(`
apiVersion: apps/v1
kind: Deployment
metadata: {name: web, namespace: shop, labels: {app: web}}
spec:
  replicas: 2
  template:
    spec:
      containers:
      - {name: web, image: 'a:1', env: [{name: A, value: '1'}, {name: B, value: '2'}], ports: [{name: http, containerPort: 80}], args: [x, y]}
      - {name: side, image: 'b:1', volumeMounts: [{name: v, mountPath: /a}, {name: v, mountPath: /b}]}
      volumes: [{name: v, emptyDir: {}}]
---
apiVersion: v1
kind: Service
metadata: {name: web, namespace: shop}
spec: {ports: [{port: 80}], clusterIP: None}
---
apiVersion: v1
kind: Service
metadata: {name: web, namespace: lab}
spec: {ports: [{port: 80}]}
---
apiVersion: serving.knative.dev/v1
kind: Service
metadata: {name: web, namespace: lab}
spec: {}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRole
metadata: {name: 'system:reader'}
rules: [{verbs: [get]}, {verbs: [list]}]
`);

const pod = (patch: unknown) => ({ spec: { template: { spec: patch } } });
const podOf = (ref: string, patch: unknown) => {
  const { objects: after, problems } = applyEdits(objects, { [ref]: patch });
  return problems.length > 0
    ? problems[0]?.cause
    : (at(after[0]?.object, 'spec', 'template', 'spec') as Record<string, unknown>);
};

t.test(
  'fields are merged, null takes out, lists without keys are replaced, lists with keys are merged by them',
  async (t) => {
    const edit = (patch: unknown) =>
      podOf('Deployment/web', pod(patch)) as { containers: Record<string, unknown>[]; volumes?: unknown };
    t.strictSame(
      edit({
        containers: [
          {
            name: 'web',
            env: [
              { name: 'B', value: '3' },
              { name: 'C', value: '4' },
            ],
          },
        ],
      }).containers[0]?.env,
      [
        { name: 'A', value: '1' },
        { name: 'B', value: '3' },
        { name: 'C', value: '4' },
      ],
    );
    t.strictSame(edit({ containers: [{ name: 'web', env: [{ name: 'A', $patch: 'delete' }] }] }).containers[0]?.env, [
      { name: 'B', value: '2' },
    ]);
    t.strictSame(
      edit({ containers: [{ name: 'web', env: [{ name: 'Z', value: '' }, { $patch: 'replace' }] }] }).containers[0]
        ?.env,
      [{ name: 'Z', value: '' }],
    );
    t.strictSame(edit({ containers: [{ name: 'web', args: ['z'] }] }).containers[0]?.args, ['z']);
    t.strictSame(
      edit({ containers: [{ name: 'web', ports: [{ name: 'http', containerPort: 8080 }] }] }).containers[0]?.ports,
      [{ name: 'http', containerPort: 8080 }],
      'a port by its name',
    );
    t.strictSame(
      edit({ containers: [{ name: 'web', ports: [{ containerPort: 80, protocol: 'UDP' }] }] }).containers[0]?.ports,
      [
        { name: 'http', containerPort: 80 },
        { containerPort: 80, protocol: 'UDP' },
      ],
      'another protocol is another port',
    );
    t.strictSame(
      edit({ containers: [{ name: 'side', volumeMounts: [{ mountPath: '/b', readOnly: true }] }] }).containers[1]
        ?.volumeMounts,
      [
        { name: 'v', mountPath: '/a' },
        { name: 'v', mountPath: '/b', readOnly: true },
      ],
    );
    t.strictSame(edit({ volumes: null }).volumes, undefined);
    t.strictSame(edit({ volumes: [] }).volumes, []);
    t.equal(edit({ containers: [{ name: 'new', image: 'c' }] }).containers.length, 3);
    t.strictSame(at(objects[0]?.object, 'spec', 'replicas'), 2, 'what was given stays');
  },
);

t.test('what an edit means, and what is told of those that mean nothing', async (t) => {
  const rows: [ref: string, patch: unknown, outcome: RegExp | number][] = [
    ['Deployment/web', { spec: { replicas: 1 } }, 0],
    ['Deployment/shop/web', { spec: { replicas: 1 } }, 0],
    ['apps/v1/Deployment/shop/web', { spec: { replicas: 1 } }, 0],
    ['v1/Service/lab/web', { spec: { type: 'NodePort' } }, 2],
    ['ClusterRole/system:reader', { rules: [] }, 4],
    [
      'Service/web',
      { spec: {} },
      /it means 3 objects.*Service\/shop\/web or v1\/Service\/lab\/web or serving\.knative\.dev\/v1\/Service\/web|it means 3 objects/,
    ],
    ['Service/lab/web', { spec: {} }, /it means 2 objects/],
    ['Deployment/wep', { spec: {} }, /there is no Deployment\/wep\. Did you mean "Deployment\/web"\?/],
    ['deployment/web', { spec: {} }, /names no object/],
    ['Deployment', { spec: {} }, /names no object/],
    ['a/b/c/Deployment/x', {}, /names no object/],
    ['Deployment/web', { spec: { replicas: 2 } }, /changes nothing: the object is so already/],
    ['Deployment/web', 3, /an edit is a map/],
    ['Deployment/web', [], /an edit is a map/],
    ['Deployment/web', { kind: 'StatefulSet' }, /another object/],
    ['Deployment/web', { metadata: { name: 'api' } }, /another object/],
    ['Deployment/web', { metadata: null }, /another object/],
    ['Deployment/web', { apiVersion: 3 }, /another object/],
    ['Deployment/web', pod({ containers: [{ image: 'x' }] }), /an entry of containers needs name/],
  ];
  for (const [ref, patch, outcome] of rows) {
    const { objects: after, problems } = applyEdits(objects, { [ref]: patch }, () => 'hwctl.yaml:9');
    if (typeof outcome === 'number') {
      t.strictSame(problems, [], ref);
      t.strictSame(
        after.flatMap((item, i) => (item === objects[i] ? [] : [i])),
        [outcome],
        `${ref} changes that one alone`,
      );
    } else {
      t.match(problems[0]?.cause, outcome, ref);
      t.equal(problems[0]?.source, 'hwctl.yaml:9');
      t.strictSame(after, objects, `${ref} changes nothing`);
    }
  }
  t.equal(applyEdits(objects, { 'Deployment/web': null }).objects.length, objects.length - 1, 'null leaves it out');
});

t.test('each object has a shortest name that means it alone', async (t) => {
  t.strictSame(
    objects.map(({ object }) => editRef(object, objects)),
    [
      'Deployment/web',
      'Service/shop/web',
      'v1/Service/lab/web',
      'serving.knative.dev/v1/Service/web',
      'ClusterRole/system:reader',
    ],
  );
  for (const { object } of objects)
    t.strictSame(applyEdits(objects, { [editRef(object, objects)]: null }).problems, []);
});

/** Trees with the lists that have keys, without null: to Kubernetes it is the same as nothing. */
const leaf = fc.oneof(fc.string({ maxLength: 3 }), fc.integer({ min: 0, max: 3 }), fc.boolean());
const named = fc.uniqueArray(
  fc.record({ name: fc.constantFrom('a', 'b', 'c', 'd'), value: leaf }, { requiredKeys: ['name'] }),
  { selector: ({ name }) => name, maxLength: 4 },
);
const ports = fc.uniqueArray(
  fc.record({ containerPort: fc.integer({ min: 1, max: 4 }), hostIP: leaf }, { requiredKeys: ['containerPort'] }),
  { selector: ({ containerPort }) => containerPort, maxLength: 3 },
);
const tree = fc.record(
  {
    x: leaf,
    env: named,
    ports,
    list: fc.array(leaf, { maxLength: 3 }),
    deep: fc.record({ containers: named, y: leaf, __proto: leaf }, { requiredKeys: [] }),
  },
  { requiredKeys: [] },
);
const run = { seed: 20261128, numRuns: 400 };

/** A tree whose keyed lists are in the order of their keys. */
function sorted(value: unknown): unknown {
  if (Array.isArray(value)) {
    const keyed = value.filter((item) => isMap(item));
    if (keyed.length !== value.length) return value;
    return [...keyed].sort((a, b) => (JSON.stringify(a) < JSON.stringify(b) ? -1 : 1));
  }
  return isMap(value) ? Object.fromEntries(Object.entries(value).map(([key, item]) => [key, sorted(item)])) : value;
}

t.test('a patch between two makes the one of the other; two patches in one do as both', async () => {
  fc.assert(
    fc.property(tree, tree, tree, (a, b, c) => {
      const first = patchBetween(a, b);
      const second = patchBetween(b, c);
      const applied = first === undefined ? a : applyPatch(a, first);
      if (patchBetween(applied, b) !== undefined) return false;
      const both = mergePatches(first, second);
      const onePatch = both === undefined ? a : applyPatch(a, both);
      // What is taken out and comes again keeps its old place.
      return same(sorted(onePatch), sorted(c));
    }),
    run,
  );
});

t.test('the edits of problems of one object are one', async (t) => {
  const problem = (patch: unknown) => ({ edit: { ref: 'Deployment/web', patch } }) as PreflightProblem;
  t.strictSame(editsOf([problem({ a: 1 }), problem({ b: 2 }), {} as PreflightProblem]), {
    'Deployment/web': { a: 1, b: 2 },
  });
});
