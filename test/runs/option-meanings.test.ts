import t from 'tap';
import { hwctl } from '../golden.js';
import { LocalPlatform } from '../target/local-platform.js';

t.setTimeout(300_000);

t.test('flags without meaning on the local target are refused', async (t) => {
  for (const argv of [
    ['up', '--cpus', '3'],
    ['up', '--registry', 'r'],
    ['down', '--delete-cluster'],
    ['forward', '--address', '0.0.0.0'],
  ]) {
    const [command = '', ...rest] = argv;
    const run = await hwctl([command, '--target', 'local', ...rest]);
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
  t.match(await hwctl(['up', 'notes', '--manifests', foreign, '--target', 'local']), {
    exitCode: 2,
    stderr:
      /nothing of notes can run on the local target.*\n {2}Deployment\/notes: it runs notes:dev, which needs a container\ncure:/,
  });
  t.match(await hwctl(['up', '--manifests', `${foreign}/notes`, '--target', 'local']), {
    exitCode: 2,
    stderr: /there is no stack in .*\ncure: {2}It is a stack itself: name the folder above it/,
  });
});

t.test('scenario: its usage where none of its commands is named, and one JSON document for each', async (t) => {
  t.match(await hwctl(['scenario']), {
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
    const { stdout } = await hwctl(argv);
    t.type(JSON.parse(stdout), 'object', argv.join(' '));
  }
});

t.test('an interrupted up says what goes on and how to end it', async (t) => {
  const platform = new LocalPlatform(t);
  const run = await platform.run(['up', 'orders'], {
    onStderr: (text, pid) => text.includes('process/gateway') && process.kill(pid, 'SIGINT'),
  });
  t.match(run, {
    exitCode: 130,
    stderr: /hwctl status --target local shows it, hwctl down --target local ends it\nInterrupted/,
  });
});
