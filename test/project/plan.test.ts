import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import t from 'tap';
import { findIn } from '../../src/cli/project/find.js';
import type { Piece } from '../../src/cli/project/piece.js';
import { piecesOf } from '../../src/cli/project/plan-pieces.js';
import { readProject } from '../../src/cli/project/project.js';
import { projectText } from '../../src/cli/project/write-project.js';
import { collection, deployment, ingress, objectText, treeOf } from './tree.js';

const plan = (texts: Record<string, string>): Piece[] => piecesOf(findIn(treeOf(texts)));
const bash = (text: string) => `# Shop\n\n\`\`\`bash\n${text}\n\`\`\`\n`;
const chart = (name: string) => `apiVersion: v2\nname: ${name}\nversion: 0.1.0\n`;

const object = objectText('v1', 'ConfigMap', 'a');
const yaml = (path: string, recursive = false) => ({ kind: 'manifests', path, recursive });

/** What one repository holds, and the pieces that are planned of it. */
const repositories: [what: string, texts: Record<string, string>, pieces: unknown[]][] = [
  [
    'a page that applies a folder without objects, once the reader has gone to the one below',
    { 'README.md': bash('kubectl apply -f ./'), 'compose.yml': 'services: {}\n', 'objects/a.yaml': object },
    [
      {
        releases: [yaml('objects')],
        guesses: [{ about: 'releases', text: '. has no objects, and is taken for objects' }],
      },
    ],
  ],
  [
    'of several below, the one that is named as such folders are',
    { 'README.md': bash('kubectl apply -f .'), 'examples/a.yaml': object, 'kubernetes/a.yaml': object },
    [{ releases: [yaml('kubernetes')] }],
  ],
  [
    'of several below that are all alike, none is taken, and what is said is left out',
    {
      'README.md': bash('kubectl apply -f x\nkubectl apply -f b.yaml'),
      'x/one/a.yaml': object,
      'x/two/a.yaml': object,
      'b.yaml': object,
    },
    [
      {
        releases: [yaml('b.yaml')],
        guesses: [{ about: 'releases', text: /^left out: x\/\*\.yaml is not in the repository/ }],
      },
    ],
  ],
  [
    'what is said of folders below, or of a folder whose files hold what cannot be read, stays as it is said',
    { 'README.md': bash('kubectl apply -R -f x\nkubectl apply -f y'), 'x/one/a.yaml': object, 'y/a.yaml': ':\n  - [' },
    [{ releases: [yaml('x', true), yaml('y')] }],
  ],
  [
    'one chart under one name in two namespaces, of which a reader takes one; two of other values are two',
    {
      'README.md': bash('helm install shop ./c\nhelm install shop ./c -n b\nhelm install shop ./c -n d --set a=1'),
      'c/Chart.yaml': chart('c'),
    },
    [
      {
        releases: [
          { kind: 'chart', release: 'shop', namespace: 'b' },
          { kind: 'chart', release: 'shop', namespace: 'd' },
        ],
      },
    ],
  ],
  [
    'what a page makes by hand is told, without its values; what a manifest holds is not',
    {
      'README.md': bash(
        'kubectl create secret generic jwt --from-literal=KEY=hush --from-literal "b=hush hush"\nkubectl create configmap a --from-file=x\nkubectl apply -f k8s',
      ),
      'k8s/a.yaml': object,
    },
    [
      {
        releases: [yaml('k8s')],
        guesses: [
          {
            text: 'left out, make it by hand before: kubectl create secret generic jwt --from-literal=KEY=... --from-literal=b=...',
            from: { line: 4 },
          },
        ],
      },
    ],
  ],
  [
    "skaffold's pattern of the folders in a folder",
    {
      'skaffold.yaml': 'apiVersion: skaffold/v2beta9\nkind: Config\ndeploy: { kubectl: { manifests: [configs/*] } }\n',
      'configs/routes/a.yaml': object,
    },
    [{ releases: [yaml('configs/routes')] }],
  ],
  [
    'numbered manifests and nothing that says how',
    {
      'k8s/01-ns.yaml': objectText('v1', 'Namespace', 'shop'),
      'k8s/02-app.yaml': deployment('api', 'me/api:1'),
      'k8s/03-ingress.yaml': ingress('arch.homework'),
      'app/Dockerfile': 'FROM node:24\n',
      'tests.json': collection('shop'),
    },
    [
      {
        name: 'shop',
        releases: [{ kind: 'manifests', path: 'k8s' }],
        images: [{ image: 'me/api:1', context: 'app' }],
        addons: [{ name: 'ingress', from: { file: 'k8s/03-ingress.yaml' } }],
        host: { name: 'arch.homework' },
        tests: [{ file: 'tests.json' }],
        guesses: [{ about: 'releases' }, { about: 'images', text: /there is no other/ }, { about: 'addons' }],
      },
    ],
  ],
  [
    'a README that knows the order: namespace, database of others, own chart with values',
    {
      'README.md': bash(
        'kubectl create namespace shop\nhelm repo add bitnami https://charts/bitnami\nhelm install db bitnami/postgresql -n shop -f deploy/db.yaml --version 12\nhelm upgrade --install shop deploy/chart -n shop --set image.tag=2\nnewman run tests/shop.json -e tests/env.json --env-var a=b',
      ),
      'deploy/db.yaml': 'auth: {}\n',
      'deploy/chart/Chart.yaml': chart('shop'),
      'deploy/chart/values.yaml': 'image: { repository: shop-api, tag: 1 }\ningress: { host: shop.local }\n',
      'shop-api/Dockerfile': 'FROM python:3.11-slim\n',
      'tests/shop.json': collection('shop'),
      'tests/env.json': '{"name":"e","values":[],"_postman_variable_scope":"environment"}',
    },
    [
      {
        sources: ['README.md'],
        namespaces: [{ name: 'shop', from: { line: 4 } }],
        releases: [
          {
            kind: 'chart',
            release: 'db',
            chart: { name: 'postgresql', repositoryUrl: 'https://charts/bitnami', version: '12' },
            valuesFiles: ['deploy/db.yaml'],
            namespace: 'shop',
            from: { line: 6 },
          },
          {
            kind: 'chart',
            release: 'shop',
            chart: { name: 'deploy/chart', kind: 'folder' },
            set: [{ text: 'image.tag=2' }],
          },
        ],
        images: [{ image: 'shop-api:2', context: 'shop-api' }],
        host: { name: 'shop.local' },
        tests: [{ file: 'tests/shop.json', environment: 'tests/env.json', variables: ['a=b'] }],
      },
    ],
  ],
  [
    'homework folders: each a piece, each by its own README or contents',
    {
      'hw02/k8s/app.yaml': deployment('app', 'me/hw2'),
      'hw10/README.md': bash('kubectl apply -f k8s'),
      'hw10/k8s/app.yaml': deployment('app', 'me/hw10'),
      'hw3/README.md': bash('helm install app ./chart'),
      'hw3/chart/Chart.yaml': chart('app'),
      'README.md': 'My homework.\n',
    },
    [
      { name: 'hw02', releases: [{ path: 'hw02/k8s' }] },
      { name: 'hw3', releases: [{ chart: { name: 'hw3/chart' } }] },
      { name: 'hw10', releases: [{ path: 'hw10/k8s', from: { file: 'hw10/README.md', line: 4 } }] },
    ],
  ],
  [
    'one README at the root for all homework',
    {
      'README.md': bash('kubectl apply -f hw1/k8s\nhelm install two hw2/chart'),
      'hw1/k8s/app.yaml': deployment('app', 'me/hw1'),
      'hw2/chart/Chart.yaml': chart('two'),
    },
    [
      { name: 'hw1', sources: ['README.md'], releases: [{ path: 'hw1/k8s' }] },
      { name: 'hw2', sources: ['README.md'], releases: [{ release: 'two' }] },
    ],
  ],
  [
    'a README that is older than the Makefile: the one whose paths are there is followed',
    {
      'README.md': bash('helm install app ./old-chart\nkubectl apply -f gone.yaml'),
      Makefile: 'NS=shop\nup:\n\tkubectl create ns $(NS)\n\thelm upgrade --install app ./chart -n $(NS)\n',
      'chart/Chart.yaml': chart('app'),
    },
    [
      {
        sources: ['Makefile'],
        releases: [{ release: 'app', namespace: 'shop' }],
        namespaces: [{ name: 'shop' }],
        guesses: [{ text: /README.md says how to deploy too; Makefile was followed/ }],
      },
    ],
  ],
  [
    'paths of a page in a folder that are meant from the root; what is not there is told',
    {
      'docs/install.md': bash('kubectl apply -f k8s/app.yaml\nkubectl apply -f k8s/none.yaml'),
      'k8s/app.yaml': deployment('app', 'me/app'),
    },
    [
      {
        releases: [{ path: 'k8s/app.yaml' }],
        guesses: [
          { text: /docs\/k8s\/none.yaml is not in the repository/, from: { file: 'docs/install.md', line: 5 } },
        ],
      },
    ],
  ],
  [
    'skaffold: what it requires first, its images, its manifests',
    {
      'skaffold.yaml':
        'apiVersion: skaffold/v4beta6\nkind: Config\nrequires: [{ path: ./db }]\nbuild: { artifacts: [{ image: me/api, context: api, docker: { dockerfile: Dockerfile.prod } }] }\nmanifests: { rawYaml: [k8s/api.yaml] }\n',
      'db/skaffold.yaml':
        'apiVersion: skaffold/v4beta6\nkind: Config\ndeploy: { helm: { releases: [{ name: db, chartPath: chart }] } }\n',
      'db/chart/Chart.yaml': chart('db'),
      'k8s/api.yaml': deployment('api', 'me/api'),
      'api/Dockerfile.prod': 'FROM node:24\n',
    },
    [
      {
        releases: [
          { kind: 'chart', release: 'db', chart: { name: 'db/chart' } },
          { kind: 'manifests', path: 'k8s/api.yaml' },
        ],
        images: [{ image: 'me/api', context: 'api', dockerfile: 'api/Dockerfile.prod' }],
      },
    ],
  ],
  [
    "skaffold's releases of charts: files of values, single values, namespace, repository; what skaffold alone knows is told",
    {
      'deploy/skaffold.yaml': `apiVersion: skaffold/v4beta6
kind: Config
deploy:
  helm:
    releases:
      - name: shop
        chartPath: chart
        namespace: shop
        valuesFiles: [values/dev.yaml, values/none.yaml]
        setValues: { replicas: 2, image: { tag: '1,2' }, hosts: [a.test] }
        setValueTemplates: { image.repository: '{{.IMAGE_REPO}}' }
      - { name: db, remoteChart: postgresql, repo: 'https://charts.example.org', version: 1.2.3 }
`,
      'deploy/chart/Chart.yaml': chart('shop'),
      'deploy/values/dev.yaml': 'a: 1\n',
    },
    [
      {
        releases: [
          {
            kind: 'chart',
            release: 'shop',
            namespace: 'shop',
            valuesFiles: ['deploy/values/dev.yaml'],
            set: [
              { flag: 'set', text: 'replicas=2' },
              { flag: 'set', text: 'image.tag=1\\,2' },
              { flag: 'set', text: 'hosts[0]=a.test' },
            ],
          },
          {
            kind: 'chart',
            release: 'db',
            chart: { name: 'postgresql', repositoryUrl: 'https://charts.example.org', version: '1.2.3' },
          },
        ],
        guesses: [
          { text: 'shop without deploy/values/none.yaml: not in the repository' },
          { text: 'shop without image.repository: skaffold alone works out setValueTemplates' },
        ],
      },
    ],
  ],
  [
    'services that each say how they are built, and a page that brings all up',
    {
      'README.md': bash('kubectl apply -k deploy'),
      'deploy/kustomization.yaml': 'resources: [all.yaml]\n',
      'deploy/all.yaml': `${deployment('orders', 'me/orders:1')}---\n${deployment('users', 'me/users:1')}---\n${deployment('db', 'postgres:15')}`,
      'orders/README.md': bash('docker build -t me/orders --build-arg V=1 .'),
      'orders/Dockerfile': 'FROM node:24\n',
      'users/Dockerfile': 'FROM node:24\n',
    },
    [
      {
        releases: [{ kind: 'kustomize', path: 'deploy' }],
        images: [
          { image: 'me/orders:1', context: 'orders', buildArguments: ['V=1'], from: { file: 'orders/README.md' } },
          { image: 'me/users:1', context: 'users' },
        ],
      },
    ],
  ],
  [
    'paths of a folder that only a sentence names: the one below that ends so, and no other',
    {
      'README.md': `Go to deploy.\n${bash('helm install api charts/api\nhelm install web ./web\nkubectl apply -f two.yaml')}`,
      'deploy/charts/api/Chart.yaml': chart('api'),
      'deploy/web/Chart.yaml': chart('web'),
      'a/two.yaml': deployment('a', 'me/a'),
      'b/two.yaml': deployment('b', 'me/b'),
    },
    [
      {
        releases: [{ chart: { name: 'deploy/charts/api', kind: 'folder' } }, { chart: { name: 'deploy/web' } }],
        guesses: [
          { text: 'charts/api is taken for deploy/charts/api', from: { line: 5 } },
          { text: 'web is taken for deploy/web' },
          { text: /two.yaml is not in the repository/ },
        ],
      },
    ],
  ],
  [
    'kustomizations: those that no other builds on',
    {
      'base/kustomization.yaml': 'resources: [app.yaml]\n',
      'base/app.yaml': deployment('app', 'me/app'),
      'overlays/dev/kustomization.yaml': 'resources: [../../base]\n',
      'db/kustomization.yaml': 'resources: [https://x/y.yaml]\n',
    },
    [
      {
        releases: [
          { kind: 'kustomize', path: 'db' },
          { kind: 'kustomize', path: 'overlays/dev' },
        ],
      },
    ],
  ],
  [
    'what a page names and nobody has is left out, and told; an address is no host',
    {
      'README.md': bash(
        'helm install db stable/mysql\nhelm install app charts/app-1.tgz\nkubectl apply -f k8s\ndocker build -t me/api:1 ./gone\nnewman run c.json -e env.json',
      ),
      'charts/app-1.tgz': '',
      'k8s/app.yaml': deployment('api', 'me/api:1'),
      'k8s/ingress.yaml': ingress('arch_homework'),
      'c.json': collection('shop', '12.50'),
    },
    [
      {
        releases: [{ chart: { name: 'charts/app-1.tgz', kind: 'folder' } }, { path: 'k8s' }],
        images: [],
        host: undefined,
        tests: [{ file: 'c.json', environment: undefined }],
        guesses: [
          { about: 'releases', text: /stable\/mysql/ },
          { about: 'images', text: /gone.* is not in the repository/ },
          { about: 'tests', text: /env.json is not in the repository/ },
          { about: 'addons' },
        ],
      },
    ],
  ],
  ['nothing to deploy', { 'README.md': bash('npm start'), 'index.js': '' }, []],
];

t.test('a repository is planned as its files say', async (t) => {
  for (const [what, texts, pieces] of repositories) {
    const planned = plan(texts);
    t.match(planned, pieces, what);
    t.equal(planned.length, pieces.length, `${what}: pieces`);
  }
});

t.test('what is written of a plan is read again without a problem, and says the same', async (t) => {
  const root = mkdtempSync(join(tmpdir(), 'hwctl-plan-'));
  t.teardown(() => rmSync(root, { recursive: true, force: true }));
  for (const [at, [what, texts]] of repositories.entries()) {
    const pieces = plan(texts);
    if (pieces.length === 0) continue;
    const folder = join(root, String(at));
    for (const [path, text] of Object.entries(texts)) {
      mkdirSync(dirname(join(folder, path)), { recursive: true });
      writeFileSync(join(folder, path), text);
    }
    const file = join(folder, 'hwctl.yaml');
    writeFileSync(file, projectText(folder, pieces));
    const { stacks } = readProject(file);
    t.same([...stacks.keys()], pieces.length === 1 ? [String(at)] : pieces.map(({ name }) => name), what);
    for (const [index, stack] of [...stacks.values()].entries()) {
      const piece = pieces[index]!;
      t.equal(stack.releases?.length, piece.releases.length, `${what}: releases`);
      t.same(
        (stack.images ?? []).map(({ image }) => image),
        piece.images.map(({ image }) => image),
        `${what}: images`,
      );
      t.equal(stack.host, piece.host?.name, `${what}: host`);
      t.equal(stack.tests?.length ?? 0, piece.tests.length, `${what}: tests`);
    }
  }
});

t.test('no name of a repository is a line of what is written, or acts on a terminal', async (t) => {
  const root = mkdtempSync(join(tmpdir(), 'hwctl-names-'));
  t.teardown(() => rmSync(root, { recursive: true, force: true }));
  const folder = join(root, 'null');
  const path = 'k8s/a\nlocal: { x: { command: [touch] } }\n#.yaml';
  const texts = {
    [path]: deployment('api', 'me/api:1'),
    'k8s/---.yaml': deployment('web', 'me/web:1'),
    'k8s/values.yaml': 'a: 1\n',
    'README.md': bash('helm install \u001b[31mred ./none'),
    'x.json': collection('\u001b]0;title\u0007'),
  };
  for (const [name, text] of Object.entries(texts)) {
    mkdirSync(dirname(join(folder, name)), { recursive: true });
    writeFileSync(join(folder, name), text);
  }
  const text = projectText(folder, plan(texts));
  t.notMatch(text, /[\u0000-\u0009\u000b-\u001f]/);
  const file = join(folder, 'hwctl.yaml');
  writeFileSync(file, text);
  const { name, stacks } = readProject(file);
  t.equal(name, 'null');
  const [stack] = stacks.values();
  t.same(stack?.releases?.map(({ manifests }) => manifests).toSorted(), ['k8s/---.yaml', path].toSorted());
  t.equal(stack?.local, undefined);
});

t.test('a list in JSON is one value, a name that is given twice the last', async (t) => {
  const texts = {
    'README.md': bash(
      `helm install app ./chart --set-json 'all=[{"a":1},{"b":2}]' --set a=1,b=2\nnewman run c.json --env-var a=1 --env-var a=2`,
    ),
    'chart/Chart.yaml': chart('app'),
    'c.json': collection('shop'),
  };
  const text = projectText('/shop', plan(texts));
  t.match(text, 'set-json: ["all=[{\\"a\\":1},{\\"b\\":2}]"]');
  t.match(text, 'set: ["a=1", "b=2"]');
  t.match(text, 'variables: { "a": "2" }');
});
