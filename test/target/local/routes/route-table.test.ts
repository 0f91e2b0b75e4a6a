import t from 'tap';
import type { GatewayRoute } from '../../../../src/cli/target/local/routes/gateway-route.js';
import { makeRouteTable, type RouteTable } from '../../../../src/cli/target/local/routes/route-table.js';

const route = (path: string, type: GatewayRoute['type'], service: string, host?: string): GatewayRoute => ({
  ...(host === undefined ? {} : { host }),
  path,
  type,
  service,
});

/** Who is reached, else the status. */
function reached(table: RouteTable, host: string, target: string): string | number | undefined {
  const decision = table.decide({
    host,
    authority: host,
    target,
    method: 'GET',
    header: () => undefined,
    bodyBytes: 0,
    remoteAddress: '127.0.0.1',
    requestId: 'r',
  });
  return decision.type === 'answer' ? decision.status : (decision.service ?? decision.otherwise.status);
}

t.test('hosts and paths without annotations', async (t) => {
  const table = makeRouteTable([
    route('/', 'Exact', 'hello', 'a.test'),
    route('/user', 'Prefix', 'users', 'a.test'),
    route('/user/delete', 'Exact', 'auth', 'a.test'),
    route('/order', 'Prefix', 'orders', 'a.test'),
    route('/order/deep/', 'Prefix', 'deep', 'a.test'),
    route('/', 'Prefix', 'everything', '*.wild.test'),
    route('/any', 'Exact', 'any'),
  ]);
  const cases: [host: string, path: string, reached: string | number][] = [
    ['a.test', '/', 'hello'],
    ['a.test', '/x', 404],
    ['a.test', '/user', 'users'],
    ['a.test', '/user/', 'users'],
    ['a.test', '/user/1', 'users'],
    ['a.test', '/user/delete', 'auth'],
    ['a.test', '/user/delete/', 'users'],
    ['a.test', '/users', 404],
    ['a.test', '/order/1/pay', 'orders'],
    ['a.test', '/orders', 404],
    // nginx redirects where only the slash is missing.
    ['a.test', '/order/deep', 301],
    ['a.test', '/order/deep/er', 'deep'],
    ['a.test', '/order/deeper', 'orders'],
    ['b.test', '/user', 404],
    ['b.test', '/any', 'any'],
    // A host with rules of its own is its own server: rules for any host are not for it.
    ['a.test', '/any', 404],
    ['x.wild.test', '/whatever', 'everything'],
    ['x.y.wild.test', '/whatever', 404],
    ['wild.test', '/whatever', 404],
    // This machine by its own name: the rules of every host.
    ['127.0.0.1', '/user/1', 'users'],
    ['localhost', '/', 'hello'],
    ['', '/any', 'any'],
  ];
  for (const [host, path, expected] of cases) t.equal(reached(table, host, path), expected, `${host}${path}`);
});

t.test('an Ingress without rules answers for whom no other does, its redirects and rewrites left out', async (t) => {
  const ingress = {
    name: 'all',
    namespace: 'default',
    annotations: { 'rewrite-target': '/x', 'permanent-redirect': 'https://example.com' },
  };
  const table = makeRouteTable([
    route('/', 'Prefix', 'web', 'a.test'),
    { path: '/', type: 'Prefix', service: 'all', isDefault: true, ingress },
  ]);
  t.equal(reached(table, 'b.test', '/y'), 'all');
  t.equal(reached(table, 'a.test', '/y'), 'web');
});

t.test('this machine by its own name gets the redirect of the one host', async (t) => {
  const ingress = { name: 'a', namespace: 'default', annotations: { 'app-root': '/app' } };
  const table = makeRouteTable([{ ...route('/app', 'Prefix', 'web', 'a.test'), ingress }]);
  t.equal(reached(table, '127.0.0.1', '/'), 302);
  t.equal(reached(table, '127.0.0.1', '/app/x'), 'web');
});

t.test('a redirect to itself is not followed without end: auth-url of a host may name that host', async (t) => {
  const ingress = { name: 'a', namespace: 'default', annotations: { 'auth-url': 'http://$host/auth' } };
  const asked: string[] = [];
  const table = makeRouteTable([{ ...route('/', 'Prefix', 'web', 'a.test'), ingress }], [], (host, port, near) => {
    asked.push(`${host}:${port} from ${near}`);
    return undefined;
  });
  t.equal(reached(table, 'a.test', '/x'), 'web');
  t.same(asked, ['a.test:80 from default']);
  t.ok(table.knows('a.test'));
  t.notOk(table.knows('b.test'));
});
