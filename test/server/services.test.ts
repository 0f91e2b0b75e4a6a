// The contracts of the services, on each store: the same suites, the real server on a free port, real databases.
import t, { type Test } from 'tap';
import { startPlatform } from './platform.js';
import { startPostgres } from './postgres-cluster.js';
import { authSuite } from './suites/auth.js';
import { commonSuite } from './suites/common.js';
import { ordersSuite } from './suites/orders.js';
import { paymentSuite } from './suites/payment.js';
import { usersSuite } from './suites/users.js';

// A hang is found; a machine that is busy with other things is none.
const longestMs = 300_000;
t.setTimeout(3 * longestMs);
const suites = { commonSuite, authSuite, ordersSuite, paymentSuite, usersSuite };

async function runSuites(test: Test, env: Record<string, string>): Promise<void> {
  const platform = await startPlatform(env);
  test.teardown(() => platform.stop());
  for (const [name, suite] of Object.entries(suites))
    await test.test(name, { timeout: longestMs }, (one) => suite(one, platform));
}

const cluster = await startPostgres();
if (typeof cluster !== 'string') t.teardown(() => cluster.stop());
await t.test('SQLite', { timeout: longestMs }, (test) => runSuites(test, { STORE: 'sqlite' }));

const missing = typeof cluster === 'string' ? cluster : false;
await t.test('Postgres', { timeout: longestMs, skip: missing }, async (test) => {
  if (typeof cluster === 'string') return;
  await runSuites(test, { STORE: 'postgres', POSTGRES_URL: await cluster.createDatabase() });
});
