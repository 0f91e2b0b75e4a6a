import fc from 'fast-check';
import t from 'tap';
import type { Failure } from '../../src/cli/kernel/failure.js';
import { type Answer, follow, readText } from './follow.js';

const head = `import http from 'k6/http';
import { check, sleep, group, fail } from 'k6';
const BASE = 'http://shop.test';
`;
const iteration = (body: string) => `${head}export default function (data) {\n${body}\n}\n`;

/** Statements of an iteration, and what they do, as k6 does it. */
const done: [what: string, body: string, did: string[], answer?: (line: string) => Answer][] = [
  [
    'the methods',
    `http.get(BASE + '/a'); http.post(\`\${BASE}/b\`, 'x'); http.put(BASE + '/c', 'y'); http.patch(BASE + '/d', 'z'); http.del(BASE + '/e'); http.head(BASE + '/f'); http.options(BASE + '/g');`,
    ['GET /a', 'POST /b x', 'PUT /c y', 'PATCH /d z', 'DELETE /e', 'HEAD /f', 'OPTIONS /g'],
  ],
  [
    'http.request and a method that comes out under way',
    `http.request('post', BASE + '/a', 'x'); const m = 'put'; http[m](BASE + '/b', 'y');`,
    ['POST /a x', 'PUT /b y'],
  ],
  [
    'a body that is an object',
    `http.post(BASE + '/a', { user: 'a b', n: 1, list: ['x', 'y'] });`,
    ['POST /a user=a+b&n=1&list=x&list=y'],
  ],
  [
    'JSON',
    `http.post(BASE + '/a', JSON.stringify({ a: [1, null, true], b: { c: 'd' } }));`,
    ['POST /a {"a":[1,null,true],"b":{"c":"d"}}'],
  ],
  [
    'a value of a response',
    `const t = http.get(BASE + '/a').json('user.ids.1'); const all = http.get(BASE + '/b').json(); http.get(\`\${BASE}/c/\${t}/\${all.user.name}\`);`,
    ['GET /a', 'GET /b', 'GET /c/8/ann'],
    () => ({ body: '{"user":{"ids":[7,8],"name":"ann"}}' }),
  ],
  [
    'lists of GJSON',
    `const r = http.get(BASE + '/a'); http.get(BASE + '/' + r.json('a.#.b').join('-') + '/' + r.json('a.#'));`,
    ['GET /a', 'GET /1-2/2'],
    () => ({ body: '{"a":[{"b":1},{"b":2}]}' }),
  ],
  [
    'batch, one after another',
    `const [a, b] = http.batch([['GET', BASE + '/a'], { method: 'POST', url: BASE + '/b', body: 'x' }]); const all = http.batch({ c: BASE + '/c' }); http.get(BASE + '/' + a.status + b.status + all.c.status);`,
    ['GET /a', 'POST /b x', 'GET /c', 'GET /200200200'],
  ],
  [
    'sleep and group',
    `group('g', () => { http.get(BASE + '/a'); sleep(0.5); }); const n = group('h', function () { return 3; }); sleep(n);`,
    ['GET /a', 'sleep 500', 'sleep 3000'],
  ],
  [
    'conditions',
    `const r = http.get(BASE + '/a'); if (r.status === 200 && r.body.includes('yes')) { http.get(BASE + '/b'); } else http.get(BASE + '/no'); r.status > 400 ? http.get(BASE + '/no') : http.get(BASE + '/c'); r.error || http.get(BASE + '/d');`,
    ['GET /a', 'GET /b', 'GET /c', 'GET /d'],
    () => ({ body: 'yes' }),
  ],
  [
    'loops',
    `for (let i = 0; i < 2; i++) http.get(BASE + '/' + i); for (const p of ['x', 'y']) { if (p === 'y') continue; http.get(BASE + '/' + p); } let n = 2; while (n > 0) { http.get(BASE + '/w' + n--); } for (const k in { q: 1 }) http.get(BASE + '/' + k); do { http.get(BASE + '/z'); break; } while (true); ['m', 'n'].forEach((p, i) => http.get(BASE + '/' + p + i));`,
    ['GET /0', 'GET /1', 'GET /x', 'GET /w2', 'GET /w1', 'GET /q', 'GET /z', 'GET /m0', 'GET /n1'],
  ],
  [
    'functions within functions',
    `const get = (path, ...rest) => http.get(BASE + path + rest.join('')); function twice(f) { return [f('/a'), f('/b', 1)]; } const [x] = twice(get); get('/c', x.status); const o = { go(p = '/d') { return get(p); } }; o.go(); [1].map((n) => get('/e' + n))[0].status === 200 && get('/f');`,
    ['GET /a', 'GET /b1', 'GET /c200', 'GET /d', 'GET /e1', 'GET /f'],
  ],
  [
    'a class',
    `class Api { base = BASE; constructor(p) { this.prefix = p; } get(path) { return http.get(this.base + this.prefix + path); } static of(p) { return new Api(p); } } new Api('/v1').get('/a'); Api.of('/v2').get('/b');`,
    ['GET /v1/a', 'GET /v2/b'],
  ],
  [
    'what is thrown and caught',
    `try { fail('no'); } catch (e) { http.get(BASE + '/' + e.message); } finally { http.get(BASE + '/last'); } try { null.x; } catch { http.get(BASE + '/typed'); } const f = () => { try { return http.get(BASE + '/in'); } finally { http.get(BASE + '/fin'); } }; f();`,
    ['GET /no', 'GET /last', 'GET /typed', 'GET /in', 'GET /fin'],
  ],
  [
    'switch',
    `switch (http.get(BASE + '/a').status) { case 404: http.get(BASE + '/no'); break; case 200: http.get(BASE + '/b'); default: http.get(BASE + '/c'); }`,
    ['GET /a', 'GET /b', 'GET /c'],
  ],
  [
    'patterns',
    `const { a, b: { c = 5 } = {}, ...rest } = { a: 1, d: 2 }; const [x, , y = 9, ...z] = [1, 2, undefined, 4]; http.get(\`\${BASE}/\${a}\${c}\${rest.d}\${x}\${y}\${z}\`);`,
    ['GET /152194'],
  ],
  [
    'redirects, as Go follows them',
    `const r = http.post(BASE + '/a', 'x'); http.get(BASE + '/' + r.status); http.get(BASE + '/a', { redirects: 0 });`,
    ['POST /a x', 'GET /there', 'GET /200', 'GET /a'],
    (line) => (line.endsWith('/a') ? { status: 302, headers: { Location: '/there' } } : {}),
  ],
  [
    'what is awaited',
    `const all = await Promise.all([http.asyncRequest('GET', BASE + '/a'), http.asyncRequest('GET', BASE + '/b')]); http.get(BASE + '/' + all.length);`,
    ['GET /a', 'GET /b', 'GET /2'],
  ],
  [
    'optional chains',
    `const o = { a: null }; http.get(BASE + '/' + (o.a?.b.c ?? 'none') + (o.f?.() ?? 'no'));`,
    ['GET /noneno'],
  ],
];

t.test('an iteration sends what k6 sends', async (t) => {
  for (const [what, body, did, answer] of done) {
    const text =
      what === 'what is awaited'
        ? iteration(body).replace('default function', 'default async function')
        : iteration(body);
    const { did: found, spoilt } = follow(readText(text), answer);
    t.strictSame(found, did, what);
    t.equal(spoilt, 0, what);
  }
});

t.test('checks, metrics and failures are judged as k6 judges them', async (t) => {
  const script = readText(`${head}import { Rate, Trend, Counter } from 'k6/metrics';
const errors = new Rate('errors'); const took = new Trend('took', true); const hits = new Counter('hits');
export default function () {
  const r = http.get(BASE + '/a');
  const ok = check(r, { 'is 200': (r) => r.status === 200, 'has id': (r) => r.json('id') === 7, 'quick': (r) => r.timings.duration < 1, 'type': (r) => r.headers['Content-Type'].includes('json') });
  errors.add(!ok); took.add(r.timings.duration); hits.add(1);
  http.get(BASE + '/b', { responseCallback: http.expectedStatuses({ min: 200, max: 599 }) });
  http.get(BASE + '/b');
}`);
  const { checks, measures, failures } = follow(script, (line) =>
    line.endsWith('/b') ? { status: 500 } : { headers: { 'Content-Type': 'application/json' }, body: '{"id":7}' },
  );
  t.strictSame(checks, [
    ['is 200', true],
    ['has id', true],
    ['quick', false],
    ['type', true],
  ]);
  t.strictSame(measures, [
    [0, 1],
    [1, 5],
    [2, 1],
  ]);
  t.strictSame(failures, ['unexpected status']);
});

t.test('headers, cookies and sign-in', async (t) => {
  const { sent } = follow(
    readText(
      iteration(
        `http.get('http://ann:secret@shop.test/a', { headers: { 'X-A': 1 } }); http.get(BASE + '/b', { cookies: { c: 'd' } });`,
      ),
    ),
    () => ({ headers: { 'Set-Cookie': 'sid=1; Path=/' } }),
  );
  t.match(sent[0], /Authorization: Basic YW5uOnNlY3JldA==\r\n/);
  t.match(sent[0], /X-A: 1\r\n/);
  t.match(sent[1], /Cookie: sid=1; c=d\r\n/);
});

t.test('each VU has its own variables, and an iteration its number', async (t) => {
  const script = readText(
    `${head}let n = 0; export default function () { n++; http.get(\`\${BASE}/\${n}/\${__VU}/\${__ITER}\`); }`,
  );
  t.strictSame(follow(script, undefined, 3).did, ['GET /1/1/0', 'GET /2/1/1', 'GET /3/1/2']);
});

t.test('files beside the script', async (t) => {
  const files = {
    'lib.js': `import http from 'k6/http';\nexport const get = (p) => http.get(BASE + p);\nconst BASE = 'http://shop.test';\nexport { get as other };\nexport default { path: '/lib' };`,
    'users.json': '[{"name":"ann"}]',
    'rows.csv': 'a,b\n1,"x,y"\n',
  };
  const script = readText(
    `import { get, other } from './lib.js'; import lib from './lib.js'; import { SharedArray } from 'k6/data';
import papaparse from 'https://jslib.k6.io/papaparse/5.1.1/index.js';
const users = new SharedArray('users', () => JSON.parse(open('./users.json')));
const rows = papaparse.parse(open('rows.csv'), { header: true }).data;
export default function () { get('/' + users[0].name); other('/' + rows[0].b); get(lib.path); }`,
    {},
    files,
  );
  t.strictSame(follow(script).did, ['GET /ann', 'GET /x,y', 'GET /lib']);
});

/** What is not read, where, and whether it hinders requests. */
const unread: [what: string, text: string, message: RegExp, code?: string][] = [
  [
    'an extension',
    `${head}import sql from 'k6/x/sql';\nexport default function () { http.get(BASE); sql.open('x'); }`,
    /^test\.js:5:\d+: k6\/x\/sql is an extension/,
  ],
  [
    'a browser',
    `${head}import { browser } from 'k6/browser';\nexport default async function () { http.get(BASE); await browser.newPage(); }`,
    /k6\/browser drives a browser/,
  ],
  [
    'gRPC',
    `${head}import grpc from 'k6/net/grpc';\nconst client = new grpc.Client();\nexport default function () { http.get(BASE); client.connect('x'); }`,
    /speaks another protocol than HTTP/,
  ],
  ['a method nobody has', iteration(`http.get(BASE).submitForm();`), /test\.js:5:1: the method submitForm is not read/],
  ['a name nobody has', iteration(`http.get(BASE + nothing);`), /nothing is not known/],
  ['a function of http', iteration(`http.get(BASE); http.connect(BASE);`), /http\.connect is not known/],
  ['a parameter', iteration(`http.get(BASE, { compression: 'gzip' });`), /test\.js:5:\d+: the parameter compression/],
  ['another sign-in', iteration(`http.get(BASE, { auth: 'digest' });`), /the authentication digest is not read/],
  [
    'an executor',
    `${head}export const options = { scenarios: { a: { executor: 'externally-controlled' } } };\nexport default function () { http.get(BASE); }`,
    /test\.js:4:\d+: the executor externally-controlled is not read/,
  ],
  [
    'an option',
    `${head}export const options = { vsu: 3 };\nexport default function () { http.get(BASE); }`,
    /there is no option vsu/,
  ],
  [
    'two kinds of scenarios',
    `${head}export const options = { scenarios: { a: { executor: 'constant-vus', duration: '1s' }, b: { executor: 'constant-arrival-rate', rate: 1, duration: '1s', preAllocatedVUs: 1 } } };\nexport default function () { http.get(BASE); }`,
    /--scenario a or --scenario b/,
  ],
  [
    'a generator',
    `${head}function* g() { yield 1; }\nexport default function () { http.get(BASE); g(); }`,
    /a generator function is not read/,
  ],
];

t.test('what is not read and changes the requests is refused with its place', async (t) => {
  for (const [what, text, message] of unread) {
    const failure = failureOf(() => readText(text));
    t.equal(failure?.code, 'unread-script', what);
    t.ok(
      failure?.details.some((line) => message.test(line)),
      `${what}: ${failure?.details.join(' | ')}`,
    );
  }
});

t.test('what only judges is left out where that is asked for', async (t) => {
  const script =
    readText(`${head}export const options = { thresholds: { group_duration: ['avg<1'], http_req_failed: ['rate<0.1'] } };
export default function () { const r = http.get(BASE + '/a'); check(r, { html: (r) => r.html('h1').text() === 'x', ok: (r) => r.status === 200 }); }`);
  t.equal(script.leftOut.length, 2);
  t.match(script.leftOut[0], /test\.js:4:\d+: hwctl does not measure group_duration/);
  t.match(script.leftOut[1], /test\.js:5:\d+: the method html is not read/);
  t.strictSame(follow(script).checks, [['ok', true]]);
});

t.test('what is no k6 script is told by what it is', async (t) => {
  const cases: [string, string, RegExp][] = [
    [`import { test } from '@playwright/test'; test('x', () => {});`, 'not-k6', /Playwright/],
    [`import http from 'k6/http'; export const options = {};`, 'not-k6', /exports no default function/],
    [`const x = 1;`, 'not-k6', /no k6 script/],
    [`export default function ( {`, 'not-javascript', /not JavaScript/],
    [
      `import http from 'k6/http'; throw new Error('give KEY'); export default function () { http.get('http://a'); }`,
      'script-failed',
      /give KEY/,
    ],
  ];
  for (const [text, code, message] of cases) {
    const failure = failureOf(() => readText(text));
    t.equal(failure?.code, code, text);
    t.match(failure?.message, message);
  }
});

t.test('nothing of JavaScript is within reach of a script', async () => {
  const ways = ['constructor', '__proto__', 'prototype', 'caller'];
  const values = [
    '{}',
    '[]',
    `''`,
    '1',
    '(() => 1)',
    'http',
    'http.get',
    '/a/',
    'new Date()',
    'JSON',
    'new Map()',
    '__ENV',
  ];
  await fc.assert(
    fc.asyncProperty(
      fc.constantFrom(...values),
      fc.constantFrom(...ways),
      fc.constantFrom(...ways),
      async (value, a, b) => {
        const text = iteration(
          `const k = '${a}'; const found = (${value})[k]; const more = found === undefined ? undefined : found['${b}']; http.get(BASE + '/' + typeof found + typeof more);`,
        );
        return follow(readText(text)).did[0] === 'GET /undefinedundefined';
      },
    ),
    { seed: 20261128, numRuns: 60 },
  );
});

t.test('a script without an end does not hang a thread', async (t) => {
  const { checks, spoilt } = follow(readText(iteration(`http.get(BASE); while (true) { }`)));
  t.equal(spoilt, 1);
  t.match(checks[0]?.[0], /without an end/);
});

function failureOf(act: () => unknown): Failure | undefined {
  try {
    act();
    return undefined;
  } catch (error) {
    return error as Failure;
  }
}
