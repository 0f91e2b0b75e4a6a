import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { homedir, tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import t from 'tap';
import { parse } from 'yaml';
import { exits, Hwctl, inventory, openClient, output, profile, waitUntil, whyNoCluster } from './cluster.js';

const root = fileURLToPath(new URL('../..', import.meta.url));
const tools = join(homedir(), '.cache', 'hwctl-bench', 'bin', 'helm');
const helm = ['helm', tools].find((program) => spawnSync(program, ['version'], { timeout: 30_000 }).status === 0);
const skip = helm === undefined ? 'helm is not installed' : whyNoCluster();

function run(...argv: string[]): { code: number | null; text: string } {
  const done = spawnSync(helm as string, ['--kube-context', profile, ...argv], { encoding: 'utf8', timeout: 600_000 });
  return { code: done.status, text: `${done.stdout}${done.stderr}` };
}

t.test('helm installs a chart of render, upgrades it, and uninstall leaves nothing', { skip }, async (t) => {
  t.setTimeout(1_200_000);
  const hwctl = new Hwctl();
  const folder = mkdtempSync(join(tmpdir(), 'hwctl-helm-'));
  t.teardown(async () => {
    await hwctl.remove();
    rmSync(folder, { recursive: true, force: true });
  });
  const before = await inventory();
  const rendered = await hwctl.run(['render', '--as', 'helm', join(folder, 'charts'), 'idempotency']);
  exits(t, rendered, 0);
  const chart = join(folder, 'charts', 'idempotency');
  t.equal(run('lint', '--strict', chart).code, 0);

  // The chart brings no image: it is put where the nodes find it, as its notes ask.
  const { image } = parse(run('show', 'values', chart).text) as { image: string };
  const archive = join(folder, 'image.tar');
  output('docker', 'build', '--quiet', '--tag', image, join(root, 'dist', 'image'));
  output('docker', 'save', '--output', archive, image);
  output('minikube', '-p', profile, 'image', 'load', archive);
  t.teardown(() => {
    run('uninstall', 'shop', '--ignore-not-found', '--wait');
    spawnSync('minikube', ['-p', profile, 'image', 'rm', image], { timeout: 60_000 });
    spawnSync('docker', ['rmi', image], { timeout: 60_000 });
  });

  const install = (...more: string[]) =>
    run(
      'upgrade',
      '--install',
      'shop',
      chart,
      '--wait',
      '--wait-for-jobs',
      '--timeout',
      '5m',
      '--set',
      'grafana=false',
      ...more,
    );
  const started = Date.now();
  const installed = install();
  t.equal(installed.code, 0, installed.text);
  t.comment(`helm upgrade --install until ready took ${Date.now() - started} ms`);

  const client = openClient();
  t.teardown(() => client.close());
  const health = await client.call('GET', '/api/v1/namespaces/hwctl/services/orders:http/proxy/ready');
  t.ok(health, 'the services answer: their database is there and migrated');
  const secret = { apiVersion: 'v1', kind: 'Secret', metadata: { name: 'hwctl', namespace: 'hwctl' } };
  const data = (await client.get(secret))?.data;
  t.match(data, { INTERNAL_TOKEN: String, POSTGRES_PASSWORD: String });
  const pods = () =>
    output('kubectl', '--context', profile, '-n', 'hwctl', 'get', 'pods', '-o', 'name').split('\n').sort();
  const first = pods();

  const again = install();
  t.equal(again.code, 0, again.text);
  t.same((await client.get(secret))?.data, data, 'generated secrets are kept');
  t.same(pods(), first, 'and no pod starts anew');

  const more = install('--set', 'replicas.orders=3', '--set', 'host=shop.test');
  t.equal(more.code, 0, more.text);
  const orders = { apiVersion: 'apps/v1', kind: 'Deployment', metadata: { name: 'orders', namespace: 'hwctl' } };
  t.match(await client.get(orders), { spec: { replicas: 3 }, status: { readyReplicas: 3 } });
  const ingress = {
    apiVersion: 'networking.k8s.io/v1',
    kind: 'Ingress',
    metadata: { name: 'orders', namespace: 'hwctl' },
  };
  t.match(await client.get(ingress), { spec: { rules: [{ host: 'shop.test' }] } });
  t.same((await client.get(secret))?.data, data);

  const removed = run('uninstall', 'shop', '--wait', '--timeout', '3m');
  t.equal(removed.code, 0, removed.text);
  spawnSync('minikube', ['-p', profile, 'image', 'rm', image], { timeout: 60_000 });
  spawnSync('docker', ['rmi', image], { timeout: 60_000 });
  // The namespaces and the volume in them go in the background.
  const gone = async () => JSON.stringify(await inventory()) === JSON.stringify(before);
  await waitUntil('everything is gone', gone).catch(() => undefined);
  t.same(await inventory(), before, 'inventory before = inventory after');
});
