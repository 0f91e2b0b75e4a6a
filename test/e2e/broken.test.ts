import { spawnSync } from 'node:child_process';
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import t from 'tap';
import { Hwctl, openClient, profile, whyNoCluster } from './cluster.js';

const skip = whyNoCluster();
const manifests = fileURLToPath(new URL('../../manifests', import.meta.url));

/** One thing that is wrong: an edit of the manifests, or of the values; and what hwctl must say of it. */
interface Broken {
  name: string;
  stack?: string;
  file?: string;
  edit?(text: string): string;
  set?: string[];
  says: RegExp;
  exitCode: 1 | 2;
}

const deployment = 'shared/hello/deployment.yaml';
const table: Broken[] = [
  {
    name: 'missing image',
    set: ['image=nowhere.example/hwctl-server:none'],
    says: /cannot get the image nowhere\.example\/hwctl-server:none/,
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
    name: 'failing readiness',
    file: deployment,
    edit: (text) => text.replace('path: /ready', 'path: /nowhere'),
    says: /runs but is not ready: Readiness probe failed: HTTP probe failed with statuscode: 404/,
    exitCode: 1,
  },
  {
    name: 'out of memory',
    set: ['resources.hello.limits.memory=24Mi', 'resources.hello.requests.memory=16Mi'],
    says: /more memory than its limit|OOMKilled|SIGKILL/,
    exitCode: 1,
  },
  {
    name: 'too large a request',
    set: ['resources.hello.requests.cpu=64000m', 'resources.hello.limits.cpu=64000m'],
    says: /no node takes pod hello-\S+: .*Insufficient cpu[\s\S]*cure: .*cpu/,
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
    name: 'failing migration',
    stack: 'idempotency',
    file: 'shared/postgres/migrate.yaml',
    edit: (text) =>
      text.replace('args: [migrate]', 'args: [migrate, nowhere]').replace(/backoffLimit: \d+/, 'backoffLimit: 0'),
    says: /Job\/hwctl\/migrate-\S+ is not ready: .*backoff limit: container migrate .* crashes with exit code 2[\s\S]*log migrate: /,
    exitCode: 1,
  },
  {
    name: 'Pod Security violated',
    file: deployment,
    edit: (text) => text.replace('allowPrivilegeEscalation: false', 'allowPrivilegeEscalation: true'),
    says: /violates PodSecurity "restricted/,
    exitCode: 1,
  },
  {
    name: 'unknown field',
    file: deployment,
    edit: (text) => text.replace('revisionHistoryLimit:', 'revisionHistoryLimits:'),
    says: /unknown field|revisionHistoryLimits/,
    exitCode: 2,
  },
  {
    name: 'Ingress class missing',
    set: ['ingressClass=nobody'],
    says: /no IngressClass "nobody"[\s\S]*nginx/,
    exitCode: 2,
  },
];

function brokenManifests(t: { teardown(act: () => void): void }, { file, edit }: Broken): string[] {
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

t.test('broken on purpose: one cause and the exit code', { skip }, async (t) => {
  const hwctl = new Hwctl();
  t.teardown(() => hwctl.remove());
  const addon = (verb: string, name: string) => spawnSync('minikube', ['-p', profile, 'addons', verb, name]);
  for (const name of ['ingress', 'metrics-server']) addon('enable', name);
  t.teardown(() => {
    for (const name of ['metrics-server', 'ingress']) addon('disable', name);
  });
  for (const broken of [...table].sort((a, b) => (a.set?.length ?? 0) - (b.set?.length ?? 0))) {
    await t.test(broken.name, async (t) => {
      const more = (broken.set ?? ['monitoring=false']).flatMap((value) => ['--set', value]);
      const argv = [
        broken.stack ?? 'hello',
        '--set',
        'monitoring=false',
        ...more,
        ...brokenManifests(t, broken),
        '--timeout',
        '45s',
      ];
      const up = await hwctl.on('up', ...argv);
      t.equal(up.code, broken.exitCode, up.stderr);
      const said = up.stderr.slice(up.stderr.indexOf('error: '));
      t.match(said, broken.says);
      t.equal(said.match(/^error: /gm)?.length, 1, 'one error');
      t.comment(said.split('\n')[0]);
      // Values stay with what is up; a broken object is replaced by the next case as it would be by its cure.
      if (broken.set !== undefined || broken.stack !== undefined) await hwctl.on('down');
    });
  }

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
    t.equal(up.code, 1, up.stderr);
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
    t.equal(up.code, 2, up.stderr);
    t.match(up.stderr, /may not list|no permission/);
  });

  await t.test('wrong context', async (t) => {
    const missing = await hwctl.run(['up', 'hello', '--target', 'kube', '--context', `${profile}x`]);
    t.equal(missing.code, 2);
    t.match(missing.stderr, /no context/);
  });

  const down = await hwctl.on('down', '--json');
  t.equal(down.code, 0, down.stderr);
});
