import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { createApp } from './app.js';
import { createSessionLookup } from './auth/sessions.js';
import { createClient } from './client.js';
import { ConfigError } from './config.js';
import type { Config, ServiceContext } from './context.js';
import { unavailable } from './http/problem.js';
import type { Service } from './http/route.js';
import type { Log } from './log.js';
import { createMetrics } from './metrics.js';
import { keepsData, platform } from './platform.js';
import { openStores } from './store/open.js';

/** A running server. */
export interface RunningServer {
  port: number;
  reload(): Promise<void>;
  /** Not ready, no new connections, requests in flight finish, stores close; rejects past the deadline. */
  stop(): Promise<void>;
}

/** Starts the services of the configuration in this process; resolves once it listens. */
export async function startServer(config: Config, log: Log): Promise<RunningServer> {
  const missing = config.services.flatMap((service) =>
    platform[service].needs
      .filter((needed) => !config.services.includes(needed) && config.urls[needed] === undefined)
      .map(
        (needed) =>
          `${needed.toUpperCase()}_URL is not set: ${service} calls ${needed}, which does not run in this process`,
      ),
  );
  if (missing.length > 0) throw new ConfigError([...new Set(missing)]);

  const metrics = createMetrics();
  let self = '';
  const client = createClient((service) => {
    const url = config.urls[service] ?? (config.services.includes(service) ? self : undefined);
    if (url === undefined) throw unavailable(`${service} is not part of this deployment`);
    return url;
  }, config.internalToken);
  const storing = config.services
    .filter(keepsData)
    .map((service) => ({ service, migrations: platform[service].migrations }));
  const stores = await openStores(config, storing, metrics, log);
  const services: Service[] = [];
  for (const name of config.services) {
    const { create } = await platform[name].load();
    const { callService } = client;
    const context: ServiceContext = {
      config,
      callService,
      metrics,
      log,
      get store() {
        return stores.of(name);
      },
    };
    services.push(await create(context));
  }

  let draining = false;
  const app = createApp({
    services,
    metrics,
    log,
    lookUpSession: createSessionLookup(client.callService),
    internalToken: config.internalToken,
    trust: config,
    draining: () => draining,
  });
  const { requestTimeoutMs } = config;
  const limits = { requestTimeout: requestTimeoutMs, headersTimeout: Math.ceil(requestTimeoutMs / 2) };
  const server = createServer({ ...limits, keepAliveTimeout: 65_000, connectionsCheckingInterval: 500 }, app);
  const port = await listen(server, config);
  self = `http://${config.host.includes(':') ? '[::1]' : '127.0.0.1'}:${port}`;
  log.info({ port, services: config.services }, 'listening');
  for (const service of services) service.start?.();

  return {
    port,
    async reload() {
      for (const service of services) await service.reload?.();
    },
    async stop() {
      draining = true;
      await drain(server, config.shutdownTimeoutMs);
      for (const service of services) await service.stop?.();
      await client.close();
      await stores.close();
    },
  };
}

function listen(server: Server, { host, port }: Config): Promise<number> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, host, () => resolve((server.address() as AddressInfo).port));
  });
}

/** Lets requests in flight finish, closing connections as they fall idle; past the deadline all are closed. */
async function drain(server: Server, timeoutMs: number): Promise<void> {
  const idle = setInterval(() => server.closeIdleConnections(), 20);
  const deadline = setTimeout(() => server.closeAllConnections(), timeoutMs);
  try {
    await new Promise<void>((resolve) => server.close(() => resolve()));
  } finally {
    clearInterval(idle);
    clearTimeout(deadline);
  }
}
