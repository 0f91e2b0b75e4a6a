/** What a scenario file can say, beside the conditions of a check: an example that passes and one that fails (or is refused). */
export interface Feature {
  feature: string;
  passes: string;
  fails: string;
}

const one = (head: string, step: string) => `name: x\n${head}steps:\n  - ${step}\n`;
const steps = (...lines: string[]) => `name: x\nsteps:\n${lines.map((line) => `  - ${line}\n`).join('')}`;
const sees = (path: string, value: string) => `check: [{ name: seen, json: { ${path}: ${value} } }]`;

const files: Feature[] = [
  {
    feature: 'name, why, stack, host and tags',
    passes:
      'name: x\nwhy: it must\nstack: hello\nhost: shop.test\ntags: [fast, slow]\nsteps:\n  - { name: s, tags: fast, request: GET /json }\n',
    fails:
      'name: [x]\nwhy: [it, must]\nstack: { a: 1 }\nhost: [a]\ntags: { a: b }\nsteps:\n  - { name: [s], tags: { a: b }, request: GET /json }\n',
  },
  {
    feature: 'url',
    passes: "name: x\nurl: '{{server}}'\nsteps: [{ request: GET /json }]\n",
    fails: 'name: x\nurl: ftp://shop.test\nsteps: [{ request: GET /json }]\n',
  },
  {
    feature: 'variables and secrets',
    passes: one(
      "variables: { who: ada, pin: '4711-0815' }\nsecrets: pin\n",
      `{ request: 'GET /echo?{{who}}={{pin}}', ${sees('$.url', "'/echo?{{who}}={{pin}}'")} }`,
    ),
    fails: one(
      "variables: { who: ada, pin: '4711-0815' }\nsecrets: [pin]\n",
      `{ request: 'GET /echo?{{who}}={{pin}}', ${sees('$.url', '/echo')} }`,
    ),
  },
  {
    feature: 'headers of the file and of a step',
    passes: one(
      'headers: { X-A: 1, X-B: 1 }\n',
      `{ request: GET /echo, headers: { X-B: [2, 3] }, ${sees("\"$.headers['x-a','x-b']\"", "[['1'], ['2', '3']]")} }`,
    ),
    fails: one(
      'headers: { X-A: 1 }\n',
      `{ request: GET /echo, headers: { X-A: 2 }, ${sees('"$.headers[\'x-a\']"', "['1']")} }`,
    ),
  },
  {
    feature: 'query',
    passes: steps(
      `{ request: GET /echo?a=1, query: { b: x y, c: [1, 2] }, ${sees('$.url', '/echo?a=1&b=x+y&c=1&c=2')} }`,
    ),
    fails: steps(`{ request: GET /echo, query: { b: 2 }, ${sees('$.url', '/echo?b=1')} }`),
  },
  {
    feature: 'auth: basic',
    passes: one(
      'auth: { basic: { username: u, password: p } }\n',
      `{ request: GET /echo, ${sees('"$.headers.authorization[0]"', 'Basic dTpw')} }`,
    ),
    fails: steps(
      `{ request: GET /echo, auth: { basic: { username: u, password: q } }, ${sees('"$.headers.authorization[0]"', 'Basic dTpw')} }`,
    ),
  },
  {
    feature: 'auth: bearer, and none',
    passes: one(
      'auth: { bearer: abcd }\n',
      `{ request: GET /echo, auth: none, ${sees('$.headers.authorization', '{ exists: false }')} }`,
    ),
    fails: one(
      'auth: { bearer: abcd }\n',
      `{ request: GET /echo, ${sees('$.headers.authorization', '{ exists: false }')} }`,
    ),
  },
  {
    feature: 'auth: oauth2',
    passes: steps(
      `{ request: GET /echo, auth: { oauth2: { tokenUrl: /token, clientId: me, clientSecret: hush, scope: read } }, ${sees('"$.headers.authorization[0]"', 'Bearer tok-123456')} }`,
    ),
    fails: steps(
      '{ request: GET /echo, auth: { oauth2: { tokenUrl: /json, clientId: me, clientSecret: hush, scope: read } } }',
    ),
  },
  {
    feature: 'cookies and users',
    passes: one(
      'cookies: true\n',
      [
        '{ request: GET /json }',
        `{ request: GET /echo, ${sees('$.cookie', 'sid=abc')} }`,
        `{ request: GET /echo, as: other, ${sees('$.cookie', 'null')} }`,
        `{ request: GET /echo, cookies: false, ${sees('$.cookie', 'null')} }`,
      ].join('\n  - '),
    ),
    fails: one(
      'cookies: false\n',
      '{ request: GET /json }\n  - { request: GET /echo, cookies: true, as: other, check: [{ name: seen, json: { $.cookie: sid=abc } }] }',
    ),
  },
  {
    feature: 'redirects',
    passes: one(
      'redirects: false\n',
      '{ request: GET /redirect, check: [{ name: as it is, status: 302 }] }\n  - { request: GET /redirect, redirects: true, check: [{ name: followed, status: 200 }] }',
    ),
    fails: one(
      'redirects: true\n',
      '{ request: GET /redirect, redirects: false, check: [{ name: followed, status: 200 }] }',
    ),
  },
  {
    feature: 'timeout',
    passes: one('timeout: 1ms\n', '{ request: GET /slow/20, timeout: 30s }'),
    fails: one('timeout: 30ms\n', '{ request: GET /slow/60000 }\n  - { request: GET /slow/60000, timeout: 40ms }'),
  },
  {
    feature: 'data',
    passes: one(
      'data: [{ code: 200 }, { code: 404 }]\n',
      "{ request: 'GET /status/{{code}}', check: [{ name: 'is {{code}}', status: '{{code}}' }] }",
    ),
    fails: one(
      'data: [{ code: 200 }, { code: 404 }]\n',
      "{ request: 'GET /status/{{code}}', check: [{ name: is 200, status: 200 }] }",
    ),
  },
  {
    feature: 'setup and teardown',
    passes:
      'name: x\nsetup: [{ name: before, request: GET /json }]\nsteps: [{ name: it, request: GET /json }]\nteardown: [{ name: after, request: GET /json }]\n',
    fails:
      'name: x\nsetup: [{ name: before, request: GET /json, check: [{ name: no, status: 500 }] }]\nsteps: [{ name: never, request: GET /json }]\nteardown: [{ name: after, request: GET /json }]\n',
  },
];

const kinds = [
  'folder: f, steps: [{ request: GET /json }]',
  'parallel: [{ request: GET /json }]',
  'fault: { kill: orders }',
  'wait: 1ms',
  'request: GET /json',
];

const flow: Feature[] = [
  ...kinds.map((kind) => ({
    feature: `name, skip, only and tags of a step: ${kind.split(':')[0]}`,
    passes: steps(
      `{ name: it, tags: [a], only: true, ${kind} }`,
      `{ name: left out, only: true, skip: later, ${kind} }`,
      '{ name: not asked for, request: GET /reset }',
    ),
    fails: steps(`{ name: it, tag: [a], tags: a, only: soon, skip: [], ${kind} }`),
  })),
  {
    feature: 'folder',
    passes: steps('{ folder: outer, steps: [{ folder: inner, steps: [{ name: deep, request: GET /json }] }] }'),
    fails: steps('{ folder: outer, steps: [{ name: deep, request: GET /json, check: [{ name: no, status: 500 }] }] }'),
  },
  { feature: 'wait', passes: steps('{ wait: 2ms }', '{ request: GET /json }'), fails: steps('{ wait: soon }') },
  {
    feature: 'fault',
    passes: steps(
      ...['kill', 'stop', 'continue', 'restart'].map((kind) => `{ fault: { ${kind}: orders } }`),
      '{ request: GET /json }',
    ),
    fails: steps(
      ...['kill', 'stop', 'continue', 'restart'].map((kind) => `{ fault: { ${kind}: nobody } }`),
      '{ request: GET /json }',
    ),
  },
  {
    feature: 'until',
    passes: steps(
      '{ request: GET /after/3, until: { within: 20s, every: 1ms, is: { status: 200 } }, check: [{ name: ready, json: { $.ready: true } }] }',
    ),
    fails: steps('{ request: GET /after/1000, until: { within: 1ms, every: 10ms, is: { status: 200 } } }'),
  },
  {
    feature: 'retry and repeat',
    passes: steps(
      '{ request: GET /after/2, retry: 3, check: [{ name: ready, status: 200 }] }',
      '{ name: twice, request: GET /json, repeat: 2 }',
    ),
    fails: steps(
      '{ request: GET /after/1000, retry: 1, check: [{ name: ready, status: 200 }] }',
      '{ name: twice, repeat: 2, request: GET /count/a, check: [{ name: once, json: { $.count: 1 } }] }',
    ),
  },
  {
    feature: 'set, capture and log',
    passes: steps(
      "{ name: take, set: { n: '{{$add(2,3)}}' }, request: 'GET /json?{{n}}', capture: { a: $.id, b: { json: $.name }, c: { header: X-Kind }, d: { cookie: sid }, e: { regex: '\"id\":(\\d)' }, f: { status: true }, g: { text: true } } }",
      "{ request: 'GET /echo?{{a}}{{b}}{{c}}{{d}}{{e}}{{f}}', log: [[taken, { json: $.url }, { status: true }], [{ header: Content-Type }, { cookie: none }, { regex: ur. }, { text: true }]], check: [{ name: all are there, json: { $.url: /echo?7Adatestabc7200 } }] }",
      '{ request: GET /text, log: { text: true } }',
      '{ request: GET /text, log: [the text, { regex: id=(\\d+) }, { json: $.id }, { header: X }, { cookie: c }, { status: true }] }',
    ),
    fails: steps(
      '{ name: take, set: { n: 1 }, request: GET /json, log: [{ json: $.none }, { header: X-None }, { cookie: none }, { regex: nothing }, { text: true }, { status: true }], capture: { a: $.missing, b: { json: $.missing }, c: { header: X-None }, d: { cookie: none }, e: { regex: nothing } } }',
      '{ name: of nothing, request: GET /reset, capture: { f: { status: true }, g: { text: true } } }',
      "{ request: 'GET /echo?{{a}}', log: [[{ json: $.url }]] }",
    ),
  },
  {
    feature: 'a check that is skipped, and one that is not',
    passes: steps(
      '{ request: GET /json, check: [{ name: later, skip: not yet, status: 500 }, { name: now, status: 200 }] }',
    ),
    fails: steps('{ request: GET /json, check: [{ name: now, skip: false, status: 500 }] }'),
  },
  {
    feature: 'sameBodyAs',
    passes: steps(
      '{ name: first, request: GET /json }',
      '{ request: GET /json, check: [{ name: the same, sameBodyAs: first }] }',
      '{ request: GET /json, until: { within: 1s, is: { sameBodyAs: first } } }',
    ),
    fails: steps(
      '{ name: first, request: GET /count/a }',
      '{ request: GET /count/a, check: [{ name: the same, sameBodyAs: first }] }',
      '{ request: GET /json, until: { within: 1ms, is: { sameBodyAs: first } } }',
    ),
  },
];

const bodies = [
  ['json: { a: [1, null] }', '\'{"a":[1,null]}\''],
  ['text: hello', 'hello'],
  ['form: { a: 1, b: x y }', 'a=1&b=x+y'],
  [
    'multipart: { a: 1, f: { file: test/scenario/checks.ts, type: text/x } }',
    '{ contains: "filename=\\"checks.ts\\"\\r\\nContent-Type: text/x" }',
  ],
  ['file: test/scenario/checks.ts', '{ startsWith: /** Every kind }'],
  ["graphql: { query: '{ me }', variables: { x: 1 } }", '\'{"query":"{ me }","variables":{"x":1}}\''],
] as const;
const losses = ['request', 'connection', 'response'] as const;

const requests: Feature[] = [
  {
    feature: 'bodies',
    passes: steps(...bodies.map(([body, seen]) => `{ request: POST /echo, ${body}, ${sees('$.body', seen)} }`)),
    fails: steps(
      ...bodies.map(
        ([body]) =>
          `{ request: POST /echo, ${body.replace('checks.ts', 'none.ts')}, check: [{ name: empty, json: { $.body: { length: 0 } } }] }`,
      ),
    ),
  },
  {
    feature: 'lose',
    passes: steps(
      ...losses.map(
        (what) => `{ request: POST /count/a, json: 1, lose: ${what}, check: [{ name: no answer, error: true }] }`,
      ),
    ),
    fails: steps(
      ...losses.map(
        (what) => `{ request: POST /count/a, json: 1, lose: ${what}, check: [{ name: an answer, status: 200 }] }`,
      ),
    ),
  },
  {
    feature: 'parallel: what is sent',
    passes: steps(
      `{ name: all at once, parallel: [${bodies.map(([body]) => `{ request: POST /echo, ${body} }`).join(', ')}, { request: GET /echo, times: 2, delay: 1ms, query: { a: 1 }, headers: { X-A: 1 }, auth: { basic: { username: u, password: p } }, as: ada, cookies: false, redirects: false, timeout: 20s }, { request: POST /count/a, json: 1, lose: response }, { fault: { kill: orders }, delay: 1ms }], check: [{ name: nine requests, count: { where: { any: [{ status: 200 }, { error: true }] }, is: 9 } }] }`,
    ),
    fails: steps(
      `{ name: all at once, parallel: [${bodies.map(([body]) => `{ request: POST /echo, ${body} }`).join(', ')}, { request: GET /echo, times: 2, delay: 1ms, query: { a: 1 }, headers: { X-A: 1 }, auth: { bearer: abcd }, as: ada, cookies: true, redirects: true, timeout: 20s }, { request: POST /count/a, json: 1, lose: response }], check: [{ name: all are answered, every: { status: 200 } }] }`,
      '{ name: nobody is harmed, parallel: [{ request: GET /json }, { fault: { stop: nobody }, delay: 1ms }] }',
    ),
  },
  {
    feature: 'parallel: how the set is judged',
    passes: steps(
      '{ set: { key: k }, parallel: [{ request: "POST /first/{{key}}", times: 4, json: { copy: 1 } }], capture: { won: { json: $.winner, where: { status: 200 } }, h: { header: Retry-After }, s: { status: true, where: { status: 409 } }, r: { regex: winner, where: { status: 200 } }, t: { text: true }, lost: $.winner }, check: [{ name: every, every: { status: [200, 409] } }, { name: some, some: { status: 200 } }, { name: none, none: { status: 5xx } }, { name: count, count: { where: { status: 409 }, is: 3 } }, { name: distinct, distinct: { of: $.winner, where: { status: 409 }, is: 1 } }, { name: sum, sum: { of: { status: true }, where: { status: 409 }, is: 1227 } }, { name: later, skip: true, none: { status: 200 } }] }',
      "{ request: 'GET /echo?{{won}}{{s}}{{r}}', check: [{ name: captured, json: { $.url: /echo?true409winner } }] }",
      '{ parallel: [{ request: GET /json, times: 2 }], capture: { c: { cookie: sid } }, check: [{ name: one cookie, distinct: { of: { cookie: sid }, is: 1 } }, { name: one header, distinct: { of: { header: X-Kind }, is: 1 } }, { name: one text, distinct: { of: { text: true }, is: 1 } }, { name: one name, distinct: { of: { regex: name }, is: 1 } }, { name: ids, sum: { of: { json: $.id }, is: 14 } }] }',
    ),
    fails: steps(
      '{ set: { key: k }, parallel: [{ request: "POST /first/{{key}}", times: 4, json: { copy: 1 } }], capture: { none: { json: $.none, where: { status: 200 } }, h: { header: X-None }, k: { cookie: none }, r: { regex: nothing }, s: { status: true, where: { status: 500 } }, t: { text: true, where: { status: 500 } } }, check: [{ name: every, every: { status: 200 } }, { name: some, some: { status: 500 } }, { name: none, none: { status: 409 } }, { name: count, count: { where: { status: 409 }, is: 4 } }, { name: distinct, distinct: { of: $.winner, where: { status: [200, 409] }, is: 1 } }, { name: sum, skip: false, sum: { of: { status: true }, where: { status: 409 }, is: 1 } }] }',
      '{ parallel: [{ request: GET /json, times: 2 }], check: [{ name: cookies, distinct: { of: { cookie: sid }, is: 2 } }, { name: headers, distinct: { of: { header: X-Kind }, is: 2 } }, { name: texts, distinct: { of: { text: true }, is: 2 } }, { name: names, distinct: { of: { regex: name }, is: 2 } }, { name: ids, sum: { of: { json: $.id }, is: 7 } }] }',
    ),
  },
];

/** Every feature of the format but the operators and conditions, which test/scenario/checks.ts has. */
export const features: Feature[] = [...files, ...flow, ...requests];
