import { stringify } from 'node:querystring';
import type { RequestBody } from 'postman-collection';
import { grouped } from '../draft/draft.js';
import { hasHeader, type ImportedBody, type ImportedPart, jsonBody } from '../draft/imported-request.js';
import type { PostmanNames, PostmanValues } from './postman-variables.js';

/** Methods whose body the runtime takes away, unless the request says otherwise. */
const bodiless = new Set(['GET', 'COPY', 'HEAD', 'PURGE', 'UNLOCK']);

const typeOfLanguage: Record<string, string> = {
  html: 'text/html',
  text: 'text/plain',
  json: 'application/json',
  javascript: 'application/javascript',
  xml: 'application/xml',
};
const jsonType = /^application\/(\S+\+)?json/;

/** By which form-data names the type of a file that names none; others are octets. */
const typeOfExtension: Record<string, string> = {
  txt: 'text/plain',
  csv: 'text/csv',
  html: 'text/html',
  css: 'text/css',
  xml: 'application/xml',
  json: 'application/json',
  pdf: 'application/pdf',
  zip: 'application/zip',
  png: 'image/png',
  jpg: 'image/jpeg',
  jpeg: 'image/jpeg',
  gif: 'image/gif',
  svg: 'image/svg+xml',
};

/** What the body of one request is read with. */
export interface BodyReading {
  method: string;
  /** Headers in the format's templates; the type that the runtime would add is added here. */
  headers: [string, string][];
  /** Whether `protocolProfileBehavior` keeps the body of a GET. */
  keepsBody: boolean;
  names: PostmanNames;
  values: PostmanValues;
  losses: string[];
  /** A reference to a variable that says where a file of the request is. */
  fileOf(source: string): string;
}

/** The body as the runtime would send it; undefined where it sends none. */
export function bodyOf(body: RequestBody | undefined, reading: BodyReading): ImportedBody | undefined {
  if (body === undefined || body.mode === undefined || body.disabled || body.isEmpty()) return undefined;
  if (bodiless.has(reading.method) && !reading.keepsBody) return undefined;
  switch (body.mode) {
    case 'raw':
      return rawBody(textOf(body.raw), body.options?.raw?.language, reading);
    case 'urlencoded':
      return formBody(body, reading);
    case 'formdata':
      return partsBody(body, reading);
    case 'graphql':
      return graphqlBody(body, reading);
    case 'file':
      return fileBody(body, reading);
    default:
      return undefined;
  }
}

function textOf(value: unknown): string {
  return typeof value === 'string' ? value : (JSON.stringify(value) ?? '');
}

function rawBody(raw: string, language: string | undefined, reading: BodyReading): ImportedBody {
  const { headers, names, losses } = reading;
  const given = headers.filter(([name]) => name.toLowerCase() === 'content-type').map(([, value]) => value);
  const isJson = language === undefined ? given.length > 0 && jsonType.test(given[0]!) : language === 'json';
  const text = names.template(isJson ? withoutComments(raw) : raw, losses);
  return jsonBody(text, headers, typeOfLanguage[language ?? 'text'] ?? 'text/plain');
}

/** JSON without comments, as strip-json-comments takes them out: texts hold none, and an open one ends with the body. */
function withoutComments(json: string): string {
  return json.replace(/"(?:\\[\s\S]|[^"\\])*"?|\/\/[^\n]*?(?=\r?\n|$)|\/\*[\s\S]*?(?:\*\/|$)/g, (found) =>
    found.startsWith('/') ? '' : found,
  );
}

function formBody(body: RequestBody, reading: BodyReading): ImportedBody | undefined {
  const { headers, names, values, losses } = reading;
  const fields = (body.urlencoded?.all() ?? []).filter(({ disabled }) => !disabled);
  if (fields.length === 0) return undefined;
  const pairs = fields.map(({ key, value }): [string, string] => [
    textOf(key ?? ''),
    value === null || value === undefined ? '' : textOf(value),
  ]);
  const type = 'application/x-www-form-urlencoded';
  const given = headers.findIndex(([name]) => name.toLowerCase() === 'content-type');
  // Another type than a form's is replaced by the runtime.
  if (given >= 0 && !/^application\/x-www-form-urlencoded\b/.test(headers[given]![1])) headers.splice(given, 1);
  const theirs = theirForm(pairs.map(([key, value]) => [values.resolved(key), values.resolved(value)]));
  const ours = ourForm(pairs, values.resolved);
  const hasTemplates = pairs.flat().some((text) => /\{\{[^{}]+\}\}/.test(text));
  if (theirs !== ours && !hasTemplates) {
    if (!hasHeader(headers, 'content-type')) headers.push(['Content-Type', type]);
    return { kind: 'text', text: names.template(theirs, losses) };
  }
  if (theirs !== ours) losses.push('the order and the codes (%20, ~) of its form');
  return {
    kind: 'form',
    pairs: pairs.map(([key, value]) => [names.template(key, losses), names.template(value, losses)]),
  };
}

/** A form as the runtime writes it: fields of one name together, by node:querystring, then RFC 3986. */
function theirForm(pairs: [string, string][]): string {
  return stringify(grouped(pairs)).replace(/[!'()*]/g, (char) => `%${char.charCodeAt(0).toString(16).toUpperCase()}`);
}

/** As the format writes it (WHATWG URL), once `resolved` has put the variables in. */
function ourForm(pairs: [string, string][], resolved: (text: string) => string): string {
  const form = new URLSearchParams();
  for (const [key, value] of Object.entries(grouped(pairs)))
    for (const each of [value].flat()) form.append(resolved(key), resolved(each));
  return form.toString();
}

function partsBody(body: RequestBody, reading: BodyReading): ImportedBody | undefined {
  const { headers, names, losses } = reading;
  const fields = (body.formdata?.all() ?? []).filter(({ disabled }) => !disabled);
  if (fields.length === 0) return undefined;
  // The type has a boundary, which whoever sends it makes.
  for (const at of headers.keys())
    if (headers[at]![0].toLowerCase() === 'content-type') {
      if (/boundary=/.test(headers[at]![1])) losses.push('the boundary of its Content-Type (a new one is made)');
      headers.splice(at, 1);
      break;
    }
  const parts = fields.flatMap(({ key, value, type, src, fileName, contentType }): [string, ImportedPart][] => {
    const name = names.template(textOf(key ?? ''), losses);
    if (type !== 'file') {
      if (contentType || fileName !== undefined) losses.push(`the type and file name of its part ${name}`);
      return [[name, names.template(textOf(value), losses)]];
    }
    const sources = Array.isArray(src) ? (src as unknown[]) : [src];
    if (fileName !== undefined) losses.push(`the file name ${fileName} of its part ${name}`);
    return sources.map((each): [string, ImportedPart] => {
      const source = textOf(each ?? '');
      const given = contentType
        ? names.template(contentType, losses)
        : typeOfExtension[/\.(\w+)$/.exec(source)?.[1]?.toLowerCase() ?? ''];
      return [name, { file: reading.fileOf(source), ...(given === undefined ? {} : { type: given }) }];
    });
  });
  return { kind: 'multipart', parts };
}

function graphqlBody(body: RequestBody, reading: BodyReading): ImportedBody {
  const { headers, names, losses } = reading;
  const { query, operationName, variables } = body.graphql ?? {};
  const members: string[] = [];
  if (typeof variables !== 'string') {
    return jsonBody(names.template(JSON.stringify({ query, operationName, variables }), losses), headers);
  }
  if (typeof query === 'string') members.push(`"query":${JSON.stringify(query)}`);
  if (typeof operationName === 'string') members.push(`"operationName":${JSON.stringify(operationName)}`);
  if (variables !== '') members.push(`"variables":${variables}`);
  const text = `{${members.join(',')}}`;
  const plain = jsonBody(names.template(text, losses), headers);
  // The format's own field reads better where it sends the same.
  if (plain.kind !== 'json') return plain;
  const value = plain.value as Record<string, unknown>;
  const same = Object.keys(value).join() === 'query,variables';
  return same ? { kind: 'graphql', query: String(value.query), variables: value.variables } : plain;
}

function fileBody(body: RequestBody, reading: BodyReading): ImportedBody | undefined {
  const { src, content } = body.file ?? {};
  if (src === undefined && typeof content === 'string') {
    // The runtime takes the text for base64.
    const text = Buffer.from(content, 'base64').toString('utf8');
    if (Buffer.from(text).toString('base64') === content)
      return { kind: 'text', text: reading.names.template(text, reading.losses) };
    reading.losses.push('its body, which is bytes and no text');
    return undefined;
  }
  return { kind: 'file', path: reading.fileOf(textOf(src ?? '')) };
}
