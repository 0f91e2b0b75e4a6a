import { type Document, isScalar, LineCounter, type Node, Pair, parseDocument, Scalar, YAMLMap } from 'yaml';
import { syntaxMessage } from '../kernel/json.js';
import { resolveAliases } from './aliases.js';
import { inOrder, type Problem, positionOf } from './problem.js';
import { type DocumentPlace, Reader } from './reader.js';
import type { Shape } from './shape.js';

/** What was read of a document; a value only where nothing is wrong with its shape. */
export interface DocumentRead<T> {
  value: T | undefined;
  /** In the order of the file. */
  problems: Problem[];
  /** For what the listener noted. */
  reader: Reader;
}

/** A kind of document that a person writes. */
export interface DocumentKind<T> {
  /** What messages call one of them: `scenario`. */
  name: string;
  shape: Shape<T>;
  /** What a file with nothing in it means; a problem where it is left out. */
  empty?: () => T;
}

/**
 * Reads a document from YAML 1.2 text, of which JSON is a part; never throws, finds every problem at once.
 */
export function readDocument<T>(source: string, kind: DocumentKind<T>, around?: DocumentPlace): DocumentRead<T> {
  const lines = new LineCounter();
  const doc = parseDocument(source, { lineCounter: lines, prettyErrors: false, version: '1.2' });
  const reader = new Reader(doc, lines, around);
  const read = (value: T | undefined, problems: Problem[]) => ({ value, problems: inOrder(problems), reader });
  const unsound = yamlProblems(doc, source, lines, kind.name);
  if (unsound.length > 0) return read(undefined, unsound);
  if (doc.contents === null && kind.empty !== undefined) return read(kind.empty(), []);
  if (doc.contents === null) return read(undefined, [{ at: positionOf(lines, 0), message: 'the file is empty' }]);
  return read(kind.shape.read(doc.contents, reader), reader.problems);
}

/** Reads one field of a document, at the end of `path`, from a scalar as YAML reads it, such as the value of a flag. */
export function readField<T>(
  path: readonly string[],
  source: string,
  { name, shape }: DocumentKind<T>,
): DocumentRead<T> {
  const lines = new LineCounter();
  const doc = parseDocument(source, { lineCounter: lines, prettyErrors: false, version: '1.2' });
  const reader = new Reader(doc, lines);
  if (doc.errors.length > 0) return { value: undefined, problems: yamlProblems(doc, source, lines, name), reader };
  // What YAML would make a map of (`a: b`) is meant as it is written.
  const value = isScalar(doc.contents) ? doc.contents : new Scalar(source);
  const node = path.reduceRight<Node>((inner, step) => {
    const map = new YAMLMap();
    map.add(new Pair(new Scalar(step), inner));
    return map;
  }, value);
  return { value: shape.read(node, reader), problems: reader.problems, reader };
}

/**
 * What keeps a YAML document from being read at all, whatever it is about: its syntax, or aliases without end or bound.
 * Where nothing does, its merge keys and aliases have been resolved.
 */
export function yamlProblems(doc: Document, source: string, lines: LineCounter, name: string): Problem[] {
  if (doc.errors.length > 0) return syntaxProblems(doc.errors, source, lines, name);
  return resolveAliases(doc).map(({ node, message }) => ({ at: positionOf(lines, node.range?.[0] ?? 0), message }));
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
    const at = positionOf(lines, pos[0]);
    if (code === 'MULTIPLE_DOCS') return { at, message: `a second document begins here: a file holds one ${name}` };
    if (code === 'DUPLICATE_KEY') return { at, message: `${keyAt(source, pos[0])} is given twice` };
    const text = source.split('\n', at.line)[at.line - 1] ?? '';
    const braces = /[:{[,]\s+[^'"\s#{][^'"]*\{\{|[:{[,]\s*\{\{/.test(text);
    const hint = braces ? '. A value with {{...}} needs quotes here' : '';
    return { at, message: `not YAML: ${syntaxMessage(message)}${hint}` };
  });
}

function keyAt(source: string, offset: number): string {
  const [key = 'a key'] = /^("[^"\n]*"|'[^'\n]*'|[^\s:,{}]+)/.exec(source.slice(offset, offset + 200)) ?? [];
  return /^["']/.test(key) ? key : `"${key}"`;
}
