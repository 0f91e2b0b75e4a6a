import t from 'tap';
import { checkMeanings, withoutMeaningHere } from '../../src/cli/commands/options/option-meanings.js';
import { applyValues } from '../../src/cli/target/manifests/edits.js';
import type { StackObject } from '../../src/cli/target/manifests/stack-object.js';
import { hwctlInside } from '../golden.js';

const all = ['local', 'minikube', 'kind', 'kube'] as const;
const clusters = ['minikube', 'kind', 'kube'];
/** Each option with a value, and the targets on which it means something. */
const table: [options: object, on: readonly string[]][] = [
  [{ context: 'c' }, clusters],
  [{ allowContext: 'c' }, clusters],
  [{ profile: 'p' }, ['minikube', 'kind']],
  [{ cpus: '3' }, ['minikube']],
  [{ memory: '4g' }, ['minikube']],
  [{ kubernetesVersion: 'v1' }, ['minikube', 'kind']],
  [{ registry: 'r' }, clusters],
  [{ forceConflicts: true }, clusters],
  [{ setNamespace: true }, clusters],
  [{ deleteCluster: true }, ['minikube', 'kind']],
  [{ address: '0.0.0.0' }, clusters],
  [{ address: '127.0.0.1' }, all],
  [{ forceConflicts: false, json: true, timeout: '5m' }, all],
];

t.test('an option that means nothing on a target is refused there', (t) => {
  for (const [options, on] of table) {
    for (const target of all) {
      const name = `${JSON.stringify(options)} on ${target}`;
      if (on.includes(target)) t.doesNotThrow(() => checkMeanings(options, target), name);
      else t.throws(() => checkMeanings(options, target), { code: 'usage', message: / means nothing on the / }, name);
    }
  }
  t.end();
});

t.test('values that change nothing for local processes are told, each with its reason', (t) => {
  const told = (values: object) => withoutMeaningHere(values).map((line) => line.split(' ')[0]);
  t.strictSame(told({ store: 'postgres', replicas: 2, host: 'a.test', monitoring: false }), ['store', 'replicas']);
  t.strictSame(told({ image: 'x:1', namespace: 'n', resources: {}, ingressClass: 'c', monitoring: true }), [
    'image',
    'namespace',
    'resources',
    'ingressClass',
    'monitoring',
  ]);
  t.strictSame(told({ store: 'sqlite', ingress: false, host: 'x.test' }), []);
  t.end();
});

t.test('a value that nothing in foreign manifests holds is refused', (t) => {
  const spec = { template: { spec: { containers: [{ name: 'notes', image: 'notes:dev' }] } } };
  const object = { apiVersion: 'apps/v1', kind: 'Deployment', metadata: { name: 'notes' }, spec };
  const objects = [{ object, stacks: ['k8s'], part: 'application' }] as unknown as StackObject[];
  for (const values of [{ image: 'x:1' }, { replicas: 3 }, { host: 'x.test' }, { ingressClass: 'n' }]) {
    t.throws(() => applyValues(objects, values), { code: 'bad-values', message: /it would change nothing/ });
  }
  t.throws(() => applyValues(objects, { replicas: { notes: 3 } }), {
    message: /there is no notes/,
    hint: /there is nothing of the kind/,
  });
  t.end();
});

t.test('flags without meaning on the local target are refused', async (t) => {
  for (const argv of [
    ['up', '--cpus', '3'],
    ['up', '--registry', 'r'],
    ['down', '--delete-cluster'],
    ['forward', '--address', '0.0.0.0'],
  ]) {
    const [command = '', ...rest] = argv;
    const run = await hwctlInside([command, '--target', 'local', ...rest]);
    t.match(run, { exitCode: 2, stderr: /means nothing on the local target\ncure: / }, argv.join(' '));
  }
});

t.test('stacks of which nothing runs here, and folders without a stack, are errors', async (t) => {
  const foreign = t.testdir({
    notes: {
      'kustomization.yaml': 'resources: [deployment.yaml]\n',
      'deployment.yaml': `apiVersion: apps/v1
kind: Deployment
metadata: { name: notes }
spec:
  selector: { matchLabels: { app: notes } }
  template:
    metadata: { labels: { app: notes } }
    spec: { containers: [{ name: notes, image: 'notes:dev' }] }
`,
    },
  });
  t.match(await hwctlInside(['up', 'notes', '--manifests', foreign, '--target', 'local']), {
    exitCode: 2,
    stderr:
      /nothing of notes can run on the local target.*\n {2}Deployment\/notes: it runs notes:dev, which needs a container\ncure:/,
  });
  t.match(await hwctlInside(['up', '--manifests', `${foreign}/notes`, '--target', 'local']), {
    exitCode: 2,
    stderr: /there is no stack in .*\ncure: {2}It is a stack itself: name the folder above it/,
  });
});

t.test('scenario: its usage where none of its commands is named, and one JSON document for each', async (t) => {
  t.match(await hwctlInside(['scenario']), {
    exitCode: 2,
    stdout: /Usage: hwctl scenario[\s\S]*validate/,
    stderr: /needs one of its commands\ncure: {2}hwctl scenario --help/,
  });
  const schema = 'https://schema.getpostman.com/json/collection/v2.1.0/collection.json';
  const item = [{ name: 'a', request: { method: 'GET', url: 'http://127.0.0.1:1/' } }];
  const folder = t.testdir({ 'c.json': JSON.stringify({ info: { name: 'c', schema }, item }) });
  for (const argv of [
    ['scenario', '--json'],
    ['scenario', '--json', 'list'],
    ['scenario', 'list', '--json'],
    ['scenario', 'show', 'hello', '--json'],
    ['scenario', 'validate', 'hello', '--json'],
    ['scenario', 'export', 'hello', '--to', 'curl', '--json'],
    ['scenario', 'import', `${folder}/c.json`, '--json'],
  ]) {
    const { stdout } = await hwctlInside(argv);
    t.type(JSON.parse(stdout), 'object', argv.join(' '));
  }
});
