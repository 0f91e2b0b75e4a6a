import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import t from 'tap';
import { parse } from 'yaml';
import { diffObjects, maskIn, maskMaps } from '../../../src/cli/target/manifests/object-diff.js';
import { yamlText } from '../../../src/cli/target/manifests/yaml-text.js';
import { root } from '../../golden.js';

t.test('two states as a unified diff of YAML; the order of fields is none', async (t) => {
  t.equal(diffObjects('x', { a: 1, b: 2 }, { b: 2, a: 1 }), undefined);
  t.equal(diffObjects('x', undefined, undefined), undefined);
  t.strictSame(diffObjects('Deployment/hwctl/auth', { spec: { replicas: 2 } }, { spec: { replicas: 3 } }), {
    ref: 'Deployment/hwctl/auth',
    change: 'update',
    patch:
      '--- live/Deployment/hwctl/auth\n+++ up/Deployment/hwctl/auth\n@@ -1,2 +1,2 @@\n spec:\n-  replicas: 2\n+  replicas: 3\n',
  });
  t.match(diffObjects('x', undefined, { a: 1 }), { change: 'create', patch: /^\+a: 1$/m });
  t.match(diffObjects('x', { a: 1 }, undefined), { change: 'delete', patch: /^-a: 1$/m });
});

t.test('secrets are masked, and told apart only where they change', async (t) => {
  t.strictSame(maskMaps({ a: 'one', b: 'two', gone: 'x' }, { a: 'one', b: 'three', made: 'y' }), [
    { a: '***', b: '*** (before)', gone: '***' },
    { a: '***', b: '*** (after)', made: '***' },
  ]);
  t.strictSame(maskMaps(undefined, { a: 'one' }), [undefined, { a: '***' }]);
  t.equal(maskIn('http://u:pw@h pw', ['pw', '']), 'http://u:***@h ***');
});

t.test('what is one object in memory and what is written twice are the same', async (t) => {
  const shared = { a: {}, list: [[], { b: 1 }] };
  fc.assert(
    fc.property(fc.jsonValue(), (json) => {
      const value = { first: shared, second: json, third: [json, shared.a], fourth: shared };
      const again = JSON.parse(JSON.stringify(value));
      t.equal(diffObjects('x', again, value), undefined);
      t.strictSame(JSON.stringify(parse(yamlText(value))), JSON.stringify(again));
      t.notMatch(yamlText(value), /[&*]a\d/);
    }),
    { seed: 7, numRuns: 100 },
  );
});

t.test('objects become YAML at one place', async (t) => {
  const folder = join(root, 'src/cli/target');
  const files = readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((file) => file.endsWith('.ts'));
  const writing = files.filter((file) =>
    /import \{[^}]*\bstringify\b[^}]*\} from 'yaml'/.test(readFileSync(join(folder, file), 'utf8')),
  );
  t.same(writing, [join('manifests', 'yaml-text.ts')]);
});
