import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { homedir, tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import t from 'tap';
import { parseAllDocuments, stringify } from 'yaml';
import type { KubeObject } from '../../../src/cli/target/manifests/kube-object.js';
import { generatedKeys } from '../../../src/cli/target/manifests/kube-object.js';
import { listStacks } from '../../../src/cli/target/manifests/stacks.js';
import type { Values } from '../../../src/cli/target/manifests/values-shape.js';
import { renderCharts, renderObjects } from '../../../src/cli/target/render.js';
import { root } from '../../golden.js';

const manifests = join(root, 'manifests');
const stacks = listStacks(manifests);
const request = { manifests, stacks, values: {}, root, version: '0.1.0' };

/** Helm as it is on PATH, or where the bench keeps its tools. */
const helm = ['helm', join(homedir(), '.cache', 'hwctl-bench', 'bin', 'helm')].find(
  (program) => spawnSync(program, ['version'], { timeout: 30_000 }).status === 0,
);
const skip = helm === undefined ? 'helm is not installed' : false;

function run(...argv: string[]): { code: number | null; stdout: string; stderr: string } {
  const done = spawnSync(helm as string, argv, { encoding: 'utf8', timeout: 60_000, maxBuffer: 32 * 1024 * 1024 });
  return { code: done.status, stdout: done.stdout, stderr: done.stderr };
}

const folder = mkdtempSync(join(tmpdir(), 'hwctl-charts-'));
t.teardown(() => rmSync(folder, { recursive: true, force: true }));
for (const [name, text] of Object.entries(renderCharts(request))) {
  mkdirSync(dirname(join(folder, name)), { recursive: true });
  writeFileSync(join(folder, name), text);
}

const byId = (objects: KubeObject[]) =>
  Object.fromEntries(
    objects.map((object) => [`${object.kind}/${object.metadata.namespace ?? ''}/${object.metadata.name}`, object]),
  );

/** Objects of `helm template`; a generated value is another each time, so what is compared is that it is there. */
function templated(stack: string, ...argv: string[]): KubeObject[] {
  const done = run('template', 'release', join(folder, stack), ...argv);
  if (done.code !== 0) throw new Error(done.stderr);
  return parseAllDocuments(done.stdout)
    .map((document) => document.toJS() as KubeObject)
    .filter((object) => object !== null)
    .map((object) => {
      const keys = generatedKeys(object);
      if (keys.length === 0) return object;
      const { data, ...rest } = object;
      t.strictSame(Object.keys(data as object), keys);
      for (const value of Object.values(data as object)) t.match(value, /^[\w+/=]{40,}$/);
      return rest as KubeObject;
    });
}

const tables: Record<string, Values> = {
  'one number of replicas': { replicas: 3 },
  'no replicas': { replicas: 0 },
  'a host': { host: 'shop.test' },
  'a host of every name below': { host: '*.shop.test' },
  'no Ingress': { ingress: false },
  'a class': { ingressClass: 'traefik' },
  'a namespace': { namespace: 'shop' },
  'a namespace that YAML would read as a number': { namespace: '1234' },
  'an image': { image: 'localhost:5000/hwctl-server:v1' },
  'an image by digest': { image: `r.test/a/hwctl-server@sha256:${'0'.repeat(64)}` },
  'no monitoring': { monitoring: false },
  'no Grafana': { grafana: false },
  SQLite: { store: 'sqlite', image: 'mine/hwctl-server:1' },
  'SQLite, replicas': { store: 'sqlite', replicas: 4 },
  'SQLite, no replicas': { store: 'sqlite', replicas: 0 },
  'all at once': {
    namespace: 'shop',
    host: 'shop.test',
    image: 'r.test/hwctl-server:2',
    ingressClass: 'nginx',
    monitoring: false,
    replicas: 5,
  },
};

/** Values that name services, which not every stack has. */
const named: [stack: string, values: Values][] = [
  ['idempotency', { replicas: { auth: 5 } }],
  ['idempotency', { replicas: { auth: 1, orders: 0 }, store: 'sqlite' }],
  ['prices', { replicas: { prices: 9 } }],
  ['prices', { replicas: { prices: 0 } }],
  ['hello', { resources: { hello: { limits: { cpu: 2, memory: '1Gi' }, requests: { cpu: '10m' } } } }],
  ['orders', { resources: { postgres: { requests: { memory: '1Gi' } }, migrate: { limits: { cpu: '2' } } } }],
];

for (const stack of stacks) {
  t.test(`${stack}: helm accepts the chart`, { skip }, async (t) => {
    const lint = run('lint', '--strict', join(folder, stack));
    t.equal(lint.code, 0, lint.stdout + lint.stderr);
  });
}

// Each value once, on the stacks that differ most; the rest by their defaults.
const cases: [stack: string, title: string, values: Values][] = [
  ...stacks.map((stack): [string, string, Values] => [stack, 'the defaults', {}]),
  ...Object.entries(tables).map(([title, values]): [string, string, Values] => ['orders', title, values]),
  ...named.map(([stack, values]): [string, string, Values] => [stack, JSON.stringify(values), values]),
];
t.test('helm template gives the objects of render', { skip }, async (t) => {
  for (const [stack, title, values] of cases) {
    const file = join(folder, 'values-of-the-case.yaml');
    writeFileSync(file, stringify(values));
    const ours = renderObjects({ ...request, stacks: [stack], values });
    t.same(byId(templated(stack, '--values', file)), byId(ours), `${stack}: ${title}`);
  }
});

t.test('values that are given at render are the defaults of the chart', { skip }, async (t) => {
  const values: Values = { host: 'shop.test', replicas: { auth: 3, hello: 4 }, monitoring: false };
  const other = join(folder, 'given');
  for (const [name, text] of Object.entries(renderCharts({ ...request, stacks: ['hello', 'idempotency'], values }))) {
    mkdirSync(dirname(join(other, name)), { recursive: true });
    writeFileSync(join(other, name), text);
  }
  const own = { ...values, replicas: { auth: 3 } };
  t.same(
    byId(templated('given/idempotency')),
    byId(renderObjects({ ...request, stacks: ['idempotency'], values: own })),
  );
  t.throws(() => renderCharts({ ...request, values: { replicas: { oders: 1 } } }), { code: 'bad-values' });
});

t.test('the schema refuses what --set refuses', { skip }, async (t) => {
  const bad: [set: string, message: RegExp][] = [
    ['replicas=-1', /replicas/],
    ['replicas.hello=1', /hello/],
    ['store=mysql', /store/],
    ['namespace=My_Space', /namespace/],
    ['ingress=maybe', /ingress/],
    ['resources.auth.limits.cpu=lots', /cpu/],
    ['replcas=2', /replcas/],
    ['store=sqlite,replicas.auth=2', /2 replicas cannot share one SQLite file/],
  ];
  for (const [set, message] of bad) {
    const done = run('template', 'release', join(folder, 'idempotency'), '--set', set);
    t.not(done.code, 0, set);
    t.match(done.stderr, message, set);
  }
});

t.test("in the release's own namespace, that namespace is not the chart's", { skip }, async (t) => {
  const objects = templated('idempotency', '--namespace', 'hwctl');
  t.notOk(objects.some(({ kind, metadata }) => kind === 'Namespace' && metadata.name === 'hwctl'));
  t.ok(objects.some(({ kind, metadata }) => kind === 'Namespace' && metadata.name === 'monitoring'));
  const postgres = objects.find(({ kind }) => kind === 'StatefulSet');
  t.match(postgres, { spec: { persistentVolumeClaimRetentionPolicy: { whenDeleted: 'Delete' } } });
});

t.test('a chart holds a schema, values and notes, with or without helm', async (t) => {
  for (const stack of stacks) {
    for (const file of ['Chart.yaml', 'values.yaml', 'values.schema.json', 'templates/NOTES.txt']) {
      t.ok(existsSync(join(folder, stack, file)), `${stack}/${file}`);
    }
  }
});
