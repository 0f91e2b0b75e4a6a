import { isCollection, isNode, LineCounter, type ParsedNode, parseAllDocuments } from 'yaml';
import { positionOf, problemLine } from '../../document/problem.js';
import { yamlProblems } from '../../document/read-document.js';
import { Failure } from '../../kernel/failure.js';
import { type NamedFile, readText } from '../../kernel/files.js';

/** Steps from the top of a document to a field: `['spec', 'ports', 0, 'port']`. */
export type FieldPath = readonly (string | number)[];

/** One YAML document, which knows the line of each of its fields. */
export interface YamlSource {
  /** The file as messages show it. */
  readonly file: string;
  /** Plain data: maps, arrays, strings, numbers, booleans, null. */
  readonly value: unknown;
  /** `FILE:LINE:COLUMN` of a field, or of its nearest existing parent. */
  placeOf(path: FieldPath): string;
}

/** Everything wrong with a set of files, collected so that one run shows all of it. */
export class Problems {
  readonly details: string[] = [];

  /** Notes one problem: where, in which field, what. */
  add(source: YamlSource, path: FieldPath, message: string): void {
    this.details.push(`${source.placeOf(path)}: ${path.length === 0 ? '' : `${formatPath(path)}: `}${message}`);
  }

  /** Throws one Failure with every problem where there is any. */
  throwIfAny(code: string, what: string, hint: string): void {
    if (this.details.length === 0) return;
    const count = this.details.length === 1 ? 'a problem' : `${this.details.length} problems`;
    throw new Failure({ code, message: `${what}: ${count}`, details: this.details, hint });
  }
}

/** `spec.ports[0].port`, as people write it. */
export function formatPath(path: FieldPath): string {
  return path
    .map((step, index) =>
      typeof step === 'number'
        ? `[${step}]`
        : /^[\w-]+$/.test(step)
          ? `${index === 0 ? '' : '.'}${step}`
          : `[${JSON.stringify(step)}]`,
    )
    .join('');
}

/** Reads every document of a YAML file; syntax errors go to `problems`. Throws Failure as `readText` does. */
export function readYaml(path: string, file: NamedFile, problems: Problems): YamlSource[] {
  return parseYaml(readText(path, file), file.shown, problems);
}

/** Parses every document of a YAML text; empty documents are left out, syntax errors go to `problems`. */
export function parseYaml(text: string, file: string, problems: Problems): YamlSource[] {
  const lines = new LineCounter();
  const parsed = parseAllDocuments(text, { lineCounter: lines, prettyErrors: false, uniqueKeys: true });
  const documents = Array.isArray(parsed) ? parsed : [];
  const sources: YamlSource[] = [];
  for (const document of documents) {
    const unsound = yamlProblems(document, text, lines, 'object');
    problems.details.push(...unsound.map((problem) => problemLine(file, problem)));
    if (unsound.length > 0 || document.contents === null) continue;
    const contents: ParsedNode = document.contents;
    // Bounded by yamlProblems.
    const value: unknown = document.toJS({ maxAliasCount: -1 });
    sources.push({ file, value, placeOf: (path) => `${file}:${place(contents, path, lines)}` });
  }
  return sources;
}

function place(contents: ParsedNode, path: FieldPath, lines: LineCounter): string {
  let node: ParsedNode = contents;
  for (const step of path) {
    const child: unknown = isCollection(node) ? node.get(step, true) : undefined;
    if (!isNode(child)) break;
    node = child as ParsedNode;
  }
  const { line, column } = positionOf(lines, node.range[0]);
  return `${line}:${column}`;
}
