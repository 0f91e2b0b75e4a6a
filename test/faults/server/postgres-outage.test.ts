// Postgres lost in every way that it can be: each request is answered 503 with Retry-After (409 where a row is held), never
// 500, and asked again under its key it is done exactly once.
import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';
import t, { type Test } from 'tap';
import { type Exchange, startPlatform } from '../../server/platform.js';
import { type PostgresCluster, startPostgres } from '../../server/postgres-cluster.js';
import { PostgresLine } from '../../server/store/postgres-line.js';

const order = { address: 'Main Street 1', count: 1 };

t.setTimeout(300_000);
const cluster = await startPostgres();
const skip = typeof cluster === 'string' ? cluster : false;
if (typeof cluster !== 'string') t.teardown(() => cluster.stop());
await t.test('Postgres', { timeout: 290_000, skip }, (t) => suite(t, cluster as PostgresCluster));

async function suite(t: Test, cluster: PostgresCluster): Promise<void> {
  const url = await cluster.createDatabase();
  const line = new PostgresLine(new URL(url));
  const platform = await startPlatform(
    { STORE: 'postgres', POSTGRES_URL: await line.open(), POSTGRES_TIMEOUT_MS: '1000', REQUEST_TIMEOUT_MS: '20000' },
    ['auth', 'billing', 'notifications', 'orders'],
  );
  t.teardown(async () => {
    await platform.stop();
    await line.close();
  });
  const { token } = await platform.user();
  let keys = 0;
  const create = (key: string) =>
    platform.send('POST', '/create_order', { token, body: order, headers: { 'idempotency-key': key } });
  /** Once more under the key, until it is done; gives the answer. */
  async function insist(key: string): Promise<Exchange> {
    for (const endsAt = Date.now() + 30_000; ; await sleep(50)) {
      const answer = await create(key);
      if (answer.status === 200) return answer;
      passing(answer);
      if (Date.now() > endsAt) throw new Error(answer.text);
    }
  }
  const ordersMade = async () => Number((await sql(url, 'SELECT count(*) AS n FROM orders'))[0]!.n);

  await t.test('a backend is ended in the middle of a query', async (t) => {
    await holding(url, 'LOCK TABLE orders IN ACCESS EXCLUSIVE MODE', async () => {
      const answer = create(`query-${++keys}`);
      await endWaiting(url);
      refused(t, await answer);
    });
    t.notOk((await insist(`query-${keys}`)).headers['idempotent-replayed'], 'nothing was done');
    t.equal(await ordersMade(), keys);
  });

  await t.test('a backend is ended in the middle of a commit', async (t) => {
    await sql(
      url,
      `CREATE FUNCTION wait() RETURNS trigger LANGUAGE plpgsql AS
         'BEGIN PERFORM pg_advisory_xact_lock_shared(77); RETURN NULL; END';
       CREATE CONSTRAINT TRIGGER slow AFTER INSERT ON orders DEFERRABLE INITIALLY DEFERRED
         FOR EACH ROW EXECUTE FUNCTION wait()`,
    );
    await holding(url, 'SELECT pg_advisory_xact_lock(77)', async () => {
      const answer = create(`commit-${++keys}`);
      t.match(await endWaiting(url), /COMMIT/, 'it was committing');
      refused(t, await answer);
    });
    t.notOk((await insist(`commit-${keys}`)).headers['idempotent-replayed'], 'nothing was done');
    t.equal(await ordersMade(), keys);
    await sql(url, 'DROP TRIGGER slow ON orders');
  });

  await t.test('a commit takes place and its answer is lost', async (t) => {
    line.mode = 'lose-commits';
    refused(t, await create(`lost-${++keys}`));
    line.mode = 'pass';
    // The outbox and the sweeper commit too, where they are just at it.
    t.ok(line.lost >= 1);
    t.equal(
      (await insist(`lost-${keys}`)).headers['idempotent-replayed'],
      'true',
      'it was done, and is not done again',
    );
    t.equal(await ordersMade(), keys);
  });

  await t.test('a row is held for longer than a request may wait', async (t) => {
    const key = `held-${++keys}`;
    const scope = `${(await platform.send('GET', '/me', { token })).json.id} POST /create_order ${key}`;
    const claim = `INSERT INTO idempotency_keys VALUES ('${scope}', 'x', NULL, ${Date.now() + 60_000})`;
    await holding(url, claim, async () => {
      const answer = await create(key);
      t.match(answer, { status: 409, headers: { 'retry-after': '1' } });
    });
    await insist(key);
    await holding(url, 'LOCK TABLE balances IN ACCESS EXCLUSIVE MODE', async () =>
      refused(t, await platform.send('GET', '/billing/current', { token })),
    );
    t.equal(await ordersMade(), keys);
  });

  await t.test('all connections of the pool are taken', async (t) => {
    const answers = await holding(url, 'LOCK TABLE orders IN ACCESS EXCLUSIVE MODE', () =>
      Promise.all(Array.from({ length: 60 }, () => create(`pool-${++keys}`))),
    );
    for (const answer of answers) if (answer.status !== 200) passing(answer);
    for (let n = keys - 59; n <= keys; n++) await insist(`pool-${n}`);
    t.equal(await ordersMade(), keys);
  });

  await t.test('connections are refused; health and metrics go on', async (t) => {
    await line.close();
    refused(t, await create(`refused-${++keys}`));
    t.equal((await platform.send('GET', '/ready')).status, 503);
    t.equal((await platform.send('GET', '/health')).status, 200);
    t.match(await platform.send('GET', '/metrics'), { status: 200, text: /^http_requests_total/m });
    await line.open();
    await insist(`refused-${keys}`);
    t.equal(await ordersMade(), keys);
  });

  await t.test('Postgres is silent: no request waits for ever', async (t) => {
    line.mode = 'silent';
    refused(t, await create(`silent-${++keys}`));
    line.mode = 'pass';
    await insist(`silent-${keys}`);
    t.equal(await ordersMade(), keys);
  });

  await t.test('every backend is ended while all of them work', async (t) => {
    const asked = Array.from({ length: 40 }, () => `ended-${++keys}`);
    const answers = asked.map((key) => insist(key));
    for (let i = 0; i < 10; i++) {
      await sql(
        url,
        'SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE pid <> pg_backend_pid() AND datname = current_database()',
      );
      await sleep(20);
    }
    await Promise.all(answers);
    t.equal(await ordersMade(), keys);
  });

  for (const mode of ['fast', 'immediate'] as const)
    await t.test(`a restart (${mode}) under load`, async (t) => {
      const state = { running: true };
      const clients = Array.from({ length: 10 }, async () => {
        while (state.running) await insist(`${mode}-${++keys}`);
      });
      await sleep(200);
      await cluster.restart(mode);
      await sleep(200);
      state.running = false;
      await Promise.all(clients);
      t.equal(await ordersMade(), keys);
    });
}

function refused(t: Test, { status, headers, text }: Exchange): void {
  t.match({ status, headers }, { status: 503, headers: { 'retry-after': '1' } }, text);
}

/** Throws where the answer is not one that says: ask again. */
function passing({ status, headers, text }: Exchange): void {
  if ((status !== 503 && status !== 409) || headers['retry-after'] !== '1') throw new Error(`${status} ${text}`);
}

async function sql(url: string, text: string): Promise<Record<string, unknown>[]> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    return (await client.query(text)).rows;
  } finally {
    await client.end();
  }
}

/** Runs the body while another transaction holds what the statement takes. */
async function holding<T>(url: string, statement: string, body: () => Promise<T>): Promise<T> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    await client.query(`BEGIN; ${statement}`);
    return await body();
  } finally {
    await client.query('ROLLBACK');
    await client.end();
  }
}

/** Ends the backend that waits for a lock, and gives the query it was at. */
async function endWaiting(url: string): Promise<string> {
  for (const endsAt = Date.now() + 10_000; Date.now() < endsAt; ) {
    const [ended] = await sql(
      url,
      `SELECT query, pg_terminate_backend(pid) FROM pg_stat_activity
       WHERE wait_event_type = 'Lock' AND pid <> pg_backend_pid() LIMIT 1`,
    );
    if (ended !== undefined) return String(ended.query);
  }
  throw new Error('nothing waited for a lock');
}
