import type { CallService } from './client.js';
import type { ProxyTrust } from './http/client-address.js';
import type { Service } from './http/route.js';
import type { Log } from './log.js';
import type { Metrics } from './metrics.js';
import type { Store } from './store/store.js';
import type { ServiceName } from './store/tables.js';

/** Everything a server process may be told, checked. */
export interface Config extends ProxyTrust {
  services: ServiceName[];
  host: string;
  /** 0: any free port; the first log line says which. */
  port: number;
  store: 'sqlite' | 'postgres';
  sqliteDir: string;
  sqliteSynchronous: 'NORMAL' | 'FULL';
  postgresUrl: string | undefined;
  postgresPoolSize: number;
  /** What one statement may take; the waits for a lock, a connection and an answer follow from it. */
  postgresTimeoutMs: number;
  /** Base URLs of the services that others call; undefined where the service runs in this process. */
  urls: Partial<Record<ServiceName, string>>;
  /** The credential that services show each other. */
  internalToken: string;
  /** http(s) URL or path of the price list. */
  pricesUrl: string | undefined;
  pricesRefreshMs: number;
  logLevel: string;
  shutdownTimeoutMs: number;
  /** How long a client may take to send its whole request; half of it for the headers. */
  requestTimeoutMs: number;
  /** scrypt's N as a power of two; 14 with p = 5 is one of OWASP's equivalent recommendations. */
  passwordCost: number;
  sessionTtlMs: number;
  idempotencyTtlMs: number;
}

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
