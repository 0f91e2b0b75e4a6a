import { type DraftStep, draftYaml } from './draft.js';
import type { Converted } from './to-postman.js';

interface Entry {
  request: {
    method: string;
    url: string;
    headers?: { name: string; value: string }[];
    postData?: { mimeType?: string; text?: string; params?: { name: string; value?: string; fileName?: string }[] };
  };
  response?: { status?: number };
}

// What the client sets by itself, and what belongs to one session only.
const dropped =
  /^(:|host$|connection$|content-length$|accept-encoding$|user-agent$|cookie$|sec-|referer$|origin$|upgrade-insecure)/i;

/** A recording of a browser or proxy (HAR 1.2) as a scenario: the requests in order, each with the status it had. */
export function fromHar(document: { log?: { entries?: Entry[] } }): Converted {
  const entries = document.log?.entries ?? [];
  const losses: string[] = [];
  const origins = new Map<string, number>();
  for (const { request } of entries) {
    const { origin } = new URL(request.url);
    origins.set(origin, (origins.get(origin) ?? 0) + 1);
  }
  const [main] = [...origins].sort((a, b) => b[1] - a[1])[0] ?? [''];
  const steps = entries.map((entry) => stepOf(entry, main, losses));
  return draftYaml(
    { name: 'recording', why: 'Imported from a HAR recording.', ...(main === '' ? {} : { url: main }), steps },
    [...new Set(losses)],
  );
}

function stepOf({ request, response }: Entry, main: string, losses: string[]): DraftStep {
  const url = new URL(request.url);
  const path = url.origin === main ? url.pathname + url.search : request.url;
  const name = `${request.method} ${url.pathname}`;
  const headers: Record<string, string> = {};
  for (const { name: key, value } of request.headers ?? []) {
    if (/^authorization$/i.test(key)) losses.push(`"${name}": the Authorization header (give the scenario an auth:)`);
    else if (!dropped.test(key)) headers[key] = value;
  }
  const status = response?.status ?? 0;
  return {
    name,
    request: `${request.method} ${path}`,
    ...(Object.keys(headers).length > 0 ? { headers } : {}),
    ...bodyOf(request, name, losses),
    ...(status > 0 ? { check: [{ name: `status code is ${status}`, status }] } : {}),
  };
}

function bodyOf({ postData }: Entry['request'], name: string, losses: string[]): Record<string, unknown> {
  if (postData === undefined) return {};
  const { mimeType = '', text = '', params } = postData;
  if (mimeType.startsWith('multipart/')) {
    losses.push(`"${name}": its multipart body`);
    return {};
  }
  if (params !== undefined && params.length > 0 && mimeType.includes('urlencoded'))
    return { form: Object.fromEntries(params.map((each) => [each.name, each.value ?? ''])) };
  if (mimeType.includes('json')) {
    try {
      return { json: JSON.parse(text) };
    } catch {
      losses.push(`"${name}": a JSON body that is not JSON was kept as text`);
    }
  }
  return text === '' ? {} : { text };
}
