import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import t from 'tap';
import {
  isLocalAddress,
  loadKubeConfig,
  pinContext,
  whyGuarded,
} from '../../../../src/cli/target/kubernetes/api/kube-context.js';

const servers: [string, object, RegExp | undefined][] = [
  ['https://127.0.0.1:6443', {}, undefined],
  ['https://[::1]:6443', {}, undefined],
  ['https://192.168.49.2:8443', {}, undefined],
  ['https://10.1.2.3', {}, undefined],
  ['https://172.16.0.1', {}, undefined],
  ['https://172.32.0.1', {}, /neither loopback nor a private/],
  ['https://kubernetes.docker.internal:6443', {}, undefined],
  ['https://localhost:6443', {}, undefined],
  ['https://0.0.0.0:6443', {}, undefined],
  ['https://[fd00::1]:6443', {}, undefined],
  ['https://[2001:db8::1]:6443', {}, /neither loopback/],
  ['https://8.8.8.8', {}, /neither loopback/],
  ['https://ABCDEF.gr7.eu-west-1.eks.amazonaws.com', {}, /not a known local cluster/],
  ['https://localhost.evil.example', {}, /not a known local cluster/],
  ['https://127.0.0.1.nip.io', {}, /not a known local cluster/],
  ['https://10.0.0.1', { proxyUrl: 'http://jump:3128' }, /through the proxy/],
  ['https://127.0.0.1:6443', { tlsServerName: 'prod.example.com' }, /tunnel/],
  ['https://127.0.0.1:6443', { tlsServerName: 'localhost' }, undefined],
  ['not a url', {}, /not a URL/],
];

for (const [server, more, expected] of servers) {
  t.test(`guard: ${server} ${JSON.stringify(more)}`, async (t) => {
    const why = whyGuarded({ context: 'c', server, ...more });
    if (expected === undefined) t.equal(why, undefined);
    else t.match(why, expected);
  });
}

t.test('addresses', async (t) => {
  for (const address of ['127.9.9.9', '10.0.0.1', '192.168.0.1', '::1', 'fe80::1', '::ffff:10.0.0.1'])
    t.ok(isLocalAddress(address), address);
  for (const address of ['11.0.0.1', '::ffff:8.8.8.8', 'example.com', '']) t.notOk(isLocalAddress(address), address);
});

t.test('the kubeconfig: several files, the first wins; pinned to one context', async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'hwctl-kubeconfig-'));
  t.teardown(() => rmSync(folder, { recursive: true }));
  const file = (name: string, server: string, context: string) => {
    const path = join(folder, name);
    writeFileSync(
      path,
      JSON.stringify({
        clusters: [{ name: 'c', cluster: { server } }],
        users: [{ name: 'u', user: { token: 't' } }],
        contexts: [{ name: context, context: { cluster: 'c', user: 'u' } }],
        'current-context': context,
      }),
    );
    return path;
  };
  const one = file('one', 'https://10.0.0.1', 'home');
  const two = file('two', 'https://prod.example.com', 'away');
  const config = loadKubeConfig({ KUBECONFIG: `${one}:${two}:${join(folder, 'missing')}` });
  t.equal(config.currentContext, 'home');
  t.equal(pinContext(config, 'away', undefined).getCurrentCluster()?.server, 'https://10.0.0.1', 'the first file wins');
  t.throws(() => pinContext(config, 'hme', undefined), { code: 'no-context', message: /Did you mean "home"/ });

  const prod = loadKubeConfig({ KUBECONFIG: two });
  t.throws(() => pinContext(prod, 'away', undefined), { code: 'context-guarded' }, 'fails closed');
  t.throws(() => pinContext(prod, 'away', 'other'), { code: 'context-guarded' }, 'another name vouches for nothing');
  t.equal(pinContext(prod, 'away', 'away').currentContext, 'away');

  const bad = join(folder, 'bad');
  writeFileSync(bad, 'clusters: [');
  t.throws(() => loadKubeConfig({ KUBECONFIG: bad }), { code: 'bad-kubeconfig' });
  t.same(loadKubeConfig({}).getContexts(), [], 'no home, no contexts');
});
