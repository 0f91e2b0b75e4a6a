// One step machine, two drivers: every example of the format that passes and every one that fails is run by `test` and by the
// load engine as a journey. Both send the same and judge it alike, or the journey is refused with its reason.
import { createServer } from 'node:http';
import t, { type Test } from 'tap';
import { planJourney } from '../../src/cli/journey/plan-journey.js';
import type { Scenario } from '../../src/cli/scenario/scenario.js';
import { checks } from '../scenario/checks.js';
import { echoListener, listening } from '../scenario/echo-server.js';
import { features } from '../scenario/features.js';
import { runText, scenarioOf } from '../scenario/run-text.js';
import { runAsJourney } from './journey-run.js';

interface Driven {
  /** Method, address, headers and body of each, as the server had them. */
  requests: string[];
  checks: { name: string; passed: boolean }[];
  /** Iterations in which something failed. */
  failed: number;
}

/** Words of the connection, not of the request. */
const hopByHop = new Set(['connection', 'keep-alive']);

async function server(t: Test): Promise<{ port: number; url: string; requests: string[] }> {
  const requests: string[] = [];
  const answer = echoListener();
  const recording = createServer((request, response) => {
    const body: Buffer[] = [];
    const at = requests.push('') - 1;
    request.on('data', (chunk: Buffer) => body.push(chunk));
    request.on('end', () => {
      const headers = Object.entries(request.headersDistinct).filter(([name]) => !hopByHop.has(name));
      const said = [
        request.method,
        request.url,
        JSON.stringify(headers.sort()),
        Buffer.concat(body).toString('latin1'),
      ];
      requests[at] = said
        .join(' ')
        .replaceAll(/127\.0\.0\.1:\d+/g, 'server')
        .replaceAll(/hwctl-[0-9a-f-]{36}/g, 'BOUNDARY');
    });
    answer(request, response);
  });
  const port = await listening(t, recording);
  return { port, url: `http://127.0.0.1:${port}`, requests };
}

async function byTest(t: Test, yaml: string): Promise<Driven> {
  const { url, requests } = await server(t);
  const run = await runText(yaml.replaceAll('{{server}}', url), url);
  const judged = run.events.flatMap((event) => (event.type === 'check' ? event.check : []));
  const judgedNow = judged.filter(({ state }) => state !== 'skipped');
  const checks = judgedNow.map(({ name, state }) => ({ name, passed: state === 'passed' }));
  return { requests, checks, failed: run.result.iterations.failed };
}

async function byLoad(t: Test, yaml: string): Promise<Driven> {
  const { port, url, requests } = await server(t);
  const scenario = scenarioOf(yaml.replaceAll('{{server}}', url));
  const { checks, failed } = await runAsJourney(scenario, port, Math.max(1, scenario.data.length));
  return { requests, checks, failed };
}

/** A file that is refused is so for both. */
function read(yaml: string): Scenario | undefined {
  try {
    return scenarioOf(yaml.replaceAll('{{server}}', 'http://server.test'));
  } catch {
    return undefined;
  }
}

/** A load counts a name with templates in it as one check. */
function sameNames(tested: Driven['checks'], loaded: Driven['checks']): Driven['checks'] {
  return tested.map((check, at) => ({
    ...check,
    name: /\{\{/.test(loaded[at]?.name ?? '') ? loaded[at]!.name : check.name,
  }));
}

/** Time enough for a request to reach the wire before it is given up, whatever else the machine does. */
function patient(yaml: string): string {
  return yaml.replaceAll(/timeout: (\d+)ms/g, (_, ms: string) => `timeout: ${40 * Number(ms)}ms`);
}

const examples = [
  ...features.flatMap(({ feature, passes, fails }) => [
    { what: `${feature}: passes`, yaml: patient(passes) },
    { what: `${feature}: fails`, yaml: patient(fails) },
  ]),
  ...checks.flatMap(([feature, request, holds, fails]) =>
    [holds, fails].map((condition, index) => ({
      what: `check ${feature}: ${index === 0 ? 'holds' : 'fails'}`,
      yaml: `name: x\nsteps: [{ request: ${request}, check: [{ name: c, ${condition} }] }]\n`,
    })),
  ),
];

/** Examples that no journey can do, and the reason that is given. */
const refused: [what: RegExp, why: RegExp][] = [
  [/^auth: oauth2: /, /needs an OAuth 2 token/],
  [/^(fault|name, skip, only and tags of a step: fault): passes|^fault: fails/, /is a fault step/],
  [/^lose: /, /loses its response on purpose/],
  [/^parallel: |of a step: parallel: passes/, /is a parallel step/],
  [/^name, skip, only and tags of a step: wait: passes/, /it has no request/],
];

t.test('every example is done alike by both drivers, or refused with its reason', { jobs: 8 }, async (t) => {
  const unused = new Set(refused);
  for (const { what, yaml } of examples) {
    const scenario = read(yaml);
    if (scenario === undefined) continue;
    const known = refused.find(([pattern]) => pattern.test(what));
    const { problems } = planJourney(scenario);
    if (known !== undefined) {
      unused.delete(known);
      t.match(problems.join('\n'), known[1], `${what}: refused`);
      continue;
    }
    t.same(problems, [], `${what}: not refused`);
    void t.test(what, async (t) => {
      const [tested, loaded] = await Promise.all([byTest(t, yaml), byLoad(t, yaml)]);
      t.same(loaded.requests, tested.requests, 'the same on the wire');
      t.same(loaded.checks, sameNames(tested.checks, loaded.checks), 'the same checks with the same outcome');
      t.equal(loaded.failed, tested.failed, 'the same iterations fail');
    });
  }
  t.same([...unused], [], 'every refusal is of some example');
});
