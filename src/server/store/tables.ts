import type { Generated } from 'kysely';

/**
 * What each service keeps, and with it the names of the services: a new one begins here. Its tables are made by the
 * migrations that platform.ts gives it.
 */
interface ServiceTables {
  auth: AuthTables;
  billing: BillingTables & KeyTables;
  notifications: NotificationTables;
  orders: OrderTables & KeyTables;
  users: UserTables;
  prices: NoTables;
  hello: NoTables;
}

export type ServiceName = keyof ServiceTables;

type Together<T> = (T extends unknown ? (part: T) => void : never) extends (all: infer All) => void ? All : never;

/** Every table of the platform, as Kysely types. Times are milliseconds since the epoch, money is integer minor units. */
export type Tables = Together<ServiceTables[ServiceName]> & {
  schema_migrations: {
    name: string;
    applied_at: number;
  };
};

type NoTables = Record<never, never>;

interface AuthTables {
  accounts: {
    id: Generated<number>;
    login: string;
    password_hash: string;
    created_at: number;
  };
  /** Only the digest of a session's token is kept: a leaked table opens no session. */
  sessions: {
    token_digest: string;
    account_id: number;
    expires_at: number;
  };
  login_attempts: {
    subject: string;
    failures: number;
    window_ends_at: number;
  };
}

interface BillingTables {
  balances: {
    user_id: number;
    amount: number;
  };
  /** Every movement of money: a top-up is positive, a charge negative. */
  ledger: {
    id: Generated<number>;
    user_id: number;
    amount: number;
    order_id: number | null;
    created_at: number;
  };
  charges: {
    order_id: number;
    user_id: number;
    amount: number;
    outcome: string;
    created_at: number;
  };
}

interface NotificationTables {
  notifications: {
    id: Generated<number>;
    event_id: string;
    user_id: number;
    message: string;
    created_at: number;
  };
}

interface OrderTables {
  orders: {
    id: Generated<number>;
    user_id: number;
    /** Counts a user's priced orders from 1; null for those of create_order. */
    number: number | null;
    address: string | null;
    count: number | null;
    amount: number | null;
    status: string;
    created_at: number;
  };
  order_counters: {
    user_id: number;
    last_number: number;
  };
  outbox: {
    id: Generated<number>;
    kind: string;
    order_id: number;
    payload: string;
    attempts: number;
    due_at: number;
    leased_until: number;
    created_at: number;
  };
}

/** Of every service that takes idempotency keys. */
interface KeyTables {
  idempotency_keys: {
    scope: string;
    fingerprint: string;
    /** Null only inside the transaction that claims the key. */
    response: string | null;
    expires_at: number;
  };
}

interface UserTables {
  user: {
    id: Generated<number>;
    username: string;
    firstName: string | null;
    lastName: string | null;
    email: string | null;
    phone: string | null;
  };
}
