import * as fc from 'fast-check';
import t from 'tap';
import { Pcre, PcreLimit } from '../../../../src/cli/target/local/routes/pcre-match.js';
import { PcreProblem } from '../../../../src/cli/target/local/routes/pcre-syntax.js';

t.test('what regular paths say, as PCRE has it', async (t) => {
  const cases: [pattern: string, text: string, groups: (string | undefined)[] | undefined][] = [
    ['^/something(/|$)(.*)', '/something', ['/something', '', '']],
    ['^/something(/|$)(.*)', '/something/new', ['/something/new', '/', 'new']],
    ['^/something(/|$)(.*)', '/somethingelse', undefined],
    ['^/A(b)?', '/a', ['/a', undefined]],
    ['^/(a|ab)(c|bcd)(d*)', '/abcd', ['/abcd', 'a', 'bcd', '']],
    ['^/(.+?)/(.*)', '/a/b/c', ['/a/b/c', 'a', 'b/c']],
    ['^/(?:x|y)+z', '/xyxz', ['/xyxz']],
    ['^/v[0-9]{1,2}(?:\\.[0-9]+)?$', '/v12.7', ['/v12.7']],
    ['^/v[0-9]{1,2}$', '/v123', undefined],
    ['^/(?!api)([a-z]+)', '/web', ['/web', 'web']],
    ['^/(?!api)([a-z]+)', '/apis', undefined],
    ['^/(?=(a+))a', '/aaa', ['/a', 'aaa']],
    ['^/(?<id>\\d+)', '/42', ['/42', '42']],
    ['^/[[:alpha:]_-]+$', '/ab_c-D', ['/ab_c-D']],
    ['^/[^/]+/x', '/a/x', ['/a/x']],
    ['^/[]a]+', '/]a', ['/]a']],
    ['^/\\w+\\.(?i)PNG$', '/a.png', ['/a.png']],
    ['^/{id}', '/{id}/x', ['/{id}']],
    ['^/a$', '/a\n', ['/a']],
    ['^/a.', '/a\n', undefined],
    ['^/(?:a*)*$', '/aaa', ['/aaa']],
    ['((?:a|a)*?)+', 'aa', ['', '']],
    ['^/\\x41\\/', '/a/', ['/a/']],
    ['^/foo\\b', '/foo-x', ['/foo']],
    ['^/foo\\b', '/foox', undefined],
    ['/b', '/a/b', ['/b']],
  ];
  for (const [pattern, text, groups] of cases) {
    t.same(new Pcre(pattern).exec(text), groups, `${pattern} on ${JSON.stringify(text)}`);
  }
});

function problemOf(source: string): unknown {
  try {
    return new Pcre(source);
  } catch (error) {
    return error;
  }
}

t.test('what is no expression, or none that is matched in bounded time', async (t) => {
  for (const pattern of [
    '(',
    ')',
    '[a',
    '[z-a]',
    '*',
    'a**',
    'a{2,1}',
    'a{2000}',
    '(a)\\1',
    'a++',
    '(?>a)',
    '(?<=a)b',
    '(?R)',
    '(*ACCEPT)',
    '\\',
    '\\q',
    '(((a{50}){50}){50})',
    '('.repeat(60) + ')'.repeat(60),
  ]) {
    t.ok(problemOf(pattern) instanceof PcreProblem, pattern);
  }
});

/** The part of the syntax in which JavaScript and PCRE mean the same: they go apart where a round of a loop is empty. */
const pattern = fc.letrec<Record<'node' | 'atom', string>>((tie) => ({
  atom: fc.oneof(
    { weight: 5, arbitrary: fc.constantFrom('a', 'b', '/', '.', '[ab]', '[^a]', '\\w', '\\d', '$') },
    { weight: 2, arbitrary: tie('node').map((inner) => `([ab]${inner})`) },
    { weight: 1, arbitrary: fc.tuple(tie('node'), tie('node')).map(([x, y]) => `(?:a${x}|.${y})`) },
  ),
  node: fc
    .array(
      fc
        .tuple(tie('atom'), fc.constantFrom('', '', '', '?', '{0,2}', '{2}', '*', '+', '??', '*?', '+?'))
        .map(([atom, times]) => (atom === '$' ? atom : atom + times)),
      { minLength: 1, maxLength: 3 },
    )
    .map((atoms) => atoms.join('')),
})).node;

t.test('the same match as a backtracking matcher', async (t) => {
  const text = fc.string({ unit: fc.constantFrom('a', 'b', 'A', '/', '1'), maxLength: 6 });
  await fc.assert(
    fc.property(pattern, text, (source, subject) => {
      const expected = new RegExp(source, 'i').exec(subject)?.[0];
      const actual = new Pcre(source).exec(subject)?.[0];
      if (actual !== expected) throw new Error(`${source} on ${subject}: ${actual} instead of ${expected}`);
    }),
    { seed: 41_877, numRuns: 1500 },
  );
  t.pass('1,500 expressions');
});

t.test('no expression takes long, whatever it is', async (t) => {
  const long = 'a'.repeat(8000);
  for (const source of ['^/(a+)+$', '^/(a|aa)*$', '^/(.*)*(.*)*(.*)*x']) {
    t.equal(
      new Pcre(source).exec(`/${long.slice(0, 1000)}!`),
      undefined,
      `${source}: no state twice, so no limit is met`,
    );
  }
  for (const source of [
    '^/(a+)+$',
    '^/(a|aa)*$',
    '^/(.*)*(.*)*(.*)*x',
    '^/(a?){40}a{40}$',
    '^/((?=(a+))a)*$',
    '^/(([a-z])+.)+[A-Z]+$',
  ]) {
    const began = performance.now();
    try {
      t.equal(new Pcre(source).exec(`/${long}!`), undefined, source);
    } catch (error) {
      t.ok(error instanceof PcreLimit, `${source}: more steps than a path may take`);
    }
    t.ok(performance.now() - began < 2000, `${source} took ${Math.round(performance.now() - began)} ms`);
  }
});

t.test('what a match begins with is known beforehand', async (t) => {
  t.equal(new Pcre('^/Foo/(bar|baz)').literal, '/foo/');
  t.equal(new Pcre('^/(ab)?').literal, '/');
  t.equal(new Pcre('^/a1|/b').literal, '');
});
