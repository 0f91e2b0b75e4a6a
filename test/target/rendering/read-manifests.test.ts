import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { Gathering } from '../../../src/cli/target/rendering/gathering.js';
import { objectsOfText, readManifests } from '../../../src/cli/target/rendering/read-manifests.js';
import { folderOf } from './folder.js';

const map = 'apiVersion: v1\nkind: ConfigMap\n';

function read(text: string, alone = true) {
  const gathering = new Gathering();
  const objects = objectsOfText(text, { shown: 'k8s/a.yaml', alone }, gathering);
  return { objects, problems: gathering.problems, notes: gathering.notes };
}

/** Text of one file, and what is said of it: place first. */
const bad: Record<string, [text: string, ...said: string[]]> = {
  'nothing in it': ['', 'k8s/a.yaml: no objects in it'],
  'comments alone': ['# one\n---\n# two\n', 'k8s/a.yaml: no objects in it'],
  'an empty list': ['apiVersion: v1\nkind: List\nitems: []\n', 'k8s/a.yaml: no objects in it'],
  'a list without items': ['apiVersion: v1\nkind: List\nitems:\n', 'k8s/a.yaml: no objects in it'],
  'items that are a map': [
    'apiVersion: v1\nkind: List\nitems: {a: 1}\n',
    'k8s/a.yaml:3:8: items: items must be a list',
  ],
  'an item that is text': [
    'apiVersion: v1\nkind: List\nitems: [a]\n',
    'k8s/a.yaml:3:9: items[0]: no object of Kubernetes: "a" alone',
  ],
  'an item without a kind': [
    'apiVersion: v1\nkind: List\nitems:\n- metadata: {name: a}\n',
    'k8s/a.yaml:4:3: items[0]: no object of Kubernetes: there is no apiVersion and no kind',
  ],
  'text alone': ['hello\n', 'k8s/a.yaml:1:1: no object of Kubernetes: "hello" alone'],
  'no blank after the colon': ['apiVersion:v1\n', 'k8s/a.yaml:1:1: no object of Kubernetes: "apiVersion:v1" alone'],
  'a list of objects': ['- apiVersion: v1\n  kind: Pod\n', 'k8s/a.yaml:1:1: no object of Kubernetes: a list'],
  'no kind': ['apiVersion: v1\nmetadata: {name: a}\n', 'k8s/a.yaml:1:1: no object of Kubernetes: there is no kind'],
  'no apiVersion': [
    'kind: Deployment\nmetadata: {name: a}\n',
    'k8s/a.yaml:1:1: Deployment has no apiVersion: add apiVersion: apps/v1',
  ],
  'no apiVersion, and a slip': [
    'kind: Deploymnt\nmetadata: {name: a}\n',
    'k8s/a.yaml:1:1: Deploymnt has no apiVersion. Did you mean "Deployment"?',
  ],
  'a kind that is a number': [
    'apiVersion: v1\nkind: 5\nmetadata: {name: a}\n',
    'k8s/a.yaml:1:1: kind: must be text, is the number 5: quote it',
  ],
  'a version that is a number': [
    'apiVersion: 1\nkind: Pod\nmetadata: {name: a}\n',
    'k8s/a.yaml:1:1: apiVersion: must be text, is the number 1: quote it',
  ],
  'a version with two slashes': [
    'apiVersion: apps/v1/x\nkind: Pod\nmetadata: {name: a}\n',
    'k8s/a.yaml:1:13: apiVersion: "apps/v1/x" is no version of an API, such as v1 or apps/v1',
  ],
  'a kind that is a path': [
    'apiVersion: v1\nkind: ../x\nmetadata: {name: a}\n',
    'k8s/a.yaml:2:7: kind: "../x" is no kind',
  ],
  'no metadata': [map, 'k8s/a.yaml:1:1: ConfigMap has no metadata, and so no name'],
  'metadata that is a list': [`${map}metadata: []\n`, 'k8s/a.yaml:3:11: metadata: must be a map, is a list'],
  'no name': [`${map}metadata: {labels: {a: b}}\n`, 'k8s/a.yaml:3:11: metadata: ConfigMap has no name'],
  'a name of nothing': [`${map}metadata: {name: }\n`, 'k8s/a.yaml:3:11: metadata: ConfigMap has no name'],
  'a name that is a number': [
    `${map}metadata: {name: 123}\n`,
    'k8s/a.yaml:3:18: metadata.name: must be text, is the number 123: quote it',
  ],
  'a name that is a boolean': [
    `${map}metadata: {name: on}\n`,
    'k8s/a.yaml:3:18: metadata.name: must be text, is the boolean true: quote it',
  ],
  'a name that is a map': [
    `${map}metadata: {name: {{ .Values.x }}}\n`,
    'k8s/a.yaml:3:19: a key is text, and this is a map or a list. A value with {{...}} needs quotes here',
  ],
  'a name with a capital': [
    `${map}metadata: {name: Abc}\n`,
    'k8s/a.yaml:3:18: metadata.name: "Abc" is no name: a to z, 0 to 9, - and ., a letter or digit at both ends, at most 253',
  ],
  'a name with an underscore': [
    `${map}metadata: {name: a_b}\n`,
    'k8s/a.yaml:3:18: metadata.name: "a_b" is no name: a to z, 0 to 9, - and ., a letter or digit at both ends, at most 253',
  ],
  'a name that leaves its path': [
    'apiVersion: rbac.authorization.k8s.io/v1\nkind: ClusterRole\nmetadata: {name: a/../b}\n',
    'k8s/a.yaml:3:18: metadata.name: "a/../b" is no name: no / and no %',
  ],
  'a Service whose name begins with a digit': [
    'apiVersion: v1\nkind: Service\nmetadata: {name: 1a}\n',
    'k8s/a.yaml:3:18: metadata.name: "1a" is no name of a Service: a to z, 0 to 9 and -, a letter first, at most 63',
  ],
  'a Namespace with a dot': [
    'apiVersion: v1\nkind: Namespace\nmetadata: {name: a.b}\n',
    'k8s/a.yaml:3:18: metadata.name: "a.b" is no name of a namespace: a to z, 0 to 9 and -, at most 63',
  ],
  'a namespace that is a number': [
    `${map}metadata: {name: a, namespace: 12}\n`,
    'k8s/a.yaml:3:32: metadata.namespace: must be text, is the number 12: quote it',
  ],
  'a namespace that is a path': [
    `${map}metadata: {name: a, namespace: ../b}\n`,
    'k8s/a.yaml:3:32: metadata.namespace: "../b" is no name of a namespace: a to z, 0 to 9 and -, at most 63',
  ],
  'a label that is a number': [
    `${map}metadata: {name: a, labels: {v: 1}}\n`,
    'k8s/a.yaml:3:33: metadata.labels.v: must be text, is the number 1: quote it',
  ],
  'labels that are a list': [
    `${map}metadata: {name: a, labels: [a]}\n`,
    'k8s/a.yaml:3:29: metadata.labels: must be a map of texts, is a list',
  ],
  'an annotation that is a boolean': [
    `${map}metadata:\n  name: a\n  annotations:\n    a.b/c: yes\n`,
    'k8s/a.yaml:6:12: metadata.annotations["a.b/c"]: must be text, is the boolean true: quote it',
  ],
  'a generated name that is none': [
    `${map}metadata: {generateName: A-}\n`,
    'k8s/a.yaml:3:26: metadata.generateName: "A-0" is no name: a to z, 0 to 9, - and ., a letter or digit at both ends, at most 253',
  ],
  'a key twice': [
    `${map}metadata: {name: a}\ndata: {x: "1", x: "2"}\n`,
    'k8s/a.yaml:4:16: "x" is given twice: kubectl takes the last one',
  ],
  'a key twice, once by its number': [
    `${map}metadata: {name: a}\ndata: {1: a, "1": b}\n`,
    'k8s/a.yaml:4:14: "1" is given twice: kubectl takes the last one',
  ],
  'a whole part twice': [
    `${map}metadata: {name: a}\nmetadata: {name: b}\n`,
    'k8s/a.yaml:4:1: "metadata" is given twice: kubectl takes the last one',
  ],
  'a tab': [`${map}metadata:\n\tname: a\n`, 'k8s/a.yaml:4:1: not YAML: Tabs are not allowed as indentation'],
  'a quote without its end': [
    `${map}metadata: {name: "a}\n`,
    'k8s/a.yaml:4:1: not YAML: Missing closing "quote',
    'k8s/a.yaml:4:1: not YAML: Flow map in block collection must be sufficiently indented and end with a }',
  ],
  'a value that no scalar begins like': [
    `${map}metadata: {name: a}\ndata:\n  x: @y\n`,
    'k8s/a.yaml:5:6: not YAML: Plain value cannot start with reserved character @',
  ],
  'an anchor of another document': [
    `${map}metadata: {name: &n a}\n---\n${map}metadata: {name: *n}\n`,
    'k8s/a.yaml:7:18: no anchor &n stands before this',
  ],
  'an alias inside of its anchor': [
    `${map}metadata: {name: a}\nx: &x {y: *x}\n`,
    'k8s/a.yaml:4:11: *x stands inside of its own anchor &x: it would have no end',
  ],
  'a key that is a list': [
    `${map}metadata: {name: a}\n? [a]\n: b\n`,
    'k8s/a.yaml:4:3: a key is text, and this is a map or a list',
  ],
  'a key that is nothing': [
    `${map}metadata: {name: a}\ndata: {~: b}\n`,
    'k8s/a.yaml:4:8: a key is text, and this is nothing',
  ],
  'an infinity': [
    `${map}metadata: {name: a}\nx: .inf\n`,
    'k8s/a.yaml:4:4: ".inf" is no value that JSON has: quote it where text is meant',
  ],
  'a tag that does not fit': [
    `${map}metadata: {name: a}\nx: !!int five\n`,
    'k8s/a.yaml:4:10: "five" is no value that JSON has, or not one of !!int: quote it where text is meant',
  ],
  'a number that would be another one': [
    `${map}metadata: {name: a}\nx: 9007199254740993\n`,
    'k8s/a.yaml:4:4: 9007199254740993 is beyond what a JSON number holds exactly: quote it where text is taken',
  ],
  "kind's own Cluster": [
    'kind: Cluster\napiVersion: kind.x-k8s.io/v1alpha4\n',
    'k8s/a.yaml:1:1: no object of Kubernetes: it is for kind',
  ],
  'a kustomization': [
    'apiVersion: kustomize.config.k8s.io/v1beta1\nkind: Kustomization\nresources: []\n',
    'k8s/a.yaml:1:1: no object of Kubernetes: it is for kustomize. Write kustomize: with its folder instead of manifests:',
  ],
  'values of a chart': ['replicas: 3\n', 'k8s/a.yaml:1:1: no object of Kubernetes: it is for another program'],
  'all of them at once': [
    `${map}metadata: {name: 1}\n---\nkind: Pod\n---\n${map}metadata: {name: a, labels: {a: 1, b: 2}}\n`,
    'k8s/a.yaml:3:18: metadata.name: must be text, is the number 1: quote it',
    'k8s/a.yaml:5:1: Pod has no apiVersion: add apiVersion: v1',
    'k8s/a.yaml:9:33: metadata.labels.a: must be text, is the number 1: quote it',
    'k8s/a.yaml:9:39: metadata.labels.b: must be text, is the number 2: quote it',
  ],
};

t.test('what is no object is told with its place', async (t) => {
  t.ok(Object.keys(bad).length >= 40);
  for (const [name, [text, ...said]] of Object.entries(bad)) t.same(read(text).problems, said, name);
});

/** Text, and the objects that kubectl 1.34 makes of it. */
const good: Record<string, [text: string, ...objects: object[]]> = {
  'several documents': [
    `${map}metadata: {name: a}\n--- # next\n${map}metadata: {name: b}\n...\n---\n`,
    { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'a' } },
    { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'b' } },
  ],
  'the ends of lines of Windows': [
    `${map}metadata: {name: a}\ndata:\n  x: |\n    1\n    2\n`.replaceAll('\n', '\r\n'),
    { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'a' }, data: { x: '1\n2\n' } },
  ],
  JSON: [
    '{"apiVersion":"v1","kind":"Pod","metadata":{"name":"a"},"x":1.50}',
    { apiVersion: 'v1', kind: 'Pod', metadata: { name: 'a' }, x: 1.5 },
  ],
  'merge keys and aliases': [
    `${map}metadata: {name: a}\nx: &x {a: 1, b: yes}\ny: {<<: *x, b: 3}\nz: [*x]\n`,
    {
      apiVersion: 'v1',
      kind: 'ConfigMap',
      metadata: { name: 'a' },
      x: { a: 1, b: true },
      true: { a: 1, b: 3 },
      z: [{ a: 1, b: true }],
    },
  ],
  'a List, and one within it': [
    'apiVersion: v1\nkind: List\nitems:\n- {apiVersion: v1, kind: Pod, metadata: {name: a}}\n- {apiVersion: v1, kind: List, items: [{apiVersion: v1, kind: Pod, metadata: {name: b}}]}\n',
    { apiVersion: 'v1', kind: 'Pod', metadata: { name: 'a' } },
    { apiVersion: 'v1', kind: 'Pod', metadata: { name: 'b' } },
  ],
  'a list of one kind, whose items do not say it': [
    'apiVersion: rbac.authorization.k8s.io/v1\nkind: RoleList\nitems: [{metadata: {name: "a:b"}}]\n',
    { apiVersion: 'rbac.authorization.k8s.io/v1', kind: 'Role', metadata: { name: 'a:b' } },
  ],
  'a kind that nobody knows, whole': [
    'apiVersion: example.com/v1alpha1\nkind: Strange\nmetadata: {name: a, finalizers: [x]}\nspec: {a: [1, null, {b: "no"}], c: ~}\nstatus: {}\n',
    {
      apiVersion: 'example.com/v1alpha1',
      kind: 'Strange',
      metadata: { name: 'a', finalizers: ['x'] },
      spec: { a: [1, null, { b: 'no' }], c: null },
      status: {},
    },
  ],
  'labels of nothing': [
    `${map}metadata: {name: a, namespace: "", labels: {x: null, z: }, annotations: }\n`,
    { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'a', labels: { x: '', z: '' } } },
  ],
  'a quantity beyond numbers, and a schema with one': [
    `apiVersion: v1\nkind: ResourceQuota\nmetadata: {name: a}\nspec: {hard: {x: 9223372036854775807}}\n---\napiVersion: apiextensions.k8s.io/v1\nkind: CustomResourceDefinition\nmetadata: {name: a}\nspec: {maximum: 9223372036854775807}\n`,
    { apiVersion: 'v1', kind: 'ResourceQuota', metadata: { name: 'a' }, spec: { hard: { x: '9223372036854775807' } } },
    {
      apiVersion: 'apiextensions.k8s.io/v1',
      kind: 'CustomResourceDefinition',
      metadata: { name: 'a' },
      spec: { maximum: 2 ** 63 },
    },
  ],
  'tags, and text that looks like more': [
    `${map}metadata: {name: a}\nx: [!Ref b, !!int "5", !!str 5, !!binary aGk=, "yes", 'null']\n`,
    { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'a' }, x: ['b', 5, '5', 'hi', 'yes', 'null'] },
  ],
};

t.test('what kubectl takes is taken, nothing lost', async (t) => {
  for (const [name, [text, ...objects]] of Object.entries(good)) {
    const got = read(text);
    t.same(got.problems, [], name);
    t.strictSame(
      got.objects.map(({ object }) => object),
      objects,
      name,
    );
  }
});

t.test('each object knows the line where it begins', async (t) => {
  const items = '- {apiVersion: v1, kind: Pod, metadata: {name: b}}\n';
  const { objects } = read(`# a\n${map}metadata: {name: a}\n---\nkind: List\napiVersion: v1\nitems:\n${items}`);
  t.same(
    objects.map(({ source }) => source),
    ['k8s/a.yaml:2', 'k8s/a.yaml:9'],
  );
});

t.test('a key of the prototype is a key, and changes nothing', async (t) => {
  const [first] = read(`${map}metadata: {name: a}\ndata: {__proto__: x, constructor: z}\n`).objects;
  t.equal(JSON.stringify(first?.object.data), '{"__proto__":"x","constructor":"z"}');
});

t.test('a name is generated from the content, and so the same next time', async (t) => {
  const job = (image: string) =>
    `apiVersion: batch/v1\nkind: Job\nmetadata: {generateName: load-}\nspec: {image: ${image}}\n`;
  const name = (image: string) => read(job(image)).objects[0]?.object.metadata.name;
  t.match(name('a:1'), /^load-[0-9a-f]{8}$/);
  t.equal(name('a:1'), name('a:1'));
  t.not(name('a:1'), name('a:2'));
});

t.test(
  'a folder as kubectl reads it: names in order, nothing below unless asked, other programs left out',
  async (t) => {
    const object = (name: string) => `${map}metadata: {name: ${name}}\n`;
    const base = folderOf(t, {
      'k8s/10-b.yml': object('b'),
      'k8s/02-a.yaml': object('a'),
      'k8s/3-c.json': '{"apiVersion":"v1","kind":"Pod","metadata":{"name":"c"}}',
      'k8s/below/d.yaml': object('d'),
      'k8s/notes.txt': 'no',
      'k8s/e.YAML': object('e'),
      'k8s/skaffold.yaml': 'apiVersion: skaffold/v4beta6\nkind: Config\n',
      'k8s/kustomization.yaml': 'resources: [02-a.yaml]\n',
      'k8s/values.yaml': 'image:\n  tag: 1\n',
      'k8s/docker-compose.yml': 'services: {a: {image: b}}\n',
      'k8s/tests.json': '{"info":{"schema":"x"},"item":[]}',
      'k8s/list.json': '[1, 2]',
      'k8s/kind.yaml': 'kind: Cluster\napiVersion: kind.x-k8s.io/v1alpha4\n',
      'k8s/kube.config.yaml': 'apiVersion: v1\nkind: Config\ncontexts: []\n',
    });
    const names = (recursive: boolean) => {
      const gathering = new Gathering();
      const objects = readManifests(join(base, 'k8s'), { recursive, base }, gathering);
      t.same(gathering.problems, []);
      return { names: objects.map(({ object: { metadata } }) => metadata.name), notes: gathering.notes };
    };
    t.same(names(false).names, ['a', 'b', 'c']);
    t.same(names(true).names, ['a', 'b', 'c', 'd']);
    t.equal(names(false).notes.length, 8);
    t.match(names(false).notes, [
      /^k8s\/docker-compose.yml is left out: it is for compose, no object of Kubernetes$/,
      /kind/,
      /kubectl/,
      /kustomize/,
      /list.json is left out: it is for another program/,
      /skaffold/,
      /tests.json is left out: it is for another program/,
      /values.yaml is left out: it is for helm/,
    ]);
  },
);

t.test('files that cannot be read, all at once', async (t) => {
  const base = folderOf(t, {
    'empty/README.md': '',
    'empty/below/a.yaml': `${map}metadata: {name: a}\n`,
    'chart/Chart.yaml': 'apiVersion: v2\nname: a\nversion: 1.0.0\n',
    'chart/templates/a.yaml': 'a: {{ .Values.x }}\n',
    'bytes/a.yaml': Buffer.from([0x61, 0x3a, 0xff]),
    'bytes/marked.yaml': `\ufeff${map}metadata: {name: marked}\n`,
    'secret.yaml': `${map}metadata: {name: secret}\n`,
  });
  mkdirSync(join(base, 'project', 'k8s'), { recursive: true });
  writeFileSync(join(base, 'project', 'k8s', 'a.yaml'), `${map}metadata: {name: a}\n`);
  symlinkSync(join(base, 'secret.yaml'), join(base, 'project', 'k8s', 'b.yaml'));
  symlinkSync(join(base, 'nowhere'), join(base, 'project', 'k8s', 'c.yaml'));
  symlinkSync('/dev/zero', join(base, 'project', 'k8s', 'd.yaml'));
  symlinkSync('a.yaml', join(base, 'project', 'k8s', 'e.yaml'));
  const problems = (path: string, from = base) => {
    const gathering = new Gathering();
    readManifests(join(from, path), { recursive: false, base: from }, gathering);
    return gathering.problems;
  };
  t.same(problems('missing'), ['missing: cannot be read: there is no such file']);
  t.same(problems('empty'), [
    'empty: no objects in this folder: no .yaml, .yml or .json file. Add recursive: true for the folders below it',
  ]);
  t.same(problems('chart'), ['chart: no objects in this folder: none of its one file holds any']);
  t.match(problems('chart/templates/a.yaml'), [/needs quotes here\. This is a template of a chart: deploy it as one/]);
  t.same(problems('bytes'), ['bytes/a.yaml: cannot be read: it is not text in UTF-8']);
  t.same(problems('k8s', join(base, 'project')), [
    'k8s/b.yaml: leads out of the project',
    'k8s/c.yaml: cannot be read: there is no such file',
    'k8s/d.yaml: leads out of the project',
  ]);
});
