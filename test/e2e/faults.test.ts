// Several replicas on Postgres, through the Ingress: while users top up, order and pay, pods are deleted and killed and the
// database is restarted; afterwards the books balance. Then the strict scenarios, which do the like at chosen moments.
// FAULT_SECONDS=N for another time than a minute, SEED=N to repeat a run's choices.
import { setTimeout as sleep } from 'node:timers/promises';
import t, { type Test } from 'tap';
import { conditionOf } from '../../src/cli/target/kubernetes/api/live-object.js';
import { checkBooks, type History, type Read } from '../faults/server/books.js';
import { type Answer, type Ask, attempt, closeClient } from '../faults/server/client.js';
import { randomFrom } from '../faults/server/fleet.js';
import { exits, Hwctl, inNode, openClient, output, profile, whyNoCluster } from './cluster.js';

const skip = whyNoCluster();
const faultsMs = Number(process.env.FAULT_SECONDS ?? 60) * 1_000;
const seed = Number(process.env.SEED ?? Date.now());
const userCount = 12;
const services = ['auth', 'billing', 'orders', 'notifications'];
const random = randomFrom(seed);
const pick = <T>(list: readonly T[]): T => list[Math.floor(random() * list.length)] as T;

t.setTimeout(1_500_000);
t.teardown(() => closeClient());

t.test('several replicas and faults: the books stay exact', { skip }, async (t) => {
  t.comment(`seed ${seed}`);
  const hwctl = new Hwctl();
  t.teardown(() => hwctl.remove());
  const up = await hwctl.on('up', 'idempotency', 'orders', '--set', 'monitoring=false', '--json');
  if (!exits(t, up, 0)) return;
  const { url, host } = JSON.parse(up.stdout).endpoints[0] as { url: string; host: string };

  await t.test('users at work, pods deleted and killed, Postgres restarted', (t) => ordeal(t, url, host));

  for (const name of ['idempotency-strict', 'orders-strict']) {
    const strict = await hwctl.on('test', name);
    t.equal(
      strict.code,
      0,
      `${name} ${/[\s\S]{0,40}1\. [\s\S]{0,4000}/.exec(strict.stdout.slice(-20_000))?.[0] ?? ''}`,
    );
    t.notMatch(strict.stdout, /only services that hwctl runs can be harmed/, 'with its faults');
  }
  const down = await hwctl.on('down', '--json');
  exits(t, down, 0);
  t.same(JSON.parse(down.stdout).remaining, []);
});

async function ordeal(t: Test, url: string, host: string): Promise<void> {
  const ask = (method: string, path: string, more: Ask = {}) => insist(method, `${url}${path}`, { ...more, host });
  const history: History = { topUps: new Map(), orders: new Map(), paid: 0, refused: 0 };
  const tokens: string[] = [];
  for (let i = 0; i < userCount; i++) {
    const body = { login: `user-${i}`, password: 'secret' };
    await ask('POST', '/registration', { body });
    tokens.push(JSON.parse((await ask('POST', '/login', { body })).text).token);
  }
  const state = { running: true };
  const users = tokens.map((token) => live(token, ask, history, state));
  const struck = await strike();
  state.running = false;
  await Promise.all(users);
  await quiet();
  t.comment(`${JSON.stringify(struck)}; ${history.paid} paid, ${history.refused} refused`);
  t.ok(history.paid > 0, 'something was paid');
  await checkBooks(t, read, history);
}

type AskPlatform = (method: string, path: string, more?: Ask) => Promise<Answer>;

/** One user, who asks again under the same key for whatever is not answered. */
async function live(token: string, ask: AskPlatform, history: History, state: { running: boolean }): Promise<void> {
  const id = JSON.parse((await ask('GET', '/me', { token })).text).id as number;
  const topUps = { amount: 0, count: 0 };
  history.topUps.set(id, topUps);
  history.orders.set(id, 0);
  for (let n = 0; state.running; n++) {
    const amount = 1 + Math.floor(random() * 10_000) / 100;
    await ask('POST', '/billing/change', { token, key: `top-${n}`, body: { amount } });
    topUps.amount += Math.round(amount * 100);
    topUps.count++;
    for (let i = 0; i < 2; i++) {
      const price = { amount: 1 + Math.floor(random() * 8_000) / 100 };
      const made = await ask('POST', '/order', { token, key: `order-${n}-${i}`, body: price });
      history.orders.set(id, (history.orders.get(id) ?? 0) + 1);
      const pay = () => ask('PUT', `/order/${JSON.parse(made.text).id}/pay`, { token });
      const [first, second] = await Promise.all([pay(), pay()]);
      if (first.text !== second.text) throw new Error(`one order, two outcomes: ${first.text} ${second.text}`);
      if (JSON.parse(first.text).billing.status === 'OK') history.paid++;
      else history.refused++;
    }
    await sleep(50);
  }
}

/** Asks until it is 200; what an Ingress says of a pod that went away (502, 503, 504) is no answer of the platform. */
async function insist(method: string, url: string, ask: Ask): Promise<Answer> {
  const endsAt = Date.now() + 240_000;
  while (Date.now() < endsAt) {
    const answer = await attempt(method, url, ask);
    if (answer?.status === 200) return answer;
    if (answer !== undefined && ![409, 429, 502, 503, 504].includes(answer.status))
      throw new Error(`${method} ${url} answered ${answer.status}: ${answer.text}`);
    await sleep(50 + random() * 200);
  }
  throw new Error(`${method} ${url} was not answered in time`);
}

async function strike(): Promise<Record<string, number>> {
  const struck: Record<string, number> = { deleted: 0, killed: 0, postgresDeleted: 0, postgresKilled: 0 };
  const client = openClient();
  const remove = async (labelSelector: string, gracePeriodSeconds: number | undefined) => {
    const pods = await client.call<{ items: { metadata: { name: string } }[] }>(
      'GET',
      '/api/v1/namespaces/hwctl/pods',
      {
        query: { labelSelector },
      },
    );
    const path = `/api/v1/namespaces/hwctl/pods/${pick(pods.items).metadata.name}`;
    await client.call('DELETE', path, {
      body: {
        apiVersion: 'v1',
        kind: 'DeleteOptions',
        ...(gracePeriodSeconds === undefined ? {} : { gracePeriodSeconds }),
      },
    });
  };
  const isReady = async (name: string) => {
    const pod = await client.get({ apiVersion: 'v1', kind: 'Pod', metadata: { name, namespace: 'hwctl' } });
    return pod !== undefined && conditionOf(pod, 'Ready')?.status === 'True';
  };
  const endsAt = Date.now() + faultsMs;
  // The database twice in a run: once in order, once by SIGKILL of every process of it.
  const database = [endsAt - faultsMs * 0.7, endsAt - faultsMs * 0.35];
  const count = (name: string) => {
    struck[name] = (struck[name] ?? 0) + 1;
  };
  try {
    while (Date.now() < endsAt) {
      const service = pick(services);
      if (database[0] !== undefined && Date.now() > database[0] && (await isReady('postgres-0'))) {
        database.shift();
        if (database.length === 1) {
          await remove('app.kubernetes.io/name=postgres', undefined);
          count('postgresDeleted');
        } else {
          inNode('pkill', '-KILL', '-u', '999', 'postgres');
          count('postgresKilled');
        }
      } else if (random() < 0.5) {
        await remove(`app.kubernetes.io/name=${service}`, random() < 0.5 ? 0 : undefined);
        count('deleted');
      } else {
        // The kernel's SIGKILL to one container's process: the kubelet restarts it in place.
        const [victim] = inNode('pgrep', '-f', `serve ${service}$`).split('\n').filter(Boolean);
        if (victim !== undefined) {
          inNode('kill', '-KILL', victim);
          count('killed');
        }
      }
      await sleep(1_000 + random() * 3_000);
    }
  } finally {
    client.close();
  }
  return struck;
}

/** Rows as the database has them, asked inside its pod. */
const read: Read = async (_service, sql) => {
  const query = `SELECT coalesce(json_agg(t), '[]') FROM (${sql}) t`;
  const argv = ['--context', profile, '-n', 'hwctl', 'exec', 'postgres-0', '-c', 'postgres', '--'];
  return JSON.parse(output('kubectl', ...argv, 'psql', '-U', 'hwctl', '-d', 'hwctl', '-At', '-c', query));
};

/** Waits until the outbox is empty: the last steps may have been left to the worker. */
async function quiet(): Promise<void> {
  const endsAt = Date.now() + 120_000;
  while (Date.now() < endsAt) {
    const rows = await read('orders', 'SELECT count(*) AS steps FROM outbox').catch(() => undefined);
    if (rows !== undefined && Number(rows[0]?.steps) === 0) return;
    await sleep(500);
  }
}
