import t from 'tap';
import { applyEdits, editsOf } from '../../../src/cli/target/preflight/edit-objects.js';
import { lookupsOf, preflight } from '../../../src/cli/target/preflight/preflight.js';
import type { PreflightInput } from '../../../src/cli/target/preflight/scene.js';
import { missingDefinitions } from '../../../src/cli/target/project/check-objects.js';
import { type Cause, causes } from './causes.js';
import { minikube, objectsOf } from './objects.js';

function inputOf({ yaml, cluster, input }: Pick<Cause, 'yaml' | 'cluster' | 'input'>): PreflightInput {
  const view = cluster === 'none' ? undefined : { ...minikube, ...cluster };
  return { objects: objectsOf(yaml), built: [], releases: [], cluster: view, ...input };
}

for (const [i, cause] of causes.entries()) {
  t.test(`${i + 1} ${cause.code}: ${cause.cause}`, async (t) => {
    const input = inputOf(cause);
    const problems = preflight(input);
    const found = problems.find(
      ({ code, ref }) => code === cause.code && (cause.ref === undefined || ref === cause.ref),
    );
    if (found === undefined) {
      t.fail(`not found among ${JSON.stringify(problems)}`);
      return;
    }
    t.equal(found.stops, cause.stops ?? true, 'stops');
    t.ok(found.cause.includes(cause.cause), `${found.cause} has ${cause.cause}`);
    t.ok(found.cure.includes(cause.cure), `${found.cure} has ${cause.cure}`);
    t.equal(found.edit !== undefined, cause.edit === true, 'an edit');
    t.equal(found.addon, cause.addon);
    t.match(found.source, /^(k8s\/app\.yaml|README\.md):\d+$/);
    // The others of its objects are no noise of this one: all that is told has the code, or stands beside it on purpose.
    t.ok(
      problems.every(({ code }) => code === cause.code || beside[cause.code]?.includes(code)),
      `told: ${problems.map(({ code, cause }) => `${code} ${cause}`).join('; ')}`,
    );

    const edited = applyEdits(input.objects, editsOf(problems));
    t.strictSame(edited.problems, [], 'each edit is one that changes its object');
    const left = preflight({ ...input, objects: edited.objects });
    t.strictSame(
      left.filter(({ edit }) => edit !== undefined),
      [],
      'the edits leave nothing that an edit cures',
    );
  });
}

/** What comes with a cause: the same slip seen from another side. */
const beside: Readonly<Record<string, readonly string[]>> = {
  'unknown-field': ['unknown-field'],
  'unserved-kind': [],
  'too-few-nodes': [],
  'host-path-type': ['host-path'],
  'selector-mismatch': [],
};

t.test('every code of the table is one that stands in the table of causes; there are many rows', async (t) => {
  t.ok(causes.length >= 100, `${causes.length} rows`);
});

t.test('several fixes of one object follow each other', async (t) => {
  const input = inputOf({
    yaml: `apiVersion: extensions/v1beta1
kind: Ingress
metadata: {name: web, labels: {v: 1}, annotations: {kubernetes.io/ingress.class: kong}}
spec: {rules: [{host: 'HTTP://Shop.Test/', http: {paths: [{path: '/(.*)', backend: {serviceName: orders, servicePort: 8080}}]}}]}
---
apiVersion: v1
kind: Service
metadata: {name: orders}
spec: {selector: {app: x}, ports: [{port: 80}, {port: 81}]}
---
apiVersion: apps/v1beta1
kind: Deployment
metadata: {name: orders}
spec: {replicas: '2', template: {metadata: {labels: {app: orders}}, spec: {containers: [{name: a, image: 'bitnami/a:1', env: [{name: A, value: 1}, {name: A, value: 2}]}]}}}
`,
  });
  const edits = editsOf(preflight(input));
  t.strictSame(Object.keys(edits).sort(), ['Deployment/orders', 'Ingress/web', 'Service/orders']);
  const { objects, problems } = applyEdits(input.objects, edits);
  t.strictSame(problems, []);
  t.strictSame(
    preflight({ ...input, objects }).map(({ code }) => code),
    ['no-service-port'],
    'what no edit cures by itself is left',
  );
  t.strictSame(objects[2]?.object.spec, {
    replicas: 2,
    selector: { matchLabels: { app: 'orders' } },
    template: {
      metadata: { labels: { app: 'orders' } },
      spec: { containers: [{ name: 'a', image: 'bitnamilegacy/a:1', env: [{ name: 'A', value: '2' }] }] },
    },
  });
});

t.test('what a release brings that nobody has rendered is no reason to stop', async (t) => {
  const yaml = causes
    .filter(({ code }) => code === 'no-secret' || code === 'no-service')
    .map((one) => one.yaml.replaceAll('orders', `o${Math.abs(one.cause.length)}`));
  for (const one of yaml)
    t.strictSame(
      preflight({ ...inputOf({ yaml: one }), unrendered: ['db'] }).filter(
        ({ stops, code }) => stops && code !== 'no-key',
      ),
      [],
    );
});

t.test('what an operator or a Job makes is there', async (t) => {
  const pod =
    'apiVersion: v1\nkind: Pod\nmetadata: {name: a}\nspec: {containers: [{name: a, image: me/a:1, envFrom: [{secretRef: {name: NAME}}]}]}\n---\n';
  const makers: Record<string, string> = {
    'shop-default-user': 'apiVersion: rabbitmq.com/v1beta1\nkind: RabbitmqCluster\nmetadata: {name: shop}\n',
    'web-tls':
      'apiVersion: cert-manager.io/v1\nkind: Certificate\nmetadata: {name: web}\nspec: {secretName: web-tls}\n',
    'hook-cert':
      'apiVersion: batch/v1\nkind: Job\nmetadata: {name: certgen}\nspec: {template: {spec: {restartPolicy: Never, containers: [{name: a, image: me/certgen:1, args: [create, --secret-name=hook-cert]}]}}}\n',
  };
  const served = new Set([
    ...minikube.served,
    'rabbitmq.com/v1beta1/RabbitmqCluster',
    'cert-manager.io/v1/Certificate',
  ]);
  for (const [name, maker] of Object.entries(makers)) {
    t.strictSame(preflight(inputOf({ yaml: pod.replace('NAME', name) + maker, cluster: { served } })), [], name);
    t.equal(
      preflight(inputOf({ yaml: pod.replace('NAME', 'other') + maker, cluster: { served } })).length,
      1,
      `other than ${name}`,
    );
  }
});

t.test(
  'what has to be looked up is told before; the definitions that are needed are those that are used',
  async (t) => {
    const cause = causes.find(({ code }) => code === 'no-secret') as Cause;
    const asked = lookupsOf(inputOf(cause));
    t.ok(asked.some(({ kind, name, namespace }) => kind === 'Secret' && name === 'db' && namespace === 'default'));
    t.ok(asked.some(({ kind, name }) => kind === 'Deployment' && name === 'orders'));
    const monitor = causes.find(({ code }) => code === 'monitoring-crds') as Cause;
    const crds = missingDefinitions(inputOf(monitor).objects);
    t.strictSame(
      crds.map(({ metadata }) => metadata.name),
      ['servicemonitors.monitoring.coreos.com'],
    );
    const crd = crds[0] as (typeof crds)[number];
    const input = inputOf(monitor);
    const whole = [{ object: crd, source: 'hwctl' }, ...input.objects];
    t.strictSame(preflight({ ...input, objects: whole }), []);
    t.strictSame(missingDefinitions(whole), [], 'one that the project brings is its own');
    const served = { ...input, cluster: undefined };
    t.equal(missingDefinitions(served.objects).length, 1, 'wanted as long as there is an object of it, served or not');
  },
);

t.test('no Service is pointed at pods that it was not for', async (t) => {
  const service =
    'apiVersion: v1\nkind: Service\nmetadata: {name: postgres}\nspec: {selector: {app: billing-postgres}, ports: [{port: 5432}]}\n---\n';
  const other = (labels: string) =>
    `apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: billing}\nspec: {selector: {matchLabels: {app: x}}, template: {metadata: {labels: ${labels}}, spec: {containers: [{name: a, image: me/a:1}]}}}\n`;
  const found = (labels: string) =>
    preflight(inputOf({ yaml: service + other(labels) })).find(({ code }) => code === 'selects-nothing');
  t.equal(found('{app: x}')?.edit, undefined, 'the only pods of the namespace are others');
  t.strictSame(found('{app: billing-postgre}')?.edit?.patch, { spec: { selector: { app: 'x' } } });
});
