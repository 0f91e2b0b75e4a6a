import t from 'tap';
import { depthOf } from '../../../src/server/http/json-body.js';

t.test('depth is counted outside of strings', async (t) => {
  for (const [text, depth] of [
    ['1', 0],
    ['"[[["', 0],
    ['"\\"[" ', 0],
    ['[]', 1],
    ['[{"a[":[1]},{"\\\\":[[2]]}]', 4],
  ] as const)
    t.equal(depthOf(text), depth, text);
});
