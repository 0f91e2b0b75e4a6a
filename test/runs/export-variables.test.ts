// Variables given from outside (newman's --env-var, its data) are in each place of an exported collection what they are here.
import newman, { type Summary } from 'newman';
import t from 'tap';
import { toPostman } from '../../src/cli/scenario/convert/to-postman.js';
import { remembering } from '../scenario/convert/sent.js';
import { runText, scenarioOf } from '../scenario/run-text.js';

const runNewman = (options: Record<string, unknown>) =>
  new Promise<Summary>((done, fail) =>
    newman.run({ ...options, reporters: [] }, (error, summary) => (error ? fail(error) : done(summary))),
  );

const pairs = (given: Record<string, string>) => Object.entries(given).map(([key, value]) => ({ key, value }));

const outside = (url: string) =>
  JSON.stringify({
    name: 'outside',
    url,
    // Here each iteration has a jar of its own.
    cookies: false,
    variables: { root: `${url}/echo/one`, who: 'ann', n: 5, both: '{{who}} and {{n}}', o: { id: 7 } },
    steps: [
      { request: 'PUT {{root}}/users/{{who}}', headers: { 'X-Who': '{{who}}' }, json: { w: '{{who}}', n: '{{n}}' } },
      { request: 'POST /echo/{{both}}', query: { q: '{{who}}' }, form: { f: '{{who}}', b: '{{both}}' } },
      { request: 'GET /echo/auth', auth: { bearer: '{{who}}' } },
      { request: 'POST /json', text: '{{who}}', set: { n: 9 }, capture: { who: '$.id' } },
      { request: 'POST /echo/after/{{who}}', json: ['{{who}}', '{{n}}', '{{late}}'], set: { late: '{{who}}' } },
    ],
  });

for (const [what, given] of Object.entries({
  nothing: {},
  'an address and a text': { root: '{url}/echo/two', who: 'bob' },
  'what steps set and capture': { n: '7', late: 'x' },
  'a text that JSON and addresses escape': { who: 'a"b\\ c&d' },
  'what the others are made of': { both: 'b' },
})) {
  t.test(`variables from outside reach every place of an exported collection: ${what}`, async (t) => {
    const { url, take } = await remembering(t);
    const variables = Object.fromEntries(
      Object.entries(given).map(([key, value]) => [key, value.replace('{url}', url)]),
    );
    const { text, losses } = toPostman(scenarioOf(outside(url)));
    t.same(losses, []);
    const rows = [{}, { who: 'row', n: 'row' }];
    for (const iterationData of [[{}], rows]) {
      await runNewman({ collection: JSON.parse(text), envVar: pairs(variables), iterationData });
      const theirs = take();
      const yaml = JSON.stringify({ ...JSON.parse(outside(url)), data: iterationData });
      const { result } = await runText(yaml, url, { variables });
      t.ok(result.passed, JSON.stringify(result.failures));
      t.same(theirs, take());
      t.equal(theirs.length, 5 * iterationData.length);
    }
  });
}
