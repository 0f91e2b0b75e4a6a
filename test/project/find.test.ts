import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import t from 'tap';
import { readTree } from '../../src/cli/project/file-tree.js';
import { findIn } from '../../src/cli/project/find.js';
import { collection, deployment, ingress, objectText, treeOf } from './tree.js';

const find = (texts: Record<string, string>) => findIn(treeOf(texts));

/** A file that is something by its content, whatever it is called, and what it is. */
const files: [path: string, text: string, finding: Record<string, unknown>][] = [
  [
    'k8s/01-ns.yaml',
    objectText('v1', 'Namespace', 'm'),
    { kind: 'manifest', line: 1, objects: [{ kind: 'Namespace', name: 'm' }] },
  ],
  [
    'a.yml',
    `# first\n---\n${deployment('api', 'me/api:1')}---\n${ingress('arch.homework')}`,
    { kind: 'manifest', line: 3, objects: [{ images: ['me/api:1'], line: 3 }, { hosts: ['arch.homework'] }] },
  ],
  [
    'list.yaml',
    'apiVersion: v1\nkind: List\nitems:\n  - { apiVersion: v1, kind: Secret, metadata: { name: s } }\n',
    { objects: [{ kind: 'Secret', name: 's' }] },
  ],
  [
    'job.yaml',
    'apiVersion: batch/v1\nkind: Job\nmetadata: { generateName: migrate- }\n',
    { objects: [{ kind: 'Job', name: undefined }] },
  ],
  [
    'x/Chart.yaml',
    'apiVersion: v2\nname: shop\nversion: 0.1.0\ndependencies:\n  - { name: postgresql, version: 12.1.0, repository: "https://charts" }\n',
    { kind: 'chart', line: 2, name: 'shop', dependencies: [{ name: 'postgresql', vendored: false }] },
  ],
  ['k/kustomization.yaml', 'resources: [a.yaml]\n', { kind: 'kustomization', folder: 'k' }],
  [
    'skaffold.yaml',
    'apiVersion: skaffold/v4beta6\nkind: Config\nbuild:\n  artifacts: [{ image: me/api, context: api }]\nmanifests: { rawYaml: [k8s/*.yaml] }\n',
    { kind: 'skaffold', builds: [{ image: 'me/api', context: 'api' }], manifests: ['k8s/*.yaml'] },
  ],
  [
    'dockerfile',
    '# syntax=docker/dockerfile:1\nARG X\nFROM node:24 AS build\nFROM scratch\nEXPOSE 80 443/tcp\nCMD ["a"]\n',
    { kind: 'dockerfile', line: 3, base: 'scratch', ports: [80, 443], command: '["a"]' },
  ],
  ['api.Dockerfile', 'FROM python:3.11-slim\n', { kind: 'dockerfile', base: 'python:3.11-slim' }],
  [
    'docker-compose.yml',
    'services:\n  api: { build: ./api, image: me/api }\n  db: { image: postgres }\n',
    { kind: 'compose', services: ['api', 'db'], builds: [{ image: 'me/api', context: 'api' }] },
  ],
  [
    'shop.postman_collection.json',
    collection('shop'),
    { kind: 'collection', name: 'shop', format: 'v2.1', requests: 2, variables: { baseUrl: 'http://arch.homework' } },
  ],
  ['tests/shop', collection('no extension'), { kind: 'collection', name: 'no extension' }],
  [
    'env.json',
    '{"name":"e","values":[{"key":"a","value":"b"}],\n"_postman_variable_scope":"environment"}',
    { kind: 'environment', line: 2, variables: ['a'] },
  ],
  [
    'api.yaml',
    'openapi: 3.0.0\ninfo: { title: Shop }\npaths: { /a: {} }\n',
    { kind: 'openapi', title: 'Shop', paths: 1 },
  ],
  ['api.json', '{"swagger":"2.0","info":{"title":"Old"},"paths":{}}', { kind: 'openapi', version: '2.0' }],
  ['s.yaml', 'name: s\nsteps:\n  - request: GET /\n', { kind: 'scenario', name: 's' }],
  ['p.yaml', 'name: p\narrivals: { rate: 5 }\nwork: [{ request: GET / }]\n', { kind: 'profile', name: 'p' }],
  [
    'test.js',
    "import http from 'k6/http';\nexport const options = {};\nexport default function () {}\n",
    { kind: 'k6 script', options: true },
  ],
  [
    'lf.py',
    'import os\nfrom locust import HttpUser\nclass Shopper(HttpUser):\n  pass\n',
    { kind: 'locustfile', line: 2, users: ['Shopper'] },
  ],
  [
    'board.json',
    '{"title":"RED","schemaVersion":1,"panels":[{"panels":[{}]}]}',
    { kind: 'dashboard', title: 'RED', panels: 2 },
  ],
];

/** Files that look like something and are nothing of the kind. */
const nothing: [path: string, text: string][] = [
  ['kind.yaml', 'kind: Cluster\napiVersion: kind.x-k8s.io/v1alpha4\n'],
  ['values.yaml', 'name: x\nimage: { repository: me/api, tag: 1 }\n'],
  ['package.json', '{"name":"x"}'],
  ['tsconfig.json', '{ // comments\n }'],
  ['.github/workflows/ci.yaml', 'name: ci\non: push\njobs: {}\n'],
  ['lib.js', "import http from 'node:http';\nexport default 1;\n"],
  ['Dockerfile.md', 'FROM the manual\n'],
  ['.dockerignore', 'FROM\n'],
  ['empty.yaml', ''],
  ['chart/Chart.yaml.bak', 'name: x'],
];

t.test('a file is what it holds, with the line that says so', async (t) => {
  for (const [path, text, finding] of files) t.match(find({ [path]: text }).found, [{ file: path, ...finding }], path);
  for (const [path, text] of nothing) t.same(find({ [path]: text }).found, [], path);
});

t.test('what belongs to a chart is the chart: templates, CRDs, subcharts; a vendored dependency is told', async (t) => {
  const chart =
    'apiVersion: v2\nname: shop\nversion: 1.0.0\ndependencies: [{ name: pg, version: 1.x }, { name: mq, version: 1.x }]\n';
  const { found, unreadable } = find({
    'c/Chart.yaml': chart,
    'c/values.yaml': 'image: { repository: me/api, tag: "2" }\ningress: { hosts: [arch.homework] }\n',
    'c/values-prod.yaml': 'a: 1\n',
    'c/templates/a.yaml': 'apiVersion: v1\nkind: {{ .Values.kind }}\n',
    'c/crds/crd.yaml': objectText('apiextensions.k8s.io/v1', 'CustomResourceDefinition', 'x'),
    'c/charts/pg-1.2.3.tgz': '',
    'c/charts/mq/Chart.yaml': 'name: mq\nversion: 1.0.0\n',
  });
  t.equal(found.length, 1);
  t.match(found[0], {
    kind: 'chart',
    dependencies: [
      { name: 'pg', vendored: true },
      { name: 'mq', vendored: true },
    ],
    valuesFiles: ['c/values.yaml', 'c/values-prod.yaml'],
    images: ['me/api:2'],
    hosts: ['arch.homework'],
  });
  t.same(unreadable, []);
});

t.test('what cannot be read is told with its place, and the rest is found all the same', async (t) => {
  const bomb = `a: &a [x,x,x,x,x,x,x,x,x,x]\n${[...'bcdefghij'].map((name, index) => `${name}: &${name} [${`*${'abcdefghi'[index]},`.repeat(10)}]`).join('\n')}\nkind: x\napiVersion: v1\n`;
  const { found, unreadable } = find({
    'bad.yaml': 'apiVersion: v1\nkind: [\n',
    'template.yaml': 'apiVersion: v1\nkind: {{ kind }}\n  x: 1\n',
    'bad.json': '{"info": {"schema": "https://schema.getpostman.com/json/collection/v2.1.0/"},\n "item": [}',
    'bomb.yaml': bomb,
    'circle.yaml': 'apiVersion: v1\nkind: List\nitems: &all\n  - { apiVersion: v1, kind: List, items: *all }\n',
    'deep.json': `{"panels":${'['.repeat(5_000)}${']'.repeat(5_000)}}`,
    'good.yaml': objectText('v1', 'Namespace', 'm'),
  });
  t.match(found, [{ file: 'good.yaml' }]);
  t.match(unreadable, [
    { file: 'bad.json', line: 2, why: /no JSON/ },
    { file: 'bad.yaml', why: /no YAML/ },
    { file: 'bomb.yaml', why: /alias/i },
    { file: 'circle.yaml', line: 4, why: /inside of its own anchor/ },
    { file: 'deep.json', why: /levels deep/ },
    { file: 'template.yaml', why: /a template of another program\?/ },
  ]);
});

t.test('long lists and names that are no text are taken as they are', async (t) => {
  const schema = 'https://schema.getpostman.com/json/collection/v2.1.0/collection.json';
  const item = Array.from({ length: 300_000 }, () => 1);
  const { found, leftOut, steps } = find({
    'c.json': JSON.stringify({ info: { schema, name: { toString: 1 } }, item: [{ item }] }),
    'up.sh': 'ls\n'.repeat(200_000),
  });
  t.match(found, [{ kind: 'collection', name: '', requests: 0 }]);
  t.match(leftOut, [/up.sh: more than 5000 shell lines/]);
  t.equal(steps.length, 0);
});

t.test('a tree is bounded: links that lead out or in circles, depth, number, size, what is no file', async (t) => {
  const root = mkdtempSync(join(tmpdir(), 'hwctl-tree-'));
  t.teardown(() => rmSync(root, { recursive: true, force: true }));
  mkdirSync(join(root, 'a/b/c/d'), { recursive: true });
  mkdirSync(join(root, 'node_modules/x'), { recursive: true });
  writeFileSync(join(root, 'node_modules/x/a.yaml'), 'x');
  writeFileSync(join(root, 'a/b/c/d/deep.yaml'), 'x');
  writeFileSync(join(root, 'a/large.yaml'), 'x'.repeat(2_000));
  writeFileSync(join(root, 'a/binary.yaml'), Buffer.from([0x61, 0, 0x62]));
  writeFileSync(join(root, 'a/mark.yaml'), '\ufeffkind: x');
  symlinkSync('..', join(root, 'a/up'));
  symlinkSync('/etc', join(root, 'etc'));
  symlinkSync('/etc/passwd', join(root, 'passwd.yaml'));
  symlinkSync('nowhere', join(root, 'dangling'));
  symlinkSync('a/mark.yaml', join(root, 'link.yaml'));
  const bounds = { files: 100, depth: 3, textBytes: 1_000, allBytes: 10_000 };
  const tree = readTree(root, bounds);
  t.same(tree.files, ['a/binary.yaml', 'a/large.yaml', 'a/mark.yaml', 'link.yaml']);
  t.match(tree.leftOut.toSorted(), [
    /a\/b\/c.*deep/,
    /dangling: a link to nothing/,
    /etc: a link that leads out/,
    /passwd.yaml: a link that leads out/,
  ]);
  t.equal(tree.text('a/large.yaml'), undefined, 'too large');
  t.equal(tree.text('a/large.yaml'), undefined, 'and asked for again');
  t.strictSame(
    tree.leftOut.filter((line) => line.includes('large')),
    ['a/large.yaml: more than 1000 bytes'],
    'told once',
  );
  t.ok(tree.isWhole);
  t.equal(tree.text('a/binary.yaml'), undefined, 'binary');
  t.equal(tree.text('link.yaml'), 'kind: x', 'without its mark');
  t.equal(tree.text('passwd.yaml'), undefined, 'never what is outside');
  t.equal(tree.text('../../etc/passwd'), undefined, 'not by name either');
  t.match(readTree(root, { ...bounds, files: 2 }), {
    files: { length: 2 },
    leftOut: [/./, /more than 2 files/],
    isWhole: false,
  });
  const little = readTree(root, { ...bounds, allBytes: 5 });
  t.equal(little.text('a/mark.yaml'), 'kind: x');
  t.equal(little.text('link.yaml'), undefined, 'no more than is to be read in all');
  t.match(little.leftOut.at(-1), /more than 5 bytes: what follows a\/mark.yaml/);
  t.match(findIn(readTree(root, { ...bounds, allBytes: 5 })).leftOut.at(-1), /more than 5 bytes/, 'and it is told');
  t.throws(() => readTree(join(root, 'none')), { code: 'project-folder' });
  t.throws(() => readTree(join(root, 'a/mark.yaml')), { code: 'project-folder' });
});
