import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import t, { type Test } from 'tap';
import type { KubeClient } from '../../src/cli/target/kubernetes/api/client.js';
import { addon, exits, Hwctl, inNode, openClient, profile, waitUntil, whyNoCluster } from './cluster.js';

const skip = whyNoCluster();
const manifests = fileURLToPath(new URL('../../manifests', import.meta.url));

/** One thing that is wrong: an edit of the manifests, or of the values; and what hwctl must say of it. */
interface Broken {
  name: string;
  stack?: string;
  file?: string;
  edit?(text: string): string;
  set?: string[];
  /** How long hwctl may take: where the cause is known early it must not wait for this. */
  timeout?: string;
  says: RegExp;
  exitCode: 1 | 2;
}

const deployment = 'shared/hello/deployment.yaml';
/**
 * In this order: each replaces the broken objects of the one before, as its cure would. Values stay with what is up, so
 * those that set some come last.
 */
const table: Broken[] = [
  {
    name: 'unknown field',
    file: deployment,
    edit: (text) => text.replace('revisionHistoryLimit:', 'revisionHistoryLimits:'),
    says: /deployment\.yaml:\d+:\d+: spec\.revisionHistoryLimits: there is no such field/,
    exitCode: 2,
  },
  {
    name: 'Ingress class missing',
    file: 'shared/hello/ingress.yaml',
    edit: (text) => text.replace('rules:', 'ingressClassName: nobody\n  rules:'),
    says: /no IngressClass "nobody"[\s\S]*nginx/,
    exitCode: 2,
  },
  {
    name: 'Pod Security violated',
    file: deployment,
    edit: (text) => text.replace('allowPrivilegeEscalation: false', 'allowPrivilegeEscalation: true'),
    says: /violates PodSecurity "restricted/,
    exitCode: 1,
  },
  {
    name: 'crash loop',
    file: deployment,
    edit: (text) => text.replace('args: [serve, hello]', 'args: [serve, nothing]'),
    says: /container hello of pod hello-\S+ crashes with exit code \d+ \(\d+ restarts?\)[\s\S]*log hello: /,
    exitCode: 1,
  },
  {
    name: 'bad ConfigMap key',
    file: deployment,
    edit: (text) => text.replace('key: LOG_LEVEL', 'key: LOG_LEVLE'),
    says: /LOG_LEVLE/,
    exitCode: 1,
  },
  {
    name: 'missing image',
    file: deployment,
    edit: (text) => text.replace('image: hwctl-server:dev', 'image: busybox:nowhere'),
    says: /cannot get the image (\S+\/)?busybox:nowhere/,
    exitCode: 1,
  },
  {
    name: 'failing readiness',
    file: deployment,
    edit: (text) => text.replace('path: /ready', 'path: /nowhere'),
    timeout: '20s',
    says: /after 20 s: .* runs but is not ready: Readiness probe failed: HTTP probe failed with statuscode: 404/,
    exitCode: 1,
  },
  {
    name: 'failing migration',
    stack: 'idempotency',
    file: 'shared/postgres/migrate.yaml',
    edit: (text) =>
      text.replace('args: [migrate]', 'args: [migrate, nowhere]').replace(/backoffLimit: \d+/, 'backoffLimit: 0'),
    says: /Job\/hwctl\/migrate-\S+ is not ready: .*backoff limit: container migrate .* crashes with exit code 2[\s\S]*log migrate: /,
    exitCode: 1,
  },
  {
    name: 'too large a request',
    set: ['resources.hello.requests.cpu=64000m', 'resources.hello.limits.cpu=64000m'],
    says: /no node takes pod hello-\S+: .*Insufficient cpu[\s\S]*cure: .*cpu/,
    exitCode: 1,
  },
  {
    name: 'out of memory',
    set: [
      'resources.hello.requests.cpu=50m',
      'resources.hello.limits.cpu=500m',
      'resources.hello.requests.memory=16Mi',
      'resources.hello.limits.memory=24Mi',
    ],
    says: /container hello of pod hello-\S+ was killed for using more memory than its limit \(OOMKilled, \d+ restarts?\)[\s\S]*cure: .*memory/,
    exitCode: 1,
  },
];

function brokenManifests(t: { teardown(act: () => void): void }, { file, edit }: Pick<Broken, 'file' | 'edit'>) {
  if (file === undefined || edit === undefined) return [];
  const folder = mkdtempSync(join(tmpdir(), 'hwctl-broken-'));
  t.teardown(() => rmSync(folder, { recursive: true }));
  cpSync(manifests, folder, { recursive: true });
  const path = join(folder, file);
  const before = readFileSync(path, 'utf8');
  const after = edit(before);
  if (after === before) throw new Error(`the edit does not change ${file}`);
  writeFileSync(path, after);
  return ['--manifests', folder];
}

/** What hwctl said of its failure, which must be one thing. */
function theError(t: Test, stderr: string): string {
  const said = stderr.slice(stderr.indexOf('error: '));
  t.equal(said.match(/^error: /gm)?.length, 1, 'one error');
  t.comment(said.split('\n')[0]);
  return said;
}

t.setTimeout(1_500_000);

t.test('broken on purpose: one cause and the exit code', { skip }, async (t) => {
  const hwctl = new Hwctl();
  t.teardown(() => hwctl.remove());
  for (const name of ['ingress', 'metrics-server']) addon('enable', name);
  t.teardown(() => {
    for (const name of ['metrics-server', 'ingress']) addon('disable', name);
  });
  for (const broken of table) {
    await t.test(broken.name, async (t) => {
      const up = await hwctl.on(
        'up',
        broken.stack ?? 'hello',
        ...['monitoring=false', ...(broken.set ?? [])].flatMap((value) => ['--set', value]),
        ...brokenManifests(t, broken),
        ...['--timeout', broken.timeout ?? '60s'],
      );
      t.equal(up.code, broken.exitCode, 'exit code');
      t.match(theError(t, up.stderr), broken.says);
      if (broken.timeout === undefined) t.notMatch(up.stderr, /is not ready after/, 'known before the deadline');
    });
  }
  t.equal((await hwctl.on('down')).code, 0);

  await t.test('quota exceeded', async (t) => {
    const client = openClient();
    t.teardown(() => client.close());
    const namespace = { apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'hwctl' } };
    await client.call('POST', '/api/v1/namespaces', { body: namespace });
    const quota = { apiVersion: 'v1', kind: 'ResourceQuota', metadata: { name: 'small', namespace: 'hwctl' } };
    await client.call('POST', '/api/v1/namespaces/hwctl/resourcequotas', {
      body: { ...quota, spec: { hard: { pods: '1' } } },
    });
    const up = await hwctl.on('up', 'hello', '--set', 'monitoring=false', '--timeout', '45s');
    exits(t, up, 1);
    t.match(up.stderr, /exceeded quota: small[\s\S]*cure: .*ResourceQuota/);
    const down = await hwctl.on('down', '--json');
    t.match(JSON.parse(down.stdout).kept, [{ ref: 'Namespace/hwctl', reason: /before hwctl/ }]);
    t.ok(await client.get(quota), 'what is not ours stays');
    await client.call('DELETE', await client.pathOf(namespace));
    while ((await client.get(namespace)) !== undefined) await new Promise((resolve) => setTimeout(resolve, 500));
  });

  await t.test('no permission', async (t) => {
    const folder = mkdtempSync(join(tmpdir(), 'hwctl-kubeconfig-'));
    t.teardown(() => rmSync(folder, { recursive: true }));
    const client = openClient();
    t.teardown(() => client.close());
    const account = { apiVersion: 'v1', kind: 'ServiceAccount', metadata: { name: 'hwctl-e2e', namespace: 'default' } };
    await client.call('POST', '/api/v1/namespaces/default/serviceaccounts', { body: account });
    t.teardown(async () => client.call('DELETE', '/api/v1/namespaces/default/serviceaccounts/hwctl-e2e'));
    const token = await client.call<{ status: { token: string } }>(
      'POST',
      '/api/v1/namespaces/default/serviceaccounts/hwctl-e2e/token',
      { body: { apiVersion: 'authentication.k8s.io/v1', kind: 'TokenRequest', spec: {} } },
    );
    const cluster = client.config.getCurrentCluster();
    const file = join(folder, 'config');
    writeFileSync(
      file,
      JSON.stringify({
        clusters: [{ name: 'c', cluster: { server: cluster?.server, 'certificate-authority': cluster?.caFile } }],
        users: [{ name: 'u', user: { token: token.status.token } }],
        contexts: [{ name: 'small', context: { cluster: 'c', user: 'u' } }],
      }),
    );
    const up = await hwctl.run(['up', 'hello', '--target', 'kube', '--context', 'small'], {
      env: { KUBECONFIG: file },
    });
    exits(t, up, 2);
    t.match(up.stderr, /may not list|no permission/);
  });

  await t.test('wrong context', async (t) => {
    const missing = await hwctl.run(['up', 'hello', '--target', 'kube', '--context', `${profile}x`]);
    t.equal(missing.code, 2);
    t.match(missing.stderr, /no context/);
  });

  await t.test('metrics-server away', async (t) => {
    // The image is brought by the minikube target; the kube target uses what is there and enables nothing.
    const prepared = await hwctl.on('up', 'hello', '--set', 'monitoring=false');
    exits(t, prepared, 0);
    addon('disable', 'metrics-server');
    const argv = ['up', 'prices', '--target', 'kube', '--context', profile, '--set', 'monitoring=false'];
    const up = await hwctl.run([...argv, '--timeout', '90s']);
    exits(t, up, 0);
    t.match(
      up.stdout,
      /^ready in[\s\S]*HorizontalPodAutoscaler\/hwctl\/prices: not yet scaling: .*metrics[\s\S]*metrics-server/m,
      'the services are ready; what does not scale is told, with the cure',
    );
    const load = await hwctl.run(['load', 'prices-ramp', '--quick', '--target', 'kube', '--context', profile]);
    t.equal(load.code, 1, 'a load that is about scaling does not begin');
    t.match(
      theError(t, load.stderr),
      /HorizontalPodAutoscaler\/hwctl\/prices is not ready: .*metrics[\s\S]*cure: .*metrics-server/,
    );
    addon('enable', 'metrics-server');
    t.equal((await hwctl.on('down', 'prices')).code, 0);
  });

  await t.test('the API server dies mid-wait and comes back: up goes on', async (t) => {
    let died = false;
    const edit = brokenManifests(t, {
      file: deployment,
      edit: (text) => text.replace('path: /health', 'path: /health?once-more'),
    });
    const up = await hwctl.run(
      ['up', 'hello', '--target', 'minikube', '--profile', profile, '--set', 'monitoring=false', ...edit],
      {
        onLine: (line) => {
          if (died || !/^waiting for Deployment/.test(line)) return;
          died = true;
          inNode('pkill', '-KILL', 'kube-apiserver');
        },
      },
    );
    t.ok(died, 'it was killed while hwctl waited');
    exits(t, up, 0);
    await waitUntil('the API server answers', async () => inNode('pgrep', 'kube-apiserver') !== '');
  });

  await t.test('the API server stops mid-wait', async (t) => {
    let stopped = false;
    t.teardown(() => inNode('pkill', '-CONT', 'kube-apiserver'));
    const edit = brokenManifests(t, {
      file: deployment,
      edit: (text) => text.replace('path: /ready', 'path: /nowhere'),
    });
    const argv = ['up', 'hello', '--target', 'minikube', '--profile', profile, '--set', 'monitoring=false', ...edit];
    const up = await hwctl.run(argv, {
      onLine: (line) => {
        if (stopped || !/^waiting for Deployment/.test(line)) return;
        stopped = true;
        inNode('pkill', '-STOP', 'kube-apiserver');
      },
    });
    inNode('pkill', '-CONT', 'kube-apiserver');
    t.equal(up.code, 2, 'exit code');
    t.match(
      theError(t, up.stderr),
      /the API server https:\S+ stopped answering while hwctl waited[\s\S]*cure: .*minikube/,
    );
  });

  for (const [signal, name] of [
    ['memory.available', 'memory'],
    ['nodefs.available', 'disk'],
  ] as const) {
    await t.test(`${name} pressure on the node`, async (t) => {
      const client = openClient();
      t.teardown(() => client.close());
      const give = pressNode(signal);
      t.teardown(give);
      await waitUntil(`the node has ${name} pressure`, async () => {
        const node = await client.get({ apiVersion: 'v1', kind: 'Node', metadata: { name: profile } });
        const taints = (node?.spec?.taints ?? []) as { key: string }[];
        return taints.some(({ key }) => key === `node.kubernetes.io/${name}-pressure`);
      });
      const edit = brokenManifests(t, {
        file: deployment,
        edit: (text) => text.replace('path: /health', `path: /health?${name}`),
      });
      const up = await hwctl.on('up', 'hello', '--set', 'monitoring=false', '--timeout', '60s', ...edit);
      t.equal(up.code, 1, 'exit code');
      t.match(
        theError(t, up.stderr),
        new RegExp(`no node takes pod hello-\\S+: .*${name}-pressure[\\s\\S]*cure: .*short of ${name}`),
      );
      t.notMatch(up.stderr, /is not ready after/, 'known before the deadline');
      give();
      await waitUntil('the pressure is gone', async () => {
        const node = await client.get({ apiVersion: 'v1', kind: 'Node', metadata: { name: profile } });
        return ((node?.spec?.taints ?? []) as { key: string }[]).length === 0;
      });
      await repairProvisioner(client);
    });
  }

  const down = await hwctl.on('down', '--json');
  exits(t, down, 0);
});

/**
 * The kubelet's own condition, by a threshold that no node meets: soft with an hour of grace, so that the node is under
 * pressure for the scheduler, and nothing is evicted. Returns what takes it back.
 */
function pressNode(signal: string): () => void {
  const file = '/var/lib/kubelet/config.yaml';
  const before = inNode('cat', file);
  const write = (text: string) => {
    inNode('sh', '-c', `cat > ${file} <<'END'\n${text.trimEnd()}\nEND\nsystemctl restart kubelet`);
  };
  const kept = before.replace(/^evictionPressureTransitionPeriod:.*\n/m, '');
  write(
    `${kept}evictionSoft:\n  ${signal}: 100Ti\nevictionSoftGracePeriod:\n  ${signal}: 1h\nevictionPressureTransitionPeriod: 1s\n`,
  );
  let given = false;
  return () => {
    if (!given) write(before);
    given = true;
  };
}

/** A kubelet that starts under pressure turns away pods without requests; minikube's provisioner is one that nobody makes anew. */
async function repairProvisioner(client: KubeClient): Promise<void> {
  const pod = { apiVersion: 'v1', kind: 'Pod', metadata: { name: 'storage-provisioner', namespace: 'kube-system' } };
  const live = await client.get(pod);
  if (live !== undefined && live.status?.phase !== 'Failed') return;
  if (live !== undefined) await client.delete(live);
  addon('enable', 'storage-provisioner');
  await waitUntil('the provisioner is ready', async () => {
    return (await client.get(pod))?.status?.phase === 'Running';
  });
}
