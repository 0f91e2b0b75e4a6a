import { query } from 'jsonpath-rfc9535';
import parsePath from 'jsonpath-rfc9535/parser';
import { withinDeadline } from '../../kernel/deadline.js';

type Json = Parameters<typeof query>[0];

/** What is wrong with an RFC 9535 path, or undefined where it is sound. */
export function pathProblem(path: string): string | undefined {
  try {
    parsePath(path);
    return undefined;
  } catch (error) {
    const near = path.startsWith('$') ? '' : '; a path begins with $';
    // The grammar's own message lists every character class it would have taken.
    const offset = (error as { location?: { start: { offset: number } } }).location?.start.offset;
    const at =
      offset === undefined ? '' : offset >= path.length ? ': it ends too early' : `: wrong at character ${offset + 1}`;
    return `${JSON.stringify(path)} is not a JSONPath (RFC 9535)${near}${at}`;
  }
}

/** The value at a singular path (names and indexes only), or the list of all values any other path selects; undefined for nothing. */
export function valueAt(document: unknown, path: string): unknown {
  const values = isQuick(path)
    ? query(document as Json, path)
    : withinDeadline(`the path ${path}`, () => query(document as Json, path));
  return isSingular(path) ? values[0] : values;
}

/** Filters, which know regular expressions (`match`, `search`), and descendants within descendants take their time. */
function isQuick(path: string): boolean {
  return !path.includes('?') && !/\.\.[\s\S]*\.\./.test(path);
}

const singular = new Map<string, boolean>();

/** True where the path can select one node at most (RFC 9535 section 2.3.5.1, singular query). */
function isSingular(path: string): boolean {
  let known = singular.get(path);
  if (known === undefined) {
    known = parsePath(path).segments.every(({ type, node }) => {
      if (type !== 'ChildSegment') return false;
      if (node.type === 'MemberNameShorthand') return true;
      if (node.type !== 'BracketedSelection' || node.selectors.length !== 1) return false;
      return ['NameSelector', 'IndexSelector'].includes(node.selectors[0]!.type);
    });
    singular.set(path, known);
  }
  return known;
}
