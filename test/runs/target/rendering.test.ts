// Releases rendered by real programs: helm 3 and helm 4, each where it is installed, and kubectl's kustomize.
import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { homedir } from 'node:os';
import { join } from 'node:path';
import t from 'tap';
import type { Failure } from '../../../src/cli/kernel/failure.js';
import { type RunProgram, run as realRun } from '../../../src/cli/kernel/process.js';
import type { Release } from '../../../src/cli/target/rendering/release.js';
import {
  type Rendering,
  type RenderingOptions,
  renderReleases,
} from '../../../src/cli/target/rendering/render-releases.js';
import { wavesOf } from '../../../src/cli/target/rendering/waves.js';
import { folderOf } from '../../target/rendering/folder.js';

const tools = join(homedir(), '.cache', 'hwctl-bench', 'bin');

/** The first of these programs that answers with that major version. */
function helmOf(major: number): string | undefined {
  return ['helm', join(tools, 'helm'), join(tools, 'helm4')].find((program) =>
    spawnSync(program, ['version', '--short'], { encoding: 'utf8', timeout: 30_000 }).stdout?.startsWith(`v${major}.`),
  );
}

type Files = Record<string, string>;
type Owner = Parameters<typeof folderOf>[0];
type ChartRelease = Extract<Release, { kind: 'chart' }>;

const chartYaml = (name: string, more = '') => `apiVersion: v2\nname: ${name}\nversion: 1.2.3\n${more}`;
const map = (name: string, more = '') => `apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: ${name}\n${more}`;
const job = (name: string, hook: string, more = '') =>
  `apiVersion: batch/v1\nkind: Job\nmetadata:\n  name: ${name}\n  annotations:\n    helm.sh/hook: ${hook}\n${more}`;
const crd = `apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata: {name: xs.a.b}
spec: {group: a.b, scope: Namespaced, names: {kind: X, plural: xs}, versions: [{name: v1, served: true, storage: true}]}
`;

async function serve(t: Owner, answer: (request: IncomingMessage, response: ServerResponse) => void): Promise<string> {
  const server = createServer(answer);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  t.teardown(() => {
    server.closeAllConnections();
    server.close();
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

for (const major of [3, 4]) {
  const helm = helmOf(major);
  const skip = helm === undefined ? `helm ${major} is not installed` : false;
  t.test(`helm ${major}`, { skip }, async (t) => {
    const kubeconfig = join(folderOf(t, {}), 'config');
    const calls: string[][] = [];
    const run: RunProgram = (argv, options) => {
      const [program, ...words] = argv;
      calls.push([...argv]);
      const env = { ...options.env, KUBECONFIG: kubeconfig };
      return realRun([program === 'helm' ? (helm as string) : program, ...words], { ...options, env });
    };
    const render = (
      folder: string,
      releases: readonly Release[],
      more: Partial<RenderingOptions> = {},
    ): Promise<Rendering> =>
      renderReleases(releases, { run, folder, namespace: 'shop', cluster: undefined, timeoutMs: 60_000, ...more });
    const release = (folder: string, more: Partial<ChartRelease> = {}): ChartRelease => ({
      kind: 'chart',
      release: 'shop',
      chart: join(folder, 'app'),
      values: [],
      set: [],
      ...more,
    });
    const chart = async (
      t: Owner,
      files: Files,
      more: Partial<ChartRelease> = {},
      options: Partial<RenderingOptions> = {},
    ) => {
      const folder = folderOf(t, { 'app/Chart.yaml': chartYaml('app'), ...files });
      return render(folder, [release(folder, more)], options);
    };
    const refused = async (work: Promise<unknown>): Promise<Failure> =>
      work.then(
        () => {
          throw new Error('it did not fail');
        },
        (error) => error as Failure,
      );
    const names = ({ objects }: Pick<Rendering, 'objects'>) =>
      objects.map(({ object }) => `${object.kind}/${object.metadata.name}`);

    t.test('objects, CRDs, hooks, tests and lists, each with its template', async (t) => {
      const rendered = await chart(t, {
        'app/crds/x.yaml': crd,
        'app/templates/a.yaml': `# why\n${map('{{ .Release.Name }}', 'data: {ns: {{ .Release.Namespace }}}\n')}---\n---\n# nothing\n`,
        'app/templates/hooks.yaml': `${job('migrate', 'pre-install,pre-upgrade', '    helm.sh/hook-weight: "-1"\n')}---\n${job('seed', 'post-install')}---\n${job('bye', 'pre-delete')}---\n${job('back', 'post-rollback')}`,
        'app/templates/tests/t.yaml': job('check', 'test'),
        'app/templates/list.yaml': `apiVersion: v1\nkind: List\nitems:\n- ${JSON.stringify({ apiVersion: 'v1', kind: 'Secret', metadata: { name: 's' } })}\n`,
        'app/templates/NOTES.txt': 'Thank you',
      });
      t.same(names(rendered).sort(), [
        'ConfigMap/shop',
        'CustomResourceDefinition/xs.a.b',
        'Job/bye',
        'Job/migrate',
        'Job/seed',
        'Secret/s',
      ]);
      t.same(names({ objects: rendered.tests }), ['Job/check']);
      t.match(
        rendered.objects.find(({ object }) => object.kind === 'ConfigMap'),
        { object: { data: { ns: 'shop' } }, source: 'app/templates/a.yaml', defaultNamespace: 'shop', hook: undefined },
      );
      t.same(
        wavesOf(rendered.objects).map((wave) => names(wave).join(' ')),
        ['CustomResourceDefinition/xs.a.b', 'Job/migrate', 'Secret/s ConfigMap/shop', 'Job/seed'],
      );
      t.match(rendered.notes, [/hooks.yaml: Job back is left out/]);
    });

    t.test('what the values are, and the later over the earlier', async (t) => {
      const template = map(
        'a',
        'data: {a: {{ .Values.a | quote }}, b: {{ .Values.b | quote }}, f: {{ .Values.f | quote }}}\n',
      );
      const folder = folderOf(t, {
        'app/Chart.yaml': chartYaml('app'),
        'app/values.yaml': 'a: 1\nb: 1\nf: none\n',
        'app/templates/a.yaml': template,
        'one.yaml': 'a: 2\nb: 2\n',
        'two.yaml': 'b: 3\n',
        'file.txt': 'from a file',
      });
      const { objects } = await render(folder, [
        release(folder, {
          values: [join(folder, 'one.yaml'), join(folder, 'two.yaml')],
          set: [
            { flag: '--set-string', text: 'a=007' },
            { flag: '--set-file', text: 'f=file.txt' },
          ],
        }),
      ]);
      t.match(objects[0]?.object, { data: { a: '007', b: '3', f: 'from a file' } });
    });

    t.test('the version of the cluster and what it serves, and what an earlier release brings', async (t) => {
      const template = map(
        'caps',
        'data:\n  version: {{ .Capabilities.KubeVersion.Version | quote }}\n  apps: "{{ .Capabilities.APIVersions.Has "apps/v9" }}"\n  x: "{{ .Capabilities.APIVersions.Has "a.b/v1/X" }}"\n',
      );
      const folder = folderOf(t, {
        'app/Chart.yaml': chartYaml('app'),
        'app/templates/a.yaml': template,
        'crd.yaml': crd,
      });
      const { objects } = await render(
        folder,
        [{ kind: 'manifests', path: join(folder, 'crd.yaml'), recursive: false }, release(folder)],
        { cluster: { kubernetesVersion: 'v1.29.3', apiVersions: ['apps/v9'] } },
      );
      t.match(objects[1]?.object, { data: { version: 'v1.29.3', apps: 'true', x: 'true' } });
    });

    t.test('dependencies in charts/: a folder and an archive, and a condition', async (t) => {
      const folder = folderOf(t, {
        'kid/Chart.yaml': chartYaml('kid'),
        'kid/templates/k.yaml': map('kid'),
        'app/Chart.yaml': chartYaml(
          'app',
          'dependencies:\n- {name: kid, version: 1.x.x, repository: "https://gone.invalid"}\n- {name: own, version: 1.x.x}\n- {name: side, version: 1.x.x, condition: side.enabled}\n',
        ),
        'app/values.yaml': 'side: {enabled: false}\n',
        'app/charts/own/Chart.yaml': chartYaml('own'),
        'app/charts/own/templates/o.yaml': map('own'),
        'app/charts/side/Chart.yaml': chartYaml('side'),
        'app/charts/side/templates/o.yaml': map('side'),
      });
      spawnSync(helm as string, ['package', join(folder, 'kid'), '-d', join(folder, 'app', 'charts')], {
        timeout: 60_000,
      });
      const rendered = await render(folder, [release(folder)]);
      t.same(names(rendered).sort(), ['ConfigMap/kid', 'ConfigMap/own']);
      t.same(rendered.objects.map(({ source }) => source).sort(), [
        'app/charts/kid/templates/k.yaml',
        'app/charts/own/templates/o.yaml',
      ]);
    });

    t.test('dependencies from a repository, from beside the chart, and chains of both', async (t) => {
      const folder = folderOf(t, {
        'pack/kid/Chart.yaml': chartYaml('kid'),
        'pack/kid/templates/k.yaml': map('kid'),
        'pack/late/Chart.yaml': chartYaml('late').replace('1.2.3', '2.0.0'),
        'pack/late/templates/k.yaml': map('late'),
        'near/Chart.yaml': '',
        'near/templates/n.yaml': map('near'),
        'app/templates/a.yaml': map('{{ .Files.Get "files/name.txt" | trim }}'),
        'app/files/name.txt': 'app\n',
        'app/Chart.lock': 'dependencies:\n- {name: kid, version: 1.2.3, repository: x}\n',
        'app/Chart.yaml': '',
      });
      for (const name of ['kid', 'late'])
        spawnSync(helm as string, ['package', join(folder, 'pack', name), '-d', join(folder, 'repo')], {
          timeout: 60_000,
        });
      const asked: string[] = [];
      const url = await serve(t, (request, response) => {
        asked.push(request.url ?? '');
        const file = join(folder, 'repo', (request.url ?? '').slice(1));
        if (!existsSync(file)) response.writeHead(404).end();
        else response.end(readFileSync(file));
      });
      spawnSync(helm as string, ['repo', 'index', join(folder, 'repo'), '--url', url], { timeout: 60_000 });
      writeFileSync(
        join(folder, 'near/Chart.yaml'),
        chartYaml('near', `dependencies: [{name: late, version: ">=1.0.0", repository: ${url}}]\n`),
      );
      writeFileSync(
        join(folder, 'app/Chart.yaml'),
        chartYaml(
          'app',
          `dependencies:\n- {name: kid, version: 1.x.x, repository: ${url}}\n- {name: near, version: 1.2.3, repository: "file://../near"}\n`,
        ),
      );
      const listed = () => readdirSync(folder, { recursive: true }).map(String).sort();
      const before = listed();
      const kept = join(folderOf(t, {}), 'charts');
      const rendered = await render(folder, [release(folder)], { charts: kept });
      t.same(names(rendered).sort(), ['ConfigMap/app', 'ConfigMap/kid', 'ConfigMap/late', 'ConfigMap/near']);
      t.same(listed(), before, 'nothing is written into the repository');
      t.ok(asked.includes('/kid-1.2.3.tgz'));
      asked.length = 0;
      t.same(names(await render(folder, [release(folder)], { charts: kept })).length, 4);
      t.notOk(asked.includes('/kid-1.2.3.tgz'), 'an exact version is fetched once');
      t.ok(asked.includes('/late-2.0.0.tgz'), 'a range is asked for again');

      const remote = await render(folder, [release(folder, { chart: 'kid', repository: url, version: '1.2.3' })]);
      t.match(remote.objects, [{ object: { metadata: { name: 'kid' } }, source: 'kid/templates/k.yaml' }]);
      t.match(await refused(render(folder, [release(folder, { chart: 'kid', repository: url, version: '9.9.9' })])), {
        code: 'chart',
        message: /the chart kid 9\.9\.9 of http:\S+ cannot be fetched: .*not found/,
        hint: /what it has/,
      });
      t.match(await refused(render(folder, [release(folder, { chart: 'kid', repository: `${url}/gone` })])), {
        code: 'chart',
        message: /cannot be fetched: .*404/,
        hint: /Check the URL|what it has/,
      });
    });

    t.test('a dependency that cannot be had', async (t) => {
      const more = (repository: string) => ({
        'app/Chart.yaml': chartYaml(
          'app',
          `dependencies: [{name: kid, version: 1.0.0${repository === '' ? '' : `, repository: "${repository}"`}}]\n`,
        ),
      });
      for (const [repository, said] of [
        ['', 'kid is in no repository, and charts/ does not hold it'],
        ['file://../nowhere', 'kid: there is no chart in nowhere (file://../nowhere)'],
        ['@nobody', /^the chart nobody\/kid 1.0.0 cannot be fetched: repo nobody not found/],
        ['http://127.0.0.1:1/x', /connection refused/],
        ['oci://127.0.0.1:1/x', /connection refused/],
        ['gopher://x', /cannot be fetched/],
      ] as const)
        t.match(await refused(chart(t, more(repository))), {
          code: 'chart',
          exitCode: 2,
          message: 'app/Chart.yaml: a dependency of the chart cannot be had',
          details: [said],
          hint: /./,
        });
    });

    t.test('charts that depend on each other come to an end', async (t) => {
      const folder = folderOf(t, {
        'app/Chart.yaml': chartYaml('app', 'dependencies: [{name: b, version: 1.2.3, repository: "file://../b"}]\n'),
        'b/Chart.yaml': chartYaml('b', 'dependencies: [{name: app, version: 1.2.3, repository: "file://../app"}]\n'),
      });
      t.match(await refused(render(folder, [release(folder)])), {
        code: 'chart',
        details: [/depend/, /depends on itself/],
      });
    });

    t.test('what helm refuses is told with the file that people open', async (t) => {
      const one = (text: string, files: Files = {}) => refused(chart(t, { 'app/templates/a.yaml': text, ...files }));
      const table: [work: Promise<Failure>, detail: RegExp | string, hint: RegExp][] = [
        [
          one('a: {{ .Values.a.b }}'),
          'app/templates/a.yaml:1:13: at <.Values.a.b>: nil pointer evaluating interface {}.b',
          /value in values:/,
        ],
        [
          one('a: 1\nb: {{ required "image is needed" .Values.image }}'),
          'app/templates/a.yaml:2:6: image is needed',
          /value in values:/,
        ],
        [one('a: {{ fail "never" }}'), 'app/templates/a.yaml:1:6: never', /value in values:/],
        [one('a: {{ if }}'), 'app/templates/a.yaml:1: missing value for if', /Edit the template/],
        [
          one('{{ range .Values.l }}{{ end }}', { 'app/values.yaml': 'l: 5\n' }),
          /^app\/templates\/a.yaml:1:\d+: .*range can't iterate over 5$/,
          /Edit the template/,
        ],
        [one('a: {{ include "no.such" . }}'), /^app\/templates\/a.yaml:1:6: .*no template "no.such"/, /not there/],
        [
          one('a: {{ include "h" . }}', { 'app/templates/_h.tpl': '{{ define "h" }}\n{{ .Values.x.y }}{{ end }}' }),
          /^app\/templates\/_h.tpl:2:10: .*nil pointer.* \(included at app\/templates\/a.yaml:1\)$/,
          /value in values:/,
        ],
        [one('a: b: c\n'), /^app\/templates\/a.yaml: what it renders is no YAML.*mapping values/, /Edit the template/],
        [
          one('hello\n'),
          'app/templates/a.yaml: what it renders is no YAML: no object, but a string',
          /Edit the template/,
        ],
        [one('- a\n'), 'app/templates/a.yaml: what it renders is no YAML: no object, but a list', /Edit the template/],
        [one('', { 'app/values.yaml': 'a: b: c\n' }), /values\.yaml/, /Correct these values/],
        [
          one('', { 'app/Chart.yaml': chartYaml('app', 'kubeVersion: ">=1.99"\n') }),
          /requires kubeVersion/,
          /version of the cluster/,
        ],
        [one('', { 'app/Chart.yaml': chartYaml('app', 'type: library\n') }), /library charts/, /for other charts/],
        [
          refused(chart(t, {}, { set: [{ flag: '--set-json', text: 'a={' }] })),
          /failed parsing --set-json/,
          /Correct these values/,
        ],
        [refused(chart(t, {}, { values: ['/nowhere/values.yaml'] })), /no such file/, /path of a file/],
        [refused(chart(t, {}, { release: 'Bad_Name' })), /invalid release name/, /another release: name/],
      ];
      for (const [work, detail, hint] of table) {
        const failure = await work;
        t.match(
          failure,
          {
            code: 'chart',
            exitCode: 2,
            message: /^the chart app \(release \w+\) does not render$/,
            details: [detail],
            hint,
          },
          String(detail),
        );
      }
      const schema = '{"required":["replicas"],"properties":{"image":{"type":"string"}}}';
      const values = await one('', { 'app/values.schema.json': schema, 'app/values.yaml': 'image: 5\n' });
      t.match(values.details.join('\n'), /replicas.*\n.*\/?image/);
      t.match(values.hint, /Correct these values/);
    });

    t.test('what renders but is no object is told by its line', async (t) => {
      const folder = folderOf(t, {
        'app/Chart.yaml': chartYaml('app'),
        'app/templates/a.yaml': '{{/* */}}\nfoo: bar\n',
        'app/templates/b.yaml': 'apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: {{ .Values.none }}\n',
        'app/templates/c.yaml': `apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: c\n  labels:\n    version: {{ .Values.tag }}\n`,
        'app/values.yaml': 'tag: 1.10\n',
      });
      const failure = await refused(render(folder, [release(folder)]));
      t.match(failure, { code: 'bad-manifests' });
      t.same(failure.details.sort(), [
        'app/templates/a.yaml: line 1 of what it renders: no object of Kubernetes: there is no apiVersion and no kind',
        'app/templates/b.yaml: line 4 of what it renders: metadata: ConfigMap has no name',
        'app/templates/c.yaml: line 6 of what it renders: metadata.labels.version: must be text, is the number 1.1: quote it',
      ]);
    });

    t.test('a password that is another one each time is told as a field that varies', async (t) => {
      const { objects } = await chart(t, {
        'app/templates/a.yaml': `apiVersion: v1\nkind: Secret\nmetadata: {name: a}\ndata: {password: {{ randAlphaNum 10 | b64enc }}, user: YQ==}\n`,
        'app/templates/b.yaml': map('b'),
      });
      t.same(
        objects.map(({ object, varying }) => [object.kind, varying]),
        [
          ['Secret', [['data', 'password']]],
          ['ConfigMap', undefined],
        ],
      );
    });

    t.test('a chart that renders nothing, and a folder that is none', async (t) => {
      const empty = await chart(t, { 'app/templates/a.yaml': '{{ if false }}a: 1{{ end }}' });
      t.same(empty.objects, []);
      t.match(empty.notes, [/^the chart app \(release shop\) renders nothing with these values/]);
      const folder = folderOf(t, { 'app/readme': '' });
      t.match(await refused(render(folder, [release(folder)])), { code: 'chart', hint: /Chart.yaml/ });
    });

    t.test('a link out of the chart, and a chart in a folder of another name', async (t) => {
      const folder = folderOf(t, {
        'app/Chart.yaml': chartYaml('other'),
        'common/a.yaml': map('linked'),
        'app/templates/b.yaml': '{{ fail "here" }}',
      });
      symlinkSync(join(folder, 'common', 'a.yaml'), join(folder, 'app', 'templates', 'a.yaml'));
      t.match(await refused(render(folder, [release(folder)])), { details: ['app/templates/b.yaml:1:3: here'] });
    });

    t.test('lookup reads the cluster, and finds nothing where that answers no', async (t) => {
      const template = map(
        'a',
        'data: {found: "{{ dig "data" "x" "nothing" (lookup "v1" "ConfigMap" "shop" "live") }}"}\n',
      );
      let isForbidden = false;
      const url = await serve(t, (request, response) => {
        const path = (request.url ?? '').split('?')[0];
        const answers: Record<string, object> = {
          '/version': { major: '1', minor: '34', gitVersion: 'v1.34.4' },
          '/api': { kind: 'APIVersions', versions: ['v1'] },
          '/apis': { kind: 'APIGroupList', apiVersion: 'v1', groups: [] },
          '/api/v1': {
            kind: 'APIResourceList',
            groupVersion: 'v1',
            resources: [{ name: 'configmaps', namespaced: true, kind: 'ConfigMap', verbs: ['get'] }],
          },
          '/api/v1/namespaces/shop/configmaps/live': {
            apiVersion: 'v1',
            kind: 'ConfigMap',
            metadata: { name: 'live', namespace: 'shop' },
            data: { x: 'kept' },
          },
        };
        const answer = path === undefined ? undefined : answers[path];
        const status = answer === undefined ? 404 : isForbidden && path?.endsWith('/live') ? 403 : 200;
        const body =
          status === 200
            ? answer
            : {
                kind: 'Status',
                apiVersion: 'v1',
                status: 'Failure',
                reason: status === 403 ? 'Forbidden' : 'NotFound',
                message: 'you may not',
                code: status,
              };
        response.writeHead(status, { 'Content-Type': 'application/json' }).end(JSON.stringify(body));
      });
      writeFileSync(
        kubeconfig,
        JSON.stringify({
          apiVersion: 'v1',
          kind: 'Config',
          clusters: [{ name: 'c', cluster: { server: url } }],
          contexts: [{ name: 'mini', context: { cluster: 'c', user: 'u' } }],
          users: [{ name: 'u', user: {} }],
        }),
      );
      const cluster = { kubernetesVersion: 'v1.34.4', apiVersions: [], context: 'mini' };
      const files = { 'app/templates/a.yaml': template };
      const live = await chart(t, files, {}, { cluster });
      t.match(live.objects[0]?.object, { data: { found: 'kept' } }, live.notes.join());
      isForbidden = true;
      const refusing = await chart(t, files, {}, { cluster });
      t.match(refusing.objects[0]?.object, { data: { found: 'nothing' } });
      t.match(refusing.notes, [/finds nothing of what it looks up in the cluster: .*you may not/]);
      const nowhere = await chart(t, files, {}, { cluster: { ...cluster, context: 'gone' } });
      t.match(nowhere.notes, [/finds nothing .*context "gone" does not exist/]);
      calls.length = 0;
      await chart(t, { 'app/templates/a.yaml': map('a') }, {}, { cluster });
      t.notOk(calls.flat().includes('--dry-run=server'), 'a chart that asks nothing has helm ask nobody');
    });
  });
}

const kubectl = spawnSync('kubectl', ['version', '--client'], { timeout: 30_000 }).status === 0;
t.test(
  'a kustomization, with all that kustomize has',
  { skip: kubectl ? false : 'kubectl is not installed' },
  async (t) => {
    const folder = folderOf(t, {
      'base/kustomization.yaml': 'resources: [a.yaml]\nconfigMapGenerator:\n- {name: conf, literals: [a=1]}\n',
      'base/a.yaml': map('a', 'data: {x: "1"}\n'),
      'over/kustomization.yaml':
        'resources: [../base]\nnamePrefix: dev-\nnamespace: dev\npatches:\n- {target: {kind: ConfigMap, name: a}, patch: "- {op: replace, path: /data/x, value: two}"}\n',
      'broken/kustomization.yaml': 'resources: [no.yaml]\n',
    });
    const options = { run: realRun, folder, namespace: 'shop', cluster: undefined, timeoutMs: 60_000 };
    const { objects } = await renderReleases([{ kind: 'kustomize', path: join(folder, 'over') }], options);
    t.match(objects, [
      {
        object: { metadata: { name: 'dev-a', namespace: 'dev' }, data: { x: 'two' } },
        source: 'over/kustomization.yaml',
      },
      { object: { metadata: { name: /^dev-conf-\w+$/ } } },
    ]);
    const failure = await renderReleases([{ kind: 'kustomize', path: join(folder, 'broken') }], options).catch(
      (error) => error,
    );
    t.match(failure, {
      code: 'kustomize',
      message: 'broken/kustomization.yaml cannot be built',
      details: [/broken\/no.yaml: no such file/],
    });
  },
);

t.test('manifests at a URL: redirects are followed, trouble is told', async (t) => {
  let failures = 0;
  const url = await serve(t, (request, response) => {
    if (request.url === '/moved') response.writeHead(302, { Location: '/a.yaml' }).end();
    else if (request.url === '/a.yaml') response.end(`\ufeff${map('a')}---\n${map('b')}`);
    else if (request.url === '/circle') response.writeHead(302, { Location: '/circle' }).end();
    else if (request.url === '/away') response.writeHead(302, { Location: 'file:///etc/passwd' }).end();
    else if (request.url === '/page') response.end('<!DOCTYPE html><html></html>');
    else if (request.url === '/large') response.end(Buffer.alloc(17 * 1024 * 1024, 0x23));
    else if (request.url === '/once') response.writeHead(failures++ === 0 ? 503 : 200).end(map('once'));
    else if (request.url === '/never') response.writeHead(503).end();
    else if (request.url === '/slow') return;
    else response.writeHead(404).end();
  });
  const folder = folderOf(t, {});
  const options = { run: realRun, folder, namespace: 'shop', cluster: undefined, timeoutMs: 1500 };
  const from = (path: string) =>
    renderReleases([{ kind: 'manifests', path: `${url}${path}`, recursive: false }], options);
  t.match((await from('/moved')).objects, [
    { object: { metadata: { name: 'a' } }, source: `${url}/moved:1` },
    { source: `${url}/moved:6` },
  ]);
  t.match((await from('/once')).objects, [{ object: { metadata: { name: 'once' } } }]);
  for (const [path, said] of Object.entries({
    '/circle': /redirected more than 10 times/,
    '/away': /which is not HTTP/,
    '/page': /a page, not YAML/,
    '/large': /larger than 16 MiB/,
    '/never': /503 .*\(tried 3 times\)/,
    '/gone': /404/,
    '/slow': /tried 3 times/,
  })) {
    const failure = await from(path).catch((error) => error);
    t.match(failure, { code: 'bad-manifests', exitCode: 2, details: [said] }, path);
  }
});
