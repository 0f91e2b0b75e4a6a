import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import t from 'tap';
import type { Failure } from '../../src/cli/kernel/failure.js';
import { nameFrom, readProject } from '../../src/cli/project/project.js';

const root = mkdtempSync(join(tmpdir(), 'hwctl-project-'));
t.teardown(() => rmSync(root, { recursive: true, force: true }));
mkdirSync(join(root, 'k8s'));
mkdirSync(join(root, 'chart'));
writeFileSync(join(root, 'c.json'), '{}');
writeFileSync(join(root, 'v.yaml'), '');
symlinkSync('/etc', join(root, 'etc'));

function read(text: string) {
  writeFileSync(join(root, 'hwctl.yaml'), text);
  return readProject(join(root, 'hwctl.yaml'), 'hwctl.yaml');
}

/** A file that is wrong, and the lines that say so, each at its key or value. */
const wrong: [text: string, ...problems: RegExp[]][] = [
  ['', /^hwctl.yaml:1:1: the file is empty/],
  ['- a\n', /^hwctl.yaml:1:1: expected a project as a mapping, found a list/],
  ['name: [\n', /^hwctl.yaml:2:1: not YAML/],
  ['relases: []\n', /^hwctl.yaml:1:1: unknown field "relases" in a project. Did you mean "releases"\?/],
  ['name: x\nhosts: a\n', /^hwctl.yaml:2:1: unknown field "hosts".*"host"/],
  ['name: Shop\n', /^hwctl.yaml:1:7: "Shop" is no name/],
  ['name: -a\n', /no name/],
  ['host: http://arch.homework/\n', /^hwctl.yaml:1:7: .*no host name/],
  ['host: arch_homework\n', /no host name/],
  ['namespace: a b\n', /no name/],
  ['addons: ingress\n', /^hwctl.yaml:1:9: addons: expected a list, found the text "ingress"/],
  ['releases: { a: b }\n', /expected a list, found a mapping/],
  ['releases: [{}]\n', /^hwctl.yaml:1:12: a release is one of manifests, kustomize or chart/],
  ['releases: [{ manifests: k8s, chart: chart }]\n', /not both/],
  ['releases: [{ manifests: k8s, values: [v.yaml] }]\n', /^hwctl.yaml:1:30: values belongs to a chart/],
  ['releases: [{ chart: chart, recursive: true }]\n', /recursive belongs to manifests/],
  ['releases: [{ manifests: k8s, recursive: yes please }]\n', /expected true or false/],
  ['releases: [{ manifest: k8s }]\n', /unknown field "manifest" in a release. Did you mean "manifests"/],
  ['releases: [{ manifests: none }]\n', /^hwctl.yaml:1:12: manifests: none is not there/],
  ['releases: [{ manifests: ../x }]\n', /leads out of the project/],
  ['releases: [{ manifests: /etc }]\n', /is absolute/],
  ['releases: [{ manifests: etc }]\n', /a link that leads out/],
  ['releases: [{ chart: none }]\n', /chart: none is not there/],
  ['releases: [{ chart: chart, values: [v.yaml, w.yaml] }]\n', /values: w.yaml is not there/],
  ['releases: [{ chart: chart, set: [a] }]\n', /"a" sets nothing/],
  ['releases: [{ chart: chart, set: { a: 1 } }]\n', /expected a list, found a mapping/],
  ['releases: [{ chart: chart, release: My_App }]\n', /no name/],
  ['releases: [k8s]\n', /expected a release as a mapping, found the text "k8s"/],
  ['images: [{ context: k8s }]\n', /needs the field "image"/],
  [
    'images: [{ image: a, context: none, dockerfile: ../Dockerfile }]\n',
    /context: none is not there/,
    /dockerfile: ..\/Dockerfile leads out/,
  ],
  ['images: [{ image: a, arguments: [x] }]\n', /expected a mapping/],
  ['tests: [{}]\n', /a test is a collection or a scenario/],
  ['tests: [{ collection: c.json, scenario: s.yaml }]\n', /one of the two/],
  ['tests: [{ scenario: v.yaml, environment: c.json }]\n', /^hwctl.yaml:1:29: an environment belongs to a collection/],
  ['releases: [{ chart: k8s, set-file: [key=../../etc/passwd] }]\n', /set-file: .* leads out of the project/],
  ['tests: [none.json]\n', /collection: none.json is not there/],
  ['load: { path: [] }\n', /expected text/],
  ['load: { files: [none.js] }\n', /files: none.js is not there/],
  ['monitoring: { dashboards: [none.json] }\n', /dashboards: none.json is not there/],
  ['local: { api: { command: [] } }\n', /at least the program/],
  ['local: { api: { folder: k8s } }\n', /needs the field "command"/],
  ['stacks: { HW1: {} }\n', /^hwctl.yaml:1:11: "HW1" is no name of a stack/],
  ['stacks: { hw1: { stacks: {} } }\n', /unknown field "stacks" in a stack/],
  ['stacks: { hw1: { releases: [{ manifests: none }] } }\n', /none is not there/],
  ['name: x\n---\nname: y\n', /a second document begins here/],
  ['name: x\nname: y\n', /"name" is given twice/],
  [
    'hots: a\nnamspace: b\nreleases: [{ manifests: k8s, valus: [] }]\n',
    /"hots"/,
    /"namspace".*"namespace"/,
    /"valus".*"values"/,
  ],
];

t.test('what is wrong with a hwctl.yaml is told at once, each at its place with the cure', async (t) => {
  for (const [text, ...problems] of wrong) {
    try {
      read(text);
      t.fail(`read: ${text}`);
    } catch (error) {
      const { code, details, hint } = error as Failure;
      t.equal(code, 'bad-project', text);
      t.match(hint, /hwctl init --force/);
      t.equal(details.length, problems.length, `${text}${details.join('\n')}`);
      for (const [at, problem] of problems.entries()) t.match(details[at], problem, text);
    }
  }
});

t.test('five lines are a project; stacks take what stands beside them', async (t) => {
  const one = read(
    'host: arch.homework\nreleases:\n  - manifests: k8s\n  - { chart: oci://x/y, values: v.yaml, set: [a.b=1] }\ntests: [c.json, v.yaml]\n',
  );
  t.equal(one.name, nameFrom(root));
  t.same([...one.stacks.keys()], [one.name]);
  t.match([...one.stacks.values()][0], {
    host: 'arch.homework',
    releases: [{ manifests: 'k8s' }, { values: ['v.yaml'] }],
    tests: [{ collection: 'c.json' }, { scenario: 'v.yaml' }],
  });
  const two = read(
    'name: course\nhost: arch.homework\nstacks:\n  hw1: { releases: [{ manifests: k8s }] }\n  hw2: { host: two.local }\n',
  );
  t.match(Object.fromEntries(two.stacks), {
    hw1: { host: 'arch.homework', releases: [{}] },
    hw2: { host: 'two.local' },
  });
  t.equal(two.name, 'course');
});

t.test('a folder of any name gives a name that Kubernetes takes', async (t) => {
  const names = {
    '/a/My Shop': 'my-shop',
    '/a/hw_05': 'hw-05',
    '/a/-x-': 'x',
    '/': 'project',
    '/a/магазин': 'project',
    [`/${'a'.repeat(80)}`]: 'a'.repeat(63),
  };
  for (const [folder, name] of Object.entries(names)) t.equal(nameFrom(folder), name);
});
