import t from 'tap';
import { keyAt } from '../../../../src/cli/target/local/plan/services.js';
import { config, deployment, service, topologyOf } from './foreign.js';

/** A shop that calls orders, its database and a broker that nothing here runs. */
const around =
  deployment('orders', { ports: [{ containerPort: 9000 }], env: [{ name: 'PORT', value: '9000' }] }) +
  deployment('db', { image: 'postgres:16', ports: [{ containerPort: 5432 }] }) +
  deployment('mq', { image: 'rabbitmq:3' }) +
  service('orders', [
    { name: 'http', port: 8080, targetPort: 9000 },
    { name: 'web', port: 80, targetPort: 9000 },
  ]) +
  service('orders-db', [{ port: 5432 }], { clusterIP: 'None', selector: { app: 'db' } }) +
  service('mq', [{ port: 5672 }]);

const shopOf = (env: Record<string, string>, files: Record<string, string> = {}) => {
  const list = Object.entries(env).map(([name, value]) => ({ name, value }));
  const topology = topologyOf(
    around +
      config('ConfigMap', 'files', files) +
      deployment(
        'shop',
        { env: list, volumeMounts: [{ name: 'files', mountPath: '/etc/shop' }] },
        { volumes: [{ name: 'files', configMap: { name: 'files' } }] },
      ),
    { orders: 'orders', shop: 'shop' },
  );
  const spec = topology.processes.find(({ name }) => name === 'shop');
  return { topology, env: spec?.env ?? {}, files: spec?.files.map(({ text }) => text) ?? [] };
};

const orders = '127.0.0.1:{{port:orders}}';
const db = '127.0.0.1:{{port:db}}';

/** A value of a variable, and what becomes of it. */
const values: [value: string, becomes: string][] = [
  ['http://orders:8080', `http://${orders}`],
  ['http://orders:8080/a?b=orders:8080', `http://${orders}/a?b=${orders}`],
  ['http://orders', `http://${orders}`],
  ['http://orders/', `http://${orders}/`],
  ['https://orders/', 'https://orders/'],
  ['http://orders.default.svc.cluster.local:8080', `http://${orders}`],
  ['http://orders.default.svc.cluster.local', `http://${orders}`],
  ['http://orders.default', `http://${orders}`],
  ['http://orders.other:8080', 'http://orders.other:8080'],
  ['orders:8080', orders],
  ['http://orders:8081', 'http://orders:8081'],
  ['http://orders:80800', 'http://orders:80800'],
  ['http://my-orders:8080', 'http://my-orders:8080'],
  ['http://orders-v2:8080', 'http://orders-v2:8080'],
  ['http://preorders:8080', 'http://preorders:8080'],
  ['orders.example.com:8080', 'orders.example.com:8080'],
  ['postgres://u:p@orders-db:5432/x', `postgres://u:p@${db}/x`],
  ['postgres://u:p@orders-db/x', `postgres://u:p@${db}/x`],
  ['postgresql+asyncpg://u:p@orders-db/x', `postgresql+asyncpg://u:p@${db}/x`],
  ['jdbc:postgresql://orders-db:5432/x', `jdbc:postgresql://${db}/x`],
  ['db-0.orders-db.default.svc.cluster.local:5432', db],
  ['host=orders-db port=5432 user=u', 'host=127.0.0.1 port={{port:db}} user=u'],
  ['Host=orders-db;Port=5432;Database=x', 'Host=127.0.0.1;Port={{port:db}};Database=x'],
  ['a,orders:8080,orders:80', `a,${orders},${orders}`],
  ['amqp://mq:5672', 'amqp://mq:5672'],
  ['orders', 'orders'],
  ['{{port:orders}}', '{{port:orders}}'],
];

t.test('addresses in values', async (t) => {
  for (const [value, becomes] of values) t.equal(shopOf({ X: value }).env.X, becomes, value);
});

/** Variables, and what becomes of them; `pin`: the port that the database must then be at. */
const variables: [env: Record<string, string>, becomes: Record<string, string>, pin?: number][] = [
  [
    { DB_HOST: 'orders-db', DB_PORT: '5432' },
    { DB_HOST: '127.0.0.1', DB_PORT: '{{port:db}}' },
  ],
  [
    { PGHOST: 'orders-db', PGPORT: '5432' },
    { PGHOST: '127.0.0.1', PGPORT: '{{port:db}}' },
  ],
  [
    { DB_HOST: 'orders-db', POSTGRES_PORT: '5432' },
    { DB_HOST: '127.0.0.1', POSTGRES_PORT: '{{port:db}}' },
  ],
  [
    { DB_HOST: 'orders-db.default.svc', DB_PORT: '5432' },
    { DB_HOST: '127.0.0.1', DB_PORT: '{{port:db}}' },
  ],
  [{ DB_HOST: 'orders-db' }, { DB_HOST: '127.0.0.1' }, 5432],
  [{ DSN: 'host=orders-db user=u' }, { DSN: 'host=127.0.0.1 user=u' }, 5432],
  [
    { ORDERS_HOST: 'orders', ORDERS_PORT: '8080' },
    { ORDERS_HOST: '127.0.0.1', ORDERS_PORT: '{{port:orders}}' },
  ],
  [
    { POSTGRES_DB: 'orders-db', APP_NAME: 'orders' },
    { POSTGRES_DB: 'orders-db', APP_NAME: 'orders' },
  ],
];

t.test('a host and its port in variables of their own; a host alone pins the port', async (t) => {
  for (const [env, becomes, pin] of variables) {
    const shop = shopOf(env);
    t.match(shop.env, becomes, JSON.stringify(env));
    t.equal(shop.topology.processes.find(({ name }) => name === 'db')?.ports[0]?.fixed, pin, JSON.stringify(env));
  }
});

/** A file of a ConfigMap, and what becomes of it. */
const files: [text: string, becomes: string][] = [
  ['db:\n  host: orders-db\n  port: 5432\n', 'db:\n  host: 127.0.0.1\n  port: {{port:db}}\n'],
  ['db.host=orders-db\ndb.port=5432\n', 'db.host=127.0.0.1\ndb.port={{port:db}}\n'],
  ['{\n  "host": "orders-db",\n  "port": 5432\n}', '{\n  "host": "127.0.0.1",\n  "port": {{port:db}}\n}'],
  ['upstream: http://orders:8080/ # orders\n', `upstream: http://${orders}/ # orders\n`],
  ['name: orders\n', 'name: orders\n'],
  ['server orders:8080;', `server ${orders};`],
];

t.test('addresses in files', async (t) => {
  for (const [text, becomes] of files) t.equal(shopOf({}, { 'a.conf': text }).files[0], becomes, text);
});

t.test('a Service that nothing here answers for is told where it is named', async (t) => {
  const told = (env: Record<string, string>) =>
    shopOf(env).topology.leftOut.filter(({ isTold, ref }) => isTold === true && ref === 'Deployment/shop env');
  t.match(told({ MQ: 'amqp://mq:5672', MQ2: 'amqp://mq' }), [{ reason: /names mq/ }]);
  t.match(told({ MQ_HOST: 'mq' }), [{ reason: /names mq/ }]);
  t.same(told({ MQ: 'amqp://rabbit:5672', IMAGE: 'mq:3', ORDERS: 'http://orders:80' }), []);
});

t.test('where Services are reached, for whoever asks by their names', async (t) => {
  const { topology } = shopOf({});
  t.same(
    topology.services.map(({ name, port, key }) => `${name}:${port} ${key}`),
    ['orders:8080 orders', 'orders:80 orders', 'orders-db:5432 db'],
  );
  const [target] = [
    {
      service: {} as never,
      name: 'a',
      namespace: 'n',
      process: 'p',
      isHeadless: false,
      ports: [{ port: 80, container: 1, key: 'p' }],
    },
  ];
  t.equal(keyAt([target!], 'a', 80, 'n'), 'p');
  t.equal(keyAt([target!], 'a.n.svc.cluster.local', 80, 'other'), 'p');
  t.equal(keyAt([target!], 'a', 80, 'other'), undefined);
  t.equal(keyAt([target!], 'a', 81, 'n'), undefined);
});
