// `hwctl probe idempotency` as it is called: exit codes, what is said, what is refused and how that is cured.
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import t, { type Test } from 'tap';
import type { ProbeResult } from '../../../src/cli/scenario/probe/probe-result.js';
import { golden, hwctlInside, root } from '../../golden.js';
import { type Answer, correct, openShop, type Shop, type ShopKind } from '../../scenario/probe/shop.js';

const folder = mkdtempSync(join(tmpdir(), 'hwctl-probe-'));
t.teardown(() => rmSync(folder, { recursive: true, force: true }));
writeFileSync(join(folder, 'order.json'), '{"price": 10, "meta": {}}');
writeFileSync(join(folder, 'broken.json'), '{"price": ');
const setup = (request: string) =>
  `name: login\nsteps: [{ request: ${request}, capture: { me: { header: X-Me } }, check: [{ name: signed in, status: 200 }] }]\nteardown: [{ request: GET /orders?bye }]`;
writeFileSync(join(folder, 'login.yaml'), setup('GET /orders?login'));
writeFileSync(join(folder, 'nologin.yaml'), setup('GET /nowhere'));

const quick = ['--settle', '20ms', '--within', '500ms', '--duplicates', '4', '--rounds', '1'];
const usual = ['--body', '{"price": 10}', '--effects', 'GET /orders', ...quick];

/** Probes a shop, with the words before and after. */
async function probe(t: Test, kind: ShopKind, words: string[] = usual, request = 'POST /orders') {
  const { url } = await openShop(t, kind);
  return hwctlInside(['probe', 'idempotency', request, '--url', url, ...words], { cwd: folder });
}

const refusing =
  (status: number, body: unknown = { title: 'no' }): ShopKind =>
  () => ({ post: () => ({ status, body }) });
const showing =
  (answer: Answer): ShopKind =>
  (disk) => ({ ...correct()(disk), get: () => answer });
const silent: ShopKind = () => ({ post: () => ({ status: 200, body: {} }) });
const careless: ShopKind = (disk) => ({ post: ({ body }) => disk.order(body) });

t.test('exit 0 for one that is idempotent, 1 for one that is not, 3 where nothing can be told', async (t) => {
  const [right, wrong, nothing] = await Promise.all([probe(t, correct()), probe(t, careless), probe(t, silent)]);
  t.match(right, { exitCode: 0, stdout: /IDEMPOTENT: however often it comes, it happens once\n6 passed/, stderr: '' });
  t.match(wrong, { exitCode: 1, stdout: /NOT IDEMPOTENT/ });
  t.match(nothing, { exitCode: 3, stdout: /VOID nothing can be told: .* changed\n? +nothing/ });
  const json = await probe(t, careless, [...usual, '--json']);
  t.equal(json.exitCode, 1);
  const told = JSON.parse(json.stdout) as ProbeResult;
  t.match(told, { probe: 'idempotency', verdict: 'not-idempotent', unit: 1, key: 'the header Idempotency-Key' });
  t.match(told.cases[0], { name: 'repeat', state: 'failed', effects: { expected: 0, found: 3 } });
});

t.test('what a learner reads', async (t) => {
  const { url } = await openShop(t, careless);
  await golden(t, 'probe/not-idempotent', ['probe', 'idempotency', 'POST /orders', '--url', url, ...usual], {
    inside: true,
    cwd: folder,
    values: { url },
  });
});

t.test('the key in every place', async (t) => {
  const byField: ShopKind = correct({
    keyOf: ({ body }) => (body.meta as Record<string, string> | undefined)?.id,
    bodyOf: ({ price }) => price,
  });
  const etag = (shop: Shop, count: () => number): Shop => ({
    ...shop,
    get: () => ({
      status: 200,
      body: Array.from({ length: count() }, (_, id) => ({ id })),
      headers: { etag: `"${count()}"` },
    }),
  });
  const byEtag: ShopKind = (disk) =>
    etag(
      {
        post: ({ key, body }) =>
          key === `"${disk.orders.length}"` ? disk.order(body) : { status: key === undefined ? 428 : 412 },
      },
      () => disk.orders.length,
    );
  const table: [string, ShopKind, string[]][] = [
    ['dotted', byField, ['--body', '@order.json', '--field', 'meta.id']],
    ['pointer', byField, ['--body', '@order.json', '--field', '/meta/id']],
    ['where {{key}} stands', byField, ['--body', '{"price": "{{$int(1,5)}}", "meta": {"id": "{{key}}"}}']],
    [
      'another header',
      correct(),
      ['--body', '{"price": 1}', '--header', 'idempotency-key', '--key-template', 'k-{{$hex(8)}}'],
    ],
    ['If-Match', byEtag, ['--body', '{"price": 1}', '--if-match', 'GET /orders']],
    [
      'another body of the user’s',
      correct(),
      ['--body', 'price=1', '-H', 'X-Form: yes', '--other-body', '{"price": 2}', '--body', '{"a": true}'],
    ],
  ];
  for (const [what, kind, words] of table) {
    const run = await probe(t, kind, [...words, '--effects', 'GET /orders', ...quick]);
    t.equal(run.exitCode, 0, what, { run });
    t.notMatch(run.stdout, /^!/m, `${what}: nothing to think about`, { run });
  }
});

t.test('a setup goes before, its teardown after', async (t) => {
  const run = await probe(t, correct(), [...usual, '--setup', './login.yaml', '-H', 'X-User: {{me}}', '--json']);
  t.match(run, { exitCode: 2, stderr: /was not captured/ }, 'what it cannot capture is told');
  writeFileSync(join(folder, 'plain.yaml'), 'name: plain\nvariables: { price: 7 }\nsteps: [{ request: GET /orders }]');
  const words = ['--body', '{"price": "{{price}}"}', '--effects', 'GET /orders', '--setup', './plain.yaml', ...quick];
  t.match(await probe(t, correct(), words), { exitCode: 0 }, 'its variables are used');
  t.match(await probe(t, correct(), [...usual, '--setup', './nologin.yaml']), {
    exitCode: 2,
    stderr: /--setup: login fails, so nothing was probed[\s\S]*cure: {2}hwctl test \.?\/?nologin\.yaml/,
  });
});

t.test('what cannot be asked is told with the server’s own words, and without secrets', async (t) => {
  const table: [string, ShopKind, string[], RegExp][] = [
    [
      '401',
      refusing(401),
      usual,
      /the request alone is not done: .*status 401\n {2}\{"title":"no"\}\ncure: {2}Sign in/,
    ],
    ['400', refusing(400), usual, /cure: {2}Give a body/],
    ['428', refusing(428), usual, /--if-match/],
    ['500', refusing(500), usual, /status 500/],
    ['a secret', refusing(401, { token: 'abcdef123456' }), usual, /"token":"•+"/],
    [
      'effects 404',
      showing({ status: 404 }),
      usual,
      /--effects: GET \/orders was answered with status 404\ncure: {2}Give the path/,
    ],
    ['effects 401', showing({ status: 401 }), usual, /cure: {2}Sign in/],
    ['effects 503', showing({ status: 503 }), usual, /status 503/],
    [
      'HTML',
      showing({ status: 200, body: '<p>' }),
      usual,
      /cannot be counted: the body is not JSON[\s\S]*Name a GET that answers JSON/,
    ],
    [
      'two lists',
      showing({ status: 200, body: { a: [], b: [] } }),
      usual,
      /has 2 lists[\s\S]*--effects-count '\$\.a' or '\$\.b'/,
    ],
    ['no list', showing({ status: 200, body: { n: 1, s: 'x' } }), usual, /has no list[\s\S]*--effects-count '\$\.n'/],
    ['a text', correct(), [...usual, '--effects-count', '$[0].price.x'], /nothing is at \$\[0\]\.price\.x/],
    ['no ETag', correct(), [...usual, '--if-match', 'GET /orders'], /gives no ETag \(status 200\)/],
  ];
  await Promise.all(
    table.map(async ([what, kind, words, says]) => {
      const run = await probe(t, kind, words);
      t.equal(run.exitCode, 2, what, { run });
      t.match(run.stderr, says, what);
      t.match(run.stderr, /\ncure: {2}\S/, `${what}: with a cure`);
      t.notMatch(run.stderr + run.stdout, /abcdef123456/, 'no secret');
    }),
  );
});

t.test('every kind of wrong call is refused before anything is sent, with its cure', async (t) => {
  const url = 'http://127.0.0.1:1';
  const good = ['--effects', 'GET /orders', '--url', url];
  const table: [string, string[], RegExp][] = [
    ['no request', [], /required option '--effects/],
    ['no effects', ['POST /order'], /--effects/],
    ['no method', ['/order', ...good], /Did you mean "POST \/order"/],
    ['small letters', ['post /order', ...good], /Did you mean "POST \/order"/],
    ['an unknown method', ['BREW /order', ...good], /unknown method "BREW"/],
    ['no URL', ['POST http://', ...good.slice(0, 2)], /is not a URL/],
    ['a broken template', ['POST /order/{{', ...good], /is not a variable/],
    ['effects that write', ['POST /order', '--effects', 'POST /orders'], /must have no effect of its own/],
    ['an ETag of a POST', ['POST /order', ...good, '--if-match', 'POST /orders'], /it is a POST/],
    [
      'a header with a value',
      ['POST /order', ...good, '--header', 'X-Id: 7'],
      /it has a value\ncure: .*-H 'NAME: VALUE'/,
    ],
    ['a header line without a name', ['POST /order', ...good, '-H', 'nonsense'], /it has no colon/],
    [
      'two places',
      ['POST /order', ...good, '--header', 'A', '--field', 'b'],
      /--header and --field exclude each other/,
    ],
    ['three places', ['POST /order', ...good, '--if-match', 'GET /a', '--field', 'b'], /exclude each other/],
    ['a field of no body', ['POST /order', ...good, '--field', 'b'], /the body is no JSON object/],
    ['a field of a text', ['POST /order', ...good, '--field', 'b', '--body', 'a=1'], /the body is no JSON object/],
    [
      'a field of another body',
      ['POST /order', ...good, '--field', 'b', '--body', '{}', '--other-body', 'x'],
      /no JSON object/,
    ],
    ['a path as a field', ['POST /order', ...good, '--field', '$.b'], /Did you mean "b"/],
    ['no JSONPath', ['POST /order', ...good, '--effects-count', 'total'], /Did you mean "\$\.total"/],
    ['broken JSON', ['POST /order', ...good, '--body', '{price: 1}'], /begins like JSON/],
    ['a file of broken JSON', ['POST /order', ...good, '--body', '@broken.json'], /begins like JSON/],
    ['no file', ['POST /order', ...good, '--body', '@nosuch.json'], /nosuch\.json cannot be read/],
    ['a template out of its quotes', ['POST /order', ...good, '--body', '{"a": {{$uuid}}}'], /Put templates in quotes/],
    ['an unknown generator', ['POST /order', ...good, '--body', '{"a": "{{$uid}}"}'], /\$uuid/],
    [
      'a variable without a value',
      ['POST /order', ...good, '--body', '{"a": "{{prise}}"}', '--var', 'price=1'],
      /\{\{prise\}\} a value\. Did you mean "price"/,
    ],
    [
      'one key for all',
      ['POST /order', ...good, '--key-template', 'abc'],
      /the same key each time\ncure: .*'abc-\{\{\$uuid\}\}'/,
    ],
    ['one request at once', ['POST /order', ...good, '--duplicates', '1'], /from 2 to 200/],
    ['too many rounds', ['POST /order', ...good, '--rounds', '21'], /from 1 to 20/],
    ['no unit', ['POST /order', ...good, '--settle', '5'], /Did you mean "5s"/],
    ['a kill elsewhere', ['POST /order', ...good, '--kill', 'orders'], /--kill and --url exclude each other/],
    [
      'a kill of its own server',
      ['POST http://127.0.0.1:1/order', '--effects', 'GET /o', '--kill', 'x'],
      /--kill means nothing here/,
    ],
    [
      'a host without its server',
      ['POST /order', '--effects', 'GET /o', '--host', 'h'],
      /--host means nothing without --url/,
    ],
    ['half a certificate', ['POST /order', ...good, '--cert', 'order.json'], /--cert means nothing without --key/],
    ['an unknown setup', ['POST /order', ...good, '--setup', 'idempotancy'], /Did you mean "idempotency"/],
    [
      'nothing up',
      ['POST /order', '--effects', 'GET /orders', '--target', 'local'],
      /nothing is up on the local target/,
    ],
    ['a server that is away', ['POST /order', ...good, '--within', '200ms'], /nothing listens there/],
  ];
  for (const [what, words, says] of table) {
    const run = await hwctlInside(['probe', 'idempotency', ...words], { cwd: folder });
    t.equal(run.exitCode, 2, what, { run });
    t.match(run.stderr, says, what);
    t.match(run.stderr, /\ncure: {2}\S/, `${what}: with a cure`);
  }
});

t.test('the calls of the page and of the help are calls', async (t) => {
  const { stdout } = await hwctlInside(['probe', 'idempotency', '--help']);
  const pages = [readFileSync(`${root}docs/PROBE.md`, 'utf8'), readFileSync(`${root}README.md`, 'utf8'), stdout];
  const calls = pages.flatMap((text) =>
    [...text.matchAll(/^ *(?:npx )?hwctl (probe idempotency '.*)$/gm)].map(([, call]) => call!),
  );
  t.ok(calls.length >= 8, `${calls.length} calls`);
  for (const call of calls) {
    const words = [...call.matchAll(/'([^']*)'|(\S+)/g)].map(([, quoted, plain]) => quoted ?? plain!);
    const run = await hwctlInside([...words, '--target', 'local'], { cwd: folder });
    t.match(run, { exitCode: 2, stderr: /nothing is up on the local target/ }, call);
  }
});
