import { dirname, resolve } from 'node:path';
import { type Document, isAlias, isMap, isScalar, isSeq, type LineCounter, type Node, type ParsedNode } from 'yaml';
import { type Position, type Problem, positionOf } from './problem.js';

/** What a format wants to know of a document beside its value, told while it is read. */
export interface Listener {
  /** A text of the document, or a key that is a name of the user's choosing. */
  text?(node: Node, text: string, reader: Reader): void;
  /** A part that is not what it should be: nothing in it is read. */
  unread?(node: Node | null | undefined, reader: Reader): void;
}

/** What surrounds the text of a document. */
export interface DocumentPlace {
  listener?: Listener;
  /** The document's file, for the paths in it. */
  file?: string;
}

/** One reading of one document: problems gather here, and what its format notes of it. */
export class Reader {
  readonly problems: Problem[] = [];
  readonly #doc: Document;
  readonly #lines: LineCounter;
  readonly #listener: Listener;
  readonly #folder: string;
  readonly #path: (string | number)[] = [];
  readonly #notes = new Map<unknown, unknown>();

  /** YAML text has anchors and aliases; an alias stands for its anchor's node. */
  constructor(doc: Document, lines: LineCounter, { listener = {}, file = '.' }: DocumentPlace = {}) {
    this.#doc = doc;
    this.#lines = lines;
    this.#listener = listener;
    this.#folder = dirname(file);
  }

  /** A path that the document names, which is relative to the folder of its file. */
  fromFolder(path: string): string {
    return resolve(this.#folder, path);
  }

  /** What this reading notes in a `Kind`: one, made when it is first asked for. */
  notes<T>(Kind: new () => T): T {
    if (!this.#notes.has(Kind)) this.#notes.set(Kind, new Kind());
    return this.#notes.get(Kind) as T;
  }

  at(node: Node | null | undefined): Position {
    return positionOf(this.#lines, node?.range?.[0] ?? 0);
  }

  problem(node: Node | null | undefined, message: string): undefined {
    this.problems.push({ at: this.at(node), message });
    return undefined;
  }

  /** A part that is not what it should be, in the one phrasing of all documents; nothing in it is read. */
  mismatch(node: Node | null | undefined, expected: string, advice = ''): undefined {
    this.skipped(node);
    const named = this.name === '' ? '' : `${this.name}: `;
    return this.problem(node, `${named}expected ${expected}, found ${kindOf(this.resolve(node))}${advice}`);
  }

  /** Reads a part that stands under a key, or at a place in a list. */
  inside<T>(step: string | number, read: () => T): T {
    this.#path.push(step);
    const value = read();
    this.#path.pop();
    return value;
  }

  /** What messages call the part that is read: its key, with its place where it stands in a list; nothing for the whole. */
  get name(): string {
    const key = this.#path.findLast((step) => typeof step === 'string') ?? '';
    const places = this.#path.slice(this.#path.lastIndexOf(key) + 1);
    return `${key}${places.map((place) => `[${place}]`).join('')}`;
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

/** What a node is, in the words of an error message. */
function kindOf(node: Node | null | undefined): string {
  if (node === null || node === undefined) return 'nothing';
  if (isMap(node)) return 'a mapping';
  if (isSeq(node)) return 'a list';
  if (!isScalar(node)) return 'an alias';
  if (node.value === null) return 'nothing';
  if (typeof node.value === 'string') return `the text ${JSON.stringify(cut(node.value))}`;
  return `the ${typeof node.value} ${String(node.value)}`;
}

function cut(text: string): string {
  return text.length > 40 ? `${text.slice(0, 39)}…` : text;
}
