import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import t, { type Test } from 'tap';
import { type Imported, written } from '../../../src/cli/scenario/convert/draft/draft.js';
import { fromHar } from '../../../src/cli/scenario/convert/har/from-har.js';
import { fromOpenApi } from '../../../src/cli/scenario/convert/openapi/from-openapi.js';
import { fromPostman } from '../../../src/cli/scenario/convert/postman/from-postman.js';
import { toCurl } from '../../../src/cli/scenario/convert/to-curl.js';
import { toK6 } from '../../../src/cli/scenario/convert/to-k6.js';
import { toPostman } from '../../../src/cli/scenario/convert/to-postman.js';
import { loadScenario } from '../../../src/cli/scenario/format/find.js';
import { matchGolden, root } from '../../golden.js';
import { echoServer } from '../echo-server.js';
import { cases } from '../postman/collections.js';
import { runText } from '../run-text.js';

/** The YAML of an import, which must be a sound scenario. */
async function soundYaml(t: Test, imported: Imported): Promise<{ text: string; losses: string[] }> {
  const { text, losses } = await written(imported);
  const folder = mkdtempSync(join(tmpdir(), 'hwctl-import-'));
  try {
    writeFileSync(join(folder, 'imported.yaml'), text);
    await loadScenario('./imported.yaml', { root, cwd: folder });
  } catch (error) {
    t.fail(`not sound: ${(error as Error & { details?: string[] }).details?.join('; ') ?? String(error)}`, { text });
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
  return { text, losses };
}

t.test('a Postman collection becomes a scenario that runs; what is lost is told', async (t) => {
  const url = await echoServer(t);
  const collection = {
    info: { name: 'shop' },
    variable: [
      { key: 'base', value: url },
      { key: 'user-name', value: 'ada' },
    ],
    item: [
      {
        name: 'F',
        item: [
          {
            name: 'get',
            event: [
              {
                listen: 'test',
                script: {
                  exec: [
                    "pm.test('status is 200', function () { pm.response.to.have.status(200); });",
                    'var jsonData = pm.response.json();',
                    "pm.environment.set('order id', jsonData.id);",
                  ],
                },
              },
            ],
            request: { method: 'GET', url: { raw: '{{base}}/json?u={{user-name}}' } },
          },
          {
            name: 'post',
            event: [
              { listen: 'test', script: { exec: ["pm.test('clever', () => { pm.expect(1 + 1).to.equal(2); });"] } },
            ],
            request: {
              method: 'POST',
              url: '{{base}}/echo',
              header: [{ key: 'X-Id', value: '{{order id}}' }],
              body: { mode: 'raw', raw: '{"id":"{{$guid}}","order":"{{order id}}"}' },
              auth: { type: 'bearer', bearer: [{ key: 'token', value: 't' }] },
            },
          },
        ],
      },
    ],
  };
  const { text, losses } = await soundYaml(t, await fromPostman(collection));
  t.same(losses, [
    'the name of the variable "user-name": it is user_name here',
    'the name of the variable "order id": it is order_id here',
    '"post": the test "clever"',
  ]);
  const { result } = await runText(text, url);
  t.ok(result.passed, text);
  t.equal(result.requests.executed, 2);
  matchGolden(t, 'scenario/from-postman.yaml', text.replaceAll(url, 'http://server'));
});

t.test('every collection of the comparison can be imported', async (t) => {
  for (const { collection } of cases) {
    t.comment(String((collection.info as { name: string }).name));
    await soundYaml(t, await fromPostman(collection as Parameters<typeof fromPostman>[0]));
  }
});

t.test('an address that is sent as it is tells of nothing', async (t) => {
  const addresses = [
    "http://s/{{$guid}}/b's?a={{$randomInt}}&c=it's",
    's/a b?c=d e',
    'HTTPS://s',
    { raw: 'http://s/a' },
  ];
  const item = addresses.map((url, i) => ({ name: `r${i}`, request: { method: 'GET', url } }));
  t.same((await soundYaml(t, await fromPostman({ info: { name: 'x' }, item }))).losses, []);
});

t.test('an OpenAPI document becomes a scenario', async (t) => {
  const imported = await fromOpenApi({
    openapi: '3.1.0',
    info: { title: 'shop' },
    servers: [{ url: 'https://shop.example/v1' }],
    paths: {
      '/orders/{order-id}': {
        parameters: [{ name: 'order-id', in: 'path', required: true, schema: { type: 'integer', minimum: 1 } }],
        get: {
          summary: 'An order',
          parameters: [{ name: 'full', in: 'query', required: true, schema: { type: 'boolean' } }],
          responses: { 200: { content: { 'application/json': { schema: { $ref: '#/components/schemas/Order' } } } } },
        },
        put: {
          operationId: 'changeOrder',
          security: [{ bearer: [] }],
          requestBody: { content: { 'application/json': { schema: { $ref: '#/components/schemas/Order' } } } },
          responses: { 204: { description: 'changed' }, 404: {} },
        },
      },
    },
    components: {
      securitySchemes: { bearer: { type: 'http', scheme: 'bearer' } },
      schemas: {
        Order: {
          type: 'object',
          required: ['id'],
          properties: { id: { type: 'integer', minimum: 5 }, mail: { type: 'string', format: 'email' } },
        },
      },
    },
  });
  const { text, losses } = await soundYaml(t, imported);
  t.same(losses, ['security bearer: pass its token with --var bearer_token=...']);
  matchGolden(t, 'scenario/from-openapi.yaml', text);
});

t.test('a HAR recording becomes a scenario', async (t) => {
  const entry = (method: string, url: string, more = {}, status = 200) => ({
    request: {
      method,
      url,
      headers: [
        { name: 'Host', value: 'x' },
        { name: 'X-Kept', value: '1' },
        { name: 'Authorization', value: 'secret' },
      ],
      ...more,
    },
    response: { status },
  });
  const imported = fromHar({
    log: {
      entries: [
        entry('GET', 'https://shop.example/orders?page=1'),
        entry(
          'POST',
          'https://shop.example/orders',
          { postData: { mimeType: 'application/json', text: '{"a":1}' } },
          201,
        ),
        entry('GET', 'https://cdn.example/logo'),
      ],
    },
  });
  const { text, losses } = await soundYaml(t, imported);
  t.same(losses, ['"GET /orders": the value of authorization: set the variable authorization']);
  t.notMatch(text, /: secret/);
  matchGolden(t, 'scenario/from-har.yaml', text);
});

t.test('exports are stable texts, and say what they lose', async (t) => {
  const scenario = await loadScenario('idempotency', { root, cwd: root });
  t.same(toPostman(scenario).losses, []);
  matchGolden(t, 'scenario/idempotency.postman.txt', toPostman(scenario).text);
  const k6 = toK6(scenario);
  t.same(k6.losses, []);
  matchGolden(t, 'scenario/idempotency.k6.txt', k6.text);
  matchGolden(t, 'scenario/idempotency.curl.txt', toCurl(scenario).text);
  const strict = await loadScenario('idempotency-strict', { root, cwd: root });
  t.ok(toPostman(strict).losses.some((loss) => /parallel has no counterpart/.test(loss)));
  t.ok(toK6(strict).losses.length > 0);
});
