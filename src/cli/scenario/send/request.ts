import { randomUUID } from 'node:crypto';
import { basename, dirname } from 'node:path';
import { readBytes } from '../../kernel/files.js';
import type { Auth, Body, HeaderValue, RequestTemplate, Scenario } from '../scenario.js';
import { asText, Unresolved, type Variables } from '../variables/template.js';
import { uploadPath } from './upload.js';
import { asInUrl } from './url-text.js';

/** Where requests go: what the target or `--url` says. */
export interface ScenarioEndpoint {
  url: string;
  /** The Host header that requests carry, where it differs from the URL's. */
  host?: string;
}

/** A request with every template expanded. */
export interface BuiltRequest {
  method: string;
  url: string;
  /** As reports show it: the logical host instead of the address. */
  shownUrl: string;
  headers: [string, string][];
  body: Buffer | string | undefined;
}

/** Expands a request. `bearer` is the token of OAuth 2, fetched before. Throws Unresolved for a variable without a value. */
export function buildRequest(
  template: RequestTemplate,
  scenario: Scenario,
  endpoint: ScenarioEndpoint | undefined,
  variables: Variables,
  bearer?: string,
): BuiltRequest {
  const { url, shownUrl, ours } = buildUrl(template, scenario, endpoint, variables);
  const headers = new HeaderList();
  if (ours && endpoint?.host !== undefined) headers.set('Host', endpoint.host);
  headers.set('User-Agent', 'hwctl');
  headers.set('Accept', '*/*');
  headers.setAll(scenario.headers, variables);
  const auth = template.auth ?? scenario.auth;
  const authorization = auth === undefined ? undefined : authorize(auth, variables, bearer);
  if (authorization !== undefined) headers.set('Authorization', authorization);
  const body = template.body && buildBody(template.body, scenario, variables);
  if (body?.type !== undefined) headers.set('Content-Type', body.type);
  headers.setAll(template.headers, variables);
  const addressed = withUserInfo(url, headers.lines);
  return { method: template.method, ...addressed, shownUrl, body: body?.bytes };
}

/**
 * The user and password that stand in a URL as HTTP basic authentication (RFC 7617), as curl and newman send them; a header
 * or `auth` says otherwise. The address itself goes on without them.
 */
export function withUserInfo<Line extends readonly [string, string]>(
  address: string,
  headers: readonly Line[],
): { url: string; headers: (Line | [string, string])[] } {
  const url = new URL(address);
  const { username, password } = url;
  if (username === '' && password === '') return { url: address, headers: [...headers] };
  url.username = '';
  url.password = '';
  if (headers.some(([name]) => name.toLowerCase() === 'authorization')) return { url: url.href, headers: [...headers] };
  const pair = Buffer.from(`${decoded(username)}:${decoded(password)}`).toString('base64');
  return { url: url.href, headers: [...headers, ['Authorization', `Basic ${pair}`]] };
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

/** Header lines in order; setting a name again replaces it, a list sends it several times. */
class HeaderList {
  lines: [string, string][] = [];

  set(name: string, value: string): void {
    this.lines = this.lines.filter(([key]) => key.toLowerCase() !== name.toLowerCase());
    this.lines.push([name, value]);
  }

  setAll(headers: Record<string, HeaderValue>, variables: Variables): void {
    for (const [template, value] of Object.entries(headers)) {
      const name = variables.text(template);
      this.lines = this.lines.filter(([key]) => key.toLowerCase() !== name.toLowerCase());
      for (const each of Array.isArray(value) ? value : [value]) this.lines.push([name, variables.text(each)]);
    }
  }
}

function buildUrl(
  template: RequestTemplate,
  scenario: Scenario,
  endpoint: ScenarioEndpoint | undefined,
  variables: Variables,
): { url: string; shownUrl: string; ours: boolean } {
  const path = variables.text(template.path);
  if (path.startsWith('{{'))
    throw new Unresolved(`${JSON.stringify(path)} is neither a path nor a URL: its variable is not set`);
  const query = new URLSearchParams();
  for (const [key, value] of Object.entries(template.query)) {
    const expanded = variables.expand(value);
    for (const each of Array.isArray(expanded) ? expanded : [expanded]) query.append(variables.text(key), asText(each));
  }
  const suffix = query.size === 0 ? '' : `${path.includes('?') ? '&' : '?'}${query.toString()}`;
  if (/^https?:\/\//i.test(path)) {
    if (!URL.canParse(path + suffix)) throw new Unresolved(`${JSON.stringify(path)} is not a URL`);
    const own = endpoint !== undefined && new URL(path).origin === new URL(endpoint.url).origin;
    return { url: path + suffix, shownUrl: asInUrl(path + suffix), ours: own };
  }
  const base = endpoint?.url ?? scenario.url;
  if (base === undefined)
    throw new Unresolved(
      `${JSON.stringify(path)} names no server, and nothing is up: pass --url URL, or write the URL whole`,
    );
  const relative = (path.startsWith('/') ? path : `/${path}`) + suffix;
  const shownBase = endpoint?.host ?? base.replace(/\/$/, '');
  return { url: base.replace(/\/$/, '') + relative, shownUrl: shownBase + asInUrl(relative), ours: true };
}

function authorize(auth: Auth, variables: Variables, bearer: string | undefined): string | undefined {
  switch (auth.kind) {
    case 'none':
      return undefined;
    case 'basic': {
      const pair = `${variables.text(auth.username)}:${variables.text(auth.password)}`;
      return `Basic ${Buffer.from(pair).toString('base64')}`;
    }
    case 'bearer': {
      // A token is one character or more (RFC 6750 section 2.1): before one is known nothing is sent.
      const token = variables.text(auth.token);
      return token === '' ? undefined : `Bearer ${token}`;
    }
    case 'oauth2':
      return bearer === undefined ? undefined : `Bearer ${bearer}`;
  }
}

function buildBody(
  body: Body,
  scenario: Scenario,
  variables: Variables,
): { bytes: Buffer | string; type: string | undefined } {
  switch (body.kind) {
    case 'json':
      return { bytes: JSON.stringify(variables.expand(body.value)), type: 'application/json' };
    case 'text':
      return { bytes: variables.text(body.value), type: 'text/plain; charset=utf-8' };
    case 'graphql': {
      const payload = { query: variables.text(body.query), variables: variables.expand(body.variables) };
      return { bytes: JSON.stringify(payload), type: 'application/json' };
    }
    case 'form': {
      const form = new URLSearchParams();
      for (const [key, value] of Object.entries(body.fields)) {
        const expanded = variables.expand(value);
        for (const each of Array.isArray(expanded) ? expanded : [expanded])
          form.append(variables.text(key), asText(each));
      }
      return { bytes: form.toString(), type: 'application/x-www-form-urlencoded' };
    }
    case 'file':
      return { bytes: readBeside(scenario, variables.text(body.path)), type: undefined };
    case 'multipart':
      return multipart(body.fields, scenario, variables);
  }
}

/** multipart/form-data by RFC 7578. */
function multipart(
  fields: Extract<Body, { kind: 'multipart' }>['fields'],
  scenario: Scenario,
  variables: Variables,
): { bytes: Buffer; type: string } {
  const boundary = `hwctl-${randomUUID()}`;
  const parts: Buffer[] = [];
  const quote = (name: string) => name.replace(/["\r\n]/g, (char) => encodeURIComponent(char));
  for (const [name, value] of Object.entries(fields)) {
    const head = `--${boundary}\r\nContent-Disposition: form-data; name="${quote(variables.text(name))}"`;
    if (typeof value === 'string') {
      parts.push(Buffer.from(`${head}\r\n\r\n${variables.text(value)}\r\n`));
      continue;
    }
    const path = variables.text(value.file);
    const type = value.type ?? 'application/octet-stream';
    parts.push(Buffer.from(`${head}; filename="${quote(basename(path))}"\r\nContent-Type: ${type}\r\n\r\n`));
    parts.push(readBeside(scenario, path), Buffer.from('\r\n'));
  }
  parts.push(Buffer.from(`--${boundary}--\r\n`));
  return { bytes: Buffer.concat(parts), type: `multipart/form-data; boundary=${boundary}` };
}

/** What Node.js reads at once: 2 GiB. */
const maxUploadBytes = 2 ** 31 - 1;

/** The bytes of a file named in a scenario, relative to it. */
function readBeside(scenario: Scenario, path: string): Buffer {
  try {
    const file = uploadPath(path, { folder: dirname(scenario.file), ...scenario.uploads });
    return readBytes(file, { shown: path, maxBytes: maxUploadBytes });
  } catch (error) {
    throw new Unresolved(`the file is not sent: ${(error as Error).message}`);
  }
}
