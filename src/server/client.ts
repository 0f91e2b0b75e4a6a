import { setTimeout as sleep } from 'node:timers/promises';
import type { Agent } from 'undici';
import { Problem, unavailable } from './http/problem.js';
import { type Trace, traceHeaders } from './http/trace.js';
import type { ServiceName } from './store/tables.js';

export interface ServiceCall {
  method: 'GET' | 'POST' | 'PUT';
  path: string;
  body: unknown;
  trace: Trace;
  /** For the whole call, retries and pauses included. */
  deadlineMs: number;
}

/** Calls another service's internal route and gives its JSON answer. Throws Problem 503 where it cannot be had in time. */
export type CallService = (service: ServiceName, call: ServiceCall) => Promise<unknown>;

const maxAttempts = 4;
const firstPauseMs = 25;

/**
 * Every internal route is a read or idempotent by its path, so any failure that may pass is retried: with exponential
 * pauses and full jitter (https://aws.amazon.com/builders-library/timeouts-retries-and-backoff-with-jitter/), inside the
 * caller's deadline.
 */
export function createClient(baseUrl: (service: ServiceName) => string, internalToken: string) {
  // Loaded at the first call: most of undici's weight is not ours to pay at start, and prices and hello call nobody.
  let agent: Promise<Agent> | undefined;
  async function openAgent(): Promise<Agent> {
    const { Agent: HttpAgent } = await import('./undici.js');
    return new HttpAgent({ connections: 64, pipelining: 1, keepAliveTimeout: 4_000, connect: { timeout: 2_000 } });
  }
  const authorization = `Bearer ${internalToken}`;

  async function attempt(service: ServiceName, call: ServiceCall, timeoutMs: number): Promise<Answer> {
    agent ??= openAgent();
    const response = await (await agent).request({
      origin: baseUrl(service),
      path: call.path,
      method: call.method,
      headers: { authorization, 'content-type': 'application/json', ...traceHeaders(call.trace) },
      body: JSON.stringify(call.body),
      headersTimeout: timeoutMs,
      bodyTimeout: timeoutMs,
    });
    return { status: response.statusCode, body: await response.body.text() };
  }

  const callService: CallService = async (service, call) => {
    const endsAt = performance.now() + call.deadlineMs;
    let last = 'no attempt was made';
    for (let n = 0; n < maxAttempts; n++) {
      const leftMs = endsAt - performance.now();
      if (leftMs <= 0) break;
      try {
        const { status, body } = await attempt(service, call, Math.max(1, Math.ceil(leftMs)));
        if (status < 300) return JSON.parse(body);
        last = `${service} answered ${status}`;
        if (status < 500 && status !== 429) break;
      } catch (error) {
        if (error instanceof Problem) throw error;
        last = `${service} did not answer: ${error instanceof Error ? error.message : error}`;
      }
      const pauseMs = Math.random() * firstPauseMs * 2 ** n;
      if (performance.now() + pauseMs >= endsAt) break;
      await sleep(pauseMs);
    }
    throw unavailable(last);
  };

  return { callService, close: async () => (await agent)?.destroy() };
}

interface Answer {
  status: number;
  body: string;
}
