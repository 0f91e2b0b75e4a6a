import { asText } from '../../variables/template.js';
import { isJson } from './openapi-reading.js';

/** How a value is written into a request (OpenAPI 3, Style Values). */
export interface Style {
  style: string;
  explode: boolean;
  /** Characters that a URL reserves stand as they are. */
  allowReserved?: boolean;
}

/** The style of a place where nothing is said; `explode` is true for `form` alone. */
export function styleOf(place: string, style: unknown, explode: unknown): Style {
  const chosen = typeof style === 'string' ? style : place === 'query' || place === 'cookie' ? 'form' : 'simple';
  return { style: chosen, explode: typeof explode === 'boolean' ? explode : chosen === 'form' };
}

/** Text for a URL; a template in it stays one. */
function urlText(value: unknown, reserved = false): string {
  const encode = reserved ? encodeURI : encodeURIComponent;
  return asText(value)
    .split(/(\{\{[^}]*\}\})/)
    .map((part, i) => (i % 2 === 1 ? part : encode(part.replace(/\p{Surrogate}/gu, '\ufffd'))))
    .join('');
}

const membersOf = (value: unknown): [string, unknown][] =>
  isJson(value) ? Object.entries(value).filter(([, each]) => each !== undefined) : [];

const delimiters: Record<string, string> = { form: ',', spaceDelimited: '%20', pipeDelimited: '|' };

/**
 * A query parameter: pairs that are sent as they are named, or text for the address where a delimiter stands between
 * values, which must not be encoded like a value.
 */
export function queryPairs(
  name: string,
  value: unknown,
  { style, explode, allowReserved }: Style,
): { pairs: [string, unknown][] } | { text: string } {
  const encoded = (each: unknown) => urlText(each, allowReserved);
  if (style === 'deepObject' && isJson(value)) return { pairs: deep(name, value) };
  const list = Array.isArray(value) ? value : membersOf(value).flat();
  if (!Array.isArray(value) && !isJson(value))
    return allowReserved ? { text: `${urlText(name)}=${encoded(value)}` } : { pairs: [[name, value]] };
  if (explode && style === 'form') return { pairs: isJson(value) ? membersOf(value) : [[name, value]] };
  const delimiter = delimiters[style];
  if (delimiter === undefined || (explode && Array.isArray(value))) return { pairs: [[name, value]] };
  return { text: `${urlText(name)}=${list.map(encoded).join(delimiter)}` };
}

/** `name[member]`, as deep as the value goes; the documents that go deeper than one level mean this. */
function deep(name: string, value: unknown): [string, unknown][] {
  if (Array.isArray(value) && value.some((each) => each !== null && typeof each === 'object'))
    return value.flatMap((each, i) => deep(`${name}[${i}]`, each));
  if (Array.isArray(value)) return value.map((each, i): [string, unknown] => [`${name}[${i}]`, each]);
  if (!isJson(value)) return [[name, value]];
  return membersOf(value).flatMap(([key, each]) => deep(`${name}[${key}]`, each));
}

/** What stands in the path in place of `{name}` (RFC 6570: simple `{name}`, label `{.name}`, matrix `{;name}`). */
export function pathText(name: string, value: unknown, { style, explode }: Style): string {
  const pairs = membersOf(value);
  const joined = (by: string, between = explode ? '=' : ',') =>
    pairs.length > 0 || isJson(value)
      ? pairs.map(([key, each]) => urlText(key) + between + urlText(each)).join(by)
      : [value]
          .flat()
          .map((each) => urlText(each))
          .join(by);
  switch (style) {
    case 'label':
      return `.${joined(explode ? '.' : ',')}`;
    case 'matrix': {
      if (!explode) return `;${urlText(name)}=${joined(',')}`;
      const all = isJson(value) ? pairs : [value].flat().map((each): [string, unknown] => [name, each]);
      return all.map(([key, each]) => `;${urlText(key)}=${urlText(each)}`).join('');
    }
    default:
      return joined(',');
  }
}

/** The value of a header: style simple, where nothing is percent-encoded. */
export function headerText(value: unknown, { explode }: Style): string {
  if (Array.isArray(value)) return value.map(asText).join(',');
  if (!isJson(value)) return asText(value);
  return membersOf(value)
    .map(([key, each]) => `${key}${explode ? '=' : ','}${asText(each)}`)
    .join(',');
}

/** A cookie's pairs: style form. */
export function cookieText(name: string, value: unknown, { explode }: Style): string {
  if (Array.isArray(value) && explode) return value.map((each) => `${name}=${urlText(each)}`).join('; ');
  if (isJson(value) && explode)
    return membersOf(value)
      .map(([key, each]) => `${key}=${urlText(each)}`)
      .join('; ');
  const list = isJson(value) ? membersOf(value).flat() : [value].flat();
  return `${name}=${list.map((each) => urlText(each)).join(',')}`;
}
