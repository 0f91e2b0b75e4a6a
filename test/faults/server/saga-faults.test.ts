// kill -9, SIGSTOP for 5 s and cut connections on auth, billing, orders and notifications, and restarts of Postgres, at
// random moments while 50 users top up, order and pay; afterwards the books balance, and nothing has crashed by itself. On
// SQLite with one process of each service, on Postgres with two.
// STORES=postgres for one store alone, MOMENTS=N for another number of faults than 500 on each store, SEED=N to repeat a
// run's choices.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import t, { type Test } from 'tap';
import { type PostgresCluster, startPostgres } from '../../server/postgres-cluster.js';
import { checkBooks, type History, postgresReader, type Read, sqliteReader } from './books.js';
import { answersGiven, closeClient, enrol, insist } from './client.js';
import { FrontDoor, Replica, randomFrom } from './fleet.js';

const moments = Number(process.env.MOMENTS ?? 500);
const seed = Number(process.env.SEED ?? Date.now());
const userCount = 50;
const names = ['auth', 'billing', 'orders', 'notifications'] as const;
const kinds = ['kill', 'cut', 'stop'] as const;
const stopMs = 5_000;
/** Of the moments, so many strike Postgres: half of them are a shutdown that ends all sessions, half a crash. */
const restartEvery = 25;
const faultsAtMostMs = 600_000;

type Doors = Record<(typeof names)[number], FrontDoor>;

t.setTimeout(1_700_000);
const random = randomFrom(seed);
t.comment(`seed ${seed}`);

const cluster = await startPostgres();
if (typeof cluster !== 'string') t.teardown(() => cluster.stop());
const stores = process.env.STORES ?? 'sqlite,postgres';
await t.test(
  'SQLite, one process of each service',
  { timeout: 800_000, skip: !stores.includes('sqlite') },
  async (t) => {
    const folder = mkdtempSync(join(tmpdir(), 'hwctl-saga-'));
    t.teardown(() => rmSync(folder, { recursive: true, force: true }));
    await ordeal(t, 1, { STORE: 'sqlite', SQLITE_DIR: folder }, sqliteReader(folder));
  },
);

const skip = typeof cluster === 'string' ? cluster : !stores.includes('postgres');
await t.test('Postgres, two replicas of each service', { timeout: 800_000, skip }, async (t) => {
  if (typeof cluster === 'string') return;
  const url = await cluster.createDatabase();
  const env = { STORE: 'postgres', POSTGRES_URL: url, POSTGRES_POOL_SIZE: '8' };
  await ordeal(t, 2, env, postgresReader(url), cluster);
});
await closeClient();

async function ordeal(
  t: Test,
  replicas: number,
  env: Record<string, string>,
  read: Read,
  database?: PostgresCluster,
): Promise<void> {
  const doors = Object.fromEntries(
    await Promise.all(names.map(async (name) => [name, await FrontDoor.open()] as const)),
  ) as Doors;
  const urls = Object.fromEntries(names.map((name) => [`${name.toUpperCase()}_URL`, doors[name].url]));
  for (const name of names)
    for (let i = 0; i < replicas; i++) doors[name].replicas.push(await Replica.start(name, { ...env, ...urls }));
  const all = names.flatMap((name) => doors[name].replicas);
  t.teardown(async () => {
    await Promise.all(all.map((replica) => replica.end()));
    for (const door of Object.values(doors)) door.close();
  });
  await Promise.all(all.map((replica) => replica.ready()));

  const history: History = { topUps: new Map(), orders: new Map(), paid: 0, refused: 0 };
  const tokens: string[] = [];
  for (let i = 0; i < userCount; i++) tokens.push(await enrol(doors.auth.url, `user-${i}`));
  const state = { running: true };
  const users = tokens.map((token) => live(token, doors, history, state));
  const struck = await strike(doors, database);
  state.running = false;
  await Promise.all(users);
  await quiet(read);
  for (const [what, count] of Object.entries(struck)) t.ok(count > 0, `${what}: ${count}`);
  const total = Object.values(struck).reduce((sum, count) => sum + count, 0);
  t.comment(`answers: ${JSON.stringify(answersGiven)}`);
  const restarts = all.reduce((sum, { starts }) => sum + starts - 1, 0);
  t.equal(total, moments, `${total} faults, ${restarts} restarts of services`);
  t.ok(history.paid > 0 && history.refused > 0, `${history.paid} paid, ${history.refused} refused`);
  t.same(
    all.flatMap(({ crashes }) => crashes),
    [],
    'nothing ended by itself',
  );
  await checkBooks(t, read, history);
}

/** One user: top up, order, pay, in a loop; whatever is not answered is asked again under the same key. */
async function live(token: string, doors: Doors, history: History, state: { running: boolean }): Promise<void> {
  const id = JSON.parse((await insist('GET', `${doors.auth.url}/me`, { token })).text).id as number;
  const topUps = { amount: 0, count: 0 };
  history.topUps.set(id, topUps);
  history.orders.set(id, 0);
  for (let n = 0; state.running; n++) {
    const amount = 1 + Math.floor(random() * 10_000) / 100;
    await insist('POST', `${doors.billing.url}/billing/change`, { token, key: `top-${n}`, body: { amount } });
    topUps.amount += Math.round(amount * 100);
    topUps.count++;
    for (let i = 0; i < 2; i++) {
      const price = { amount: 1 + Math.floor(random() * 8_000) / 100 };
      const made = await insist('POST', `${doors.orders.url}/order`, { token, key: `order-${n}-${i}`, body: price });
      history.orders.set(id, history.orders.get(id)! + 1);
      const pay = () => insist('PUT', `${doors.orders.url}/order/${JSON.parse(made.text).id}/pay`, { token });
      // Two at once, as an impatient user would.
      const [first, second] = await Promise.all([pay(), pay()]);
      if (first.text !== second.text) throw new Error(`one order, two outcomes: ${first.text} ${second.text}`);
      if (JSON.parse(first.text).billing.status === 'OK') history.paid++;
      else history.refused++;
    }
  }
}

/** Strikes at random moments; gives how often each fault struck. */
async function strike(doors: Doors, database: PostgresCluster | undefined): Promise<Record<string, number>> {
  const struck: Record<string, number> = {};
  const count = (what: string) => {
    struck[what] = (struck[what] ?? 0) + 1;
  };
  const deck = deal();
  const endsAt = Date.now() + faultsAtMostMs;
  const stopped: Promise<unknown>[] = [];
  for (let i = 0; i < moments && Date.now() < endsAt; ) {
    await sleep(100 + random() * 900);
    if (database !== undefined && i % restartEvery === restartEvery - 1) {
      const mode = i % (2 * restartEvery) < restartEvery ? 'fast' : 'immediate';
      await database.restart(mode);
      count(`Postgres restart ${mode}`);
      i++;
      continue;
    }
    const { service, kind } = deck.next().value;
    const door = doors[service];
    const replica = door.replicas[Math.floor(random() * door.replicas.length)]!;
    // What is not running, or carries nothing, cannot be struck: another moment takes its place.
    let hit: boolean;
    if (kind === 'cut') hit = door.cut();
    else hit = replica.signal(kind === 'kill' ? 'SIGKILL' : 'SIGSTOP');
    if (hit && kind === 'stop') stopped.push(sleep(stopMs).then(() => replica.signal('SIGCONT')));
    if (!hit) continue;
    count(`${service} ${kind}`);
    i++;
  }
  await Promise.all(stopped);
  return struck;
}

type Card = { service: (typeof names)[number]; kind: (typeof kinds)[number] };

/** Each fault of each service once, in any order; then as chance has it, with few stops: each blinds a service for long. */
function* deal(): Generator<Card, never> {
  const first = names.flatMap((service) => kinds.map((kind) => ({ service, kind })));
  while (first.length > 0) yield first.splice(Math.floor(random() * first.length), 1)[0]!;
  for (;;) {
    const service = names[Math.floor(random() * names.length)]!;
    const dice = random();
    yield { service, kind: dice < 0.5 ? 'kill' : dice < 0.9 ? 'cut' : 'stop' };
  }
}

/** Waits until the outbox is empty: the last steps may have been left to the worker. */
async function quiet(read: Read): Promise<void> {
  const endsAt = Date.now() + 60_000;
  while (Date.now() < endsAt) {
    const [row] = await read('orders', 'SELECT count(*) AS steps FROM outbox');
    if (Number(row!.steps) === 0) return;
    await sleep(200);
  }
}
