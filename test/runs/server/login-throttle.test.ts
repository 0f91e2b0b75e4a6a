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
