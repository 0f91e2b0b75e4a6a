// Anybody's projects on the local target: their workloads by entries, a real Postgres, two at once, and nothing left of them.
import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { recordedProjects } from '../../../src/cli/target/local/state/state-folder.js';
import { root } from '../../golden.js';
import { freePort } from '../../server/postgres-cluster.js';
import { get } from '../../target/local-platform.js';
import { ForeignPlatform, manifestsIn, newHome } from './built-local.js';

t.setTimeout(300_000);

const example = (name: string) => join(root, 'examples', name);

t.test('numbered-yaml: a Node program whose port is in its text, behind the gateway', async (t) => {
  const folder = example('numbered-yaml');
  const platform = await ForeignPlatform.make(t, {
    name: 'numbered-yaml',
    folder,
    manifests: manifestsIn(join(folder, 'k8s')),
    local: { greeter: { command: ['node', 'server.js'], folder: 'app', environment: { PORT: '{port}' } } },
  });
  const { endpoints } = await platform.up();
  const app = endpoints.find(({ name }) => name === 'app');
  t.equal(app?.host, 'arch.homework');
  t.match(await get(`${app?.url}/health`, { host: 'arch.homework' }), { status: 200, body: '{"status":"OK"}' });
  const own = endpoints.find(({ name }) => name === 'greeter');
  t.match(await get(`${own?.url}/`), { status: 200, body: /good day/ }, 'variables of its ConfigMap');
  t.strictSame((await platform.up()).actions, [], 'up again: nothing to do');
  t.strictSame((await platform.down()).remaining, []);
  t.strictSame(platform.processes(), []);
  t.strictSame(readdirSync(platform.home), []);
});

const skip = spawnSync('python3', ['--version']).status === 0 ? false : 'no python3 here';
t.test(
  'two projects at once, each down removes its own; prices-hpa is Python without an Ingress',
  { skip },
  async (t) => {
    const home = newHome(t);
    const folder = example('prices-hpa');
    const local = { prices: { command: ['python3', 'main.py'], folder: 'app', environment: { PORT: '{port}' } } };
    const manifests = manifestsIn(join(folder, 'k8s'));
    const one = await ForeignPlatform.make(t, { name: 'one', folder, manifests, local }, home);
    const two = await ForeignPlatform.make(t, { name: 'two', folder, manifests, local }, home);
    const [first, second] = await Promise.all([one.up(), two.up()]);
    t.same(recordedProjects({ XDG_STATE_HOME: home }), ['one', 'two']);
    const url = first.endpoints[0]?.url;
    t.not(url, second.endpoints[0]?.url);
    t.match(await get(`${url}/prices/apple`), { status: 200, body: /120/ });
    await one.target.fault({ service: 'prices', kind: 'kill' });
    await one.up();
    t.match(await get(`${url}/prices/apple`), { status: 200 }, 'killed, and back');
    t.strictSame((await one.down()).remaining, []);
    t.equal((await get(`${url}/prices`)).status, 0);
    t.equal((await get(`${second.endpoints[0]?.url}/prices`)).status, 200, 'the other is up');
    t.strictSame((await two.down()).remaining, []);
    t.notOk(existsSync(two.folder));
  },
);

t.test('a port in the text of a program that a shell starts: kept over kills, told where it is taken', async (t) => {
  const port = await freePort();
  const folder = t.testdir({
    'package.json': '{}',
    'server.js': `require('node:http').createServer((_, response) => response.end('mine')).listen(${port});`,
  });
  const manifests = [
    `{ apiVersion: v1, kind: Pod, metadata: { name: web }, spec: { containers: [{ name: web, image: w, ports: [{ containerPort: ${port} }] }] } }`,
  ];
  const local = { web: { command: ['sh', '-c', 'node server.js & wait'] } };
  const platform = await ForeignPlatform.make(t, { name: 'text', folder, manifests, local });
  const { endpoints } = await platform.up();
  t.equal(endpoints[0]?.url, `http://127.0.0.1:${port}`);
  for (const kind of ['kill', 'restart'] as const) {
    await platform.target.fault({ service: 'web', kind });
    await platform.up();
    t.match(await get(`http://127.0.0.1:${port}/`), { status: 200, body: 'mine' }, kind);
  }
  const other = await ForeignPlatform.make(t, { name: 'other', folder, manifests, local });
  await t.rejects(other.up(), { code: 'port-clash', exitCode: 2 });
  t.notOk(existsSync(other.folder), 'nothing was begun');
  t.strictSame((await platform.down()).remaining, []);
  t.equal((await get(`http://127.0.0.1:${port}/`)).status, 0, 'what the shell had started has ended, too');
});
