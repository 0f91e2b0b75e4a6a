// The contracts of the services, on each store: the same suites, the real server on a free port, real databases.
import t, { type Test } from 'tap';
import { startPlatform } from './platform.js';
import { startPostgres } from './postgres-cluster.js';
import { authSuite } from './suites/auth.js';
import { commonSuite } from './suites/common.js';
import { ordersSuite } from './suites/orders.js';
import { paymentSuite } from './suites/payment.js';
import { usersSuite } from './suites/users.js';

t.setTimeout(110_000);
const suites = { commonSuite, authSuite, ordersSuite, paymentSuite, usersSuite };

async function runSuites(test: Test, env: Record<string, string>): Promise<void> {
  const platform = await startPlatform(env);
  test.teardown(() => platform.stop());
  for (const [name, suite] of Object.entries(suites))
    await test.test(name, { timeout: 60_000 }, (one) => suite(one, platform));
}

const cluster = await startPostgres();
if (typeof cluster !== 'string') t.teardown(() => cluster.stop());
await t.test('SQLite', { timeout: 60_000 }, (test) => runSuites(test, { STORE: 'sqlite' }));

const missing = typeof cluster === 'string' ? cluster : false;
await t.test('Postgres', { timeout: 60_000, skip: missing }, async (test) => {
  if (typeof cluster === 'string') return;
  await runSuites(test, { STORE: 'postgres', POSTGRES_URL: await cluster.createDatabase() });
});
