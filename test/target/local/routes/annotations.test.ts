// ingress-nginx's annotations on the gateway: the whole table of cases, in this process.
import { once } from 'node:events';
import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import t from 'tap';
import { createGateway, gatewayLimits } from '../../../../src/cli/target/local/gateway/gateway-server.js';
import type { ServiceAddress } from '../../../../src/cli/target/local/routes/gateway-route.js';
import { readRoutes } from '../../../../src/cli/target/local/routes/read-routes.js';
import { differences, objectsOf, routeGroups, send } from './cases.js';
import { echoServer, podPorts } from './echo.js';

const namespace = 'routes';
const names = Object.keys(podPorts) as (keyof typeof podPorts)[];

async function listen(server: Server): Promise<number> {
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.teardown(() => {
    server.closeAllConnections();
    server.close();
  });
  return (server.address() as AddressInfo).port;
}

const ports = Object.fromEntries(await Promise.all(names.map(async (name) => [name, await listen(echoServer(name))])));
const upstreams = Object.fromEntries(names.map((name) => [name, { port: ports[name] as number, ready: true }]));
const services: ServiceAddress[] = names.map((name) => ({ name, namespace, port: podPorts[name], key: name }));
const { server, update } = createGateway(gatewayLimits());
const at = { host: '127.0.0.1', port: await listen(server) };
// All groups at once, as in the cluster: none may change another.
const objects = routeGroups.flatMap((group) => objectsOf(group, namespace));
const { routes } = readRoutes(objects, (_, { name }) => (name in podPorts ? name : undefined));
// What the supervisor sends is JSON.
update(JSON.parse(JSON.stringify({ type: 'routes', routes, services, upstreams, token: '' })));

t.jobs = 4;
for (const group of routeGroups) {
  t.test(group.name, async (t) => {
    for (const one of group.cases) {
      const answer = await send(at, group, one);
      t.same(differences(one, answer, namespace), [], `${one.host ?? group.ingresses[0]?.host}: ${one.ask}`);
    }
  });
}
