import t from 'tap';
import type { RequestStep } from '../../../src/cli/scenario/scenario.js';
import { echoServer } from '../echo-server.js';
import { runText } from '../run-text.js';
import { collection, entry, har, imported, type Outcome, openApi, wholeCollection, wholeOpenApi } from './imported.js';

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
