import { parseJson } from '../../../kernel/json.js';
import { type Imported, plainName } from '../draft/draft.js';
import { Given } from '../draft/given.js';
import {
  hasHeader,
  type ImportedAuth,
  type ImportedBody,
  type ImportedPart,
  type ImportedRequest,
  jsonBody,
  sendable,
  toImported,
} from '../draft/imported-request.js';
import { literal } from '../draft/literal.js';
import { Secrets } from './har-secrets.js';

interface Recorded {
  method: string;
  url: URL;
  entry: Given;
}

// What the client sets by itself, and what belongs to one session only.
const dropped =
  /^(:|host$|connection$|keep-alive$|proxy-connection$|te$|transfer-encoding$|upgrade$|content-length$|accept-encoding$|user-agent$|sec-|referer$|origin$|upgrade-insecure)/i;

/**
 * A recording of a browser or proxy (HAR 1.2) as a scenario: the requests in order, each with the status it had. Secrets are
 * left out: they become variables to be set.
 */
export function fromHar(document: unknown): Imported {
  const given = new Given(document);
  const entries = given.at('log').at('entries');
  if (given.at('log').isObject() && entries.absent) entries.note('there is no list of entries');
  const recorded = entries.items().flatMap((entry) => recordedOf(entry) ?? []);
  const origins = new Map<string, number>();
  for (const { url } of recorded) origins.set(url.origin, (origins.get(url.origin) ?? 0) + 1);
  const [main] = [...origins].sort((a, b) => b[1] - a[1])[0] ?? [''];
  const reader = new HarReader(main);
  const steps = recorded.map((each) => reader.stepOf(each));
  const secrets = reader.secrets.variables;
  return toImported({
    name: 'recording',
    why: 'Imported from a HAR recording.',
    ...(main === '' ? {} : { url: main }),
    variables: Object.fromEntries(secrets.map((name) => [name, ''])),
    secrets,
    steps,
    losses: reader.losses,
    wrong: given.wrong,
  });
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

class HarReader {
  readonly losses: string[] = [];
  readonly secrets = new Secrets();
  /** Names of cookies that the responses so far set: the run gets its own. */
  readonly #cookies = new Set<string>();

  constructor(private readonly main: string) {}

  stepOf({ method, url, entry }: Recorded): ImportedRequest {
    const request = entry.at('request');
    const response = entry.at('response');
    const own: string[] = [];
    const name = plainName(`${method} ${url.pathname}`);
    const { headers, auth } = this.#headersOf(request, url, own);
    const body = this.#bodyOf(request.at('postData'), headers, own);
    const status = response.at('status').number() ?? 0;
    this.#learnCookies(response);
    const sent = sendable(headers, own);
    this.losses.push(...own.map((loss) => `"${name}": ${loss}`));
    return {
      name,
      method,
      address:
        (url.origin === this.main ? '' : literal(url.origin)) + literal(url.pathname) + this.#searchOf(url, name),
      headers: sent,
      auth,
      body,
      // Each hop of a redirect is an entry of its own.
      redirects: !(status >= 300 && status < 400),
      cookies: true,
      set: {},
      checks: status > 0 ? [{ name: `status code is ${status}`, status }] : [],
      captures: {},
    };
  }

  /** The query as it was recorded, but for values under a telling name. */
  #searchOf(url: URL, step: string): string {
    return url.search
      .split(/([?&])/)
      .map((part) => {
        const cut = part.indexOf('=');
        const name = cut < 0 ? '' : decoded(part.slice(0, cut));
        if (!this.secrets.isParameter(name) || cut === part.length - 1) return literal(part);
        const told: string[] = [];
        const reference = this.secrets.put(name, decoded(part.slice(cut + 1)), told);
        this.losses.push(...told.map((loss) => `"${step}": ${loss}`));
        return `${literal(part.slice(0, cut + 1))}${reference}`;
      })
      .join('');
  }

  #headersOf(request: Given, url: URL, losses: string[]): { headers: [string, string][]; auth: ImportedAuth } {
    const headers: [string, string][] = [];
    let auth: ImportedAuth = { kind: 'none' };
    if (url.username !== '' || url.password !== '')
      auth = this.#basic(decoded(url.username), decoded(url.password), losses);
    for (const header of request.at('headers').objects()) {
      const key = header.at('name').neededText();
      const value = header.at('value').text() ?? '';
      if (key === undefined || dropped.test(key)) continue;
      if (/^authorization$/i.test(key)) auth = this.#authOf(value, headers, losses);
      else if (/^cookie$/i.test(key)) this.#cookieOf(value, headers, losses);
      else if (this.secrets.isHeader(key) && value !== '')
        headers.push([literal(key), this.secrets.put(key, value, losses)]);
      else headers.push([literal(key), literal(value)]);
    }
    return { headers, auth };
  }

  #authOf(value: string, headers: [string, string][], losses: string[]): ImportedAuth {
    const [, scheme = '', credentials = ''] = /^(\w+)\s+(\S+)$/.exec(value) ?? [];
    if (/^bearer$/i.test(scheme))
      return { kind: 'bearer', token: this.secrets.put('bearer_token', credentials, losses) };
    if (/^basic$/i.test(scheme)) {
      const [user = '', ...password] = Buffer.from(credentials, 'base64').toString('utf8').split(':');
      return this.#basic(user, password.join(':'), losses);
    }
    headers.push(['Authorization', this.secrets.put('authorization', value, losses)]);
    return { kind: 'none' };
  }

  #basic(user: string, password: string, losses: string[]): ImportedAuth {
    return { kind: 'basic', username: literal(user), password: this.secrets.put('password', password, losses) };
  }

  /** Cookies that no response before it set came from an earlier session. */
  #cookieOf(value: string, headers: [string, string][], losses: string[]): void {
    const pairs = value.split(';').map((pair) => pair.trim());
    const before = pairs.filter((pair) => pair !== '' && !this.#cookies.has(pair.split('=', 1)[0]!));
    if (before.length > 0) headers.push(['Cookie', this.secrets.put('cookie', before.join('; '), losses)]);
  }

  #learnCookies(response: Given): void {
    for (const header of response.absent ? [] : response.at('headers').objects()) {
      if (header.at('name').text()?.toLowerCase() !== 'set-cookie') continue;
      // Browsers write several lines into one value.
      for (const line of (header.at('value').text() ?? '').split('\n'))
        this.#cookies.add(line.split('=', 1)[0]!.trim());
    }
    for (const cookie of response.absent ? [] : response.at('cookies').objects())
      this.#cookies.add(cookie.at('name').text() ?? '');
  }

  #bodyOf(data: Given, headers: [string, string][], losses: string[]): ImportedBody | undefined {
    if (data.absent || !data.isObject()) return undefined;
    const mimeType = data.at('mimeType').text() ?? '';
    const text = data.at('text').text() ?? '';
    const params = data.at('params').objects();
    if (/^multipart\//i.test(mimeType)) return this.#parts(params, text, mimeType, headers, losses);
    if (mimeType.includes('urlencoded')) return this.#form(text, params, mimeType, headers, losses);
    if (text === '') return undefined;
    if (mimeType.includes('json')) {
      if (isJson(text)) {
        if (mimeType === 'application/json' && plainType(headers) === mimeType) removeType(headers);
        return jsonBody(this.secrets.inJson(text, losses), headers, mimeType);
      }
      losses.push('a JSON body that is not JSON was kept as text');
    }
    if (mimeType !== '' && !hasHeader(headers, 'content-type')) headers.push(['Content-Type', literal(mimeType)]);
    return { kind: 'text', text: isJson(text) ? this.secrets.inJson(text, losses) : this.secrets.inText(text, losses) };
  }

  /** The text is what was sent; browsers write its fields a second time, some of them percent-encoded. */
  #form(
    text: string,
    params: Given[],
    mimeType: string,
    headers: [string, string][],
    losses: string[],
  ): ImportedBody | undefined {
    const pairs =
      text === ''
        ? params.flatMap((each): [string, string][] => {
            const key = each.at('name').neededText();
            return key === undefined ? [] : [[key, each.at('value').text() ?? '']];
          })
        : [...new URLSearchParams(text)];
    if (pairs.length === 0) return undefined;
    const isSecret = pairs.some(([key, value]) => this.secrets.isField(key) && value !== '');
    // Fields of one name stand together in the format.
    const again = new URLSearchParams();
    for (const key of new Set(pairs.map(([each]) => each)))
      for (const [each, value] of pairs) if (each === key) again.append(key, value);
    if (text !== '' && !isSecret && again.toString() !== text) {
      if (!hasHeader(headers, 'content-type')) headers.push(['Content-Type', literal(mimeType)]);
      return { kind: 'text', text: literal(text) };
    }
    if (plainType(headers) === 'application/x-www-form-urlencoded') removeType(headers);
    return { kind: 'form', pairs: pairs.map(([key, value]) => [literal(key), this.#field(key, value, losses)]) };
  }

  #field(name: string, value: string, losses: string[]): string {
    return this.secrets.isField(name) && value !== '' ? this.secrets.put(name, value, losses) : literal(value);
  }

  #parts(
    params: Given[],
    text: string,
    mimeType: string,
    headers: [string, string][],
    losses: string[],
  ): ImportedBody | undefined {
    const boundary = /boundary="?([^";]+)/i.exec(mimeType)?.[1];
    const found = params.length > 0 ? params.map(partOf) : boundary === undefined ? [] : partsOf(text, boundary);
    const parts = found.flatMap(({ name, value, file, type }): [string, ImportedPart][] => {
      if (file === undefined && (type === undefined || type.startsWith('text/plain')))
        return [[literal(name), this.#field(name, value, losses)]];
      losses.push(`the file ${file ?? ''} of its part ${name}, whose bytes a recording does not keep`);
      return [];
    });
    if (parts.length === 0) {
      losses.push('its multipart body');
      return undefined;
    }
    removeType(headers);
    return { kind: 'multipart', parts };
  }
}

interface RecordedPart {
  name: string;
  value: string;
  file: string | undefined;
  type: string | undefined;
}

function partOf(given: Given): RecordedPart {
  return {
    name: given.at('name').text() ?? '',
    value: given.at('value').text() ?? '',
    file: given.at('fileName').text(),
    type: given.at('contentType').text(),
  };
}

/** Parts of a multipart/form-data body (RFC 7578) that was recorded as text. */
function partsOf(text: string, boundary: string): RecordedPart[] {
  return text
    .split(`--${boundary}`)
    .slice(1, -1)
    .flatMap((part) => {
      const [, head = '', value = ''] = /^\r?\n([\s\S]*?)\r?\n\r?\n([\s\S]*?)\r?\n$/.exec(part) ?? [];
      const name = /\bname="([^"]*)"/.exec(head)?.[1];
      if (name === undefined) return [];
      const type = /^content-type:\s*(.*)$/im.exec(head)?.[1];
      return [{ name, value, file: /\bfilename="([^"]*)"/.exec(head)?.[1], type }];
    });
}

function plainType(headers: readonly [string, string][]): string | undefined {
  return headers.find(([name]) => name.toLowerCase() === 'content-type')?.[1];
}

function removeType(headers: [string, string][]): void {
  const at = headers.findIndex(([name]) => name.toLowerCase() === 'content-type');
  if (at >= 0) headers.splice(at, 1);
}

function isJson(text: string): boolean {
  try {
    parseJson(text);
    return true;
  } catch {
    return false;
  }
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text.replace(/\+/g, ' '));
  } catch {
    return text;
  }
}
