import { hash } from 'node:crypto';
import type { ServiceContext } from './context.js';
import { policyLink } from './http/idempotency-key.js';
import { Problem, type Reply } from './http/problem.js';
import type { Call } from './http/route.js';
import { statement } from './store/statement.js';
import { Contended, first, rows, type Store, type Unit } from './store/store.js';

const claim = statement<{ scope: string; fingerprint: string; now: number; expiresAt: number }>()((db, value) =>
  db
    .insertInto('idempotency_keys')
    .values({
      scope: value('scope'),
      fingerprint: value('fingerprint'),
      response: null,
      expires_at: value('expiresAt'),
    })
    .onConflict((conflict) =>
      conflict
        .column('scope')
        .doUpdateSet({ fingerprint: value('fingerprint'), response: null, expires_at: value('expiresAt') })
        .where('idempotency_keys.expires_at', '<=', value('now')),
    )
    .returning('expires_at'),
);
const find = statement<{ scope: string }>()((db, value) =>
  db.selectFrom('idempotency_keys').select(['fingerprint', 'response']).where('scope', '=', value('scope')),
);
const complete = statement<{ scope: string; response: string }>()((db, value) =>
  db
    .updateTable('idempotency_keys')
    .set({ response: value('response') })
    .where('scope', '=', value('scope')),
);
const sweep = statement<{ now: number; limit: number }>()((db, value) =>
  db
    .deleteFrom('idempotency_keys')
    .where('scope', 'in', (expired) =>
      expired
        .selectFrom('idempotency_keys')
        .select('scope')
        .where('expires_at', '<=', value('now'))
        // The oldest first: what leads Postgres to the index, however few or many are expired.
        .orderBy('expires_at')
        .limit(value('limit')),
    )
    // Again, for Postgres: a retry may have claimed the row anew since the subquery read it.
    .where('expires_at', '<=', value('now'))
    .returning('expires_at'),
);

/** What runs for every request with a key, and what sweeps: each must find its rows by an index. */
export const keyStatements = { claim, find, complete, sweep };

/** A route's local work. */
export interface KeyedWork {
  /** All of it in one unit; what it throws rolls everything back, and the key is free again. */
  work(): Unit<Reply>;
  /** Called after the commit, and not for a replay: the place for business counters. */
  executed?(): void;
}

const sweepEveryMs = 60_000;
const sweepAtOnce = 1_000;

/**
 * Runs a route's local work exactly once per key.
 *
 *            claim                execute, store             commit
 *   (none) --------> claimed ---------------------> stored --------> every later request replays
 *      ^                |  kill -9, error, rollback    |
 *      +----------------+------------------------------+             expired: claimed anew, or swept
 *
 * The claim, the work and the stored response are one transaction: a kill at any moment leaves all of them or none, so
 * there is no lock to expire and no owner to fence off. A duplicate in flight waits for that transaction (on SQLite it
 * shares its commit or comes after it) and replays; only where Postgres keeps it waiting past `lock_timeout` is it 409.
 * What the work throws (a 5xx before its effect) rolls back and is not stored: the same key may be retried.
 */
export function createIdempotency({ store, config, metrics, log }: ServiceContext) {
  const requests = metrics.counter(
    'idempotency_requests_total',
    'Requests with an Idempotency-Key, by what became of them.',
    ['outcome'],
  );
  const ttlMs = config.idempotencyTtlMs;
  let sweeper: NodeJS.Timeout | undefined;

  return {
    /** Without a key (where it is optional) the work simply runs. Throws Problem 409. */
    async execute(call: Call, now: number, { work, executed }: KeyedWork): Promise<Reply> {
      if (call.idempotencyKey === undefined) {
        const reply = await store.write(work);
        executed?.();
        return reply;
      }
      try {
        const { outcome, reply } = await store.write(once(call, now, ttlMs, work));
        requests.inc({ outcome });
        if (outcome === 'executed') executed?.();
        return reply;
      } catch (error) {
        if (!(error instanceof Contended)) throw error;
        requests.inc({ outcome: 'in_flight' });
        throw inFlight();
      }
    },
    startSweeping(): void {
      sweeper = setInterval(() => {
        sweepKeys(store, Date.now()).catch((error) => log.error({ err: error }, 'sweeping idempotency keys failed'));
      }, sweepEveryMs).unref();
    },
    stopSweeping(): void {
      clearInterval(sweeper);
    },
  };
}

function once(call: Call, now: number, ttlMs: number, work: () => Unit<Reply>): () => Unit<Executed> {
  const scope = `${call.user.id} ${call.method} ${call.path} ${call.idempotencyKey}`;
  const fingerprint = fingerprintOf(call);
  return function* () {
    const claimed = yield* first(claim, { scope, fingerprint, now, expiresAt: now + ttlMs });
    if (claimed !== undefined) {
      const reply = yield* work();
      yield* rows(complete, { scope, response: JSON.stringify(reply) });
      return { outcome: 'executed', reply };
    }
    const known = yield* first(find, { scope });
    // Swept or claimed anew between the two statements (Postgres): the retry that 409 asks for settles it.
    if (known === undefined || known.response === null) throw new Contended();
    if (known.fingerprint !== fingerprint) return { outcome: 'mismatched', reply: mismatch };
    const stored = JSON.parse(known.response) as Reply;
    return { outcome: 'replayed', reply: { ...stored, headers: { ...stored.headers, 'Idempotent-Replayed': 'true' } } };
  };
}

function inFlight(): Problem {
  return new Problem({
    status: 409,
    code: 'idempotency-key-in-flight',
    title: 'The first request with this Idempotency-Key is still in flight',
    headers: { 'Retry-After': '1', Link: policyLink },
  });
}

interface Executed {
  outcome: 'executed' | 'replayed' | 'mismatched';
  reply: Reply;
}

const mismatch: Reply = new Problem({
  status: 422,
  code: 'idempotency-key-reused',
  title: 'This Idempotency-Key was used with another payload',
  detail: 'Send the original payload to have its response again, or a new key for a new request.',
  headers: { Link: policyLink },
}).reply;

/** Deletes expired keys, a bounded number in each transaction; gives how many. */
export async function sweepKeys(store: Store, now: number): Promise<number> {
  let swept = 0;
  for (;;) {
    const { length } = await store.write(() => rows(sweep, { now, limit: sweepAtOnce }));
    swept += length;
    if (length < sweepAtOnce) return swept;
  }
}

/**
 * The same payload, by the rule that the documentation declares: equal query string and equal JSON value, whatever the
 * order of keys or the white space; of a key that is written twice the last counts, as in JSON.parse.
 */
function fingerprintOf(call: Call): string {
  return hash('sha256', `${call.search}\n${canonical(call.body)}`, 'base64url');
}

/** JSON with sorted keys. */
export function canonical(value: unknown): string {
  if (value === null || typeof value !== 'object') return JSON.stringify(value) ?? 'null';
  if (Array.isArray(value)) return `[${value.map(canonical).join(',')}]`;
  const entries = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1));
  return `{${entries.map(([key, item]) => `${JSON.stringify(key)}:${canonical(item)}`).join(',')}}`;
}
