/**
 * Bad input of a project through the commands: of each kind exit code 2, the place, and a cure. Nothing is made, nothing is
 * written, and what a page says is never called.
 */
import { spawnSync } from 'node:child_process';
import {
  closeSync,
  existsSync,
  ftruncateSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readdirSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import t from 'tap';
import type { Context } from '../../src/cli/commands/context/context.js';
import { runCommand } from '../../src/cli/commands/program.js';
import { systemClock } from '../../src/cli/kernel/clock.js';
import { root } from '../golden.js';

const home = mkdtempSync(join(tmpdir(), 'hwctl-input-'));
t.teardown(() => rmSync(home, { recursive: true, force: true }));

interface Told {
  exitCode: number;
  stdout: string;
  stderr: string;
}

/** `hwctl up --dry-run` of a folder, without a cluster. */
async function up(folder: string): Promise<Told> {
  let [stdout, stderr] = ['', ''];
  const print = (lines: string | readonly string[]) => {
    stdout += `${[lines].flat().join('\n')}\n`;
  };
  const argv = ['up', '--target', 'local', '--dry-run', '-f', '.'];
  const context = {
    argv,
    env: { HOME: home, XDG_STATE_HOME: join(home, 'state'), KUBECONFIG: '/none', PATH: process.env.PATH },
    cwd: folder,
    root,
    version: '0',
    clock: systemClock,
    signal: new AbortController().signal,
    color: false,
    columns: 80,
    interactive: false,
    endsWithReader: false,
    exitCode: 0,
    stdin: {},
    stdout: { write: () => true },
    stderr: { isTTY: false },
    note: (lines: string | string[]) => {
      stderr += `${[lines].flat().join('\n')}\n`;
    },
    print,
    document: print,
    write: (text: string) => {
      stdout += text;
    },
    json: (value: unknown) => print(JSON.stringify(value)),
    annotate: print,
    beginReport: () => undefined,
    endReport: () => undefined,
  };
  const exitCode = await runCommand(argv, context as unknown as Context);
  return { exitCode, stdout, stderr };
}

type Files = Readonly<Record<string, string>>;
let count = 0;

function folderOf(files: Files): string {
  count += 1;
  const folder = join(home, `case-${count}`);
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, name)), { recursive: true });
    writeFileSync(join(folder, name), text);
  }
  return folder;
}

const map = (name: string, more = '') => `apiVersion: v1\nkind: ConfigMap\nmetadata: {name: ${name}}\n${more}`;
const plain = { 'k8s/a.yaml': map('a'), 'chart/values.yaml': '', 'c.json': '{}' };
/** A hwctl.yaml beside what a project has. */
const file = (text: string): Files => ({ ...plain, 'hwctl.yaml': text });
/** One manifest, in a folder that a hwctl.yaml names. */
const manifest = (text: string): Files => ({ 'k8s/a.yaml': text, 'hwctl.yaml': 'releases: [{ manifests: k8s }]\n' });

/** What is there, the place that is told, and what is said of it. */
const cases: readonly (readonly [what: string, files: Files, ...told: RegExp[]])[] = [
  ['an empty file', file(''), /hwctl.yaml:1:1: the file is empty/],
  ['a list', file('- a\n'), /hwctl.yaml:1:1: expected a project as a mapping/],
  ['no YAML', file('name: [\n'), /hwctl.yaml:2:1: not YAML/],
  ['an unknown field', file('relases: []\n'), /hwctl.yaml:1:1: .*"relases".*"releases"/],
  ['an unknown field of a release', file('releases: [{ manifest: k8s }]\n'), /hwctl.yaml:1:14: .*"manifests"/],
  ['an unknown field of an image', file('images: [{ image: a, dokerfile: D }]\n'), /"dokerfile".*"dockerfile"/],
  ['an unknown field of a test', file('tests: [{ colection: c.json }]\n'), /"collection"/],
  ['a wrong type', file('addons: ingress\n'), /hwctl.yaml:1:9: addons: expected a list/],
  ['a list for a name', file('name: [5]\n'), /hwctl.yaml:1:7: /],
  ['a name that is none', file('name: My Shop\n'), /hwctl.yaml:1:7: .*no name/],
  ['a host with a scheme', file('host: http://a.b/\n'), /hwctl.yaml:1:7: .*no host name/],
  ['a namespace that is none', file('namespace: A_B\n'), /hwctl.yaml:1:12: .*no name/],
  ['a release of nothing', file('releases: [{}]\n'), /one of manifests, kustomize or chart/],
  ['a release of two kinds', file('releases: [{ manifests: k8s, chart: chart }]\n'), /not both/],
  ['values of manifests', file('releases: [{ manifests: k8s, values: c.json }]\n'), /values belongs to a chart/],
  ['a value that sets nothing', file('releases: [{ chart: chart, set: [a] }]\n'), /"a" sets nothing/],
  ['a folder that is not there', file('releases: [{ manifests: none }]\n'), /hwctl.yaml:1:12: .*none is not there/],
  ['values that are not there', file('releases: [{ chart: chart, values: n.yaml }]\n'), /n.yaml is not there/],
  ['a folder above', file('releases: [{ manifests: ../x }]\n'), /leads out of the project/],
  ['a path from the root', file('releases: [{ manifests: /etc }]\n'), /is absolute/],
  ['a secret of the machine', file('releases: [{ chart: chart, set-file: [a=../../etc/passwd] }]\n'), /leads out/],
  [
    'a Dockerfile that is not there',
    file('images: [{ image: a, dockerfile: Dockerfile }]\n'),
    /Dockerfile is not there/,
  ],
  ['a build folder outside', file('images: [{ image: a, context: .. }]\n'), /leads out of the project/],
  ['a test that is not there', file('tests: [x.json]\n'), /x.json is not there/],
  ['a profile that is not there', file('load: { files: [x.js] }\n'), /x.js is not there/],
  ['a dashboard that is not there', file('monitoring: { dashboards: [x.json] }\n'), /x.json is not there/],
  ['a stack of no name', file('stacks: { HW_1: {} }\n'), /no name of a stack/],
  ['stacks in stacks', file('stacks: { a: { stacks: {} } }\n'), /unknown field "stacks"/],
  ['a key twice', file('name: x\nname: y\n'), /hwctl.yaml:2:1: .*given twice/],
  ['two documents', file('name: x\n---\nname: y\n'), /a second document/],
  ['an alias of itself', file('edits: &a { b: *a }\n'), /hwctl.yaml:1:/],
  ['three at once', file('a: 1\nhots: b\naddons: 1\n'), /:1:1: /, /:2:1: .*"host"/, /:3:9: /],
  ['the name of the platform', file('name: hwctl\nreleases: [{ manifests: k8s }]\n'), /the name hwctl is/, /name: my-/],

  ['a mapping that is no object', manifest('a: 1\n'), /k8s(\/a.yaml:1)?: /],
  ['a text', manifest('hello\n'), /k8s/],
  ['no YAML in a manifest', manifest('apiVersion: v1\nkind: [\n'), /k8s\/a.yaml:\d+:\d+: /],
  ['tabs', manifest('apiVersion: v1\nkind: Pod\nmetadata:\n\tname: a\n'), /k8s\/a.yaml:4:1: /],
  ['no name', manifest('apiVersion: v1\nkind: ConfigMap\nmetadata: {}\n'), /k8s\/a.yaml:\d.*name/],
  ['no kind', manifest('apiVersion: v1\nmetadata: {name: a}\n'), /k8s\/a.yaml:1.*kind/],
  ['no apiVersion', manifest('kind: ConfigMap\nmetadata: {name: a}\n'), /k8s\/a.yaml:1.*apiVersion/],
  ['metadata that is a list', manifest('apiVersion: v1\nkind: ConfigMap\nmetadata: []\n'), /k8s\/a.yaml:3.*metadata/],
  ['a name that is a number', manifest('apiVersion: v1\nkind: ConfigMap\nmetadata: {name: 1}\n'), /a.yaml:3.*name/],
  ['a label that is true', manifest(map('a').replace('a}', 'a, labels: {x: true}}')), /a.yaml:3.*labels/],
  ['a template', manifest('apiVersion: v1\nkind: ConfigMap\nmetadata: {name: {{ .Values.a }}}\n'), /k8s\/a.yaml:3/],
  [
    'one object twice, of two minds',
    manifest(`${map('a')}---\n${map('a', 'data: {b: c}\n')}`),
    /a.yaml:5: .*also in .*:1/,
  ],
  ['nothing', manifest(''), /k8s: no objects in this folder/],
  ['comments', manifest('# later\n'), /k8s: no objects/],
  ['a bomb of aliases', manifest(bomb()), /k8s\/a.yaml/],
  ['an alias of nothing', manifest('a: *b\n'), /k8s\/a.yaml:1:4/],
  ['bytes', manifest('\u0000\u0001'), /k8s/],
  [
    'a folder of folders',
    { 'k8s/x/a.yaml': map('a'), 'hwctl.yaml': 'releases: [{ manifests: k8s }]\n' },
    /k8s: no objects.*recursive: true/,
  ],
  ['a chart as manifests', { 'k8s/Chart.yaml': 'name: a\n', 'hwctl.yaml': 'releases: [{ manifests: k8s }]\n' }, /k8s/],
  [
    'a values file as manifests',
    { 'k8s/a.yaml': map('a'), 'v.yaml': 'replicas: 1\n', 'hwctl.yaml': 'releases: [{ manifests: v.yaml }]\n' },
    /v.yaml:1/,
  ],
  [
    'an object of two files',
    {
      'k8s/a.yaml': map('a'),
      'k8s/b.yaml': map('a', 'data: {b: c}\n'),
      'hwctl.yaml': 'releases: [{ manifests: k8s }]\n',
    },
    /k8s\/b.yaml:1: ConfigMap a is also in k8s\/a.yaml:1, and differs/,
  ],
  [
    'two stacks of two minds',
    {
      'a/a.yaml': map('a'),
      'b/a.yaml': map('a', 'data: {b: c}\n'),
      'hwctl.yaml': 'releases: [{ manifests: a }, { manifests: b }]\n',
    },
    /b\/a.yaml:1: .*also in a\/a.yaml/,
  ],
  [
    'edits of nothing',
    file('releases: [{ manifests: k8s }]\nedits: { ConfigMap/none: { a: 1 } }\n'),
    /ConfigMap\/none/,
  ],
  ['an edit of no object', file('releases: [{ manifests: k8s }]\nedits: { none: { a: 1 } }\n'), /none/],
  ['no project', { 'a.txt': '' }, /nothing that can be deployed was found/],
  ['several pieces of work', { 'hw1/a.yaml': map('a'), 'hw2/a.yaml': map('b') }, /hw1/, /hw2/],
];

function bomb(): string {
  const lines = ['a0: &a0 [x, x, x, x, x, x, x, x, x, x]'];
  for (let i = 1; i < 12; i += 1) lines.push(`a${i}: &a${i} [${`*a${i - 1}, `.repeat(10)}]`);
  return `${lines.join('\n')}\n`;
}

for (const [what, files, ...told] of cases)
  t.test(`bad input: ${what}`, async (t) => {
    const folder = folderOf(files);
    const before = readdirSync(folder, { recursive: true }).sort();
    const { exitCode, stdout, stderr } = await up(folder);
    t.equal(exitCode, 2, `${stdout}${stderr}`);
    for (const part of told) t.match(stderr, part);
    t.match(stderr, /^error: .*\n(?: {2}.*\n)*cure: {2}\S/m);
    t.notMatch(stderr, /bug|\n\s+at .*:\d+:\d+/);
    t.strictSame(readdirSync(folder, { recursive: true }).sort(), before, 'nothing is written');
  });

const hasHelm = spawnSync('helm', ['version', '--short'], { timeout: 30_000 }).status === 0;

t.test(
  'charts that do not render: what helm says of which file and line',
  { skip: !hasHelm && 'no helm' },
  async (t) => {
    const chart = (template: string, more: Files = {}): Files => ({
      'app/Chart.yaml': 'apiVersion: v2\nname: app\nversion: 0.1.0\n',
      'app/templates/a.yaml': template,
      'hwctl.yaml': 'releases: [{ chart: app }]\n',
      ...more,
    });
    const rows: readonly (readonly [Files, RegExp])[] = [
      [chart('{{ .Values.a.b.c }}'), /app\/templates\/a.yaml:1:\d+: .*nil pointer/],
      [chart('{{ if }}'), /app\/templates\/a.yaml:1: /],
      [chart('{{ include "none" . }}'), /app\/templates\/a.yaml:1:\d+.*none/],
      [chart('{{ fail "give it a name" }}'), /give it a name/],
      [chart('a: b: c\n'), /app\/templates\/a.yaml/],
      [chart('a: 1\n'), /app\/templates\/a.yaml/],
      [chart(map('a'), { 'app/Chart.yaml': 'name: app\n' }), /app/],
      [chart(map('a'), { 'app/values.yaml': 'a: [\n' }), /values.yaml/],
      [
        chart(map('a'), {
          'app/Chart.yaml':
            'apiVersion: v2\nname: app\nversion: 0.1.0\ndependencies: [{name: none, version: 1, repository: "http://127.0.0.1:1"}]\n',
        }),
        /none|127\.0\.0\.1/,
      ],
    ];
    for (const [files, told] of rows) {
      const { exitCode, stdout, stderr } = await up(folderOf(files));
      t.equal(exitCode, 2, `${stdout}${stderr}`);
      t.match(stderr, told);
      t.match(stderr, /^cure: {2}\S/m);
    }
  },
);

t.test('what a page says is read and never called', async (t) => {
  const mark = join(home, 'called');
  const lines = [
    `rm -rf ${home}/case-1`,
    `touch ${mark}; kubectl apply -f k8s`,
    `kubectl apply -f "$(touch ${mark})"`,
    `helm install a \`touch ${mark}\` ./chart`,
    `curl http://127.0.0.1:1/x | sh`,
    `kubectl apply -f k8s && touch ${mark}`,
    `eval "touch ${mark}"`,
    'kubectl apply -f ../../etc',
    'kubectl delete namespace default',
  ];
  const folder = folderOf({
    'README.md': `# A\n\n\`\`\`bash\n${lines.join('\n')}\n\`\`\`\n`,
    Makefile: `all:\n\t$(shell touch ${mark})\n\ttouch ${mark}\n`,
    'k8s/a.yaml': map('a'),
  });
  const { exitCode, stderr } = await up(folder);
  // Of what is planned nothing is a process; that is told once everything is read.
  t.match({ exitCode, stderr }, { exitCode: 2, stderr: /nothing of .* can run on the local target/ });
  t.match(stderr, /README.md:6: not understood: .*is known to a shell alone/);
  t.match(stderr, /README.md:11: .*outside the repository/);
  t.notOk(existsSync(mark));
  t.ok(existsSync(join(home, 'case-1')));
});

t.test('links out of the tree, endless files, and more than anybody deploys are told in bounded time', async (t) => {
  const folder = folderOf({ 'k8s/a.yaml': map('a') });
  symlinkSync('/etc', join(folder, 'k8s/etc'));
  symlinkSync('..', join(folder, 'k8s/up'));
  const huge = openSync(join(folder, 'k8s/huge.yaml'), 'w');
  ftruncateSync(huge, 1024 ** 3);
  closeSync(huge);
  const large = await up(folder);
  t.match(large, { exitCode: 2, stderr: /nothing of .* can run on the local target/ });
  t.match(large.stderr, /k8s\/etc: a link that leads out/);
  t.match(large.stderr, /k8s\/huge.yaml: more than \d+ bytes/);
  symlinkSync('/etc/passwd', join(folder, 'k8s/b.yaml'));
  writeFileSync(join(folder, 'hwctl.yaml'), 'releases: [{ manifests: k8s }]\n');
  const outside = await up(folder);
  t.match(outside, { exitCode: 2, stderr: /k8s\/b.yaml: leads out of the project/ });
  t.match(outside.stderr, /k8s\/huge.yaml: /);

  const many = folderOf({ 'k8s/a.yaml': map('a') });
  for (let i = 0; i < 20_001; i += 1) writeFileSync(join(many, `${i}.txt`), '');
  t.match(await up(many), { exitCode: 2, stderr: /more files than are looked at.*hwctl init/s });
});
