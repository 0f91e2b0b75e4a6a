import type { CallService } from '../client.js';
import type { User } from '../http/route.js';
import type { Trace } from '../http/trace.js';

const maxBatch = 100;
const maxInFlight = 2;
const deadlineMs = 3_000;

interface Waiting {
  token: string;
  trace: Trace;
  resolve(user: User | undefined): void;
  reject(error: unknown): void;
}

/** Asks auth whose session a token opens; undefined where it opens none. */
export type LookUpSession = (token: string, trace: Trace) => Promise<User | undefined>;

/**
 * Introspection in batches. Nothing is cached, so a logout or a deleted account counts at once: a token only ever joins
 * a batch that has not been sent yet, never an answer that is already on its way.
 */
export function createSessionLookup(callService: CallService): LookUpSession {
  let queue: Waiting[] = [];
  let inFlight = 0;
  let scheduled = false;

  function schedule(): void {
    if (scheduled || inFlight >= maxInFlight || queue.length === 0) return;
    scheduled = true;
    setImmediate(() => {
      scheduled = false;
      void send();
    });
  }

  async function send(): Promise<void> {
    const batch = queue.slice(0, maxBatch);
    queue = queue.slice(maxBatch);
    if (batch.length === 0) return;
    inFlight++;
    try {
      const answer = await callService('auth', {
        method: 'POST',
        path: '/internal/introspect',
        body: { tokens: batch.map(({ token }) => token) },
        trace: batch[0]!.trace,
        deadlineMs,
      });
      const { users } = answer as { users: (User | null)[] };
      for (const [i, { resolve }] of batch.entries()) resolve(users[i] ?? undefined);
    } catch (error) {
      for (const { reject } of batch) reject(error);
    } finally {
      inFlight--;
      schedule();
    }
  }

  return (token, trace) =>
    new Promise((resolve, reject) => {
      queue.push({ token, trace, resolve, reject });
      schedule();
    });
}
