import { TextDecoder } from 'node:util';
import { TooSlow } from '../../kernel/deadline.js';
import type { HttpError, HttpResponse } from '../../kernel/http/http.js';
import { parseJson, TooDeep } from '../../kernel/json.js';
import { patternOf } from '../../kernel/pattern.js';
import type { Source } from '../scenario.js';
import { valueAt } from './jsonpath.js';
import { show } from './value-text.js';

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

const parsedBodies = new WeakMap<HttpResponse, { value: unknown } | NoJson>();

/** Why a body is not the JSON that was expected: in a sentence, and as what was found instead. */
export interface NoJson {
  problem: string;
  found: string;
}

/** The response body as JSON, or why it is none. */
export function jsonOf(exchange: Exchange): { value: unknown } | NoJson {
  const { response } = exchange;
  if (response === undefined) return { problem: 'there is no response', found: 'no response' };
  let known = parsedBodies.get(response);
  if (known === undefined) {
    known = parse(response);
    parsedBodies.set(response, known);
  }
  return known;
}

function parse(response: HttpResponse): { value: unknown } | NoJson {
  if (response.body.length === 0) return { problem: 'the body is empty', found: 'an empty body' };
  const text = response.body.toString('utf8');
  try {
    return { value: parseJson(text) };
  } catch (error) {
    if (error instanceof TooDeep) return { problem: `the body cannot be read: ${error.message}`, found: error.message };
    const found = `${show(text)}${slipOf((error as Error).message)}`;
    return { problem: `the body is not JSON: ${found}`, found };
  }
}

/** Where JSON.parse gave up, unless it says no more than what stands at the begin of the text. */
function slipOf(message: string): string {
  const [, at] = / at position (\d+)/.exec(message) ?? [];
  if (at !== undefined) return ` (no JSON from character ${Number(at) + 1} on)`;
  return message.includes('end of JSON') ? ' (it ends too early)' : '';
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
  try {
    return lookedUp(exchange, source);
  } catch (error) {
    if (!(error instanceof TooSlow)) throw error;
    return { problem: error.message };
  }
}

function lookedUp(exchange: Exchange, source: Source): { value: unknown } | { problem: string } {
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
      const match = patternOf(source.pattern, 'mu').exec(textOf(response));
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
