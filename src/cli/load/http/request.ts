import type { HeaderFields, LoadEndpoint, LoadPlan, PreparedRequest } from '../plan/plan.js';

/** A request ready to be written, and how to judge its response. */
export interface CompiledRequest {
  /** Index among all steps of the plan. */
  step: number;
  bytes: Buffer;
  head: boolean;
  /** 1 at every status code that counts as ok. */
  okByStatus: Uint8Array;
  /** Microseconds until it counts as timed out; the plan's where undefined. */
  timeoutUs?: number;
}

/** What `encodeRequest` writes. */
export interface RequestParts {
  method: string;
  /** Path and query as on the wire. */
  target: string;
  host: string;
  headers?: HeaderFields;
  body?: string | Uint8Array;
  compression?: boolean;
}

const statusTableLength = 1000;
const defaultOk = okTable(undefined);

/** The whole HTTP/1.1 request in bytes; adds Host, User-Agent, Accept, Accept-Encoding and Content-Length where they are not given. Throws on header injection. */
export function encodeRequest(parts: RequestParts): Buffer {
  const lines = [`${parts.method} ${parts.target} HTTP/1.1`];
  const given = new Set(Object.keys(parts.headers ?? {}).map((name) => name.toLowerCase()));
  const add = (name: string, value: string) => {
    if (!given.has(name.toLowerCase())) lines.push(`${name}: ${value}`);
  };
  const body = typeof parts.body === 'string' ? Buffer.from(parts.body) : parts.body;
  add('Host', parts.host);
  add('User-Agent', 'hwctl');
  add('Accept', '*/*');
  if (parts.compression === true) add('Accept-Encoding', 'gzip, br');
  for (const [name, values] of Object.entries(parts.headers ?? {}))
    for (const value of [values].flat()) lines.push(`${name}: ${value}`);
  if (body !== undefined || ['POST', 'PUT', 'PATCH'].includes(parts.method)) {
    add('Content-Length', String(body?.byteLength ?? 0));
  }
  for (const line of lines) if (/[\r\n\0]/.test(line)) throw new RangeError(`a line break in ${JSON.stringify(line)}`);
  const head = Buffer.from(`${lines.join('\r\n')}\r\n\r\n`);
  return body === undefined ? head : Buffer.concat([head, body]);
}

/** Compiles one prepared request of a plan. */
export function compileRequest(plan: LoadPlan, request: PreparedRequest, step: number): CompiledRequest {
  return {
    step,
    bytes: encodeRequest({
      method: request.method,
      target: basePath(plan.endpoint) + request.path,
      host: hostHeader(plan.endpoint),
      headers: request.headers,
      body: request.body,
      compression: plan.compression,
    }),
    head: request.method === 'HEAD',
    okByStatus: request.expectStatus === undefined ? defaultOk : okTable(request.expectStatus),
  };
}

/** The judgement for steps of a flow: 200 .. 399, unless the flow itself says why it failed. */
export const anyStatusOk: Uint8Array = new Uint8Array(statusTableLength).fill(1);

/** Path of the endpoint's URL without a trailing slash. */
export function basePath(endpoint: LoadEndpoint): string {
  return new URL(endpoint.url).pathname.replace(/\/+$/, '');
}

/** The Host header an endpoint asks for. */
export function hostHeader(endpoint: LoadEndpoint): string {
  return endpoint.hostHeader ?? new URL(endpoint.url).host;
}

function okTable(expected: number[] | undefined): Uint8Array {
  const table = new Uint8Array(statusTableLength);
  if (expected === undefined) table.fill(1, 200, 400);
  else for (const status of expected) table[status] = 1;
  return table;
}
