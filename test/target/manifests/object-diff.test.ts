import t from 'tap';
import { diffObjects, maskIn, maskMaps } from '../../../src/cli/target/manifests/object-diff.js';

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
