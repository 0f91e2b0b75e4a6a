import { randomUUID } from 'node:crypto';
import type { IncomingHttpHeaders } from 'node:http';

/** Where a request belongs: its W3C trace and the id that log lines and the client share. */
export interface Trace {
  traceId: string;
  flags: string;
  requestId: string;
}

const traceparentPattern = /^00-([0-9a-f]{32})-(?!0{16})[0-9a-f]{16}-([0-9a-f]{2})$/;
const requestIdPattern = /^[\w.:-]{1,128}$/;

/** Joins the caller's trace (https://www.w3.org/TR/trace-context/) or begins one. */
export function traceOf(headers: IncomingHttpHeaders): Trace {
  const { traceparent, 'x-request-id': given } = headers;
  const parent = typeof traceparent === 'string' ? traceparentPattern.exec(traceparent) : null;
  const traceId = parent?.[1] ?? randomUUID().replaceAll('-', '');
  const requestId = typeof given === 'string' && requestIdPattern.test(given) ? given : traceId;
  return { traceId, flags: parent?.[2] ?? '00', requestId };
}

/** The headers that carry a trace to the next service. */
export function traceHeaders({ traceId, flags, requestId }: Trace): Record<string, string> {
  const spanId = randomUUID().replaceAll('-', '').slice(16);
  return { traceparent: `00-${traceId}-${spanId}-${flags}`, 'x-request-id': requestId };
}
