// The kinds of values that flags of `probe` alone take.
import { shownUrl } from '../../kernel/secrets.js';
import { pathProblem } from '../../scenario/check/jsonpath.js';
import { readRequestLine } from '../../scenario/format/request-grammar.js';
import type { Body } from '../../scenario/scenario.js';
import { referencesOf } from '../../scenario/variables/template.js';
import { body as bodyText } from '../load/values.js';
import { type ValueKind, Wrong } from '../options/value-kind.js';

/** A method, and a path or URL. */
export interface RequestLine {
  method: string;
  path: string;
}

/** `POST /order`; templates may stand in the path. */
export const requestLine: ValueKind<RequestLine> = {
  code: 'bad-request',
  wanted: 'a request: METHOD PATH, or METHOD URL',
  example: 'POST /order',
  read(text) {
    try {
      const line = readRequestLine(text);
      const [problem] = referencesOf(line.path).problems;
      return problem === undefined ? line : new Wrong(problem);
    } catch (error) {
      return new Wrong((error as Error).message.replace(/^".*?" is not a request: /, ''));
    }
  },
  near: (text) => [
    text.replace(/^\s*([a-z]+)(?=\s)/, (method) => method.trim().toUpperCase()),
    text.startsWith('/') ? `POST ${text}` : undefined,
  ],
  shown: shownUrl,
};

/** A request that only reads. */
export const readingLine: ValueKind<RequestLine> = {
  ...requestLine,
  wanted: 'a request that reads: GET PATH, or GET URL',
  example: 'GET /orders',
  read(text, surroundings, flag) {
    const line = requestLine.read(text, surroundings, flag);
    if (line === undefined || line instanceof Wrong || line.method === 'GET') return line;
    return new Wrong(`it is a ${line.method}, and what judges must have no effect of its own`);
  },
  near: (text) => [
    text.replace(/^\s*get(?=\s)/i, 'GET'),
    /^\/\S*$/.test(text) ? `GET ${text}` : undefined,
    text.replace(/^\s*[A-Za-z]+(?=\s)/, 'GET'),
  ],
};

/** The name of a header, without its value. */
export const headerName: ValueKind<string> = {
  code: 'bad-header-name',
  wanted: 'the name of a header',
  example: 'X-Request-Id',
  read: (text) => {
    if (/^[!#$%&'*+.^_`|~\w-]+$/.test(text)) return text;
    return text.includes(':')
      ? new Wrong('it has a value', "The probe makes the keys itself; -H 'NAME: VALUE' adds a header to every request")
      : undefined;
  },
  shown: (text) => text.split(':', 1)[0],
};

/** A field of a JSON body: dotted, or a JSON Pointer (RFC 6901); the names on the way. */
export const fieldPath: ValueKind<readonly string[]> = {
  code: 'bad-field',
  wanted: 'a field of the body, dotted (meta.requestId) or as a JSON Pointer (/meta/requestId)',
  example: 'requestId',
  read: (text) => {
    const isPointer = text.startsWith('/');
    const names = isPointer ? text.slice(1).split('/') : text.split('.');
    if (names.length > 20 || names.some((name) => name === '' || /\s|[$[\]{}]/.test(name))) return undefined;
    return isPointer ? names.map((name) => name.replaceAll('~1', '/').replaceAll('~0', '~')) : names;
  },
  near: (text) => [text.replace(/^\$\.?/, '').replace(/\[(\d+)\]/g, '.$1')],
};

/** An RFC 9535 path. */
export const jsonPath: ValueKind<string> = {
  code: 'bad-jsonpath',
  wanted: 'a JSONPath (RFC 9535)',
  example: '$.total',
  read: (text) => {
    const problem = pathProblem(text);
    return problem === undefined
      ? text
      : new Wrong(/(?:begins with \$|wrong at .*|ends too early)$/.exec(problem)?.[0]);
  },
  near: (text) => [text.startsWith('.') ? `$${text}` : `$.${text}`],
};

/** A template that gives another key each time. */
export const keyTemplate: ValueKind<string> = {
  code: 'bad-key',
  wanted: 'a template of keys',
  example: 'order-{{$uuid}}',
  read: (text) => {
    const { references, problems } = referencesOf(text);
    if (problems[0] !== undefined) return new Wrong(problems[0]);
    if (references.some(({ kind }) => kind === 'generated')) return text;
    return new Wrong(
      'it gives the same key each time',
      `Put a generator into it: --key-template '${text === '' ? 'order' : text.replaceAll("'", '')}-{{$uuid}}'`,
    );
  },
};

/** A body, or `@FILE` that holds it: JSON, where it begins like that, and any other text. */
export const body: ValueKind<Body> = {
  ...bodyText,
  wanted: 'a body: JSON or another text, or @FILE',
  example: '{"price": 10}',
  read(text, surroundings, flag) {
    const given = bodyText.read(text, surroundings, flag);
    if (given === undefined || given instanceof Wrong) return given;
    const [problem] = referencesOf(given).problems;
    if (problem !== undefined) return new Wrong(problem);
    try {
      return { kind: 'json', value: JSON.parse(given) as unknown };
    } catch (error) {
      if (!/^\s*[[{]/.test(given)) return { kind: 'text', value: given };
      const cure = given.includes('{{')
        ? 'Put templates in quotes: {"price": "{{$int(1,9)}}"}; alone in its quotes a number stays a number'
        : 'Write names and texts in double quotes, and the whole in single ones for the shell';
      return new Wrong(`it begins like JSON and is none (${(error as Error).message})`, cure);
    }
  },
};
