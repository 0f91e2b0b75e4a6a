// kill -9 of orders at random moments while several clients retry each key at once: afterwards every key has exactly one
// order and one response, byte for byte. KILLS=N for another number than 200, SEED=N to repeat a run's moments.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import Database from 'better-sqlite3';
import t from 'tap';
import { closeClient, enrol, insist } from './client.js';
import { FrontDoor, Replica, randomFrom } from './fleet.js';

const kills = Number(process.env.KILLS ?? 200);
const seed = Number(process.env.SEED ?? Date.now());
const keysAtOnce = 8;
const clientsPerKey = 4;

t.setTimeout(900_000);
await t.test(`${kills} kills of orders, seed ${seed}`, { timeout: 900_000 }, async (t) => {
  const random = randomFrom(seed);
  const folder = mkdtempSync(join(tmpdir(), 'hwctl-kills-'));
  const auth = await Replica.start('auth', { SQLITE_DIR: folder });
  const authUrl = `http://127.0.0.1:${auth.port}`;
  const door = await FrontDoor.open();
  const orders = await Replica.start('orders', { SQLITE_DIR: folder, AUTH_URL: authUrl });
  door.replicas.push(orders);
  t.teardown(async () => {
    await Promise.all([auth.end(), orders.end()]);
    door.close();
    await closeClient();
    rmSync(folder, { recursive: true, force: true });
  });
  await Promise.all([auth.ready(), orders.ready()]);
  const token = await enrol(authUrl, 'killer');

  const responses = new Map<string, Set<string>>();
  let running = true;
  let n = 0;
  async function client(key: string, into: Set<string>): Promise<void> {
    into.add((await insist('POST', `${door.url}/create_order`, { token, key, body: { address: key, count: 1 } })).text);
  }
  async function worker(): Promise<void> {
    while (running) {
      const key = `key-${n++}`;
      const seen = new Set<string>();
      responses.set(key, seen);
      await Promise.all(Array.from({ length: clientsPerKey }, () => client(key, seen)));
    }
  }
  const workers = Array.from({ length: keysAtOnce }, worker);
  for (let i = 0; i < kills; i++) {
    await orders.ready();
    await sleep(random() * 400);
    orders.signal('SIGKILL');
  }
  running = false;
  await Promise.all(workers);
  t.ok(orders.starts > kills, `started ${orders.starts} times`);

  for (const [key, seen] of responses) if (seen.size !== 1) t.fail(`${key} has ${seen.size} responses`);
  await orders.end();
  const database = new Database(join(folder, 'orders.db'), { readonly: true });
  const counts = database.prepare('SELECT address, count(*) AS n FROM orders GROUP BY address').all() as {
    address: string;
    n: number;
  }[];
  database.close();
  t.equal(counts.length, responses.size, 'as many orders as keys');
  t.same(
    counts.filter(({ n }) => n !== 1),
    [],
    'no key has two',
  );
  t.comment(`${responses.size} keys, ${responses.size * clientsPerKey} clients, ${kills} kills`);
});
