import type { CallService } from './client.js';
import type { Config } from './config.js';
import type { Service } from './http/route.js';
import type { Log } from './log.js';
import type { Metrics } from './metrics.js';
import type { Store } from './store/store.js';

/** What a service is given to work with. */
export interface ServiceContext {
  config: Config;
  /** The service's own store; throws for a service that keeps nothing. */
  readonly store: Store;
  callService: CallService;
  metrics: Metrics;
  log: Log;
}

/** Every service's module exports one of these as `create`. */
export type CreateService = (context: ServiceContext) => Service | Promise<Service>;
