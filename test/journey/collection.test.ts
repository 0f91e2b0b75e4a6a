// A collection under load is the collection under test: the same requests and the same checks, passed and failed.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import t, { type Test } from 'tap';
import { cases } from '../scenario/postman/collections.js';
import { anyServer, byLoad, byTest, type Given, planned } from './collection-both.js';

const host = 'shop.example';
const event = (listen: string, source: string) => ({ listen, script: { exec: source.split('\n') } });
const request = (name: string, path: string, test = '', prerequest = '', more: object = {}) => ({
  name,
  event: [event('test', test), event('prerequest', prerequest)],
  request: { method: 'GET', url: `{{base}}${path}`, ...more },
});
const post = (raw: string) => ({ method: 'POST', body: { mode: 'raw', raw } });

/** What scripts of users do, by kind: each is a request of its own. */
const shop = {
  info: { name: 'shop', schema: 'https://schema.getpostman.com/json/collection/v2.1.0/collection.json' },
  variable: [{ key: 'base', value: host }],
  auth: { type: 'bearer', bearer: [{ key: 'token', value: '{{token}}' }] },
  event: [event('prerequest', "pm.collectionVariables.set('token', pm.environment.get('given') || 'none');")],
  item: [
    request(
      'captures',
      '/a',
      "pm.environment.set('given', pm.response.json().token); pm.test('t', () => pm.response.to.have.status(200));",
    ),
    request(
      'legacy',
      '/b',
      "var d = JSON.parse(responseBody);\ntests['id'] = d.id === 7;\ntests['no'] = responseCode.code == 500;\ntests['has'] = responseBody.has('tok-1');",
    ),
    request(
      'implicit',
      '/c',
      "shared = pm.response.json();\npm.test('a: ' + shared.id, function () { pm.expect(shared).to.have.property('id').that.is.a('number'); });",
    ),
    request('implicit later', '/d', "pm.test('still', () => pm.expect(shared.token).to.eql('tok-1'));"),
    request(
      'branch',
      '/e',
      "if (pm.response.code === 200) { for (const name of ['x', 'y']) pm.test(name, () => pm.expect(name).to.equal('x')); } else { pm.test('never', () => {}); }",
    ),
    request('replaced', '/f?q={{q}}', '', "pm.collectionVariables.set('q', pm.variables.replaceIn('v-{{base}}'));"),
    request('undefined', '/g/{{gone}}', '', "pm.variables.set('gone', undefined);"),
    request('kept', '/g/{{kept}}', '', "pm.environment.set('kept', undefined);"),
    request('object', '/h/{{made}}', '', "pm.variables.set('made', { a: 1 });"),
    request('waits', '/i', "setTimeout(function () { pm.test('later', () => pm.expect(1).to.be.above(2)); }, 20);"),
    request('throws', '/j', "pm.test('before', () => {}); null.x; pm.test('after', () => {});"),
    request(
      'sends',
      '/k',
      "pm.sendRequest({ url: pm.collectionVariables.get('base') + '/sent', method: 'POST', header: { 'X-A': 'b' }, body: { mode: 'raw', raw: '{\"id\":9}' } }, (error, response) => { pm.test('sent', () => pm.expect(response.json().id).to.equal(9)); });",
    ),
    {
      name: 'folder',
      event: [event('test', "pm.test('of the folder', () => pm.response.to.be.ok);")],
      item: [
        request('inner', '/l', "pm.test('chained', () => pm.expect([1, 2]).to.include.members([2]).and.not.empty);"),
      ],
    },
    request(
      'partial',
      '/m',
      "pm.test('partial', () => pm.response.to.have.jsonBody({ status: 'OK' }));\npm.test('path', () => pm.response.to.have.jsonBody('userId', 3));",
    ),
    request('schema', '/n', "pm.test('schema', () => pm.response.to.have.jsonSchema({ required: ['gone'] }));"),
    request(
      'posts',
      '/o',
      "pm.test('echo', () => pm.expect(pm.response.json().name).to.equal('Ada'));",
      '',
      post('{"name":"Ada","row":"{{row}}"}'),
    ),
    request(
      'again',
      '/p',
      "const n = (pm.variables.get('n') || 0) + 1; pm.variables.set('n', n);\nif (n < 3) postman.setNextRequest('again'); else pm.execution.setNextRequest('last');",
    ),
    request('skipped', '/q'),
    request(
      'headers',
      '/r',
      "pm.test('h', () => { pm.response.to.have.header('X-Kind', 'test'); pm.expect(pm.response.headers.get('x-kind')).to.match(/^t/); });",
      "pm.request.headers.add({ key: 'X-Own', value: '1' });",
    ),
    request(
      'last',
      '/s',
      "pm.test.skip('not yet', () => {});\npm.test('cookie', () => pm.expect(pm.cookies.get('session')).to.eql('abc'));\npm.test('lodash', () => pm.expect(_.isEmpty({})).to.be.true);",
    ),
  ],
};

function fileOf(t: Test, name: string, content: unknown): string {
  const folder = mkdtempSync(join(tmpdir(), 'hwctl-collection-'));
  t.teardown(() => rmSync(folder, { recursive: true, force: true }));
  const file = join(folder, name);
  writeFileSync(file, typeof content === 'string' ? content : JSON.stringify(content));
  return file;
}

/** Values that are random, or this server's own, are each run's own. */
const plain = (requests: string[]) => requests.map((each) => each.replace(/[\da-f]{8}-[\da-f-]{27}/g, 'UUID'));

async function same(t: Test, collection: unknown, given: Given, iterations = 1, name = 'c.json') {
  const server = await anyServer(t);
  const file = fileOf(t, name, collection);
  const theirs = await byTest(file, server, given, host);
  const ours = await byLoad(file, server, given, iterations);
  t.same(plain(ours.requests), plain(theirs.requests));
  t.same(ours.checks, theirs.checks);
  return { theirs, ours };
}

t.test('scripts of every kind', async (t) => {
  const { theirs, ours } = await same(t, shop, {});
  t.ok(theirs.requests.length > 18, `${theirs.requests.length} requests`);
  t.ok(ours.checks.some(({ passed }) => !passed) && ours.checks.length > 15, `${ours.checks.length} checks`);
});

t.test('an environment, variables of the command line, rows of data, a folder', async (t) => {
  const environment = fileOf(t, 'e.json', { values: [{ key: 'given', value: 'from-file' }] });
  await same(t, shop, { environment, folder: ['folder'] });
  await same(t, shop, { envVar: { given: 'flag' }, folder: ['posts', 'captures'] });
  const iterationData = fileOf(t, 'd.csv', 'row\none\ntwo\n');
  const { ours } = await same(t, shop, { iterationData, folder: ['posts'] }, 2);
  t.match(ours.requests.join('\n'), /"one"[\s\S]*"two"/);
});

t.test('collections at hand', async (t) => {
  for (const { collection } of cases.slice(0, 6)) {
    const server = await anyServer(t);
    const variable = [{ key: 'base', value: `http://${host}` }, ...((collection.variable as object[]) ?? [])];
    const file = fileOf(t, 'c.json', { ...collection, variable });
    const ours = await byLoad(file, server, {}, 1).catch((error) => error.code as string);
    if (typeof ours === 'string') {
      t.match(ours, /unread-script|two-servers|unknown-server/);
      continue;
    }
    const theirs = await byTest(file, server, {}, ours.host);
    t.equal(ours.requests.length, theirs.requests.length);
    t.same(ours.checks, theirs.checks);
  }
});

t.test('what is not read is told before anything is sent', async (t) => {
  const refused: [source: string, told: RegExp][] = [
    ["pm.test('t', () => {\n  eval('1');\n});", /the test script of "r", line 2: eval is not known/],
    ["const moment = require('moment');", /line 1: the library moment is not known/],
    ["const x = await pm.sendRequest('http://a');", /`await` of pm.sendRequest/],
    ["pm.test('t', (done) => done());", /says itself when it is done/],
    ['pm.vault.get(1);', /pm.vault is not known/],
    ['this is not', /not JavaScript/],
  ];
  for (const [source, told] of refused) {
    const file = fileOf(t, 'c.json', { ...shop, item: [request('r', '/', source)] });
    const { code, details } = await planned(file, {}, 1).catch((error) => error);
    t.equal(code, 'unread-script', source);
    t.match(details.join('\n'), told);
  }
  const logs = fileOf(t, 'c.json', { ...shop, item: [request('r', '/', 'console.log(moment().anything());')] });
  await t.resolves(planned(logs, {}, 1), 'what is only logged is not worked out');
});
