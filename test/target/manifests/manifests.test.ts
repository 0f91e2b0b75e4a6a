import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import t, { type Test } from 'tap';
import { Failure } from '../../../src/cli/kernel/failure.js';
import type { Container, Ingress, KubeObject, Workload } from '../../../src/cli/target/manifests/kube-object.js';
import { loadStacks, readObjects } from '../../../src/cli/target/manifests/manifests.js';
import { chooseStacks, listStacks } from '../../../src/cli/target/manifests/stacks.js';
import { root } from '../../golden.js';

const bundled = join(root, 'manifests');

t.test('the bundled stacks: five, sound, and shared parts are there once', async (t) => {
  const stacks = listStacks(bundled);
  t.strictSame(stacks, ['hello', 'idempotency', 'orders', 'prices', 'users']);
  const objects = loadStacks(bundled, stacks);
  const ids = objects.map(({ object }) => `${object.kind}/${object.metadata.name}`);
  t.strictSame(ids, [...new Set(ids)]);
  const auth = objects.find(({ object }) => object.kind === 'Deployment' && object.metadata.name === 'auth');
  t.strictSame(auth?.stacks, ['idempotency', 'orders']);
  t.equal(objects[0]?.object.kind, 'Namespace', 'what others need comes first');
});

t.test('words of the command line: default, all, unknown', async (t) => {
  t.strictSame(chooseStacks([], bundled), ['hello', 'idempotency']);
  t.strictSame(chooseStacks(['all'], bundled).length, 5);
  t.strictSame(chooseStacks(['users', 'users'], bundled), ['users']);
  t.throws(() => chooseStacks(['order'], bundled), { message: 'there is no stack "order". Did you mean "orders"?' });
});

t.test('no two routes of one host are the same: a real ingress controller refuses them', async (t) => {
  const seen = new Set<string>();
  const operational: string[] = [];
  for (const { object } of loadStacks(bundled, listStacks(bundled))) {
    if (object.kind !== 'Ingress') continue;
    for (const rule of (object as Ingress).spec.rules ?? []) {
      for (const { path, pathType } of rule.http?.paths ?? []) {
        const id = `${rule.host}${path} ${pathType}`;
        t.notOk(seen.has(id), id);
        seen.add(id);
        t.notOk(path?.startsWith('/internal'), 'internal routes are never published');
        if (/^\/\w+\/(health|ready|metrics|openapi\.json)$/.test(path ?? '')) operational.push(path ?? '');
      }
    }
  }
  // docs/SERVER.md says that these are public, and why.
  const services = ['auth', 'billing', 'hello', 'notifications', 'orders', 'prices', 'users'];
  t.strictSame(
    operational.sort(),
    services.flatMap((name) => ['health', 'metrics', 'openapi.json'].map((what) => `/${name}/${what}`)),
  );
});

t.test(
  'every pod meets the Pod Security Standard "restricted", with probes, requests, limits and a read-only root',
  async (t) => {
    const objects = readObjects({ manifests: bundled, stacks: listStacks(bundled), values: {} });
    for (const { object } of objects) {
      if (!['Deployment', 'StatefulSet', 'Job', 'DaemonSet'].includes(object.kind)) continue;
      const name = `${object.kind}/${object.metadata.name}`;
      const { spec } = (object as Workload).spec.template;
      const pod = spec.securityContext as Record<string, unknown>;
      t.match(pod, { runAsNonRoot: true, runAsUser: Number, seccompProfile: { type: 'RuntimeDefault' } }, name);
      t.ok((pod.runAsUser as number) > 0, `${name}: a numeric user other than root`);
      for (const container of [...spec.containers, ...(spec.initContainers ?? [])]) checkContainer(t, name, container);
      if (object.kind !== 'Job') {
        t.ok(
          spec.containers.every((c) => c.readinessProbe && c.livenessProbe),
          `${name}: probes`,
        );
      } else t.ok((object as KubeObject & { spec: object }).spec, name);
    }
  },
);

function checkContainer(t: Test, name: string, container: Container) {
  t.match(
    container.securityContext,
    { allowPrivilegeEscalation: false, readOnlyRootFilesystem: true, capabilities: { drop: ['ALL'] } },
    name,
  );
  for (const amount of ['cpu', 'memory', 'ephemeral-storage']) {
    t.ok(container.resources?.requests?.[amount], `${name}: request of ${amount}`);
    t.ok(container.resources?.limits?.[amount], `${name}: limit of ${amount}`);
  }
  t.match(container.image, /:(?!latest)[\w.-]+$/, `${name}: a tag that is not latest`);
}

const deployment = (container: string, more = '') => `apiVersion: apps/v1
kind: Deployment
metadata:
  name: web
spec:
  selector:
    matchLabels: {app: web}
  template:
    metadata:
      labels: {app: web}
    spec:
      containers:
        - name: web
          image: hwctl-server:dev
${container}${more}`;

const service = `apiVersion: v1
kind: Service
metadata: {name: web}
spec:
  selector: {app: web}
  ports: [{name: http, port: 80}]
`;

/** Broken manifests, each with the line that tells what is wrong with it. */
const broken: [title: string, files: Record<string, string>, message: RegExp][] = [
  [
    'no such resource',
    { 'kustomization.yaml': 'resources:\n  - deploy.yaml\n' },
    /^manifests\/s\/kustomization\.yaml:2:5: resources\[0\]: there is no file or folder "deploy\.yaml"$/,
  ],
  [
    'a field that hwctl does not know',
    { 'kustomization.yaml': 'resorces: []\n' },
    /kustomization\.yaml:1:11: resorces: there is no such field\. Did you mean "resources"\?/,
  ],
  ['patches are not supported', { 'kustomization.yaml': 'patches: []\n' }, /patches: there is no such field/],
  ['includes itself', { 'kustomization.yaml': 'resources: [../s]\n' }, /\.\.\/s includes itself/],
  ['YAML that is none', { 'web.yaml': 'a: [1\nb: 2\n' }, /web\.yaml:\d+:\d+: .*flow/i],
  ['a key twice', { 'web.yaml': 'kind: A\nkind: B\n' }, /web\.yaml:2:1: "kind" is given twice/],
  [
    'aliases without bound',
    {
      'web.yaml': `a0: &a0 [${Array(9).fill('x')}]\n${Array.from({ length: 8 }, (_, i) => `a${i + 1}: &a${i + 1} [${Array(9).fill(`*a${i}`)}]\n`).join('')}`,
    },
    /web\.yaml:6:\d+: the aliases up to here stand for more than 100000 values/,
  ],
  ['no kind', { 'web.yaml': 'apiVersion: v1\nmetadata: {name: a}\n' }, /web\.yaml:1:1: the field "kind" is missing/],
  [
    'no name',
    { 'web.yaml': 'apiVersion: v1\nkind: Service\nmetadata: {}\n' },
    /web\.yaml:3:11: metadata: the field "name" is missing/,
  ],
  [
    'a typo in a container',
    { 'web.yaml': deployment('          comand: [a]\n') },
    /web\.yaml:15:19: spec\.template\.spec\.containers\[0\]\.comand: there is no such field\. Did you mean "command"\?/,
  ],
  [
    'a number where text must be',
    { 'web.yaml': deployment('          env: [{name: PORT, value: 8080}]\n') },
    /web\.yaml:15:37: .*env\[0\]\.value: must be text, is the number 8080; put it in quotes/,
  ],
  [
    'a port out of range',
    { 'web.yaml': deployment('          readinessProbe: {httpGet: {port: 70000}}\n') },
    /must be a port \(1 to 65535\).*is the number 70000/,
  ],
  [
    'replicas in words',
    { 'web.yaml': deployment('').replace('spec:\n  sel', 'spec:\n  replicas: two\n  sel') },
    /web\.yaml:6:13: spec\.replicas: must be a whole number, is the text "two"/,
  ],
  [
    'a mount without its volume',
    {
      'web.yaml': deployment(
        '          volumeMounts: [{name: dta, mountPath: /d}]\n',
        '      volumes: [{name: data, emptyDir: {}}]\n',
      ),
    },
    /volumeMounts\[0\]\.name: there is no volume "dta"\. Did you mean "data"\?/,
  ],
  [
    'env from nowhere',
    { 'web.yaml': deployment('          envFrom: [{configMapRef: {name: cfg}}]\n') },
    /envFrom\[0\]\.configMapRef\.name: there is no ConfigMap "cfg"/,
  ],
  [
    'a Service without pods',
    { 'web.yaml': service },
    /web\.yaml:5:13: spec\.selector: no pod template in these stacks carries these labels/,
  ],
  [
    'an Ingress without its Service',
    { 'web.yaml': ingress('wbe', 'http'), 'b.yaml': deployment(''), 'c.yaml': service },
    /web\.yaml:12:23: spec\.rules\[0\]\.http\.paths\[0\]\.backend\.service\.name: there is no Service "wbe"\. Did you mean "web"\?/,
  ],
  [
    'an Ingress without its port',
    { 'web.yaml': ingress('web', 'htp'), 'b.yaml': deployment(''), 'c.yaml': service },
    /backend\.service\.port: Service web has no such port/,
  ],
  [
    'a path type that is none',
    { 'web.yaml': ingress('web', 'http').replace('Prefix', 'Regex'), 'b.yaml': deployment(''), 'c.yaml': service },
    /pathType: must be Exact or Prefix, is "Regex"/,
  ],
  [
    'one object twice',
    { 'a.yaml': service, 'b.yaml': service, 'c.yaml': deployment('') },
    /b\.yaml:3:18: metadata\.name: Service web is also in .*a\.yaml:1:1/,
  ],
  [
    'a generated name',
    { 'kustomization.yaml': 'configMapGenerator: [{name: a, literals: [x=1]}]\n' },
    /configMapGenerator\[0\]: options\.disableNameSuffixHash: true is needed/,
  ],
];

function ingress(name: string, port: string): string {
  return `apiVersion: networking.k8s.io/v1
kind: Ingress
metadata: {name: web}
spec:
  rules:
    - http:
        paths:
          - path: /
            pathType: Prefix
            backend:
              service:
                name: ${name}
                port: {name: ${port}}
`;
}

for (const [title, files, message] of broken) {
  t.test(`broken: ${title}`, async (t) => {
    const folder = join(t.testdir(), 'manifests', 's');
    const names = Object.keys(files).filter((name) => name !== 'kustomization.yaml');
    const all = { 'kustomization.yaml': `resources: [${names.join(', ')}]\n`, ...files };
    for (const [name, text] of Object.entries(all)) {
      mkdirSync(dirname(join(folder, name)), { recursive: true });
      writeFileSync(join(folder, name), text);
    }
    const failure = failureOf(() => loadStacks(dirname(folder), ['s']));
    t.equal(failure.code, 'bad-manifests');
    t.match(failure.details.join('\n'), message);
  });
}

t.test('stacks that describe one object differently are told apart', async (t) => {
  const folder = t.testdir({
    manifests: {
      a: { 'kustomization.yaml': 'resources: [m.yaml]', 'm.yaml': config('1') },
      b: { 'kustomization.yaml': 'resources: [m.yaml]', 'm.yaml': config('2') },
    },
  });
  const failure = failureOf(() => loadStacks(join(folder, 'manifests'), ['a', 'b']));
  t.match(failure.details, [/b\/m\.yaml:1:1: ConfigMap\/c differs from the one of stack a in .*a\/m\.yaml:1:1/]);
});

t.test('all problems are told at once', async (t) => {
  const folder = t.testdir({
    manifests: { a: { 'kustomization.yaml': 'resources: [m.yaml, n.yaml]', 'm.yaml': 'kind: 1', 'n.yaml': 'a: [' } },
  });
  t.ok(failureOf(() => loadStacks(join(folder, 'manifests'), ['a'])).details.length >= 4);
});

function config(value: string): string {
  return `apiVersion: v1\nkind: ConfigMap\nmetadata: {name: c}\ndata: {v: "${value}"}\n`;
}

function failureOf(deed: () => unknown): Failure {
  try {
    deed();
  } catch (error) {
    if (error instanceof Failure) return error;
    throw error;
  }
  throw new Error('nothing was thrown');
}

t.test('everything fits two cores, with room for two pods of a load', async (t) => {
  // What minikube's own pods and its two addons ask for: kubectl describe node, Kubernetes 1.34, before CoreDNS is down to one.
  const minikubeMillicores = 1050;
  const loadPodMillicores = 50;
  const millicores = (text = '0') => (text.endsWith('m') ? Number.parseInt(text, 10) : 1000 * Number(text));
  const objects = loadStacks(bundled, listStacks(bundled)).map(({ object }) => object);
  const scaled = new Map(
    objects
      .filter(({ kind }) => kind === 'HorizontalPodAutoscaler')
      .map((object) => object.spec as { scaleTargetRef: { name: string }; minReplicas: number })
      .map(({ scaleTargetRef, minReplicas }) => [scaleTargetRef.name, minReplicas]),
  );
  let sum = 0;
  for (const object of objects) {
    if (!['Deployment', 'StatefulSet', 'Job'].includes(object.kind)) continue;
    const { spec } = object as Workload;
    const replicas = scaled.get(object.metadata.name) ?? (spec as { replicas?: number }).replicas ?? 1;
    const containers = spec.template.spec.containers as { resources?: { requests?: { cpu?: string } } }[];
    for (const { resources } of containers) {
      t.ok(resources?.requests?.cpu, object.metadata.name);
      sum += replicas * millicores(resources?.requests?.cpu);
    }
  }
  t.ok(minikubeMillicores + sum + 2 * loadPodMillicores <= 2000, `the platform asks for ${sum}m`);
});
