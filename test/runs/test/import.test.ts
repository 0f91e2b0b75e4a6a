// What import reads is written by others: each value in it may be of a wrong type, missing, or text that means something
// in our format. Either it is refused with what is wrong and where, or what is written is a sound scenario.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import t from 'tap';
import { Failure } from '../../../src/cli/kernel/failure.js';
import { importDocument } from '../../../src/cli/scenario/convert/import.js';
import { loadScenario } from '../../../src/cli/scenario/format/find.js';
import type { RequestStep, Scenario } from '../../../src/cli/scenario/scenario.js';
import { root } from '../../golden.js';
import { echoServer } from '../../scenario/echo-server.js';
import { runText } from '../../scenario/run-text.js';

t.setTimeout(120_000);

const folder = mkdtempSync(join(tmpdir(), 'hwctl-import-'));
t.teardown(() => rmSync(folder, { recursive: true, force: true }));

interface Outcome {
  text: string;
  losses: string[];
  scenario: Scenario | undefined;
  /** What it was refused with. */
  refused: string;
}

/** Imports a document and loads what is written; throws where that is no sound scenario, or the error is no Failure. */
async function imported(document: unknown, file = 'in.json'): Promise<Outcome> {
  writeFileSync(join(folder, file), typeof document === 'string' ? document : JSON.stringify(document, null, 1));
  let made: { text: string; losses: string[] };
  try {
    made = await importDocument(join(folder, file), file);
  } catch (error) {
    if (!(error instanceof Failure) || error.exitCode !== 2) throw error;
    return { text: '', losses: [], scenario: undefined, refused: [error.message, ...error.details].join('\n') };
  }
  writeFileSync(join(folder, 'out.yaml'), made.text);
  try {
    const scenario = await loadScenario('./out.yaml', { root, cwd: folder });
    return { ...made, scenario, refused: '' };
  } catch (error) {
    const details = error instanceof Failure ? error.details.join('\n') : String(error);
    throw new Error(`what was written is not sound: ${details}\n${made.text}`);
  }
}

const har = (...entries: unknown[]) => ({ log: { entries } });
const entry = (more: object = {}) => ({
  request: { method: 'GET', url: 'http://server/a', ...more },
  response: { status: 200 },
});
const openApi = (paths: unknown, more: object = {}) => ({ openapi: '3.0.0', info: { title: 'x' }, paths, ...more });
const collection = (item: unknown) => ({ info: { name: 'x' }, item });

const wholeHar = har(
  {
    request: {
      method: 'POST',
      url: 'http://server/a?b=c',
      headers: [{ name: 'X-A', value: '1' }],
      postData: { mimeType: 'application/json', text: '{"a":1}' },
    },
    response: { status: 201 },
  },
  {
    request: {
      method: 'POST',
      url: 'http://server/form',
      postData: { mimeType: 'application/x-www-form-urlencoded', params: [{ name: 'a', value: 'b' }] },
    },
  },
);

const order = {
  type: 'object',
  required: ['id'],
  properties: {
    id: { type: 'integer', minimum: 5, exclusiveMinimum: true },
    mail: { type: 'string', format: 'email', nullable: true },
    parts: { type: 'array', items: { $ref: '#/components/schemas/Order' } },
    kind: { allOf: [{ enum: ['a'] }] },
  },
};
const wholeOpenApi = {
  openapi: '3.0.3',
  info: { title: 'shop' },
  servers: [{ url: 'https://{host}/v1', variables: { host: { default: 'shop.example' } } }],
  security: [{ key: [] }],
  webhooks: {},
  paths: {
    '/orders/{id}': {
      parameters: [{ name: 'id', in: 'path', schema: { type: 'integer' } }],
      get: {
        summary: 'An order',
        security: [],
        parameters: [
          { name: 'q', in: 'query', required: true, examples: { one: { value: 'x' } } },
          { name: 'X-H', in: 'header', required: true, schema: { type: 'string', default: 'd' } },
        ],
        responses: { 200: { content: { 'application/json': { schema: { $ref: '#/components/schemas/Order' } } } } },
      },
      post: {
        operationId: 'change',
        requestBody: { content: { 'application/json': { schema: { $ref: '#/components/schemas/Order' } } } },
        responses: { 204: {} },
      },
      put: {
        requestBody: { content: { 'application/x-www-form-urlencoded': { schema: order } } },
        responses: { default: {} },
      },
    },
  },
  components: { schemas: { Order: order } },
};

const wholeCollection = {
  info: { name: 'shop' },
  variable: [{ key: 'base', value: 'http://server' }],
  auth: { type: 'basic', basic: [{ key: 'username', value: 'u' }] },
  event: [{ listen: 'test', script: { exec: [''] } }],
  item: [
    {
      name: 'F',
      item: [
        {
          name: 'raw',
          protocolProfileBehavior: { followRedirects: false },
          event: [{ listen: 'test', script: { exec: ["pm.test('ok', () => { pm.response.to.have.status(200); });"] } }],
          request: {
            method: 'POST',
            url: { raw: '{{base}}/a/:id', variable: [{ key: 'id', value: '7' }] },
            header: [{ key: 'X-A', value: '{{$guid}}' }],
            body: { mode: 'raw', raw: '{"a":{{n}}}', options: { raw: { language: 'json' } } },
            auth: { type: 'bearer', bearer: { token: 't' } },
          },
        },
      ],
    },
    {
      name: 'form',
      request: {
        method: 'POST',
        url: 'server/a',
        body: { mode: 'urlencoded', urlencoded: [{ key: 'a', value: 'b' }] },
      },
    },
    {
      name: 'parts',
      request: {
        method: 'POST',
        url: { host: ['server'], path: ['a'], query: [{ key: 'q', value: '1' }] },
        body: {
          mode: 'formdata',
          formdata: [
            { key: 'f', type: 'file', src: './f' },
            { key: 't', value: 'x' },
          ],
        },
      },
    },
    {
      name: 'graphql',
      request: {
        method: 'POST',
        url: 'http://s',
        body: { mode: 'graphql', graphql: { query: 'q', variables: '{"a":1}' } },
      },
    },
    { name: 'text', request: 'http://server/b' },
  ],
};

/** Each document that has one value replaced, with the path of that value. */
function* mutants(document: unknown): Generator<[path: string, mutant: unknown]> {
  const paths: (string | number)[][] = [];
  const gather = (value: unknown, path: (string | number)[]) => {
    if (path.length > 0) paths.push(path);
    if (value !== null && typeof value === 'object')
      for (const key of Object.keys(value)) gather((value as Record<string, unknown>)[key], [...path, key]);
  };
  gather(document, []);
  // Two of five a value: each kind of wrong meets each kind of place, in seconds.
  const bads = [null, 5, '{{x}}\n{{', [null, 5], {}];
  for (const [i, path] of paths.entries())
    for (const bad of [bads[i % 5], bads[(i + 2) % 5]]) {
      const mutant = structuredClone(document) as Record<string, unknown>;
      let at = mutant;
      for (const key of path.slice(0, -1)) at = at[key] as Record<string, unknown>;
      at[path.at(-1)!] = bad;
      yield [`${path.join('.')} = ${JSON.stringify(bad)}`, mutant];
    }
}

for (const [name, document] of Object.entries({ har: wholeHar, openApi: wholeOpenApi, collection: wholeCollection })) {
  t.test(`${name}: a wrong value anywhere is refused or left out`, async (t) => {
    const whole = await imported(document);
    t.equal(whole.refused, '');
    const wrong: string[] = [];
    let tried = 0;
    for (const [what, mutant] of mutants(document)) {
      tried++;
      await imported(mutant).catch((error: Error) => wrong.push(`${what}: ${error.message}`));
    }
    t.same(wrong, []);
    t.ok(tried > 40, `${tried} documents`);
  });
}

t.test('a document without a request is refused, with the place of what is wrong', async (t) => {
  const cases: [document: unknown, message: RegExp][] = [
    [har({}), /in\.json:\d+:\d+: log\.entries\[0\]\.request: expected an object, found nothing/],
    [har(null), /in\.json:\d+:\d+: log\.entries\[0\]: expected an object, found null/],
    [har(entry({ url: 'nope' })), /in\.json:\d+:\d+: log\.entries\[0\]\.request\.url: "nope" is not an http\(s\) URL/],
    [har(entry({ method: 'PROPFIND' })), /unknown method "PROPFIND"/],
    [har(), /no request that can be imported/],
    [{ log: {} }, /log\.entries: there is no list of entries/],
    [{ log: 5 }, /log: expected an object, found the number 5/],
    [{ openapi: '3.0.0' }, /in\.json:1:1: there is no "paths"/],
    [openApi({}), /no request that can be imported/],
    [
      openApi({ '/y': null, '/z': 5 }),
      /paths\.\/y: expected an object, found null[\s\S]*paths\.\/z: expected an object, found the number 5/,
    ],
    [openApi({ '/y': { $ref: '#/nowhere' } }), /there is nothing at #\/nowhere/],
    [openApi({ '/y': { $ref: '#/paths/~1y' } }), /leads back to itself/],
    [collection([]), /no request that can be imported/],
    [collection([null]), /item\[0\]: expected an object, found null/],
    [collection([{ name: 'a', request: { method: 'VIEW', url: 'http://s' } }]), /"a": unknown method "VIEW"/],
    [collection([{ name: 'a', request: {} }]), /"a": it has no address/],
    [{ swagger: '2.0' }, /neither a Postman collection/],
    [{ collection: 5 }, /neither a Postman collection/],
    ['[]', /expected an object/],
    ['{', /in\.json:1:2: not JSON/],
  ];
  for (const [document, message] of cases)
    t.match((await imported(document)).refused, message, JSON.stringify(document));
  t.match((await imported('a: [', 'in.yaml')).refused, /in\.yaml: /);
  t.match(
    (await imported('openapi: 3.1\npaths: { /a: }', 'in.yaml')).refused,
    /in\.yaml:2:\d+: paths\.\/a: expected an object/,
  );
});

t.test('one bad part among good ones is told, the rest is imported', async (t) => {
  const names = ({ scenario }: Outcome) => scenario?.steps.map(({ name }) => name);
  const first = await imported(har(entry(), null, entry({ method: 'PROPFIND' }), entry({ url: 'data:x' })));
  t.same(names(first), ['GET /a']);
  t.same(first.losses, [
    'log.entries[1]: expected an object, found null',
    'log.entries[3].request.url: "data:x" is not an http(s) URL',
    '"PROPFIND /a": unknown method "PROPFIND": one of GET, POST, PUT, PATCH, DELETE, HEAD, OPTIONS',
  ]);
  const second = await imported(
    openApi({
      '/y': null,
      '/a': {
        get: {
          parameters: [{ $ref: '#/gone' }],
          responses: { 200: { content: { 'application/json': { schema: { type: 'nonsense' } } } } },
        },
      },
    }),
  );
  t.same(names(second), ['GET /a']);
  t.match(second.losses, [
    'paths./y: expected an object, found null',
    /parameters\[0\]: there is nothing at #\/gone/,
    /"GET \/a": check: schema: /,
  ]);
  const third = await imported(
    collection([
      { name: 'a', request: 'http://s' },
      { name: 'b', request: { url: 'http://s', header: [{ key: 'not a name', value: '1' }] } },
    ]),
  );
  t.same(names(third), ['a', 'b']);
  t.match(third.losses, [/"b": headers: "not a name" is not a header name/]);
});

t.test('two braces in what was recorded are sent as they were', async (t) => {
  const url = await echoServer(t);
  const { text, losses } = await imported(
    har({
      request: {
        method: 'POST',
        url: `${url}/echo?a={{b}}`,
        headers: [{ name: 'X-A', value: '{{c}} {{{' }],
        postData: { mimeType: 'text/x', text: '{{#each}} {{x}}' },
      },
      response: { status: 200 },
    }),
  );
  t.same(losses, []);
  const { result, steps } = await runText(`${text}    capture: { got: $ }\n`, url, { traffic: true });
  t.ok(result.passed, text);
  t.equal(steps.length, 1);
  const captured = await runText(
    `${text}      - { name: body, json: { $.body: { length: 15, startsWith: '{', endsWith: '{x}}' }, "$.headers['x-a'][0]": { length: 9 } } }\n`,
    url,
  );
  t.ok(captured.result.passed, captured.report);
});

t.test('what Postman says of a request beside its address', async (t) => {
  const { scenario, losses } = await imported(wholeCollection);
  const requests = scenario!.steps.flatMap((step) => (step.kind === 'folder' ? step.steps : [step])) as RequestStep[];
  t.same(losses, [
    '"parts": its file ./f (the variable file_of_parts says where it is)',
    'a value of the variable n: the collection has none, so it is sent as {{n}} (needed first by "raw"); set it',
  ]);
  t.match(requests[0]!.request, {
    path: '{{base}}/a/7',
    redirects: false,
    headers: { 'Content-Type': 'application/json' },
  });
  t.match(requests[1]!.request, { path: 'http://server/a', body: { kind: 'form', fields: { a: 'b' } } });
  t.match(requests[2]!.request, { path: 'http://server/a?q=1' });
});

t.test('schemas of OpenAPI 3.0 are those of JSON Schema', async (t) => {
  const { scenario } = await imported(wholeOpenApi);
  const [get] = scenario!.steps as RequestStep[];
  t.equal(scenario!.url, 'https://shop.example/v1');
  t.match(get!.check[0]!.condition.schema, {
    properties: {
      id: { exclusiveMinimum: 5 },
      mail: { type: ['string', 'null'] },
      parts: { items: {} },
    },
  });
});
