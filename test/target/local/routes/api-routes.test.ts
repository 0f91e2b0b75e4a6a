// HTTPRoute objects on the gateway: matches, their precedence, filters and weights.
import t from 'tap';
import type { Decision } from '../../../../src/cli/target/local/routes/decision.js';
import { readApiRoutes } from '../../../../src/cli/target/local/routes/read-api-routes.js';
import { routeProblems } from '../../../../src/cli/target/local/routes/route-problems.js';
import { makeRouteTable, type RouteTable } from '../../../../src/cli/target/local/routes/route-table.js';
import type { KubeObject } from '../../../../src/cli/target/manifests/kube-object.js';

const httpRoute = (rules: object[], hostnames?: string[], name = 'r'): KubeObject => ({
  apiVersion: 'gateway.networking.k8s.io/v1',
  kind: 'HTTPRoute',
  metadata: { name },
  spec: { parentRefs: [{ name: 'g' }], ...(hostnames === undefined ? {} : { hostnames }), rules },
});
const to = (name: string, weight?: number) => ({ name, port: 80, ...(weight === undefined ? {} : { weight }) });
const prefix = (value: string) => ({ path: { type: 'PathPrefix', value } });

function tableOf(...objects: KubeObject[]): RouteTable {
  const { routes } = readApiRoutes(objects, (_, { name }) => (name === 'gone' ? undefined : name));
  // As the supervisor sends them.
  return makeRouteTable([], JSON.parse(JSON.stringify(routes)));
}

interface Asked {
  host?: string;
  method?: string;
  headers?: Record<string, string>;
}

function ask(
  table: RouteTable,
  target: string,
  { host = 'a.test', method = 'GET', headers = {} }: Asked = {},
): Decision {
  return table.decide({
    host: host.replace(/:.*/, ''),
    authority: host,
    target,
    method,
    header: (name) => headers[name],
    bodyBytes: 0,
    remoteAddress: '127.0.0.1',
    requestId: 'r',
  });
}

const reached = (decision: Decision) => (decision.type === 'answer' ? decision.status : (decision.service ?? 503));

t.test('precedence', async (t) => {
  const table = tableOf(
    httpRoute(
      [
        { matches: [prefix('/')], backendRefs: [to('root')] },
        { matches: [prefix('/api')], backendRefs: [to('api')] },
        { matches: [prefix('/api/v2')], backendRefs: [to('v2')] },
        { matches: [{ path: { type: 'Exact', value: '/api/v2/x' } }], backendRefs: [to('exact')] },
        { matches: [{ path: { type: 'RegularExpression', value: '/api/v[0-9]+/Users' } }], backendRefs: [to('regex')] },
        { matches: [{ ...prefix('/api'), method: 'POST' }], backendRefs: [to('post')] },
        { matches: [{ ...prefix('/api'), headers: [{ name: 'X-Env', value: 'test' }] }], backendRefs: [to('env')] },
        { matches: [{ ...prefix('/api'), queryParams: [{ name: 'beta', value: '1' }] }], backendRefs: [to('beta')] },
        { matches: [prefix('/one'), prefix('/two')], backendRefs: [to('either')] },
        { matches: [prefix('/gone')], backendRefs: [to('gone')] },
        { matches: [prefix('/nobody')] },
        { matches: [prefix('/same')], backendRefs: [to('same-prefix')] },
        { matches: [{ path: { type: 'Exact', value: '/same' } }], backendRefs: [to('same-exact')] },
        { matches: [prefix('/long/prefix')], backendRefs: [to('long')] },
        { matches: [{ path: { type: 'RegularExpression', value: '/lo.*' } }], backendRefs: [to('short')] },
      ],
      ['a.test'],
    ),
    httpRoute([{ backendRefs: [to('wild')] }], ['*.wild.test'], 'w'),
    httpRoute([{ backendRefs: [to('deep')] }], ['*.deep.wild.test'], 'd'),
  );
  const cases: [target: string, reached: string | number, asked?: Asked][] = [
    ['/', 'root'],
    ['/api', 'api'],
    ['/api/', 'api'],
    ['/apis', 'root'],
    ['/api/v2/y', 'v2'],
    ['/api/v2/x', 'exact'],
    ['/api/v2/x/', 'v2'],
    ['/api/v3/Users', 'regex'],
    ['/api/v3/users', 'api'],
    ['/api/v3/Users/1', 'api'],
    ['/api/y', 'post', { method: 'POST' }],
    ['/api/y', 'env', { headers: { 'x-env': 'test' } }],
    ['/api/y', 'api', { headers: { 'x-env': 'other' } }],
    ['/api/y?beta=1', 'beta'],
    ['/api/y?beta=2', 'api'],
    ['/two/x', 'either'],
    ['/gone', 503],
    ['/nobody', 500],
    ['/same', 'same-exact'],
    ['/same/x', 'same-prefix'],
    ['/long/prefix/x', 'short'],
    ['/x', 404, { host: 'b.test' }],
    ['/x', 'wild', { host: 'a.wild.test' }],
    ['/x', 'wild', { host: 'a.b.wild.test' }],
    ['/x', 'deep', { host: 'a.deep.wild.test' }],
    ['/x', 404, { host: 'wild.test' }],
  ];
  for (const [target, expected, asked] of cases) {
    t.equal(reached(ask(table, target, asked)), expected, `${JSON.stringify(asked ?? {})} ${target}`);
  }
});

t.test('hosts come from the listeners where the route names none', async (t) => {
  const gateway: KubeObject = {
    apiVersion: 'gateway.networking.k8s.io/v1',
    kind: 'Gateway',
    metadata: { name: 'g' },
    spec: { listeners: [{ name: 'http', hostname: 'listener.test', port: 80 }] },
  };
  const table = tableOf(gateway, httpRoute([{ backendRefs: [to('web')] }]));
  t.equal(reached(ask(table, '/', { host: 'listener.test' })), 'web');
  t.equal(reached(ask(table, '/')), 404);
  t.equal(reached(ask(tableOf(httpRoute([{ backendRefs: [to('web')] }])), '/')), 'web', 'any host without a Gateway');
});

const rewriteTo = (path: object) => ({ type: 'URLRewrite', urlRewrite: { path } });

t.test('a rewritten prefix, as the table of the specification has it', async (t) => {
  const cases: [asked: string, prefix: string, replacement: string, arrives: string][] = [
    ['/foo/bar', '/foo', '/xyz', '/xyz/bar'],
    ['/foo/bar', '/foo', '/xyz/', '/xyz/bar'],
    ['/foo/bar', '/foo/', '/xyz', '/xyz/bar'],
    ['/foo/bar', '/foo/', '/xyz/', '/xyz/bar'],
    ['/foo', '/foo', '/xyz', '/xyz'],
    ['/foo/', '/foo', '/xyz', '/xyz/'],
    ['/foo/bar', '/foo', '', '/bar'],
    ['/foo/', '/foo', '', '/'],
    ['/foo', '/foo', '', '/'],
    ['/foo/', '/foo', '/', '/'],
    ['/foo', '/foo', '/', '/'],
    ['/foo/a%2Fb?q=1', '/foo', '/xyz', '/xyz/a%2Fb?q=1'],
  ];
  for (const [asked, from, replacement, arrives] of cases) {
    const filters = [rewriteTo({ type: 'ReplacePrefixMatch', replacePrefixMatch: replacement })];
    const table = tableOf(httpRoute([{ matches: [prefix(from)], filters, backendRefs: [to('web')] }]));
    t.match(ask(table, asked), { type: 'forward', target: arrives }, `${asked}: ${from} to ${replacement}`);
  }
});

t.test('filters', async (t) => {
  const table = tableOf(
    httpRoute([
      {
        matches: [prefix('/headers')],
        filters: [
          {
            type: 'RequestHeaderModifier',
            requestHeaderModifier: {
              set: [{ name: 'X-Set', value: 's' }],
              add: [{ name: 'X-Add', value: 'b' }],
              remove: ['X-Gone'],
            },
          },
          {
            type: 'ResponseHeaderModifier',
            responseHeaderModifier: {
              set: [{ name: 'X-R', value: 'r' }],
              add: [{ name: 'X-More', value: 'm' }],
              remove: ['Server'],
            },
          },
        ],
        backendRefs: [to('web')],
        timeouts: { request: '1m30s' },
      },
      {
        matches: [prefix('/full')],
        filters: [
          {
            type: 'URLRewrite',
            urlRewrite: { hostname: 'inner.test', path: { type: 'ReplaceFullPath', replaceFullPath: '/one' } },
          },
        ],
        backendRefs: [to('web')],
      },
      {
        matches: [prefix('/tls')],
        filters: [{ type: 'RequestRedirect', requestRedirect: { scheme: 'https', statusCode: 301 } }],
      },
      {
        matches: [prefix('/moved')],
        filters: [
          {
            type: 'RequestRedirect',
            requestRedirect: {
              hostname: 'b.test',
              port: 8443,
              path: { type: 'ReplacePrefixMatch', replacePrefixMatch: '/new' },
            },
          },
        ],
      },
    ]),
  );
  t.match(ask(table, '/headers', { headers: { 'x-add': 'a' } }), {
    requestHeaders: [
      ['X-Set', 's'],
      ['X-Gone', ''],
      ['X-Add', 'a, b'],
    ],
    responseHeaders: [
      ['X-R', 'r'],
      ['Server', ''],
    ],
    responseAdded: [['X-More', 'm']],
    timeoutMs: 90_000,
  });
  t.match(ask(table, '/full/x?q'), { target: '/one?q', requestHeaders: [['Host', 'inner.test']] });
  const location = (target: string, host?: string) => {
    const decision = ask(table, target, host === undefined ? {} : { host });
    return decision.type === 'answer' ? [decision.status, decision.headers[0]?.[1]] : undefined;
  };
  t.same(location('/tls/x?q', 'a.test:8080'), [301, 'https://a.test/tls/x?q']);
  t.same(location('/moved/x?q'), [302, 'http://b.test:8443/new/x?q']);
});

t.test('weights are kept exactly', async (t) => {
  const table = tableOf(httpRoute([{ backendRefs: [to('a', 3), to('b', 1), to('none', 0)] }]));
  const counts = new Map<string | number, number>();
  for (let i = 0; i < 400; i++) {
    const who = reached(ask(table, '/'));
    counts.set(who, (counts.get(who) ?? 0) + 1);
  }
  t.same([...counts].sort(), [
    ['a', 300],
    ['b', 100],
  ]);
  t.equal(reached(ask(tableOf(httpRoute([{ backendRefs: [to('a', 0)] }])), '/')), 500, 'nobody has any weight');
});

t.test('what is not followed is told', async (t) => {
  const route = httpRoute([
    {
      matches: [{ path: { type: 'RegularExpression', value: '/(a)\\1' } }],
      filters: [{ type: 'RequestMirror', requestMirror: {} }],
      backendRefs: [
        { ...to('web'), filters: [{ type: 'URLRewrite' }] },
        { ...to('s'), kind: 'StorageBucket' },
      ],
      sessionPersistence: {},
    },
  ]);
  const told = routeProblems([route]);
  t.same(
    told.map(({ annotation }) => annotation.replace('spec.rules[0].', '')),
    ['filters', 'backendRefs.filters', 'backendRefs.kind', 'sessionPersistence', 'matches'],
  );
  for (const { hint, ref } of told) t.ok(hint !== '' && ref === 'HTTPRoute/r');
});

t.test('objects of any shape are read', async (t) => {
  for (const spec of [
    undefined,
    { rules: 'x' },
    { rules: [null, { matches: [null], filters: [null, {}], backendRefs: [null, 3] }] },
  ]) {
    const object = { ...httpRoute([]), spec };
    t.ok(makeRouteTable([], readApiRoutes([object], () => undefined).routes));
    t.ok(Array.isArray(routeProblems([object])));
  }
});
