import t from 'tap';
import { ConfigError, readConfig } from '../../src/server/config.js';

const token = 'x'.repeat(16);

t.match(readConfig(['hello'], {}), {
  services: ['hello'],
  port: 8080,
  host: '0.0.0.0',
  store: 'sqlite',
  sqliteDir: '/data',
});
t.same(readConfig([], { SERVICES: ' orders, auth ,' }).services, ['auth', 'orders'], 'in the order of starting');
t.same(readConfig(['auth'], { SERVICES: 'orders' }).services, ['auth'], 'the command line wins');
t.match(readConfig(['orders'], { AUTH_URL: 'http://auth:8080/', INTERNAL_TOKEN: token }).urls, {
  auth: 'http://auth:8080',
});
t.not(
  readConfig(['auth'], {}).internalToken,
  readConfig(['auth'], {}).internalToken,
  'a credential of its own each time',
);

const wrong: [string[], NodeJS.ProcessEnv, RegExp][] = [
  [[], {}, /no service named/],
  [['nope'], {}, /there is no service "nope"/],
  [['hello'], { PORT: '70000' }, /PORT must be a whole number from 0 to 65535, not "70000"/],
  [['hello'], { PORT: 'x' }, /PORT/],
  [['hello'], { STORE: 'oracle' }, /STORE must be one of sqlite, postgres/],
  [['auth'], { STORE: 'postgres' }, /POSTGRES_URL is not set/],
  [['auth'], { STORE: 'postgres', POSTGRES_URL: 'http://x' }, /POSTGRES_URL must be a URL \(postgres:/],
  [['prices'], {}, /PRICES_URL is not set/],
  [['orders'], { AUTH_URL: 'http://auth' }, /INTERNAL_TOKEN is not set/],
  [['orders'], { AUTH_URL: 'ftp://auth', INTERNAL_TOKEN: token }, /AUTH_URL must be a URL/],
  [['auth'], { TRUSTED_PROXIES: '1' }, /TRUSTED_PROXIES is set, but not who they are/],
  [['auth'], { TRUSTED_PROXIES: '1', TRUSTED_PROXY_NETWORKS: '10.0.0.0/8, ten' }, /NETWORKS: "ten" is not a network/],
  [['auth'], { TRUSTED_PROXIES: '1', TRUSTED_PROXY_TOKEN: 'short' }, /TRUSTED_PROXY_TOKEN must be 16 characters/],
  [['auth'], { INTERNAL_TOKEN: 'short' }, /INTERNAL_TOKEN must be 16 characters/],
];
for (const [services, env, message] of wrong) t.throws(() => readConfig(services, env), { message }, String(message));

const all = t.throws(() => readConfig(['nope'], { PORT: 'x', STORE: 'y' })) as ConfigError;
t.ok(all instanceof ConfigError);
t.equal(all.problems.length, 3, 'all problems at once');
t.notMatch(
  (t.throws(() => readConfig(['auth'], { STORE: 'postgres', POSTGRES_URL: 'http://u:secret@h' })) as Error).message,
  /secret/,
);
