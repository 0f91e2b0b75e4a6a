// What one does with a platform that is up: a new price list, logs, forward, open, kept data, a registry, a stuck namespace.
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import t from 'tap';
import { request } from 'undici';
import { podResource } from '../../src/cli/target/kubernetes/api/list.js';

import { addon, exits, Hwctl, inNode, openClient, output, profile, waitUntil, whyNoCluster } from './cluster.js';

const skip = whyNoCluster();
const manifests = fileURLToPath(new URL('../../manifests', import.meta.url));
const plain = ['--set', 'monitoring=false'];

t.setTimeout(1_500_000);

async function get(url: string, host?: string): Promise<{ status: number; text: string }> {
  const headers = host === undefined ? {} : { host };
  const { statusCode, body } = await request(url, { headers, headersTimeout: 5_000, bodyTimeout: 5_000 });
  return { status: statusCode, text: await body.text() };
}

t.test('a platform that is up', { skip }, async (t) => {
  const hwctl = new Hwctl();
  const client = openClient();
  t.teardown(async () => {
    client.close();
    await hwctl.remove();
  });
  for (const name of ['ingress', 'metrics-server']) addon('enable', name);
  t.teardown(() => {
    for (const name of ['metrics-server', 'ingress']) addon('disable', name);
  });
  const podsOf = async (name: string) =>
    client.list(podResource, { namespace: 'hwctl', labelSelector: `app.kubernetes.io/name=${name}` });

  await t.test('a changed price list reaches the pods without a new image or pod', async (t) => {
    const folder = mkdtempSync(join(tmpdir(), 'hwctl-prices-'));
    t.teardown(() => rmSync(folder, { recursive: true }));
    cpSync(manifests, folder, { recursive: true });
    const up = await hwctl.on('up', 'prices', ...plain, '--manifests', folder, '--json');
    if (!exits(t, up, 0)) return;
    const { url, host } = JSON.parse(up.stdout).endpoints[0];
    const before = await get(`${url}/price/1`, host);
    t.equal(before.status, 200);
    const pods = (await podsOf('prices')).map(({ metadata }) => metadata.uid).sort();

    const file = join(folder, 'shared/prices/prices.txt');
    const changed = readFileSync(file, 'utf8').replace(/^1[ \t]+\S+/m, '1 4321.09');
    writeFileSync(file, changed);
    const again = await hwctl.on('up', 'prices', ...plain, '--manifests', folder, '--json');
    exits(t, again, 0);
    t.match(JSON.parse(again.stdout).actions, [{ verb: 'update', ref: 'ConfigMap/hwctl/prices' }]);
    t.equal(JSON.parse(again.stdout).actions.length, 1, 'and nothing else');
    const began = Date.now();
    // Each pod for itself: ten answers in a row.
    await waitUntil('the new price', async () => {
      for (let i = 0; i < 10; i++) if (!(await get(`${url}/price/1`, host)).text.includes('4321.09')) return false;
      return true;
    });
    t.comment(`the new price list was served everywhere after ${Math.round((Date.now() - began) / 1000)} s`);
    t.same((await podsOf('prices')).map(({ metadata }) => metadata.uid).sort(), pods, 'the same pods');
  });

  await t.test('logs -f merges pods and survives a restart', async (t) => {
    const up = await hwctl.on('up', 'hello', ...plain);
    exits(t, up, 0);
    const logs = hwctl.start('logs', 'hello', '-f', '--json', '--target', 'minikube', '--profile', profile);
    t.teardown(() => logs.kill('SIGKILL'));
    const seen = new Map<string, string[]>();
    createInterface({ input: logs.stdout! }).on('line', (line) => {
      const { instance, text } = JSON.parse(line) as { instance: string; text: string };
      seen.set(instance, [...(seen.get(instance) ?? []), text]);
    });
    const listening = (lines: string[]) => lines.filter((text) => text.includes('"msg":"listening"')).length;
    await waitUntil('both pods are heard', async () => seen.size === 2);
    const [victim] = inNode('pgrep', '-f', 'serve hello$').split('\n').filter(Boolean);
    inNode('kill', '-KILL', victim ?? '');
    await waitUntil('a pod starts again', async () => [...seen.values()].some((lines) => listening(lines) === 2));
    t.equal(seen.size, 2, 'under its own name');
    const texts = [...seen].flatMap(([name, lines]) => lines.map((line) => `${name} ${line}`));
    t.equal(new Set(texts).size, texts.length, 'no line comes twice');
    const exited = new Promise((resolve) => logs.once('exit', resolve));
    logs.kill('SIGINT');
    t.equal(await exited, 130, 'until Ctrl-C');
  });

  await t.test('forward: a daemon that finds the next pod', async (t) => {
    const forward = await hwctl.on('forward', '--json');
    exits(t, forward, 0);
    const endpoints = JSON.parse(forward.stdout).endpoints as { name: string; url: string }[];
    const hello = endpoints.find(({ name }) => name === 'hello');
    if (!t.ok(hello, 'hello has a port')) return;
    const url = `${hello?.url}/`;
    t.match(url, /^http:\/\/127\.0\.0\.1:\d+\/$/, 'loopback unless told otherwise');
    const answers = await Promise.all(Array.from({ length: 20 }, () => get(url)));
    t.ok(
      answers.every(({ status, text }) => status === 200 && text.length === 17),
      'twenty connections at once',
    );
    for (const pod of await podsOf('hello')) {
      await client.call('DELETE', await client.pathOf(pod), {
        body: { apiVersion: 'v1', kind: 'DeleteOptions', gracePeriodSeconds: 0 },
      });
    }
    await waitUntil('the same port reaches the new pods', async () => (await get(url)).status === 200);
    t.equal((await hwctl.on('forward', '--stop')).code, 0);
    await t.rejects(get(url), 'nobody listens any more');
  });

  const noRules = process.getuid?.() === 0 ? false : 'needs root to cut the way to the Ingress';
  await t.test('an Ingress whose address is out of reach', { skip: noRules }, async (t) => {
    const rule = ['OUTPUT', '-d', output('minikube', '-p', profile, 'ip').trim(), '-p', 'tcp', '--dport', '80'];
    const cut = (verb: string) => output('iptables', verb, ...rule, '-j', 'REJECT');
    cut('-I');
    t.teardown(() => cut('-D'));
    const up = await hwctl.on('up', 'hello', ...plain, '--json');
    exits(t, up, 0);
    t.match(JSON.parse(up.stdout).actions, [{ verb: 'start', ref: 'process/forward' }]);
    t.match(JSON.parse(up.stdout).endpoints[0], { name: 'app', url: /^http:\/\/127\.0\.0\.1:/, host: 'arch.homework' });
    t.equal((await hwctl.on('test', 'hello')).code, 0, 'the scenario passes through a port-forward of the controller');
    const again = await hwctl.on('up', 'hello', ...plain, '--json');
    t.same(JSON.parse(again.stdout).actions, [], 'the daemon runs already');
    t.equal((await hwctl.on('forward', '--stop')).code, 0);
  });

  await t.test('open prints URLs that answer', async (t) => {
    const app = await hwctl.on('open', 'app', '--json');
    exits(t, app, 0);
    const { url, host } = JSON.parse(app.stdout);
    t.equal((await get(`${url}/`, host)).text.length, 17, 'the app');
    const more = await hwctl.on('up', 'hello', '--set', 'monitoring=true', '--set', 'grafana=false');
    exits(t, more, 0);
    const prometheus = await hwctl.on('open', 'prometheus');
    exits(t, prometheus, 0);
    t.equal((await get(`${prometheus.stdout.trim()}/-/ready`)).status, 200, 'Prometheus');
    const nothing = await hwctl.on('open', 'nothing');
    t.equal(nothing.code, 2);
    t.match(nothing.stderr, /nothing that is up answers as "nothing"/);
  });

  await t.test('down leaves a profile that hwctl did not make', async (t) => {
    const down = await hwctl.on('down', '--delete-cluster', '--json');
    exits(t, down, 0);
    const { kept, remaining } = JSON.parse(down.stdout);
    t.same(remaining, []);
    t.match(kept, [{ ref: `profile/${profile}`, reason: /did not make it/ }]);
    t.equal(whyNoCluster(), false);
  });

  await t.test('--keep-data: the next up has the old users', async (t) => {
    const up = await hwctl.on('up', 'idempotency', ...plain, '--json');
    if (!exits(t, up, 0)) return;
    const login = async (path: string, report: string) => {
      const { url, host } = JSON.parse(report).endpoints[0];
      const body = JSON.stringify({ login: 'kept', password: 'secret' });
      const headers = { host, 'content-type': 'application/json' };
      const { statusCode, body: answer } = await request(`${url}${path}`, { method: 'POST', headers, body });
      await answer.dump();
      return statusCode;
    };
    t.equal(await login('/registration', up.stdout), 200);
    const down = await hwctl.on('down', '--keep-data', '--json');
    exits(t, down, 0);
    t.match(
      JSON.parse(down.stdout).kept.map(({ ref }: { ref: string }) => ref.replace(/\/\S*-postgres-0$/, '/data')),
      ['Secret/hwctl/hwctl', 'PersistentVolumeClaim/data', 'Namespace/hwctl'],
    );
    const again = await hwctl.on('up', 'idempotency', ...plain, '--json');
    exits(t, again, 0);
    t.equal(await login('/login', again.stdout), 200, 'the user is known');
    // Kept again, and then not: what nobody uses any more is found and removed.
    t.equal((await hwctl.on('down', '--keep-data')).code, 0);
    const last = await hwctl.on('down', '--json');
    exits(t, last, 0);
    t.same(JSON.parse(last.stdout).remaining, []);
    t.same(JSON.parse(last.stdout).kept, [], 'nothing is kept unasked');
  });

  const registry = 'localhost:5000';
  const noRegistry = await get(`http://${registry}/v2/`).then(
    () => false as const,
    () => `no registry at ${registry}`,
  );
  await t.test('--registry: pushed and pulled', { skip: noRegistry }, async (t) => {
    const up = await hwctl.on('up', 'hello', ...plain, '--registry', registry, '--json');
    exits(t, up, 0);
    const [pod] = await podsOf('hello');
    const containers = (pod?.spec?.containers ?? []) as { image: string }[];
    t.match(containers[0]?.image, new RegExp(`^${registry}/hwctl-server:\\w+@sha256:[0-9a-f]{64}$`));
    const again = await hwctl.on('up', 'hello', ...plain, '--registry', registry, '--json');
    t.same(JSON.parse(again.stdout).actions, [], 'nothing is built, pushed or applied again');
    const down = await hwctl.on('down', '--json');
    exits(t, down, 0);
    t.same(JSON.parse(down.stdout).remaining, []);
  });

  await t.test('a namespace that is stuck in Terminating is explained', async (t) => {
    const up = await hwctl.on('up', 'hello', ...plain);
    exits(t, up, 0);
    const service = {
      apiVersion: 'apiregistration.k8s.io/v1',
      kind: 'APIService',
      metadata: { name: 'v1.away.hwctl.dev' },
      spec: {
        group: 'away.hwctl.dev',
        version: 'v1',
        groupPriorityMinimum: 100,
        versionPriority: 100,
        insecureSkipTLSVerify: true,
        service: { name: 'nobody', namespace: 'default' },
      },
    };
    const path = '/apis/apiregistration.k8s.io/v1/apiservices';
    await client.call('POST', path, { body: service });
    const answers = () => client.call('DELETE', `${path}/${service.metadata.name}`).catch(() => undefined);
    t.teardown(answers);
    const stuck = await hwctl.on('down', '--timeout', '45s', '--json');
    exits(t, stuck, 1);
    t.match(JSON.parse(stuck.stdout).remaining, [
      { ref: 'Namespace/hwctl', reason: /aggregated API does not answer[\s\S]*away\.hwctl\.dev[\s\S]*apiservices/ },
    ]);
    await answers();
    const down = await hwctl.on('down', '--json');
    exits(t, down, 0);
    t.same(JSON.parse(down.stdout).remaining, []);
  });
});
