import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { KubeConfig } from '@kubernetes/client-node';
import t from 'tap';
import { systemClock } from '../../../../src/cli/kernel/clock.js';
import { createClient } from '../../../../src/cli/target/kubernetes/api/client.js';
import type { LiveObject } from '../../../../src/cli/target/kubernetes/api/live-object.js';

interface Asked {
  method: string;
  url: string;
  type: string | undefined;
  body: string;
}

const discovery = {
  items: [
    {
      metadata: { name: 'apps' },
      versions: [
        {
          version: 'v1',
          resources: [
            { resource: 'deployments', responseKind: { kind: 'Deployment' }, scope: 'Namespaced', verbs: ['list'] },
          ],
        },
      ],
    },
  ],
};

/** A client, and a server that answers by path as told and remembers what it was asked. */
async function against(
  t: { teardown(act: () => void): void },
  answer: (path: string) => { status: number; body: unknown; headers?: Record<string, string> } | 'break',
) {
  const asked: Asked[] = [];
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk) => chunks.push(chunk));
    request.on('end', () => {
      const { method = '', url = '' } = request;
      asked.push({ method, url, type: request.headers['content-type'], body: Buffer.concat(chunks).toString() });
      const path = url.split('?')[0] as string;
      const answered =
        path === '/apis' ? { status: 200, body: discovery } : path === '/api' ? { status: 200, body: {} } : answer(url);
      if (answered === 'break') {
        request.socket.resetAndDestroy();
        return;
      }
      const { status, body, headers } = answered;
      response.writeHead(status, { 'content-type': 'application/json', ...headers }).end(JSON.stringify(body));
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  const config = new KubeConfig();
  config.loadFromOptions({
    clusters: [{ name: 'c', server: `http://127.0.0.1:${port}`, skipTLSVerify: true }],
    users: [{ name: 'u', token: 'secret' }],
    contexts: [{ name: 'here', cluster: 'c', user: 'u' }],
    currentContext: 'here',
  });
  const client = createClient(config, systemClock);
  t.teardown(() => {
    client.close();
    server.closeAllConnections();
    server.close();
  });
  return { client, asked, server };
}

const deployment = { apiVersion: 'apps/v1', kind: 'Deployment', metadata: { name: 'orders', namespace: 'n' } };

t.test('server-side apply: raw JSON with fields no model knows, strict, as hwctl', async (t) => {
  const { client, asked } = await against(t, () => ({ status: 200, body: deployment }));
  await client.apply({ ...deployment, spec: { brandNewField: 1 } });
  const last = asked.at(-1);
  t.match(last, { method: 'PATCH', type: 'application/apply-patch+yaml' });
  t.match(last?.url, '/apis/apps/v1/namespaces/n/deployments/orders?fieldManager=hwctl&fieldValidation=Strict');
  t.match(JSON.parse(last?.body ?? ''), { spec: { brandNewField: 1 } });
});

const refusals: [string, number, object, object][] = [
  [
    'conflict',
    409,
    {
      reason: 'Conflict',
      message: 'Apply failed',
      details: {
        causes: [{ reason: 'FieldManagerConflict', message: 'conflict with "kubectl"', field: '.spec.replicas' }],
      },
    },
    { code: 'conflict', details: ['.spec.replicas: conflict with "kubectl"'], hint: /--force-conflicts/ },
  ],
  ['forbidden', 403, { reason: 'Forbidden', message: 'cannot patch' }, { code: 'forbidden' }],
  [
    'quota',
    403,
    { reason: 'Forbidden', message: 'pods "x" is forbidden: exceeded quota: small, used: pods=1' },
    { code: 'quota-exceeded', message: /exceeded quota: small/ },
  ],
  [
    'webhook',
    500,
    { message: 'failed calling webhook "validate.nginx": connection refused' },
    { code: 'webhook-unavailable' },
  ],
  [
    'strict validation',
    400,
    { reason: 'BadRequest', message: 'unknown field "spec.x"' },
    { code: 'refused', message: /unknown field/ },
  ],
];
for (const [name, status, body, expected] of refusals) {
  t.test(`a refused apply is explained: ${name}`, async (t) => {
    const { client } = await against(t, () => ({ status, body }));
    const error: unknown = await client.apply(deployment).catch((refused) => refused);
    t.match(error, expected);
  });
}

t.test('lists go page by page', async (t) => {
  const { client } = await against(t, (url) => {
    const next = url.includes('continue=two') ? '' : 'two';
    return { status: 200, body: { items: [{ metadata: { name: next || 'last' } }], metadata: { continue: next } } };
  });
  const [resource] = await client.resources();
  const found = await client.list(resource as NonNullable<typeof resource>, { namespace: 'n' });
  t.same(
    found.map(({ kind, metadata }) => [kind, metadata.name]),
    [
      ['Deployment', 'two'],
      ['Deployment', 'last'],
    ],
  );
});

t.test('deletes carry the uid; what is gone or another by now is fine', async (t) => {
  let status = 200;
  const { client, asked } = await against(t, () => ({ status, body: {} }));
  const live = { ...deployment, metadata: { ...deployment.metadata, uid: 'u-1', resourceVersion: '1' } } as LiveObject;
  await client.delete(live);
  t.match(JSON.parse(asked.at(-1)?.body ?? ''), { preconditions: { uid: 'u-1' } });
  for (status of [404, 409]) await client.delete(live);
  status = 403;
  t.match(await client.delete(live).catch((refused) => refused), { status: 403 });
});

const busy = { status: 429, body: { message: 'too many requests' }, headers: { 'retry-after': '0' } };
const electing = { status: 500, body: { message: 'etcdserver: leader changed' } };
const down = { status: 503, body: { message: 'service unavailable' } };
const passing: [string, 'GET' | 'PATCH' | 'POST', typeof busy | typeof electing | 'break', number][] = [
  ['too many requests', 'GET', busy, 3],
  ['too many requests', 'POST', busy, 3],
  ['an election', 'PATCH', electing, 3],
  ['an election', 'POST', electing, 1],
  ['a broken connection', 'GET', 'break', 3],
  ['a broken connection', 'POST', 'break', 1],
  ['an aggregated API that is away', 'GET', down, 1],
];
for (const [name, method, trouble, times] of passing) {
  t.test(`${method} ${name} is asked ${times === 1 ? 'once' : 'again until it has passed'}`, async (t) => {
    let asked = 0;
    const { client } = await against(t, () => (++asked < 3 ? trouble : { status: 200, body: { asked } }));
    await client.resources();
    const call = client.call(method, '/api/v1/namespaces', method === 'GET' ? {} : { body: {} });
    if (times === 1) await t.rejects(call);
    else t.same(await call, { asked: 3 });
    t.equal(asked, times);
  });
}

t.test('no answer: what to do', async (t) => {
  const { client, server } = await against(t, () => ({ status: 200, body: {} }));
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
  await t.rejects(client.get(deployment), { code: 'api-unreachable', hint: /Is the cluster running/ });
});
