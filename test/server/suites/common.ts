import type { Test } from 'tap';
import type { Platform } from '../platform.js';

const services = ['auth', 'billing', 'notifications', 'orders', 'users', 'prices', 'hello'];

/** What every service answers, and how the platform refuses. */
export async function commonSuite(t: Test, { send }: Platform): Promise<void> {
  await t.test('health, readiness, metrics and the document, at the root and below each name', async (t) => {
    for (const prefix of ['', ...services.map((name) => `/${name}`)]) {
      t.same((await send('GET', `${prefix}/health`)).json, { status: 'OK' });
      t.equal((await send('GET', `${prefix}/ready`)).status, 200);
      t.match((await send('GET', `${prefix}/metrics`)).text, /^http_requests_total\{/m);
      t.match((await send('GET', `${prefix}/openapi.json`)).json, { openapi: '3.1.0' });
    }
  });

  await t.test('hello is 17 bytes', async (t) => {
    const { status, text, headers } = await send('GET', '/');
    t.equal(status, 200);
    t.equal(Buffer.byteLength(text), 17);
    t.equal(headers['content-length'], '17');
    t.equal((await send('HEAD', '/')).headers['content-length'], '17');
  });

  await t.test('prices', async (t) => {
    t.equal((await send('GET', '/price/1')).text, '{"id":1,"price":199.90}');
    t.equal((await send('GET', '/price/2')).json.price, 5);
    t.equal((await send('GET', '/price/3')).status, 404);
    for (const id of ['x', '1.5', '-1', '0', '1e3', '99999999999999999999'])
      t.equal((await send('GET', `/price/${id}`)).status, 400, id);
  });

  await t.test('405 carries Allow, 404 is a problem, a broken path is 400', async (t) => {
    const refused = await send('GET', '/create_order');
    t.match(refused, { status: 405, headers: { allow: 'POST', 'content-type': 'application/problem+json' } });
    t.match(await send('POST', '/billing/current'), { status: 405, headers: { allow: 'GET, HEAD' } });
    t.match((await send('PATCH', '/user/1')).headers, { allow: 'GET, HEAD, PUT, DELETE' });
    t.match(await send('PUT', '/user/delete'), { status: 405, headers: { allow: 'DELETE' } }, 'the exact path wins');
    t.match(await send('GET', '/nothing/here'), {
      status: 404,
      headers: { 'content-type': 'application/problem+json' },
    });
    t.match(await send('GET', '/price/%zz'), { status: 400 });
  });

  await t.test('headers of every answer, and the ids of a request', async (t) => {
    const headers = { 'x-request-id': 'abc-1', traceparent: `00-${'a'.repeat(32)}-${'b'.repeat(16)}-01` };
    const answer = await send('GET', '/health', { headers });
    t.match(answer.headers, {
      'x-content-type-options': 'nosniff',
      'cache-control': 'no-store',
      'x-request-id': 'abc-1',
    });
    t.notOk(answer.headers['x-powered-by']);
    const traced = await send('GET', '/health', { headers: { traceparent: headers.traceparent } });
    t.equal(traced.headers['x-request-id'], 'a'.repeat(32));
    t.match(
      (await send('GET', '/health', { headers: { 'x-request-id': 'a b' } })).headers['x-request-id'],
      /^[0-9a-f]{32}$/,
    );
  });

  await t.test('metrics name routes, never raw paths', async (t) => {
    await send('GET', '/price/424242');
    await send('GET', '/some/secret/path');
    const { text } = await send('GET', '/metrics');
    t.match(
      text,
      /http_requests_total\{service="prices",method="GET",route="\/price\/\{productId\}",status="404"\} \d+/,
    );
    t.notMatch(text, /424242|secret/);
  });
}
