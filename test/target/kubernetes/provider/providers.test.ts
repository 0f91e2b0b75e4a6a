import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { systemClock } from '../../../../src/cli/kernel/clock.js';
import type { RunProgram } from '../../../../src/cli/kernel/process.js';
import type { ProviderKind } from '../../../../src/cli/target/kubernetes/provider/provider.js';
import { providers } from '../../../../src/cli/target/kubernetes/provider/providers.js';
import { clusterNames, clustersWith, targetNames } from '../../../../src/cli/target/target-names.js';
import { root } from '../../../golden.js';

// tsc names what an entry leaves out: a field of it, a flag.
// @ts-expect-error
({ noun: 'x' }) satisfies ProviderKind;
// @ts-expect-error
({ ...providers.kube, flags: { profile: true } }) satisfies ProviderKind;

const silent: RunProgram = async () => ({ exitCode: undefined, stdout: '', stderr: '', failure: 'ENOENT' });
const wait = { timeoutMs: 1_000 };

t.test('each provider does what its facts say, and is never asked for the rest', async (t) => {
  t.same(targetNames, ['auto', 'local', ...clusterNames]);
  for (const [name, entry] of Object.entries(providers)) {
    const kind: ProviderKind = entry;
    const asked: string[] = [];
    const run: RunProgram = async (argv, options) => {
      asked.push(argv.join(' '));
      return silent(argv, options);
    };
    const provider = kind.open('kind-x', { run, clock: systemClock, env: {} });
    t.equal(provider.noun, kind.noun, name);
    t.ok(provider.ref.endsWith(`/${provider.profile}`), name);
    const wrong = /its facts say so/;
    if (provider.addons.length === 0) {
      t.same(await provider.enabledAddons(), [], name);
      await t.rejects(provider.setAddon('ingress', true, wait), wrong, name);
    }
    if (!provider.loadsImages) {
      t.same(await provider.images(), [], name);
      await t.rejects(provider.loadArchive('x.tar', 'x:1', wait), wrong, name);
      await t.rejects(provider.removeImage('x:1'), wrong, name);
    }
    const build = { context: '/x', dockerfile: '/x/Dockerfile', arguments: {} };
    if (!provider.buildsImages) await t.rejects(provider.buildImage(build, 'x:1', wait), wrong, name);
    t.same(asked, [], `${name}: no program is asked for what it cannot do`);
    if (kind.flags.deleteCluster) {
      // Where its program is missing, that is said, with the cure.
      for (const act of [provider.state, () => provider.delete(wait), () => provider.start({}, () => {}, wait)])
        await t.rejects(async () => void (await act()), { code: `no-${name}`, hint: /--target local/ }, name);
      t.match(await kind.prerequisites(silent), [{ state: 'missing', cure: /--target local/ }], name);
    } else {
      t.same(await provider.state(), { kind: 'running' }, name);
      t.same(await kind.prerequisites(silent), [], name);
    }
    for (const [cure, text] of Object.entries(provider.cures)) {
      if (typeof text === 'string') t.match(text, /\S/, `${name}: ${cure}`);
    }
  }
});

t.test('a provider is its own file and an entry of the map: nothing else knows its name', async (t) => {
  const own = clustersWith('deleteCluster');
  const compared = new RegExp(`(?:[!=]==? |case |includes\\()'(?:${own.join('|')})'`);
  const imported = new RegExp(`from '[^']*/(?:${own.join('|')}|none)(?:-output)?\\.js'`);
  // `auto` is minikube where it is usable, by contract: that one question is asked of it by name.
  const allowed = ['target/kubernetes/provider/providers.ts', 'target/kubernetes/clusters.ts'];
  const files = readdirSync(join(root, 'src/cli'), { recursive: true, encoding: 'utf8' }).filter((file) =>
    file.endsWith('.ts'),
  );
  t.ok(files.length > 200);
  const knowing = files.filter((file) => {
    const text = readFileSync(join(root, 'src/cli', file), 'utf8');
    const isOwn = own.some((name) => file.startsWith(`target/kubernetes/provider/${name}`));
    // What cures a problem is told in the words of whoever made the cluster.
    if (file.startsWith('target/preflight/')) return false;
    return compared.test(text) || (imported.test(text) && !isOwn && !allowed.includes(file));
  });
  t.same(knowing, []);
  t.match("if (name === 'kind')", compared);
  t.match("from './provider/minikube.js'", imported);
});
