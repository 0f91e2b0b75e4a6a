// What a scenario is as a load's journey: what it does of a test's, what is refused, what the page says of both.
import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import t, { type Test } from 'tap';
import { planJourney, stepTreatment, strangersTo } from '../../src/cli/journey/plan-journey.js';
import { root } from '../golden.js';
import { echoListener, listening } from '../scenario/echo-server.js';
import { scenarioOf } from '../scenario/run-text.js';
import { runAsJourney } from './journey-run.js';

async function echo(t: Test): Promise<{ port: number; urls: string[] }> {
  const urls: string[] = [];
  const answer = echoListener();
  const server = createServer((request, response) => {
    urls.push(`${request.method} ${request.url}`);
    answer(request, response);
  });
  return { port: await listening(t, server), urls };
}

const file = (...steps: string[]) => scenarioOf(`name: x\nsteps:\n${steps.map((step) => `  - ${step}\n`).join('')}`);

t.test('a redirect is followed, and the response it ends at is judged', async (t) => {
  const { port, urls } = await echo(t);
  const scenario = file('{ name: r, request: GET /redirect, check: [{ name: ends at 200, status: 200 }] }');
  const run = await runAsJourney(scenario, port, 5);
  t.match(run, { ok: 5, failed: 0, errors: {} });
  t.same(run.checks, Array(5).fill({ name: 'ends at 200', passed: true }));
  t.equal(urls.filter((url) => url === 'GET /echo/there').length, 5);
});

t.test('only: the others are left out', (t) => {
  const scenario = file('{ name: first, request: GET /json }', '{ name: second, only: true, request: GET /json }');
  t.same(planJourney(scenario).steps, ['second']);
  t.end();
});

t.test('variables of the command line hide those of the scenario', async (t) => {
  const { port, urls } = await echo(t);
  const scenario = scenarioOf("name: x\nvariables: { id: 1 }\nsteps: [{ request: 'GET /echo/{{id}}' }]\n");
  await runAsJourney(scenario, port, 1, { id: '{{two}}' });
  t.same(urls, ['GET /echo/%7B%7Btwo%7D%7D']);
});

t.test('a request without an answer is a failed step; the journey goes on, to teardown', async (t) => {
  const { port, urls } = await echo(t);
  const scenario = scenarioOf(
    'name: x\nsetup: [{ name: s, request: GET /reset }]\nsteps: [{ name: it, request: GET /json }]\nteardown: [{ name: clean, request: DELETE /json }]\n',
  );
  const run = await runAsJourney(scenario, port, 2);
  t.match(run, { ok: 0, failed: 2 });
  t.same(urls, ['GET /reset', 'DELETE /json', 'GET /reset', 'DELETE /json']);
});

t.test('a status in setup that no check looks at keeps no step from being done, as in a test', async (t) => {
  const { port, urls } = await echo(t);
  const scenario = scenarioOf('name: x\nsetup: [{ request: GET /status/404 }]\nsteps: [{ request: GET /json }]\n');
  const run = await runAsJourney(scenario, port, 2);
  t.match(run, { ok: 0, failed: 2 });
  t.same(urls, ['GET /status/404', 'GET /json', 'GET /status/404', 'GET /json']);
});

t.test('a step has its own time, longer or shorter than the load’s', async (t) => {
  const { port } = await echo(t);
  const run = await runAsJourney(file('{ request: GET /slow/2000, timeout: 60ms }', '{ request: GET /json }'), port, 1);
  t.match(run, { failed: 1, errors: { 'timed out': 1 } });
});

t.test('a request that cannot be made counts as one that failed, by its cause', async (t) => {
  const { port, urls } = await echo(t);
  const scenario = file(
    '{ name: take, request: GET /json, capture: { all: $.nested } }',
    "{ name: use, request: 'GET /echo/{{all.none}}' }",
    "{ name: away, set: { to: 'http://other.test' }, request: 'GET {{to}}/json' }",
    '{ name: last, request: GET /json }',
  );
  const run = await runAsJourney(scenario, port, 3);
  t.match(run, { ok: 0, failed: 3, errors: { 'request not made': 6 } });
  t.equal(urls.length, 6);
});

t.test('a failed capture fails its step', async (t) => {
  const { port } = await echo(t);
  const run = await runAsJourney(file('{ request: GET /json, capture: { a: $.missing } }'), port, 1);
  t.match(run, { failed: 1, errors: { 'assertion failed': 1 } });
});

t.test('what cannot be done is refused with its step and the reason', (t) => {
  const { problems, notes } = planJourney(
    file(
      '{ name: words, request: GET /json, check: [{ name: c, not: { error: { contains: REFUSED } } }] }',
      '{ name: lost, request: GET /json, lose: response }',
      '{ name: both, parallel: [{ request: GET /json }] }',
      '{ name: harm, fault: { kill: orders } }',
      '{ name: told, request: GET /json, log: [a] }',
    ),
  );
  t.match(problems, [
    /^test\.yaml:3:\d+: "words" judges the words of an error/,
    /"lost" loses its response/,
    /"both" is a parallel step/,
    /"harm" is a fault step/,
  ]);
  t.match(notes, [/what 1 step would log is left out/]);
  const data = {
    scenario: scenarioOf(
      "name: x\nvariables: { there: 'https://b.test' }\nsteps:\n  - { name: ours, request: GET https://a.test/x }\n  - { name: theirs, request: 'GET {{there}}/x' }\n",
    ),
    variables: {},
  };
  t.match(strangersTo({ url: 'https://a.test' }, data), [/"theirs" goes to https:\/\/b\.test/]);
  t.same(strangersTo({ url: 'https://a.test' }, { ...data, variables: { there: 'https://a.test' } }), []);
  t.end();
});

t.test('docs/LOAD.md names everything that is not done as in a test', (t) => {
  const page = readFileSync(`${root}docs/LOAD.md`, 'utf8').split('## Scenarios as journeys')[1]!.split('\n## ')[0]!;
  for (const [field, treatment] of Object.entries(stepTreatment))
    if (treatment !== 'same') t.ok(page.includes(`\`${field}\``), field);
  for (const kind of ['parallel', 'fault']) t.ok(page.includes(`\`${kind}\``), kind);
  t.end();
});
