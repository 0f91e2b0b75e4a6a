// What a client may send as a body, to every route that takes one: never a 5xx.

import { gzipSync } from 'node:zlib';
import t from 'tap';
import { maxBodyBytes, maxDepth } from '../../../src/server/http/json-body.js';
import { internalToken, startPlatform } from '../../server/platform.js';

t.setTimeout(60_000);
const platform = await startPlatform();
t.teardown(() => platform.stop());
const { send } = platform;
const { token } = await platform.user();
const document = (await send('GET', '/openapi.json')).json as {
  paths: Record<string, Record<string, { requestBody?: unknown }>>;
};
const routes = Object.entries(document.paths).flatMap(([path, methods]) =>
  Object.entries(methods)
    .filter(([, { requestBody }]) => requestBody !== undefined)
    .map(([method]) => ({ method: method.toUpperCase(), path, target: path.replace(/\{\w+\}/g, '1') })),
);

const nested = (depth: number, open: string, close: string) => `${open.repeat(depth)}1${close.repeat(depth)}`;
const lastKey = (bytes: Buffer) => Buffer.concat([Buffer.from('{"a":"'), bytes, Buffer.from('"}')]);
const bodies: [name: string, raw: Buffer | string, status: number, headers?: Record<string, string>][] = [
  [
    'sound, but for one more field that is 4,000 deep',
    `{"address":"a","count":1,"amount":1,"login":"l","password":"p","x":${nested(4_000, '[', ']')}}`,
    400,
  ],
  ['arrays 4,000 deep', nested(4_000, '[', ']'), 400],
  ['objects 2,500 deep', nested(2_500, '{"a":', '}'), 400],
  ['one level too deep', nested(maxDepth + 1, '[', ']'), 400],
  ['deep and not closed', '['.repeat(16_000), 400],
  ['cut UTF-8', lastKey(Buffer.from([0xe2, 0x82])), 400],
  ['UTF-8 that is none', lastKey(Buffer.from([0xc0, 0x80, 0xff])), 400],
  ['a surrogate in UTF-8', lastKey(Buffer.from([0xed, 0xa0, 0x80])), 400],
  ['UTF-16', Buffer.from('{"a":1}', 'utf16le'), 400],
  ['nothing', '', 400],
  ['not JSON', '{', 400],
  ['a string', '"a"', 400],
  ['too large', `"${'x'.repeat(maxBodyBytes)}"`, 413],
  ['a bomb', gzipSync(' '.repeat(5_000_000)), 413, { 'content-encoding': 'gzip' }],
  ['gzip cut off', gzipSync('{"a":1}').subarray(0, 12), 400, { 'content-encoding': 'gzip' }],
  ['not gzip', '{}', 400, { 'content-encoding': 'gzip' }],
  ['two codings', '{}', 415, { 'content-encoding': 'gzip, gzip' }],
];

t.test('every route', async (t) => {
  t.ok(routes.length >= 10, `${routes.length} routes`);
  for (const { method, path, target } of routes) {
    // The contract of users: whatever is wrong is this 500, and it says so itself.
    const ofUsers = path === '/user' || path === '/user/{id}';
    for (const [name, raw, status, headers] of bodies) {
      const answer = await send(method, target, {
        token: path.startsWith('/internal') || path.includes('/internal/') ? internalToken : token,
        raw,
        headers: { 'idempotency-key': 'k', ...headers },
      });
      if (ofUsers && status === 400)
        t.match(answer, { status: 500, text: 'internal server error' }, `${path}: ${name}`);
      else t.equal(answer.status, status, `${method} ${path}: ${name}`);
    }
  }
});
