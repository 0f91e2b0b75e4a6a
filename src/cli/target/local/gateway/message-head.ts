import type { IncomingMessage } from 'node:http';

/** The head of a request as it goes on to the service; its framing is this gateway's own and never copied. */
export interface RequestHead {
  /** Origin-form: the path and the query. */
  target: string;
  /** Lower case, without the port; empty where a request of HTTP/1.0 names none. */
  host: string;
  /** The host as it was named, with its port. */
  authority: string;
  /** Names and values in turn. */
  headers: string[];
  hasBody: boolean;
  /** As Content-Length says it; 0 where it does not. */
  bodyBytes: number;
  /** How often a gateway of this kind has passed it on. */
  hops: number;
  /** Whether the client waits for 100 (Continue) before it sends its body. */
  awaitsContinue: boolean;
}

/** Why a request is not forwarded. */
export interface Refusal {
  status: number;
  detail: string;
}

/** Far more than a browser sends, far less than the 1,000 from which on Node drops header lines without a word. */
const maxHeaderLines = 200;

/** RFC 9110, section 7.6.1. `trailer` with them: trailers are not passed on, which RFC 9112, section 7.1.2 allows. */
const hopByHop = new Set([
  'connection',
  'keep-alive',
  'proxy-connection',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
]);
/** Written here anew: what the client says of itself there is dropped, as ingress-nginx does. */
const ownFields = /^(?:x-forwarded-.*|x-real-ip|x-scheme|forwarded|x-request-id|x-proxy-token)$/;
/**
 * What a client may not call hop-by-hop: fields that say where a message ends, whom it is for or who sends it. Whoever
 * names them wants two readers to read one message differently (request smuggling), so such a request goes no further.
 */
const notForOneHop =
  /^(?:host|content-.*|transfer-encoding|authorization|cookie|cache-control|expect|via|forwarded|x-forwarded-.*|x-real-ip|x-request-id|x-proxy-token)$/;
const token = /^[!#$%&'*+.^_`|~\w-]+$/;
/** RFC 3986, section 3.2.2 and 3.2.3: a name or an address, and a port. No user: RFC 9110, section 4.2.4. */
const authority = /^(\[[\da-f:.]+\]|(?:[\w.~!$&'()*+,;=-]|%[\da-f]{2})*)(?::\d*)?$/i;

type Received = Pick<
  IncomingMessage,
  'method' | 'url' | 'rawHeaders' | 'httpVersion' | 'httpVersionMajor' | 'httpVersionMinor'
>;

/** What the gateway adds to each request. */
export interface OwnFields {
  /** The address that the request came from. */
  peer: string;
  /** Where it came in. */
  port: number;
  requestId: string;
  /** Shows the services that X-Forwarded-For was written here. */
  token: string;
}

/** Reads a request by RFC 9112 for what is sent on; a Refusal (400, 417, 431, 501) where it may not be. */
export function readRequestHead(incoming: Received, own: OwnFields): RequestHead | Refusal {
  const fields = sort(incoming.rawHeaders);
  if ('status' in fields) return fields;
  const place = placeOf(incoming, fields.hosts);
  if ('status' in place) return place;
  const framing = framingOf(incoming, fields);
  if ('status' in framing) return framing;
  const expectations = incoming.httpVersionMinor === 0 ? [] : fields.expectations;
  if (expectations.some((value) => value.toLowerCase() !== '100-continue')) {
    return { status: 417, detail: 'the one expectation that can be met is 100-continue' };
  }
  const awaitsContinue = expectations.length > 0 && framing.hasBody;
  const headers = ['Host', place.authority, ...fields.kept, ...framing.headers];
  if (awaitsContinue) headers.push('Expect', '100-continue');
  headers.push(
    'Via',
    [...fields.vias, `${incoming.httpVersion} hwctl`].join(', '),
    'X-Forwarded-For',
    own.peer,
    'X-Forwarded-Host',
    place.authority,
    'X-Forwarded-Port',
    String(own.port),
    'X-Forwarded-Proto',
    'http',
    'X-Forwarded-Scheme',
    'http',
    'X-Scheme',
    'http',
    'X-Real-IP',
    own.peer,
    'X-Request-Id',
    own.requestId,
    'X-Proxy-Token',
    own.token,
  );
  return {
    target: place.target,
    host: hostName(place.authority),
    authority: place.authority,
    headers,
    hasBody: framing.hasBody,
    bodyBytes: framing.bodyBytes,
    hops: fields.vias.join(',').split(/ hwctl\b/).length - 1,
    awaitsContinue,
  };
}

interface Fields {
  hosts: string[];
  lengths: string[];
  codings: string[];
  expectations: string[];
  vias: string[];
  kept: string[];
}

function sort(raw: readonly string[]): Fields | Refusal {
  if (raw.length > 2 * maxHeaderLines) return { status: 431, detail: `there are more than ${maxHeaderLines} headers` };
  const fields: Fields = { hosts: [], lengths: [], codings: [], expectations: [], vias: [], kept: [] };
  const special: Record<string, string[] | undefined> = {
    host: fields.hosts,
    'content-length': fields.lengths,
    'transfer-encoding': fields.codings,
    expect: fields.expectations,
    via: fields.vias,
  };
  const named = connectionOptions(raw);
  const wrong = [...named].find((option) => notForOneHop.test(option) || !token.test(option));
  if (wrong !== undefined) return { status: 400, detail: `Connection may not name ${JSON.stringify(wrong)}` };
  for (let i = 0; i < raw.length; i += 2) {
    const name = raw[i]!.toLowerCase();
    const list = Object.hasOwn(special, name) ? special[name] : undefined;
    if (list !== undefined) list.push(raw[i + 1]!.trim());
    else if (!hopByHop.has(name) && !named.has(name) && !ownFields.test(name)) fields.kept.push(raw[i]!, raw[i + 1]!);
  }
  return fields;
}

function connectionOptions(raw: readonly string[]): Set<string> {
  const named = new Set<string>();
  for (let i = 0; i < raw.length; i += 2) {
    if (raw[i]!.length !== 10 || raw[i]!.toLowerCase() !== 'connection') continue;
    // An empty element of a list means nothing (RFC 9110, section 5.6.1).
    for (const option of raw[i + 1]!.split(',')) if (option.trim() !== '') named.add(option.trim().toLowerCase());
  }
  return named;
}

/** RFC 9112, section 3.2 and 3.3: which host and which path are asked for. */
function placeOf(incoming: Received, hosts: readonly string[]): { authority: string; target: string } | Refusal {
  if (hosts.length > 1) return { status: 400, detail: 'there is more than one Host' };
  if (hosts.length === 0 && incoming.httpVersionMinor !== 0) return { status: 400, detail: 'there is no Host' };
  const host = hosts[0] ?? '';
  if (!authority.test(host)) return { status: 400, detail: 'Host is not a name or an address with a port' };
  const url = incoming.url ?? '';
  if (url.startsWith('/')) return { authority: host, target: url };
  if (url === '*' && incoming.method === 'OPTIONS') return { authority: host, target: url };
  const absolute = /^http:\/\/([^/?#]*)([^#]*)$/i.exec(url);
  if (absolute === null || absolute[1] === '' || !authority.test(absolute[1]!)) {
    return { status: 400, detail: 'the target is neither a path nor an http URL' };
  }
  // The Host header is not looked at where the target names one.
  const rest = absolute[2]!;
  return { authority: absolute[1]!, target: rest.startsWith('/') ? rest : `/${rest}` };
}

/** RFC 9112, section 6: where the body ends, said anew. Node's parser has refused a message that says it twice. */
function framingOf(
  { method = '', httpVersionMinor }: Received,
  { lengths, codings }: Fields,
): Pick<RequestHead, 'headers' | 'hasBody' | 'bodyBytes'> | Refusal {
  if (codings.length > 0) {
    if (httpVersionMinor === 0) return { status: 400, detail: 'HTTP/1.0 has no Transfer-Encoding' };
    if (lengths.length > 0) return { status: 400, detail: 'there are both Content-Length and Transfer-Encoding' };
    if (codings.length > 1 || codings[0]!.toLowerCase() !== 'chunked') {
      return { status: 501, detail: 'the one transfer coding that is understood is chunked' };
    }
    return { headers: ['Transfer-Encoding', 'chunked'], hasBody: true, bodyBytes: 0 };
  }
  if (lengths.length > 1 || !/^\d{1,15}$/.test(lengths[0] ?? '0')) {
    return { status: 400, detail: 'Content-Length is not one whole number' };
  }
  const bytes = Number(lengths[0] ?? 0);
  if (bytes > 0) return { headers: ['Content-Length', String(bytes)], hasBody: true, bodyBytes: bytes };
  // RFC 9110, section 8.6: a method that is meant to have a body says 0; left out, Node would frame an empty one in chunks.
  const saysNone = lengths.length > 0 || !bodyless.has(method);
  return { headers: saysNone ? ['Content-Length', '0'] : [], hasBody: false, bodyBytes: 0 };
}

/** Methods whose requests Node sends without any framing where none is given. */
const bodyless = new Set(['GET', 'HEAD', 'DELETE', 'OPTIONS', 'TRACE', 'CONNECT']);

function hostName(host: string): string {
  return host.replace(/:\d*$/, '').toLowerCase();
}

/** Headers with others in their place, whatever their case; an empty value removes. */
export function withHeaders(headers: readonly string[], changes: readonly (readonly [string, string])[]): string[] {
  if (changes.length === 0) return [...headers];
  const changed = new Set(changes.map(([name]) => name.toLowerCase()));
  const result: string[] = [];
  for (let i = 0; i < headers.length; i += 2) {
    if (!changed.has(headers[i]!.toLowerCase())) result.push(headers[i]!, headers[i + 1]!);
  }
  for (const [name, value] of changes) if (value !== '') result.push(name, value);
  return result;
}

/** Headers of a response as they go on to the client: without those of one hop, and with an id. */
export function responseHeaders({ rawHeaders: raw, statusCode }: IncomingMessage, requestId: string): string[] {
  const headers: string[] = [];
  const named = connectionOptions(raw);
  let hasId = false;
  for (let i = 0; i < raw.length; i += 2) {
    const name = raw[i]!.toLowerCase();
    if (hopByHop.has(name)) continue;
    // RFC 9110, section 8.6: none in a 204. Elsewhere it is what the parser went by, whatever Connection says of it.
    if (name === 'content-length') {
      if (statusCode === 204) continue;
    } else if (named.has(name)) continue;
    if (name === 'x-request-id') hasId = true;
    headers.push(raw[i]!, raw[i + 1]!);
  }
  if (!hasId) headers.push('X-Request-Id', requestId);
  return headers;
}
