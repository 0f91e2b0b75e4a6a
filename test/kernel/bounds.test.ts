import fc from 'fast-check';
import t from 'tap';
import { TooSlow, withinDeadline } from '../../src/cli/kernel/deadline.js';
import { deepestJson, parseJson, TooDeep } from '../../src/cli/kernel/json.js';
import { Pattern } from '../../src/cli/kernel/pattern.js';

const seed = 20_2607;

t.test('work that does not end is ended, and after three times not begun', (t) => {
  const explode = () => /(a+)+$/.test(`${'a'.repeat(60)}!`);
  for (let i = 0; i < 3; i++) {
    const beganMs = performance.now();
    t.throws(() => withinDeadline('x', explode, 30), new TooSlow('x did not come to an end within 0.03 s'));
    t.ok(performance.now() - beganMs < 2000);
  }
  let begun = false;
  const begin = () => {
    begun = true;
  };
  t.throws(() => withinDeadline('x', begin, 30), /3 times: it is not tried again/);
  t.notOk(begun);
  t.equal(
    withinDeadline('outer', () => withinDeadline('inner', () => 7)),
    7,
  );
  t.throws(
    () =>
      withinDeadline('y', () => {
        throw new RangeError('of its own');
      }),
    new RangeError('of its own'),
  );
  t.end();
});

t.test('a pattern finds what RegExp finds', (t) => {
  const pattern = fc
    .array(
      fc.constantFrom(
        'a',
        'b',
        '(a)',
        '(?:b|c)',
        '[ab]',
        '\\w',
        '.',
        'a+',
        'b*',
        '(?<x>c?)',
        '[^a]+',
        '^',
        '$',
        '{',
        '\\(',
      ),
      {
        minLength: 1,
        maxLength: 4,
      },
    )
    .map((parts) => parts.join(''))
    .filter((source) => {
      try {
        return new RegExp(source, 'mu') instanceof RegExp;
      } catch {
        return false;
      }
    });
  fc.assert(
    fc.property(
      pattern,
      fc.string({ unit: fc.constantFrom('a', 'b', 'c', '(', '\n'), maxLength: 30 }),
      (source, text) => {
        const found = new Pattern(source, 'mu').exec(text);
        return JSON.stringify(found) === JSON.stringify(new RegExp(source, 'mu').exec(text));
      },
    ),
    { seed, numRuns: 200 },
  );
  t.throws(() => new Pattern('(', 'u'), SyntaxError);
  t.end();
});

t.test('JSON is read to a depth that all who walk through it can bear', (t) => {
  const nested = (levels: number) => `${'['.repeat(levels)}${']'.repeat(levels)}`;
  t.ok(parseJson(nested(deepestJson)));
  for (const text of [nested(deepestJson + 1), nested(1_000_000), '{"a":'.repeat(5000), `{"\\"[":${nested(5000)}}`])
    t.throws(() => parseJson(text), new TooDeep());
  t.same(parseJson(JSON.stringify(['['.repeat(5000), '\\"{']).repeat(1)), ['['.repeat(5000), '\\"{']);
  t.same(
    parseJson(JSON.stringify(Array.from({ length: 3000 }, () => []))),
    Array.from({ length: 3000 }, () => []),
  );
  fc.assert(
    fc.property(
      fc.json({ maxDepth: 6 }),
      (text) => JSON.stringify(parseJson(text)) === JSON.stringify(JSON.parse(text)),
    ),
    { seed, numRuns: 100 },
  );
  t.throws(() => parseJson('{'), SyntaxError);
  t.end();
});
