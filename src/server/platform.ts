import type { CreateService } from './context.js';
import type { Migration } from './store/migration.js';
import { migration as auth } from './store/migrations/0001-auth.js';
import { migration as idempotency } from './store/migrations/0002-idempotency.js';
import { migration as orders } from './store/migrations/0003-orders.js';
import { migration as billing } from './store/migrations/0004-billing.js';
import { migration as notifications } from './store/migrations/0005-notifications.js';
import { migration as users } from './store/migrations/0006-users.js';
import type { ServiceName } from './store/tables.js';

/** What the server knows of a service before it runs. */
export interface ServiceEntry {
  /** Loaded only where it runs: `serve hello` opens no database. */
  load(): Promise<{ create: CreateService }>;
  /** Services that it calls: each must run in this process or have a URL. */
  needs: readonly ServiceName[];
  /** Whether others call it: then NAME_URL says where it is. */
  called: boolean;
  /** What makes its tables; empty: it keeps nothing. */
  migrations: readonly Migration[];
}

/** The services of the platform, in the order in which they start. */
export const platform: Readonly<Record<ServiceName, ServiceEntry>> = {
  auth: { load: () => import('./services/auth.js'), needs: [], called: true, migrations: [auth] },
  billing: {
    load: () => import('./services/billing.js'),
    needs: ['auth'],
    called: true,
    migrations: [idempotency, billing],
  },
  notifications: {
    load: () => import('./services/notifications.js'),
    needs: ['auth'],
    called: true,
    migrations: [notifications],
  },
  orders: {
    load: () => import('./services/orders.js'),
    // billing and notifications only where orders are paid: the idempotency stack runs without them.
    needs: ['auth'],
    called: true,
    migrations: [idempotency, orders],
  },
  users: { load: () => import('./services/users.js'), needs: [], called: false, migrations: [users] },
  prices: { load: () => import('./services/prices.js'), needs: [], called: false, migrations: [] },
  hello: { load: () => import('./services/hello.js'), needs: [], called: false, migrations: [] },
};

export const serviceNames = Object.keys(platform) as ServiceName[];

/** Whether a service has a store. */
export function keepsData(service: ServiceName): boolean {
  return platform[service].migrations.length > 0;
}
