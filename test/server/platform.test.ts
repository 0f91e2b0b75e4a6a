import { readdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import t from 'tap';
import { bundledServices } from '../../src/cli/target/local/serve.js';
import { platform, serviceNames } from '../../src/server/platform.js';

const root = fileURLToPath(new URL('../..', import.meta.url));
const entries = Object.values(platform);

t.test('the manifests run the services that the server has', async (t) => {
  t.same(bundledServices(root).sort(), [...serviceNames].sort());
});

t.test('what a service needs can be told where it is', async (t) => {
  for (const { needs } of entries) for (const name of needs) t.ok(platform[name].called, name);
});

t.test('every migration of the folder is some service’s, under the name of its file', async (t) => {
  const files = readdirSync(`${root}/src/server/store/migrations`).map((file) => file.replace(/\.ts$/, ''));
  const applied = new Set(entries.flatMap(({ migrations }) => migrations.map(({ name }) => name)));
  t.same([...applied].sort(), files.sort());
});

t.test('a service’s module names it', async (t) => {
  for (const name of serviceNames) t.type((await platform[name].load()).create, 'function', name);
});
