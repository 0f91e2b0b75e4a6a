import { isMap, isScalar, isSeq, type Node } from 'yaml';
import { anything } from '../../document/any-value.js';
import { type Fields, field, type Infer, needed, object } from '../../document/object-shape.js';
import type { Reader } from '../../document/reader.js';
import {
  boolean,
  choose,
  duration,
  listOf,
  mapped,
  parsed,
  record,
  type Shape,
  text,
  word,
} from '../../document/shape.js';
import { didYouMean } from '../../kernel/nearest.js';
import type { Auth, Body, HeaderValue, RequestTemplate } from '../scenario.js';
import { Uses } from './uses.js';

const methods = ['GET', 'POST', 'PUT', 'PATCH', 'DELETE', 'HEAD', 'OPTIONS'];
const tokenName = /^[!#$%&'*+.^_`|~\w-]+$/;

const headerName = (name: string) =>
  tokenName.test(name) || name.includes('{{') ? undefined : `${JSON.stringify(name)} is not a header name`;
const headerValue = mapped(text, (value, reader, node) =>
  /[\r\n\0]/.test(value) ? reader.problem(node, 'the value of a header is one line') : value,
);
/** Request headers by name; a list sends the header several times. */
export const headers = record<HeaderValue>(
  choose<HeaderValue>([isSeq, listOf(headerValue)], [() => true, headerValue]),
  headerName,
);

/** `POST /create_order`: method and path or URL. */
export const requestLine = parsed(
  { type: 'string', pattern: `^(${methods.join('|')}) (/|https?://|\\{\\{)`, examples: ['POST /create_order'] },
  readRequestLine,
);

/** The method and the path or URL of a line. Throws Error with what is wrong with it. */
export function readRequestLine(line: string): { method: string; path: string } {
  const [, method, path] = /^(\S+)\s+(\S.*)$/.exec(line.trim()) ?? [];
  if (method === undefined || path === undefined)
    throw new Error(`${JSON.stringify(line)} is not a request: write the method and the path, as in GET /orders`);
  if (!methods.includes(method))
    throw new Error(`unknown method ${JSON.stringify(method)}: one of ${methods.join(', ')}`);
  if (!/^(\/|https?:\/\/|\{\{)/.test(path))
    throw new Error(`${JSON.stringify(path)} is neither a path (/orders) nor a URL (https://...)`);
  return { method, path };
}

/** How requests authenticate. */
export const auth: Shape<Auth> = choose<Auth>(
  [
    isMap,
    mapped(
      object('auth', {
        basic: field(
          object('basic', { username: needed(text, 'the user'), password: needed(text, 'the password') }),
          'HTTP basic authentication',
        ),
        bearer: field(text, 'A bearer token'),
        oauth2: field(
          object('oauth2', {
            tokenUrl: needed(text, 'where the token is fetched'),
            clientId: needed(text, 'the client'),
            clientSecret: needed(text, 'its secret'),
            scope: field(text, 'Scopes, with spaces between'),
          }),
          'OAuth 2 client credentials',
        ),
      }),
      toAuth,
    ),
  ],
  [() => true, noAuth()],
);

function noAuth(): Shape<Auth> {
  return {
    schema: { enum: ['none'] },
    read(given, reader) {
      const node = reader.resolve(given);
      const value = isScalar(node) ? String(node.value) : '';
      if (value === 'none') return { kind: 'none' };
      return reader.mismatch(given, 'none, or a mapping with basic, bearer or oauth2', didYouMean(value, ['none']));
    },
  };
}

function toAuth(
  read: Infer<Fields> & { basic?: unknown; bearer?: unknown; oauth2?: unknown },
  reader: Reader,
  node: Node,
): Auth | undefined {
  if ([read.basic, read.bearer, read.oauth2].filter((value) => value !== undefined).length !== 1)
    return reader.problem(node, 'auth names one of basic, bearer or oauth2, or is none');
  if (read.basic !== undefined) return { kind: 'basic', ...(read.basic as { username: string; password: string }) };
  if (read.bearer !== undefined) return { kind: 'bearer', token: read.bearer as string };
  return {
    kind: 'oauth2',
    scope: undefined,
    ...(read.oauth2 as { tokenUrl: string; clientId: string; clientSecret: string }),
  };
}

/** The path of a file that a request sends. */
const sentFile = mapped(text, (path, reader, node) => {
  reader.notes(Uses).files.push({ path, at: reader.at(node) });
  return path;
});

const filePart = mapped(
  object('a file part', { file: needed(sentFile, 'path of the file'), type: field(text, 'Content-Type of the part') }),
  (read) => ({ file: read.file, type: read.type }),
);

/** The fields of a request beside its first line. */
export const requestFields = {
  query: field(record(anything), 'Query parameters; a list repeats the parameter'),
  headers: field(headers, 'Request headers; a list sends the header several times'),
  json: field(anything, 'Body: this value as JSON'),
  text: field(text, 'Body: this text'),
  form: field(record(anything), 'Body: application/x-www-form-urlencoded'),
  multipart: field(
    record(choose<string | { file: string; type?: string }>([isMap, filePart], [() => true, text])),
    'Body: multipart/form-data; a part is text or { file: PATH }',
  ),
  file: field(sentFile, 'Body: the bytes of this file, relative to the scenario'),
  graphql: field(
    object('graphql', { query: needed(text, 'the query'), variables: field(anything, 'Its variables') }),
    'Body: a GraphQL query',
  ),
  auth: field(auth, 'basic, bearer or oauth2; none turns the scenario’s off'),
  as: field(text, 'Name of the user: each has cookies of its own'),
  cookies: field(boolean, 'false: neither send nor keep cookies'),
  redirects: field(boolean, 'false: a redirect is the response'),
  timeout: field(duration, 'For the whole exchange'),
  lose: field(
    word('request', 'connection', 'response'),
    'Lose on purpose: the request (cut in its body), the connection (closed once sent) or the response (never delivered)',
  ),
} satisfies Fields;

/** What `requestFields` read. */
export type RequestRead = Infer<typeof requestFields>;
const bodyKinds = ['json', 'text', 'form', 'multipart', 'file', 'graphql'] as const;

/** A request of its line and fields; reports a second body. */
export function toRequest(
  line: { method: string; path: string },
  read: RequestRead,
  reader: Reader,
  node: Node,
): RequestTemplate | undefined {
  const bodies = bodyKinds.filter((kind) => read[kind] !== undefined);
  if (bodies.length > 1) return reader.problem(node, `a request has one body, here are ${bodies.join(' and ')}`);
  return {
    at: read.at,
    ...line,
    query: read.query ?? {},
    headers: read.headers ?? {},
    body: toBody(read),
    auth: read.auth,
    as: read.as ?? '',
    cookies: read.cookies,
    redirects: read.redirects,
    timeoutMs: read.timeout,
    lose: read.lose,
  };
}

function toBody(read: RequestRead): Body | undefined {
  if (read.json !== undefined) return { kind: 'json', value: read.json };
  if (read.text !== undefined) return { kind: 'text', value: read.text };
  if (read.form !== undefined) return { kind: 'form', fields: read.form };
  if (read.multipart !== undefined) return { kind: 'multipart', fields: read.multipart };
  if (read.file !== undefined) return { kind: 'file', path: read.file };
  if (read.graphql !== undefined)
    return { kind: 'graphql', query: read.graphql.query, variables: read.graphql.variables ?? {} };
  return undefined;
}
