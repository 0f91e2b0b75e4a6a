// What reports show of names, messages and steps that run unseen.
import t from 'tap';
import { echoServer } from './echo-server.js';
import { runText } from './run-text.js';

t.test('names of checks show no secret and act on no terminal', async (t) => {
  const url = await echoServer(t);
  const { events, report } = await runText(
    `
name: x
variables: { password: hunter2hunter2, odd: "l1\\nl2\\e[2J" }
steps:
  - { name: a, request: GET /json, check: [{ name: 'one {{password}}', status: 500 }, { name: 'odd {{odd}}', status: 500 }] }
  - name: b
    parallel: [{ request: GET /json, times: 2 }]
    check: [{ name: 'set {{password}}', every: { status: 500 } }]
`,
    url,
  );
  t.notMatch(JSON.stringify(events) + report, /hunter2|\u001b/);
  t.match(report, 'one ••••••');
  t.match(report, 'set ••••••');
  t.match(report, 'odd l1␊l2␛[2J');
});

t.test('--step: the checks of a step that runs unseen do not count; that it could not be done does', async (t) => {
  const url = await echoServer(t);
  const yaml = `
name: x
steps:
  - { name: a, request: GET /json, check: [{ name: bad, status: 500 }] }
  - { name: b, request: GET /json, check: [{ name: good, status: 200 }] }
`;
  const { result } = await runText(yaml, url, { step: 'b' });
  t.ok(result.passed);
  t.match(result.assertions, { executed: 1, failed: 0 });
  const broken = await runText(yaml.replace('GET /json, check: [{ name: bad', 'GET /reset, check: [{ name: bad'), url, {
    step: 'b',
  });
  t.notOk(broken.result.passed);
  t.match(broken.result.failures, [{ kind: 'request' }]);
});
