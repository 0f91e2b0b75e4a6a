import { networkOf } from '../http/client-address.js';
import { Problem } from '../http/problem.js';
import { statement } from '../store/statement.js';
import { first, rows, type Store, type Unit } from '../store/store.js';

const windowMs = 5 * 60_000;
/** Wrong passwords for one account in a window: guessing is hopeless, a human who mistypes gets through. */
const maxPerAccount = 10;
/** Wrong passwords from one address in a window: more, because an address may stand for an office. */
const maxPerAddress = 100;

const count = statement<{ subject: string; now: number; windowEndsAt: number }>()((db, value) =>
  db
    .insertInto('login_attempts')
    .values({ subject: value('subject'), failures: 1, window_ends_at: value('windowEndsAt') })
    .onConflict((conflict) =>
      conflict.column('subject').doUpdateSet((column) => ({
        failures: column
          .case()
          .when('login_attempts.window_ends_at', '<=', value('now'))
          .then(column.lit(1))
          .else(column('login_attempts.failures', '+', column.lit(1)))
          .end(),
        window_ends_at: column
          .case()
          .when('login_attempts.window_ends_at', '<=', value('now'))
          .then(column.ref('excluded.window_ends_at'))
          .else(column.ref('login_attempts.window_ends_at'))
          .end(),
      })),
    )
    .returning(['failures', 'window_ends_at as windowEndsAt']),
);
const find = statement<{ subject: string; now: number }>()((db, value) =>
  db
    .selectFrom('login_attempts')
    .select(['failures', 'window_ends_at as windowEndsAt'])
    .where('subject', '=', value('subject'))
    .where('window_ends_at', '>', value('now')),
);
const takeBack = statement<{ subject: string }>()((db, value) =>
  db
    .updateTable('login_attempts')
    .set((column) => ({ failures: column('failures', '-', column.lit(1)) }))
    .where('subject', '=', value('subject'))
    .where('failures', '>', 0),
);
const forget = statement<{ subject: string }>()((db, value) =>
  db.deleteFrom('login_attempts').where('subject', '=', value('subject')),
);
const sweep = statement<{ now: number }>()((db, value) =>
  db.deleteFrom('login_attempts').where('window_ends_at', '<=', value('now')),
);

/**
 * Slows down guessing, per account and per address, in the store: all replicas count together. Every attempt is counted
 * before its password is checked, so that parallel guesses cannot slip past; a right password wipes the account's count and
 * takes its own back from the address's. An attempt that is refused counts for nothing: it says nothing of a password.
 */
export function createLoginThrottle(store: Store) {
  const account = (login: string) => `account ${login}`;
  const origin = (address: string) => `address ${networkOf(address)}`;

  return {
    /** Throws Problem 429 with Retry-After where there were too many attempts. */
    async enter(login: string, address: string): Promise<void> {
      const now = Date.now();
      const waitMs = await store.write(function* (): Unit<number> {
        const subjects = [
          { subject: origin(address), most: maxPerAddress },
          { subject: account(login), most: maxPerAccount },
        ];
        for (const { subject, most } of subjects) {
          const known = yield* first(find, { subject, now });
          if (known !== undefined && known.failures >= most) return known.windowEndsAt - now;
        }
        for (const { subject, most } of subjects) {
          const counted = (yield* first(count, { subject, now, windowEndsAt: now + windowMs }))!;
          // Another replica has counted since the look above.
          if (counted.failures > most) return counted.windowEndsAt - now;
        }
        return 0;
      });
      if (waitMs > 0) throw tooMany(waitMs);
    },
    async succeeded(login: string, address: string): Promise<void> {
      await store.write(function* (): Unit<void> {
        // In the order of `enter`: two that lock the same rows do not wait for each other.
        yield* rows(takeBack, { subject: origin(address) });
        yield* rows(forget, { subject: account(login) });
      });
    },
    async sweep(now: number): Promise<void> {
      await store.write(() => rows(sweep, { now }));
    },
  };
}

function tooMany(waitMs: number): Problem {
  return new Problem({
    status: 429,
    code: 'too-many-attempts',
    title: 'Too many attempts to log in',
    headers: { 'Retry-After': String(Math.ceil(waitMs / 1_000)) },
  });
}
