import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import t from 'tap';
import { jsonSlip } from '../../../src/cli/document/json-slip.js';
import { Failure } from '../../../src/cli/kernel/failure.js';
import { readCollection } from '../../../src/cli/scenario/postman/collection.js';
import { matchGolden } from '../../golden.js';
import { brokenCollections } from '../broken.js';
import { cases } from './collections.js';

const folder = mkdtempSync(join(tmpdir(), 'hwctl-collection-'));
t.teardown(() => rmSync(folder, { recursive: true, force: true }));
const file = join(folder, 'c.json');

/** What is wrong with a collection; undefined for a sound one. Anything but a Failure is a bug and thrown on. */
async function problemOf(text: string): Promise<Failure | undefined> {
  writeFileSync(file, text);
  try {
    await readCollection(file, 'c.json');
    return undefined;
  } catch (error) {
    if (error instanceof Failure) return error;
    throw error;
  }
}

t.test('what is wrong with a collection is said with line and column, all at once', async (t) => {
  const lines: string[] = [];
  for (const [what, json] of brokenCollections) {
    const failure = await problemOf(json);
    const said = failure === undefined ? [] : [failure.message, ...failure.details];
    t.match(said.join('\n'), /^c\.json:\d+:\d+: /m, `${what}: has a position`);
    lines.push(`${what}:`, ...said.map((line) => `    ${line}`));
  }
  matchGolden(t, 'scenario/broken-collections', `${lines.join('\n')}\n`);
});

t.test('what Postman writes is taken', async (t) => {
  for (const { collection } of cases)
    t.equal(await problemOf(JSON.stringify(collection)), undefined, (collection.info as { name: string }).name);
  const schema = 'https://schema.getpostman.com/json/collection/v2.1.0/collection.json';
  const sparse = {
    info: { _postman_id: 'x', name: 'c', schema },
    variable: null,
    auth: null,
    event: null,
    item: [
      {
        name: 'a',
        request: { method: 'GET', header: null, body: null, auth: null, url: { raw: 'http://a/', host: ['a'] } },
      },
      { name: 'b', request: { method: 'GET', header: 'A: b', body: { mode: 'none' }, url: 'http://a/' }, response: [] },
      {
        name: 'c',
        item: [],
        event: [{ listen: 'test', script: { id: 'x', exec: ['', ''] } }, { listen: 'prerequest' }],
      },
    ],
  };
  t.equal(await problemOf(JSON.stringify({ collection: sparse })), undefined);
  t.equal(await problemOf(`\ufeff${JSON.stringify(sparse)}`), undefined, 'with a byte order mark');
});

t.test('any damage gives problems, never an exception', async (t) => {
  const sound = JSON.stringify(cases.map(({ collection }) => collection)[9], null, 1);
  let seed = 7;
  const random = (below: number) => {
    seed = (seed * 1_103_515_245 + 12_345) % 2_147_483_648;
    return seed % below;
  };
  let refused = 0;
  for (let i = 0; i < 150; i++) {
    const at = random(sound.length);
    const put = ['', '{', ']', ',', '"', '\u0000', 'null', '7', '[]', '\\'][random(10)]!;
    if ((await problemOf(sound.slice(0, at) + put + sound.slice(at + random(12)))) !== undefined) refused++;
  }
  t.ok(refused > 50, `${refused} of 150 were refused with words`);
});

t.test('folders within one another are bounded', async (t) => {
  const nested = (folders: number) => {
    const open = '{"name":"f {[ \\" {","item":['.repeat(folders);
    return `{"info":{"name":"c"},"item":[${open}{"name":"r","request":"http://a/"}${']}'.repeat(folders)}]}`;
  };
  t.equal(await problemOf(nested(250)), undefined);
  for (const folders of [260, 3000, 100_000]) {
    const failure = await problemOf(nested(folders));
    t.match(failure?.message, /^c\.json:1:\d+: nested deeper than 512 levels$/);
    t.match(failure?.hint, /250 folders/);
  }
});

t.test('where a text stops being JSON: as JSON.parse judges, with a position', async (t) => {
  const sound = [
    '1',
    ' -0.5e+3 ',
    '"\\u00e9\\n"',
    '[]',
    '{}',
    '[1,[true,{"a":null}]]',
    '{"a":{"b":[]},"c":"d"}',
    '"\ud800"',
  ];
  const bad: [string, number][] = [
    ['', 0],
    ['{"a":x}', 5],
    ['[1,]', 3],
    ['[1 2]', 3],
    ['{"a" 1}', 5],
    ['{"a":1,}', 7],
    ['{,}', 1],
    ['[}', 1],
    ['{"a":1]', 6],
    ['"a\nb"', 0],
    ['"\\x"', 0],
    ['01', 0],
    ['1.', 0],
    ['nulls', 0],
    ['{} {}', 3],
    ['[1', 2],
  ];
  for (const text of sound) {
    t.doesNotThrow(() => JSON.parse(text), text);
    t.equal(jsonSlip(text), undefined, text);
  }
  for (const [text, offset] of bad) {
    t.throws(() => JSON.parse(text), text);
    t.equal(jsonSlip(text)?.offset, offset, text);
  }
});
