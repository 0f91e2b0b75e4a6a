import { join } from 'node:path';
import t from 'tap';
import type { Failure } from '../../../src/cli/kernel/failure.js';
import type { RunOutcome, RunProgram } from '../../../src/cli/kernel/process.js';
import type { Release } from '../../../src/cli/target/rendering/release.js';
import { type RenderingOptions, renderReleases } from '../../../src/cli/target/rendering/render-releases.js';
import { folderOf } from './folder.js';

const map = (name: string, more = '') => `apiVersion: v1\nkind: ConfigMap\nmetadata: {name: ${name}}\n${more}`;

type Answer = Partial<RunOutcome> | ((argv: readonly string[]) => Partial<RunOutcome>);

/** Programs by their first words; whatever else is asked for is not installed. */
function programs(answers: Record<string, Answer>) {
  const calls: string[][] = [];
  const run: RunProgram = async (argv) => {
    calls.push([...argv]);
    const key = Object.keys(answers).find((words) => argv.join(' ').startsWith(words));
    const answer = key === undefined ? { exitCode: undefined, failure: 'ENOENT' } : answers[key];
    const outcome = typeof answer === 'function' ? answer(argv) : answer;
    return { exitCode: 0, stdout: '', stderr: '', failure: undefined, ...outcome };
  };
  return { run, calls };
}

const options = (folder: string, run: RunProgram, more: Partial<RenderingOptions> = {}): RenderingOptions => ({
  run,
  folder,
  namespace: 'shop',
  cluster: undefined,
  timeoutMs: 5000,
  ...more,
});

async function failure(work: Promise<unknown>): Promise<Failure> {
  return work.then(
    () => {
      throw new Error('it did not fail');
    },
    (error) => error as Failure,
  );
}

const chart = (path: string, more: Partial<Extract<Release, { kind: 'chart' }>> = {}): Release => ({
  kind: 'chart',
  release: 'shop',
  chart: path,
  values: [],
  set: [],
  ...more,
});
const helm3 = { 'helm version': { stdout: 'v3.22.0' } };

const printed = `---
# Source: app/crds/x.yaml
apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata: {name: xs.a.b}
spec: {group: a.b, names: {kind: X}, versions: [{name: v1, served: true}, {name: v0, served: false}]}
---
apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata: {name: ys.a.b}
---
# Source: app/templates/a.yaml
---
# Source: app/templates/b.yaml
# a comment
${map('b', 'data: {x: "1", x: "2"}\n')}---
# Source: app/charts/kid/templates/hook.yaml
apiVersion: batch/v1
kind: Job
metadata: {name: migrate, annotations: {"helm.sh/hook": "pre-install,post-rollback", "helm.sh/hook-weight": "-1"}}
---
# Source: app/templates/tests/t.yaml
apiVersion: v1
kind: Pod
metadata: {name: check, annotations: {"helm.sh/hook": test-success}}
---
# Source: app/templates/r.yaml
apiVersion: v1
kind: Pod
metadata: {name: back, annotations: {"helm.sh/hook": pre-rollback}}
`;

t.test('a chart is rendered by helm, and each object knows its template', async (t) => {
  const folder = folderOf(t, { 'deploy/app/Chart.yaml': 'apiVersion: v2\nname: app\nversion: 1.0.0\n' });
  const { run, calls } = programs({
    ...helm3,
    'helm template': { stdout: printed, stderr: 'coalesce.go:1: warning: cannot overwrite table\n' },
  });
  const releases = [
    chart(join(folder, 'deploy/app'), {
      values: ['/v.yaml'],
      set: [{ flag: '--set-string', text: 'a=b' }],
      namespace: 'own',
    }),
    chart(join(folder, 'deploy/app'), { release: 'two', set: [{ flag: '--set', text: 'c=d' }] }),
  ];
  const cluster = { kubernetesVersion: 'v1.34.4', apiVersions: ['v1', 'apps/v1'] };
  const { objects, tests, notes } = await renderReleases(releases.slice(0, 1), options(folder, run, { cluster }));
  t.match(objects, [
    { object: { metadata: { name: 'xs.a.b' } }, source: 'deploy/app/crds/x.yaml', defaultNamespace: 'own', release: 0 },
    { object: { metadata: { name: 'ys.a.b' } }, source: 'deploy/app/crds/x.yaml' },
    { object: { metadata: { name: 'b' }, data: { x: '2' } }, source: 'deploy/app/templates/b.yaml' },
    {
      object: { metadata: { name: 'migrate' } },
      source: 'deploy/app/charts/kid/templates/hook.yaml',
      hook: { weight: -1 },
    },
  ]);
  t.equal(objects.length, 4);
  t.match(tests, [{ object: { metadata: { name: 'check' } } }]);
  t.match(notes, [
    /^the chart deploy\/app \(release shop\): cannot overwrite table$/,
    /^deploy\/app\/templates\/b.yaml: line 5 of what it renders: "x" is given twice: the last one counts$/,
    /^deploy\/app\/templates\/r.yaml: Pod back is left out/,
  ]);
  t.same(calls[1], [
    ...[
      'helm',
      'template',
      'shop',
      join(folder, 'deploy/app'),
      '--namespace',
      'own',
      '--include-crds',
      '--values',
      '/v.yaml',
    ],
    ...['--set-string', 'a=b', '--kube-version', 'v1.34.4', '--api-versions', 'v1,apps/v1'],
  ]);
});

t.test('a later chart knows the kinds that an earlier one brings', async (t) => {
  const folder = folderOf(t, { 'crd.yaml': printed.split('---\n')[1] ?? '', 'app/Chart.yaml': 'name: app\n' });
  const { run, calls } = programs({ ...helm3, 'helm template': { stdout: map('a') } });
  await renderReleases(
    [{ kind: 'manifests', path: join(folder, 'crd.yaml'), recursive: false }, chart(join(folder, 'app'))],
    options(folder, run),
  );
  t.equal(calls[1]?.at(-1), 'a.b/v1,a.b/v1/X');
});

t.test('lookup asks the cluster where a chart has it, and is left out with a note where that fails', async (t) => {
  const folder = folderOf(t, {
    'asks/Chart.yaml': 'name: asks\n',
    'asks/templates/a.yaml': '{{ (lookup "v1" "Secret" "a" "b") }}',
    'not/Chart.yaml': 'name: not\n',
    'not/templates/a.yaml': '# what to lookup\n',
  });
  const cluster = { kubernetesVersion: 'v1.34.4', apiVersions: [], context: 'mini' };
  const refused = { exitCode: 1, stderr: 'Error: secrets "b" is forbidden\n' };
  const answer = (argv: readonly string[]) => (argv.includes('--dry-run=server') ? refused : { stdout: map('a') });
  const { run, calls } = programs({ 'helm version': { stdout: 'v4.3.1' }, 'helm template': answer });
  const asks = await renderReleases([chart(join(folder, 'asks'))], options(folder, run, { cluster }));
  t.same(asks.notes, [
    'the chart asks (release shop) finds nothing of what it looks up in the cluster: secrets "b" is forbidden',
  ]);
  t.same(calls[1]?.slice(-5), [
    '--dry-run=server',
    '--take-ownership',
    '--disable-openapi-validation',
    '--kube-context',
    'mini',
  ]);
  calls.length = 0;
  t.same((await renderReleases([chart(join(folder, 'not'))], options(folder, run, { cluster }))).notes, []);
  t.equal(calls.length, 2);
});

t.test('a chart that makes values anew each time is rendered twice, and tells which fields vary', async (t) => {
  const folder = folderOf(t, {
    'chance/Chart.yaml': 'name: chance\n',
    'chance/templates/a.yaml': '{{ randAlphaNum 10 }}',
    'calm/Chart.yaml': 'name: calm\n',
    'calm/templates/a.yaml': '# random, known, generated\n',
  });
  let count = 0;
  const answer = () => ({ stdout: `${map('a', `data: {x: "${count++}", y: "1"}\n`)}---\n${map('b')}` });
  const { run, calls } = programs({ ...helm3, 'helm template': answer });
  const { objects } = await renderReleases([chart(join(folder, 'chance'))], options(folder, run));
  t.same(
    objects.map(({ varying }) => varying),
    [[['data', 'x']], undefined],
  );
  calls.length = 0;
  await renderReleases([chart(join(folder, 'calm'))], options(folder, run));
  t.equal(calls.length, 2);
});

t.test('dependencies that are not there are fetched beside the chart, of the version of its lock', async (t) => {
  const folder = folderOf(t, {
    'app/Chart.yaml': `name: app
dependencies:
- {name: postgresql, version: 10.x.x, repository: "https://charts.test/b"}
- {name: redis, version: 1.0.0, repository: "oci://charts.test/b/"}
- {name: common, version: 1.0.0, repository: "file://../common"}
- {name: own, version: 1.0.0, repository: "@mine"}
- {name: there, version: 1.0.0}
- {name: packed, version: 1.0.0, repository: "https://charts.test/b"}
`,
    'app/Chart.lock': 'dependencies:\n- {name: postgresql, version: 10.4.5, repository: x}\n',
    'app/charts/there/Chart.yaml': 'name: there\n',
    'app/charts/packed-1.0.0.tgz': 'x',
    'app/templates/a.yaml': '',
    'common/Chart.yaml': 'name: common\n',
  });
  const { run, calls } = programs({
    ...helm3,
    'helm pull': {
      exitCode: 1,
      stderr: 'Error: chart "x" version "1" not found in https://charts.test/b repository\n',
    },
  });
  const failed = await failure(renderReleases([chart(join(folder, 'app'))], options(folder, run)));
  t.match(failed, {
    code: 'chart',
    message: 'app/Chart.yaml: 3 dependencies of the chart cannot be had',
    hint: /what it has/,
  });
  t.match(failed.details, [
    /^the chart postgresql 10.4.5 of https:\/\/charts.test\/b cannot be fetched: chart "x" version/,
    /oci:/,
    /mine\/own/,
  ]);
  t.same(
    calls.filter((call) => call[1] === 'pull').map((call) => call.slice(2, -2).join(' ')),
    [
      'postgresql --repo https://charts.test/b --version 10.4.5',
      'oci://charts.test/b/redis --version 1.0.0',
      'mine/own --version 1.0.0',
    ],
  );
});

t.test('all that is wrong with any release is told at once', async (t) => {
  const folder = folderOf(t, {
    'k8s/a.yaml': 'apiVersion: v1\nkind: Pod\n',
    'k8s/b.yaml': map('b', 'data: {x: "1"}\n'),
    'k8s/c.yaml': map('b', 'data: {x: "2"}\n'),
    'app/Chart.yaml': 'name: app\n',
    'lib/readme': '',
  });
  const { run } = programs({
    ...helm3,
    'helm template': { exitCode: 1, stderr: 'Error: execution error at (app/templates/a.yaml:2:6): image is needed\n' },
  });
  const releases: Release[] = [
    { kind: 'manifests', path: join(folder, 'k8s'), recursive: false },
    chart(join(folder, 'app')),
    { kind: 'kustomize', path: join(folder, 'lib') },
  ];
  t.match(await failure(renderReleases(releases, options(folder, run))), {
    code: 'bad-manifests',
    exitCode: 2,
    message: 'what is to be deployed cannot be used: 5 problems',
    details: [
      'k8s/a.yaml:1:1: Pod has no metadata, and so no name',
      'k8s/c.yaml:1: ConfigMap b is also in k8s/b.yaml:1, and differs: keep one of them',
      'the chart app (release shop) does not render',
      'app/templates/a.yaml:2:6: image is needed',
      'lib: there is no kustomization.yaml in this folder',
    ],
  });
  t.match(await failure(renderReleases(releases.slice(1, 2), options(folder, run))), {
    code: 'chart',
    message: 'the chart app (release shop) does not render',
    details: ['app/templates/a.yaml:2:6: image is needed'],
    hint: /value in values:/,
  });
});

t.test(
  'an object that is there twice, word for word, is there once; in another namespace it is another one',
  async (t) => {
    const folder = folderOf(t, {
      'a.yaml': map('a'),
      'b.yaml': map('a'),
      'c.yaml': 'apiVersion: v1\nkind: Namespace\nmetadata: {name: team}\n',
    });
    const file = (name: string, namespace?: string): Release => ({
      kind: 'manifests',
      path: join(folder, name),
      recursive: false,
      ...(namespace && { namespace }),
    });
    const { run } = programs({});
    const { objects } = await renderReleases(
      [file('a.yaml'), file('b.yaml'), file('b.yaml', 'other'), file('c.yaml'), file('c.yaml', 'other')],
      options(folder, run),
    );
    t.same(
      objects.map(({ source, defaultNamespace, release }) => `${source} ${defaultNamespace} ${release}`),
      ['a.yaml:1 shop 0', 'b.yaml:1 other 2', 'c.yaml:1 shop 3'],
    );
  },
);

t.test('without the program that is needed it says which release needs it', async (t) => {
  const folder = folderOf(t, {
    'app/Chart.yaml': 'name: app\n',
    'k/kustomization.yaml': 'resources: [a.yaml]\n',
    'k/a.yaml': map('a'),
    'more/kustomization.yaml': 'patches: []\nresources: [../k/a.yaml]\n',
  });
  const { run } = programs({});
  t.match(await failure(renderReleases([chart(join(folder, 'app'))], options(folder, run))), {
    code: 'no-helm',
    message: 'helm is not installed, and the release shop is a chart',
  });
  const old = programs({ 'helm version': { stdout: 'v2.17.0' } }).run;
  t.match(await failure(renderReleases([chart(join(folder, 'app'))], options(folder, old))), {
    code: 'no-helm',
    message: /v2\.17\.0/,
  });
  const slow = programs({ ...helm3, 'helm template': { exitCode: undefined, failure: 'timeout' } }).run;
  t.match(await failure(renderReleases([chart(join(folder, 'app'))], options(folder, slow))), {
    code: 'chart',
    message: 'helm template did not end within 5 s',
  });
  const { objects } = await renderReleases([{ kind: 'kustomize', path: join(folder, 'k') }], options(folder, run));
  t.match(objects, [{ object: { metadata: { name: 'a' } }, source: 'k/a.yaml:1' }], "hwctl's own reader");
  t.match(await failure(renderReleases([{ kind: 'kustomize', path: join(folder, 'more') }], options(folder, run))), {
    code: 'kustomize',
    message: 'more/kustomization.yaml needs kustomize, and neither kubectl nor kustomize is installed',
    details: ['more/kustomization.yaml:1:10: patches: there is no such field'],
  });
});

t.test('kustomize is kubectl, else kustomize', async (t) => {
  const folder = folderOf(t, { 'k/kustomization.yml': 'resources: []\n' });
  const release: Release = { kind: 'kustomize', path: join(folder, 'k') };
  const built = programs({ 'kustomize build': { stdout: `${map('a')}---\n${map('b')}` } });
  const { objects } = await renderReleases([release], options(folder, built.run));
  t.same(
    objects.map(({ source }) => source),
    ['k/kustomization.yml', 'k/kustomization.yml'],
  );
  const stderr = `error: accumulating resources: accumulation err='x': open ${folder}/k/no.yaml: no such file or directory\n`;
  const broken = programs({ 'kubectl kustomize': { exitCode: 1, stderr } });
  t.match(await failure(renderReleases([release], options(folder, broken.run))), {
    code: 'kustomize',
    message: 'k/kustomization.yml cannot be built',
    details: [/^accumulating resources: .* open k\/no.yaml: no such file/],
  });
  const empty = programs({ 'kubectl kustomize': { stdout: '\n' } });
  t.match(await renderReleases([release], options(folder, empty.run)), { objects: [], notes: [/builds no objects/] });
});
