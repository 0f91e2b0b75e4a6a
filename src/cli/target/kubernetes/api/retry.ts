import type { Clock } from '../../../kernel/clock.js';
import { Failure } from '../../../kernel/failure.js';
import { ApiError } from './api-error.js';

/** For so long a call is made again: 10 s, the time in which an API server that restarts is back. */
const retryMs = 10_000;
const firstWaitMs = 250;
const longestWaitMs = 2_000;

export interface Retry {
  clock: Clock;
  signal: AbortSignal | undefined;
  method: string;
  /** Whether this server has answered before: one that never did is told of at once. */
  hasAnswered(): boolean;
}

/**
 * Makes a call again while what it met passes: too many requests, a store that elects a leader, a connection that broke.
 * As client-go does (rest/with_retry.go), and for every method that may be repeated: server-side apply may, a POST may not.
 */
export async function retryPassing<T>(retry: Retry, call: () => Promise<T>): Promise<T> {
  const { clock, signal } = retry;
  const until = clock.monotonic() + retryMs;
  for (let waitMs = firstWaitMs; ; waitMs = Math.min(longestWaitMs, waitMs * 2)) {
    try {
      return await call();
    } catch (error) {
      const askedMs = waitAsked(error, retry);
      const pauseMs = Math.max(waitMs, askedMs ?? 0);
      if (askedMs === undefined || clock.monotonic() + pauseMs > until) throw error;
      await clock.sleep(pauseMs, signal);
    }
  }
}

/** Milliseconds that the server asks to wait; undefined where the error is not one that passes. */
function waitAsked(error: unknown, { method, hasAnswered }: Retry): number | undefined {
  const repeatable = method !== 'POST';
  if (error instanceof ApiError) {
    // Who is told to wait was not served.
    if (error.retryAfterMs !== undefined && (error.status === 429 || error.status >= 500)) return error.retryAfterMs;
    const electing = /etcdserver: (request timed out|leader changed|no leader|too many requests)/.test(error.message);
    return electing && repeatable ? 0 : undefined;
  }
  const broken = error instanceof Failure && error.code === 'api-unreachable' && hasAnswered();
  const code = broken ? (error.cause as NodeJS.ErrnoException | undefined)?.code : undefined;
  return repeatable && ['ECONNRESET', 'ECONNREFUSED', 'EPIPE'].includes(code ?? '') ? 0 : undefined;
}
