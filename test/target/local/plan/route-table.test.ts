import t from 'tap';
import { makeRouteTable } from '../../../../src/cli/target/local/plan/route-table.js';
import type { GatewayRoute } from '../../../../src/cli/target/local/plan/topology.js';

const route = (
  path: string,
  type: GatewayRoute['type'],
  service: string,
  host: string | undefined = 'a.test',
): GatewayRoute => ({
  host,
  path,
  type,
  service,
});

const table = makeRouteTable([
  route('/', 'Exact', 'hello'),
  route('/user', 'Prefix', 'users'),
  route('/user/delete', 'Exact', 'auth'),
  route('/order', 'Prefix', 'orders'),
  route('/order/deep/', 'Prefix', 'deep'),
  route('/', 'Prefix', 'everything', '*.wild.test'),
  route('/any', 'Exact', 'any', ''),
]);

/** The table of the Kubernetes documentation, in our words. */
const cases: [host: string, path: string, service: string | undefined][] = [
  ['a.test', '/', 'hello'],
  ['a.test', '/x', undefined],
  ['a.test', '', undefined],
  ['a.test', '/user', 'users'],
  ['a.test', '/user/', 'users'],
  ['a.test', '/user/1', 'users'],
  ['a.test', '/user/delete', 'auth'],
  ['a.test', '/user/delete/', 'users'],
  ['a.test', '/users', undefined],
  ['a.test', '/order/1/pay', 'orders'],
  ['a.test', '/orders', undefined],
  ['a.test', '/order/deep', 'deep'],
  ['a.test', '/order/deep/er', 'deep'],
  ['a.test', '/order/deeper', 'orders'],
  ['b.test', '/user', undefined],
  ['b.test', '/any', 'any'],
  ['a.test', '/any', 'any'],
  ['x.wild.test', '/whatever', 'everything'],
  ['wild.test', '/whatever', undefined],
  ['127.0.0.1', '/user/1', 'users'],
  ['localhost', '/', 'hello'],
];
for (const [host, path, service] of cases) {
  t.equal(table.find(host, path), service, `${host}${path} -> ${service ?? 'nothing'}`);
}
