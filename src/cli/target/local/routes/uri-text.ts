/**
 * Paths as nginx reads and writes them. Text is one byte a character throughout: what Node's parser gives, and what
 * nginx's regular expressions see.
 */

/** A target of a request (origin-form), read. */
export interface RequestTarget {
  /** As it came: path and query. nginx calls it `$request_uri`. */
  raw: string;
  /** Decoded, without `.`, `..` and doubled slashes: what locations are looked for by, `$uri`. */
  path: string;
  /** Without its `?`; empty where there is none. */
  query: string;
}

/** Reads a target; undefined where nginx answers 400: a broken escape, %00, or a step above the root. */
export function readTarget(raw: string): RequestTarget | undefined {
  const question = raw.indexOf('?');
  const given = question < 0 ? raw : raw.slice(0, question);
  const query = question < 0 ? '' : raw.slice(question + 1);
  // What nearly every path is.
  if (!/%|\/\/|\/\./.test(given)) return { raw, path: given, query };
  if (/%(?![\da-f]{2})|%00/i.test(given)) return undefined;
  const decoded = given.replace(/%([\da-f]{2})/gi, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)));
  const path = withoutDots(decoded);
  return path === undefined ? undefined : { raw, path, query };
}

/** RFC 3986, section 5.2.4; nginx refuses a step above the root and takes doubled slashes for one (`merge_slashes`). */
function withoutDots(decoded: string): string | undefined {
  const parts: string[] = [];
  const elements = decoded.split('/').slice(1);
  for (const [i, element] of elements.entries()) {
    const isLast = i === elements.length - 1;
    if (element === '..' && parts.pop() === undefined) return undefined;
    if (element !== '' && element !== '.' && element !== '..') parts.push(element);
    else if (isLast) parts.push('');
  }
  return `/${parts.join('/')}`;
}

/** Text of UTF-8 as bytes. */
export function bytesOf(text: string): string {
  return Buffer.from(text, 'utf8').toString('latin1');
}

/** A path that was changed, as nginx sends it on: what a URI may not hold is escaped, and so are `%`, `#` and `?`. */
export function escapePath(path: string): string {
  return escaped(path, /[\0- "#%<>?\\^`{|}\x7f-\xff]/g);
}

/** As for one component of a URI: all but letters, digits, `-`, `.`, `_` and `~` (`set_escape_uri`). */
export function escapeComponent(text: string): string {
  return escaped(text, /[^\w.~-]/g);
}

function escaped(text: string, which: RegExp): string {
  return text.replace(which, (c) => `%${(c.charCodeAt(0) & 0xff).toString(16).toUpperCase().padStart(2, '0')}`);
}
