import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import t from 'tap';
import type { ObjectDiff } from '../../src/cli/target/manifests/object-diff.js';
import { exits, Hwctl, inventory, openClient, output, profile, whyNoCluster } from './cluster.js';

const skip = whyNoCluster();

t.test('diff, render, debug and the namespace of the context', { skip, timeout: 900_000 }, async (t) => {
  const hwctl = new Hwctl();
  t.teardown(() => hwctl.remove());
  const before = await inventory();
  const stack = ['hello', '--set', 'monitoring=false'];
  const diff = async (...more: string[]) => {
    const done = await hwctl.on('diff', 'hello', '--json', '--set', 'monitoring=false', ...more);
    const { differences } = JSON.parse(done.stdout) as { differences: ObjectDiff[] };
    return { ...done, differences, refs: differences.map(({ change, ref }) => `${change} ${ref}`) };
  };

  await t.test('before up everything is to be made, and diff makes nothing', async (t) => {
    const first = await diff();
    exits(t, first, 1);
    t.ok(first.differences.every(({ change }) => change === 'create'));
    t.ok(first.refs.includes('create Deployment/hwctl/hello'));
    t.ok(first.refs.includes('create Namespace/hwctl'));
    t.same(await inventory(), before);
  });

  const up = await hwctl.on('up', ...stack, '--set-namespace');
  exits(t, up, 0);
  const contextNamespace = () =>
    output('kubectl', 'config', 'view', '-o', `jsonpath={.contexts[?(@.name=="${profile}")].context.namespace}`);
  t.equal(contextNamespace(), 'hwctl', 'up --set-namespace makes the namespace the default one');

  await t.test('after up nothing differs; a value, an edit of somebody, a part left out do', async (t) => {
    const same = await diff();
    t.equal(same.code, 0, JSON.stringify(same.differences, null, 1));
    t.match((await hwctl.on('diff', ...stack)).stdout, /no difference: up would change nothing/);

    const more = await diff('--set', 'replicas.hello=3');
    t.equal(more.code, 1);
    t.same(more.refs, ['update Deployment/hwctl/hello']);
    t.match(more.differences[0]?.patch, /^-\s+replicas: 2\n\+\s+replicas: 3$/m);
    const changed = (more.differences[0]?.patch ?? '').split('\n').filter((line) => /^[-+](?![-+])/.test(line));
    t.equal(changed.length, 2, 'neither managed fields nor defaults are shown');

    const without = await diff('--set', 'ingress=false');
    t.same(without.refs, ['delete Ingress/hwctl/hello'], 'what would be pruned is shown');

    const client = openClient();
    t.teardown(() => client.close());
    const map = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'hwctl', namespace: 'hwctl' } };
    const patch = (data: Record<string, string | null>) =>
      client.pathOf(map).then((path) =>
        client.call('PATCH', path, {
          query: { fieldManager: 'somebody' },
          contentType: 'application/merge-patch+json',
          body: { data },
        }),
      );
    await patch({ LOG_LEVEL: 'debug' });
    const drifted = await diff();
    t.same(drifted.refs, ['update ConfigMap/hwctl/hwctl']);
    t.match(drifted.differences[0]?.patch, /^-\s+LOG_LEVEL: debug\n\+\s+LOG_LEVEL: info$/m);
    await patch({ LOG_LEVEL: 'info' });
    t.equal((await diff()).code, 0);
  });

  await t.test('secrets are masked', async (t) => {
    const client = openClient();
    t.teardown(() => client.close());
    const secret = { apiVersion: 'v1', kind: 'Secret', metadata: { name: 'hwctl', namespace: 'hwctl' } };
    const path = await client.pathOf(secret);
    await client.call('PATCH', path, {
      query: { fieldManager: 'somebody' },
      contentType: 'application/merge-patch+json',
      body: { metadata: { annotations: { 'hwctl.dev/generate': null } } },
    });
    const { stdout, differences } = await diff();
    t.same(
      differences.map(({ ref }) => ref),
      ['Secret/hwctl/hwctl'],
    );
    t.match(differences[0]?.patch, /^\+ .*hwctl\.dev\/generate: INTERNAL_TOKEN/m);
    const data = (await client.get(secret))?.data as Record<string, string>;
    for (const value of Object.values(data)) t.notOk(stdout.includes(value), 'no value is printed');
    const repaired = await hwctl.on('up', ...stack, '--force-conflicts');
    exits(t, repaired, 0);
    t.same((await client.get(secret))?.data, data, 'and each is kept');
  });

  await t.test('render asks the cluster, and writes a folder that kubectl takes', async (t) => {
    const asked = await hwctl.on('render', 'hello', '--set', 'monitoring=false', '--json');
    exits(t, asked, 0);
    const { objects } = JSON.parse(asked.stdout);
    const ingress = objects.find(({ kind }: { kind: string }) => kind === 'Ingress');
    t.match(ingress, { spec: { ingressClassName: 'nginx' }, metadata: { namespace: 'hwctl' } });
    const deployment = objects.find(({ kind }: { kind: string }) => kind === 'Deployment');
    t.match(deployment.spec.template.spec.containers[0].image, /^hwctl-server:[0-9a-f]{16}$/);

    const folder = mkdtempSync(join(tmpdir(), 'hwctl-render-'));
    t.teardown(() => rmSync(folder, { recursive: true, force: true }));
    const written = await hwctl.run(['render', ...stack, '--out', folder]);
    exits(t, written, 0);
    t.ok(existsSync(join(folder, 'kustomization.yaml')));
    const applied = spawnSync('kubectl', ['--context', profile, 'apply', '-k', folder, '--dry-run=server'], {
      encoding: 'utf8',
      timeout: 120_000,
    });
    t.equal(applied.status, 0, applied.stderr);
    t.match(applied.stdout, /deployment\.apps\/hello \S+ \(server dry run\)/);
  });

  await t.test('debug runs a command beside the services, and leaves nothing', async (t) => {
    const words = await hwctl.on('debug', '--', 'wget', '-qO-', 'http://hello:8080/');
    // The options of the target come before the command.
    t.not(words.code, 0, 'what follows the two dashes is the command, options of hwctl included');
    const debug = (...command: string[]) =>
      hwctl.run(['debug', '--target', 'minikube', '--profile', profile, '--', ...command]);
    const answer = await debug('wget', '-qO-', 'http://hello:8080/');
    exits(t, answer, 0);
    t.equal(answer.stdout.length, 17);
    t.equal((await debug('sh', '-c', 'echo out; echo err >&2; exit 7')).code, 7, 'its exit code is passed on');
    const both = await debug('sh', '-c', 'id -u; echo err >&2');
    t.match(both, { stdout: '65534\n', stderr: /err/ });
    t.match((await debug('no-such-program')).stderr, /could not be run in the debug pod/);
    const missing = await hwctl.on('debug', '--image', 'nothing.test/none:1');
    t.equal(missing.code, 1);
    t.match(missing.stderr, /the debug pod does not start: .*image/);
    const pods = output('kubectl', '--context', profile, '-n', 'hwctl', 'get', 'pods', '-o', 'name');
    t.notMatch(
      pods.replaceAll(/^.*\n/gm, (line) => (line.includes('debug') ? line : '')),
      /debug-.*Running/,
    );
  });

  const down = await hwctl.on('down', '--json');
  exits(t, down, 0);
  t.same(JSON.parse(down.stdout).remaining, []);
  t.not(contextNamespace(), 'hwctl', 'down brings the namespace of the context back');
  t.same(await inventory(), before, 'inventory before = inventory after');
});
