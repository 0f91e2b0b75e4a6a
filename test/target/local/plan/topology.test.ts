import { join } from 'node:path';
import t from 'tap';
import { systemClock } from '../../../../src/cli/kernel/clock.js';
import { localActs } from '../../../../src/cli/target/local/acts.js';
import { planUp } from '../../../../src/cli/target/local/plan/plan.js';
import { readTopology } from '../../../../src/cli/target/local/plan/topology.js';
import { stateFolderAt } from '../../../../src/cli/target/local/state/state-folder.js';
import type { StackObject } from '../../../../src/cli/target/manifests/stack-object.js';
import { stepsOf } from '../../../../src/cli/target/plan.js';
import { root } from '../../../golden.js';
import { readPlatform } from '../read-platform.js';

const manifests = join(root, 'manifests');

t.test('the orders stack: a process for each Deployment, Services as ports, mounts as folders', async (t) => {
  const folder = stateFolderAt(join(t.testdir(), 'local'));
  const options = {
    folder,
    request: { stacks: ['orders', 'prices'], manifests, values: {} },
    serverEntry: join(root, 'dist/server/main.js'),
  };
  const desired = readPlatform(options);
  const process = (name: string) => desired.state.processes.find((spec) => spec.name === name);
  t.strictSame(
    desired.state.processes.map(({ name, kind }) => `${kind} ${name}`),
    ['service auth', 'service billing', 'service notifications', 'service orders', 'service prices', 'gateway gateway'],
  );
  t.match(process('orders'), {
    command: [global.process.execPath, options.serverEntry, 'serve', 'orders'],
    graceMs: 30_000,
    readiness: { path: '/ready', periodMs: 2000 },
    liveness: { path: '/health' },
    env: {
      AUTH_URL: 'http://127.0.0.1:{{port:auth}}',
      BILLING_URL: 'http://127.0.0.1:{{port:billing}}',
      PORT: '{{port:orders}}',
      HOST: '127.0.0.1',
      STORE: 'sqlite',
      TRUSTED_PROXIES: '1',
      TRUSTED_PROXY_NETWORKS: '',
      TRUSTED_PROXY_TOKEN: /^[\w-]{32}$/,
      SQLITE_DIR: join(folder.volumes, 'orders', 'data'),
    },
  });
  t.notOk(JSON.stringify(process('orders')?.env).includes('POSTGRES_URL'));
  const token = process('orders')?.env.INTERNAL_TOKEN ?? '';
  t.ok(token.length >= 24);
  t.equal(process('auth')?.env.INTERNAL_TOKEN, token, 'one secret for all');
  t.match(process('prices'), {
    env: { PRICES_URL: join(folder.volumes, 'prices', 'prices', 'prices.txt') },
    files: [{ path: join(folder.volumes, 'prices', 'prices', 'prices.txt'), text: /^# ID PRICE\n1 / }],
  });
  t.equal(desired.state.host, 'arch.homework');
  t.match(desired.state.loadPaths, { prices: '/price/1' });
  t.ok(desired.state.routes.some((r) => r.path === '/order' && r.type === 'Prefix' && r.service === 'orders'));

  const environment = { env: {}, cwd: root, root, clock: systemClock, project: 'hwctl' };
  const acts = localActs(folder, desired, environment);
  const steps = stepsOf(planUp(desired, { state: undefined, supervisor: undefined }, acts));
  const skipped = steps.filter(({ verb }) => verb === 'skip').map(({ ref }) => ref);
  for (const ref of ['StatefulSet/postgres', 'Job/migrate', 'HorizontalPodAutoscaler/prices', 'monitoring']) {
    t.ok(skipped.includes(ref), `${ref} is named as left out`);
  }
  t.equal(readPlatform(options).state.processes[0]?.name, 'auth', 'reading twice is no different');
});

t.test('what a container may say in its env', async (t) => {
  const objects: StackObject[] = [
    object('ConfigMap', 'c', { data: { A: '1', B: 'two' } }),
    object('Secret', 's', { data: { KEY: Buffer.from('hidden').toString('base64') } }),
    object('Secret', 'g', { metadata: { name: 'g', annotations: { 'hwctl.dev/generate': 'PASS' } } }),
    object('Service', 'db', { spec: { selector: { app: 'web' }, ports: [{ port: 80 }] } }),
    object('Deployment', 'web', {
      spec: {
        template: {
          metadata: { labels: { app: 'web' } },
          spec: {
            volumes: [{ name: 'v', emptyDir: {} }],
            containers: [
              { name: 'side', image: 'busybox:1' },
              {
                name: 'web',
                image: 'reg:5000/hwctl-server@sha256:abc',
                args: ['serve', 'hello'],
                volumeMounts: [{ name: 'v', mountPath: '/var/v/' }],
                envFrom: [{ prefix: 'P_', configMapRef: { name: 'c' } }],
                env: [
                  { name: 'KEY', valueFrom: { secretKeyRef: { name: 's', key: 'KEY' } } },
                  { name: 'URL', value: 'x://u:$(KEY)@db.ns.svc.cluster.local:80/$(NONE)?e=$$(KEY)' },
                  { name: 'PASS', valueFrom: { secretKeyRef: { name: 'g', key: 'PASS' } } },
                  { name: 'FILE', value: '/var/v/f.txt' },
                  { name: 'NEAR', value: 'http://db:8080 http://mydb:80 http://db:80' },
                ],
              },
            ],
          },
        },
      },
    }),
  ];
  const entries = new Map([['web', { command: ['node', 'web.js', '{port}'], container: 'web' }]]);
  const { processes } = readTopology(
    { objects, entries, leftOut: [], runsPostgres: false },
    { volumes: '/vol', secret: (id) => `made:${id}`, postgres: 'none here' },
  );
  t.match(processes[0]?.env, {
    P_A: '1',
    P_B: 'two',
    KEY: 'hidden',
    URL: 'x://u:hidden@127.0.0.1:{{port:web}}/$(NONE)?e=$(KEY)',
    PASS: 'made:g/PASS',
    FILE: '/vol/web/v/f.txt',
    NEAR: 'http://db:8080 http://mydb:80 http://127.0.0.1:{{port:web}}',
  });
});

function object(kind: string, name: string, fields: object): StackObject {
  const metadata = { name, namespace: 'ns', ...(fields as { metadata?: object }).metadata };
  return {
    object: { apiVersion: 'v1', kind, ...fields, metadata: { ...metadata, namespace: 'ns' } },
    stacks: ['x'],
    part: 'application',
  };
}
