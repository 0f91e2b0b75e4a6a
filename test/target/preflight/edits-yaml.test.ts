import t from 'tap';
import { parse } from 'yaml';
import { editsYaml } from '../../../src/cli/target/preflight/edits-yaml.js';

const edits = { 'Deployment/web': { spec: { replicas: 1, paused: null } }, 'Job/old': null };

t.test('edits are added, and every other byte stays', async (t) => {
  const before = `# a project
name: shop   # its name
releases:
  - manifests: k8s       # README.md:3
# the end
`;
  t.equal(
    editsYaml(before, edits),
    `# a project
name: shop   # its name
releases:
  - manifests: k8s       # README.md:3
edits:
  Deployment/web:
    spec:
      replicas: 1
      paused: null
  Job/old: null
# the end
`,
  );
  t.equal(editsYaml(before, {}), before);
});

t.test('those that are there stay, comments, too; of one object both hold', async (t) => {
  const before = `edits:
  # smaller
  Deployment/api: { spec: { replicas: 1 } }  # why
host: a.test
`;
  t.equal(editsYaml(before, { 'Job/old': null }), before.replace('# why\n', '# why\n  Job/old: null\n'));
  const again = editsYaml(before, { 'Deployment/api': { spec: { paused: true } } });
  t.strictSame(parse(again), { edits: { 'Deployment/api': { spec: { replicas: 1, paused: true } } }, host: 'a.test' });
});

t.test('of a stack; of an empty file; without a newline at the end; in braces', async (t) => {
  const stacks = `stacks:\n  one:\n    host: a.test\n\n  two: # second\n    host: b.test\n`;
  t.equal(
    editsYaml(stacks, { 'Job/a': null }, { stack: 'one' }),
    stacks.replace('a.test\n', 'a.test\n    edits:\n      Job/a: null\n'),
  );
  t.equal(editsYaml(stacks, { 'Job/a': null }, { stack: 'two' }), `${stacks}    edits:\n      Job/a: null\n`);
  t.strictSame(parse(editsYaml('', { 'Job/a': null })), { edits: { 'Job/a': null } });
  t.equal(editsYaml('name: a', { 'Job/a': null }), 'name: a\nedits:\n  Job/a: null\n');
  t.strictSame(parse(editsYaml('{name: a}', { 'Job/a': null })), { name: 'a', edits: { 'Job/a': null } });
  t.strictSame(parse(editsYaml('name: a\nedits:\nhost: b\n', { 'Job/a': null })), {
    name: 'a',
    edits: { 'Job/a': null },
    host: 'b',
  });
  t.strictSame(parse(editsYaml('name: a\nedits: {}\n', { 'Job/a': null })), { name: 'a', edits: { 'Job/a': null } });
});

t.test('what is no project is refused', async (t) => {
  t.throws(() => editsYaml('- a\n', edits), { code: 'bad-project', message: /is no map/ });
  t.throws(() => editsYaml('a: [\n', edits), { code: 'bad-project' });
  t.throws(() => editsYaml('name: a\n', edits, { stack: 'x' }), { message: /no stack "x"/ });
});
