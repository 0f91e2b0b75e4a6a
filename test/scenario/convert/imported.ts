import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import t from 'tap';
import { Failure } from '../../../src/cli/kernel/failure.js';
import { importDocument } from '../../../src/cli/scenario/convert/import.js';
import { loadScenario } from '../../../src/cli/scenario/format/find.js';
import type { Scenario } from '../../../src/cli/scenario/scenario.js';
import { root } from '../../golden.js';

const folder = mkdtempSync(join(tmpdir(), 'hwctl-import-'));
t.teardown(() => rmSync(folder, { recursive: true, force: true }));

/** What became of a document. */
export interface Outcome {
  text: string;
  losses: string[];
  scenario: Scenario | undefined;
  /** What it was refused with. */
  refused: string;
}

/** Imports a document and loads what is written; throws where that is no sound scenario, or the error is no Failure. */
export async function imported(document: unknown, file = 'in.json'): Promise<Outcome> {
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

/** A HAR file of these entries. */
export const har = (...entries: unknown[]) => ({ log: { entries } });
/** An entry of a HAR file. */
export const entry = (more: object = {}) => ({
  request: { method: 'GET', url: 'http://server/a', ...more },
  response: { status: 200 },
});
/** An OpenAPI document of these paths. */
export const openApi = (paths: unknown, more: object = {}) => ({
  openapi: '3.0.0',
  info: { title: 'x' },
  paths,
  ...more,
});
/** A collection of these items. */
export const collection = (item: unknown) => ({ info: { name: 'x' }, item });

/** A HAR file with one of each of its parts. */
export const wholeHar = har(
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
/** As wholeHar, of OpenAPI. */
export const wholeOpenApi = {
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

/** As wholeHar, of Postman. */
export const wholeCollection = {
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
