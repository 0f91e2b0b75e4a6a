import { LineCounter, parseDocument } from 'yaml';
import { syntaxMessage } from '../kernel/json.js';
import { resolveAliases } from './aliases.js';
import { inOrder, type Problem } from './problem.js';
import { type Listener, Reader } from './reader.js';
import type { Shape } from './shape.js';

/** What was read of a document; a value only where nothing is wrong with its shape. */
export interface DocumentRead<T> {
  value: T | undefined;
  /** In the order of the file. */
  problems: Problem[];
  /** For what the listener noted. */
  reader: Reader;
}

/**
 * Reads a document of one shape from YAML 1.2 text, of which JSON is a part; never throws, finds every problem at once.
 * `name` is what such a document is called in messages.
 */
export function readDocument<T>(source: string, name: string, shape: Shape<T>, listener?: Listener): DocumentRead<T> {
  const lines = new LineCounter();
  const doc = parseDocument(source, { lineCounter: lines, prettyErrors: false, version: '1.2' });
  const reader = new Reader(doc, lines, listener);
  const refused = (problems: Problem[]) => ({ value: undefined, problems: inOrder(problems), reader });
  if (doc.errors.length > 0) return refused(syntaxProblems(doc.errors, source, lines, name));
  if (doc.contents === null) return refused([{ at: { line: 1, column: 1 }, message: 'the file is empty' }]);
  const unresolved = resolveAliases(doc);
  if (unresolved.length > 0) return refused(unresolved.map(({ node, message }) => ({ at: reader.at(node), message })));
  const value = shape.read(doc.contents, reader);
  return { value, problems: inOrder(reader.problems), reader };
}

const maxSyntaxProblems = 10;

/** What is wrong with the YAML itself. One slip makes the parser stumble over every token after it: those echoes are left out. */
function syntaxProblems(
  errors: readonly { code: string; pos: [number, number]; message: string }[],
  source: string,
  lines: LineCounter,
  name: string,
): Problem[] {
  const first = errors.findIndex(({ code }) => code === 'UNEXPECTED_TOKEN');
  const own = errors.filter(({ code }, index) => code !== 'UNEXPECTED_TOKEN' || index === first);
  return own.slice(0, maxSyntaxProblems).map(({ code, pos, message }) => {
    const { line, col } = lines.linePos(pos[0]);
    const at = { line: Math.max(1, line), column: Math.max(1, col) };
    if (code === 'MULTIPLE_DOCS') return { at, message: `a second document begins here: a file holds one ${name}` };
    const text = source.split('\n', line)[line - 1] ?? '';
    const braces = /[:{[,]\s+[^'"\s#{][^'"]*\{\{|[:{[,]\s*\{\{/.test(text);
    const hint = braces ? '. A value with {{...}} needs quotes here' : '';
    return { at, message: `not YAML: ${syntaxMessage(message)}${hint}` };
  });
}
