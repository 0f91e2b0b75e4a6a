import { readdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import t from 'tap';
import { traitsOf } from '../../../src/cli/load/arrivals/models.js';
import { Schedule, scaleStages } from '../../../src/cli/load/arrivals/schedule.js';
import { findProfile, listProfiles, parseProfile } from '../../../src/cli/load/plan/profile.js';

const root = fileURLToPath(new URL('../../..', import.meta.url));
const cwd = root;

t.test('every built-in profile is sound, named after its file, and says why it exists', async (t) => {
  const files = readdirSync(`${root}/scenarios/profiles`).filter((name) => name.endsWith('.yaml'));
  const profiles = listProfiles(root);
  t.equal(profiles.length, files.length);
  for (const { name, why } of profiles) {
    t.equal(findProfile(name, { root, cwd }).name, name);
    t.ok(why.length > 20);
  }
});

t.test('prices-ramp: 100 users at one request a second over nine minutes, up and down', async (t) => {
  const { arrivals } = findProfile('prices-ramp', { root, cwd });
  t.match(arrivals, { model: 'paced', paceMs: 1000 });
  t.equal(
    arrivals.stages.reduce((sum, stage) => sum + stage.durationMs, 0),
    9 * 60_000,
  );
  t.same(
    arrivals.stages.map(({ from, to }) => [from, to]),
    [
      [0, 100],
      [100, 100],
      [100, 0],
    ],
  );
  const schedule = new Schedule(traitsOf(arrivals).rate!);
  t.equal(Math.round(schedule.countAt(schedule.durationMs)), 53_600, 'requests in all');
  const quick = scaleStages(arrivals.stages);
  t.ok(Math.abs(quick.reduce((sum, stage) => sum + stage.durationMs, 0) - 20_000) < 1e-6);
  t.same(
    quick.map(({ from, to }) => [from, to]),
    [
      [0, 100],
      [100, 100],
      [100, 0],
    ],
  );
});

t.test('reads requests, weights, bodies and journeys', async (t) => {
  const { profile, problems } = parseProfile(
    [
      'name: mine',
      'why: a test',
      'arrivals: { concurrency: 5, requests: 50 }',
      'work:',
      '  - { weight: 3, request: GET /a }',
      '  - name: two',
      '    requests:',
      '      - GET /b',
      '      - { request: POST /c, json: { x: 1 }, status: [201, 409] }',
      '  - scenario: ./s.yaml',
      '  - scenario: orders',
      'thresholds: ["p(95)<1s", { threshold: "error_rate<1%", abortOnFail: true }]',
      'timeout: 2s',
    ].join('\n'),
    '/somewhere/mine.yaml',
  );
  t.same(problems, []);
  t.match(profile, {
    arrivals: { model: 'closed', requests: 50, stages: [{ from: 5, to: 5 }] },
    work: [
      { weight: 3, requests: [{ method: 'GET', path: '/a', step: 'GET /a' }] },
      {
        name: 'two',
        requests: [{}, { body: '{"x":1}', headers: { 'Content-Type': 'application/json' }, expectStatus: [201, 409] }],
      },
      { kind: 'scenario', name: 's', scenario: '/somewhere/s.yaml' },
      { kind: 'scenario', name: 'orders', scenario: 'orders' },
    ],
    thresholds: [{ bound: 1000, abortOnFail: false }, { abortOnFail: true }],
    timeoutMs: 2000,
  });
});

t.test('all problems at once, each with its place', async (t) => {
  const lines = (text: string) =>
    parseProfile(text).problems.map(({ at, message }) => `${at.line}:${at.column} ${message}`);
  t.same(lines('name: x\nwhy: y\narivals: {}\nwork:\n  - request: get /\n    wieght: 3\n'), [
    '1:1 a profile needs the field "arrivals": when work begins: by rate (arrivals a second, whatever the responses do), users with pace, or concurrency',
    '3:1 unknown field "arivals" in a profile. Did you mean "arrivals"?',
    '5:14 request: expected a method and a path, as in GET /orders, found the text "get /"',
    '6:5 unknown field "wieght" in a work. Did you mean "weight"?',
  ]);
  t.same(
    lines(
      'name: x\nwhy: y\narrivals: { rate: 1, users: 3, duration: 1s, requests: 3 }\nwork: [{ request: GET / }]\nthresholds: [p<3]',
    ),
    [
      '3:22 rate and users exclude each other',
      '3:46 requests belongs to concurrency',
      '5:14 threshold "p<3": there is no metric "p". Write for example p(95)<200, error_rate<1%, service:p(99)<300 or http_reqs:rate>100',
    ],
  );
  t.match(lines('name: x\nwhy: y\narrivals: { rate: 1, duration: 5 parsecs }\nwork: [{ request: GET / }]'), [
    /^3:32 duration: /,
  ]);
  t.match(lines('name: x\nwhy: [')[0]!, /^2:/);
  t.match(lines('')[0]!, /^1:1 /);
  t.match(lines('- 1')[0]!, /expected a profile as a mapping, found a list/);
});

t.test('unknown names and files', async (t) => {
  t.throws(() => findProfile('steadi', { root, cwd }), { code: 'unknown-profile', message: /Did you mean "steady"/ });
  t.throws(() => findProfile('./nowhere.yaml', { root, cwd }), { code: 'no-such-file' });
  t.throws(() => findProfile('./package.json', { root, cwd: `${root}/` }), { code: /no-such-file|bad-profile/ });
});
