import { type DraftStep, grouped, type Imported, plainName } from './draft.js';
import { Given } from './given.js';
import { literal, literalValue } from './literal.js';

interface Recorded {
  method: string;
  url: URL;
  entry: Given;
}

// What the client sets by itself, and what belongs to one session only.
const dropped =
  /^(:|host$|connection$|content-length$|accept-encoding$|user-agent$|cookie$|sec-|referer$|origin$|upgrade-insecure)/i;

/** A recording of a browser or proxy (HAR 1.2) as a scenario: the requests in order, each with the status it had. */
export function fromHar(document: unknown): Imported {
  const given = new Given(document);
  const losses: string[] = [];
  const entries = given.at('log').at('entries');
  if (given.at('log').isObject() && entries.absent) entries.note('there is no list of entries');
  const recorded = entries.items().flatMap((entry) => recordedOf(entry) ?? []);
  const origins = new Map<string, number>();
  for (const { url } of recorded) origins.set(url.origin, (origins.get(url.origin) ?? 0) + 1);
  const [main] = [...origins].sort((a, b) => b[1] - a[1])[0] ?? [''];
  const steps = recorded.map((each) => stepOf(each, main, losses));
  const draft = {
    name: 'recording',
    why: 'Imported from a HAR recording.',
    ...(main === '' ? {} : { url: main }),
    steps,
  };
  return { draft, losses, wrong: given.wrong };
}

function recordedOf(entry: Given): Recorded | undefined {
  const request = entry.at('request');
  if (!entry.isObject() || !request.isObject()) return undefined;
  const method = request.at('method').neededText();
  const url = request.at('url').neededText();
  if (method === undefined || url === undefined) return undefined;
  if (!/^https?:/i.test(url) || !URL.canParse(url))
    return request.at('url').note(`${JSON.stringify(url.slice(0, 80))} is not an http(s) URL`);
  return { method, url: new URL(url), entry };
}

function stepOf({ method, url, entry }: Recorded, main: string, losses: string[]): DraftStep {
  const request = entry.at('request');
  const path = url.origin === main ? url.pathname + url.search : `${url.origin}${url.pathname}${url.search}`;
  const name = plainName(`${method} ${url.pathname}`);
  const headers: [string, string][] = [];
  for (const header of request.at('headers').objects()) {
    const key = header.at('name').neededText();
    const value = header.at('value').text() ?? '';
    if (key === undefined) continue;
    if (/^authorization$/i.test(key)) losses.push(`"${name}": the Authorization header (give the scenario an auth:)`);
    else if (!dropped.test(key)) headers.push([literal(key), literal(value)]);
  }
  const status = entry.at('response').at('status').number() ?? 0;
  return {
    name,
    request: `${method} ${literal(path)}`,
    ...(headers.length > 0 ? { headers: grouped(headers) } : {}),
    ...bodyOf(request.at('postData'), name, losses),
    ...(status > 0 ? { check: [{ name: `status code is ${status}`, status }] } : {}),
  };
}

function bodyOf(data: Given, name: string, losses: string[]): Record<string, unknown> {
  if (data.absent || !data.isObject()) return {};
  const mimeType = data.at('mimeType').text() ?? '';
  const text = data.at('text').text() ?? '';
  if (mimeType.startsWith('multipart/')) {
    losses.push(`"${name}": its multipart body`);
    return {};
  }
  if (mimeType.includes('urlencoded')) {
    const pairs = data
      .at('params')
      .objects()
      .flatMap((each) => {
        const key = each.at('name').neededText();
        return key === undefined ? [] : [[literal(key), literal(each.at('value').text() ?? '')] as const];
      });
    if (pairs.length > 0) return { form: grouped(pairs) };
  }
  if (mimeType.includes('json')) {
    try {
      return { json: literalValue(JSON.parse(text)) };
    } catch {
      losses.push(`"${name}": a JSON body that is not JSON was kept as text`);
    }
  }
  return text === '' ? {} : { text: literal(text) };
}
