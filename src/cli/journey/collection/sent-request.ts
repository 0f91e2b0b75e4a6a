import { textOf } from '../../k6/language/coerce.js';
import { itemsOf, ownEntries, readMember } from '../../k6/language/properties.js';
import type { RequestStep } from '../../scenario/scenario.js';
import { pairOf } from './pm-headers.js';
import type { PostmanVariables } from './pm-variables.js';

/** What a script gives `pm.sendRequest`, an address or an object, as a step; undefined for what is neither. */
export function requestTemplate(
  given: unknown,
  variables: PostmanVariables,
  like: RequestStep,
): RequestStep | undefined {
  const said = typeof given === 'string' ? { url: given } : given;
  if (said === null || typeof said !== 'object') return undefined;
  const of = (name: string) => readMember(said, name);
  const put = (value: unknown) => variables.replaceIn(textOf(value));
  const address = put(of('url') ?? '').trim();
  const headers: Record<string, string> = {};
  for (const [name, value] of headerPairs(of('header') ?? of('headers'))) headers[put(name)] = put(value);
  const body = bodyOf(of('body'), put);
  if (body?.type !== undefined && !Object.keys(headers).some((name) => name.toLowerCase() === 'content-type'))
    headers['Content-Type'] = body.type;
  return {
    ...like,
    set: {},
    check: [],
    capture: {},
    until: undefined,
    retry: 0,
    repeat: 1,
    request: {
      ...like.request,
      method: textOf(of('method') ?? 'GET').toUpperCase(),
      path: /^[a-z][a-z0-9+.-]*:\/\//i.test(address) ? address : `http://${address}`,
      query: {},
      headers: Object.fromEntries(Object.entries(headers).map(([name, value]) => [name, value])),
      body: body && { kind: 'text', value: body.text },
      auth: { kind: 'none' },
      redirects: undefined,
      cookies: undefined,
    },
  };
}

function headerPairs(given: unknown): [string, string][] {
  if (given === undefined || given === null) return [];
  if (typeof given === 'string') return given.split('\n').map(pairOf);
  if (Array.isArray(given)) return [...itemsOf(given)].map(pairOf);
  const named = readMember(given, 'key');
  if (named !== undefined) return [pairOf(given)];
  return ownEntries(given).map(([name, value]) => [name, textOf(value)]);
}

function bodyOf(given: unknown, put: (value: unknown) => string): { text: string; type?: string } | undefined {
  if (given === undefined || given === null) return undefined;
  if (typeof given === 'string') return { text: put(given) };
  const mode = readMember(given, 'mode');
  if (mode === 'urlencoded') {
    const form = new URLSearchParams();
    const fields = readMember(given, 'urlencoded');
    for (const field of Array.isArray(fields) ? fields : [])
      form.append(put(readMember(field, 'key')), put(readMember(field, 'value') ?? ''));
    return { text: form.toString(), type: 'application/x-www-form-urlencoded' };
  }
  const raw = readMember(given, 'raw');
  if (raw === undefined) return undefined;
  return { text: typeof raw === 'object' ? JSON.stringify(raw) : put(raw), type: 'text/plain' };
}
