import { isUtf8 } from 'node:buffer';
import type { HttpResponse } from '../../kernel/http/http.js';
import { oneLine, printable } from '../../kernel/text.js';
import { type Exchange, headerOf, textOf } from '../check/exchange.js';
import type { ExchangeSummary, Traffic } from '../result.js';
import type { Mask } from './mask.js';

const maxBodyCharacters = 2048;

/** What a report's line shows of an exchange. */
export function summaryOf(exchange: Exchange, mask: Mask, count = 1): ExchangeSummary {
  const { response, error } = exchange;
  return {
    method: exchange.method,
    url: mask.text(exchange.shownUrl),
    count,
    status: response?.status,
    reason: response?.reason,
    bytes: response === undefined ? 0 : response.headerBytes + response.bodyBytes,
    timeMs: exchange.timeMs,
    error: error === undefined ? undefined : mask.text(error.message),
  };
}

/** One exchange whole, masked; bodies uncut. What is secret in it must be learned before. */
export function trafficOf(exchange: Exchange, mask: Mask): Traffic {
  const { response } = exchange;
  const masked = (headers: Exchange['headers']) =>
    headers.map(([name, value]): [string, string] => [name, mask.header(name, value)]);
  return {
    startedAt: exchange.startedAt,
    timeMs: exchange.timeMs,
    firstByteMs: response?.firstByteMs ?? exchange.timeMs,
    method: exchange.method,
    url: mask.text(exchange.url),
    requestHeaders: masked(exchange.headers),
    requestBody: mask.body(String(exchange.body ?? '')),
    status: response?.status ?? 0,
    reason: response?.reason ?? '',
    responseHeaders: masked(response?.headers ?? []),
    responseBody: response === undefined ? '' : mask.body(textOf(response)),
    responseBase64: response === undefined || isText(response) ? undefined : response.body.toString('base64'),
    responseContentBytes: response?.body.length ?? 0,
    responseBodyBytes: response?.bodyBytes ?? 0,
    responseHeaderBytes: response?.headerBytes ?? 0,
    error: exchange.error === undefined ? undefined : mask.text(exchange.error.message),
  };
}

/** Request and response as they were on the wire, masked, bodies cut. */
export function dumpOf(exchange: Exchange, mask: Mask): string {
  const traffic = trafficOf(exchange, mask);
  const lines = [oneLine(`> ${traffic.method} ${traffic.url}`)];
  for (const [name, value] of traffic.requestHeaders) lines.push(oneLine(`> ${name}: ${value}`));
  if (traffic.requestBody !== '') lines.push(...prefixed('> ', traffic.requestBody));
  if (traffic.error !== undefined) return [...lines, oneLine(`! ${traffic.error}`)].join('\n');
  lines.push(oneLine(`< ${traffic.status} ${traffic.reason}`.trimEnd()));
  for (const [name, value] of traffic.responseHeaders) lines.push(oneLine(`< ${name}: ${value}`));
  if (traffic.responseBody !== '') lines.push(...prefixed('< ', traffic.responseBody));
  return lines.join('\n');
}

/** Whether a body can stand in a text file: it is UTF-8, or in a charset that its header names. */
function isText(response: HttpResponse): boolean {
  return isUtf8(response.body) || /charset=/i.test(headerOf(response, 'content-type')[0] ?? '');
}

function prefixed(prefix: string, body: string): string[] {
  const cut = body.length > maxBodyCharacters;
  const shown = printable(cut ? body.slice(0, maxBodyCharacters) : body);
  const lines = shown.split(/\r?\n/).map((line) => `${prefix}${line}`.trimEnd());
  return cut ? [...lines, `${prefix}... (${body.length} characters, ${maxBodyCharacters} shown)`] : lines;
}
