// The server of bench/server.ts: `create_order` over one of the stores, or over none. Every arm is the same Express app
// with the same routes, checks, session lookup, metrics and log; they differ in the store alone.
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import express from 'express';
import { createApp } from '../src/server/app.js';
import { createSessionLookup } from '../src/server/auth/sessions.js';
import { createClient } from '../src/server/client.js';
import { readConfig } from '../src/server/config.js';
import { createLog } from '../src/server/log.js';
import { createMetrics } from '../src/server/metrics.js';
import { startServer } from '../src/server/server.js';
import { create as createOrders } from '../src/server/services/orders.js';
import type { Store, Unit } from '../src/server/store/store.js';

const [arm] = process.argv.slice(2);
const config = readConfig(['orders']);
const log = createLog(config.logLevel, config.services);

if (arm === 'bare') listen(bareHandler());
else if (arm === 'none') listen(withoutStore());
else await startServer(config, log);

/** What a tutorial would write: parse, answer, forget. For orientation only: it knows neither users nor keys. */
function bareHandler(): express.Express {
  const app = express();
  let id = 0;
  app.post('/create_order', express.json(), (request, response) => {
    response.json({ ...request.body, status: 'created', id: ++id, user_id: 1 });
  });
  return app;
}

function withoutStore(): express.Express {
  const metrics = createMetrics();
  const { callService } = createClient((service) => config.urls[service]!, config.internalToken);
  return createApp({
    services: [createOrders({ config, store: forgetfulStore(), callService, metrics, log })],
    metrics,
    log,
    lookUpSession: createSessionLookup(callService),
    internalToken: config.internalToken,
    trust: config,
    draining: () => false,
  });
}

/** Answers every statement with a row of the next id, and keeps nothing: each claim succeeds, each order is new. */
function forgetfulStore(): Store {
  let id = 0;
  async function drive<T>(start: () => Unit<T>): Promise<T> {
    const unit = start();
    let next = unit.next();
    while (!next.done) next = unit.next([{ id: ++id }]);
    return next.value;
  }
  return { dialect: 'sqlite', read: drive, write: drive, check: async () => {}, close: async () => {} };
}

function listen(app: express.Express): void {
  const server = createServer(app).listen(0, '127.0.0.1', () => {
    log.info({ port: (server.address() as AddressInfo).port }, 'listening');
  });
}
