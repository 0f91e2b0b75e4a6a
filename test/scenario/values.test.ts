import t from 'tap';
import { systemClock } from '../../src/cli/kernel/clock.js';
import { CookieJar } from '../../src/cli/scenario/send/cookies.js';
import { asInUrl } from '../../src/cli/scenario/send/url-text.js';
import { diffLines } from '../../src/cli/scenario/tell/diff.js';
import { csvRows } from '../../src/cli/scenario/variables/data.js';
import { generate, generatorNames } from '../../src/cli/scenario/variables/generated.js';
import { Variables } from '../../src/cli/scenario/variables/template.js';

const source = { clock: systemClock, iteration: 3 };

t.test('templates keep types where they stand alone', async (t) => {
  const variables = new Variables(
    [{ values: { n: 1, o: { a: [2] }, later: '{{n}}-{{o.a.0}}' }, templates: true }],
    source,
  );
  t.equal(variables.expand('{{n}}'), 1);
  t.equal(variables.expand('x{{n}}'), 'x1');
  t.equal(variables.expand('{{later}}'), '1-2');
  t.same(variables.expand({ '{{n}}': ['{{o}}'] }), { 1: [{ a: [2] }] });
  t.equal(variables.text('{{o}}'), '{"a":[2]}');
  t.equal(variables.expand('{{$iteration}}'), 3);
  t.throws(() => variables.expand('{{missing}}'), /has no value/);
  t.throws(() => variables.expand('{{o.b}}'), /has no "b"/);
  variables.set('n', 5);
  t.equal(variables.text('{{n}}'), '5');
});

t.test('every generator gives a value', async (t) => {
  for (const name of generatorNames) t.not(generate(name, [], source), undefined, name);
  t.equal(String(generate('text', ['12'], source)).length, 12);
  t.equal(generate('repeat', ['ab', '3'], source), 'ababab');
  for (let i = 0; i < 50; i++) t.ok([4, 5, 6].includes(generate('int', ['4', '6'], source) as number));
});

t.test('generators are right over their whole range', async (t) => {
  const most = Number.MAX_SAFE_INTEGER;
  for (const [low, high] of [
    [0, 2 ** 48],
    [-most, most],
    [most - 1, most],
    [-3, -3],
  ] as const)
    for (let i = 0; i < 50; i++) {
      const value = generate('int', [String(low), String(high)], source) as number;
      if (!Number.isSafeInteger(value) || value < low || value > high) t.fail(`${value} is not in ${low}..${high}`);
    }
  t.ok(Number.isFinite(generate('float', ['-1.7e308', '1.7e308'], source)));
  t.equal(generate('add', ['1', '2.5'], source), 3.5);
});

t.test('what comes from outside is text; rings and variables without a value are told', async (t) => {
  const seen: Record<string, unknown> = {};
  const variables = new Variables(
    [
      { values: { a: '{{b}}', b: '{{a}}', c: '{{later}}!', d: '{{a}}', word: 'x' }, templates: true },
      { values: { d: '{{nope}}' }, templates: false },
    ],
    source,
    (name, value) => {
      seen[name] = value;
    },
  );
  variables.settle();
  t.equal(variables.text('{{d}}'), '{{nope}}');
  t.throws(() => variables.get('a'), /these variables need each other: a -> b -> a/);
  t.throws(() => variables.get('c'), /"later" has no value/);
  variables.set('later', 'now');
  t.equal(variables.get('c'), 'now!');
  t.same(seen, { d: '{{nope}}', word: 'x', c: 'now!' });
  t.throws(() => variables.expand('{{$add(word,1)}}'), /"word" is "x", which is no number/);
});

t.test('a URL is shown as it is sent', async (t) => {
  t.equal(asInUrl('/a b?c=d\r\nX: é"\ud800%20'), '/a%20b?c=dX:%20%C3%A9%22%EF%BF%BD%20');
});

t.test('CSV as newman and RFC 4180 read it', async (t) => {
  t.same(csvRows('a,b\r\n1,"x, ""y""\nz"\r\ntrue,007\n', 'f'), [
    { a: 1, b: 'x, "y"\nz' },
    { a: true, b: '007' },
  ]);
  t.same(csvRows('a,b\n1,\n', 'f'), [{ a: 1, b: '' }]);
  t.throws(() => csvRows('a,b\n1\n', 'f'), /row 2 has 1 fields/);
  t.throws(() => csvRows('a\n"x\n', 'f'), /never closed/);
});

t.test('cookies by domain, path, age and Secure', async (t) => {
  let now = 0;
  const jar = new CookieJar(() => now);
  const at = (url: string) => jar.header(new URL(url));
  jar.keep(new URL('http://a.example/x/y'), [
    'plain=1',
    'deep=2; Path=/x',
    'wide=3; Domain=a.example; Path=/',
    'safe=4; Secure; Path=/',
    'short=5; Max-Age=10; Path=/',
    'foreign=6; Domain=other.example',
  ]);
  t.equal(at('http://a.example/x/z'), 'plain=1; deep=2; wide=3; short=5');
  t.equal(at('https://a.example/'), 'wide=3; safe=4; short=5');
  t.equal(at('http://b.a.example/'), 'wide=3');
  t.equal(at('http://other.example/'), undefined);
  now = 11_000;
  t.equal(at('http://a.example/'), 'wide=3');
  jar.keep(new URL('http://a.example/'), ['wide=; Domain=a.example; Path=/; Max-Age=0']);
  t.equal(at('http://a.example/'), undefined);
});

t.test('JSON differs path by path', async (t) => {
  t.same(diffLines({ a: 1, b: [1, { c: 2 }], 'd e': 3 }, { a: 2, b: [1, { c: 2 }, 4], f: null }), [
    '$.a: expected 1, found 2',
    '$.b[2]: not expected, found 4',
    '$["d e"]: missing, expected 3',
    '$.f: not expected, found null',
  ]);
  t.same(diffLines({ a: 1 }, { a: 1 }), []);
});
