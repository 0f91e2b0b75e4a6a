import type { Callbacks, Run } from 'postman-runtime';
import type { PostmanOptions } from './options.js';

/** How a run came to its end. */
export type RunEnd = { kind: 'done' | 'timed-out' | 'interrupted' } | { kind: 'broken'; error: Error };

/**
 * Starts a run and follows it to its end, its deadline or the signal's abort; then what is under way (requests, scripts, the
 * pause between requests) ends at once, which the runtime would wait for. Nothing is called back after the end.
 */
export function conduct(run: Run, callbacks: Callbacks, options: PostmanOptions): Promise<RunEnd> {
  const { clock, signal, timeoutMs = 0, delayRequestMs = 0 } = options;
  const over = new AbortController();
  const inFlight = new Map<string, () => void>();
  return new Promise((resolve) => {
    const end = (how: RunEnd) => {
      if (over.signal.aborted) return;
      over.abort();
      signal.removeEventListener('abort', interrupt);
      resolve(how);
    };
    const stop = (kind: 'timed-out' | 'interrupted') => {
      end({ kind });
      run.abort();
      for (const abort of inFlight.values()) abort();
      run.host?.dispose();
    };
    const interrupt = () => stop('interrupted');
    signal.addEventListener('abort', interrupt, { once: true });
    const after = (ms: number, then: () => void): void => {
      clock.sleep(ms, over.signal).then(then, () => undefined);
    };
    const heard: Callbacks = {
      ...callbacks,
      start: (...args) => {
        // The start of the scripts' sandbox is not the collection's time.
        if (timeoutMs > 0) after(timeoutMs, () => stop('timed-out'));
        callbacks.start?.(...args);
      },
      beforeItem: (...args) => {
        if (delayRequestMs > 0) run.pause(() => after(delayRequestMs, () => run.resume()));
        callbacks.beforeItem?.(...args);
      },
      beforeRequest: (...args) => {
        const { httpRequestId, abort } = args[4];
        inFlight.set(httpRequestId, abort);
        callbacks.beforeRequest?.(...args);
      },
      request: (...args) => {
        inFlight.delete(args[1].httpRequestId ?? '');
        callbacks.request?.(...args);
      },
      done: (error) => end(error === null ? { kind: 'done' } : { kind: 'broken', error }),
    };
    run.start(until(over.signal, heard));
  });
}

function until(over: AbortSignal, callbacks: Callbacks): Callbacks {
  const guarded = Object.entries(callbacks).map(([name, callback]) => [
    name,
    (...args: unknown[]) => (over.aborted ? undefined : (callback as (...args: unknown[]) => void)(...args)),
  ]);
  return Object.fromEntries(guarded) as Callbacks;
}
