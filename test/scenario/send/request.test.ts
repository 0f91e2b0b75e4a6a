import t from 'tap';
import type { RequestStep } from '../../../src/cli/scenario/scenario.js';
import { buildRequest } from '../../../src/cli/scenario/send/request.js';
import { Variables } from '../../../src/cli/scenario/variables/template.js';
import { scenarioOf } from '../run-text.js';

function built(step: Record<string, unknown>, values: Record<string, unknown> = {}) {
  const scenario = scenarioOf(
    JSON.stringify({ name: 'x', variables: values, steps: [{ request: 'POST /a', ...step }] }),
  );
  const source = { clock: { now: () => 0 }, iteration: 1 };
  const variables = new Variables([{ values: scenario.variables, templates: true }], source);
  return buildRequest((scenario.steps[0] as RequestStep).request, scenario, { url: 'http://server' }, variables);
}

t.test('keys of forms and names of parts hold variables, as those of the query do', async (t) => {
  const values = { key: 'a b' };
  t.equal(built({ form: { '{{key}}': ['1', '2'] } }, values).body, 'a+b=1&a+b=2');
  t.match(String(built({ multipart: { '{{key}}': 'x' } }, values).body), /name="a b"\r\n\r\nx/);
  t.match(built({ query: { '{{key}}': 'x' } }, values).url, /\?a\+b=x$/);
});

t.test('an empty token signs nobody in', async (t) => {
  const authorization = (token: string) =>
    built({ auth: { bearer: '{{token}}' } }, { token }).headers.find(([name]) => name === 'Authorization')?.[1];
  t.equal(authorization('t'), 'Bearer t');
  t.equal(authorization(''), undefined);
});

t.test('an address whose variable is not set goes nowhere', async (t) => {
  const host = '{{$repeat({,2)}}host}}';
  t.throws(() => built({ request: 'GET {{host}}/a' }, { host }), /"\{\{host\}\}\/a" is neither a path nor a URL/);
  t.equal(built({ request: 'GET {{path}}' }, { path: 'a' }).url, 'http://server/a');
});
