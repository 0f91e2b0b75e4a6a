import { type Document, isAlias, type LineCounter, type Node, type ParsedNode } from 'yaml';
import type { Position, Problem } from './problem.js';

/** What a format wants to know of a document beside its value, told while it is read. */
export interface Listener {
  /** A text of the document, or a key that is a name of the user's choosing. */
  text?(node: Node, text: string, reader: Reader): void;
  /** A part that is not what it should be: nothing in it is read. */
  unread?(node: Node | null | undefined, reader: Reader): void;
}

/** One reading of one document: problems gather here, and what its format notes of it. */
export class Reader {
  readonly problems: Problem[] = [];
  readonly #doc: Document;
  readonly #lines: LineCounter;
  readonly #listener: Listener;
  readonly #notes = new Map<unknown, unknown>();

  /** YAML text has anchors and aliases; an alias stands for its anchor's node. */
  constructor(doc: Document, lines: LineCounter, listener: Listener = {}) {
    this.#doc = doc;
    this.#lines = lines;
    this.#listener = listener;
  }

  /** What this reading notes in a `Kind`: one, made when it is first asked for. */
  notes<T>(Kind: new () => T): T {
    if (!this.#notes.has(Kind)) this.#notes.set(Kind, new Kind());
    return this.#notes.get(Kind) as T;
  }

  at(node: Node | null | undefined): Position {
    const offset = node?.range?.[0] ?? 0;
    const { line, col } = this.#lines.linePos(offset);
    return { line: Math.max(1, line), column: Math.max(1, col) };
  }

  problem(node: Node | null | undefined, message: string): undefined {
    this.problems.push({ at: this.at(node), message });
    return undefined;
  }

  /** As `problem`, where a part is not what it should be, and nothing in it is read. */
  unread(node: Node | null | undefined, message: string): undefined {
    this.skipped(node);
    return this.problem(node, message);
  }

  /** Tells the listener of a part that is not read. */
  skipped(node: Node | null | undefined): void {
    this.#listener.unread?.(node, this);
  }

  /** Tells the listener of a text. */
  text(node: Node, text: string): void {
    this.#listener.text?.(node, text, this);
  }

  resolve(node: Node | null | undefined): ParsedNode | null {
    return (isAlias(node) ? node.resolve(this.#doc) : (node ?? null)) as ParsedNode | null;
  }

  toJs(node: Node): unknown {
    // Bounded before anything is read (aliases.ts).
    return node.toJS(this.#doc, { maxAliasCount: -1 });
  }
}

/** The key of a pair as text. */
export function keyText(key: unknown): string {
  return String((key as { value?: unknown } | null)?.value);
}
