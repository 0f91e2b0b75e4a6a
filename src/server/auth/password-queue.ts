import { availableParallelism } from 'node:os';
import { unavailable } from '../http/problem.js';

/** Hashes at once: they run on libuv's four threads, of which one stays free for files and name look-ups. */
const concurrent = Math.max(1, Math.min(3, availableParallelism()));
/** What may wait: a second or two of work. More is refused rather than answered when nobody listens any more. */
const mostWaiting = { login: 64, registration: 32 };

/** Runs work on a password (hash or check it) when its turn comes. */
export type InTurn = <T>(work: () => Promise<T>) => Promise<T>;

/**
 * A queue in front of scrypt, which is slow on purpose. Logins go first, so that no number of registrations keeps users out.
 * Both kinds are bounded from the moment they are admitted: what is beyond the bound is 503 with Retry-After before
 * anything is done for it, or counted against it.
 */
export function createPasswordQueue(run = concurrent) {
  const lines = {
    login: { admitted: 0, waiting: [] as (() => void)[] },
    registration: { admitted: 0, waiting: [] as (() => void)[] },
  };
  let running = 0;

  async function inTurn<T>(waiting: (() => void)[], work: () => Promise<T>): Promise<T> {
    if (running >= run) await new Promise<void>((resolve) => waiting.push(resolve));
    else running++;
    try {
      return await work();
    } finally {
      // The place goes on to the next in line, or is given back.
      const next = lines.login.waiting.shift() ?? lines.registration.waiting.shift();
      if (next === undefined) running--;
      else next();
    }
  }

  return {
    /** Lets a request in that will need its turn. Throws Problem 503 where too many are in already. */
    async admit<T>(kind: keyof typeof lines, request: (inTurn: InTurn) => Promise<T>): Promise<T> {
      const line = lines[kind];
      if (line.admitted >= run + mostWaiting[kind]) throw unavailable('Too many passwords are waiting to be checked');
      line.admitted++;
      try {
        return await request((work) => inTurn(line.waiting, work));
      } finally {
        line.admitted--;
      }
    },
  };
}
