import { TextDecoder } from 'node:util';
import type { HttpError, HttpResponse } from '../kernel/http.js';
import { valueAt } from './jsonpath.js';
import type { Source } from './scenario.js';

/** One request as sent and what came back. */
export interface Exchange {
  method: string;
  /** As reports show it: logical host and path. */
  shownUrl: string;
  url: string;
  headers: readonly (readonly [string, string])[];
  body: Buffer | string | undefined;
  response: HttpResponse | undefined;
  error: HttpError | undefined;
  /** Milliseconds from the send to the last byte, or to the failure. */
  timeMs: number;
  /** Milliseconds since the epoch. */
  startedAt: number;
}

const parsedBodies = new WeakMap<HttpResponse, { value: unknown } | { problem: string }>();

/** The response body as JSON, or why it is none. */
export function jsonOf(exchange: Exchange): { value: unknown } | { problem: string } {
  const { response } = exchange;
  if (response === undefined) return { problem: 'there is no response' };
  let known = parsedBodies.get(response);
  if (known === undefined) {
    known = parse(response);
    parsedBodies.set(response, known);
  }
  return known;
}

function parse(response: HttpResponse): { value: unknown } | { problem: string } {
  if (response.body.length === 0) return { problem: 'the body is empty' };
  try {
    return { value: JSON.parse(response.body.toString('utf8')) };
  } catch (error) {
    return { problem: `the body is not JSON: ${(error as Error).message}` };
  }
}

/** The response body as text, by the charset of Content-Type (UTF-8 where it names none that is known). */
export function textOf(response: HttpResponse): string {
  const charset = /charset="?([\w-]+)/i.exec(headerOf(response, 'content-type')[0] ?? '')?.[1] ?? 'utf-8';
  try {
    return new TextDecoder(charset).decode(response.body);
  } catch {
    return response.body.toString('utf8');
  }
}

/** All values of a header, in order; the name in any case. */
export function headerOf(response: HttpResponse, name: string): string[] {
  const wanted = name.toLowerCase();
  return response.headers.filter(([key]) => key.toLowerCase() === wanted).map(([, value]) => value);
}

/** The value of a cookie that the response sets. */
export function cookieOf(response: HttpResponse, name: string): string | undefined {
  for (const line of headerOf(response, 'set-cookie')) {
    const [pair = ''] = line.split(';');
    const cut = pair.indexOf('=');
    if (cut > 0 && pair.slice(0, cut).trim() === name) return pair.slice(cut + 1).trim();
  }
  return undefined;
}

/** The value a source names, or why there is none. */
export function valueFrom(exchange: Exchange, source: Source): { value: unknown } | { problem: string } {
  const { response } = exchange;
  if (response === undefined) return { problem: `there is no response: ${exchange.error?.message ?? 'not sent'}` };
  switch (source.kind) {
    case 'json': {
      const json = jsonOf(exchange);
      if ('problem' in json) return json;
      const value = valueAt(json.value, source.path);
      return value === undefined ? { problem: `nothing at ${source.path}` } : { value };
    }
    case 'header':
      return found(headerOf(response, source.name)[0], `no header ${source.name}`);
    case 'cookie':
      return found(cookieOf(response, source.name), `no cookie ${source.name} is set`);
    case 'regex': {
      const match = new RegExp(source.pattern, 'mu').exec(textOf(response));
      return found(match?.[1] ?? match?.[0], `nothing matches ${source.pattern}`);
    }
    case 'status':
      return { value: response.status };
    case 'text':
      return { value: textOf(response) };
  }
}

function found(value: string | undefined, problem: string): { value: unknown } | { problem: string } {
  return value === undefined ? { problem } : { value };
}
