// Guessing from one address over many accounts, behind a proxy and without one: what the client writes into
// X-Forwarded-For must neither free it from the throttle nor put the blame on somebody else.
import t, { type Test } from 'tap';
import { startPlatform } from '../../server/platform.js';

t.setTimeout(180_000);
const most = 100;

async function guessers(t: Test, trustedProxies: string) {
  const platform = await startPlatform({ TRUSTED_PROXIES: trustedProxies, TRUSTED_PROXY_NETWORKS: '127.0.0.0/8' }, [
    'auth',
  ]);
  t.teardown(() => platform.stop());
  let accounts = 0;
  return async (forwarded: string): Promise<number> => {
    const body = { login: `nobody-${accounts++}`, password: 'guess' };
    return (await platform.send('POST', '/login', { body, headers: { 'x-forwarded-for': forwarded } })).status;
  };
}

t.test('no proxy: the header changes nothing', async (t) => {
  const guess = await guessers(t, '0');
  for (let i = 0; i < most; i++) t.equal(await guess(`10.0.0.${i}`), 401);
  t.equal(await guess('10.0.1.1'), 429);
});

t.test('one proxy: clients are told apart, by what the proxy wrote and not by what they wrote', async (t) => {
  const guess = await guessers(t, '1');
  for (let i = 0; i < most; i++) t.equal(await guess(`10.0.0.${i}, 192.0.2.1`), 401);
  t.equal(await guess('10.0.1.1, 192.0.2.1'), 429);
  t.equal(await guess('192.0.2.1, 192.0.2.2'), 401, 'another client is not held up');
  for (let i = 0; i < most; i++) t.equal(await guess(`2001:db8:1:2::${i.toString(16)}`), 401);
  t.equal(await guess('2001:db8:1:2:ffff::1'), 429, 'a /64 is one customer');
  t.equal(await guess('2001:db8:1:3::1'), 401);
});

const count = (statuses: number[], status: number) => statuses.filter((one) => one === status).length;

t.test(
  'guesses from one address over many accounts count before they are checked, however many come at once',
  async (t) => {
    const platform = await startPlatform({ TRUSTED_PROXIES: '1', TRUSTED_PROXY_TOKEN: 'a-secret-of-the-proxy' }, [
      'auth',
    ]);
    t.teardown(() => platform.stop());
    let accounts = 0;
    const guess = async (forwarded: string, token = 'a-secret-of-the-proxy') => {
      const headers = { 'x-forwarded-for': forwarded, 'x-proxy-token': token };
      const body = { login: `nobody-${accounts++}`, password: 'guess' };
      return (await platform.send('POST', '/login', { body, headers })).status;
    };
    const statuses: number[] = [];
    for (let wave = 0; wave < 4; wave++)
      statuses.push(...(await Promise.all(Array.from({ length: 60 }, () => guess('192.0.2.1')))));
    t.equal(count(statuses, 401), 100, 'checked');
    t.equal(count(statuses, 429), 140);
    t.equal(await guess('192.0.2.2'), 401, 'another address is not held up');
    t.equal(await guess('192.0.2.3', 'a guess at the token'), 401, 'counts for 127.0.0.1');
    for (const user of [await platform.user()])
      for (let i = 0; i < 120; i++)
        if (
          (await platform.send('POST', '/login', { body: { login: user.login, password: user.password } })).status !==
          200
        )
          t.fail('right passwords count for nothing');
  },
);

t.test('registrations in a flood: some are told to come back, and a login does not wait behind them', async (t) => {
  // A hash of some 50 ms, as in production.
  const platform = await startPlatform({ PASSWORD_COST: '13' }, ['auth']);
  t.teardown(() => platform.stop());
  const { login, password } = await platform.user();
  let left = 0;
  const flood = Array.from({ length: 100 }, async (_, i) => {
    left++;
    const answer = await platform.send('POST', '/registration', { body: { login: `flood-${i}`, password } });
    left--;
    if (answer.status === 503) t.match(answer.headers, { 'retry-after': '1' });
    return answer.status;
  });
  await new Promise((resolve) => setTimeout(resolve, 50));
  t.equal((await platform.send('POST', '/login', { body: { login, password } })).status, 200);
  t.ok(left > 0, `${left} registrations still wait`);
  const statuses = await Promise.all(flood);
  // How many is for the machine: those that were done before the last of them came made room.
  t.ok(count(statuses, 503) > 0 && count(statuses, 200) >= 30, `${count(statuses, 200)} of 100 were let in`);
  t.equal(count(statuses, 503) + count(statuses, 200), 100);
});
