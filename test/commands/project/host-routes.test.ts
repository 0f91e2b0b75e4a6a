// Names by which requests reach what is up: which of them lead where, and which are nobody's.
import t from 'tap';
import { routesOf } from '../../../src/cli/commands/project/host-routes.js';
import { reachOf } from '../../../src/cli/commands/project/reach.js';
import { addressOf } from '../../../src/cli/scenario/send/host-routes.js';
import type { Endpoint } from '../../../src/cli/target/target.js';

const endpoints: Endpoint[] = [
  { name: 'app', stacks: [], url: 'http://127.0.0.1:4000', host: 'Arch.Homework' },
  { name: 'auth.homework', stacks: [], url: 'http://127.0.0.1:4000', host: 'auth.homework' },
  { name: 'api', stacks: [], url: 'http://127.0.0.1:5001', service: { name: 'api', namespace: 'shop', port: 80 } },
  {
    name: 'api:9000',
    stacks: [],
    url: 'http://127.0.0.1:5002',
    service: { name: 'api', namespace: 'shop', port: 9000 },
  },
  { name: 'tls', stacks: [], url: 'http://127.0.0.1:5003', service: { name: 'tls', namespace: 'shop', port: 443 } },
  { name: 'api', stacks: [], url: 'http://127.0.0.1:5004', service: { name: 'api', namespace: 'other', port: 80 } },
  { name: 'grafana', stacks: [], url: 'http://127.0.0.1:5005' },
];

/** URL, and the port of this machine that it leads to. */
const rows: [string, number | undefined][] = [
  ['http://arch.homework/', 4000],
  ['http://ARCH.homework/path?a=b', 4000],
  ['http://arch.homework./', 4000],
  ['http://arch.homework:80/', 4000],
  ['http://arch.homework:30001/', 4000],
  ['http://user:secret@arch.homework/', 4000],
  ['http://auth.homework/', 4000],
  ['https://arch.homework/', undefined],
  ['http://www.arch.homework/', undefined],
  ['http://homework/', undefined],
  ['http://arch/', undefined],
  ['http://api/', 5001],
  ['http://API/', 5001],
  ['http://api:80/x', 5001],
  ['http://api:9000/', 5002],
  ['http://api:9001/', undefined],
  ['http://api.shop/', 5001],
  ['http://api.shop:9000/', 5002],
  ['http://api.shop.svc/', 5001],
  ['http://api.shop.svc.cluster.local/', 5001],
  ['http://api.shop.svc.cluster.local./', 5001],
  ['http://api.shop.svc.cluster.local:9000/', 5002],
  ['http://api.shop.svc.cluster/', undefined],
  ['http://api.shop.svc.cluster.local.example/', undefined],
  ['http://api.other/', 5004],
  ['http://api.other:9000/', undefined],
  ['http://api.other.svc.cluster.local/', 5004],
  ['http://api.default/', undefined],
  ['http://x.api/', undefined],
  ['https://tls/', 5003],
  ['https://tls:443/', 5003],
  ['http://tls:443/', 5003],
  ['http://tls/', undefined],
  ['https://tls.shop.svc/', 5003],
  ['https://api/', undefined],
  ['https://api:9000/', 5002],
  ['http://127.0.0.1:5001/', undefined],
  ['http://localhost/', undefined],
  ['http://[::1]/', undefined],
  ['http://grafana/', undefined],
  ['http://example.com/', undefined],
];

t.test(`${rows.length} URLs by the routes of a project`, async (t) => {
  const routes = routesOf(endpoints);
  for (const [url, port] of rows)
    t.same(addressOf(new URL(url), routes), port === undefined ? undefined : { host: '127.0.0.1', port }, url);
});

t.test('an address that a controller publishes is reached at its own ports', async (t) => {
  const published: Endpoint[] = [
    { name: 'app', stacks: [], url: 'http://192.168.49.2', host: 'arch.homework' },
    { name: 'six', stacks: [], url: 'http://[fd00::2]:8080', host: 'six.homework' },
  ];
  const routes = routesOf(published);
  for (const [url, address] of [
    ['http://arch.homework/', { host: '192.168.49.2', port: 80 }],
    ['https://arch.homework/', { host: '192.168.49.2', port: 443 }],
    ['http://six.homework/', { host: 'fd00::2', port: 8080 }],
    ['https://six.homework/', undefined],
  ] as const)
    t.same(addressOf(new URL(url), routes), address, url);
  t.same(reachOf(published).app, { scheme: 'http', host: 'arch.homework' });
  t.same(reachOf(endpoints.slice(2)).app, undefined);
  t.same(reachOf([{ name: 'app', stacks: [], url: 'http://127.0.0.1:9' }]).app, {
    scheme: 'http',
    host: '127.0.0.1',
    port: 9,
  });
});
