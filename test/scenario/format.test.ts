import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import t from 'tap';
import { systemClock } from '../../src/cli/kernel/clock.js';
import { matchGolden } from '../golden.js';
import { checks } from './checks.js';
import { echoServer } from './echo-server.js';
import { runText } from './run-text.js';

t.test('every kind of check holds and fails as it should, and says what it found', async (t) => {
  const url = await echoServer(t);
  const lines: string[] = [];
  for (const [feature, request, holds, fails] of checks) {
    const { steps } = await runText(
      `name: x\nsteps:\n  - request: ${request}\n    check:\n      - { name: holds, ${holds} }\n      - { name: fails, ${fails} }\n`,
      url,
    );
    const [good, bad] = steps[0]!.checks;
    t.same([good?.state, bad?.state], ['passed', 'failed'], feature);
    lines.push(`${feature}: ${holds} <-> ${fails}`, ...(bad?.messages ?? []).map((message) => `    ${message}`));
  }
  const text = `${lines.join('\n')}\n`.replace(/(response time in ms: expected above 20000, found) [\d.]+/, '$1 {{n}}');
  matchGolden(t, 'scenario/checks', text);
});

t.test('variables, generators, captures and set', async (t) => {
  const url = await echoServer(t);
  const { result, steps } = await runText(
    `
name: variables
variables: { id: '{{$uuid}}', both: 'a {{id}}', list: [1, '{{id}}'] }
steps:
  - name: capture
    set: { token: 't-{{$int(5,5)}}' }
    request: POST /echo?x={{$add(1,2)}}
    headers: { X-Token: '{{token}}', X-Two: [a, b] }
    query: { q: 'a b', many: [1, 2] }
    json: { id: '{{id}}', both: '{{both}}', list: '{{list}}', n: 1 }
    capture: { sent: $.body, again: { regex: '"method":"(\\w+)"' }, code: { status: true } }
    check:
      - name: the request is as written
        json:
          $.url: /echo?x=3&q=a+b&many=1&many=2
          $.headers['x-token'][0]: t-5
          $.headers['x-two']: [a, b]
          $.headers['content-type'][0]: application/json
  - name: use
    request: POST /echo
    text: '{{sent}} {{again}} {{code}}'
    check:
      - { name: captures are used, json: { $.body: { contains: ' POST 200' } } }
      - { name: a list keeps its shape, json: { $.body: { contains: '"list":[1,"' } } }
`,
    url,
  );
  t.ok(result.passed, JSON.stringify(result.failures.map(({ messages }) => messages)));
  t.equal(steps.length, 2);
  t.same(result.prerequestScripts, { executed: 3, failed: 0 }, 'set counts as a prerequest script of its own');
  t.same(result.testScripts, { executed: 4, failed: 0 });
});

t.test('bodies', async (t) => {
  const url = await echoServer(t);
  const { result } = await runText(
    `
name: bodies
steps:
  - { request: POST /echo, form: { a: 1, b: 'x y', c: [1, 2] }, check: [{ name: form, json: { $.body: a=1&b=x+y&c=1&c=2 } }] }
  - request: POST /echo
    graphql: { query: '{ me }', variables: { x: 1 } }
    check: [{ name: graphql, json: { $.body: '{"query":"{ me }","variables":{"x":1}}' } }]
  - request: POST /echo
    multipart: { a: 1, upload: { file: ./test/scenario/echo-server.ts, type: text/plain } }
    check: [{ name: multipart, json: { $.body: { contains: 'filename="echo-server.ts"' } } }]
  - request: POST /echo
    file: ./test/scenario/echo-server.ts
    headers: { Content-Type: text/x }
    check: [{ name: file, json: { $.body: { startsWith: 'import ' } } }]
`,
    url,
  );
  t.ok(result.passed, JSON.stringify(result.failures.map(({ messages }) => messages)));
});

t.test('authentication, cookies by user, redirects', async (t) => {
  const url = await echoServer(t);
  const { result } = await runText(
    `
name: who
auth: { basic: { username: u, password: p } }
steps:
  - { request: GET /json }
  - { request: GET /echo, check: [{ name: the cookie is sent, json: { $.cookie: sid=abc, "$.headers.authorization[0]": Basic dTpw } }] }
  - { request: GET /echo, as: other, check: [{ name: another user has none, json: { $.cookie: null } }] }
  - { request: GET /echo, cookies: false, check: [{ name: cookies can be left out, json: { $.cookie: null } }] }
  - { request: GET /echo, auth: { bearer: b }, check: [{ name: bearer, json: { "$.headers.authorization[0]": Bearer b } }] }
  - { request: GET /echo, auth: none, check: [{ name: none, json: { $.headers.authorization: { exists: false } } }] }
  - request: GET /echo
    auth: { oauth2: { tokenUrl: /token, clientId: c, clientSecret: s } }
    check: [{ name: oauth2, json: { "$.headers.authorization[0]": Bearer tok-123456 } }]
  - { request: GET /redirect, check: [{ name: followed, status: 200, json: { $.url: /echo/there } }] }
  - { request: GET /redirect, redirects: false, check: [{ name: not followed, status: 302, header: { Location: /echo/there } }] }
`,
    url,
  );
  t.ok(result.passed, JSON.stringify(result.failures.map(({ messages }) => messages)));
});

t.test('until, retry, repeat, skip, only, data, setup and teardown', async (t) => {
  const url = await echoServer(t);
  const run = await runText(
    `
name: flow
data: [{ word: one }, { word: two }]
setup: [{ name: before, request: GET /json }]
steps:
  - name: wait for it
    request: GET /after/3
    until: { within: 10s, every: 1ms, is: { status: 200 } }
    check: [{ name: ready, json: { $.ready: true } }]
  - { name: flaky, retry: 5, request: 'GET /after/2/{{word}}', check: [{ name: 'for {{word}}', status: 200 }] }
  - { name: three times, repeat: 3, request: 'GET /count/{{word}}' }
  - { name: left out, skip: not yet, request: GET /json }
  - { name: nap, wait: 1ms }
  - request: GET /json
    check: [{ name: later, skip: true, status: 500 }]
teardown: [{ name: after, request: GET /json }]
`,
    url,
  );
  t.ok(run.result.passed, JSON.stringify(run.result.failures.map(({ messages }) => messages)));
  t.same(run.result.iterations, { executed: 2, failed: 0 });
  t.equal(run.result.assertions.skipped, 2);
  matchGolden(t, 'scenario/flow', run.report);
});

t.test('only', async (t) => {
  const url = await echoServer(t);
  const { steps } = await runText(
    'name: x\nsteps:\n  - { name: a, request: GET /json }\n  - { folder: f, steps: [{ name: b, only: true, request: GET /json }, { name: c, request: GET /json }] }\n',
    url,
  );
  t.same(
    steps.map(({ ref }) => ref.name),
    ['b'],
  );
});

t.test('teardown runs after a failed setup, the steps do not', async (t) => {
  const url = await echoServer(t);
  const { result, steps } = await runText(
    'name: x\nsetup: [{ name: a, request: GET /json, check: [{ name: no, status: 500 }] }]\nsteps: [{ name: b, request: GET /json }]\nteardown: [{ name: c, request: GET /json }]\n',
    url,
  );
  t.notOk(result.passed);
  t.same(
    steps.map(({ ref }) => ref.name),
    ['a', 'c'],
  );
});

t.test('an interrupt ends the steps, and teardown still runs', async (t) => {
  const url = await echoServer(t);
  const stop = new AbortController();
  const seen: string[] = [];
  let passed: boolean | undefined;
  await t.rejects(
    runText(
      'name: x\nsteps: [{ name: a, request: GET /slow/60000 }, { name: b, request: GET /json }]\nteardown: [{ name: c, request: GET /json }]\n',
      url,
      {
        signal: stop.signal,
        onEvent: (event) => {
          if (event.type === 'step-end') seen.push(event.step.ref.name);
          if (event.type === 'scenario-end') passed = event.result.passed;
          if (event.type === 'request' && event.step.name === 'a')
            setTimeout(() => stop.abort(new Error('interrupted')), 50);
        },
      },
    ),
    /interrupted/,
  );
  t.same(seen, ['c']);
  t.equal(passed, false, 'what was not run to its end has not passed');
});

t.test('parallel sets are judged as a set', async (t) => {
  const url = await echoServer(t);
  const { result, report } = await runText(
    `
name: set
steps:
  - name: race
    parallel:
      - { request: POST /first/a, times: 5, json: { copy: '{{copy}}' } }
    capture: { won: { json: $.winner, where: { status: 200 } } }
    check:
      - { name: each is 200 or 409, every: { status: [200, 409] } }
      - { name: one wins, count: { where: { status: 200 }, is: 1 } }
      - { name: some are refused, some: { status: 409 } }
      - { name: none fails, none: { status: 5xx } }
      - { name: two outcomes, distinct: { of: $.winner, is: 2 } }
      - { name: numbers add up, sum: { of: { status: true }, is: 1836 } }
      - { name: wrong every, every: { status: 200 } }
      - { name: wrong count, count: { where: { status: 200 }, is: { atLeast: 2 } } }
      - { name: wrong none, none: { status: 409 } }
      - { name: wrong some, some: { status: 500 } }
      - { name: wrong distinct, distinct: { of: $.winner, is: 1 } }
`,
    url,
  );
  t.equal(result.assertions.failed, 5);
  t.same(
    result.failures.map(({ name }) => name),
    ['wrong every', 'wrong count', 'wrong none', 'wrong some', 'wrong distinct'],
  );
  const heads = report.slice(0, report.indexOf('  # failure'));
  matchGolden(t, 'scenario/set', heads);
});

t.test('faults go to the function given, and are skipped without one', async (t) => {
  const url = await echoServer(t);
  const yaml = 'name: x\nsteps: [{ fault: { kill: orders } }, { request: GET /json }]\n';
  const harmed: string[] = [];
  const run = await runText(yaml, url, { fault: async ({ kind, service }) => void harmed.push(`${kind} ${service}`) });
  t.same(harmed, ['kill orders']);
  t.ok(run.result.passed);
  const without = await runText(yaml, url);
  t.equal(without.steps[0]?.state, 'skipped');
});

t.test('what is lost on purpose', async (t) => {
  const url = await echoServer(t);
  const { result, steps } = await runText(
    `
name: loss
steps:
  - { request: POST /count/cut, lose: request, json: { a: 1 }, check: [{ name: cut, error: cut on purpose }] }
  - { request: POST /count/gone, lose: connection, json: { a: 1 }, check: [{ name: gone, error: closed on purpose }] }
  - { request: POST /count/lost, lose: response, json: { a: 1 }, check: [{ name: lost, error: dropped on purpose }] }
  - { request: GET /count/lost, check: [{ name: the server did it, json: { $.count: 2 } }] }
  - { request: GET /count/cut, check: [{ name: a cut request never arrived whole, json: { $.count: 1 } }] }
`,
    url,
  );
  t.ok(result.passed, JSON.stringify(result.failures.map(({ messages }) => messages)));
  t.equal(steps.length, 5);
});

t.test('secrets are masked wherever a report could show them', async (t) => {
  const url = await echoServer(t);
  const run = await runText(
    `
name: masked
variables: { password: hunter2secret, pin: '4711-0815' }
secrets: [pin]
steps:
  - name: login
    request: POST /echo?pin={{pin}}
    headers: { Authorization: 'Bearer {{password}}' }
    json: { password: '{{password}}', pin: '{{pin}}' }
    log: [{ json: $ }]
    check: [{ name: fails, json: { $.body: '{{pin}} {{password}}' } }]
`,
    url,
    { traffic: true },
  );
  const everything = JSON.stringify(run.events) + run.report;
  t.notMatch(everything, /hunter2secret|4711-0815/);
  t.match(everything, /••••••/);
});

t.test('a failure tells the exchange, the difference, the line and the command', async (t) => {
  const url = await echoServer(t);
  const { report } = await runText(
    'name: x\nsteps:\n  - folder: F\n    steps:\n      - name: get it\n        request: GET /json\n        headers: { Accept: application/json }\n        check:\n          - { name: right, json: { $.nested: { equals: { n: 2, more: [1] } } } }\n',
    url,
  );
  matchGolden(
    t,
    'scenario/failure',
    report.replace(/date: .*/gi, 'Date: {{any}}').replace(/Host: .*/g, 'Host: {{any}}'),
  );
});

t.test('one step alone: what is before it runs unseen', async (t) => {
  const url = await echoServer(t);
  const yaml =
    'name: x\nsteps:\n  - { name: a, request: GET /json, capture: { id: $.id } }\n  - { name: b, request: "GET /count/{{id}}" }\n  - { name: c, request: GET /json }\n';
  const { steps } = await runText(yaml, url, { step: 'b' });
  t.same(
    steps.map(({ ref }) => ref.name),
    ['b'],
  );
  await t.rejects(runText(yaml, url, { step: 'bb' }), /Did you mean "b"/);
});

t.test('a step whose name others have too is picked by its line', async (t) => {
  const url = await echoServer(t);
  const yaml = `
name: x
steps:
  - { request: GET /json, capture: { id: $.id } }
  - { request: 'GET /count/{{id}}', check: [{ name: first, status: 200 }] }
  - request: 'GET /count/{{id}}'
    check: [{ name: second, status: 500 }]
`;
  const { result } = await runText(yaml, url, { rerun: ['--url', url] });
  t.equal(result.failures[0]?.rerun, `hwctl test test.yaml --step :6 --url ${url}`);
  const { steps } = await runText(yaml, url, { step: ':6' });
  t.same(
    steps.map(({ checks }) => checks.map(({ name }) => name)),
    [['second']],
  );
  await t.rejects(runText(yaml, url, { step: ':60' }), /no step at line 60/);
});

t.test('what no step foresaw ends the run, but not before teardown', async (t) => {
  const url = await echoServer(t);
  const seen: string[] = [];
  const run = runText(
    'name: x\nsteps: [{ name: a, request: GET /json }]\nteardown: [{ name: c, request: GET /json }]\n',
    url,
    {
      onEvent: (event) => {
        if (event.type === 'step-end') seen.push(event.step.ref.name);
        if (event.type === 'request' && event.step.name === 'a') throw new Error('a bug');
      },
    },
  );
  await t.rejects(run, /a bug/);
  t.same(seen, ['c']);
});

t.test('every step of a teardown is tried, and a bug in one ends the run after them', async (t) => {
  const url = await echoServer(t);
  const seen: string[] = [];
  const run = runText(
    'name: x\nsteps: [{ name: a, request: GET /json }]\nteardown: [{ folder: f, steps: [{ name: b, request: GET /json }, { name: c, request: GET /json }] }, { name: d, request: GET /json }]\n',
    url,
    {
      onEvent: (event) => {
        if (event.type === 'step-end') seen.push(event.step.ref.name);
        if (event.type === 'request' && ['b', 'd'].includes(event.step.name))
          throw new Error(`a bug in ${event.step.name}`);
      },
    },
  );
  await t.rejects(run, /a bug in b/);
  t.same(seen, ['a', 'c']);
});

t.test('a variable may need what is captured later', async (t) => {
  const url = await echoServer(t);
  const { result } = await runText(
    "name: x\nvariables: { line: 'id {{id}}' }\nsteps: [{ request: GET /json, capture: { id: $.id } }, { request: POST /echo, text: '{{line}}', check: [{ name: known, json: { $.body: id 7 } }] }]\n",
    url,
  );
  t.ok(result.passed, JSON.stringify(result.failures));
});

t.test(
  'redirects without an end are an error; a pause between requests; a body that is not the gzip it claims',
  async (t) => {
    const server = createServer((request, response) => {
      if (request.url === '/loop') response.writeHead(302, { location: '/loop' }).end();
      else response.writeHead(200, { 'content-encoding': 'gzip' }).end('{}');
    });
    await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
    t.teardown(() => server.close());
    const pauses: number[] = [];
    const { result, steps } = await runText(
      'name: x\nsteps:\n  - { request: GET /loop, check: [{ name: a redirect, status: 302 }] }\n  - { request: GET /loop, redirects: false, check: [{ name: a redirect, status: 302 }] }\n  - { request: GET /gzip }\n',
      `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
      {
        delayMs: 5,
        clock: {
          ...systemClock,
          sleep: async (ms) => {
            pauses.push(ms);
          },
        },
      },
    );
    t.notOk(result.passed);
    t.match(steps[0]!.errors, [{ message: /^redirected more than 10 times, at last to http.*\/loop$/ }]);
    t.equal(steps[1]!.state, 'passed');
    t.match(steps[2]!.errors, [{ message: 'the body is not the gzip that Content-Encoding says' }]);
    t.same(pauses, [5, 5]);
  },
);
