import t from 'tap';
import { parseIdempotencyKey } from '../../../src/server/http/idempotency-key.js';
import type { Problem } from '../../../src/server/http/problem.js';
import { canonical } from '../../../src/server/idempotency.js';

const accepted: [string, string][] = [
  ['a', 'a'],
  ['"a"', 'a'],
  ['a b', 'a b'],
  ['"a b "', 'a b '],
  ['"a\\"b\\\\c"', 'a"b\\c'],
  ['a"b', 'a"b'],
  ['x'.repeat(255), 'x'.repeat(255)],
  [`"${'x'.repeat(255)}"`, 'x'.repeat(255)],
];
for (const [line, key] of accepted) t.equal(parseIdempotencyKey([line], true), key, line.slice(0, 20));

function statusOf(parse: () => unknown): number | undefined {
  try {
    parse();
    return undefined;
  } catch (error) {
    return (error as Problem).status;
  }
}

const refused = [
  '',
  '""',
  '"',
  '"a',
  'a\tb',
  ' a',
  'a\u007f',
  'a\u0000',
  'caf\u00e9',
  '"a\\b"',
  '"a";q=1',
  'x'.repeat(256),
];
for (const line of refused)
  t.equal(
    statusOf(() => parseIdempotencyKey([line], false)),
    400,
    JSON.stringify(line).slice(0, 20),
  );
t.equal(
  statusOf(() => parseIdempotencyKey(['a', 'a'], false)),
  400,
  'two lines',
);
t.equal(
  statusOf(() => parseIdempotencyKey(undefined, true)),
  400,
);
t.equal(parseIdempotencyKey(undefined, false), undefined);

t.equal(canonical({ b: [1, { d: null, c: 'x' }], a: 1.5 }), '{"a":1.5,"b":[1,{"c":"x","d":null}]}');
t.equal(canonical(JSON.parse('{"a":1,"a":2.0}')), canonical({ a: 2 }));
