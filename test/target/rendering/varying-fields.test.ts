import fc from 'fast-check';
import t from 'tap';
import type { KubeObject } from '../../../src/cli/target/manifests/kube-object.js';
import { keepLive, varyingFields } from '../../../src/cli/target/rendering/varying-fields.js';

const secret = (fields: object): KubeObject => ({
  apiVersion: 'v1',
  kind: 'Secret',
  metadata: { name: 'a' },
  ...fields,
});

t.test('the fields that differ, no more and no less', async (t) => {
  const one = { a: 1, list: [{ x: 1 }, 2], same: { deep: [] }, gone: true, kind: 'a' };
  const other = { a: 2, list: [{ x: 3 }, 2], same: { deep: [] }, kind: { b: 1 }, more: null };
  t.same(varyingFields(one, other), [['a'], ['list', 0, 'x'], ['gone'], ['kind'], ['more']]);
  t.same(varyingFields([1], [1, 2]), [[]], 'lists of other lengths differ as a whole');
});

t.test('what is live is kept where it varies, and nowhere else', async (t) => {
  const rendered = secret({ data: { password: 'bmV3', user: 'dXNlcg==' } });
  const live = secret({ data: { password: 'b2xk', user: 'b3RoZXI=' } });
  t.same(keepLive(rendered, [['data', 'password']], live), secret({ data: { password: 'b2xk', user: 'dXNlcg==' } }));
  t.same(rendered, secret({ data: { password: 'bmV3', user: 'dXNlcg==' } }), 'the rendered one stays as it was');
  t.same(
    keepLive(secret({ stringData: { password: 'new' } }), [['stringData', 'password']], live),
    secret({ stringData: { password: 'old' } }),
    'stringData is live as data',
  );
  t.same(keepLive(rendered, [['data', 'password']], secret({})), rendered, 'nothing is live');
  t.same(keepLive(rendered, [['data', 'gone'], []], live), rendered);
  t.same(keepLive(secret({ data: {} }), [['__proto__', 'x']], live), secret({ data: {} }));
});

t.test('whatever two renderings hold: the fields of the live one at what varies make the one the other', async () => {
  const value = fc.jsonValue({ maxDepth: 3 });
  const object = fc.record({ spec: fc.dictionary(fc.constantFrom('a', 'b', 'c'), value), data: fc.constant(1) });
  fc.assert(
    fc.property(object, object, (one, other) => {
      const varying = varyingFields(one, other).filter((path) => {
        const has = (value: unknown): boolean => {
          let at = value;
          return path.every((step) => {
            const isThere = typeof at === 'object' && at !== null && Object.hasOwn(at, step);
            if (isThere) at = (at as Record<string, unknown>)[step];
            return isThere;
          });
        };
        return has(one) && has(other);
      });
      const kept = keepLive({ ...secret({}), ...one }, varying, { ...secret({}), ...other });
      return varyingFields(kept, { ...secret({}), ...other }).every(
        (path) => !varying.some((each) => `${each}` === `${path}`),
      );
    }),
    { seed: 7, numRuns: 200 },
  );
});
