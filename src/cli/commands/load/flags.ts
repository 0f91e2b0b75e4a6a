import { resolve } from 'node:path';
import { parseDurationMs } from '../../kernel/duration.js';
import { Failure } from '../../kernel/failure.js';
import { readText } from '../../kernel/files.js';
import { shownUrl } from '../../kernel/secrets.js';
import type { HeaderFields } from '../../load/plan/plan.js';
import type { Context } from '../context/context.js';

/** An absolute http or https URL. Throws Failure `bad-url` that names the flag. */
function parseHttpUrl(text: string, flag = '--url', example = 'http://127.0.0.1:8080/health'): URL {
  const fail = (what: string): Failure =>
    new Failure({
      code: 'bad-url',
      message: `${flag}: ${JSON.stringify(shownUrl(text))} ${what}`,
      hint: `For example ${flag} ${example}`,
    });
  if (!/^[a-z][a-z0-9+.-]*:\/\//i.test(text)) throw fail('has no scheme');
  if (!URL.canParse(text)) throw fail('is not a URL');
  const url = new URL(text);
  if (url.protocol !== 'http:' && url.protocol !== 'https:')
    throw fail(`is ${url.protocol.slice(0, -1)}, not http or https`);
  return url;
}

/** Most requests a second a run may ask for: beyond what one machine can send, so a slip of the finger. */
const maxRatePerSecond = 500_000;
/** Most connections, users or requests under way at once. */
const maxConcurrency = 100_000;

/** Reads a number of at most `most`, above `least` (or at it, with `inclusive`). Throws Failure `usage` that names the flag. */
export function parseNumber(
  text: string,
  flag: string,
  bounds: { above?: number; least?: number; most: number; whole: boolean; example: string },
): number {
  const fail = (what: string): Failure =>
    new Failure({
      code: 'bad-number',
      message: `${flag}: ${JSON.stringify(text)} ${what}`,
      hint: `For example ${flag} ${bounds.example}`,
    });
  const trimmed = text.trim();
  const value = Number(trimmed);
  if (trimmed === '' || Number.isNaN(value) || /^[-+]?0x/i.test(trimmed)) throw fail('is not a number');
  if (bounds.above !== undefined && !(value > bounds.above)) throw fail(`must be above ${bounds.above}`);
  if (bounds.least !== undefined && value < bounds.least) throw fail(`must be at least ${bounds.least}`);
  if (value > bounds.most) throw fail(`is more than hwctl allows (${bounds.most})`);
  if (bounds.whole && !Number.isInteger(value)) throw fail('must be a whole number');
  return value;
}

/** `--rps`: above 0, fractions allowed. */
export function parseRate(text: string, flag = '--rps'): number {
  return parseNumber(text, flag, { above: 0, most: maxRatePerSecond, whole: false, example: '100' });
}

/** A count of at least one: connections, users, requests. */
export function parseCount(text: string, flag: string, example: string, most = maxConcurrency): number {
  return parseNumber(text, flag, { least: 1, most, whole: true, example });
}

const dayMs = 86_400_000;

/** A duration above 0 and up to a week. */
export function parseLength(text: string, flag: string): number {
  const ms = parseDurationMs(text, flag);
  if (ms < 1 || ms > 7 * dayMs) {
    throw new Failure({
      code: 'bad-duration',
      message: `${flag}: ${JSON.stringify(text)} must be between 1ms and 7d`,
      hint: `For example ${flag} 10s`,
    });
  }
  return ms;
}

/** `--start-at`: an RFC 3339 time with its offset, or Unix seconds; now or later, within a day. Gives Unix milliseconds. */
export function parseMoment(text: string, flag: string, nowUnixMs: number): number {
  const written = /^\d{4}-\d\d-\d\d[Tt ]\d\d:\d\d:\d\d(\.\d+)?([Zz]|[+-]\d\d:\d\d)$/.test(text);
  const moment = written ? Date.parse(text) : /^\d{1,12}(\.\d+)?$/.test(text) ? Number(text) * 1000 : Number.NaN;
  const refuse = (why: string) =>
    new Failure({
      code: 'bad-time',
      message: `${flag}: ${JSON.stringify(text)} ${why}`,
      hint: `For example ${flag} 2030-01-31T12:00:00Z, or in a minute: ${flag} $(($(date +%s) + 60))`,
    });
  if (Number.isNaN(moment)) throw refuse('is neither a time as in RFC 3339 nor Unix seconds');
  if (moment < nowUnixMs) throw refuse('is in the past');
  if (moment > nowUnixMs + dayMs) throw refuse('is more than a day away');
  return moment;
}

const token = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/;

/** `--method`: an HTTP token, upper-cased. */
export function parseMethod(text: string): string {
  if (!token.test(text)) {
    throw new Failure({
      code: 'bad-method',
      message: `--method: ${JSON.stringify(text)} is not an HTTP method`,
      hint: 'For example --method POST',
    });
  }
  const method = text.toUpperCase();
  if (method !== 'CONNECT') return method;
  throw new Failure({
    code: 'bad-method',
    message: '--method: CONNECT asks a proxy for a tunnel, which no request can follow here',
    hint: 'For example --method POST',
  });
}

/** `--header 'Name: value'`, several times; a name that is given again is sent again. Throws Failure `bad-header`. */
export function parseHeaders(texts: readonly string[]): HeaderFields {
  const headers: HeaderFields = {};
  for (const text of texts) {
    const colon = text.indexOf(':');
    const name = text.slice(0, Math.max(0, colon)).trim();
    const value = text.slice(colon + 1).trim();
    // What was given is not repeated: it may be a credential.
    const refuse = (what: string) =>
      new Failure({
        code: 'bad-header',
        message: `--header: ${what}`,
        hint: "Write it as --header 'Name: value'",
      });
    if (colon < 0)
      throw refuse(texts.length === 1 ? 'it has no colon' : `number ${texts.indexOf(text) + 1} has no colon`);
    if (!token.test(name)) throw refuse(`${JSON.stringify(name)} is no name of a header`);
    if (/[\r\n\0]/.test(value)) throw refuse(`the value of ${name} has a line end or NUL in it`);
    const known = Object.keys(headers).find((other) => other.toLowerCase() === name.toLowerCase()) ?? name;
    headers[known] = headers[known] === undefined ? value : [headers[known], value].flat();
  }
  return headers;
}

/** `--path`: begins with `/`, no spaces. */
export function parsePath(text: string): string {
  if (!/^\/[^\s#]*$/.test(text)) {
    throw new Failure({
      code: 'bad-path',
      message: `--path: ${JSON.stringify(shownUrl(text))} is not a path`,
      hint: 'A path begins with / and has no spaces (write %20), for example --path /price/1',
    });
  }
  return encodeURI(text).replaceAll('%25', '%');
}

/** As `parseHttpUrl`, without a user in it. Throws Failure `bad-url`. */
export function parseUrl(text: string, flag?: string, example?: string): URL {
  const url = parseHttpUrl(text, flag, example);
  if (url.username === '' && url.password === '') return url;
  throw new Failure({
    code: 'bad-url',
    message: `${flag ?? '--url'}: ${JSON.stringify(shownUrl(text))} has a user name in it`,
    hint: 'Say who you are with --header "Authorization: ..." instead',
  });
}

/** `--host`: what the Host header says. */
export function parseHost(text: string, flag = '--host'): string {
  if (!/^(\[[0-9a-f:.]+\]|[\w.-]+)(:\d{1,5})?$/i.test(text)) {
    throw new Failure({
      code: 'bad-host',
      message: `${flag}: ${JSON.stringify(shownUrl(text))} is not a host name`,
      hint: `For example ${flag} arch.homework`,
    });
  }
  return text;
}

/** `--body TEXT`, or `--body @FILE`, which is sent as it is. Throws Failure where the file cannot be read or is no UTF-8. */
export function readBody(text: string, context: Pick<Context, 'cwd'>): string {
  if (!text.startsWith('@')) return text;
  const shown = text.slice(1);
  const hint = 'Name a readable file after @, or give the text itself';
  return readText(resolve(context.cwd, shown), { shown, by: '--body', hint, exact: true });
}

/** Throws Failure `conflict` where more than one of the flags in a group is given. */
export function refuseTogether(given: Record<string, unknown>, groups: readonly (readonly string[])[]): void {
  for (const group of groups) {
    const present = group.filter((name) => given[name] !== undefined);
    if (present.length < 2) continue;
    const flags = present.map((name) => `--${name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`);
    throw new Failure({
      code: 'conflict',
      message: `${flags.join(' and ')} exclude each other`,
      hint: `Keep one of them: ${flags.join(' or ')}`,
    });
  }
}
