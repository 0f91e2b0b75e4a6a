import { randomBytes } from 'node:crypto';
import type { Config } from './context.js';
import { parseNetwork } from './http/client-address.js';
import { keepsData, platform, serviceNames } from './platform.js';
import type { ServiceName } from './store/tables.js';

/** The configuration is wrong: all problems at once, each naming its variable. */
export class ConfigError extends Error {
  constructor(readonly problems: string[]) {
    super(problems.join('\n'));
  }
}

const logLevels = ['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent'];

/** Reads the environment (the only place that does); services named on the command line win over SERVICES. Throws ConfigError. */
export function readConfig(named: readonly string[], env: NodeJS.ProcessEnv = process.env): Config {
  const problems: string[] = [];
  const services = servicesOf(named, env, problems);

  function integer(name: string, fallback: number, min: number, max: number): number {
    const text = env[name];
    if (text === undefined || text === '') return fallback;
    const value = Number(text);
    if (Number.isInteger(value) && value >= min && value <= max) return value;
    problems.push(`${name} must be a whole number from ${min} to ${max}, not ${JSON.stringify(text)}`);
    return fallback;
  }
  function oneOf<T extends string>(name: string, values: readonly T[], fallback: T): T {
    const text = env[name];
    if (text === undefined || text === '') return fallback;
    if (values.includes(text as T)) return text as T;
    problems.push(`${name} must be one of ${values.join(', ')}, not ${JSON.stringify(text)}`);
    return fallback;
  }
  function url(name: string, schemes: string[]): string | undefined {
    const text = env[name];
    if (text === undefined || text === '') return undefined;
    if (URL.canParse(text) && schemes.includes(new URL(text).protocol)) return text.replace(/\/+$/, '');
    problems.push(`${name} must be a URL (${schemes.join(' or ')})`);
    return undefined;
  }

  const urls: Config['urls'] = {};
  for (const name of serviceNames.filter((each) => platform[each].called)) {
    const given = url(`${name.toUpperCase()}_URL`, ['http:', 'https:']);
    if (given !== undefined) urls[name] = given;
  }
  const store = oneOf('STORE', ['sqlite', 'postgres'], 'sqlite');
  const postgresUrl = url('POSTGRES_URL', ['postgres:', 'postgresql:']);
  const storing = services.some(keepsData);
  if (store === 'postgres' && postgresUrl === undefined && storing)
    problems.push('POSTGRES_URL is not set, and STORE is postgres: give postgres://USER:PASSWORD@HOST/DATABASE');

  const config: Config = {
    services,
    host: env.HOST || '0.0.0.0',
    port: integer('PORT', 8080, 0, 65_535),
    store,
    sqliteDir: env.SQLITE_DIR || '/data',
    sqliteSynchronous: oneOf('SQLITE_SYNCHRONOUS', ['NORMAL', 'FULL'], 'FULL'),
    postgresUrl,
    postgresPoolSize: integer('POSTGRES_POOL_SIZE', 10, 1, 200),
    postgresTimeoutMs: integer('POSTGRES_TIMEOUT_MS', 10_000, 500, 600_000),
    urls,
    internalToken: env.INTERNAL_TOKEN || randomBytes(32).toString('base64url'),
    pricesUrl: env.PRICES_URL || undefined,
    pricesRefreshMs: integer('PRICES_REFRESH_MS', 2_000, 100, 86_400_000),
    logLevel: oneOf('LOG_LEVEL', logLevels, 'info'),
    shutdownTimeoutMs: integer('SHUTDOWN_TIMEOUT_MS', 10_000, 0, 600_000),
    requestTimeoutMs: integer('REQUEST_TIMEOUT_MS', 20_000, 1_000, 600_000),
    passwordCost: integer('PASSWORD_COST', 14, 10, 18),
    sessionTtlMs: integer('SESSION_TTL_MS', 86_400_000, 1_000, 31_536_000_000),
    idempotencyTtlMs: integer('IDEMPOTENCY_TTL_MS', 86_400_000, 1_000, 31_536_000_000),
    trustedProxies: integer('TRUSTED_PROXIES', 0, 0, 10),
    trustedProxyNetworks: list(env.TRUSTED_PROXY_NETWORKS),
    trustedProxyToken: env.TRUSTED_PROXY_TOKEN || undefined,
  };
  for (const network of config.trustedProxyNetworks)
    if (parseNetwork(network) === undefined)
      problems.push(
        `TRUSTED_PROXY_NETWORKS: ${JSON.stringify(network)} is not a network such as 10.0.0.0/8 or fd00::/8`,
      );
  if (config.trustedProxies > 0 && config.trustedProxyNetworks.length === 0 && config.trustedProxyToken === undefined)
    problems.push(
      'TRUSTED_PROXIES is set, but not who they are: give TRUSTED_PROXY_NETWORKS, or a TRUSTED_PROXY_TOKEN that they show',
    );
  if (config.trustedProxyToken !== undefined && config.trustedProxyToken.length < 16)
    problems.push('TRUSTED_PROXY_TOKEN must be 16 characters or longer');
  if (services.includes('prices') && config.pricesUrl === undefined)
    problems.push('PRICES_URL is not set: give the path or the URL of the price list (lines "ID PRICE")');
  if (Object.keys(urls).length > 0 && !env.INTERNAL_TOKEN)
    problems.push(
      'INTERNAL_TOKEN is not set: services that call each other need the same secret of 16 characters or more',
    );
  if (env.INTERNAL_TOKEN && env.INTERNAL_TOKEN.length < 16)
    problems.push('INTERNAL_TOKEN must be 16 characters or longer');
  if (problems.length > 0) throw new ConfigError(problems);
  return config;
}

function list(text = ''): string[] {
  return text
    .split(',')
    .map((one) => one.trim())
    .filter((one) => one !== '');
}

function servicesOf(named: readonly string[], env: NodeJS.ProcessEnv, problems: string[]): ServiceName[] {
  const names = named.length > 0 ? [...named] : list(env.SERVICES);
  for (const name of names)
    if (!serviceNames.includes(name as ServiceName))
      problems.push(`there is no service ${JSON.stringify(name)}: the services are ${serviceNames.join(', ')}`);
  if (names.length === 0) problems.push(`no service named: serve ${serviceNames.join(' | ')}, or set SERVICES`);
  return serviceNames.filter((name) => names.includes(name));
}
