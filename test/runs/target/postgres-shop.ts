/** A shop with a Postgres, a migration and a broker that nothing here runs, as its owner has it. */

import { findPostgres } from '../../../src/cli/target/local/find-postgres.js';
import { stateFolderAt } from '../../../src/cli/target/local/state/state-folder.js';
import { root } from '../../golden.js';
import type { ForeignProject } from './built-local.js';

const here = findPostgres(process.env, stateFolderAt('/nowhere'));
/** Why what wants a Postgres is not run; false where it is. */
export const skip = typeof here === 'string' ? `no PostgreSQL here: ${here}` : false;

const manifests = (image: string) => `
apiVersion: v1
kind: Secret
metadata: { name: db }
stringData: { POSTGRES_PASSWORD: "it's secret", POSTGRES_USER: shop, POSTGRES_DB: shop-db }
---
apiVersion: v1
kind: ConfigMap
metadata: { name: init }
data:
  01-schema.sql: CREATE TABLE item (name text PRIMARY KEY);
  02-more.sh: psql -c "INSERT INTO item VALUES ('from a script')"
---
apiVersion: v1
kind: Service
metadata: { name: postgres }
spec: { clusterIP: None, selector: { app: postgres }, ports: [{ port: 5432 }] }
---
apiVersion: apps/v1
kind: StatefulSet
metadata: { name: postgres }
spec:
  selector: { matchLabels: { app: postgres } }
  template:
    metadata: { labels: { app: postgres } }
    spec:
      containers:
        - name: postgres
          image: ${image}
          args: [-c, max_connections=42]
          envFrom: [{ secretRef: { name: db } }]
          ports: [{ containerPort: 5432 }]
          volumeMounts: [{ name: init, mountPath: /docker-entrypoint-initdb.d }]
      volumes: [{ name: init, configMap: { name: init } }]
---
apiVersion: batch/v1
kind: Job
metadata: { name: migrate }
spec:
  template:
    spec:
      restartPolicy: Never
      containers:
        - name: migrate
          image: shop:1
          env:
            - { name: POSTGRES_PASSWORD, valueFrom: { secretKeyRef: { name: db, key: POSTGRES_PASSWORD } } }
            - { name: DB_HOST, value: postgres.default.svc.cluster.local }
            - { name: DB_PORT, value: "5432" }
---
apiVersion: apps/v1
kind: Deployment
metadata: { name: shop }
spec:
  replicas: 2
  selector: { matchLabels: { app: shop } }
  template:
    metadata: { labels: { app: shop } }
    spec:
      initContainers: [{ name: wait, image: busybox, command: [sh, -c, "until nc -z postgres 5432; do sleep 1; done"] }]
      containers:
        - name: shop
          image: shop:1
          env:
            - { name: POSTGRES_PASSWORD, valueFrom: { secretKeyRef: { name: db, key: POSTGRES_PASSWORD } } }
            - { name: DB_HOST, value: postgres }
            - { name: DB_PORT, value: "5432" }
            - { name: HTTP_PORT, value: "8000" }
            - { name: REDIS_URL, value: "redis://redis:6379/0" }
          ports: [{ containerPort: 8000 }]
          readinessProbe: { httpGet: { path: /items, port: 8000 } }
---
apiVersion: v1
kind: Service
metadata: { name: redis }
spec: { selector: { app: redis }, ports: [{ port: 6379 }] }
---
apiVersion: apps/v1
kind: Deployment
metadata: { name: redis }
spec:
  selector: { matchLabels: { app: redis } }
  template:
    metadata: { labels: { app: redis } }
    spec: { containers: [{ name: redis, image: "redis:7", ports: [{ containerPort: 6379 }] }] }
`;

const client = `
const pg = require('node:module').createRequire(process.env.PACKAGES + '/')('pg');
const { DB_HOST: host, DB_PORT: port, POSTGRES_PASSWORD: password } = process.env;
exports.query = async (text) => {
  const client = new pg.Client({ host, port, password, user: 'shop', database: 'shop-db' });
  await client.connect();
  try { return (await client.query(text)).rows; } finally { await client.end(); }
};`;

export const programs = {
  'package.json': '{}',
  'client.js': client,
  'migrate.js': `
require('./client.js').query("INSERT INTO item VALUES ('migrated') ").then(() => console.log('migrated'), (error) => {
  console.error(error.message);
  process.exit(1);
});`,
  'server.js': `
const { query } = require('./client.js');
require('node:http').createServer(async (request, response) => {
  const rows = await query(request.url === '/settings' ? 'SHOW max_connections' : 'SELECT name FROM item ORDER BY name');
  response.writeHead(rows.length > 0 && (request.url !== '/items' || rows.some(({ name }) => name === 'migrated')) ? 200 : 500);
  response.end(JSON.stringify(rows));
}).listen(process.env.HTTP_PORT, '127.0.0.1');`,
};

export function project(folder: string, name: string, image = 'postgres:16-alpine'): ForeignProject {
  const environment = { PACKAGES: root };
  return {
    name,
    folder,
    manifests: [manifests(image)],
    local: {
      shop: { command: ['node', 'server.js'], environment },
      migrate: { command: ['node', 'migrate.js'], environment },
    },
  };
}
