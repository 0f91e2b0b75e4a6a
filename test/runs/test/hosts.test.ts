import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import t from 'tap';
import { hwctl } from '../../golden.js';
import { echoServer } from '../../scenario/echo-server.js';

const schema = 'https://schema.getpostman.com/json/collection/v2.1.0/collection.json';
const folder = mkdtempSync(join(tmpdir(), 'hwctl-hosts-'));
t.teardown(() => rmSync(folder, { recursive: true, force: true }));

function put(name: string, value: unknown): string {
  const file = join(folder, name);
  writeFileSync(file, typeof value === 'string' ? value : JSON.stringify(value));
  return file;
}

/** Where the host's name may stand: each with the flags that bring it, beside a collection that says `{{base}}` or the host itself. */
function places(host: string): [where: string, base: string, flags: string[]][] {
  const values = [{ key: 'base', value: `http://${host}`, enabled: true }];
  return [
    ['the collection', `http://${host}`, []],
    ['its environment', '{{base}}', ['-e', put(`${host}.environment.json`, { name: 'e', values })]],
    ['its globals', '{{base}}', ['-g', put(`${host}.globals.json`, { name: 'g', values })]],
    ['a variable', '{{base}}', ['--env-var', `base=http://${host}`]],
    ['a global variable', '{{base}}', ['--global-var', `base=http://${host}`]],
  ];
}

t.test('a collection reaches the host that any of what it is given names', async (t) => {
  t.setTimeout(120_000);
  const url = await echoServer(t);
  mkdirSync(join(folder, 'k8s'));
  const project = put('hwctl.yaml', 'name: shop\nhost: shop.test\nreleases: [{ manifests: k8s }]\n');
  const hosts: [host: string, flags: string[]][] = [
    ['arch.homework', []],
    ['shop.test', ['-f', project]],
  ];
  for (const [host, of] of hosts) {
    for (const [where, base, flags] of places(host)) {
      const item = [{ name: 'one', request: { method: 'GET', url: `${base}/` } }];
      const file = put('collection.json', { info: { name: 'c', schema }, item });
      const run = await hwctl(['test', file, ...of, ...flags, '--url', url]);
      t.equal(run.exitCode, 0, `${host} in ${where}: ${run.stderr}${run.stdout.slice(-600)}`);
    }
  }
});
